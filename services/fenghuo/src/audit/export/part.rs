//! Parts: files of so many events, written as they are read, in bounded memory.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use clap::ValueEnum;
use merkle::Hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    events::{Events, EventsError},
    folder::Folder,
    jsonl::Jsonl,
    manifest::{Manifest, Part},
    parquet::Parquet,
    row::{NotText, Row},
};

/// The form of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Jsonl,
    Parquet,
}

impl Format {
    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    fn begin(self, file: Hashed) -> Result<Box<dyn Rows>, PartError> {
        Ok(match self {
            Self::Jsonl => Box::new(Jsonl::new(file)),
            Self::Parquet => Box::new(Parquet::new(file)?),
        })
    }
}

/// Why a part cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum PartError {
    #[error(transparent)]
    Events(#[from] EventsError),
    #[error(transparent)]
    Row(#[from] NotText),
    #[error("write a file")]
    Write(#[from] io::Error),
    #[error("write JSON")]
    Json(#[from] serde_json::Error),
    #[error("write Parquet")]
    Parquet(#[from] ::parquet::errors::ParquetError),
}

/// A file in one of the forms, to which rows are added.
pub(super) trait Rows: Send {
    fn add(&mut self, row: Row) -> Result<(), PartError>;

    /// Ends the file.
    fn finish(self: Box<Self>) -> Result<Hashed, PartError>;
}

/// A file, and the hash of what was written to it.
pub(super) struct Hashed {
    file: BufWriter<File>,
    hasher: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes the next part; none if there are no more events.
pub(super) async fn write(
    folder: &Folder,
    events: &mut Events,
    manifest: &Manifest,
) -> Result<Option<Part>, PartError> {
    let most = manifest.subject.part_events;
    let mut page = events.page(most).await?;
    let Some(first) = page.first().map(|event| event.position.cast_unsigned()) else { return Ok(None) };
    let name = manifest.next_file();
    let file = BufWriter::new(File::create(folder.new_file(&name))?);
    let mut rows = manifest.subject.format.begin(Hashed { file, hasher: Sha256::new(), bytes: 0 })?;
    let (mut count, mut last) = (0, first);
    while !page.is_empty() {
        count += page.len() as u64;
        for event in page {
            last = event.position.cast_unsigned();
            rows.add(Row::new(event)?)?;
        }
        page = if count < most { events.page(most - count).await? } else { Vec::new() };
    }
    let Hashed { file, hasher, bytes } = rows.finish()?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    folder.publish(&file, &name)?;
    Ok(Some(Part { file: name, events: count, first, last, bytes, sha256: Hex(hasher.finalize().into()) }))
}
