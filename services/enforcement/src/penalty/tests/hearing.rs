//! The right to a hearing (行政处罚法 63-65, invariant 6 of the law).

use decider::{Decider, harness::closing};
use law::clock;

use super::*;

fn request(at: OffsetDateTime) -> Vec<Event> {
    after(noticed(5_000), Command::RequestHearing, &officer(at))
}

fn close() -> Command {
    Command::CloseHearing { record: "h".into() }
}

#[test]
fn without_a_verified_threshold_every_notice_tells_of_the_hearing() {
    given::<Penalty>(concluded(5_000, &[]))
        .when(notify(false), &officer(NOTICE))
        .refused(Refusal::HearingMustBeOffered);
}

#[test]
fn a_threshold_that_a_jurist_allows_frees_the_smaller_fines() {
    let cx = allowing_the_threshold(officer(NOTICE));
    let events = after(concluded(29_999, &[]), notify(false), &cx);
    assert!(matches!(
        beside_clocks(events.clone()).pop(),
        Some(Event::NoticeServed { hearing_by: None, .. })
    ));
    given::<Penalty>(concluded(30_000, &[])).when(notify(false), &cx).refused(Refusal::HearingMustBeOffered);
    given::<Penalty>(events).when(Command::RequestHearing, &cx).refused(Refusal::NoHearingRight);
}

#[test]
fn the_fire_bodies_threshold_is_not_the_emergency_departments() {
    let cx = emergency(Role::Officer, DAY);
    let events = story(vec![
        (file(&["safety-114"], None, Some(Level::General), &cx), cx.clone()),
        (conclude(300_000, &[]), cx),
    ]);
    let cx = allowing_the_threshold(emergency(Role::Officer, NOTICE));
    given::<Penalty>(events).when(notify(false), &cx).refused(Refusal::HearingMustBeOffered);
}

#[test]
fn a_hearing_is_asked_for_within_five_working_days() {
    let Some(Event::NoticeServed { hearing_by: Some(due), .. }) = beside_clocks(noticed(5_000)).pop() else {
        panic!()
    };
    assert_eq!(due.last_day, date!(2023 - 03 - 31));
    let over_a_holiday = officer(datetime!(2026-09-24 10:00 +8));
    let events = after(concluded(5_000, &[]), notify(true), &over_a_holiday);
    let Some(Event::NoticeServed { hearing_by: Some(due), .. }) = beside_clocks(events.clone()).pop() else {
        panic!()
    };
    assert_eq!(due.last_day, date!(2026 - 10 - 09));
    given::<Penalty>(noticed(5_000))
        .when(Command::RequestHearing, &officer(AFTER))
        .refused(Refusal::HearingTooLate { until: date!(2023 - 03 - 31) });
}

#[test]
fn a_waiver_of_the_defence_alone_leaves_the_hearing_open() {
    let events = after(noticed(5_000), waive(false), &officer(NOTICE));
    given::<Penalty>(events.clone())
        .when(decide(5_000), &head(NOTICE))
        .refused(Refusal::HearingWindowOpen { until: date!(2023 - 03 - 31) });
    assert!(matches!(
        beside_clocks(after(events, decide(5_000), &head(AFTER))).last(),
        Some(Event::Decided { .. })
    ));
    let both = after(noticed(5_000), waive(true), &officer(NOTICE));
    given::<Penalty>(both).when(Command::RequestHearing, &officer(NOTICE)).refused(Refusal::HearingWaived);
}

#[test]
fn no_decision_between_request_and_close() {
    let asked = request(NOTICE);
    given::<Penalty>(asked.clone()).when(Command::RequestHearing, &officer(NOTICE)).then([]);
    given::<Penalty>(asked).when(decide(5_000), &head(AFTER)).refused(Refusal::HearingOpen);
}

#[test]
fn who_presides_did_not_handle_the_case() {
    given::<Penalty>(request(NOTICE)).when(close(), &officer(AFTER)).refused(Refusal::PresiderHandledCase);
    given::<Penalty>(noticed(5_000)).when(close(), &reviewer(AFTER)).refused(Refusal::HearingNotRequested);
}

#[test]
fn after_a_hearing_the_case_is_reviewed_with_its_record() {
    let review = Command::Review { passed: true, opinion: "o".into() };
    let early = after(request(NOTICE), review.clone(), &reviewer(NOTICE));
    let presider = person("presider", DepartmentKind::Fire, "330723", Role::Officer, AFTER);
    let closed = after(early, close(), &presider);
    given::<Penalty>(closed.clone()).when(decide(5_000), &head(AFTER)).refused(Refusal::NotReviewed);
    let reviewed = after(closed, review, &reviewer(AFTER));
    given::<Penalty>(reviewed.clone())
        .when(decide(5_000), &head(NOTICE))
        .refused(Refusal::DefenceWindowOpen { until: date!(2023 - 03 - 31) });
    assert!(matches!(
        beside_clocks(after(reviewed, decide(5_000), &head(AFTER))).last(),
        Some(Event::Decided { .. })
    ));
}

#[test]
fn a_waiver_after_the_hearing_does_not_undo_it() {
    let presider = person("presider", DepartmentKind::Fire, "330723", Role::Officer, NOTICE);
    let closed = after(request(NOTICE), close(), &presider);
    let waived = after(closed, waive(true), &officer(NOTICE));
    given::<Penalty>(waived).when(decide(5_000), &head(NOTICE)).refused(Refusal::NotReviewed);
}

/// The clock of the window, after these events.
fn window(events: &[Event]) -> clock::Clock {
    let State::Open(open) = events.iter().fold(State::default(), Penalty::evolve) else { panic!() };
    open.case.clocks.get(&Duty::RequestHearing).unwrap().clone()
}

#[test]
fn the_time_to_ask_for_a_hearing_is_the_unit_s_right_and_lapses() {
    let clock = window(&noticed(5_000));
    assert_eq!((clock.terms.role, clock.terms.lapses), (law::Role::Party, Some(clock::Lapse::Right)));
    assert_eq!(clock.terms.holder, subject().unit.to_string());
    assert_eq!(window(&request(NOTICE)).end, Some(clock::End::Met { at: NOTICE, in_time: true }));
    assert!(window(&after(noticed(5_000), waive(true), &officer(NOTICE))).end.is_some());
    assert!(window(&after(noticed(5_000), waive(false), &officer(NOTICE))).is_running());
    assert!(window(&after(noticed(5_000), Command::Tick, &officer(AFTER))).has_lapsed());
}

#[test]
fn another_calendar_moves_an_open_window_once_and_the_new_day_decides() {
    let cx = closing("2023-03-30", &officer(datetime!(2023-03-27 10:00 +8)));
    let anew = given::<Penalty>(noticed(5_000)).when(Command::Rederive, &cx).events();
    let moved = anew.iter().filter_map(|event| match event {
        Event::Clock { duty, event: clock::Event::Rederived { old, new: Some(new), holder, .. } } => {
            assert_eq!(*holder, subject().unit.to_string());
            Some((*duty, old.due.last_day, new.due.last_day))
        }
        _ => None,
    });
    let (old, new) = (date!(2023 - 03 - 31), date!(2023 - 04 - 03));
    assert_eq!(moved.collect::<Vec<_>>(), [(Duty::Defend, old, new), (Duty::RequestHearing, old, new)]);
    let events = [noticed(5_000), anew].concat();
    assert_eq!(given::<Penalty>(events.clone()).when(Command::Rederive, &cx).events(), []);
    let saturday = officer(AFTER);
    given::<Penalty>(events.clone()).when(Command::RequestHearing, &saturday).facts();
    given::<Penalty>(events)
        .when(decide(5_000), &head(AFTER))
        .refused(Refusal::DefenceWindowOpen { until: new });
}

#[test]
fn another_calendar_leaves_a_window_that_was_used_waived_or_is_over() {
    let cx = closing("2023-03-30", &officer(AFTER));
    let silent = after(noticed(5_000), Command::Tick, &officer(AFTER));
    let waived = after(noticed(5_000), waive(true), &officer(NOTICE));
    let asked = after(request(NOTICE), Command::ReceiveDefence { document: "d".into() }, &officer(NOTICE));
    for closed in [silent, waived, asked] {
        assert_eq!(given::<Penalty>(closed).when(Command::Rederive, &cx).events(), []);
    }
}

#[test]
fn what_was_asked_in_time_and_entered_late_is_in_time() {
    let lapsed = after(noticed(5_000), Command::Tick, &officer(AFTER));
    let late = Context { now: AFTER, ..officer(datetime!(2023-03-31 23:59 +8)) };
    let asked = after(lapsed, Command::RequestHearing, &late);
    assert!(matches!(window(&asked).end, Some(clock::End::Met { in_time: true, .. })));
    given::<Penalty>(asked).when(decide(5_000), &head(AFTER)).refused(Refusal::HearingOpen);
}
