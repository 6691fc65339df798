//! The specification of a penalty case, sentence by sentence.

mod decision;
mod filing;
mod hearing;
mod lighter;
mod limitation;
mod random;
mod settlement;

use std::sync::Arc;

use decider::{
    Context, DepartmentKind, Id, Role,
    authority::{Certificate, Delegation, Model},
    harness::{actor, beside_clocks, context, given, woken},
};
use law::{AreaCode, Level, Period, Uscc};
use time::{
    Date, OffsetDateTime,
    macros::{date, datetime},
};

use super::*;

/// An accident of the winter before.
const ACT: Date = date!(2023 - 01 - 17);
/// Filing, and everything before the notice, happens on this Monday.
const DAY: OffsetDateTime = datetime!(2023-03-20 10:00 +8);
/// The notice, a Friday.
const NOTICE: OffsetDateTime = datetime!(2023-03-24 10:00 +8);
/// The first instant after a window of five working days.
const AFTER: OffsetDateTime = datetime!(2023-04-01 0:00 +8);

const YUAN: i64 = 100;

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn person(name: &str, kind: DepartmentKind, area: &str, role: Role, at: OffsetDateTime) -> Context {
    let mut cx = context(at, actor(kind, area, &[role]));
    cx.actor.id = id(name);
    cx
}

fn officer(at: OffsetDateTime) -> Context {
    person("officer", DepartmentKind::Fire, "330723", Role::Officer, at)
}

fn head(at: OffsetDateTime) -> Context {
    person("head", DepartmentKind::Fire, "330723", Role::Head, at)
}

fn reviewer(at: OffsetDateTime) -> Context {
    person("reviewer", DepartmentKind::Fire, "330723", Role::Legal, at)
}

fn town(role: Role, at: OffsetDateTime) -> Context {
    person("town", DepartmentKind::Town, "330723103", role, at)
}

fn emergency(role: Role, at: OffsetDateTime) -> Context {
    person("emergency", DepartmentKind::Emergency, "33", role, at)
}

fn two(cx: &Context) -> Vec<Certificate> {
    ["c-1", "c-2"]
        .map(|number| Certificate {
            number: id(number),
            department: cx.actor.department.clone(),
            from: datetime!(2022-01-01 0:00 +8),
            until: datetime!(2027-01-01 0:00 +8),
        })
        .to_vec()
}

fn delegation() -> Delegation {
    Delegation {
        id: id("d-1"),
        version: 1,
        model: Model::Entrusted,
        delegator: "fire.330723".parse().unwrap(),
        delegate: "town.330723103".parse().unwrap(),
        items: vec![id("fire-60-1")],
        area: AreaCode::parse("330723103").unwrap(),
        from: datetime!(2023-01-01 0:00 +8),
        until: datetime!(2024-01-01 0:00 +8),
    }
}

fn subject() -> Subject {
    Subject {
        unit: Uscc::synthetic(330_723, 1),
        premises: "plant".into(),
        area: AreaCode::parse("330723103").unwrap(),
        act: id("drums"),
        report: Some(id("r-1")),
        reporter_ref: Some(id("ref-1")),
    }
}

fn file(items: &[&str], delegation: Option<Delegation>, level: Option<Level>, cx: &Context) -> Command {
    Command::File {
        subject: Some(subject()),
        items: items.iter().map(|item| id(item)).collect(),
        officers: two(cx),
        delegation,
        accident_level: level,
        // An accident's day must be said.
        act_on: level.map(|_| ACT),
        found_on: None,
        harm: None,
    }
}

fn conclude(fine_yuan: i64, review: &[ReviewGround]) -> Command {
    Command::Conclude {
        facts: "f".into(),
        fine_fen: fine_yuan * YUAN,
        review: review.to_vec(),
        act_on: None,
        harm: None,
    }
}

fn notify(hearing: bool) -> Command {
    Command::ServeNotice { document: "n".into(), defence: Period::WorkingDays(5), hearing }
}

fn decide(fine_yuan: i64) -> Command {
    Command::Decide { document: "x".into(), fine_fen: fine_yuan * YUAN, panel: vec![], delegation: None }
}

fn waive(hearing: bool) -> Command {
    Command::WaiveDefence { document: "w".into(), hearing }
}

/// The events after giving the commands in order.
fn story(commands: Vec<(Command, Context)>) -> Vec<Event> {
    commands.into_iter().fold(vec![], |events, (command, cx)| after(events, command, &cx))
}

fn after(mut events: Vec<Event>, command: Command, cx: &Context) -> Vec<Event> {
    events.extend(given::<Penalty>(events.clone()).when(command, cx).events());
    events
}

/// Filed by the brigade, and the act is the case's.
fn claimed() -> Vec<Event> {
    let cx = officer(DAY);
    story(vec![(file(&["fire-60-1"], None, None, &cx), cx.clone()), (Command::ConfirmAct, cx)])
}

fn concluded(fine_yuan: i64, review: &[ReviewGround]) -> Vec<Event> {
    after(claimed(), conclude(fine_yuan, review), &officer(DAY))
}

/// Told of a fine and of the right to a hearing; both windows end on 2023-03-31.
fn noticed(fine_yuan: i64) -> Vec<Event> {
    after(concluded(fine_yuan, &[]), notify(true), &officer(NOTICE))
}

/// Decided on Monday 2023-04-03.
fn decided() -> Vec<Event> {
    after(noticed(20_000), decide(20_000), &head(datetime!(2023-04-03 10:00 +8)))
}

fn published() -> Vec<Event> {
    after(decided(), Command::Publish, &officer(datetime!(2023-04-04 10:00 +8)))
}

fn allowing_the_threshold(mut cx: Context) -> Context {
    cx.rules = Arc::new(cx.rules.with_allowed(&["penalty.hearing.fine_unit.fire".to_owned()]));
    cx
}
