//! One step of sealing: events become leaves, leaves become tiles, the root becomes a checkpoint.
//!
//! **Invariant**: tiles are durable before the checkpoint is stored, and it is stored before it is published. Killed
//! between any two steps, the next session goes on from the stored checkpoint; what lies beyond it was told to nobody.

use eventlog::fault;
use merkle::{
    Checkpoint, Frontier, Hash, Note, Sha256, Signer, Tile,
    tile::{ExtendError, Row, extend},
};
use sqlx::{PgConnection, error::ErrorKind};

use super::{
    Refusal, SealError,
    ahead::{Leaves, Stating},
    shadow::Sealed,
};
use crate::{
    Stored, Tiles, event,
    record::{self, Lease},
    store::{CHECKPOINT, FINAL, TOKENS},
};

/// A sealed tree and where it is kept.
pub(super) struct Tree {
    origin: String,
    tiles: Tiles,
    frontier: Frontier<Sha256>,
}

impl Tree {
    pub(super) fn new(origin: String, tiles: Tiles, frontier: Frontier<Sha256>) -> Self {
        Self { origin, tiles, frontier }
    }

    pub(super) fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// What is signed and published, for those who follow.
    pub(super) fn sealed(&self) -> Sealed {
        Sealed { size: self.size(), root: self.frontier.root() }
    }

    pub(super) fn tiles(&self) -> &Tiles {
        &self.tiles
    }

    /// Seals the events up to and with position `last`; the checkpoint that is stored and published.
    pub(super) async fn seal(
        &mut self,
        last: u64,
        made: Vec<Leaves>,
        stating: Stating,
        signer: &dyn Signer,
        db: &mut PgConnection,
        lease: &Lease,
    ) -> Result<Note, SealError> {
        let made = confirmed(made, db).await?;
        let after = made.last().map_or(self.size(), |made| made.last.0);
        let events = rows(after, last, db).await?;
        let (leaves, full) = self.extend(made, events, stating).await?;
        fault::point("seal.after_tiles");
        let mut grown = self.frontier.clone();
        for hash in leaves {
            grown.push(hash).map_err(|error| Refusal::tiles(last, error))?;
        }
        let note = self.sign(&grown, signer)?;
        let (root, text) = (grown.root().0.to_vec(), note.to_string());
        let checkpoint = record::Checkpoint { size: last, root, note: text.clone() };
        match lease.store(db, &checkpoint).await {
            Ok(true) => {}
            Ok(false) => return Err(SealError::Fenced),
            Err(error) => return Err(refused(error, last)),
        }
        fault::point("seal.after_row");
        self.frontier = grown;
        self.publish(text.into_bytes()).await?;
        fault::point("seal.after_checkpoint");
        self.collect(full).await?;
        Ok(note)
    }

    /// The checkpoint of what is sealed; a size's signature is always the same.
    pub(super) fn checkpoint(&self, signer: &dyn Signer) -> Result<Note, Refusal> {
        self.sign(&self.frontier, signer)
    }

    fn sign(&self, grown: &Frontier<Sha256>, signer: &dyn Signer) -> Result<Note, Refusal> {
        let key = |error: &dyn std::error::Error| Refusal::Key { why: crate::chain(error) };
        let checkpoint = Checkpoint::new(&self.origin, grown.size(), grown.root()).map_err(|e| key(&e))?;
        checkpoint.sign(signer).map_err(|error| key(&error))
    }

    /// Makes what leaves are missing and writes the tiles, beside the runtime: both take the processor or the disk.
    /// The hashes of the leaves, and the tiles that are full now.
    async fn extend(
        &self,
        mut made: Vec<Leaves>,
        events: Vec<Stored>,
        stating: Stating,
    ) -> Result<(Vec<Hash>, Vec<Tile>), SealError> {
        let (tiles, old) = (self.tiles.clone(), self.size());
        beside(move || {
            made.push(stating.of_rows(&events)?);
            let entries: Vec<&[u8]> = made.iter().flat_map(Leaves::entries).collect();
            let extension = extend::<Sha256, _>(old, &entries, &tiles).map_err(|error| match error {
                ExtendError::Read(error) => SealError::tiles(old, error),
                error => Refusal::tiles(old, crate::chain(&error)).into(),
            })?;
            let full = extension.tiles.iter().map(|(tile, _)| *tile).filter(Tile::is_full).collect();
            let files = extension.tiles.into_iter().map(|(tile, bytes)| (tile.to_string(), bytes));
            let files: Vec<_> = files.collect();
            let (first, rest) = files.split_at(1);
            tiles.0.write(first)?;
            fault::point("seal.after_entries");
            tiles.0.write(rest)?;
            Ok((extension.leaves, full))
        })
        .await
    }

    pub(super) async fn publish(&self, note: Vec<u8>) -> Result<(), SealError> {
        self.write(vec![(CHECKPOINT.to_owned(), note)]).await
    }

    /// Publishes a checkpoint that has its quorum.
    pub(super) async fn publish_final(&self, note: Vec<u8>) -> Result<(), SealError> {
        self.write(vec![(FINAL.to_owned(), note)]).await
    }

    /// Keeps a token of time and the note that it is about.
    pub(super) async fn keep_token(&self, size: u64, note: Vec<u8>, token: Vec<u8>) -> Result<(), SealError> {
        let name = |kind| format!("{TOKENS}/{size}.{kind}");
        self.write(vec![(name("checkpoint"), note), (name("tsr"), token)]).await
    }

    async fn write(&self, files: Vec<(String, Vec<u8>)>) -> Result<(), SealError> {
        let tiles = self.tiles.clone();
        beside(move || Ok(tiles.0.write(&files)?)).await
    }

    /// Collects what a session that was killed left behind: the partial tiles that became full since a size.
    pub(super) async fn collect_since(&self, size: u64) -> Result<(), SealError> {
        self.collect(full_between(size, self.size())).await
    }

    async fn collect(&self, full: Vec<Tile>) -> Result<(), SealError> {
        let tiles = self.tiles.clone();
        beside(move || Ok(full.into_iter().try_for_each(|tile| tiles.0.collect(tile))?)).await
    }
}

/// Leaves of events that the log holds: ids are never given twice, so the last tells of all before it. A database that
/// was restored below this process holds something else, which is then what is sealed.
async fn confirmed(made: Vec<Leaves>, db: &mut PgConnection) -> Result<Vec<Leaves>, sqlx::Error> {
    let Some((position, id)) = made.last().map(|made| made.last) else { return Ok(made) };
    let stored = event::id_at(db, position).await?;
    Ok(if stored == Some(id) { made } else { Vec::new() })
}

/// The events after position `after`, up to and with `last`, all of which must be there.
async fn rows(after: u64, last: u64, db: &mut PgConnection) -> Result<Vec<Stored>, SealError> {
    if after == last {
        return Ok(Vec::new());
    }
    let events = event::read(db, after, last).await?;
    contiguous(&events, after, last)?;
    Ok(events)
}

/// The tiles that became full while a tree grew.
pub(super) fn full_between(old: u64, new: u64) -> Vec<Tile> {
    let mut full = Vec::new();
    let rows = (0..=Row::TOP).map(|level| (Row::Hashes(level), 8 * u32::from(level)));
    for (row, rise) in rows.chain([(Row::Entries, 0)]) {
        let length = |size: u64| size.checked_shr(rise).unwrap_or(0) >> Tile::HEIGHT;
        let indices = length(old)..length(new);
        full.extend(indices.filter_map(|index| Tile::new(row, index, Tile::FULL).ok()));
    }
    full
}

fn contiguous(events: &[Stored], old: u64, last: u64) -> Result<(), Refusal> {
    let mut found = events.iter().map(|event| event.position.cast_unsigned());
    match (old + 1..=last).find(|expected| found.next() != Some(*expected)) {
        Some(position) => Err(Refusal::Gap { position }),
        None => Ok(()),
    }
}

fn refused(error: sqlx::Error, size: u64) -> SealError {
    match error.as_database_error().map(|error| error.kind()) {
        Some(ErrorKind::UniqueViolation) => Refusal::SecondRoot { size }.into(),
        _ => error.into(),
    }
}

/// Beside the runtime.
pub(super) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SealError> + Send + 'static,
) -> Result<T, SealError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(SealError::Store(std::io::Error::other(error))),
    }
}
