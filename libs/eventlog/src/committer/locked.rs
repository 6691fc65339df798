//! The locked path: lock the head, look everything up, judge, store, commit. It decides what memory could not.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, atomic::Ordering},
};

use decider::StreamName;
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;

use super::{
    Committer, End, Setback, Waiting, Why,
    end::Placement,
    fast::{bounded, streams},
    known::Stream,
    plan::{Plan, Verdict},
    queue::Answer,
    repeat::{self, Found},
    store::Statement,
};
use crate::{AppendError, Condition, error::is_unavailable, fault, genesis};

/// A batch on its way. Requests stand in exactly one of the lists at any time, whatever step fails.
#[derive(Default)]
struct Judged {
    batch: Vec<Waiting>,
    plan: Plan,
    answers: Vec<(Waiting, Answer)>,
    again: Vec<Waiting>,
}

/// What the database says about a batch, under the lock.
struct Looked {
    streams: HashMap<StreamName, Stream>,
    found: Found,
    /// For each request, the first event that its condition forbids.
    matching: Vec<Option<u64>>,
}

impl Committer {
    pub(super) async fn locked(&mut self, batch: Vec<Waiting>) -> Result<(), Setback> {
        let mut judged = Judged { batch, ..Judged::default() };
        let log = Arc::clone(&self.log);
        match bounded(&log, self.lock_and_store(&mut judged)).await {
            Ok(placement) => {
                self.log.stats.batches_locked.fetch_add(1, Ordering::Relaxed);
                if let Some(placement) = placement {
                    self.settle(judged.plan, &placement);
                }
                for (waiting, answer) in judged.answers {
                    let stats = &self.log.stats;
                    let counter = if answer.is_ok() { &stats.repeats } else { &stats.conflicts };
                    counter.fetch_add(1, Ordering::Relaxed);
                    waiting.answer(answer);
                }
                self.put_back(judged.again);
                Ok(())
            }
            Err(error) => {
                let placed = judged.plan.placed.into_iter().map(|placed| placed.waiting);
                let answered = judged.answers.into_iter().map(|(waiting, _)| waiting);
                let batch =
                    judged.batch.into_iter().chain(placed).chain(answered).chain(judged.again).collect();
                let why = if is_unavailable(&error) { Why::Away(error) } else { Why::Refused(error) };
                Err(Setback { batch, why })
            }
        }
    }

    /// `None` if there was nothing to store. Any error breaks the connection off, and the transaction with it.
    async fn lock_and_store(&mut self, judged: &mut Judged) -> Result<Option<Placement>, sqlx::Error> {
        let mut db = self.connection().await?;
        let mut tx = db.begin().await?;
        let end: (i64, OffsetDateTime, i64) =
            sqlx::query_as("select position, recorded_at, streams from head for update")
                .fetch_one(&mut *tx)
                .await?;
        fault::point("append.locked");
        let end = End::from(end).not_before(*self.log.head.borrow())?;
        if end != self.end {
            self.known.forget_all();
            self.end = end;
        }
        let looked = look(&mut tx, &judged.batch).await?;
        for (name, stream) in &looked.streams {
            self.known.learn(name, *stream);
        }
        let now = self.log.world.clock.now();
        let before = genesis::before_append(end, now);
        judge(judged, looked, before.position);
        if judged.plan.placed.is_empty() {
            tx.rollback().await?;
            self.db = Some(db);
            return Ok(None);
        }
        let placement = Placement::behind(before, &judged.plan, now);
        self.make_room(&mut tx, placement.after.position).await?;
        if before != end {
            genesis::store(&mut tx, before, self.log.department(&judged.plan.placed[0].waiting)).await?;
        }
        let checks = self.checks(&placement, Vec::new());
        let stored = Statement::new(&judged.plan, &placement, &checks).run(&mut tx).await?;
        fault::point("append.before_commit");
        tx.commit().await?;
        fault::point("append.after_commit");
        self.end = placement.after;
        self.db = Some(db);
        Ok(stored.map(|_| placement))
    }
}

async fn look(tx: &mut PgConnection, batch: &[Waiting]) -> Result<Looked, sqlx::Error> {
    let names: Vec<&str> = batch.iter().map(|waiting| waiting.checked.append.stream.as_str()).collect();
    let streams = streams(tx, &names).await?.into_iter().collect();
    let found = repeat::look(tx, batch).await?;
    let mut stored = Vec::with_capacity(batch.len());
    for waiting in batch {
        stored.push(match &waiting.checked.append.condition {
            Some(condition) => matching(tx, condition).await?,
            None => None,
        });
    }
    Ok(Looked { streams, found, matching: stored })
}

/// The first event after the condition's position that carries all its tags.
async fn matching(tx: &mut PgConnection, condition: &Condition) -> Result<Option<u64>, sqlx::Error> {
    let position: Option<i64> = sqlx::query_scalar(
        "select position from tags where tag = any($1) and position > $2
            group by position having count(*) = $3 order by position limit 1",
    )
    .bind(&condition.tags)
    .bind(condition.after.cast_signed())
    .bind(i64::try_from(condition.tags.len()).expect("a condition has few tags"))
    .fetch_optional(tx)
    .await?;
    Ok(position.map(i64::cast_unsigned))
}

/// Judges in arrival order: repeats first, then versions, then conditions.
fn judge(judged: &mut Judged, looked: Looked, head: u64) {
    for (waiting, stored) in mem::take(&mut judged.batch).into_iter().zip(looked.matching) {
        if let Some(answer) = looked.found.answer(&waiting) {
            judged.answers.push((waiting, answer));
            continue;
        }
        let known = looked.streams.get(&waiting.checked.append.stream).copied();
        let append = &waiting.checked.append;
        let tags = append.condition.as_ref().map(|condition| &condition.tags);
        let pending = || tags.and_then(|tags| judged.plan.matching(tags)).map(|place| head + place);
        let expected = append.expected;
        match judged.plan.judge(&waiting, known) {
            Verdict::Again => judged.again.push(waiting),
            Verdict::Conflict { actual, .. } => {
                judged.answers.push((waiting, Err(AppendError::Conflict { expected, actual })));
            }
            Verdict::Fits(known) => match stored.or_else(pending) {
                Some(position) => judged.answers.push((waiting, Err(AppendError::Condition { position }))),
                None => judged.plan.place(waiting, known),
            },
        }
    }
}
