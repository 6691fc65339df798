//! JSON Lines: one object a line.

use std::io::Write;

use super::{
    part::{Hashed, PartError, Rows},
    row::Row,
};

/// A file of lines.
pub(super) struct Jsonl(Hashed);

impl Jsonl {
    pub(super) fn new(file: Hashed) -> Self {
        Self(file)
    }
}

impl Rows for Jsonl {
    fn add(&mut self, row: Row) -> Result<(), PartError> {
        serde_json::to_writer(&mut self.0, &row)?;
        Ok(self.0.write_all(b"\n")?)
    }

    fn finish(self: Box<Self>) -> Result<Hashed, PartError> {
        Ok(self.0)
    }
}
