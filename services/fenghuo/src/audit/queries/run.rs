//! Runs queries over the logs of all services, read as the tables have them.

use std::io::{self, IsTerminal, Write};

use audit::{Connect, read_events};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{
    query::{Finding, Named, Query, Record},
    seen::{Reader, Said, Seen, Unreadable},
};
use crate::error::{Because, Error};

/// Events that are read at once.
const PAGE: u64 = 2_048;

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
}

impl Run {
    pub(super) fn new(queries: impl Iterator<Item = &'static Named>, wanted: Wanted) -> Self {
        let queries = queries.map(|named| (named, (named.make)())).collect();
        Self { queries, record: Record::default(), wanted, logs: Vec::new(), unreadable: Vec::new() }
    }

    /// Reads a log from its first event to its last.
    pub(super) async fn log(
        &mut self,
        service: &'static str,
        options: &eventlog::Options,
    ) -> Result<(), Error> {
        let failed = (format!("读取 {service} 的日志"), format!("read the log of {service}"));
        let (zh, en) = &failed;
        let mut db = options.read_only().await.because(zh, en)?;
        let last = last(&mut db).await.because(zh, en)?;
        let (mut reader, mut counted) = (Reader::of(service), Counted { service, events: 0, foreign: 0 });
        let mut after = 0;
        while after < last {
            progress(service, after, last);
            for stored in read_events(&mut db, after, last.min(after + PAGE)).await.because(zh, en)? {
                if self.wanted.to.is_some_and(|to| stored.recorded_at > to) {
                    continue;
                }
                self.stored(&mut reader, stored, &mut counted);
            }
            after += PAGE;
        }
        progress_done();
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
        self.record.see(seen);
        for (_, query) in &mut self.queries {
            query.see(seen);
        }
    }

    /// What is wrong as of an instant.
    pub(super) fn answer(self, as_of: OffsetDateTime) -> Answer {
        let Self { queries, record, wanted, logs, unreadable } = self;
        let found = queries.into_iter().map(|(named, query)| {
            let mut found = query.findings(&record, as_of);
            found.retain(|finding| is_wanted(finding, &wanted));
            found.sort_by_key(|finding| (finding.place.recorded_at, finding.place.position));
            (named, found)
        });
        Answer { as_of, found: found.collect(), logs, unreadable }
    }
}

fn is_wanted(finding: &Finding, wanted: &Wanted) -> bool {
    wanted.from.is_none_or(|from| finding.place.recorded_at >= from)
        && wanted.case.as_ref().is_none_or(|case| finding.place.case.as_ref() == Some(case))
}

/// The last position that is there, whatever the log's head says.
async fn last(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let last: i64 = sqlx::query_scalar("select coalesce(max(position), 0) from events").fetch_one(db).await?;
    Ok(last.cast_unsigned())
}

/// Draws over the line before; only where somebody watches.
fn progress(service: &str, done: u64, last: u64) {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K{service} {done}/{last}");
    }
}

fn progress_done() {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}
