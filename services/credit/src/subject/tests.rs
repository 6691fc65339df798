//! The specification of a unit's history, sentence by sentence.

use decider::{
    Context, DepartmentKind, Id,
    harness::{actor, context, given},
};
use law::Level;
use time::{OffsetDateTime, macros::datetime};

use super::*;

const FIRST: OffsetDateTime = datetime!(2023-10-20 10:00 +8);

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn cx() -> Context {
    context(FIRST, actor(DepartmentKind::Emergency, "33", &[]))
}

fn note(penalty: &str, act: &str, level: Level, decided_at: OffsetDateTime) -> Command {
    Command::NotePenalty {
        penalty: id(penalty),
        authority: "emergency.33".parse().unwrap(),
        act: act.into(),
        level: Some(level),
        decided_at,
    }
}

fn story(commands: impl IntoIterator<Item = Command>) -> Vec<Event> {
    commands.into_iter().fold(vec![], |mut events, command| {
        events.extend(given::<Subject>(events.clone()).when(command, &cx()).events());
        events
    })
}

/// The penalties of the last ground that was met.
fn ground(events: &[Event]) -> Option<(Ground, Vec<&str>)> {
    events.iter().rev().find_map(|event| match event {
        Event::GroundMet { ground, penalties, .. } => {
            Some((*ground, penalties.iter().map(Id::as_str).collect()))
        }
        _ => None,
    })
}

#[test]
fn one_major_accident_is_a_ground() {
    let events = story([note("p-1", "fire-1", Level::Major, FIRST)]);
    assert_eq!(ground(&events), Some((Ground::MajorAccident, vec!["p-1"])));
}

#[test]
fn one_larger_accident_is_no_ground() {
    assert_eq!(ground(&story([note("p-1", "fire-1", Level::Larger, FIRST)])), None);
}

#[test]
fn two_larger_accidents_within_twelve_months_are_a_ground() {
    let last_day = datetime!(2024-10-20 23:59 +8);
    let events =
        story([note("p-1", "fire-1", Level::Larger, FIRST), note("p-2", "fire-2", Level::Larger, last_day)]);
    assert_eq!(ground(&events), Some((Ground::TwoLargerAccidents, vec!["p-1", "p-2"])));
}

#[test]
fn two_larger_accidents_further_apart_are_no_ground() {
    let too_late = datetime!(2024-10-21 0:00 +8);
    let events =
        story([note("p-1", "fire-1", Level::Larger, FIRST), note("p-2", "fire-2", Level::Larger, too_late)]);
    assert_eq!(ground(&events), None);
}

#[test]
fn two_penalties_for_one_accident_are_one_accident() {
    let events =
        story([note("p-1", "fire-1", Level::Larger, FIRST), note("p-2", "fire-1", Level::Larger, FIRST)]);
    assert_eq!(ground(&events), None);
}

#[test]
fn a_revoked_penalty_does_not_count() {
    let events = story([
        note("p-1", "fire-1", Level::Larger, FIRST),
        Command::NoteRevocation { penalty: id("p-1") },
        note("p-2", "fire-2", Level::Larger, FIRST),
    ]);
    assert_eq!(ground(&events), None);
}

#[test]
fn a_penalty_is_noted_once() {
    let events = story([note("p-1", "fire-1", Level::Major, FIRST)]);
    given::<Subject>(events).when(note("p-1", "fire-1", Level::Major, FIRST), &cx()).then([]);
}

#[test]
fn every_listing_that_rests_on_a_revoked_penalty_loses_its_basis() {
    let events = story([
        note("p-1", "fire-1", Level::Major, FIRST),
        Command::NoteListing { listing: id("l-1"), penalties: vec![id("p-1")] },
    ]);
    given::<Subject>(events).when(Command::NoteRevocation { penalty: id("p-1") }, &cx()).then([
        Event::PenaltyRevoked { penalty: id("p-1") },
        Event::BasisLost { listing: id("l-1"), penalty: id("p-1") },
        Event::BasisLost { listing: id("p-1"), penalty: id("p-1") },
    ]);
}

#[test]
fn a_penalty_is_revoked_once_and_only_if_it_was_noted() {
    let revoke = || Command::NoteRevocation { penalty: id("p-1") };
    given::<Subject>([]).when(revoke(), &cx()).then([]);
    let events = story([note("p-1", "fire-1", Level::Major, FIRST), revoke()]);
    given::<Subject>(events).when(revoke(), &cx()).then([]);
}

#[test]
fn a_listing_proposed_on_a_penalty_that_was_just_revoked_loses_its_basis() {
    let events = story([
        note("p-1", "fire-1", Level::General, FIRST),
        Command::NoteRevocation { penalty: id("p-1") },
        Command::NoteListing { listing: id("l-1"), penalties: vec![id("p-1")] },
    ]);
    assert_eq!(events.last(), Some(&Event::BasisLost { listing: id("l-1"), penalty: id("p-1") }));
}
