//! The running duties of an aggregate, each with its due date.

use std::collections::BTreeMap;

use law::Due;

/// Running duties by name. The earliest is the aggregate's deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duties<K: Ord>(BTreeMap<K, Due>);

impl<K: Ord> Default for Duties<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Duties<K> {
    /// Starts, or restarts, the clock of a duty.
    pub fn arm(&mut self, duty: K, due: Due) {
        self.0.insert(duty, due);
    }

    /// Stops the clock of a duty: it was done, breached or fell away.
    pub fn stop(&mut self, duty: &K) -> Option<Due> {
        self.0.remove(duty)
    }

    /// When the duty is due, if its clock runs.
    pub fn due(&self, duty: &K) -> Option<&Due> {
        self.0.get(duty)
    }

    /// The duty that is due first.
    pub fn next(&self) -> Option<(K, Due)> {
        self.0.iter().min_by_key(|(_, due)| due.at).map(|(duty, due)| (duty.clone(), due.clone()))
    }
}
