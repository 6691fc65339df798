//! The right to a hearing (行政处罚法 63-65, invariant 6 of the law).

use decider::{Decider, harness::closing};
use law::clock;

use super::*;

fn request(at: OffsetDateTime) -> Vec<Event> {
    after(noticed(5_000), Command::RequestHearing, &officer(at))
}

/// The day of the hearing; the last day to tell of it is that of the notice.
const HEARING: Date = date!(2023 - 04 - 04);

fn hold(on: Date) -> Command {
    Command::NoticeHearing { document: "hn".into(), on }
}

/// On that day.
const HELD: OffsetDateTime = datetime!(2023-04-04 10:00 +8);

/// Asked for and noticed on the day of the notice.
fn noticed_for(on: Date) -> Vec<Event> {
    after(request(NOTICE), hold(on), &officer(NOTICE))
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
    given::<Penalty>(noticed_for(HEARING))
        .when(close(), &officer(HELD))
        .refused(Refusal::PresiderHandledCase);
    given::<Penalty>(noticed(5_000)).when(close(), &reviewer(HELD)).refused(Refusal::HearingNotRequested);
}

#[test]
fn a_hearing_is_noticed_seven_working_days_before_it() {
    let cx = officer(NOTICE);
    given::<Penalty>(noticed(5_000)).when(hold(HEARING), &cx).refused(Refusal::HearingNotRequested);
    let by = date!(2023 - 03 - 23);
    given::<Penalty>(request(NOTICE))
        .when(hold(date!(2023 - 04 - 03)), &cx)
        .refused(Refusal::HearingNoticedLate { by });
    let told = Event::HearingNoticed { document: "hn".into(), on: HEARING };
    given::<Penalty>(request(NOTICE)).when(hold(HEARING), &cx).then([told]);
    given::<Penalty>(noticed_for(HEARING)).when(hold(HEARING), &cx).then([]);
}

#[test]
fn a_hearing_that_is_put_off_is_noticed_anew() {
    let day = date!(2023 - 04 - 10);
    let cx = officer(datetime!(2023-03-28 10:00 +8));
    let later = after(noticed_for(HEARING), hold(day), &cx);
    given::<Penalty>(later).when(close(), &reviewer(HELD)).refused(Refusal::HearingAhead { on: day });
    let late = officer(datetime!(2023-03-31 10:00 +8));
    given::<Penalty>(noticed_for(HEARING))
        .when(hold(day), &late)
        .refused(Refusal::HearingNoticedLate { by: date!(2023 - 03 - 29) });
}

#[test]
fn no_hearing_is_closed_without_notice_or_before_its_day() {
    given::<Penalty>(request(NOTICE)).when(close(), &reviewer(HELD)).refused(Refusal::HearingNotNoticed);
    given::<Penalty>(noticed_for(HEARING))
        .when(close(), &reviewer(datetime!(2023-04-03 23:59 +8)))
        .refused(Refusal::HearingAhead { on: HEARING });
    given::<Penalty>(noticed_for(HEARING)).when(close(), &reviewer(HELD)).facts();
}

#[test]
fn hearings_are_held_by_officers_reviewers_and_heads() {
    for role in [Role::Grid, Role::Clerk, Role::Finance, Role::Auditor] {
        let cx = |at| person("someone", DepartmentKind::Fire, "330723", role, at);
        given::<Penalty>(request(NOTICE)).when(hold(HEARING), &cx(NOTICE)).refused(Refusal::NoPartInHearings);
        given::<Penalty>(noticed_for(HEARING)).when(close(), &cx(HELD)).refused(Refusal::NoPartInHearings);
    }
    for role in [Role::Officer, Role::Legal, Role::Head] {
        let presider = person("someone", DepartmentKind::Fire, "330723", role, HELD);
        given::<Penalty>(noticed_for(HEARING)).when(close(), &presider).facts();
    }
}

#[test]
fn a_hearing_that_was_noticed_is_waived_or_held_before_the_decision() {
    given::<Penalty>(noticed_for(HEARING)).when(decide(5_000), &head(HELD)).refused(Refusal::HearingOpen);
    given::<Penalty>(noticed_for(HEARING)).when(Command::RequestHearing, &officer(NOTICE)).then([]);
    let waived = after(noticed_for(HEARING), waive(true), &officer(NOTICE));
    given::<Penalty>(waived.clone()).when(close(), &reviewer(HELD)).refused(Refusal::HearingNotRequested);
    given::<Penalty>(waived).when(decide(5_000), &head(HELD)).facts();
}

#[test]
fn after_a_hearing_the_case_is_reviewed_with_its_record() {
    let review = Command::Review { passed: true, opinion: "o".into() };
    let early = after(noticed_for(HEARING), review.clone(), &reviewer(NOTICE));
    let presider = person("presider", DepartmentKind::Fire, "330723", Role::Officer, HELD);
    let closed = after(early, close(), &presider);
    given::<Penalty>(closed.clone()).when(decide(5_000), &head(HELD)).refused(Refusal::NotReviewed);
    let reviewed = after(closed, review, &reviewer(HELD));
    given::<Penalty>(reviewed.clone())
        .when(decide(5_000), &head(NOTICE))
        .refused(Refusal::DefenceWindowOpen { until: date!(2023 - 03 - 31) });
    assert!(matches!(
        beside_clocks(after(reviewed, decide(5_000), &head(HELD))).last(),
        Some(Event::Decided { .. })
    ));
}

#[test]
fn a_waiver_after_the_hearing_does_not_undo_it() {
    let presider = person("presider", DepartmentKind::Fire, "330723", Role::Officer, HELD);
    let closed = after(noticed_for(HEARING), close(), &presider);
    // Written before, entered after.
    let waived = after(closed, waive(true), &officer(NOTICE));
    given::<Penalty>(waived).when(decide(5_000), &head(HELD)).refused(Refusal::NotReviewed);
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
