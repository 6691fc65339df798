//! How a relay fares, for health, metrics and operators.

use super::Alarm;

/// What a relay does now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum State {
    /// It has not begun.
    #[default]
    New,
    /// What is committed leaves at once.
    Running,
    /// It tries again soon; the text says why.
    Waiting(String),
    /// It has stopped; a person must look.
    Alarmed(Alarm),
}

/// An event that left without its public message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpublished {
    /// Its position.
    pub position: u64,
    /// Why it could not be mapped.
    pub reason: String,
}

/// Events that a status names; more are only counted.
const NAMED_MAX: usize = 16;

/// How far a relay is, and how it fares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The last position that is on the bus.
    pub relayed: u64,
    /// What it does now.
    pub state: State,
    /// Messages published by this relay, refills included.
    pub published: u64,
    /// Messages that another relay had published before.
    pub duplicates: u64,
    /// How often it had to ask the stream where it is.
    pub restarts: u64,
    /// Events that left without their public message.
    pub unpublished: u64,
    /// The first of them, by position.
    pub unpublished_named: Vec<Unpublished>,
}

impl Status {
    pub(super) fn note_unpublished(&mut self, position: u64, reason: String) {
        if self.unpublished_named.iter().any(|known| known.position == position) {
            return;
        }
        self.unpublished += 1;
        if self.unpublished_named.len() < NAMED_MAX {
            self.unpublished_named.push(Unpublished { position, reason });
        }
    }
}
