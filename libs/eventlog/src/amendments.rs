//! When the law changes: adopted versions are put into the book, and open clocks are computed again.
//!
//! A version takes effect in a log at the position of its `TookEffect`. From there on a sweep looks at every stream
//! that is open. What is decided under an older version and stored behind that position all the same, by a process
//! that was slow to learn, is seen here too, because events name the versions they were decided by.
//!
//! **Invariant**: a clock is computed again once for each version that moves it. Whether it has been is read from the
//! stream itself, so a crash at any point, a second process and a command that comes between change nothing.

mod dry_run;
pub(crate) mod older;
mod sweep;

use std::{collections::BTreeMap, time::Duration};

use decider::{Actor, Aggregate, Decider, Recorded, StreamName};
use futures::{
    StreamExt, TryStreamExt, future,
    stream::{self, FuturesUnordered},
};
use law::Adoption;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use uuid::Uuid;

pub use self::dry_run::DryRun;
use crate::{
    Error, Log,
    connect::{Backoff, retry},
    rules::{Event, Rules},
};

/// Events looked at together.
const PAGE_EVENTS_MAX: usize = 256;
/// Streams computed again at the same time.
const AT_ONCE: usize = 16;
/// How often the place in the log is stored: what is read again after a crash.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// The worker that keeps a process's book and its log's clocks up to date.
#[derive(Clone)]
pub struct Amendments {
    log: Log,
    actor: Actor,
}

/// The sweeps that this process is at, each a task of its own.
type Sweeps = FuturesUnordered<AbortOnDropHandle<Result<(), Error>>>;

/// A version that took effect in the log.
pub(crate) struct Effect {
    adoption: Adoption,
    /// Of its `TookEffect`.
    position: u64,
    /// Whether every stream has been looked at.
    is_done: bool,
}

impl Amendments {
    /// Puts what the log has been told into the book of this process, and takes note of whose clocks go by it. Before
    /// anything is decided.
    pub async fn load(log: &Log, aggregates: &[Aggregate]) -> Result<(), Error> {
        log.inner.know(aggregates);
        load(log).await.map(drop)
    }

    /// Works until `shutdown`, after [`Amendments::load`]: puts new versions into the book, and computes open clocks
    /// again as `actor`. Every process runs one; several do the same work, once.
    pub async fn run(log: Log, actor: Actor, shutdown: CancellationToken) {
        let amendments = Self { log, actor };
        shutdown.run_until_cancelled(amendments.work()).await;
    }

    async fn work(self) {
        let mut pause = Backoff::new();
        loop {
            if let Err(error) = self.session(&mut pause).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "amendments start over");
            }
            pause.wait().await;
        }
    }

    async fn session(&self, pause: &mut Backoff) -> Result<(), Error> {
        let mut reached = self.reached().await?;
        let mut saved = reached;
        let mut effects = load(&self.log).await?;
        let open = effects.iter().filter(|effect| !effect.is_done);
        let mut sweeps: Sweeps = open.map(|effect| self.sweep(effect)).collect();
        let mut save = tokio::time::interval(SAVE_EVERY);
        let mut pages = self.log.follow_pages(reached, PAGE_EVENTS_MAX);
        loop {
            tokio::select! {
                page = pages.next() => {
                    let page = page.ok_or(Error::Closed)??;
                    let mut behind = BTreeMap::new();
                    for event in &page {
                        sweeps.extend(self.take_in(event, &mut effects).await?);
                        if self.is_behind(event, &effects) {
                            // Of several events of a stream, the last one tells how old it is.
                            behind.insert(event.stream.clone(), event.id);
                        }
                    }
                    self.put_right(behind, &effects).await?;
                    reached = page.last().map_or(reached, |event| event.position);
                    *pause = Backoff::new();
                }
                // A panic of a sweep is one of its decider's.
                Some(done) = sweeps.next() => done.map_err(|_| Error::Closed)??,
                // A sweep that is not done begins again from its own stream, not from here.
                _ = save.tick(), if reached > saved => {
                    self.save(reached).await?;
                    saved = reached;
                }
            }
        }
    }

    /// Takes an event about rules in. Returns the sweep that it begins.
    async fn take_in(
        &self,
        event: &Recorded,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<AbortOnDropHandle<Result<(), Error>>>, Error> {
        if event.stream.category() != Rules::NAME {
            return Ok(None);
        }
        let Some(told) = read(event) else { return Ok(None) };
        let Event::TookEffect {} = told else {
            receive(&self.log, told);
            return Ok(None);
        };
        let is_known = effects.iter().any(|effect| effect.position == event.position);
        let effect = if is_known { None } else { effect(&self.log, &event.stream).await? };
        let sweep = effect.as_ref().filter(|effect| !effect.is_done).map(|effect| self.sweep(effect));
        effects.extend(effect);
        Ok(sweep)
    }

    /// Whether an event was decided under a version older than the one in effect at its position.
    fn is_behind(&self, event: &Recorded, effects: &[Effect]) -> bool {
        let before = effects.iter().filter(|effect| effect.position < event.position);
        before.map(|effect| effect.adoption.effective_from).max().is_some_and(|latest| {
            !self.log.book().since(&event.meta.rules, &event.meta.calendar, latest).is_empty()
        })
    }

    /// Computes the clocks of streams again that were written to under an older version.
    async fn put_right(&self, behind: BTreeMap<StreamName, Uuid>, effects: &[Effect]) -> Result<(), Error> {
        let latest = effects.iter().map(|effect| effect.adoption.effective_from).max();
        let Some(latest) = latest.filter(|_| !behind.is_empty()) else { return Ok(()) };
        // Another process's clock may be ahead of ours; by ours, the version is in force only later.
        self.log.inner.world.clock.wait_until(latest).await;
        let looks = behind.into_iter().map(|(stream, event)| {
            let here = self.clone();
            async move { here.rederive(&stream, Uuid::new_v5(&event, b"rederive"), None).await }
        });
        stream::iter(looks).buffer_unordered(AT_ONCE).try_for_each(|_| future::ready(Ok(()))).await
    }

    async fn reached(&self) -> Result<u64, Error> {
        let position: Option<i64> = retry(self.log.inner.options.unavailable_after, || {
            sqlx::query_scalar("select max(position) from amended").fetch_one(&self.log.inner.pool)
        })
        .await?;
        Ok(position.unwrap_or(0).cast_unsigned())
    }

    async fn save(&self, position: u64) -> Result<(), Error> {
        sqlx::query("update amended set position = $1 where position < $1")
            .bind(position.cast_signed())
            .execute(&self.log.inner.pool)
            .await?;
        Ok(())
    }
}

/// Reads every version that the log has been told of into the book. Returns those that have taken effect.
pub(crate) async fn load(log: &Log) -> Result<Vec<Effect>, Error> {
    let names: Vec<String> = retry(log.inner.options.unavailable_after, || {
        // By the bytes of the index on names: everything that begins with `rules:`.
        sqlx::query_scalar("select name from streams where name > 'rules:' and name < 'rules;' order by name")
            .fetch_all(&log.inner.pool)
    })
    .await?;
    let mut effects = Vec::new();
    for stream in names.iter().filter_map(|name| StreamName::parse(name)) {
        effects.extend(effect(log, &stream).await?);
    }
    Ok(effects)
}

/// Reads a version's stream, and puts the version into the book; whether and where it took effect.
async fn effect(log: &Log, stream: &StreamName) -> Result<Option<Effect>, Error> {
    let (mut known, mut position, mut is_done) = (None, None, false);
    for event in &log.load(stream).await? {
        match read(event) {
            Some(Event::Received { adoption }) => {
                receive(log, Event::Received { adoption: adoption.clone() });
                known = Some(adoption);
            }
            Some(Event::TookEffect {}) => position = Some(event.position),
            Some(Event::Rederived { .. }) => is_done = true,
            None => {}
        }
    }
    let effect = known.zip(position);
    Ok(effect.map(|(adoption, position)| Effect { adoption, position, is_done }))
}

/// Puts a version into the book. One that cannot be used here is told to health, and the rest goes on.
fn receive(log: &Log, told: Event) {
    let Event::Received { adoption } = told else { return };
    if is_in_book(log, &adoption.id) {
        return;
    }
    let (id, version) = (adoption.id.clone(), adoption.version.clone());
    if let Err(error) = log.adopt(adoption) {
        tracing::error!(id, version, %error, "an adopted version cannot be put in force");
        log.inner.unusable.send_replace(Some(format!("{version} ({id}): {error}")));
    }
}

fn is_in_book(log: &Log, id: &str) -> bool {
    log.book().adopted().any(|known| known.id == id)
}

fn read(event: &Recorded) -> Option<Event> {
    let told = event.event();
    if let Err(error) = &told {
        tracing::error!(stream = %event.stream, event.position, %error, "an event about rules cannot be read");
    }
    told.ok()
}
