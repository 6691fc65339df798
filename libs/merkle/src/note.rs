//! Signed notes: a text and lines of signatures under it (C2SP signed-note).

mod signature;

use std::fmt;

use thiserror::Error;

pub use signature::{Attested, BadSignature, NoteSignature, SignatureFault};

use crate::VerifierKey;

/// The longest note that is read.
pub const MAX_NOTE: usize = 1_000_000;
/// The most signature lines that are read.
pub const MAX_SIGNATURES: usize = 100;

/// A text and its signatures, none of them checked yet. Unknown ones are kept and passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoteError {
    #[error("the note has {found} bytes; at most {MAX_NOTE} are read")]
    TooLong { found: usize },
    #[error("the note is not UTF-8")]
    NotText,
    #[error("the note has a control character at byte {at}")]
    ControlCharacter { at: usize },
    #[error("the text does not end with a line feed")]
    NoLastNewline,
    #[error("no blank line separates text and signatures")]
    NoSeparator,
    #[error("signature line {line} is malformed")]
    BadLine { line: usize },
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
}

impl Note {
    /// A text that is to be signed.
    pub fn unsigned(text: String) -> Result<Self, NoteError> {
        is_text(&text)?;
        Ok(Self { text, signatures: Vec::new() })
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::TooLong { found: bytes.len() });
        }
        let note = str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        is_text(note)?;
        // The last blank line, because the text may have some too. Its first line feed belongs to the text.
        let blank = note.rfind("\n\n").ok_or(NoteError::NoSeparator)?;
        let (text, lines) = (&note[..=blank], &note[blank + 2..]);
        Ok(Self { text: text.to_owned(), signatures: signature_lines(lines)? })
    }

    /// The signed bytes.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a line; one of the same key is replaced, so that a note never speaks twice for one key.
    pub fn add(&mut self, signature: NoteSignature) {
        self.signatures
            .retain(|known| (known.name(), known.key_id()) != (signature.name(), signature.key_id()));
        self.signatures.push(signature);
    }

    /// What a key says of this note: nothing, where no line is its own. Every line that is must be right.
    pub fn attested(&self, key: &VerifierKey) -> Result<Option<Attested>, BadSignature> {
        let own = self.signatures.iter().filter(|signature| signature.is_of(key));
        own.map(|signature| signature.verify(&self.text, key))
            .try_fold(None, |last, attested| Ok(last.max(Some(attested?))))
    }
}

/// Reads lines of signatures, as they stand under a note and in a witness's answer.
pub fn signature_lines(lines: &str) -> Result<Vec<NoteSignature>, NoteError> {
    if lines.lines().count() > MAX_SIGNATURES {
        return Err(NoteError::TooManySignatures);
    }
    let lines = lines.strip_suffix('\n').ok_or(NoteError::BadLine { line: 1 })?;
    let read = |(index, line)| NoteSignature::parse(line).ok_or(NoteError::BadLine { line: index + 1 });
    lines.split('\n').enumerate().map(read).collect()
}

fn is_text(text: &str) -> Result<(), NoteError> {
    if let Some(at) = text.bytes().position(|byte| byte < b' ' && byte != b'\n') {
        return Err(NoteError::ControlCharacter { at });
    }
    if text.ends_with('\n') { Ok(()) } else { Err(NoteError::NoLastNewline) }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}
