//! The specification of a matter, sentence by sentence.

use decider::{
    Context, DepartmentKind, Id, Role,
    harness::{actor, context, given},
};
use law::AreaCode;
use time::macros::datetime;

use super::*;

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn by(roles: &[Role], area: &str) -> Context {
    context(datetime!(2023-03-01 10:00 +8), actor(DepartmentKind::Fire, area, roles))
}

fn officer() -> Context {
    by(&[Role::Officer], "330723")
}

/// Reports are numbered in the order of their receipt.
fn enter(claim: &str) -> Command {
    let minutes = claim.trim_start_matches("r-").parse().unwrap();
    let received_at = datetime!(2023-02-01 10:00 +8) + time::Duration::minutes(minutes);
    Command::Enter { claim: id(claim), area: AreaCode::parse("330723103").unwrap(), received_at }
}

fn conclude(claim: &str, confirmed: bool) -> Command {
    Command::Conclude { claim: id(claim), confirmed }
}

fn distinguish(claim: &str) -> Command {
    Command::Distinguish { claim: id(claim), document: "note".into() }
}

fn story(commands: impl IntoIterator<Item = Command>) -> Vec<Event> {
    commands.into_iter().fold(vec![], |mut events, command| {
        events.extend(given::<Matter>(events.clone()).when(command, &officer()).events());
        events
    })
}

fn two() -> Vec<Event> {
    story([enter("r-1"), enter("r-2")])
}

fn ranked() -> Vec<Event> {
    story([enter("r-1"), enter("r-2"), conclude("r-1", true), conclude("r-2", true)])
}

#[test]
fn a_report_is_entered_once() {
    given::<Matter>(two()).when(enter("r-1"), &officer()).then([]);
}

#[test]
fn the_first_accepted_and_verified_report_is_first() {
    given::<Matter>(two())
        .when(conclude("r-1", true), &officer())
        .then([Event::Confirmed { claim: id("r-1") }, Event::FirstDetermined { claim: id("r-1") }]);
}

#[test]
fn nobody_is_first_while_an_earlier_report_is_open() {
    let events = story([enter("r-1"), enter("r-2"), conclude("r-2", true)]);
    assert_eq!(events.last(), Some(&Event::Confirmed { claim: id("r-2") }));
    given::<Matter>(events).when(conclude("r-1", true), &officer()).then([
        Event::Confirmed { claim: id("r-1") },
        Event::FirstDetermined { claim: id("r-1") },
        Event::CorroboratorDetermined { claim: id("r-2"), first: id("r-1") },
    ]);
}

#[test]
fn who_was_received_first_is_first_in_whatever_order_we_hear_of_it() {
    let events = story([enter("r-2"), enter("r-1"), conclude("r-2", true)]);
    assert_eq!(events.last(), Some(&Event::Confirmed { claim: id("r-2") }));
}

#[test]
fn a_dismissed_report_leaves_its_place_to_the_next() {
    let events = story([enter("r-1"), enter("r-2"), conclude("r-2", true)]);
    given::<Matter>(events)
        .when(conclude("r-1", false), &officer())
        .then([Event::Dismissed { claim: id("r-1") }, Event::FirstDetermined { claim: id("r-2") }]);
}

#[test]
fn a_report_is_concluded_once_and_only_if_it_was_entered() {
    given::<Matter>(ranked()).when(conclude("r-1", false), &officer()).then([]);
    given::<Matter>(two()).when(conclude("r-3", true), &officer()).refused(Refusal::NotEntered);
}

#[test]
fn an_officer_finds_a_later_report_to_be_of_another_matter() {
    let events = given::<Matter>(ranked()).when(distinguish("r-2"), &officer()).events();
    assert!(matches!(events[..], [Event::FoundDistinct { .. }]));
}

#[test]
fn what_comes_after_a_distinct_report_comes_behind_it() {
    let events = story([
        enter("r-1"),
        enter("r-2"),
        conclude("r-1", true),
        conclude("r-2", true),
        distinguish("r-2"),
        enter("r-3"),
    ]);
    given::<Matter>(events).when(conclude("r-3", true), &officer()).then([
        Event::Confirmed { claim: id("r-3") },
        Event::CorroboratorDetermined { claim: id("r-3"), first: id("r-2") },
    ]);
}

#[test]
fn only_an_officer_of_the_area_distinguishes_and_only_a_later_report() {
    given::<Matter>(ranked())
        .when(distinguish("r-2"), &by(&[Role::Head], "330723"))
        .refused(Refusal::NotAnOfficer);
    given::<Matter>(ranked())
        .when(distinguish("r-2"), &by(&[Role::Officer], "330726"))
        .refused(Refusal::OutsideArea);
    given::<Matter>(ranked()).when(distinguish("r-1"), &officer()).refused(Refusal::NotACorroborator);
    given::<Matter>(ranked()).when(distinguish("r-3"), &officer()).refused(Refusal::NotEntered);
}
