//! What an export consists of: which events, in which files, with which hashes, under which checkpoint.

use std::{fs::File, io};

use decider::CaseId;
use merkle::Hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{folder::Folder, part::Format, row::COLUMNS};
use crate::error::{Because, Error};

/// The form of manifest and rows.
const FORM: &str = "fenghuo-export/1";

/// What is exported, and how: an export that was stopped goes on with the same only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Subject {
    pub(super) service: String,
    /// The case; the whole log if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) case: Option<CaseId>,
    pub(super) format: Format,
    pub(super) part_events: u64,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) file: String,
    pub(super) events: u64,
    /// The positions of its first and its last event.
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) bytes: u64,
    pub(super) sha256: Hex<32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Column {
    name: String,
    r#type: String,
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    form: String,
    #[serde(flatten)]
    pub(super) subject: Subject,
    /// The last position that was looked at: of a sealed log, the size of the checkpoint.
    pub(super) until: u64,
    /// The log's name in the world, and the signed note; absent if what was exported was not sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checkpoint: Option<String>,
    columns: Vec<Column>,
    /// Events in all parts.
    pub(super) events: u64,
    /// Whether nothing is missing.
    #[serde(rename = "complete")]
    pub(super) is_complete: bool,
    pub(super) parts: Vec<Part>,
}

impl Manifest {
    /// An export of nothing yet.
    pub(super) fn new(subject: Subject, until: u64, signed: Option<(String, String)>) -> Self {
        let column = |(name, kind): (&str, &str)| Column { name: name.to_owned(), r#type: kind.to_owned() };
        let (origin, checkpoint) = signed.unzip();
        Self {
            form: FORM.to_owned(),
            subject,
            until,
            origin,
            checkpoint,
            columns: COLUMNS.map(column).into(),
            events: 0,
            is_complete: false,
            parts: Vec::new(),
        }
    }

    /// The export that was begun in a folder, if it is of the same, and its files are as they were.
    pub(super) fn load(folder: &Folder, subject: &Subject) -> Result<Option<Self>, Error> {
        let Some(text) = folder.manifest()? else { return Ok(None) };
        let manifest: Self = serde_json::from_slice(&text).because("读取导出清单", "read the manifest")?;
        if manifest.subject != *subject || manifest.form != FORM {
            return Err(Error::told(
                "此文件夹中已有另一份导出；请换一个文件夹",
                "another export was begun in this folder; choose another",
            ));
        }
        manifest.parts.iter().try_for_each(|part| part.check(folder))?;
        Ok(Some(manifest))
    }

    /// The name of the next file.
    pub(super) fn next_file(&self) -> String {
        format!("part-{:05}.{}", self.parts.len() + 1, self.subject.format.extension())
    }

    pub(super) fn add(&mut self, part: Part) {
        self.events += part.events;
        self.parts.push(part);
    }
}

impl Part {
    fn check(&self, folder: &Folder) -> Result<(), Error> {
        let file = folder.path(&self.file);
        let name = file.display();
        let hash = || {
            let mut hasher = Sha256::new();
            io::copy(&mut File::open(&file)?, &mut hasher)?;
            Ok::<_, io::Error>(Hex(hasher.finalize().into()))
        };
        let found = hash().because(format!("读取 {name}"), format!("read {name}"))?;
        if found == self.sha256 {
            return Ok(());
        }
        Err(Error::told(format!("{name} 与清单不符"), format!("{name} is not what the manifest says")))
    }
}
