//! What the events of a fire do to its clocks, and whose time it is.

use decider::{Department, DepartmentKind, Winding, clocked::Unwound};
use law::{AreaLevel, Role as Side, clock::Terms};

use super::{Duty, Event, Rung, state::Raised};

pub(super) fn wind(raised: &Raised, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    match event {
        Event::ReportDue { from, since, due } => {
            let Some(duty) = from.duty() else { return Ok(()) };
            let rule = if *from == Rung::Unit { "fire.report.unit" } else { "fire.report.per_level" };
            let terms = winding.terms(rule, Side::Agency, reporter(raised, *from))?;
            winding.arm(duty, Terms { start: *since, ..terms }, due)
        }
        Event::Reported { from, at, .. } => {
            let Some(duty) = from.duty() else { return Ok(()) };
            winding.as_of(*at);
            winding.meet(duty)
        }
        Event::Extinguished { declare_loss_by } => {
            let terms = winding.terms("fire.loss.declare", Side::Party, &raised.unit)?;
            winding.arm(Duty::DeclareLoss, terms, declare_loss_by)
        }
        Event::LossDeclared { .. } => winding.meet(Duty::DeclareLoss),
        Event::AlarmRaised { .. }
        | Event::CasualtiesUpdated { .. }
        | Event::LevelDetermined { .. }
        | Event::JurisdictionMoved { .. }
        | Event::SceneClosed { .. }
        | Event::SceneReleased {}
        | Event::InquiryNoted { .. }
        | Event::Clock { .. } => Ok(()),
    }
}

/// Whose report it is: the unit's, then that of each level's department for emergencies (493号令 9, 10).
fn reporter(raised: &Raised, rung: Rung) -> String {
    let level = match rung {
        Rung::Unit => return raised.unit.to_string(),
        Rung::County => AreaLevel::County,
        Rung::City => AreaLevel::City,
        Rung::Province | Rung::State => AreaLevel::Province,
    };
    let area = raised.area.within(level).unwrap_or_else(|| raised.area.clone());
    Department { kind: DepartmentKind::Emergency, area }.to_string()
}
