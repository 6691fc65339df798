//! Proof that a log was only ever appended to, in formats that tools which nobody here wrote can check.
//!
//! A log's events become the leaves of one Merkle tree (RFC 6962, RFC 9162). The tree is published as static
//! tiles (C2SP tlog-tiles), its root as a signed checkpoint (tlog-checkpoint, signed-note) that witnesses
//! cosign (tlog-witness, tlog-cosignature). One event's place in it fits into one file (tlog-proof).
//!
//! **Invariant:** nothing here reads a clock, the network, the disk or randomness; times, salts, keys and
//! tiles are handed in. The same log gives the same bytes. Bytes from outside are refused with a typed error
//! and never make anything here panic.

pub mod checkpoint;
mod codec;
mod cosignature;
mod hash;
mod hasher;
mod hex;
mod key;
pub mod note;
mod policy;
pub mod proof;
mod receipt;
mod signer;
pub mod statement;
pub mod tile;
pub mod tree;
pub mod witness;

pub use checkpoint::Checkpoint;
pub use cosignature::cosign;
pub use hash::{Hash, HashError};
pub use hasher::{Hasher, Sha256, Sm3};
pub use hex::{Hex, HexError};
pub use key::{KeyError, KeyId, KeyType, VerifierKey};
pub use note::Note;
pub use policy::{Accepted, Cosigner, Policy, PolicyError, PolicyFault};
pub use receipt::{Receipt, ReceiptError, ReceiptFault};
pub use signer::{Ed25519Signer, Renamed, SignError, Signer, SignerFailed};
pub use statement::Statement;
pub use tile::Tile;
pub use tree::Frontier;
