//! What a witness remembers: of each log, the largest checkpoint it was about to cosign.
//!
//! **Invariant**: one process at a time; a file is replaced whole and durable before anything is signed. A file that
//! cannot be read stops the witness: it never starts from nothing where there was something.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

use merkle::{Checkpoint, Hex, Note, witness::Head};
use sha2::{Digest as _, Sha256};

use crate::{durable, server::OpenError};

/// The folder of a witness.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    _lock: File,
}

impl State {
    pub(crate) fn claim(folder: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Folder { folder: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = durable::lock(&folder.join("lock")).map_err(failed)?;
        let lock = lock.ok_or_else(|| OpenError::InUse { folder: folder.to_owned() })?;
        Ok(Self { folder: folder.to_owned(), _lock: lock })
    }

    /// What is remembered of a log.
    pub(crate) fn head(&self, origin: &str) -> Result<Option<Head>, OpenError> {
        let file = self.file(origin);
        let bytes = durable::read(&file);
        let bytes = bytes.map_err(|source| OpenError::Folder { folder: file.clone(), source })?;
        let Some(bytes) = bytes else { return Ok(None) };
        let head = head_of(&bytes, origin).map_err(|why| OpenError::BadState { file, why })?;
        Ok(Some(head))
    }

    /// Remembers a log's checkpoint, with the log's signature: evidence of what it once said.
    pub(crate) fn store(&self, origin: &str, note: &Note) -> io::Result<()> {
        durable::replace(&self.file(origin), note.to_string().as_bytes())
    }

    /// Keeps the last checkpoint that was refused because it denies what was cosigned.
    pub(crate) fn store_denial(&self, origin: &str, note: &Note) -> io::Result<()> {
        let file = self.file(origin).with_extension("denied");
        durable::replace(&file, note.to_string().as_bytes())
    }

    /// An origin may hold any character; its hash is a file's name everywhere.
    fn file(&self, origin: &str) -> PathBuf {
        self.folder.join(format!("{}.checkpoint", Hex::<32>(Sha256::digest(origin).into())))
    }
}

fn head_of(bytes: &[u8], origin: &str) -> Result<Head, String> {
    let note = Note::parse(bytes).map_err(|error| error.to_string())?;
    let checkpoint = Checkpoint::from_str(note.text()).map_err(|error| error.to_string())?;
    if checkpoint.origin() != origin {
        return Err(format!("it is of {:?}", checkpoint.origin()));
    }
    Ok(Head { size: checkpoint.size(), root: *checkpoint.root() })
}
