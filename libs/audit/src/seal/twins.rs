//! The log's tree and its shadow, taken through the same entries step by step.

use std::{io, sync::Arc};

use eventlog::fault;
use merkle::{
    Checkpoint, Frontier, Hash, Hasher, Policy, Sha256, Signer, Sm3, Tile,
    proof::verify_consistency,
    tile::{Entries, ExtendError, ReadError, extend_hashes},
    tree::Plan,
};

use super::{
    SealError,
    batch::full_between,
    shadow::{Sealed, ShadowRefusal},
};
use crate::{Tiles, chain, store::CHECKPOINT};

/// Events between two signatures while catching up: whole tiles, and few enough to hold in memory.
const BATCH: u64 = 8_192;

/// Both trees at one size, as far as the shadow is signed.
pub(super) struct Twins {
    trunk: Tiles,
    tiles: Tiles,
    signer: Arc<dyn Signer>,
    known: Frontier<Sha256>,
    shadow: Frontier<Sm3>,
}

impl Twins {
    /// Goes on from the shadow's published checkpoint; from the beginning, where there is none.
    pub(super) fn resume(
        trunk: Tiles,
        signer: Arc<dyn Signer>,
        policy: &Policy,
        sealed: Sealed,
    ) -> Result<Self, SealError> {
        let tiles = trunk.shadow();
        let (known, shadow) = (Frontier::new(), Frontier::new());
        let mut twins = Self { trunk, tiles, signer, known, shadow };
        let Some(note) = twins.tiles.checkpoint()? else { return Ok(twins) };
        let bad = |error: &dyn std::error::Error| ShadowRefusal::BadCheckpoint { why: chain(error) };
        let signed = policy.accept(&note).map_err(|error| bad(&error))?.checkpoint;
        let size = signed.size();
        if size > sealed.size {
            return Err(ShadowRefusal::Ahead { size, sealed: sealed.size }.into());
        }
        twins.shadow = frontier(&twins.tiles, size, size)?;
        if twins.shadow.root() != *signed.root() {
            let why = "their root is another".to_owned();
            return Err(ShadowRefusal::WrongTiles { size, why }.into());
        }
        // Whether these are right shows when what follows is compared with a signed root.
        twins.known = frontier(&twins.trunk, size, sealed.size)?;
        // A session that was killed left behind what had become full.
        twins.collect(full_between(size.saturating_sub(BATCH), size))?;
        Ok(twins)
    }

    pub(super) fn size(&self) -> u64 {
        self.shadow.size()
    }

    /// Takes both on, at most to what is sealed: tiles first, then the checkpoint, then what is not needed any more.
    pub(super) fn grow(mut self, sealed: Sealed) -> Result<Self, SealError> {
        let old = self.size();
        let last = sealed.size.min((old / BATCH + 1) * BATCH);
        let leaves = self.take(last, sealed)?;
        let extension = extend_hashes::<Sm3, _>(old, leaves, &self.tiles);
        let extension = extension.map_err(|error| match error {
            ExtendError::Read(error) => unreadable(old, error),
            error => wrong(old, &error).into(),
        })?;
        for leaf in &extension.leaves {
            self.shadow.push(*leaf).map_err(|error| wrong(old, &error))?;
        }
        let files = extension.tiles.into_iter().map(|(tile, bytes)| (tile.to_string(), bytes));
        self.tiles.0.write(&files.collect::<Vec<_>>())?;
        fault::point("shadow.after_tiles");
        self.tiles.0.write(&[(CHECKPOINT.to_owned(), self.sign()?)])?;
        fault::point("shadow.after_checkpoint");
        self.collect(full_between(old, last))?;
        Ok(self)
    }

    /// The shadow's leaves up to `last`, of entries that are proved to be those under the signed root.
    fn take(&mut self, last: u64, sealed: Sealed) -> Result<Vec<Hash>, SealError> {
        let first = self.size() + 1;
        let other = |error: &dyn std::error::Error| {
            SealError::from(ShadowRefusal::OtherEntries { first, last, why: chain(error) })
        };
        let mut leaves = Vec::new();
        while self.known.size() < last {
            let from = self.known.size();
            let tile = Tile::of_entry(from, sealed.size)
                .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
            let bytes = self.trunk.find(tile)?.ok_or_else(|| missing(tile))?;
            let width = (last - from).min(u64::from(Tile::FULL) - from % u64::from(Tile::FULL));
            let mut entries = Entries::of(&bytes).skip((from % u64::from(Tile::FULL)) as usize);
            for _ in 0..width {
                let entry = entries.next().ok_or_else(|| missing(tile))?.map_err(|error| other(&error))?;
                self.known.push(Sha256::leaf(entry)).map_err(|error| other(&error))?;
                leaves.push(Sm3::leaf(entry));
            }
        }
        let proof = Plan::consistency(last, sealed.size, sealed.size).map_err(|error| other(&error))?;
        let proof = proof.hashes::<Sha256, _>(&self.trunk).map_err(|error| unreadable(last, error))?;
        verify_consistency::<Sha256>(last, sealed.size, &proof, &self.known.root(), &sealed.root)
            .map_err(|error| other(&error))?;
        Ok(leaves)
    }

    fn sign(&self) -> Result<Vec<u8>, ShadowRefusal> {
        let bad = |error: &dyn std::error::Error| ShadowRefusal::Key { why: chain(error) };
        let origin = self.signer.key().name();
        let checkpoint = Checkpoint::new(origin, self.size(), self.shadow.root());
        let note = checkpoint.map_err(|error| bad(&error))?.sign(self.signer.as_ref());
        Ok(note.map_err(|error| bad(&error))?.to_string().into_bytes())
    }

    fn collect(&self, full: Vec<Tile>) -> io::Result<()> {
        full.into_iter().try_for_each(|tile| self.tiles.0.collect(tile))
    }
}

/// The right edge of the first `size` leaves, out of tiles that hold `stored`.
fn frontier<H: Hasher>(tiles: &Tiles, size: u64, stored: u64) -> Result<Frontier<H>, SealError> {
    let plan = Plan::peaks_of(size, stored).map_err(|error| wrong(size, &error))?;
    let peaks = plan.hashes::<H, _>(tiles).map_err(|error| unreadable(size, error))?;
    Ok(Frontier::resume(size, peaks).map_err(|error| wrong(size, &error))?)
}

/// A store that is away may come back; a tile that is there and too short stays so.
fn unreadable(size: u64, error: ReadError<io::Error>) -> SealError {
    match error {
        ReadError::Unreadable { tile, source } => {
            io::Error::new(source.kind(), format!("read {tile}: {source}")).into()
        }
        short @ ReadError::Short { .. } => wrong(size, &short).into(),
    }
}

fn wrong(size: u64, error: &dyn std::error::Error) -> ShadowRefusal {
    ShadowRefusal::WrongTiles { size, why: chain(error) }
}

fn missing(tile: Tile) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{tile} is missing or ends too early"))
}
