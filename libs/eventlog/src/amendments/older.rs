//! A stream that is older than the law: its clocks are computed again before anything else is decided on it.
//!
//! **Invariant**: no command sees a clock that the law has left behind, whoever is first to touch the stream.

use std::sync::Arc;

use decider::{Actor, Aggregate, Context, Decision, NewEvent, Order, OrderError, Recorded, StreamName};
use law::{Book, InForce};
use time::OffsetDateTime;

/// What came into force after a stream's last event, each at its instant: the clocks go by it from then on,
/// whenever somebody looks.
pub(crate) fn since(
    book: &Arc<Book>,
    history: &[Recorded],
    actor: &Actor,
    now: OffsetDateTime,
) -> Vec<Context> {
    let Some(last) = history.last() else { return Vec::new() };
    let newer = book.since(&last.meta.rules, &last.meta.calendar, now);
    newer.iter().filter_map(|force| Some(context(book, force, force.from?, actor))).collect()
}

/// The context of what is computed under these versions alone: of two with one instant, the book has only the
/// second in force then, and a version that is tried out not at all.
pub(crate) fn context(book: &Arc<Book>, force: &InForce, at: OffsetDateTime, actor: &Actor) -> Context {
    let (rules, calendar, book) = (Arc::clone(&force.rules), Arc::clone(&force.calendar), Arc::clone(book));
    Context { now: at, at, actor: actor.clone(), rules, calendar, book }
}

/// The order that computes a stream's clocks again; none if its aggregate has none.
pub(crate) fn rederiving(aggregates: &[Aggregate], stream: &StreamName) -> Option<Order> {
    let aggregate = aggregates.iter().find(|aggregate| aggregate.name == stream.category())?;
    aggregate.rederive(stream.id())
}

/// Computes the clocks again, one law after the other, and nothing else.
pub(crate) fn rederive(
    order: &Order,
    history: &[Recorded],
    since: &[Context],
) -> Result<Decision, OrderError> {
    let mut history = history.to_vec();
    let mut all = Decision { events: Vec::new(), deadline: None };
    for cx in since {
        let Decision { events, deadline } = order.decide(&history, cx)?;
        remember(&mut history, &events);
        all.events.extend(events);
        all.deadline = deadline;
    }
    Ok(all)
}

/// Answers an order on a stream that may be older than the law: the clocks first, in the same decision.
pub(crate) fn decide(
    aggregates: &[Aggregate],
    order: &Order,
    history: &[Recorded],
    since: &[Context],
    cx: &Context,
) -> Result<Decision, OrderError> {
    let clocks = if since.is_empty() { None } else { rederiving(aggregates, &order.stream) };
    // A pack by which a clock cannot be computed stops no command; the sweep tells of it.
    let before = clocks.and_then(|clocks| rederive(&clocks, history, since).ok());
    let Some(before) = before.filter(|before| !before.events.is_empty()) else {
        return order.decide(history, cx);
    };
    let mut history = history.to_vec();
    remember(&mut history, &before.events);
    let Decision { events, deadline } = order.decide(&history, cx)?;
    Ok(Decision { events: [before.events, events].concat(), deadline })
}

/// What was decided and is not stored yet, as the next decision sees it. Deciders read an event's data only.
fn remember(history: &mut Vec<Recorded>, events: &[NewEvent]) {
    for event in events {
        let Some(last) = history.last().cloned() else { return };
        let (kind, data) = (event.kind.to_owned(), event.data.clone());
        history.push(Recorded { version: last.version + 1, kind, data, ..last });
    }
}
