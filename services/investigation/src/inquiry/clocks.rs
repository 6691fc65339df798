//! What the events of an inquiry do to its clocks.

use decider::{Winding, clocked::Unwound};
use law::{Level, Period, Role as Side, clock::Terms};

use super::{Duty, Event, state::Open};

pub(super) fn wind(open: &Open, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    let holder = &open.government;
    match event {
        Event::Formed { accident_at, report_by, .. } => {
            // The law limits the days of all extensions, so there are at most as many extensions.
            let most = winding.rules().period("fire.gov.report_extend").map_err(Unwound::Rule)?.count();
            let terms = winding.terms("fire.gov.report", Side::Agency, holder)?;
            let terms = Terms { start: *accident_at, extensions_max: most, ..terms };
            winding.arm(Duty::Report, terms, report_by)
        }
        Event::Extended { days, approved_by, .. } => {
            let period = Period::CalendarDays(*days);
            winding.extend(Duty::Report, approved_by.to_string(), String::new(), period)
        }
        Event::AppraisalCommissioned { appraisal, .. } => {
            if winding.rules().flag("fire.gov.appraisal_excluded").map_err(Unwound::Rule)? {
                winding.suspend(Duty::Report, appraisal.as_str(), "appraisal")?;
            }
            Ok(())
        }
        Event::AppraisalReturned { appraisal, .. } => winding.resume(Duty::Report, appraisal.as_str()),
        Event::ReportSubmitted { reply_by, .. } => {
            winding.meet(Duty::Report)?;
            let terms = winding.terms(reply_rule(open.level), Side::Agency, holder)?;
            winding.arm(Duty::Reply, terms, reply_by)
        }
        Event::Replied { evaluate_by, .. } => {
            winding.meet(Duty::Reply)?;
            let terms = winding.terms("fire.gov.rectify_evaluate", Side::Agency, holder)?;
            winding.arm(Duty::Evaluate, terms, evaluate_by)
        }
        Event::Evaluated { .. } => winding.meet(Duty::Evaluate),
        Event::LevelNoted { .. } | Event::Published {} | Event::Superseded { .. } | Event::Clock { .. } => {
            Ok(())
        }
    }
}

/// Which rule says when the government replies (493号令 32).
pub(super) fn reply_rule(level: Level) -> &'static str {
    match level {
        Level::Extreme => "fire.gov.reply_extreme",
        Level::General | Level::Larger | Level::Major => "fire.gov.reply",
    }
}
