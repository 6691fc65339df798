//! What this service shows: every fact as an entry, and the cases they belong to.

mod entries;
mod row;
mod story;

pub use entries::EntriesView;
pub use row::EntryRow;
pub use story::{CaseRow, Knowledge, Moment, Place, Wanted, arrivals, cases, story};
