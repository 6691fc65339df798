//! Checkpoints: which log, how large, what root (C2SP tlog-checkpoint).

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::{
    Hash,
    codec::decimal,
    note::Note,
    signer::{SignError, Signer},
};

/// The state of a log at one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    #[error("a checkpoint has lines for origin, size and root, each ending with a line feed")]
    MissingLine,
    #[error("the origin {origin:?} is empty or has control characters")]
    BadOrigin { origin: String },
    #[error("the size {text:?} is not a decimal number")]
    BadSize { text: String },
    #[error("the root {text:?} is not the base64 of a hash")]
    BadRoot { text: String },
    #[error("the extension line {line:?} is empty or has control characters")]
    BadExtension { line: String },
}

impl Checkpoint {
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        if !is_line(origin) {
            return Err(CheckpointError::BadOrigin { origin: origin.to_owned() });
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions: Vec::new() })
    }

    /// The same with one more line, whose meaning is the log's own.
    pub fn with_extension(mut self, line: &str) -> Result<Self, CheckpointError> {
        if !is_line(line) {
            return Err(CheckpointError::BadExtension { line: line.to_owned() });
        }
        self.extensions.push(line.to_owned());
        Ok(self)
    }

    /// The name of the log, unique in the world: a URL without its scheme.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn root(&self) -> &Hash {
        &self.root
    }

    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// The signed note that is published.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Note, SignError> {
        let text = self.to_string();
        let mut note = Note::unsigned(text).expect("the lines of a checkpoint have no control characters");
        note.sign(signer)?;
        Ok(note)
    }
}

fn is_line(line: &str) -> bool {
    !line.is_empty() && !line.bytes().any(|byte| byte < b' ')
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let text = text.strip_suffix('\n').ok_or(CheckpointError::MissingLine)?;
        let mut lines = text.split('\n');
        let mut line = || lines.next().ok_or(CheckpointError::MissingLine);
        let (origin, size, root) = (line()?, line()?, line()?);
        let size = decimal(size).ok_or_else(|| CheckpointError::BadSize { text: size.to_owned() })?;
        let root = root.parse().map_err(|_| CheckpointError::BadRoot { text: root.to_owned() })?;
        lines.try_fold(Self::new(origin, size, root)?, Self::with_extension)
    }
}
