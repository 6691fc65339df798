//! What a bundle says, before it is written as files and after it was read from them.

use merkle::{Hash, VerifierKey};

/// A case, as its logs have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    pub case: String,
    /// The program that wrote the report and the script.
    pub maker: String,
    /// In the order of their names.
    pub logs: Vec<Log>,
}

/// One log's part of the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The service's name.
    pub name: String,
    /// The signed checkpoint with every line as it was published.
    pub checkpoint: String,
    /// Keys of the log.
    pub keys: Vec<VerifierKey>,
    /// Whose cosignatures count, where a policy says so.
    pub witnesses: Option<Witnesses>,
    /// The case's events in the order of their positions.
    pub events: Vec<Event>,
    /// All leaves under the checkpoint, which show that no event of the case was left out.
    pub leaves: Option<Vec<Vec<u8>>>,
    /// Time tokens over the checkpoint, by name; nothing here reads them.
    pub tokens: Vec<(String, Vec<u8>)>,
}

/// Witnesses of a log and how many of them are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnesses {
    pub quorum: usize,
    pub keys: Vec<VerifierKey>,
}

/// An event as stored, and its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub position: u64,
    pub data: Vec<u8>,
    pub meta: Vec<u8>,
    /// The entry of the log: a statement in its canonical form.
    pub leaf: Vec<u8>,
    /// From the leaf to the root of the checkpoint.
    pub path: Vec<Hash>,
}
