//! Finding what was changed: events against leaves, leaves against tiles, tiles against every signed root.
//!
//! **Invariant**: it trusts nothing but the policy's keys and the checkpoints it is given; what lies in the folder
//! and in the database is compared, never believed.

mod events;
mod found;
mod heads;
mod levels;
mod shadow;

use std::io;

use merkle::{Frontier, Hash, Hasher, Policy, Sha256, Statement, Tile, tile::Entries};
use sqlx::PgConnection;

use crate::{Tiles, event};
use events::Events;
use heads::{Claim, Heads};
use levels::Levels;

pub use found::{Found, Place, What};

/// Findings told one by one; a log with more of them needs no further list.
const FOUND_MAX: usize = 100;

/// What is to be verified.
pub struct Verify {
    pub tiles: Tiles,
    pub policy: Policy,
    /// Signed checkpoints that were kept elsewhere, with a name for each.
    pub saved: Vec<(String, Vec<u8>)>,
    /// Which events of the database are compared. The tree is verified whole: its root covers every leaf.
    pub scope: Scope,
}

/// Which events are compared with their leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    #[default]
    Whole,
    /// Those that are of the case, or were when they were sealed.
    Case(String),
    /// Those at these positions, both included.
    Range { from: u64, to: u64 },
}

impl Scope {
    /// Whether any event at these positions may be compared; `last` included.
    fn reaches(&self, first: u64, last: u64) -> bool {
        match self {
            Self::Whole | Self::Case(_) => true,
            Self::Range { from, to } => *from <= last && first <= *to,
        }
    }

    fn has(&self, position: u64, cases: [Option<&str>; 2]) -> bool {
        match self {
            Self::Whole => true,
            Self::Case(case) => cases.contains(&Some(case)),
            Self::Range { from, to } => (*from..=*to).contains(&position),
        }
    }
}

/// What was verified, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub origin: String,
    /// Leaves of the tree.
    pub size: u64,
    /// Events of the database that were compared with their leaves.
    pub events: u64,
    /// Events that no checkpoint covers yet.
    pub unsealed: u64,
    /// Leaves under the checkpoint that is published as final, with the policy's quorum; none where there is none.
    pub final_size: Option<u64>,
    /// Leaves of the shadow, hashed with SM3; none where there is none, or none that can be trusted.
    pub shadow: Option<u64>,
    /// Signed checkpoints that were compared with the tree.
    pub checkpoints: u64,
    /// The first findings, at most 100 of them.
    pub found: Vec<Found>,
    /// How many there are.
    pub found_total: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("read the database")]
    Database(#[from] sqlx::Error),
    #[error("read the tiles")]
    Store(#[from] io::Error),
}

impl Report {
    fn add(&mut self, place: Place, what: What) {
        self.found_total += 1;
        if self.found.len() < FOUND_MAX {
            self.found.push(Found { place, what });
        }
    }

    /// Whether one more finding would be told.
    fn has_room(&self) -> bool {
        self.found.len() < FOUND_MAX
    }
}

impl Verify {
    /// Goes through the whole tree; with a database, through the events too. `progress` hears how far it is.
    pub async fn run(
        self,
        mut db: Option<&mut PgConnection>,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Report, VerifyError> {
        let mut report = Report { origin: self.policy.origin().to_owned(), ..Report::default() };
        let shadow = shadow::published(&self, &mut report)?;
        let mut heads = Heads::gather(&self, db.as_deref_mut(), &mut report).await?;
        report.size = heads.size();
        let mut walk = Walk::new(self.tiles.clone());
        for index in 0..report.size.div_ceil(u64::from(Tile::FULL)) {
            let first = index << Tile::HEIGHT;
            progress(first, report.size);
            let last = report.size.min(first + u64::from(Tile::FULL));
            let claims = heads.between(first, last, db.as_deref_mut(), &mut report).await?;
            let sealed = walk.bundle(first, &claims, &mut report)?;
            if let Some(db) = db.as_deref_mut().filter(|_| self.scope.reaches(first + 1, last)) {
                let events = Events { db, origin: &report.origin.clone(), scope: &self.scope };
                events.compare(first, &sealed, &mut report).await?;
            }
        }
        walk.levels.finish(&walk.tiles, &mut report)?;
        if let Some(signed) = shadow {
            shadow::compare(&walk.tiles, signed, &mut report)?;
        }
        if let Some(db) = db {
            report.unsealed = event::head(db).await?.saturating_sub(report.size);
        }
        progress(report.size, report.size);
        Ok(report)
    }
}

/// One way through the leaves, from the first to the last.
struct Walk {
    tiles: Tiles,
    levels: Levels,
    /// The tree that the entries give.
    entries: Frontier<Sha256>,
    /// The tree that the hashes in the lowest tiles give.
    hashes: Frontier<Sha256>,
    /// The largest size at which a signed root agreed.
    agreed: u64,
}

impl Walk {
    fn new(tiles: Tiles) -> Self {
        let (entries, hashes) = (Frontier::new(), Frontier::new());
        Self { tiles, levels: Levels::new(), entries, hashes, agreed: 0 }
    }

    /// Checks one bundle and what was signed within it; answers the statement at each position that has one.
    fn bundle(
        &mut self,
        first: u64,
        claims: &[Claim],
        report: &mut Report,
    ) -> Result<Vec<Option<Statement>>, VerifyError> {
        let width = (report.size - first).min(u64::from(Tile::FULL));
        let (entries, mut end) = self.read_entries(first, width)?;
        let hashes = self.levels.lowest(&self.tiles, first, width, report)?;
        let mut sealed = Vec::new();
        for place in 0..width {
            // Told where it is, so that the first finding is where the damage begins.
            if entries.len() as u64 == place
                && let Some(what) = end.take()
            {
                report.add(Place::position(first + place + 1), what);
            }
            let (entry, hash) = (entries.get(place as usize), hashes.get(place as usize).copied());
            let leaf = entry.map(|entry| Sha256::leaf(entry));
            let statement = entry.and_then(|entry| Statement::parse(entry).ok());
            let at = Place::at(first + place + 1, statement.as_ref());
            if entry.is_some() && statement.is_none() {
                report.add(at.clone(), What::NoStatement);
            }
            if statement.as_ref().is_some_and(|statement| statement.origin != report.origin) {
                report.add(at.clone(), What::OtherLog);
            }
            if leaf.is_some() && hash.is_some() && leaf != hash {
                report.add(at, What::WrongLeafHash { tile: self.levels.name(first, width) });
            }
            self.push(leaf.or(hash), hash.or(leaf));
            self.compare(claims, report);
            sealed.push(statement);
        }
        Ok(sealed)
    }

    fn push(&mut self, leaf: Option<Hash>, hash: Option<Hash>) {
        // What is missing was told; a hash that cannot be right keeps the count.
        let leaf = leaf.unwrap_or_else(Sha256::empty);
        let full = "a tree of a signed size is not full";
        self.entries.push(leaf).expect(full);
        self.hashes.push(hash.unwrap_or_else(Sha256::empty)).expect(full);
        self.levels.push(leaf);
    }

    /// Compares the tree as it is now with what was signed of this size.
    fn compare(&mut self, claims: &[Claim], report: &mut Report) {
        let size = self.entries.size();
        let mut agreed = self.agreed;
        for claim in claims.iter().filter(|claim| claim.size == size) {
            report.checkpoints += 1;
            // Where the hashes in the tiles agree, the differing entries have been told by position.
            if self.entries.root() == claim.root || self.hashes.root() == claim.root {
                agreed = size;
            } else {
                let what = What::Rewritten { by: claim.by.clone(), after: self.agreed, size };
                report.add(Place::default(), what);
            }
        }
        self.agreed = agreed;
    }

    /// The entries of a bundle as far as they can be read, and why there are no more.
    fn read_entries(&self, first: u64, width: u64) -> Result<(Vec<Vec<u8>>, Option<What>), VerifyError> {
        let Some(tile) = Tile::of_entry(first + width - 1, first + width) else {
            return Ok((Vec::new(), None));
        };
        let Some(bytes) = self.tiles.find(tile)? else {
            let (first, last) = (first + 1, first + width);
            let missing = What::BundleMissing { tile: tile.to_string(), first, last };
            return Ok((Vec::new(), Some(missing)));
        };
        let mut entries = Vec::new();
        for entry in Entries::of(&bytes).take(width as usize) {
            match entry {
                Ok(entry) => entries.push(entry.to_vec()),
                Err(_) => break,
            }
        }
        let is_short = (entries.len() as u64) < width;
        let cut = is_short.then(|| What::BundleCut { tile: tile.to_string() });
        Ok((entries, cut))
    }
}
