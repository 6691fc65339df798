//! Why a witness does not cosign, and how it says so over HTTP.

use thiserror::Error;

use super::RequestError;
use crate::{policy::PolicyError, proof::ConsistencyError};

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the request is malformed: {0}")]
    Malformed(#[from] RequestError),
    #[error("the checkpoint has {new} leaves, fewer than the old {old}")]
    Backwards { old: u64, new: u64 },
    #[error("the log {origin:?} is not known here")]
    UnknownLog { origin: String },
    #[error("no key that is trusted here signed the checkpoint: {0}")]
    NotTrusted(PolicyError),
    #[error("the checkpoint cosigned last has {latest} leaves")]
    Stale { latest: u64 },
    #[error("another root was cosigned for {size} leaves")]
    Fork { size: u64 },
    #[error("a first checkpoint needs no proof, and {found} hashes came")]
    NeedlessProof { found: usize },
    #[error("the checkpoint does not extend the one cosigned last: {0}")]
    Inconsistent(ConsistencyError),
}

impl Refusal {
    /// The HTTP status that the document gives.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::Backwards { .. } => 400,
            Self::NotTrusted(_) => 403,
            Self::UnknownLog { .. } => 404,
            Self::Stale { .. } | Self::Fork { .. } => 409,
            Self::NeedlessProof { .. } | Self::Inconsistent(_) => 422,
        }
    }

    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Stale { .. } | Self::Fork { .. } => "text/x.tlog.size",
            _ => "text/plain; charset=utf-8",
        }
    }

    /// The body: for a conflict the latest size alone, from which the client goes on; else the reason.
    pub fn body(&self) -> String {
        match self {
            Self::Stale { latest: size } | Self::Fork { size } => format!("{size}\n"),
            reason => format!("{reason}\n"),
        }
    }
}
