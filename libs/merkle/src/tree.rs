//! The tree: how it grows, and which of its nodes a question needs.

mod frontier;
mod node;
mod plan;
mod span;

pub use frontier::{Frontier, Full, WrongPeaks};
pub use node::Node;
pub(crate) use plan::perfect_root;
pub use plan::{Plan, PlanError};
pub(crate) use span::{consistency, inclusion};
