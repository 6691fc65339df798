//! The specification of a certificate, sentence by sentence.

use decider::{
    Context, DepartmentKind, Id, Role,
    authority::Certificate,
    harness::{actor, context, given},
};
use time::macros::datetime;

use super::*;

fn head(kind: DepartmentKind, area: &str) -> Context {
    context(datetime!(2023-01-05 9:00 +8), actor(kind, area, &[Role::Head]))
}

fn certificate() -> Certificate {
    Certificate {
        number: Id::parse("zj-town-1").unwrap(),
        department: "town.330723103".parse().unwrap(),
        from: datetime!(2023-01-01 0:00 +8),
        until: datetime!(2028-01-01 0:00 +8),
    }
}

fn issued() -> Event {
    Event::Issued { certificate: certificate() }
}

fn issue() -> Command {
    Command::Issue { certificate: certificate() }
}

fn withdraw() -> Command {
    Command::Withdraw { cause: "left".into() }
}

#[test]
fn the_unit_or_the_government_issues_a_certificate() {
    for cx in [head(DepartmentKind::Town, "330723103"), head(DepartmentKind::Government, "33")] {
        given::<Certification>([]).when(issue(), &cx).then([issued()]);
    }
}

#[test]
fn of_the_departments_above_only_one_of_the_unit_s_kind_issues_and_withdraws_its_certificates() {
    let certificate = Certificate { department: "fire.330723".parse().unwrap(), ..certificate() };
    let issued = Event::Issued { certificate: certificate.clone() };
    let issue = Command::Issue { certificate };
    for area in ["330723", "3307", "33"] {
        given::<Certification>([])
            .when(issue.clone(), &head(DepartmentKind::Fire, area))
            .then([issued.clone()]);
    }
    let refusal = Refusal::NotTheRegistrar { department: "fire.330723".parse().unwrap() };
    for cx in [
        head(DepartmentKind::Hotline, "330723"),
        head(DepartmentKind::Emergency, "33"),
        head(DepartmentKind::Fire, "330724"),
    ] {
        given::<Certification>([]).when(issue.clone(), &cx).refused(refusal.clone());
        given::<Certification>([issued.clone()]).when(withdraw(), &cx).refused(refusal.clone());
    }
}

#[test]
fn another_town_does_not_issue_a_certificate_nor_does_an_officer() {
    let refusal = Refusal::NotTheRegistrar { department: certificate().department };
    given::<Certification>([])
        .when(issue(), &head(DepartmentKind::Town, "330723104"))
        .refused(refusal.clone());
    let mut officer = head(DepartmentKind::Town, "330723103");
    officer.actor.roles = vec![Role::Officer];
    given::<Certification>([]).when(issue(), &officer).refused(refusal);
}

#[test]
fn a_certificate_that_is_never_valid_is_not_issued() {
    let certificate = Certificate { until: certificate().from, ..certificate() };
    given::<Certification>([])
        .when(Command::Issue { certificate }, &head(DepartmentKind::Government, "330723"))
        .refused(Refusal::EmptyTerm);
}

#[test]
fn a_number_is_used_once_and_the_same_issue_again_changes_nothing() {
    let cx = head(DepartmentKind::Government, "330723");
    given::<Certification>([issued()]).when(issue(), &cx).then([]);
    let events = given::<Certification>([issued()]).when(withdraw(), &cx).events();
    let history = [issued()].into_iter().chain(events);
    given::<Certification>(history).when(issue(), &cx).refused(Refusal::NumberUsed);
}

#[test]
fn a_certificate_is_withdrawn_once_at_the_act() {
    let cx = head(DepartmentKind::Government, "330723");
    given::<Certification>([]).when(withdraw(), &cx).refused(Refusal::NotIssued);
    let withdrawn = Event::Withdrawn { at: cx.at, cause: "left".into() };
    given::<Certification>([issued()]).when(withdraw(), &cx).then([withdrawn.clone()]);
    given::<Certification>([issued(), withdrawn]).when(withdraw(), &cx).then([]);
}
