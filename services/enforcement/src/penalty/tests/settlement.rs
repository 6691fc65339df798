//! After the decision: payment, publication, revision, withdrawal (invariant 25 of the law).

use super::*;
use law::clock;

const REVISED: OffsetDateTime = datetime!(2023-04-27 10:00 +8);

fn pay(yuan: i64) -> Command {
    Command::RecordPayment { amount_fen: yuan * YUAN }
}

fn reduce(yuan: i64) -> Command {
    Command::Revise { outcome: Outcome::Reduced, fine_fen: yuan * YUAN, document: "r".into() }
}

fn revoke() -> Command {
    Command::Revise { outcome: Outcome::Revoked, fine_fen: 0, document: "r".into() }
}

fn withdraw() -> Command {
    Command::WithdrawPublication { reason: "reduced".into() }
}

fn reduced() -> Vec<Event> {
    after(published(), reduce(10_000), &head(REVISED))
}

#[test]
fn a_fine_is_paid_within_fifteen_days_which_roll_over_holidays() {
    let Some(Event::Decided { pay_by, .. }) = beside_clocks(decided()).pop() else { panic!() };
    assert_eq!((pay_by.last_day, pay_by.rolled), (date!(2023 - 04 - 18), false));
    let cx = head(datetime!(2026-09-17 10:00 +8));
    let Some(Event::Decided { pay_by, .. }) = beside_clocks(after(noticed(5_000), decide(5_000), &cx)).pop()
    else {
        panic!()
    };
    assert_eq!((pay_by.last_day, pay_by.rolled), (date!(2026 - 10 - 08), true));
}

#[test]
fn a_fine_is_paid_in_parts_and_never_more_than_it_is() {
    let cx = officer(datetime!(2023-04-10 10:00 +8));
    given::<Penalty>(decided()).when(pay(0), &cx).refused(Refusal::NoAmount);
    let part = after(decided(), pay(15_000), &cx);
    let outstanding = InYuan(5_000 * YUAN);
    given::<Penalty>(part.clone()).when(pay(5_001), &cx).refused(Refusal::Overpaid { outstanding });
    let late = officer(datetime!(2023-04-19 0:00 +8));
    given::<Penalty>(part).when(pay(5_000), &late).then([Event::FinePaid {
        amount_fen: 500_000,
        outstanding_fen: 0,
        late: true,
    }]);
}

#[test]
fn an_unpaid_fine_is_told_when_the_time_is_over() {
    assert_eq!(given::<Penalty>(decided()).deadline(), Some(datetime!(2023-04-19 0:00 +8)));
    let paid = after(decided(), pay(20_000), &officer(datetime!(2023-04-10 10:00 +8)));
    assert_eq!(given::<Penalty>(paid).deadline(), None);
}

#[test]
fn a_work_safety_penalty_is_made_public_within_seven_working_days() {
    let cx = emergency(Role::Officer, DAY);
    let events = story(vec![
        (file(&["safety-114"], None, Some(Level::Major), &cx), cx.clone()),
        (Command::ConfirmAct, cx.clone()),
        (conclude(2_000_000, &[]), cx),
        (notify(true), emergency(Role::Officer, NOTICE)),
        (decide(2_000_000), emergency(Role::Head, datetime!(2023-04-03 10:00 +8))),
    ]);
    let Some(Event::Decided { publish_by: Some(due), accident_level, .. }) =
        beside_clocks(events.clone()).pop()
    else {
        panic!()
    };
    assert_eq!((due.last_day, accident_level), (date!(2023 - 04 - 13), Some(Level::Major)));
    assert_eq!(given::<Penalty>(woken::<Penalty>(events)).deadline(), Some(datetime!(2023-04-14 0:00 +8)));
}

#[test]
fn a_changed_decision_that_was_public_is_withdrawn_within_three_working_days() {
    let Some(Event::Revised { withdraw_by: Some(due), .. }) = beside_clocks(reduced()).pop() else {
        panic!()
    };
    assert_eq!(due.last_day, date!(2023 - 05 - 05));
    let at = datetime!(2023-05-06 0:00 +8);
    // The fine itself was due before; the revision has told of that breach.
    let warned = woken::<Penalty>(reduced());
    let said = given::<Penalty>(warned.clone()).when(Command::Tick, &officer(at)).events();
    let event = clock::Event::Breached { due };
    assert_eq!(said, [Event::Clock { duty: Duty::WithdrawPublication, event }]);
    let events = warned.into_iter().chain(said);
    given::<Penalty>(events)
        .when(withdraw(), &officer(at))
        .then([Event::PublicationWithdrawn { reason: "reduced".into(), in_time: false }]);
}

#[test]
fn a_withdrawal_in_time_stops_the_clock_and_the_new_decision_is_published_after_it() {
    let cx = officer(datetime!(2023-05-05 10:00 +8));
    given::<Penalty>(reduced()).when(Command::Publish, &cx).refused(Refusal::PublicationNotWithdrawn);
    let events = after(reduced(), withdraw(), &cx);
    assert!(matches!(
        beside_clocks(events.clone()).pop(),
        Some(Event::PublicationWithdrawn { in_time: true, .. })
    ));
    given::<Penalty>(events.clone()).when(withdraw(), &cx).then([]);
    given::<Penalty>(events).when(Command::Publish, &cx).then([Event::Published {}]);
}

#[test]
fn what_was_never_public_is_not_withdrawn() {
    let events = after(decided(), reduce(10_000), &head(REVISED));
    assert!(matches!(beside_clocks(events.clone()).pop(), Some(Event::Revised { withdraw_by: None, .. })));
    given::<Penalty>(events).when(withdraw(), &officer(REVISED)).refused(Refusal::NothingToWithdraw);
}

#[test]
fn a_second_revision_gives_no_more_time() {
    let first = reduced();
    let Some(Event::Revised { withdraw_by, .. }) = beside_clocks(first.clone()).pop() else { panic!() };
    let events = after(first, revoke(), &head(datetime!(2023-05-05 10:00 +8)));
    assert!(
        matches!(beside_clocks(events.clone()).pop(), Some(Event::Revised { withdraw_by: again, .. }) if again == withdraw_by)
    );
}

#[test]
fn a_reduction_reduces_and_a_revocation_ends_the_fine() {
    let cx = head(REVISED);
    let fine = InYuan(20_000 * YUAN);
    given::<Penalty>(published()).when(reduce(20_000), &cx).refused(Refusal::NotLess { fine });
    given::<Penalty>(published()).when(reduce(0), &cx).refused(Refusal::NotLess { fine });
    let revoked = after(published(), revoke(), &cx);
    given::<Penalty>(revoked.clone()).when(pay(1), &officer(REVISED)).refused(Refusal::DecisionRevoked);
    given::<Penalty>(revoked.clone()).when(revoke(), &cx).refused(Refusal::DecisionRevoked);
    let withdrawn = after(revoked, withdraw(), &officer(REVISED));
    given::<Penalty>(withdrawn).when(Command::Publish, &officer(REVISED)).refused(Refusal::DecisionRevoked);
}

#[test]
fn the_deciding_body_its_superior_or_the_government_revises() {
    for (kind, area) in [
        (DepartmentKind::Fire, "330723"),
        (DepartmentKind::Fire, "3307"),
        (DepartmentKind::Government, "330723"),
    ] {
        after(published(), reduce(10_000), &person("x", kind, area, Role::Head, REVISED));
    }
    for (kind, area) in [
        (DepartmentKind::Fire, "330724"),
        (DepartmentKind::Emergency, "3307"),
        (DepartmentKind::Town, "330723103"),
    ] {
        given::<Penalty>(published())
            .when(reduce(10_000), &person("x", kind, area, Role::Head, REVISED))
            .refused(Refusal::NotTheReviser);
    }
    given::<Penalty>(published()).when(reduce(10_000), &officer(REVISED)).refused(Refusal::NotTheHead);
}

#[test]
fn publishing_twice_changes_nothing_and_nothing_is_published_before_the_decision() {
    given::<Penalty>(published()).when(Command::Publish, &officer(REVISED)).then([]);
    given::<Penalty>(noticed(5_000)).when(Command::Publish, &officer(NOTICE)).refused(Refusal::NotDecided);
}
