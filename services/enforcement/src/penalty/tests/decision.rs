//! Investigation, notice, defence, review and decision (invariants 1, 2, 3, 7 and 9 of the law).

use super::*;
use law::clock;

const MONDAY: OffsetDateTime = datetime!(2023-04-03 10:00 +8);

#[test]
fn the_proposed_fine_lies_within_the_norm() {
    for fine in [4_999, 50_001] {
        given::<Penalty>(claimed()).when(conclude(fine, &[]), &officer(DAY)).refused(
            Refusal::FineOutOfRange {
                min: InYuan(5_000 * YUAN),
                max: InYuan(50_000 * YUAN),
                article: "消防法60(1)".into(),
            },
        );
    }
    for fine in [5_000, 50_000] {
        assert_eq!(after(claimed(), conclude(fine, &[]), &officer(DAY)).len(), claimed().len() + 1);
    }
}

#[test]
fn the_fine_for_an_accident_follows_its_level() {
    let file_for = |level| {
        let cx = emergency(Role::Officer, DAY);
        story(vec![(file(&["safety-114"], None, Some(level), &cx), cx)])
    };
    let ranges = [
        (Level::General, 300_000, 1_000_000),
        (Level::Larger, 1_000_000, 2_000_000),
        (Level::Major, 2_000_000, 10_000_000),
        (Level::Extreme, 10_000_000, 20_000_000),
    ];
    for (level, min, max) in ranges {
        let cx = emergency(Role::Officer, DAY);
        for fine in [min - 1, max + 1] {
            given::<Penalty>(file_for(level)).when(conclude(fine, &[]), &cx).refused(
                Refusal::FineOutOfRange {
                    min: InYuan(min * YUAN),
                    max: InYuan(max * YUAN),
                    article: "安全生产法114".into(),
                },
            );
        }
        after(file_for(level), conclude(max, &[]), &cx);
    }
}

#[test]
fn nothing_is_noticed_before_the_investigation_is_concluded() {
    given::<Penalty>(claimed()).when(notify(true), &officer(DAY)).refused(Refusal::NotConcluded);
}

#[test]
fn a_unit_is_told_once_and_the_proposal_stands() {
    let cx = officer(NOTICE);
    given::<Penalty>(noticed(5_000)).when(notify(true), &cx).refused(Refusal::AlreadyNoticed);
    given::<Penalty>(noticed(5_000)).when(conclude(50_000, &[]), &cx).refused(Refusal::AlreadyNoticed);
}

#[test]
fn no_decision_before_the_notice() {
    given::<Penalty>(concluded(5_000, &[])).when(decide(5_000), &head(MONDAY)).refused(Refusal::NotNoticed);
    given::<Penalty>(noticed(5_000))
        .when(Command::ReceiveDefence { document: "d".into() }, &officer(NOTICE))
        .then([Event::DefenceReceived { document: "d".into() }]);
    given::<Penalty>(concluded(5_000, &[])).when(waive(true), &officer(NOTICE)).refused(Refusal::NotNoticed);
}

#[test]
fn no_decision_before_the_window_is_over_even_after_a_defence() {
    let until = date!(2023 - 03 - 31);
    let last = head(datetime!(2023-03-31 23:59:59 +8));
    given::<Penalty>(noticed(5_000)).when(decide(5_000), &last).refused(Refusal::DefenceWindowOpen { until });
    let heard = after(noticed(5_000), Command::ReceiveDefence { document: "d".into() }, &officer(NOTICE));
    given::<Penalty>(heard.clone()).when(decide(5_000), &last).refused(Refusal::DefenceWindowOpen { until });
    let events = after(heard, decide(5_000), &head(AFTER));
    assert!(matches!(beside_clocks(events.clone()).pop(), Some(Event::Decided { in_time: true, .. })));
}

#[test]
fn a_written_waiver_shortens_the_window() {
    let next = datetime!(2023-03-25 10:00 +8);
    let waived = after(noticed(5_000), waive(true), &officer(next));
    let before = head(datetime!(2023-03-25 9:00 +8));
    given::<Penalty>(waived.clone())
        .when(decide(5_000), &before)
        .refused(Refusal::DefenceWindowOpen { until: date!(2023 - 03 - 31) });
    let events = after(waived, decide(5_000), &head(next));
    assert!(matches!(beside_clocks(events.clone()).pop(), Some(Event::Decided { .. })));
}

#[test]
fn a_defence_that_comes_after_the_window_is_late() {
    let command = Command::ReceiveDefence { document: "d".into() };
    given::<Penalty>(noticed(5_000))
        .when(command, &officer(AFTER))
        .refused(Refusal::DefenceTooLate { until: date!(2023 - 03 - 31) });
}

#[test]
fn silence_is_noted_once_when_the_window_is_over() {
    let standing = given::<Penalty>(noticed(5_000));
    assert_eq!(standing.deadline(), Some(AFTER));
    let Some(Event::NoticeServed { defend_by, .. }) = beside_clocks(noticed(5_000)).pop() else { panic!() };
    let over = clock::Event::Lapsed { what: clock::Lapse::Right, due: defend_by.clone() };
    let lapsed = Event::DefenceLapsed { due: defend_by };
    let said = standing.when(Command::Tick, &officer(AFTER)).events();
    let hearing = Event::Clock { duty: Duty::RequestHearing, event: over.clone() };
    assert_eq!(said, [Event::Clock { duty: Duty::Defend, event: over }, lapsed, hearing]);
    let events = noticed(5_000).into_iter().chain(said);
    assert_eq!(given::<Penalty>(events).when(Command::Tick, &officer(AFTER)).events(), []);
    let waived = after(noticed(5_000), waive(true), &officer(NOTICE));
    assert_eq!(given::<Penalty>(waived).when(Command::Tick, &officer(AFTER)).events(), []);
}

#[test]
fn a_defence_never_aggravates() {
    given::<Penalty>(noticed(20_000))
        .when(decide(20_001), &head(MONDAY))
        .refused(Refusal::Aggravated { noticed: InYuan(20_000 * YUAN) });
    let events = after(noticed(20_000), decide(10_000), &head(MONDAY));
    assert!(matches!(beside_clocks(events.clone()).pop(), Some(Event::Decided { fine_fen: 1_000_000, .. })));
}

#[test]
fn only_the_head_decides() {
    given::<Penalty>(noticed(5_000)).when(decide(5_000), &officer(MONDAY)).refused(Refusal::NotTheHead);
}

#[test]
fn nothing_is_decided_before_the_act_is_the_cases() {
    let cx = officer(DAY);
    let events = story(vec![
        (file(&["fire-60-1"], None, None, &cx), cx.clone()),
        (conclude(5_000, &[]), cx),
        (notify(true), officer(NOTICE)),
    ]);
    given::<Penalty>(events.clone()).when(decide(5_000), &head(MONDAY)).refused(Refusal::ActNotClaimed);
    let events = after(events, Command::DenyAct { holder: id("p-0") }, &officer(NOTICE));
    given::<Penalty>(events)
        .when(decide(5_000), &head(MONDAY))
        .refused(Refusal::ActHeldByAnother { holder: id("p-0") });
}

fn to_review(ground: ReviewGround) -> Vec<Event> {
    after(concluded(5_000, &[ground]), notify(true), &officer(NOTICE))
}

fn review(passed: bool) -> Command {
    Command::Review { passed, opinion: "o".into() }
}

#[test]
fn what_the_law_wants_reviewed_is_decided_only_after_a_passed_review() {
    for ground in [ReviewGround::PublicInterest, ReviewGround::Statutory] {
        let events = to_review(ground);
        given::<Penalty>(events.clone()).when(decide(5_000), &head(MONDAY)).refused(Refusal::NotReviewed);
        let failed = after(events.clone(), review(false), &reviewer(NOTICE));
        given::<Penalty>(failed.clone()).when(decide(5_000), &head(MONDAY)).refused(Refusal::NotReviewed);
        let passed = after(failed, review(true), &reviewer(NOTICE));
        assert!(matches!(
            beside_clocks(after(passed, decide(5_000), &head(MONDAY))).last(),
            Some(Event::Decided { .. })
        ));
    }
}

#[test]
fn the_reviewer_is_a_reviewer_who_did_not_handle_the_case() {
    let events = to_review(ReviewGround::Statutory);
    given::<Penalty>(events.clone()).when(review(true), &officer(NOTICE)).refused(Refusal::NotAReviewer);
    let mut handler = reviewer(NOTICE);
    handler.actor.id = id("officer");
    given::<Penalty>(events.clone()).when(review(true), &handler).refused(Refusal::ReviewerHandledCase);
    let mut on_the_spot = reviewer(NOTICE);
    on_the_spot.actor.certificate = Some(id("c-2"));
    given::<Penalty>(events).when(review(true), &on_the_spot).refused(Refusal::ReviewerHandledCase);
    given::<Penalty>(claimed()).when(review(true), &reviewer(DAY)).refused(Refusal::NotConcluded);
}

#[test]
fn a_review_of_an_older_proposal_does_not_count() {
    let ground = ReviewGround::Statutory;
    let reviewed = after(concluded(5_000, &[ground]), review(true), &reviewer(DAY));
    let events = after(reviewed, conclude(50_000, &[ground]), &officer(DAY));
    let events = after(events, notify(true), &officer(NOTICE));
    given::<Penalty>(events).when(decide(50_000), &head(MONDAY)).refused(Refusal::NotReviewed);
}

#[test]
fn a_complex_case_is_discussed_collectively() {
    let events = after(to_review(ReviewGround::Complex), review(true), &reviewer(NOTICE));
    given::<Penalty>(events.clone())
        .when(decide(5_000), &head(MONDAY))
        .refused(Refusal::NoCollectiveDiscussion);
    let panel = vec!["office-a".into(), "office-b".into()];
    let command = Command::Decide { document: "x".into(), fine_fen: 500_000, panel, delegation: None };
    assert!(matches!(
        beside_clocks(after(events, command, &head(MONDAY))).last(),
        Some(Event::Decided { .. })
    ));
}

#[test]
fn a_decision_is_late_after_ninety_days_and_the_breach_is_told_once() {
    let late = datetime!(2023-06-19 0:00 +8);
    let waived = woken::<Penalty>(after(noticed(5_000), waive(true), &officer(NOTICE)));
    let standing = given::<Penalty>(waived.clone());
    assert_eq!(standing.deadline(), Some(late));
    let Some(Event::Filed { decide_by: due, .. }) = waived.first().cloned() else { panic!() };
    let said = standing.when(Command::Tick, &officer(late)).events();
    let event = clock::Event::Breached { due };
    assert_eq!(said, [Event::Clock { duty: Duty::Decide, event }]);
    let events: Vec<_> = waived.into_iter().chain(said).collect();
    assert_eq!(given::<Penalty>(events.clone()).when(Command::Tick, &officer(late)).events(), []);
    let events = after(events, decide(5_000), &head(late));
    assert!(matches!(beside_clocks(events.clone()).pop(), Some(Event::Decided { in_time: false, .. })));
}

fn towns_case() -> Vec<Event> {
    let cx = town(Role::Officer, DAY);
    story(vec![
        (file(&["fire-60-1"], Some(delegation()), None, &cx), cx.clone()),
        (Command::ConfirmAct, cx.clone()),
        (conclude(5_000, &[]), cx),
        (notify(true), town(Role::Officer, NOTICE)),
    ])
}

fn decide_under(delegation: Option<Delegation>) -> Command {
    Command::Decide { document: "x".into(), fine_fen: 5_000 * YUAN, panel: vec![], delegation }
}

#[test]
fn a_town_decides_in_the_delegators_name_while_the_delegation_is_in_force() {
    let cx = town(Role::Head, MONDAY);
    let events = after(towns_case(), decide_under(Some(delegation())), &cx);
    let Some(Event::Decided { authority, .. }) = beside_clocks(events.clone()).pop() else { panic!() };
    assert_eq!(authority.to_string(), "fire.330723");
    given::<Penalty>(towns_case()).when(decide_under(None), &cx).refused(Refusal::DelegationMissing);
    let suspended = Delegation { until: NOTICE, ..delegation() };
    given::<Penalty>(towns_case())
        .when(decide_under(Some(suspended)), &cx)
        .refused(Refusal::DelegationNotInForce);
    let other = Delegation { id: id("d-2"), ..delegation() };
    given::<Penalty>(towns_case()).when(decide_under(Some(other)), &cx).refused(Refusal::NotTheDelegate);
}

#[test]
fn the_delegator_may_decide_what_is_decided_in_its_name() {
    let events = after(towns_case(), decide_under(None), &head(MONDAY));
    assert!(matches!(beside_clocks(events.clone()).pop(), Some(Event::Decided { .. })));
}

#[test]
fn a_decided_case_is_not_decided_again() {
    given::<Penalty>(decided()).when(decide(5_000), &head(MONDAY)).refused(Refusal::AlreadyDecided);
}
