//! How sealing fares, for health and metrics.

use super::{Finality, ShadowStatus};

/// Where the sealed log ends, and what the sealer does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Events under the last checkpoint.
    pub sealed: u64,
    /// Events of the log when it was last looked at.
    pub head: u64,
    pub state: State,
    /// Up to where witnesses have cosigned; none where the log has no witnesses.
    pub finality: Option<Finality>,
    /// The tree that follows, hashed with SM3; none where none is wanted.
    pub shadow: Option<ShadowStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    New,
    Sealing,
    /// Another process seals.
    Standby,
    /// It failed and will try again.
    Waiting(String),
    /// It will not sign before a person has looked.
    Refused(String),
}

impl Status {
    /// Events that no checkpoint covers yet.
    pub fn lag(&self) -> u64 {
        self.head.saturating_sub(self.sealed)
    }
}
