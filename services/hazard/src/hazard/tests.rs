//! The specification of a hazard case, sentence by sentence.

use decider::{
    Context, DepartmentKind, Id, Role,
    authority::{Certificate, Delegation, Model},
    harness::{actor, beside_clocks, context, given, woken},
};
use law::{AreaCode, Period, Uscc};
use time::{
    OffsetDateTime,
    macros::{date, datetime},
};

use super::*;

const DAY: OffsetDateTime = datetime!(2023-03-01 10:00 +8);

fn town(at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Town, "330723103", &[Role::Officer]))
}

fn brigade(at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Fire, "330723", &[Role::Officer]))
}

fn certificate(number: &str, cx: &Context) -> Certificate {
    Certificate {
        number: Id::parse(number).unwrap(),
        department: cx.actor.department.clone(),
        from: datetime!(2022-01-01 0:00 +8),
        until: datetime!(2024-01-01 0:00 +8),
    }
}

fn two(cx: &Context) -> Vec<Certificate> {
    vec![certificate("c-1", cx), certificate("c-2", cx)]
}

fn delegation() -> Delegation {
    Delegation {
        id: Id::parse("d-1").unwrap(),
        version: 1,
        model: Model::Entrusted,
        delegator: "fire.330723".parse().unwrap(),
        delegate: "town.330723103".parse().unwrap(),
        items: vec![Id::parse("fire-60-1").unwrap()],
        area: AreaCode::parse("330723103").unwrap(),
        from: datetime!(2023-01-01 0:00 +8),
        until: datetime!(2024-01-01 0:00 +8),
    }
}

fn opened() -> Event {
    Event::Opened {
        premises: "plant".into(),
        area: AreaCode::parse("330723103").unwrap(),
        unit: Uscc::parse("91110000600037341L").unwrap(),
        category: Id::parse("flammable-storage").unwrap(),
        report: None,
        reporter_ref: None,
    }
}

fn inspect(officers: Vec<Certificate>, item: &str) -> Command {
    Command::Inspect {
        officers,
        delegation: Some(delegation()),
        item: Some(Id::parse(item).unwrap()),
        findings: vec!["open drums".into()],
    }
}

/// The events up to a stage, by giving the commands in order.
fn story(commands: &[(Command, Context)]) -> Vec<Event> {
    commands.iter().fold(vec![opened()], |mut events, (command, cx)| {
        events.extend(given::<Hazard>(events.clone()).when(command.clone(), cx).events());
        events
    })
}

fn ordered() -> Vec<Event> {
    let cx = town(DAY);
    let period: Period = "3 working days".parse().unwrap();
    story(&[(inspect(two(&cx), "fire-60-1"), cx.clone()), (order(period, vec![delegation()]), cx)])
}

fn order(period: Period, delegations: Vec<Delegation>) -> Command {
    Command::OrderRectification { document: "1".into(), items: vec!["remove".into()], period, delegations }
}

fn reinspect(cx: &Context, outcome: Outcome, on_application: bool) -> Command {
    Command::Reinspect { officers: two(cx), outcome, on_application, delegations: vec![delegation()] }
}

#[test]
fn nothing_is_done_to_a_hazard_that_nobody_opened() {
    let cx = town(DAY);
    given::<Hazard>([]).when(inspect(two(&cx), "fire-60-1"), &cx).refused(Refusal::NotOpened);
}

#[test]
fn one_officer_with_the_same_certificate_twice_is_one_officer() {
    let cx = town(DAY);
    let twice = vec![certificate("c-1", &cx), certificate("c-1", &cx)];
    given::<Hazard>([opened()])
        .when(inspect(twice, "fire-60-1"), &cx)
        .refused(Refusal::TooFewOfficers { shown: 1, wanted: 2 });
}

#[test]
fn a_certificate_of_another_unit_does_not_count() {
    let cx = town(DAY);
    let mixed = vec![certificate("c-1", &cx), certificate("c-2", &brigade(DAY))];
    given::<Hazard>([opened()])
        .when(inspect(mixed, "fire-60-1"), &cx)
        .refused(Refusal::CertificateInvalid { number: Id::parse("c-2").unwrap() });
}

#[test]
fn a_certificate_is_valid_on_the_day_of_the_act() {
    let cx = town(datetime!(2024-01-01 0:00 +8));
    given::<Hazard>([opened()])
        .when(inspect(two(&cx), "fire-60-1"), &cx)
        .refused(Refusal::CertificateInvalid { number: Id::parse("c-1").unwrap() });
}

#[test]
fn a_town_inspects_only_what_is_on_its_list() {
    let cx = town(DAY);
    given::<Hazard>([opened()])
        .when(inspect(two(&cx), "fire-61"), &cx)
        .refused(Refusal::ItemNotDelegated { item: Id::parse("fire-61").unwrap() });
}

#[test]
fn a_town_without_a_delegation_does_not_inspect() {
    let cx = town(DAY);
    let command = Command::Inspect { officers: two(&cx), delegation: None, item: None, findings: vec![] };
    given::<Hazard>([opened()]).when(command, &cx).refused(Refusal::DelegationMissing);
}

#[test]
fn a_grid_worker_does_not_inspect_an_enterprise() {
    let grid = |at| context(at, actor(DepartmentKind::Town, "330723103", &[Role::Grid]));
    let cx = grid(datetime!(2024-12-30 10:00 +8));
    given::<Hazard>([opened()])
        .when(inspect(two(&cx), "fire-60-1"), &cx)
        .refused(Refusal::GridWorkerMayNotInspect);
    let before = grid(DAY);
    given::<Hazard>([opened()])
        .when(inspect(two(&before), "fire-60-1"), &before)
        .refused(Refusal::NotAnOfficer);
}

#[test]
fn nothing_is_ordered_before_an_inspection() {
    let order = order(Period::WorkingDays(3), vec![delegation()]);
    given::<Hazard>([opened()]).when(order, &town(DAY)).refused(Refusal::NotInspected);
}

#[test]
fn an_order_of_three_working_days_is_reinspected_within_three_more() {
    let Some(Event::RectificationOrdered { due, reinspect_by, .. }) = beside_clocks(ordered()).pop() else {
        panic!()
    };
    assert_eq!(due.last_day, date!(2023 - 03 - 06));
    assert_eq!(reinspect_by.last_day, date!(2023 - 03 - 09));
}

#[test]
fn a_running_order_is_not_reinspected_unless_the_unit_asks() {
    let cx = town(datetime!(2023-03-06 23:59 +8));
    given::<Hazard>(ordered())
        .when(reinspect(&cx, Outcome::NotCorrected, false), &cx)
        .refused(Refusal::OrderStillRunning { last_day: date!(2023 - 03 - 06) });
    let events = given::<Hazard>(ordered()).when(reinspect(&cx, Outcome::Corrected, true), &cx).facts();
    assert!(matches!(events[..], [Event::Reinspected { expired: false, .. }]));
}

#[test]
fn a_missed_reinspection_is_a_breach_at_its_due_instant() {
    let standing = given::<Hazard>(woken::<Hazard>(ordered()));
    assert_eq!(standing.deadline(), Some(datetime!(2023-03-10 0:00 +8)));
}

#[test]
fn a_hazard_is_not_closed_before_it_is_found_corrected() {
    let cx = town(datetime!(2023-03-07 10:00 +8));
    given::<Hazard>(ordered()).when(Command::Close, &cx).refused(Refusal::NotCorrected);
    let events = story_after(ordered(), reinspect(&cx, Outcome::Corrected, false), &cx);
    given::<Hazard>(events).when(Command::Close, &cx).then([Event::Closed {}]);
}

#[test]
fn a_town_does_not_determine_a_major_hazard() {
    let cx = town(DAY);
    let determine =
        Command::DetermineMajor { elements: vec!["5.1".into()], panel: vec!["a".into(), "b".into()] };
    given::<Hazard>(ordered()).when(determine, &cx).refused(Refusal::OnlyFireBody);
}

#[test]
fn a_major_hazard_is_judged_by_the_standard_of_its_day() {
    let determine =
        Command::DetermineMajor { elements: vec!["6.3".into()], panel: vec!["a".into(), "b".into()] };
    for (at, standard) in
        [(datetime!(2025-10-31 23:59 +8), "GB 35181-2017"), (datetime!(2025-11-01 0:00 +8), "GB 35181-2025")]
    {
        let events = given::<Hazard>(ordered()).when(determine.clone(), &brigade(at)).facts();
        assert!(matches!(&events[..], [Event::MajorDetermined { standard: found, .. }] if found == standard));
    }
}

#[test]
fn a_major_hazard_is_listed_only_after_notice_and_report() {
    let cx = brigade(datetime!(2023-03-08 10:00 +8));
    let office = by("government.330723", &[Role::Clerk], datetime!(2023-03-09 10:00 +8));
    let determine =
        Command::DetermineMajor { elements: vec!["5.1".into()], panel: vec!["a".into(), "b".into()] };
    let list = list(None);
    let report = Command::ReportToGovernment { government: "government.330723".parse().unwrap() };
    let serve = Command::ServeMajorNotice { document: "2".into(), period: Period::CalendarDays(30) };
    let events = story_after(ordered(), determine, &cx);
    given::<Hazard>(events.clone()).when(report.clone(), &cx).refused(Refusal::NoticeNotServed);
    let events = story_after(events, serve, &cx);
    given::<Hazard>(events.clone()).when(list.clone(), &office).refused(Refusal::NotReported);
    let events = story_after(story_after(events, report, &cx), list.clone(), &office);
    assert!(matches!(beside_clocks(events.clone()).pop(), Some(Event::ListedForSupervision { .. })));
    given::<Hazard>(events).when(list, &office).then([]);
}

fn list(by: Option<&str>) -> Command {
    let by = by.map(|by| by.parse().unwrap());
    Command::ListForSupervision { leader: "deputy-mayor".into(), until: date!(2023 - 04 - 30), by }
}

fn report_up(to: &str) -> Command {
    Command::ReportToGovernment { government: to.parse().unwrap() }
}

fn noticed() -> Vec<Event> {
    let cx = brigade(datetime!(2023-03-08 10:00 +8));
    let determine =
        Command::DetermineMajor { elements: vec!["5.1".into()], panel: vec!["a".into(), "b".into()] };
    let serve = Command::ServeMajorNotice { document: "2".into(), period: Period::CalendarDays(30) };
    story_after(story_after(ordered(), determine, &cx), serve, &cx)
}

pub(crate) fn reported() -> Vec<Event> {
    let cx = brigade(datetime!(2023-03-08 10:00 +8));
    story_after(noticed(), report_up("government.330723"), &cx)
}

#[test]
fn a_major_hazard_is_reported_to_a_government_of_the_place() {
    let at = datetime!(2023-03-08 10:00 +8);
    for (other, roles, refusal) in [
        ("finance.440106", &[][..], Refusal::OnlyFireBody),
        ("fire.440106", &[Role::Officer], Refusal::OutsideArea),
        ("emergency.330723", &[Role::Clerk], Refusal::NotAnOfficer),
    ] {
        let cx = by(other, roles, at);
        given::<Hazard>(noticed()).when(report_up("government.330723"), &cx).refused(refusal);
    }
    for wrong in ["government.440106", "finance.330723"] {
        given::<Hazard>(noticed()).when(report_up(wrong), &brigade(at)).refused(Refusal::NotTheGovernment);
    }
    for right in [brigade(at), by("emergency.330723", &[Role::Officer], at)] {
        given::<Hazard>(noticed()).when(report_up("government.330723"), &right).events();
    }
}

#[test]
fn only_the_government_that_was_told_or_one_above_it_lists_a_hazard() {
    let at = datetime!(2023-03-09 10:00 +8);
    let service = by("fire.330723", &[], at);
    for wrong in ["government.440106", "government.330781", "government.330723103", "police.330723"] {
        given::<Hazard>(reported()).when(list(Some(wrong)), &service).refused(Refusal::NotTheGovernmentTold);
        let cx = by(wrong, &[Role::Clerk], at);
        given::<Hazard>(reported()).when(list(None), &cx).refused(Refusal::NotTheGovernmentTold);
    }
    let nobody = by("government.330723", &[], at);
    given::<Hazard>(reported()).when(list(None), &nobody).refused(Refusal::NoOffice);
    for right in ["government.330723", "government.3307", "government.33"] {
        let events = given::<Hazard>(reported()).when(list(Some(right)), &service).facts();
        assert!(matches!(events[..], [Event::ListedForSupervision { .. }]));
    }
}

#[test]
fn only_the_government_that_was_told_or_one_above_it_agrees_to_a_delisting() {
    let at = datetime!(2023-03-09 10:00 +8);
    let listed = story_after(reported(), list(Some("government.330723")), &by("fire.330723", &[], at));
    let corrected = story_after(listed.clone(), reinspect(&town(at), Outcome::Corrected, false), &town(at));
    let delist = Command::Delist { consent: "letter".into() };
    for wrong in ["town.330723103", "fire.330723", "government.440106"] {
        let cx = by(wrong, &[Role::Head, Role::Officer], at);
        given::<Hazard>(corrected.clone()).when(delist.clone(), &cx).refused(Refusal::NotTheGovernmentTold);
    }
    let office = by("government.330723", &[Role::Clerk], at);
    given::<Hazard>(reported()).when(delist.clone(), &office).refused(Refusal::NotListed);
    given::<Hazard>(listed).when(delist.clone(), &office).refused(Refusal::NotCorrected);
    let consent = "letter".into();
    given::<Hazard>(corrected).when(delist, &office).then([Event::Delisted { consent }]);
}

#[test]
fn what_leads_to_a_listing_is_not_begun_again_under_one() {
    let at = datetime!(2023-03-09 10:00 +8);
    let listed = story_after(reported(), list(Some("government.330723")), &by("fire.330723", &[], at));
    let determine =
        Command::DetermineMajor { elements: vec!["5.1".into()], panel: vec!["a".into(), "b".into()] };
    let serve = Command::ServeMajorNotice { document: "3".into(), period: Period::CalendarDays(30) };
    for again in [determine, serve, report_up("government.3307")] {
        given::<Hazard>(listed.clone()).when(again, &brigade(at)).refused(Refusal::StillListed);
    }
}

fn story_after(mut events: Vec<Event>, command: Command, cx: &Context) -> Vec<Event> {
    events.extend(given::<Hazard>(events.clone()).when(command, cx).events());
    events
}

fn by(department: &str, roles: &[Role], at: OffsetDateTime) -> Context {
    let department: decider::Department = department.parse().unwrap();
    context(at, actor(department.kind, department.area.as_str(), roles))
}

fn inspected() -> Vec<Event> {
    let cx = town(DAY);
    story(&[(inspect(two(&cx), "fire-60-1"), cx)])
}

fn days() -> Period {
    Period::WorkingDays(3)
}

#[test]
fn a_case_is_opened_by_whoever_receives_or_inspects_where_the_place_lies() {
    let Event::Opened { premises, area, unit, category, report, reporter_ref } = opened() else { panic!() };
    let open = Command::Open { premises, area, unit, category, report, reporter_ref };
    given::<Hazard>([]).when(open.clone(), &by("fire.330723", &[], DAY)).refused(Refusal::NotAClerk);
    given::<Hazard>([])
        .when(open.clone(), &by("hotline.440106", &[Role::Clerk], DAY))
        .refused(Refusal::OutsideArea);
    given::<Hazard>([]).when(open, &by("hotline.330723", &[Role::Clerk], DAY)).then([opened()]);
}

#[test]
fn only_the_fire_body_and_the_police_inspect_without_a_delegation() {
    let command =
        |cx: &Context| Command::Inspect { officers: two(cx), delegation: None, item: None, findings: vec![] };
    let finance = by("finance.330723", &[Role::Officer], DAY);
    given::<Hazard>([opened()]).when(command(&finance), &finance).refused(Refusal::NotASupervisor);
    let elsewhere = by("police.440106", &[Role::Officer], DAY);
    given::<Hazard>([opened()]).when(command(&elsewhere), &elsewhere).refused(Refusal::OutsideArea);
    for of_the_place in [brigade(DAY), by("police.330723", &[Role::Officer], DAY)] {
        let events = given::<Hazard>([opened()]).when(command(&of_the_place), &of_the_place).facts();
        assert!(matches!(events[..], [Event::Inspected { .. }]));
    }
}

#[test]
fn only_whoever_inspected_or_the_fire_body_of_the_place_orders_and_reinspects() {
    for (other, refusal) in [
        ("police.330723", Refusal::NotTheInspector),
        ("police.440106", Refusal::NotTheInspector),
        ("fire.440106", Refusal::OutsideArea),
    ] {
        let cx = by(other, &[Role::Officer], datetime!(2023-03-07 10:00 +8));
        given::<Hazard>(inspected()).when(order(days(), vec![]), &cx).refused(refusal.clone());
        given::<Hazard>(ordered()).when(reinspect(&cx, Outcome::NotCorrected, false), &cx).refused(refusal);
    }
    let cx = brigade(datetime!(2023-03-07 10:00 +8));
    given::<Hazard>(inspected()).when(order(days(), vec![]), &cx).events();
    given::<Hazard>(ordered()).when(reinspect(&cx, Outcome::NotCorrected, false), &cx).events();
}

#[test]
fn a_town_orders_and_reinspects_only_under_a_delegation_in_force() {
    let ended = Delegation { until: datetime!(2023-03-01 9:00 +8), ..delegation() };
    let others = Delegation { delegate: "town.330723104".parse().unwrap(), ..delegation() };
    let narrowed = Delegation { items: vec![Id::parse("fire-61").unwrap()], ..delegation() };
    let item = Id::parse("fire-60-1").unwrap();
    for (delegations, refusal) in [
        (vec![], Refusal::DelegationMissing),
        (vec![ended.clone()], Refusal::DelegationNotInForce),
        (vec![others], Refusal::NotTheDelegate),
        (vec![narrowed], Refusal::ItemNotDelegated { item }),
    ] {
        let cx = town(DAY);
        given::<Hazard>(inspected()).when(order(days(), delegations.clone()), &cx).refused(refusal.clone());
        let cx = town(datetime!(2023-03-07 10:00 +8));
        let command = Command::Reinspect {
            officers: two(&cx),
            outcome: Outcome::NotCorrected,
            on_application: false,
            delegations,
        };
        given::<Hazard>(ordered()).when(command, &cx).refused(refusal);
    }
    given::<Hazard>(inspected()).when(order(days(), vec![ended, delegation()]), &town(DAY)).events();
}

#[test]
fn the_police_go_on_in_their_own_right_with_what_they_inspected() {
    let cx = by("police.330723", &[Role::Officer], DAY);
    let findings = vec!["open drums".into()];
    let command = Command::Inspect { officers: two(&cx), delegation: None, item: None, findings };
    let events = story(&[(command, cx.clone())]);
    given::<Hazard>(events).when(order(days(), vec![]), &cx).events();
}

#[test]
fn a_major_hazard_is_handled_by_officers_of_the_fire_body_of_the_place() {
    let determine =
        Command::DetermineMajor { elements: vec!["5.1".into()], panel: vec!["a".into(), "b".into()] };
    let serve = Command::ServeMajorNotice { document: "2".into(), period: Period::CalendarDays(30) };
    let determined = story_after(ordered(), determine.clone(), &brigade(DAY));
    for (other, roles, refusal) in [
        ("police.330723", &[Role::Officer][..], Refusal::OnlyFireBody),
        ("fire.440106", &[Role::Officer], Refusal::OutsideArea),
        ("fire.330723", &[Role::Clerk], Refusal::NotAnOfficer),
    ] {
        let cx = by(other, roles, DAY);
        given::<Hazard>(ordered()).when(determine.clone(), &cx).refused(refusal.clone());
        given::<Hazard>(determined.clone()).when(serve.clone(), &cx).refused(refusal);
    }
    let head = by("fire.3307", &[Role::Head], DAY);
    given::<Hazard>(determined).when(serve, &head).events();
}

#[test]
fn a_case_is_closed_by_whoever_inspected_or_the_fire_body_of_the_place() {
    let at = datetime!(2023-03-07 10:00 +8);
    let events = story_after(ordered(), reinspect(&town(at), Outcome::Corrected, false), &town(at));
    for (other, roles, refusal) in [
        ("town.330723103", &[Role::Grid][..], Refusal::NotAnOfficer),
        ("town.440106001", &[Role::Officer], Refusal::NotTheInspector),
        ("fire.440106", &[Role::Officer], Refusal::OutsideArea),
    ] {
        given::<Hazard>(events.clone()).when(Command::Close, &by(other, roles, at)).refused(refusal);
    }
    for right in [town(at), by("fire.330723", &[Role::Head], at)] {
        given::<Hazard>(events.clone()).when(Command::Close, &right).then([Event::Closed {}]);
    }
}

#[test]
fn nothing_is_ordered_or_determined_where_nothing_was_found() {
    let determine =
        Command::DetermineMajor { elements: vec!["5.1".into()], panel: vec!["a".into(), "b".into()] };
    given::<Hazard>(clean())
        .when(order(days(), vec![delegation()]), &town(DAY))
        .refused(Refusal::NothingFound);
    given::<Hazard>(clean()).when(determine, &brigade(DAY)).refused(Refusal::NothingFound);
}

#[test]
fn a_case_in_which_nothing_was_found_is_closed_after_the_inspection() {
    given::<Hazard>([opened()]).when(Command::Close, &brigade(DAY)).refused(Refusal::NotCorrected);
    given::<Hazard>(clean()).when(Command::Close, &town(DAY)).then([Event::Closed {}]);
}

#[test]
fn what_was_found_once_is_not_gone_because_a_later_inspection_finds_nothing() {
    for found in [inspected(), ordered()] {
        let events = story_after(found, nothing_found(&town(DAY)), &town(DAY));
        given::<Hazard>(events.clone()).when(Command::Close, &town(DAY)).refused(Refusal::NotCorrected);
        given::<Hazard>(events).when(order(days(), vec![delegation()]), &town(DAY)).events();
    }
    let cx = town(datetime!(2023-03-07 10:00 +8));
    let corrected = story_after(ordered(), reinspect(&cx, Outcome::Corrected, false), &cx);
    let again = story_after(corrected, nothing_found(&cx), &cx);
    given::<Hazard>(again).when(Command::Close, &cx).then([Event::Closed {}]);
}

fn nothing_found(cx: &Context) -> Command {
    let item = Some(Id::parse("fire-60-1").unwrap());
    Command::Inspect { officers: two(cx), delegation: Some(delegation()), item, findings: vec![] }
}

fn clean() -> Vec<Event> {
    let cx = town(DAY);
    story(&[(nothing_found(&cx), cx)])
}
