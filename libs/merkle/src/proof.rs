//! Checking proofs: that an entry is in a tree, and that a tree begins with an older one.

mod consistency;
mod inclusion;

pub use consistency::{ConsistencyError, verify_consistency};
pub use inclusion::{InclusionError, verify_inclusion};
