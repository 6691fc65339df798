//! What a command talks with: the reader's language and standard output.

use std::{
    fmt::Display,
    io::{self, Write},
};

use decider::Lang;
use serde::Serialize;

use crate::error::{Because, Error};

/// The reader's language, and the way to standard output.
#[derive(Debug, Clone, Copy)]
pub struct Shell {
    /// The language of texts.
    pub lang: Lang,
}

impl Shell {
    /// The text in the reader's language.
    pub fn pick<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// Prints a line.
    pub fn line(&self, line: impl Display) -> Result<(), Error> {
        written(writeln!(io::stdout(), "{line}"))
    }

    /// Prints a value as JSON on a line of its own.
    pub fn json(&self, value: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string(value).because("生成 JSON", "write JSON")?;
        self.line(text)
    }

    /// Says something to the person at the terminal that is no part of the output.
    pub fn note(&self, line: impl Display) {
        // There is nowhere to complain about a standard error that is closed.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// A closed pipe means that the reader has seen enough.
pub(crate) fn written(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Error::Unread),
        other => other.because("写标准输出", "write to standard output"),
    }
}
