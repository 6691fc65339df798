//! Where tiles and checkpoints are kept: a folder, or a bucket of an object store.

mod conflict;
mod folder;
mod s3;
mod site;

use std::{io, sync::Arc};

use merkle::{Tile, tile::TileReader};

pub use conflict::Conflict;
pub use folder::Folder;
pub use s3::{Bucket, BucketError};
pub use site::Site;

/// The name of the signed checkpoint among the tiles (C2SP tlog-tiles).
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// The newest checkpoint that has its quorum of cosignatures; `checkpoint` is often newer and has none.
pub(crate) const FINAL: &str = "checkpoint.final";

/// The folder of time stamps: `<size>.tsr` (RFC 3161) over `<size>.checkpoint`.
pub(crate) const TOKENS: &str = "tokens";

/// Keeps files by name.
///
/// **Invariant**: a reader sees a file whole, as it was or as it is; what was written survives a power cut.
pub trait Store: Send + Sync {
    /// A file; none where there is none.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;

    /// Writes files, in any order; all are durable when it returns. After an error some may have been written.
    fn write(&self, files: &[(String, Vec<u8>)]) -> io::Result<()>;

    /// Removes the partial versions of a tile; nothing happens where there are none.
    fn collect(&self, tile: Tile) -> io::Result<()>;

    /// The names of the files in a folder, in order; none where there is no such folder.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// The same store, with every name below a folder's. Both may be written at once.
    fn below(&self, folder: &str) -> Arc<dyn Store>;
}

/// The tiles in a store.
#[derive(Clone)]
pub struct Tiles(pub Arc<dyn Store>);

impl Tiles {
    /// A tile of exactly this width, or a full one that begins with it.
    pub(crate) fn find(&self, tile: Tile) -> io::Result<Option<Vec<u8>>> {
        match self.0.read(&tile.to_string())? {
            None if !tile.is_full() => self.0.read(&tile.full().to_string()),
            found => Ok(found),
        }
    }

    /// The checkpoint that is published.
    pub fn checkpoint(&self) -> io::Result<Option<Vec<u8>>> {
        self.0.read(CHECKPOINT)
    }

    /// The newest checkpoint that enough witnesses have cosigned.
    pub fn final_checkpoint(&self) -> io::Result<Option<Vec<u8>>> {
        self.0.read(FINAL)
    }
}

impl TileReader for Tiles {
    type Error = io::Error;

    fn tile(&self, tile: Tile) -> io::Result<Vec<u8>> {
        self.find(tile)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
