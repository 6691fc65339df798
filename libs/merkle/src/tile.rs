//! Tiles: the tree, and the entries under it, as files that never change (C2SP tlog-tiles).

mod coordinates;
mod entries;
mod extend;
mod path;
mod read;

pub use coordinates::{BadTile, Row, Tile};
pub use entries::{BundleError, Entries, MAX_ENTRY};
pub use extend::{ExtendError, Extension, extend, extend_hashes};
pub use path::PathError;
pub use read::{Missing, ReadError, TileReader};
pub(crate) use read::{locate, read};
