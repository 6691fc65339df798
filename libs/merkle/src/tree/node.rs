//! Where a stored hash stands in the tree.

/// The root of a perfect subtree: over the 2^`level` leaves that begin at `index` times 2^`level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    pub level: u8,
    pub index: u64,
}
