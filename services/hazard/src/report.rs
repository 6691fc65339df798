//! A report (举报): received, routed, verified. The reporter is a random reference from the first event on.

mod command;
mod event;
mod state;

pub use command::{Command, Refusal, Report};
pub use event::{Duty, Event};
pub use state::{Open, State};

use state::evolve;

decider::id! {
    /// A report's id.
    ReportId
}

#[cfg(test)]
mod tests {
    use decider::{
        DepartmentKind, Id, Role,
        harness::{actor, context, given},
    };
    use law::AreaCode;
    use time::macros::datetime;

    use super::*;

    fn receive(category: &str) -> Command {
        Command::Receive {
            reporter_ref: Id::parse("ref-1").unwrap(),
            channel: Id::parse("hotline-12350").unwrap(),
            real_name: true,
            insider: true,
            premises: "plant".into(),
            area: AreaCode::parse("330723103").unwrap(),
            category: Id::parse(category).unwrap(),
        }
    }

    fn verify_by(category: &str) -> time::OffsetDateTime {
        let clerk =
            context(datetime!(2026-09-24 10:00 +8), actor(DepartmentKind::Hotline, "330723", &[Role::Clerk]));
        match given::<Report>([]).when(receive(category), &clerk).events().remove(0) {
            Event::Received { verify_by, .. } => verify_by.at,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_blocked_exit_is_verified_within_24_hours_even_over_a_holiday() {
        assert_eq!(verify_by("exit-blocked"), datetime!(2026-09-25 10:00 +8));
    }

    #[test]
    fn any_other_report_is_verified_within_three_working_days() {
        assert_eq!(verify_by("flammable-storage"), datetime!(2026-10-01 00:00 +8));
    }

    #[test]
    fn a_report_is_received_by_a_clerk_only() {
        let officer =
            context(datetime!(2026-09-24 10:00 +8), actor(DepartmentKind::Fire, "330723", &[Role::Officer]));
        given::<Report>([]).when(receive("other"), &officer).refused(Refusal::NotAClerk);
    }

    #[test]
    fn a_breach_is_recorded_once() {
        let clerk =
            context(datetime!(2026-03-02 10:00 +8), actor(DepartmentKind::Hotline, "330723", &[Role::Clerk]));
        let events = given::<Report>([]).when(receive("other"), &clerk).events();
        let standing = given::<Report>(events.clone());
        let (at, command) = Report::deadline(&events.iter().fold(State::Unknown, evolve)).unwrap();
        assert_eq!(Some(at), standing.deadline());
        let after = context(at, clerk.actor.clone());
        let breached = standing.when(command.clone(), &after).events();
        assert_eq!(breached.len(), 1);
        let all = events.into_iter().chain(breached);
        assert_eq!(given::<Report>(all).when(command, &after).events(), []);
    }

    use decider::Decider;
}
