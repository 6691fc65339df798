//! Everything a decision may know of the outside world.

use std::sync::Arc;

use law::{Book, Calendar, RulePack};
use time::OffsetDateTime;

use crate::Actor;

/// The outside world of one decision. Two decisions with equal state, command and context are equal.
#[derive(Debug, Clone)]
pub struct Context {
    /// When the decision is taken, by the service's clock.
    pub now: OffsetDateTime,
    /// When the act happened, as claimed; equal to `now` unless the caller says otherwise, never after it.
    pub at: OffsetDateTime,
    /// Who acts.
    pub actor: Actor,
    /// The parameters in force.
    pub rules: Arc<RulePack>,
    /// The working-day calendar in force.
    pub calendar: Arc<Calendar>,
    /// Everything that has been in force, for what goes by the law of another day.
    pub book: Arc<Book>,
}

impl Context {
    /// A decision under what the book has in force at its instant.
    pub fn under(book: &Arc<Book>, now: OffsetDateTime, at: OffsetDateTime, actor: Actor) -> Self {
        let force = book.at(now);
        let (rules, calendar) = (Arc::clone(&force.rules), Arc::clone(&force.calendar));
        Self { now, at, actor, rules, calendar, book: Arc::clone(book) }
    }
}
