//! Everything a decision may know of the outside world.

use std::sync::Arc;

use law::{Calendar, RulePack};
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
}
