//! A witness: it cosigns what extends all it has seen, and refuses the rest (C2SP tlog-witness).

mod refusal;
mod request;

pub use refusal::Refusal;
pub use request::{AddCheckpoint, RequestError};

use crate::{
    Hash, Hasher, VerifierKey,
    codec::decimal,
    note::{NoteError, NoteSignature, signature_lines},
    policy::signed_checkpoint,
    proof::verify_consistency,
};

/// The largest tree of a log that a witness has cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub size: u64,
    pub root: Hash,
}

/// What a witness keeps about a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The log's keys; one of them must have signed.
    pub keys: Vec<VerifierKey>,
    /// None until the first checkpoint.
    pub head: Option<Head>,
}

/// A checkpoint that may be cosigned, once `before` is still the head and `after` is stored in its place, in
/// one step that survives a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    pub origin: String,
    pub before: Option<Head>,
    pub after: Head,
}

/// Decides about a request; `known` is what is kept of the log of [`AddCheckpoint::origin`].
///
/// The checks and their order are those of the document, so a client learns the same from every witness.
pub fn consider<H: Hasher>(request: &AddCheckpoint, known: Option<&Known>) -> Result<Advance, Refusal> {
    let origin = request.origin();
    let known = known.ok_or_else(|| Refusal::UnknownLog { origin: origin.to_owned() })?;
    let checkpoint = signed_checkpoint(&request.note, origin, &known.keys).map_err(Refusal::NotTrusted)?;
    let (old, new) = (request.old, checkpoint.size());
    if old > new {
        return Err(Refusal::Backwards { old, new });
    }
    let head = known.head.clone().unwrap_or(Head { size: 0, root: H::empty() });
    if old != head.size {
        return Err(Refusal::Stale { latest: head.size });
    }
    let after = Head { size: new, root: *checkpoint.root() };
    follows::<H>(&head, &after, &request.proof)?;
    Ok(Advance { origin: origin.to_owned(), before: known.head.clone(), after })
}

fn follows<H: Hasher>(before: &Head, after: &Head, proof: &[Hash]) -> Result<(), Refusal> {
    if before.size == after.size && before.root != after.root {
        return Err(Refusal::Fork { size: before.size });
    }
    // Everything begins with the empty tree, which therefore needs no proof, and may not have one.
    if before.size == 0 {
        return if proof.is_empty() { Ok(()) } else { Err(Refusal::NeedlessProof { found: proof.len() }) };
    }
    verify_consistency::<H>(before.size, after.size, proof, &before.root, &after.root)
        .map_err(Refusal::Inconsistent)
}

/// Reads the size out of the body of a witness's answer 409.
pub fn latest_size(body: &str) -> Option<u64> {
    decimal(body.strip_suffix('\n')?)
}

/// Reads the cosignatures out of the body of a witness's answer 200.
pub fn cosignatures(body: &str) -> Result<Vec<NoteSignature>, NoteError> {
    signature_lines(body)
}
