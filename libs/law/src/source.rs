//! A file that somebody else wrote: its name, its text, and the line on which something in it is wrong.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

/// A text with the name under which errors speak of it. Reading the file is the caller's affair.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

impl<'a> From<&'a str> for Source<'a> {
    fn from(text: &'a str) -> Self {
        Self { name: "-", text }
    }
}

impl<'a> From<&'a String> for Source<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}

/// What is wrong with a file, in the language of those who read it.
pub trait Fault: fmt::Debug + fmt::Display {
    /// The reason as officials read it; `Display` is English.
    fn zh(&self) -> String;
}

/// A file that is refused: which one, on which line, and why.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}:{line}: {fault}")]
pub struct BadFile<F: Fault> {
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    pub fault: F,
}

impl<F: Fault> BadFile<F> {
    pub fn zh(&self) -> String {
        format!("{} 第 {} 行：{}", self.file, self.line, self.fault.zh())
    }
}

/// JSON that is not what the file's form asks for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl<'a> Source<'a> {
    pub(crate) fn bad<F: Fault>(&self, line: usize, fault: F) -> BadFile<F> {
        BadFile { file: self.name.to_owned(), line, fault }
    }

    /// The line on which a piece of this text begins.
    pub(crate) fn line_of(&self, piece: &str) -> usize {
        let offset = (piece.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }

    /// Reads the whole text.
    pub(crate) fn read<T: Deserialize<'a>, F: Fault + From<Unreadable>>(&self) -> Result<T, BadFile<F>> {
        self.read_piece(self.text)
    }

    /// Reads a value inside the text; an error tells its line in the whole.
    pub(crate) fn read_raw<T: Deserialize<'a>, F: Fault + From<Unreadable>>(
        &self,
        raw: &'a RawValue,
    ) -> Result<T, BadFile<F>> {
        self.read_piece(raw.get())
    }

    fn read_piece<T: Deserialize<'a>, F: Fault + From<Unreadable>>(
        &self,
        piece: &'a str,
    ) -> Result<T, BadFile<F>> {
        serde_json::from_str(piece).map_err(|error| {
            let line = self.line_of(piece) + error.line().saturating_sub(1);
            let text = error.to_string();
            // The position inside the piece would mislead; the line in the file is told instead.
            let reason = text.split(" at line ").next().unwrap_or(&text);
            self.bad(line, F::from(Unreadable(reason.to_owned())))
        })
    }
}
