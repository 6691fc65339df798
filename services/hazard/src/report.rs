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
        Context, Department, DepartmentKind, Id, Role,
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

    const DAY: time::OffsetDateTime = datetime!(2026-03-02 10:00 +8);

    fn by(department: &str, role: Role) -> Context {
        let department: Department = department.parse().unwrap();
        context(DAY, actor(department.kind, department.area.as_str(), &[role]))
    }

    fn received() -> Vec<Event> {
        given::<Report>([]).when(receive("other"), &by("hotline.330723", Role::Clerk)).events()
    }

    fn routed() -> Vec<Event> {
        let events = received();
        let routed = given::<Report>(events.clone())
            .when(route("town.330723103"), &by("hotline.330723", Role::Clerk))
            .events();
        events.into_iter().chain(routed).collect()
    }

    fn route(to: &str) -> Command {
        Command::Route { to: to.parse().unwrap() }
    }

    fn verify() -> Command {
        Command::Verify { confirmed: true, by: None }
    }

    #[test]
    fn a_report_is_received_and_routed_where_the_place_lies() {
        let elsewhere = by("hotline.440106", Role::Clerk);
        given::<Report>([]).when(receive("other"), &elsewhere).refused(Refusal::OutsideArea);
        let clerk = by("hotline.330723", Role::Clerk);
        given::<Report>(received()).when(route("town.330723104"), &clerk).refused(Refusal::OutsideArea);
        given::<Report>(received())
            .when(route("town.330723103"), &elsewhere)
            .refused(Refusal::NotTheHolder { holder: "hotline.330723".into() });
    }

    #[test]
    fn a_report_is_routed_by_whoever_has_it_and_again_by_the_hotline() {
        let brigade = by("fire.330723", Role::Clerk);
        given::<Report>(routed())
            .when(route("fire.330723"), &brigade)
            .refused(Refusal::NotTheHolder { holder: "town.330723103".into() });
        for clerk in [by("town.330723103", Role::Clerk), by("hotline.330723", Role::Clerk)] {
            let to = "fire.330723".parse().unwrap();
            given::<Report>(routed()).when(route("fire.330723"), &clerk).then([Event::Routed { to }]);
        }
    }

    #[test]
    fn an_officer_of_whoever_has_the_report_verifies_it() {
        given::<Report>(routed())
            .when(verify(), &by("town.330723103", Role::Grid))
            .refused(Refusal::NotAnOfficer);
        for other in ["town.440106001", "fire.330723"] {
            given::<Report>(routed())
                .when(verify(), &by(other, Role::Officer))
                .refused(Refusal::NotTheHolder { holder: "town.330723103".into() });
        }
        let verified = Event::Verified { confirmed: true, by: Id::parse("tester").unwrap() };
        given::<Report>(routed()).when(verify(), &by("town.330723103", Role::Officer)).then([verified]);
    }

    #[test]
    fn an_inspection_elsewhere_verifies_no_report() {
        let service = by("fire.330723", Role::Operator);
        let inspected = |by: &str| Command::Verify { confirmed: true, by: Some(officer(by)) };
        given::<Report>(routed()).when(inspected("town.440106001"), &service).refused(Refusal::OutsideArea);
        let verified = Event::Verified { confirmed: true, by: Id::parse("tester").unwrap() };
        given::<Report>(routed()).when(inspected("fire.330723"), &service).then([verified]);
    }

    fn officer(department: &str) -> decider::Actor {
        by(department, Role::Officer).actor
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
