//! Which of this service's events become public: none, for what others made public is not made public again.

use decider::{Decider, Public, Recorded, Unreadable};

use crate::entry;

/// The public message of an event, or nothing.
pub fn publish(recorded: &Recorded) -> Result<Option<Public>, Unreadable> {
    match recorded.stream.category() {
        entry::Entry::NAME => Ok(None),
        other => Err(chassis::unknown_category(other)),
    }
}
