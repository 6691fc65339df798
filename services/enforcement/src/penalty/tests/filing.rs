//! Referral and filing: who may act, for what, where, in whose name; and whose the act is.

use super::*;

fn filed_by(cx: &Context, items: &[&str], delegation: Option<Delegation>, level: Option<Level>) -> Event {
    given::<Penalty>([]).when(file(items, delegation, level, cx), cx).events().remove(0)
}

fn with_day(command: Command, day: Option<Date>) -> Command {
    let Command::File { subject, items, officers, delegation, accident_level, .. } = command else {
        panic!()
    };
    Command::File {
        subject,
        items,
        officers,
        delegation,
        accident_level,
        act_on: day,
        found_on: None,
        harm: None,
    }
}

fn refer() -> Command {
    Command::Refer { subject: subject(), order: "o-1".into() }
}

fn referred() -> Event {
    Event::Referred { subject: subject(), order: "o-1".into(), found_on: date!(2023 - 03 - 20) }
}

#[test]
fn a_referral_waits_for_an_officer_and_is_noted_once() {
    let cx = officer(DAY);
    given::<Penalty>([]).when(refer(), &cx).then([referred()]);
    given::<Penalty>([referred()]).when(refer(), &cx).then([]);
    given::<Penalty>(claimed()).when(refer(), &cx).then([]);
    given::<Penalty>([referred()]).when(conclude(5_000, &[]), &cx).refused(Refusal::NotFiled);
}

#[test]
fn a_referred_case_is_filed_for_what_was_referred() {
    let cx = officer(DAY);
    let Command::File { items, officers, .. } = file(&["fire-60-1"], None, None, &cx) else { panic!() };
    let file = |subject| Command::File {
        subject,
        items: items.clone(),
        officers: officers.clone(),
        delegation: None,
        accident_level: None,
        act_on: None,
        found_on: None,
        harm: None,
    };
    let events = given::<Penalty>([referred()]).when(file(None), &cx).facts();
    assert!(matches!(&events[..], [Event::Filed { subject: filed, .. }] if *filed == subject()));
    let other = Subject { act: id("exit"), ..subject() };
    given::<Penalty>([referred()]).when(file(Some(other)), &cx).refused(Refusal::NotTheReferredAct);
    given::<Penalty>([]).when(file(None), &cx).refused(Refusal::SubjectMissing);
}

#[test]
fn a_case_is_decided_within_ninety_days_of_filing() {
    let Event::Filed { decide_by, .. } = filed_by(&officer(DAY), &["fire-60-1"], None, None) else {
        panic!()
    };
    assert_eq!(decide_by.last_day, date!(2023 - 06 - 18));
    let golden = officer(datetime!(2026-07-01 9:00 +8));
    let Event::Filed { decide_by, .. } = filed_by(&golden, &["fire-60-1"], None, None) else { panic!() };
    assert_eq!(decide_by.last_day, date!(2026 - 09 - 29));
}

#[test]
fn a_case_needs_two_different_officers_with_certificates_of_the_unit_and_the_day() {
    let cx = officer(DAY);
    let with = |officers: Vec<Certificate>| {
        let Command::File { subject, items, .. } = file(&["fire-60-1"], None, None, &cx) else { panic!() };
        Command::File {
            subject,
            items,
            officers,
            delegation: None,
            accident_level: None,
            act_on: None,
            found_on: None,
            harm: None,
        }
    };
    let one = two(&cx)[0].clone();
    given::<Penalty>([])
        .when(with(vec![one.clone(), one.clone()]), &cx)
        .refused(Refusal::TooFewOfficers { shown: 1, wanted: 2 });
    let foreign = two(&town(Role::Officer, DAY))[1].clone();
    given::<Penalty>([])
        .when(with(vec![one.clone(), foreign]), &cx)
        .refused(Refusal::CertificateInvalid { number: id("c-2") });
    let lapsed = Certificate { until: DAY, ..two(&cx)[1].clone() };
    given::<Penalty>([])
        .when(with(vec![one, lapsed]), &cx)
        .refused(Refusal::CertificateInvalid { number: id("c-2") });
}

#[test]
fn only_an_officer_files() {
    let cx = head(DAY);
    given::<Penalty>([]).when(file(&["fire-60-1"], None, None, &cx), &cx).refused(Refusal::NotAnOfficer);
}

#[test]
fn an_entrusted_town_acts_in_the_delegators_name_and_an_assigned_one_in_its_own() {
    let cx = town(Role::Officer, DAY);
    let Event::Filed { authority, department, .. } = filed_by(&cx, &["fire-60-1"], Some(delegation()), None)
    else {
        panic!()
    };
    assert_eq!(
        (authority.to_string(), department.to_string()),
        ("fire.330723".into(), "town.330723103".into())
    );
    let assigned = Delegation { model: Model::Assigned, ..delegation() };
    let Event::Filed { authority, .. } = filed_by(&cx, &["fire-60-1"], Some(assigned), None) else {
        panic!()
    };
    assert_eq!(authority.to_string(), "town.330723103");
}

#[test]
fn a_delegated_case_stays_inside_list_area_term_and_unit() {
    let cx = town(Role::Officer, DAY);
    let refused = |delegation: Option<Delegation>, items: &[&str], refusal: Refusal| {
        given::<Penalty>([]).when(file(items, delegation, None, &cx), &cx).refused(refusal);
    };
    refused(None, &["fire-60-1"], Refusal::DelegationMissing);
    refused(Some(delegation()), &["fire-60-2"], Refusal::ItemNotDelegated { item: id("fire-60-2") });
    let elsewhere = Delegation { area: AreaCode::parse("330723104").unwrap(), ..delegation() };
    refused(Some(elsewhere), &["fire-60-1"], Refusal::OutsideArea);
    let ended = Delegation { until: DAY, ..delegation() };
    refused(Some(ended), &["fire-60-1"], Refusal::DelegationNotInForce);
    let later = Delegation { from: datetime!(2023-03-20 10:00:00.000001 +8), ..delegation() };
    refused(Some(later), &["fire-60-1"], Refusal::DelegationNotInForce);
    let others = Delegation { delegate: "town.330723104".parse().unwrap(), ..delegation() };
    refused(Some(others), &["fire-60-1"], Refusal::NotTheDelegate);
    let foreign = Delegation { items: vec![id("safety-114")], ..delegation() };
    let item = id("safety-114");
    given::<Penalty>([])
        .when(file(&["safety-114"], Some(foreign), Some(Level::Major), &cx), &cx)
        .refused(Refusal::NotCompetent { item });
}

#[test]
fn a_body_files_for_its_own_powers_in_its_own_area() {
    let cx = officer(DAY);
    given::<Penalty>([])
        .when(file(&["safety-114"], None, Some(Level::Major), &cx), &cx)
        .refused(Refusal::NotCompetent { item: id("safety-114") });
    let neighbour = person("n", DepartmentKind::Fire, "330724", Role::Officer, DAY);
    given::<Penalty>([])
        .when(file(&["fire-60-1"], None, None, &neighbour), &neighbour)
        .refused(Refusal::OutsideArea);
}

#[test]
fn no_penalty_without_a_norm() {
    let cx = officer(DAY);
    given::<Penalty>([]).when(file(&[], None, None, &cx), &cx).refused(Refusal::NoNorm);
    let unknown = file(&["fire-60-1", "fire-6"], None, None, &cx);
    given::<Penalty>([]).when(unknown, &cx).refused(Refusal::UnknownItem { item: id("fire-6") });
}

#[test]
fn of_several_norms_the_one_with_the_higher_fine_applies() {
    let items = ["highrise-47-commercial", "fire-60-1", "fire-58", "fire-61"];
    let Event::Filed { item, .. } = filed_by(&officer(DAY), &items, None, None) else { panic!() };
    assert_eq!(item, id("fire-58"));
}

#[test]
fn an_accident_has_a_level_and_nothing_else_has() {
    let cx = emergency(Role::Officer, DAY);
    given::<Penalty>([])
        .when(with_day(file(&["safety-114"], None, None, &cx), Some(ACT)), &cx)
        .refused(Refusal::LevelMissing { item: id("safety-114") });
    let cx = officer(DAY);
    given::<Penalty>([])
        .when(file(&["fire-60-1"], None, Some(Level::Major), &cx), &cx)
        .refused(Refusal::LevelWithoutAccident { item: id("fire-60-1") });
}

fn day_of(event: &Event) -> Date {
    let Event::Filed { act_on, .. } = event else { panic!() };
    *act_on
}

#[test]
fn an_act_whose_day_nobody_states_lasted_until_it_was_found() {
    let later = officer(NOTICE);
    let filing = file(&["fire-60-1"], None, None, &later);
    let direct = given::<Penalty>([]).when(filing.clone(), &later).facts();
    assert_eq!(day_of(&direct[0]), date!(2023 - 03 - 24));
    let found = given::<Penalty>([referred()]).when(filing.clone(), &later).facts();
    assert_eq!(day_of(&found[0]), date!(2023 - 03 - 20));
    let ended = given::<Penalty>([referred()]).when(with_day(filing, Some(ACT)), &later).facts();
    assert_eq!(day_of(&ended[0]), ACT);
}

#[test]
fn an_accidents_day_is_stated_and_no_act_is_yet_to_come() {
    let cx = emergency(Role::Officer, DAY);
    let accident = file(&["safety-114"], None, Some(Level::Major), &cx);
    given::<Penalty>([])
        .when(with_day(accident.clone(), None), &cx)
        .refused(Refusal::ActDayMissing { item: id("safety-114") });
    let day = date!(2023 - 03 - 21);
    given::<Penalty>([]).when(with_day(accident, Some(day)), &cx).refused(Refusal::ActDayAhead { day });
}

#[test]
fn the_answer_about_the_act_is_taken_once() {
    let cx = officer(DAY);
    given::<Penalty>(claimed()).when(Command::ConfirmAct, &cx).then([]);
    given::<Penalty>(claimed()).when(Command::DenyAct { holder: id("p-2") }, &cx).then([]);
}

#[test]
fn a_filed_case_is_not_filed_again() {
    let cx = officer(DAY);
    given::<Penalty>(claimed())
        .when(file(&["fire-60-1"], None, None, &cx), &cx)
        .refused(Refusal::AlreadyFiled);
    given::<Penalty>([]).when(decide(5_000), &cx).refused(Refusal::NoSuchCase);
}

#[test]
fn a_unit_that_does_not_handle_the_case_does_nothing_in_it() {
    let neighbour = person("n", DepartmentKind::Fire, "330724", Role::Officer, DAY);
    given::<Penalty>(claimed()).when(conclude(5_000, &[]), &neighbour).refused(Refusal::NotTheHandlingUnit);
}

#[test]
fn a_case_ends_without_a_penalty_by_the_head() {
    let dismiss = Command::Dismiss { ground: "slight and corrected".into() };
    given::<Penalty>(claimed()).when(dismiss.clone(), &officer(DAY)).refused(Refusal::NotTheHead);
    let events = after(claimed(), dismiss.clone(), &head(DAY));
    given::<Penalty>(events.clone()).when(dismiss.clone(), &head(DAY)).then([]);
    given::<Penalty>(events).when(decide(5_000), &head(DAY)).refused(Refusal::AlreadyDismissed);
    let neighbour = person("n", DepartmentKind::Fire, "330724", Role::Head, DAY);
    given::<Penalty>([referred()]).when(dismiss, &neighbour).refused(Refusal::OutsideArea);
}
