//! What this service shows: listings, and the penalties that proposals are checked against.

mod listings;
mod penalties;

pub use listings::{ListingRow, ListingsView, get, in_force, list};
pub use penalties::{PenaltiesView, penalties};
