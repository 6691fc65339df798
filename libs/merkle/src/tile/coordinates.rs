//! Which tile: its row, its place in it, and how full it is.

use thiserror::Error;

/// What the tiles of one row hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// The hashes of the tree's level 8 times this number.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

/// A tile of a row: `width` hashes or entries from number 256 times `index` on. A width of 256 is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    row: Row,
    index: u64,
    width: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no tree of 2^64 leaves has a tile {index} of width {width} in {row:?}")]
pub struct BadTile {
    pub row: Row,
    pub index: u64,
    pub width: u16,
}

impl Row {
    /// No tree of 64 bits is higher. The document leaves room for 63.
    pub const TOP: u8 = 7;

    /// How many hashes or entries this row has in a tree of this size.
    pub(crate) fn length(self, size: u64) -> u64 {
        match self {
            Self::Hashes(level) => size >> (u32::from(level) * Tile::HEIGHT),
            Self::Entries => size,
        }
    }
}

impl Tile {
    /// Levels of the tree in one tile.
    pub const HEIGHT: u32 = 8;
    /// Hashes or entries in a full tile.
    pub const FULL: u16 = 256;

    pub fn new(row: Row, index: u64, width: u16) -> Result<Self, BadTile> {
        let is_row = !matches!(row, Row::Hashes(level) if level > Row::TOP);
        let last = u64::from(width).checked_sub(1).and_then(|rest| index.checked_mul(256)?.checked_add(rest));
        let fits = is_row && width <= Self::FULL && last.is_some_and(|last| last < row.length(u64::MAX));
        if fits { Ok(Self { row, index, width }) } else { Err(BadTile { row, index, width }) }
    }

    /// The tile that holds the row's hash or entry of this number in a tree of this size, where it must be.
    pub(crate) fn holding(row: Row, number: u64, size: u64) -> Self {
        let index = number >> Self::HEIGHT;
        let width = (row.length(size) - (index << Self::HEIGHT)).min(u64::from(Self::FULL));
        Self { row, index, width: width as u16 }
    }

    /// The bundle that has the entry of this index in a tree of this size.
    pub fn of_entry(index: u64, size: u64) -> Option<Self> {
        (index < size).then(|| Self::holding(Row::Entries, index, size))
    }

    pub fn row(&self) -> Row {
        self.row
    }

    pub fn index(&self) -> u64 {
        self.index
    }

    pub fn width(&self) -> u16 {
        self.width
    }

    pub fn is_full(&self) -> bool {
        self.width == Self::FULL
    }

    /// The same tile when it is full; once that exists, partial ones may be removed.
    pub fn full(&self) -> Self {
        Self { width: Self::FULL, ..*self }
    }
}
