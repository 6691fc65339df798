//! given / when / then: a decider's specification reads as a sentence of the law.

use std::{fmt::Debug, sync::Arc};

use law::{AreaCode, Book, Calendar, RulePack, Source};
use time::OffsetDateTime;

use crate::{Actor, ActorKind, Context, Decider, Department, DepartmentKind, Id, Role};

/// An officer of a department, for tests.
pub fn actor(kind: DepartmentKind, area: &str, roles: &[Role]) -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: Id::parse("tester").expect("a literal id"),
        department: Department { kind, area: AreaCode::parse(area).expect("a test's area code is valid") },
        roles: roles.to_vec(),
        certificate: None,
    }
}

/// A context at an instant, with the built-in calendar and rule pack, for tests.
pub fn context(at: OffsetDateTime, actor: Actor) -> Context {
    let book = Book::new(RulePack::builtin(), Calendar::builtin());
    Context::under(&Arc::new(book), at, at, actor)
}

/// The same context under a calendar in which this working day, written as 2023-03-30, is off.
pub fn closing(day: &str, cx: &Context) -> Context {
    let file = format!(
        r#"{{"area": "330723", "edition": "1", "basis": "x", "closed": [{{"date": "{day}", "reason": "x"}}]}}"#
    );
    let calendar = cx.calendar.with(&[Source::from(file.as_str())]).expect("a test closes a working day");
    Context { calendar: calendar.into(), ..cx.clone() }
}

/// The history after the next instant at which one of its clocks speaks, such as the warning of a duty.
pub fn woken<D: Decider>(mut events: Vec<D::Event>) -> Vec<D::Event>
where
    D::Refusal: Debug,
{
    let state = events.iter().fold(D::State::default(), D::evolve);
    let (at, command) = D::deadline(&state).expect("a clock runs");
    let cx = context(at, actor(DepartmentKind::Fire, "330723", &[]));
    events.extend(D::decide(&state, command, &cx).expect("a clock is not refused"));
    events
}

/// What had happened before.
pub struct Given<D: Decider> {
    state: D::State,
}

/// What happened then.
pub struct Then<D: Decider> {
    state: D::State,
    outcome: Result<Vec<D::Event>, D::Refusal>,
}

/// Starts a specification from past events.
pub fn given<D: Decider>(events: impl IntoIterator<Item = D::Event>) -> Given<D> {
    Given { state: events.into_iter().fold(D::State::default(), |state, event| D::evolve(state, &event)) }
}

impl<D: Decider> Given<D> {
    /// Gives a command in a context.
    pub fn when(self, command: D::Command, cx: &Context) -> Then<D> {
        let outcome = D::decide(&self.state, command, cx);
        Then { state: self.state, outcome }
    }

    /// The deadline that stands in this state.
    pub fn deadline(&self) -> Option<OffsetDateTime> {
        D::deadline(&self.state).map(|(at, _)| at)
    }
}

impl<D: Decider> Then<D>
where
    D::Event: Debug + PartialEq,
    D::Refusal: Debug + PartialEq,
{
    /// Exactly these events happen, in this order, beside what the clocks say.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = D::Event>) -> Given<D> {
        let events = self.outcome.expect("the command is accepted");
        assert_eq!(beside_clocks(events.clone()), expected.into_iter().collect::<Vec<_>>());
        Given { state: events.iter().fold(self.state, D::evolve) }
    }

    /// The command is refused with this refusal.
    #[track_caller]
    pub fn refused(self, expected: D::Refusal) {
        assert_eq!(self.outcome.expect_err("the command is refused"), expected);
    }

    /// The events beside what the clocks say, for a test that looks at one field of them.
    #[track_caller]
    pub fn facts(self) -> Vec<D::Event> {
        beside_clocks(self.events())
    }

    /// All events: a history to go on with.
    #[track_caller]
    pub fn events(self) -> Vec<D::Event> {
        self.outcome.expect("the command is accepted")
    }
}

/// The events that are not a clock's.
pub fn beside_clocks<E: crate::DomainEvent>(events: Vec<E>) -> Vec<E> {
    events.into_iter().filter(|event| event.name() != "Clock").collect()
}

/// An aggregate whose stored shapes are checked: its name, its events, and how one is read and written again.
pub struct Shape {
    aggregate: &'static str,
    events: &'static [&'static str],
    rewrite: fn(&str) -> (String, serde_json::Value),
}

impl Shape {
    /// The stored shapes of an event type; `events` are all its variants' names.
    pub const fn of<E: crate::DomainEvent>(aggregate: &'static str, events: &'static [&'static str]) -> Self {
        Self { aggregate, events, rewrite: rewrite::<E> }
    }
}

fn rewrite<E: crate::DomainEvent>(text: &str) -> (String, serde_json::Value) {
    let event: E = serde_json::from_str(text).expect("a stored shape loads");
    (event.name().to_owned(), serde_json::to_value(&event).expect("an event is written"))
}

/// Every file `stored/<Aggregate>.<Event>[.<note>].json` of a crate loads as the event it names, and is written
/// again as it was; and every event has one.
///
/// # Panics
/// If one does not.
#[track_caller]
pub fn check_stored(crate_dir: &str, shapes: &[Shape]) {
    let mut seen = std::collections::BTreeSet::new();
    let dir = std::path::Path::new(crate_dir).join("stored");
    for entry in std::fs::read_dir(&dir).expect("the crate has a folder stored/") {
        let path = entry.expect("the folder can be listed").path();
        let file = path.file_name().and_then(|name| name.to_str()).expect("file names are text").to_owned();
        let text = std::fs::read_to_string(&path).expect("a stored shape can be read");
        let mut words = file.split('.');
        let (aggregate, event) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let shape = shapes.iter().find(|shape| shape.aggregate == aggregate);
        let shape = shape.unwrap_or_else(|| panic!("{file}: no aggregate is called {aggregate}"));
        let (name, written) = (shape.rewrite)(&text);
        assert_eq!(name, event, "{file}");
        let stored: serde_json::Value = serde_json::from_str(&text).expect("a stored shape is JSON");
        assert_eq!(written, stored, "{file}");
        seen.insert(format!("{aggregate}.{event}"));
    }
    let all = shapes
        .iter()
        .flat_map(|shape| shape.events.iter().map(|event| format!("{}.{event}", shape.aggregate)));
    assert_eq!(seen, all.collect(), "one file for each event");
}
