//! A place for tiles as an operator names it: a folder, or `s3://BUCKET/PREFIX`.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Folder, Tiles,
    s3::{Bucket, BucketError, Objects},
};

/// Where the tiles of one log are.
#[derive(Clone, Debug)]
pub enum Site {
    Folder(PathBuf),
    Bucket(Arc<Bucket>),
}

impl Site {
    /// Reads `s3://BUCKET/PREFIX`, with the rest of what a bucket needs from the environment; else a folder's path.
    pub fn parse(text: &str) -> Result<Self, BucketError> {
        if !text.starts_with("s3://") {
            return Ok(Self::Folder(text.into()));
        }
        Ok(Self::Bucket(Arc::new(Bucket::from_environment(text)?)))
    }

    /// The folder, if it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Bucket(_) => None,
        }
    }

    /// The tiles, to be read.
    pub fn open(&self) -> Tiles {
        match self {
            Self::Folder(folder) => Tiles(Arc::new(Folder::open(folder))),
            Self::Bucket(bucket) => Tiles(Arc::new(Objects::new(Arc::clone(bucket)))),
        }
    }

    /// The tiles, to be written by one session; none while another process holds the folder. A bucket is not held:
    /// what must not be written is refused file by file.
    pub(crate) fn claim(&self) -> io::Result<Option<Tiles>> {
        match self {
            Self::Folder(folder) => Ok(Folder::claim(folder)?.map(|folder| Tiles(Arc::new(folder)))),
            Self::Bucket(_) => Ok(Some(self.open())),
        }
    }
}

impl<P: Into<PathBuf>> From<P> for Site {
    fn from(folder: P) -> Self {
        Self::Folder(folder.into())
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Bucket(bucket) => bucket.fmt(f),
        }
    }
}
