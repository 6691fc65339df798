//! Everything that was signed: the published checkpoints, the stored ones, and those that were kept elsewhere.
//!
//! Only the one that is published as final must have its quorum: the others may be older than their cosignatures, or
//! too new for them. Those that are stored as final had it once, of the witnesses that there were then.

use std::time::Duration;

use merkle::{Checkpoint, Hash};
use sqlx::PgConnection;

use super::{Place, Report, Verify, VerifyError, What};
use crate::record;

/// The published checkpoint may be this far behind the stored one while a log is being sealed.
const PUBLISH_MAX: Duration = Duration::from_secs(3);
/// Stored checkpoints read at once.
const PAGE: u32 = 256;

/// Somebody signed, or stored, that a tree of this size has this root.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) size: u64,
    pub(super) root: Hash,
    /// Who says so, for the reader.
    pub(super) by: String,
}

pub(super) struct Heads {
    size: u64,
    /// The published ones and those kept elsewhere, which fit into the tree.
    claims: Vec<Claim>,
    /// Without a quorum.
    policy: merkle::Policy,
    /// A stored checkpoint has disagreed: all after it will, and need not be told.
    disagreed: bool,
}

impl Heads {
    /// Reads and checks them; those that are larger than the published tree show a rollback.
    pub(super) async fn gather(
        verify: &Verify,
        db: Option<&mut PgConnection>,
        report: &mut Report,
    ) -> Result<Self, VerifyError> {
        let (stored_size, final_size) = match db {
            Some(db) => {
                (record::last(db).await?.map_or(0, |stored| stored.size), record::last_final(db).await?)
            }
            None => (0, 0),
        };
        let policy = verify.policy.unwitnessed();
        // Read before the newest, which is never smaller.
        let mut claims: Vec<Claim> = last_final(verify, report)?.into_iter().collect();
        report.final_size = claims.first().map(|claim| claim.size);
        let published = published(verify, &policy, stored_size, report).await?;
        for (name, note) in &verify.saved {
            match policy.accept(note) {
                Ok(accepted) => claims.push(claim(name, &accepted.checkpoint)),
                Err(error) => report.add(Place::default(), bad(name, &error)),
            }
        }
        let largest = claims.iter().map(|claim| claim.size).max().unwrap_or(0);
        // Without a published checkpoint that can be trusted, the next best one says how large the tree is.
        let size = published.as_ref().map_or(stored_size.max(largest), |claim| claim.size);
        for claim in claims.iter().filter(|claim| claim.size > size) {
            report.add(Place::default(), What::RolledBack { by: claim.by.clone(), known: claim.size, size });
        }
        for (by, known) in [("database", stored_size), ("database, final", final_size)] {
            if known > size {
                report.add(Place::default(), What::RolledBack { by: by.to_owned(), known, size });
            }
        }
        claims.extend(published);
        Ok(Self { size, claims, policy, disagreed: false })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// What is claimed of the sizes after `first` up to and with `last`.
    pub(super) async fn between(
        &mut self,
        first: u64,
        last: u64,
        db: Option<&mut PgConnection>,
        report: &mut Report,
    ) -> Result<Vec<Claim>, VerifyError> {
        let within = |size: u64| first < size && size <= last;
        let mut claims: Vec<Claim> = self.claims.iter().filter(|claim| within(claim.size)).cloned().collect();
        let Some(db) = db else { return Ok(claims) };
        let stored = record::page(db, first, PAGE).await?;
        let is_recorded = |size: u64| stored.iter().any(|stored| stored.size == size);
        if self.size == last && !is_recorded(last) {
            report.add(Place::default(), What::Unrecorded { size: last });
        }
        for stored in stored.iter().filter(|stored| within(stored.size)) {
            claims.extend(self.checked(stored, report));
        }
        for (size, note) in record::page_of_final(db, first, PAGE).await? {
            if within(size) {
                let name = format!("database, final, {size}");
                claims.extend(self.signed(&name, size, &note, report));
            }
        }
        Ok(claims)
    }

    /// A stored checkpoint whose note says the same as its row.
    fn checked(&mut self, stored: &record::Checkpoint, report: &mut Report) -> Option<Claim> {
        let name = format!("database, {}", stored.size);
        let claim = self.signed(&name, stored.size, &stored.note, report)?;
        if stored.root() != Some(claim.root) {
            let why = "its row has another root".to_owned();
            report.add(Place::default(), What::BadCheckpoint { by: name, why });
        }
        Some(claim)
    }

    /// What a stored note says, if the log signed it and it is about as many events as its row.
    fn signed(&mut self, name: &str, size: u64, note: &str, report: &mut Report) -> Option<Claim> {
        match self.policy.accept(note.as_bytes()) {
            Ok(accepted) if accepted.checkpoint.size() == size => Some(claim(name, &accepted.checkpoint)),
            Ok(accepted) => {
                let why = format!("its note is about {} events", accepted.checkpoint.size());
                report.add(Place::default(), What::BadCheckpoint { by: name.to_owned(), why });
                None
            }
            Err(error) if !self.disagreed => {
                self.disagreed = true;
                report.add(Place::default(), bad(name, &error));
                None
            }
            Err(_) => None,
        }
    }
}

/// The published checkpoint. Of a log that is being sealed, it may not be there for a moment.
async fn published(
    verify: &Verify,
    policy: &merkle::Policy,
    stored: u64,
    report: &mut Report,
) -> Result<Option<Claim>, VerifyError> {
    let name = "checkpoint";
    let deadline = tokio::time::Instant::now() + PUBLISH_MAX;
    loop {
        let note = verify.tiles.checkpoint()?;
        let accepted = note.map(|note| policy.accept(&note));
        let is_behind = !matches!(&accepted, Some(Ok(accepted)) if accepted.checkpoint.size() >= stored);
        if is_behind && stored > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(PUBLISH_MAX / 10).await;
            continue;
        }
        return Ok(match accepted {
            None => {
                report.add(Place::default(), What::NoCheckpoint);
                None
            }
            Some(Err(error)) => {
                report.add(Place::default(), bad(name, &error));
                None
            }
            Some(Ok(accepted)) => Some(claim(name, &accepted.checkpoint)),
        });
    }
}

/// The checkpoint that is published as final. It is wanted where the policy has a quorum, and right wherever it is.
fn last_final(verify: &Verify, report: &mut Report) -> Result<Option<Claim>, VerifyError> {
    let name = "checkpoint.final";
    match verify.tiles.final_checkpoint()?.map(|note| verify.policy.accept(&note)) {
        Some(Ok(accepted)) => return Ok(Some(claim(name, &accepted.checkpoint))),
        Some(Err(error)) => report.add(Place::default(), bad(name, &error)),
        None if verify.policy.quorum() > 0 => report.add(Place::default(), What::NoFinal),
        None => {}
    }
    Ok(None)
}

fn claim(by: &str, checkpoint: &Checkpoint) -> Claim {
    Claim { size: checkpoint.size(), root: *checkpoint.root(), by: by.to_owned() }
}

fn bad(by: &str, error: &merkle::PolicyError) -> What {
    What::BadCheckpoint { by: by.to_owned(), why: error.to_string() }
}
