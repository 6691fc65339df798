//! What a version would do to the clocks of a log, without doing it.

use decider::Actor;
use law::Adoption;
use serde::Deserialize;

use super::{
    Amendments, older,
    sweep::{open_streams, streams},
};
use crate::{Error, Log};

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DryRun {
    /// Streams that a clock may act on.
    pub open: u64,
    /// Clocks that would be computed to another end, if nothing else happens until then.
    pub moved: u64,
}

/// As much of an event as tells that a clock would move.
#[derive(Deserialize)]
struct Told {
    data: Option<Of>,
}

#[derive(Deserialize)]
struct Of {
    event: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    r#type: Option<String>,
}

impl Amendments {
    /// Counts what a version would move in this log. None if the version cannot be put in force.
    pub async fn dry_run(log: &Log, actor: &Actor, adoption: &Adoption) -> Result<Option<DryRun>, Error> {
        let at = adoption.effective_from;
        let book = log.book();
        let Ok(force) = book.at(at).with(adoption) else { return Ok(None) };
        let cx = older::context(&book, &force, at, actor);
        let (last, mut found, mut after) = (streams(log).await?, DryRun::default(), 0);
        loop {
            let page = open_streams(log, adoption.kind, after, last).await?;
            let Some((end, _)) = page.last() else { return Ok(Some(found)) };
            after = *end;
            for (_, stream) in &page {
                let Some(order) = older::rederiving(log.inner.aggregates(), stream) else { continue };
                let history = log.inner.load(stream, 1).await?;
                found.open += 1;
                if let Ok(decision) = order.decide(&history.events, &cx) {
                    found.moved += decision.events.iter().filter(|event| moves(&event.data)).count() as u64;
                }
            }
        }
    }
}

fn moves(data: &[u8]) -> bool {
    let told: Option<Told> = serde_json::from_slice(data).ok();
    let inner = told.and_then(|told| told.data?.event?.r#type);
    inner.is_some_and(|name| name == "Rederived")
}
