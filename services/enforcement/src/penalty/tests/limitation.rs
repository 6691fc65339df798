//! An act that was not found in time is not punished (行政处罚法 36).

use time::Weekday;

use super::*;

/// Filing for an act of this day.
fn of(act: Date, cx: &Context) -> Command {
    with(file(&["fire-60-1"], None, None, cx), Some(act), None, None)
}

fn with(mut command: Command, act: Option<Date>, found: Option<Date>, harmed: Option<&str>) -> Command {
    if let Command::File { act_on, found_on, harm, .. } = &mut command {
        (*act_on, *found_on, *harm) = (act, found, harmed.map(String::from));
    }
    command
}

fn is_filed(history: impl IntoIterator<Item = Event>, command: Command, cx: &Context) -> bool {
    matches!(given::<Penalty>(history).when(command, cx).facts()[..], [Event::Filed { .. }])
}

fn concluded_as(act: Option<Date>, harmed: Option<&str>) -> Command {
    let mut command = conclude(5_000, &[]);
    if let Command::Conclude { act_on, harm, .. } = &mut command {
        (*act_on, *harm) = (act, harmed.map(String::from));
    }
    command
}

#[test]
fn an_act_that_was_not_found_within_two_years_is_not_punished() {
    let cx = officer(DAY);
    assert!(is_filed([], of(date!(2021 - 03 - 20), &cx), &cx));
    let until = date!(2023 - 03 - 19);
    assert_eq!(until.weekday(), Weekday::Sunday, "the authority's last day does not move");
    given::<Penalty>([]).when(of(date!(2021 - 03 - 19), &cx), &cx).refused(Refusal::FoundTooLate { until });
}

#[test]
fn where_life_or_health_came_to_harm_it_is_punished_for_five_years() {
    let burnt = |at| {
        let cx = officer(at);
        (with(of(date!(2021 - 04 - 29), &cx), Some(date!(2021 - 04 - 29)), None, Some("burns")), cx)
    };
    let (command, cx) = burnt(datetime!(2026-04-29 23:59 +8));
    assert!(is_filed([], command, &cx));
    let (command, cx) = burnt(datetime!(2026-04-30 0:00 +8));
    let until = date!(2026 - 04 - 29);
    given::<Penalty>([]).when(command, &cx).refused(Refusal::FoundTooLate { until });
}

#[test]
fn an_accident_is_harm_by_itself() {
    let accident = |at| {
        let cx = emergency(Role::Officer, at);
        let filing = file(&["safety-114"], None, Some(Level::Major), &cx);
        (with(filing, Some(date!(2021 - 10 - 17)), None, None), cx)
    };
    let (command, cx) = accident(datetime!(2026-10-17 10:00 +8));
    assert!(is_filed([], command, &cx));
    let (command, cx) = accident(datetime!(2026-10-18 10:00 +8));
    let until = date!(2026 - 10 - 17);
    given::<Penalty>([]).when(command, &cx).refused(Refusal::FoundTooLate { until });
}

#[test]
fn what_was_found_in_time_may_be_filed_later() {
    let cx = officer(DAY);
    let act = date!(2021 - 03 - 01);
    let found = |day| with(of(act, &cx), Some(act), Some(day), None);
    assert!(is_filed([], found(date!(2023 - 03 - 01)), &cx));
    let until = date!(2023 - 03 - 01);
    given::<Penalty>([]).when(found(date!(2023 - 03 - 02)), &cx).refused(Refusal::FoundTooLate { until });
    let day = date!(2023 - 03 - 21);
    given::<Penalty>([]).when(found(day), &cx).refused(Refusal::FoundAhead { day });
}

#[test]
fn what_was_referred_was_found_then() {
    let found_on = date!(2023 - 03 - 20);
    let referred = Event::Referred { subject: subject(), order: "o-1".into(), found_on };
    let cx = officer(datetime!(2023-05-20 10:00 +8));
    assert!(is_filed([referred.clone()], of(date!(2021 - 04 - 29), &cx), &cx));
    let until = date!(2023 - 03 - 19);
    given::<Penalty>([referred])
        .when(of(date!(2021 - 03 - 19), &cx), &cx)
        .refused(Refusal::FoundTooLate { until });
}

#[test]
fn the_investigation_may_find_an_older_act_or_harm() {
    let cx = officer(datetime!(2023-06-01 10:00 +8));
    let filed =
        story(vec![(file(&["fire-60-1"], None, None, &cx), cx.clone()), (Command::ConfirmAct, cx.clone())]);
    let older = Some(date!(2021 - 05 - 01));
    let until = date!(2023 - 05 - 01);
    given::<Penalty>(filed.clone())
        .when(concluded_as(older, None), &cx)
        .refused(Refusal::FoundTooLate { until });
    let events = after(filed, concluded_as(older, Some("burns")), &cx);
    let noticed = after(events, notify(true), &cx);
    let head = head(datetime!(2023-07-03 10:00 +8));
    let decided = after(noticed, decide(5_000), &head);
    assert!(matches!(beside_clocks(decided).last(), Some(Event::Decided { .. })));
}

#[test]
fn the_time_that_a_case_takes_does_not_bar_it() {
    let cx = officer(DAY);
    let act = date!(2021 - 05 - 01);
    let filed = story(vec![(of(act, &cx), cx.clone()), (Command::ConfirmAct, cx)]);
    let events = after(filed, conclude(5_000, &[]), &officer(DAY));
    let noticed = after(events, notify(true), &officer(NOTICE));
    let late = head(datetime!(2023-06-01 10:00 +8));
    given::<Penalty>(noticed).when(decide(5_000), &late).facts();
}

#[test]
fn what_was_filed_before_this_was_asked_is_asked_at_the_decision() {
    let long_ago = date!(2021 - 03 - 19);
    let filed_as = |mut event| {
        if let Event::Filed { act_on, .. } | Event::InvestigationConcluded { act_on, .. } = &mut event {
            *act_on = long_ago;
        }
        event
    };
    let events: Vec<_> = noticed(5_000).into_iter().map(filed_as).collect();
    let until = date!(2023 - 03 - 19);
    given::<Penalty>(events).when(decide(5_000), &head(AFTER)).refused(Refusal::FoundTooLate { until });
}
