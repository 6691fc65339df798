//! 追责时效 in a case: an act that was not found in time is not punished (行政处罚法 36).

use decider::Context;
use law::{Role as Side, start_of_day};
use time::Date;

use super::{Refusal, state::Case};

/// Whether the act was found in the time that the law gives for it: longer where life, health or financial safety
/// were concerned and harm was done. The day of the act is that on which a continuing one ended. How long the case
/// takes after the act was found is not asked here (60).
pub(super) fn found_in_time(
    found_on: Date,
    act_on: Date,
    harmful: bool,
    cx: &Context,
) -> Result<(), Refusal> {
    let rule = if harmful { "penalty.limitation.life_health" } else { "penalty.limitation.general" };
    // It binds the authority, so its last day never moves.
    let until = cx.calendar.due(start_of_day(act_on), cx.rules.period(rule)?, Side::Agency).last_day;
    if found_on <= until { Ok(()) } else { Err(Refusal::FoundTooLate { until }) }
}

/// Whether a filed case's act was: the investigation may have found another day of it, or harm.
pub(super) fn still_punished(case: &Case, act_on: Date, harmful: bool, cx: &Context) -> Result<(), Refusal> {
    case.found_on().map_or(Ok(()), |found_on| found_in_time(found_on, act_on, harmful, cx))
}
