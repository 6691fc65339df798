//! The locked path: lock the head, look everything up, judge, store, commit. It decides what memory could not.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
};

use decider::StreamName;
use sqlx::{Connection, PgConnection};

use super::{
    Committer, Setback, Waiting, Why,
    fast::{bounded, streams},
    known::Stream,
    plan::{Plan, Verdict},
    queue::Answer,
    repeat, store,
};
use crate::{AppendError, Condition, error::is_unavailable, fault};

/// What a batch under lock has come to.
#[derive(Default)]
struct Judged {
    plan: Plan,
    answers: Vec<(Waiting, Answer)>,
    again: Vec<Waiting>,
}

impl Committer {
    pub(super) async fn locked(&mut self, batch: Vec<Waiting>) -> Result<(), Setback> {
        let mut judged = Judged::default();
        let mut batch = Some(batch);
        let log = Arc::clone(&self.log);
        let stored = bounded(&log, self.locked_steps(&mut batch, &mut judged)).await;
        let Judged { plan, answers, again } = judged;
        match stored {
            Ok(placement) => {
                self.log.stats.batches_locked.fetch_add(1, Ordering::Relaxed);
                if let Some(placement) = placement {
                    self.settle(plan, placement);
                }
                for (waiting, answer) in answers {
                    let counter = match &answer {
                        Ok(_) => &self.log.stats.repeats,
                        Err(_) => &self.log.stats.conflicts,
                    };
                    counter.fetch_add(1, Ordering::Relaxed);
                    waiting.answer(answer);
                }
                again.into_iter().rev().for_each(|waiting| self.backlog.push_front(waiting));
                Ok(())
            }
            Err(error) => {
                plan.touched.iter().for_each(|stream| self.known.forget(&stream.name));
                let placed = plan.placed.into_iter().map(|placed| placed.waiting);
                let answered = answers.into_iter().map(|(waiting, _)| waiting);
                let batch = batch.into_iter().flatten().chain(placed).chain(answered).chain(again).collect();
                let why = if is_unavailable(&error) { Why::Away(error) } else { Why::Refused(error) };
                Err(Setback { batch, why })
            }
        }
    }

    async fn locked_steps(
        &mut self,
        batch: &mut Option<Vec<Waiting>>,
        judged: &mut Judged,
    ) -> Result<Option<store::Placement>, sqlx::Error> {
        let mut db = self.connection().await?;
        let mut tx = db.begin().await?;
        let position: i64 =
            sqlx::query_scalar("select position from head for update").fetch_one(&mut *tx).await?;
        fault::point("append.locked");
        self.log.seen(position.cast_unsigned());
        let waiting = batch.take().unwrap_or_default();
        let streams = match self.judge(&mut tx, waiting, judged, position.cast_unsigned()).await {
            Ok(streams) => streams,
            Err((error, waiting)) => {
                *batch = Some(waiting);
                return Err(error);
            }
        };
        for (name, stream) in &streams {
            self.known.learn(name, *stream);
        }
        if judged.plan.placed.is_empty() {
            tx.rollback().await?;
            self.db = Some(db);
            return Ok(None);
        }
        self.make_room(&mut tx, position.cast_unsigned() + judged.plan.events).await?;
        let seen = *self.log.head.borrow();
        let placement = store::store(&mut tx, &judged.plan, seen, self.log.world.clock.now()).await?;
        fault::point("append.before_commit");
        tx.commit().await?;
        fault::point("append.after_commit");
        self.db = Some(db);
        Ok(Some(placement))
    }

    /// Judges in arrival order: repeats first, then conditions, then versions. The streams found are returned;
    /// after an error, those who were not judged yet.
    async fn judge(
        &self,
        tx: &mut PgConnection,
        batch: Vec<Waiting>,
        judged: &mut Judged,
        position: u64,
    ) -> Result<HashMap<StreamName, Stream>, (sqlx::Error, Vec<Waiting>)> {
        let names: Vec<&str> = batch.iter().map(|waiting| waiting.checked.append.stream.as_str()).collect();
        let streams: HashMap<StreamName, Stream> = match streams(tx, &names).await {
            Ok(streams) => streams.into_iter().collect(),
            Err(error) => return Err((error, batch)),
        };
        let found = match repeat::look(tx, &batch).await {
            Ok(found) => found,
            Err(error) => return Err((error, batch)),
        };
        let mut rest = batch.into_iter();
        while let Some(waiting) = rest.next() {
            if let Some(answer) = found.answer(&waiting) {
                judged.answers.push((waiting, answer));
                continue;
            }
            let known = streams.get(&waiting.checked.append.stream).copied();
            let verdict = judged.plan.judge(&waiting, known);
            let matching = match (&waiting.checked.append.condition, &verdict) {
                (Some(condition), Verdict::Fits(_)) => matching(tx, condition, &judged.plan, position).await,
                _ => Ok(None),
            };
            let matching = match matching {
                Ok(matching) => matching,
                Err(error) => return Err((error, std::iter::once(waiting).chain(rest).collect())),
            };
            let expected = waiting.checked.append.expected;
            match (verdict, matching) {
                (Verdict::Again, _) => judged.again.push(waiting),
                (Verdict::Conflict { actual, .. }, _) => {
                    judged.answers.push((waiting, Err(AppendError::Conflict { expected, actual })));
                }
                (Verdict::Fits(_), Some(position)) => {
                    judged.answers.push((waiting, Err(AppendError::Condition { position })));
                }
                (Verdict::Fits(known), None) => judged.plan.place(waiting, known),
            }
        }
        Ok(streams)
    }
}

/// The first event after the condition's position that carries all its tags, stored or earlier in this batch.
async fn matching(
    tx: &mut PgConnection,
    condition: &Condition,
    plan: &Plan,
    head: u64,
) -> Result<Option<u64>, sqlx::Error> {
    let stored: Option<i64> = sqlx::query_scalar(
        "select position from tags where tag = any($1) and position > $2
            group by position having count(*) = $3 order by position limit 1",
    )
    .bind(&condition.tags)
    .bind(condition.after.cast_signed())
    .bind(i64::try_from(condition.tags.len()).expect("a condition has few tags"))
    .fetch_optional(tx)
    .await?;
    Ok(stored.map(i64::cast_unsigned).or_else(|| plan.matching(&condition.tags).map(|place| head + place)))
}
