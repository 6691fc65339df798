//! Where a monitor reads: a folder or bucket of tiles, or anywhere that serves one over HTTP.

use std::{collections::BTreeMap, io};

use merkle::{
    Hash, Sha256, Tile,
    tile::{Missing, ReadError},
    tree::Plan,
};
use witness::http::{Client, HttpError};

use crate::Tiles;

/// The published files of a log.
#[derive(Clone)]
pub enum Source {
    Store(Tiles),
    Http { base: String, client: Client },
}

/// Why published files cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("read {name}")]
    Store { name: String, source: io::Error },
    #[error("fetch {name}")]
    Http { name: String, source: HttpError },
    #[error("fetch {name}: the server answered {status}")]
    Status { name: String, status: u16 },
    #[error(transparent)]
    Tile(#[from] ReadError<Missing>),
}

impl Source {
    /// A file; none where there is none.
    pub async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FetchError> {
        match self {
            Self::Store(tiles) => {
                tiles.0.read(name).map_err(|source| FetchError::Store { name: name.to_owned(), source })
            }
            Self::Http { base, client } => Box::pin(fetch(client, base, name)).await,
        }
    }

    /// The hashes that a question asks for, out of the tiles that it needs.
    pub(super) async fn hashes(&self, plan: &Plan) -> Result<Vec<Hash>, FetchError> {
        let mut tiles = BTreeMap::new();
        for tile in plan.tiles() {
            if let Some((found, bytes)) = self.tile(tile).await? {
                tiles.insert(found, bytes);
            }
        }
        Ok(plan.hashes::<Sha256, _>(&tiles)?)
    }

    /// A tile, or the full one that has taken its place.
    async fn tile(&self, tile: Tile) -> Result<Option<(Tile, Vec<u8>)>, FetchError> {
        for version in [tile, tile.full()] {
            if let Some(bytes) = self.read(&version.to_string()).await? {
                return Ok(Some((version, bytes)));
            }
        }
        Ok(None)
    }
}

async fn fetch(client: &Client, base: &str, name: &str) -> Result<Option<Vec<u8>>, FetchError> {
    let answer = client.get(&format!("{}/{name}", base.trim_end_matches('/'))).await;
    let answer = answer.map_err(|source| FetchError::Http { name: name.to_owned(), source })?;
    match answer.status {
        200 => Ok(Some(answer.body)),
        404 => Ok(None),
        status => Err(FetchError::Status { name: name.to_owned(), status }),
    }
}
