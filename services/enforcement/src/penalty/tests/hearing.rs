//! The right to a hearing (行政处罚法 63-65, invariant 6 of the law).

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
