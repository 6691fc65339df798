//! The tiles of hashes, each against the level below it.

use std::marker::PhantomData;

use merkle::{Frontier, Hash, Hasher, Sha256, Tile, tile::Row};

use super::{Place, Report, VerifyError, What};
use crate::Tiles;

/// The hashes of the tile that is being filled at each level, as the entries give them.
pub(super) struct Levels<H = Sha256> {
    rows: Vec<Filling>,
    /// Full tiles above the lowest level that are to be compared; the lowest is compared leaf by leaf.
    full: Vec<(Tile, Vec<Hash>)>,
    /// The folder of the tiles, for the reader.
    folder: &'static str,
    hasher: PhantomData<fn() -> H>,
}

#[derive(Default)]
struct Filling {
    index: u64,
    hashes: Vec<Hash>,
}

impl<H: Hasher> Levels<H> {
    pub(super) fn new() -> Self {
        Self { rows: Vec::new(), full: Vec::new(), folder: "", hasher: PhantomData }
    }

    /// Of a tree whose tiles lie in a folder of their own.
    pub(super) fn below(folder: &'static str) -> Self {
        Self { folder, ..Self::new() }
    }

    /// The lowest tile that begins with this leaf.
    pub(super) fn name(&self, first: u64, width: u64) -> String {
        let tile = Tile::new(Row::Hashes(0), first >> Tile::HEIGHT, width as u16);
        tile.map_or_else(|error| error.to_string(), |tile| named(self.folder, tile))
    }

    /// The hashes in a tile of the lowest level, as stored. What fails to be there is told.
    pub(super) fn lowest(
        &mut self,
        tiles: &Tiles,
        first: u64,
        width: u64,
        report: &mut Report,
    ) -> Result<Vec<Hash>, VerifyError> {
        for (tile, hashes) in std::mem::take(&mut self.full) {
            compare(tiles, self.folder, tile, &hashes, report)?;
        }
        match Tile::new(Row::Hashes(0), first >> Tile::HEIGHT, width as u16) {
            Ok(tile) => stored(tiles, self.folder, tile, report),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Takes the next leaf's hash.
    pub(super) fn push(&mut self, leaf: Hash) {
        let mut next = Some(leaf);
        for level in 0..=Row::TOP {
            let Some(hash) = next.take() else { return };
            if self.rows.len() == usize::from(level) {
                self.rows.push(Filling::default());
            }
            let row = &mut self.rows[usize::from(level)];
            row.hashes.push(hash);
            if row.hashes.len() < usize::from(Tile::FULL) {
                return;
            }
            let hashes = std::mem::take(&mut row.hashes);
            next = Some(root::<H>(&hashes));
            if let (1.., Ok(tile)) = (level, Tile::new(Row::Hashes(level), row.index, Tile::FULL)) {
                self.full.push((tile, hashes));
            }
            row.index += 1;
        }
    }

    /// Compares what is left: the last full tiles, and the partial ones.
    pub(super) fn finish(self, tiles: &Tiles, report: &mut Report) -> Result<(), VerifyError> {
        let partial = (0..).zip(self.rows).skip(1).filter_map(|(level, row)| {
            let tile = Tile::new(Row::Hashes(level), row.index, row.hashes.len() as u16).ok()?;
            Some((tile, row.hashes))
        });
        self.full
            .into_iter()
            .chain(partial)
            .try_for_each(|(tile, hashes)| compare(tiles, self.folder, tile, &hashes, report))
    }
}

fn compare(
    tiles: &Tiles,
    folder: &str,
    tile: Tile,
    expected: &[Hash],
    report: &mut Report,
) -> Result<(), VerifyError> {
    let found = stored(tiles, folder, tile, report)?;
    let wrong = expected.iter().zip(&found).position(|(expected, found)| expected != found);
    if let (Some(place), Row::Hashes(level)) = (wrong, tile.row()) {
        let number = (tile.index() << Tile::HEIGHT) + place as u64;
        let rise = u32::from(level) * Tile::HEIGHT;
        let (first, last) = ((number << rise) + 1, (number + 1) << rise);
        report.add(Place::position(first), What::WrongTileHash { tile: named(folder, tile), first, last });
    }
    Ok(())
}

fn stored(tiles: &Tiles, folder: &str, tile: Tile, report: &mut Report) -> Result<Vec<Hash>, VerifyError> {
    let place = match tile.row() {
        Row::Hashes(level) => {
            Place::position((tile.index() << Tile::HEIGHT << (u32::from(level) * Tile::HEIGHT)) + 1)
        }
        Row::Entries => Place::default(),
    };
    let Some(bytes) = tiles.find(tile)? else {
        report.add(place, What::TileMissing { tile: named(folder, tile) });
        return Ok(Vec::new());
    };
    let mut hashes = Hash::run(&bytes);
    hashes.truncate(tile.width().into());
    if hashes.len() < tile.width().into() {
        report.add(place, What::TileCut { tile: named(folder, tile) });
    }
    Ok(hashes)
}

fn named(folder: &str, tile: Tile) -> String {
    if folder.is_empty() { tile.to_string() } else { format!("{folder}/{tile}") }
}

fn root<H: Hasher>(hashes: &[Hash]) -> Hash {
    let mut tree = Frontier::<H>::new();
    for hash in hashes {
        tree.push(*hash).expect("a tile's hashes are few");
    }
    tree.root()
}
