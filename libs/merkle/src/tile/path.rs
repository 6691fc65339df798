//! Where a tile is served: `tile/0/x001/x234/067`, `tile/entries/000.p/5`.

use std::{fmt, str::FromStr};

use thiserror::Error;

use super::{BadTile, Row, Tile};
use crate::codec::decimal;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PathError {
    #[error("{path:?} is not the path of a tile")]
    Malformed { path: String },
    #[error("the path names a tile that cannot be")]
    Impossible(#[from] BadTile),
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            Row::Hashes(level) => write!(f, "tile/{level}/")?,
            Row::Entries => write!(f, "tile/entries/")?,
        }
        thousands(self.index() / 1000, f)?;
        write!(f, "{:03}", self.index() % 1000)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width()) }
    }
}

/// Three digits a folder, so that none grows large.
fn thousands(number: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if number == 0 {
        return Ok(());
    }
    thousands(number / 1000, f)?;
    write!(f, "x{:03}/", number % 1000)
}

impl FromStr for Tile {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let malformed = || PathError::Malformed { path: path.to_owned() };
        let (row, index, width) = parts(path).ok_or_else(malformed)?;
        let tile = Self::new(row, index, width)?;
        // One spelling only: no leading `x000`, no `.p/256`.
        if tile.to_string() == path { Ok(tile) } else { Err(malformed()) }
    }
}

fn parts(path: &str) -> Option<(Row, u64, u16)> {
    let (row, place) = path.strip_prefix("tile/")?.split_once('/')?;
    let row = match row {
        "entries" => Row::Entries,
        level => Row::Hashes(decimal(level)?.try_into().ok()?),
    };
    let (index, width) = match place.split_once(".p/") {
        None => (place, Tile::FULL),
        Some((index, width)) => (index, decimal(width)?.try_into().ok()?),
    };
    Some((row, number(index)?, width))
}

fn number(folders: &str) -> Option<u64> {
    folders.split('/').try_fold(0_u64, |number, folder| {
        let digits = folder.strip_prefix('x').unwrap_or(folder);
        let three = digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
        let digits = three.then_some(digits)?.parse().ok()?;
        number.checked_mul(1000)?.checked_add(digits)
    })
}
