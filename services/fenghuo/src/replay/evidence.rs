//! The result of a replay as a document: canonical JSON under a signature, to be kept and checked by others.

use std::{fs, path::Path};

use eventlog::{
    Log, Parked, View,
    replay::{Order, Replayed, Scope, Side, Until},
};
use merkle::{Checkpoint, Note, Signer, VerifierKey};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::offset};

use crate::error::{Because, Error};

/// What the document is, and in which form.
const FORMAT: &str = "fenghuo.replay/1";
/// Parked events that are listed; all are counted.
const PARKED_MAX: usize = 100;
/// The longest file that is read.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evidence {
    format: String,
    /// The log's name in the world, as its checkpoint says; none, if the log is not sealed.
    pub(super) origin: Option<String>,
    pub(super) service: String,
    pub(super) view: String,
    pub(super) view_version: u32,
    pub(super) scope: Part,
    pub(super) from_position: u64,
    pub(super) to_position: u64,
    /// The recorded time that `to_position` was found by.
    pub(super) as_of: Option<String>,
    pub(super) events: u64,
    /// A signed checkpoint of the log that covers the position, if there is one; else the last one.
    pub(super) checkpoint: Option<Signed>,
    pub(super) living: Option<Living>,
    pub(super) tables: Vec<Table>,
    pub(super) parked: Aside,
    pub(super) parked_living: Aside,
    pub(super) verdict: Verdict,
    program: String,
    pub(super) at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    Equal,
    Different,
    /// As of the position, there is no living view.
    NothingToCompare,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Part {
    All,
    Case(String),
    Stream(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Signed {
    pub(super) size: u64,
    root: String,
    note: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Living {
    pub(super) generation: u32,
    version: u32,
    pub(super) position: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) replayed: Rows,
    pub(super) living: Option<Rows>,
    pub(super) differing: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rows {
    pub(super) rows: u64,
    /// Of the rows; taken for documents, not for a verdict alone.
    pub(super) sha256: Option<String>,
}

/// Events that a side does not show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Aside {
    pub(super) total: u64,
    pub(super) first: Vec<AsideEvent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AsideEvent {
    pub(super) position: u64,
    pub(super) stream: String,
    pub(super) reason: String,
}

impl Evidence {
    pub(super) async fn of(
        log: &Log,
        service: &str,
        view: &dyn View,
        order: &Order,
        replayed: &Replayed,
    ) -> Result<Self, Error> {
        let signed = signed(log, replayed.position).await?;
        let (origin, checkpoint) = signed.unzip();
        Ok(Self {
            format: FORMAT.to_owned(),
            origin,
            service: service.to_owned(),
            view: view.name().to_owned(),
            view_version: view.version(),
            scope: Part::of(&order.scope),
            from_position: replayed.position.min(1),
            to_position: replayed.position,
            as_of: if let Until::Time(at) = order.until { Some(instant(at)) } else { None },
            events: replayed.events,
            checkpoint,
            living: replayed.living.map(|living| Living {
                generation: living.generation,
                version: living.version,
                position: living.position,
            }),
            tables: replayed.tables.iter().map(Table::of).collect(),
            parked: Aside::of(&replayed.parked),
            parked_living: Aside::of(&replayed.parked_living),
            verdict: match replayed.is_equal() {
                Some(true) => Verdict::Equal,
                Some(false) => Verdict::Different,
                None => Verdict::NothingToCompare,
            },
            program: concat!("fenghuo ", env!("CARGO_PKG_VERSION")).to_owned(),
            at: instant(OffsetDateTime::now_utc()),
        })
    }

    /// Writes the document under a signature.
    pub(super) fn sign(&self, signer: &dyn Signer, file: &Path) -> Result<(), Error> {
        let (zh, en) = ("签署重放结果", "sign the result of the replay");
        let mut text = serde_json_canonicalizer::to_string(self).because(zh, en)?;
        text.push('\n');
        let mut note = Note::unsigned(text).because(zh, en)?;
        note.sign(signer).because(zh, en)?;
        let name = file.display();
        fs::write(file, note.to_string()).because(format!("写入 {name}"), format!("write {name}"))
    }

    /// Reads a document that this key signed.
    pub(super) fn signed_by(file: &Path, key: &VerifierKey) -> Result<Self, Error> {
        let name = file.display().to_string();
        let (zh, en) = (format!("核验 {name}"), format!("check {name}"));
        let size = fs::metadata(file).because(zh.clone(), en.clone())?.len();
        if size > FILE_BYTES_MAX {
            return Err(Error::told(format!("{name} 过大"), format!("{name} is too large")));
        }
        let bytes = fs::read(file).because(zh.clone(), en.clone())?;
        let note = Note::parse(&bytes).because(zh.clone(), en.clone())?;
        if note.attested(key).because(zh.clone(), en.clone())?.is_none() {
            return Err(Error::told(
                format!("{name} 不是由 {} 签署的", key.name()),
                format!("{name} was not signed by {}", key.name()),
            ));
        }
        let evidence: Self = serde_json::from_str(note.text()).because(zh, en)?;
        if evidence.format == FORMAT { Ok(evidence) } else { Err(other_format(&name, &evidence.format)) }
    }
}

fn other_format(name: &str, format: &str) -> Error {
    Error::told(
        format!("{name} 的格式是 {format:?}，不是 {FORMAT}"),
        format!("{name} is {format:?}, not {FORMAT}"),
    )
}

/// The checkpoint for a position, and whose it says it is.
async fn signed(log: &Log, position: u64) -> Result<Option<(String, Signed)>, Error> {
    let (zh, en) = ("读取已签检查点", "read the signed checkpoint");
    let mut db = log.connection().await.because(zh, en)?;
    let Some(note) = ::audit::covering(&mut db, position).await.because(zh, en)? else { return Ok(None) };
    let parsed = Note::parse(note.as_bytes()).because(zh, en)?;
    let checkpoint: Checkpoint = parsed.text().parse().because(zh, en)?;
    let (size, root) = (checkpoint.size(), checkpoint.root().to_string());
    Ok(Some((checkpoint.origin().to_owned(), Signed { size, root, note })))
}

impl Part {
    fn of(scope: &Scope) -> Self {
        match scope {
            Scope::All => Self::All,
            Scope::Case(case) => Self::Case(case.to_string()),
            Scope::Stream(stream) => Self::Stream(stream.to_string()),
        }
    }
}

impl Table {
    fn of(table: &eventlog::replay::Table) -> Self {
        Self {
            name: table.name.clone(),
            replayed: Rows::of(&table.replayed),
            living: table.living.as_ref().map(Rows::of),
            differing: table.differing,
        }
    }
}

impl Rows {
    fn of(side: &Side) -> Self {
        Self { rows: side.rows, sha256: side.digest.clone() }
    }
}

impl Aside {
    fn of(parked: &[Parked]) -> Self {
        let event = |parked: &Parked| AsideEvent {
            position: parked.position,
            stream: parked.stream.to_string(),
            reason: parked.reason.clone(),
        };
        Self { total: parked.len() as u64, first: parked.iter().take(PARKED_MAX).map(event).collect() }
    }
}

/// RFC 3339 in Beijing time.
fn instant(at: OffsetDateTime) -> String {
    at.checked_to_offset(offset!(+8)).and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}
