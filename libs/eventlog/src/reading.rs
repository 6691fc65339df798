//! That a dossier was opened: who read what, and for what purpose, stands in the log beside what was decided.
//!
//! **Invariant**: a reading is no part of the case that was read. It carries no case, no view keeps it, and of it
//! nothing but its position leaves the service. Names here are the storage format: never rename, retype or reuse.

use decider::StreamName;
pub use register::{Reader, Register};
use serde::{Deserialize, Serialize};

pub mod purpose;
mod recent;
mod register;

/// The category of readings.
pub const CATEGORY: &str = "reading";

/// An event of a dossier's readings. Who read, and for which department, stands in the meta.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 查阅
    Opened {
        /// What was asked.
        query: String,
        /// Why, in the reader's words.
        purpose: String,
        /// What had been recorded in this log up to this position could be seen.
        shown: u64,
    },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "Opened",
        }
    }
}

/// The category of what stands for a whole log: whoever reads that has opened every dossier in it.
const WHOLE: &str = "log";

/// The query of whoever follows a log through the event-store protocol.
pub const SUBSCRIBE: &str = "Streams.Subscribe";
/// Queries whose readers are shown what is recorded later as well.
const FOLLOWING: [&str; 3] = ["Follow", "FollowTimeline", SUBSCRIBE];

/// The whole log of a service, as a dossier.
pub fn whole_log(service: &str) -> StreamName {
    StreamName::new(WHOLE, service)
}

/// Whether a reader who asked so is shown what is recorded later as well.
pub fn goes_on(query: &str) -> bool {
    FOLLOWING.contains(&query)
}

/// Whether a dossier stands for a whole log.
pub(crate) fn is_whole(dossier: &StreamName) -> bool {
    dossier.category() == WHOLE
}

/// Where the readings of a dossier stand: of `hazard:h-1`, in `reading:hazard.h-1`.
pub fn of(dossier: &StreamName) -> StreamName {
    StreamName::new(CATEGORY, &format!("{}.{}", dossier.category(), dossier.id()))
}

/// The dossier whose readings a stream holds; nothing for another stream.
pub fn dossier(readings: &StreamName) -> Option<StreamName> {
    let (category, id) = readings.id().split_once('.').filter(|_| readings.category() == CATEGORY)?;
    StreamName::parse(&format!("{category}:{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_that_was_ever_stored_is_read() {
        let stored = include_str!("../stored/Reading.Opened.json");
        let event: Event = serde_json::from_str(stored).unwrap();
        let Event::Opened { query, purpose, shown } = &event;
        assert_eq!((query.as_str(), purpose.as_str(), *shown), ("GetHazard", "案件办理", 17));
        assert_eq!(serde_json::to_string(&event).unwrap(), stored.trim());
    }

    #[test]
    fn a_dossier_is_found_by_the_stream_of_its_readings() {
        let dossier_of = StreamName::new("hazard", "wuyi.h-1");
        assert_eq!(of(&dossier_of).as_str(), "reading:hazard.wuyi.h-1");
        assert_eq!(dossier(&of(&dossier_of)), Some(dossier_of.clone()));
        assert_eq!(dossier(&dossier_of), None);
    }
}
