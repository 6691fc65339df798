//! Where missed messages come from when the bus no longer has them: the log of their owner.

use std::collections::HashMap;

use async_trait::async_trait;
use bytes::Bytes;

mod grpc;

pub use grpc::{GrpcBackfill, TokenProvider};

/// Why missed messages did not come.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The source has no log that could be asked; asking again will not help.
    #[error("ask the log of {0}: it has none that we know of")]
    NoLog(String),
    /// Its owner did not answer; asking again may help.
    #[error("ask the log of {owner}")]
    Unavailable {
        /// The source.
        owner: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The door to other services' logs.
#[async_trait]
pub trait Backfill: Send + Sync + 'static {
    /// The messages of a range of positions, exactly as the bus carried them, by their positions. A position that
    /// is missing from the answer does not exist (yet) in the owner's log.
    async fn fetch(&self, source: &str, from: u64, to: u64) -> Result<HashMap<u64, Bytes>, BackfillError>;
}

/// No logs to ask: for a listener that hears outside departments only.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBackfill;

#[async_trait]
impl Backfill for NoBackfill {
    async fn fetch(&self, source: &str, _from: u64, _to: u64) -> Result<HashMap<u64, Bytes>, BackfillError> {
        Err(BackfillError::NoLog(source.to_owned()))
    }
}
