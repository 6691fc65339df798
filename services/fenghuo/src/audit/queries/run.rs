//! Runs queries over the logs of all services, read as the tables have them.

use time::OffsetDateTime;

use super::{
    super::logs,
    query::{Finding, Named, Query, Record},
    seen::{Reader, Said, Seen, Unreadable},
};
use crate::error::Error;

/// Which findings are wanted.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) from: Option<OffsetDateTime>,
    /// What was recorded later is not read: the logs as they were then.
    pub(super) to: Option<OffsetDateTime>,
    pub(super) case: Option<String>,
}

/// What was asked, read and found.
pub(super) struct Answer {
    pub(super) as_of: OffsetDateTime,
    pub(super) logs: Vec<Counted>,
    /// Each query with its findings, in the order of recording.
    pub(super) found: Vec<(&'static Named, Vec<Finding>)>,
    pub(super) unreadable: Vec<Unreadable>,
    /// Whether any log has an event of the case that was asked for.
    pub(super) is_case_known: bool,
}

/// What was read of a log.
#[derive(Debug, serde::Serialize)]
pub(super) struct Counted {
    pub(super) service: &'static str,
    pub(super) events: u64,
    /// Events of streams that are no department's: nothing was asked about them.
    pub(super) foreign: u64,
}

/// One way through the logs, for all queries at once.
pub(super) struct Run {
    queries: Vec<(&'static Named, Box<dyn Query>)>,
    record: Record,
    wanted: Wanted,
    logs: Vec<Counted>,
    unreadable: Vec<Unreadable>,
    is_case_known: bool,
}

impl Run {
    pub(super) fn new(queries: impl Iterator<Item = &'static Named>, wanted: Wanted) -> Self {
        let queries = queries.map(|named| (named, (named.make)())).collect();
        Self {
            queries,
            record: Record::default(),
            wanted,
            logs: Vec::new(),
            unreadable: Vec::new(),
            is_case_known: false,
        }
    }

    /// Reads a log from its first event to its last.
    pub(super) async fn log(
        &mut self,
        service: &'static str,
        options: &eventlog::Options,
    ) -> Result<(), Error> {
        let (mut reader, mut counted) = (Reader::of(service), Counted { service, events: 0, foreign: 0 });
        let to = self.wanted.to;
        logs::read(service, options, |stored| {
            if to.is_none_or(|to| stored.recorded_at <= to) {
                self.stored(&mut reader, stored, &mut counted);
            }
        })
        .await?;
        self.logs.push(counted);
        Ok(())
    }

    fn stored(&mut self, reader: &mut Reader, stored: audit::Stored, counted: &mut Counted) {
        counted.events += 1;
        match reader.read(stored) {
            Ok(seen) => {
                counted.foreign += u64::from(matches!(seen.said, Said::Foreign));
                self.see(&seen);
            }
            Err(unreadable) => self.unreadable.push(unreadable),
        }
    }

    pub(super) fn see(&mut self, seen: &Seen) {
        self.is_case_known |= self.wanted.case.is_some() && seen.place.case == self.wanted.case;
        self.record.see(seen);
        for (_, query) in &mut self.queries {
            query.see(seen);
        }
    }

    /// What is wrong as of an instant.
    pub(super) fn answer(self, as_of: OffsetDateTime) -> Answer {
        let Self { queries, record, wanted, logs, unreadable, is_case_known } = self;
        let found = queries.into_iter().map(|(named, query)| {
            let mut found = query.findings(&record, as_of);
            found.retain(|finding| is_wanted(finding, &wanted));
            found.sort_by_key(|finding| (finding.place.recorded_at, finding.place.position));
            (named, found)
        });
        Answer { as_of, found: found.collect(), logs, unreadable, is_case_known }
    }
}

fn is_wanted(finding: &Finding, wanted: &Wanted) -> bool {
    wanted.from.is_none_or(|from| finding.place.recorded_at >= from)
        && wanted.case.as_ref().is_none_or(|case| finding.place.case.as_ref() == Some(case))
}
