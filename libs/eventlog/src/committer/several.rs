//! Appends to several streams at once, all or none, with checks of streams that need not be written.
//!
//! Rare, and so stored beside the committer, as another process would do it: under the head's lock, in a transaction
//! of its own. The committer then finds the head moved, and looks again.

use std::{collections::HashMap, sync::Arc};

use decider::StreamName;
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;

use super::{
    End, Waiting,
    end::Placement,
    fast::{bounded, streams},
    known::Stream,
    plan::{Plan, Verdict},
    repeat,
    settle::appended,
    store::{Checks, Statement},
};
use crate::{
    AppendError, Appended, Error, Expected, Invalid, SeveralError, Violation, check::Checked,
    error::is_unavailable, fault, genesis, log::Inner,
};

/// What the streams of a check must be.
pub(crate) type Check = (StreamName, Expected);

/// What came of it, where the database answered.
type Outcome = Result<Vec<Appended>, SeveralError>;

/// Stores the appends, or nothing.
pub(crate) async fn append(log: &Inner, appends: Vec<Checked>, checks: &[Check]) -> Outcome {
    if log.closing.is_cancelled() {
        return Err(AppendError::Closed.into());
    }
    let batch = appends.into_iter().map(Waiting::alone).collect::<Vec<_>>();
    let stored = bounded(log, async {
        let mut db = log.pool.acquire().await?;
        lock_and_store(log, &mut db, batch, checks).await
    });
    match stored.await {
        Ok(outcome) => outcome,
        Err(error) if is_unavailable(&error) => {
            Err(AppendError::Unavailable(Arc::new(Error::Unavailable(error))).into())
        }
        Err(error) => Err(AppendError::Database(Arc::new(Error::Database(error))).into()),
    }
}

/// An error breaks the transaction off.
async fn lock_and_store(
    log: &Inner,
    db: &mut PgConnection,
    batch: Vec<Waiting>,
    checks: &[Check],
) -> Result<Outcome, sqlx::Error> {
    let mut tx = db.begin().await?;
    let end: (i64, OffsetDateTime, i64) =
        sqlx::query_as("select position, recorded_at, streams from head for update")
            .fetch_one(&mut *tx)
            .await?;
    let end = End::from(end).not_before(*log.head.borrow())?;
    let plan = match judge(&mut tx, batch, checks).await? {
        Ok(plan) => plan,
        Err(outcome) => return Ok(outcome),
    };
    let now = log.world.clock.now();
    let before = genesis::before_append(end, now);
    let placement = Placement::behind(before, &plan, now);
    for position in [placement.position(1), placement.after.position] {
        let room = sqlx::query("select ensure_partition($1)").bind(position.cast_signed());
        room.execute(&mut *tx).await?;
    }
    if before != end {
        genesis::store(&mut tx, before, log.department(&plan.placed[0].waiting)).await?;
    }
    let is_partitioned = placement.after.position >= log.partition_size;
    let checks = Checks { is_partitioned, looks: Vec::new() };
    if Statement::new(&plan, &placement, &checks).run(&mut tx).await?.is_none() {
        // Under the lock nothing moves; what has stopped the statement is an id of an earlier partition.
        return Ok(Err(AppendError::PartialRepeat.into()));
    }
    fault::point("append.before_commit");
    tx.commit().await?;
    tell(log, placement.after.position);
    Ok(Ok(plan.placed.iter().map(|placed| appended(placed, &placement)).collect()))
}

/// Where everything comes to stand; or what is to be answered instead.
async fn judge(
    db: &mut PgConnection,
    batch: Vec<Waiting>,
    checks: &[Check],
) -> Result<Result<Plan, Outcome>, sqlx::Error> {
    let written = batch.iter().map(|waiting| waiting.checked.append.stream.as_str());
    let names = written.chain(checks.iter().map(|(stream, _)| stream.as_str())).collect::<Vec<_>>();
    let known = streams(db, &names).await?.into_iter().collect::<HashMap<_, _>>();
    let found = repeat::look(db, &batch).await?;
    let repeats = batch.iter().filter_map(|waiting| found.answer(waiting)).collect::<Vec<_>>();
    if !repeats.is_empty() {
        let is_whole = repeats.len() == batch.len();
        let repeats = repeats.into_iter().collect::<Result<Vec<_>, _>>().map_err(SeveralError::from);
        return Ok(Err(if is_whole { repeats } else { Err(AppendError::PartialRepeat.into()) }));
    }
    let violations = violations(checks, &known);
    if !violations.is_empty() {
        return Ok(Err(Err(SeveralError::Violated(violations))));
    }
    let mut plan = Plan::default();
    for waiting in batch {
        let known = known.get(&waiting.checked.append.stream).copied();
        let expected = waiting.checked.append.expected;
        match plan.judge(&waiting, known) {
            Verdict::Fits(known) => plan.place(waiting, known),
            Verdict::Again => return Ok(Err(Err(AppendError::from(Invalid::RepeatedId).into()))),
            Verdict::Conflict { actual, .. } => {
                return Ok(Err(Err(AppendError::Conflict { expected, actual }.into())));
            }
        }
    }
    Ok(Ok(plan))
}

/// Every check that does not hold.
fn violations(checks: &[Check], known: &HashMap<StreamName, Stream>) -> Vec<Violation> {
    let checked = checks.iter().enumerate().map(|(check, (stream, expected))| {
        let actual = known.get(stream).map_or(0, |stream| stream.version);
        (expected.holds(actual), Violation { check, actual })
    });
    checked.filter_map(|(holds, violation)| (!holds).then_some(violation)).collect()
}

/// Tells the readers of this process and of others.
fn tell(log: &Inner, head: u64) {
    log.seen(head);
    log.committed.send_if_modified(|committed| {
        let is_news = head > *committed;
        *committed = head.max(*committed);
        is_news
    });
}
