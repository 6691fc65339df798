//! The events that are exported, page by page: a log without a gap, or a case in it. Where they lie under a signed
//! checkpoint, each is compared with its leaf: what was changed since is not exported.

use audit::{Stored, Tiles, sealed::SealedError};
use decider::CaseId;
use sqlx::PgConnection;

use super::manifest::Manifest;

/// Events read at once.
const PAGE: u64 = 64;

/// What is exported can not be what the log once held.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventsError {
    #[error("read the database")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Sealed(#[from] SealedError),
    #[error("there is no event at position {0}")]
    Gap(u64),
}

/// Where an export is.
pub(super) struct Events {
    db: PgConnection,
    /// Absent where what is exported is not sealed.
    tiles: Option<Tiles>,
    case: Option<CaseId>,
    after: u64,
    until: u64,
}

impl Events {
    /// What follows the parts that the manifest names.
    pub(super) fn new(db: PgConnection, tiles: Option<Tiles>, manifest: &Manifest) -> Self {
        let after = manifest.parts.last().map_or(0, |part| part.last);
        Self { db, tiles, case: manifest.subject.case.clone(), after, until: manifest.until }
    }

    /// The next events, at most so many; none at the end.
    pub(super) async fn page(&mut self, limit: u64) -> Result<Vec<Stored>, EventsError> {
        let limit = limit.min(PAGE);
        if let Some(tiles) = &self.tiles {
            let case = self.case.as_ref().map(CaseId::as_str);
            while self.after < self.until {
                let (page, seen) =
                    audit::sealed::page(tiles, &mut self.db, case, self.after, self.until, limit as usize)
                        .await?;
                self.after = seen;
                if !page.is_empty() {
                    return Ok(page);
                }
            }
            return Ok(Vec::new());
        }
        let page = match &self.case {
            Some(case) => audit::read_case(&mut self.db, case, self.after, self.until, limit).await?,
            None => {
                let last = self.until.min(self.after + limit);
                let page = audit::read_events(&mut self.db, self.after, last).await?;
                whole(&page, self.after, last)?;
                page
            }
        };
        self.after = page.last().map_or(self.after, |event| event.position.cast_unsigned());
        Ok(page)
    }
}

/// Whether every position is there.
fn whole(page: &[Stored], after: u64, last: u64) -> Result<(), EventsError> {
    let mut found = page.iter().map(|event| event.position.cast_unsigned());
    match (after + 1..=last).find(|expected| found.next() != Some(*expected)) {
        Some(missing) => Err(EventsError::Gap(missing)),
        None => Ok(()),
    }
}

/// Where the log ends.
pub(super) async fn head(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let head: i64 = sqlx::query_scalar("select position from head").fetch_one(db).await?;
    Ok(head.cast_unsigned())
}
