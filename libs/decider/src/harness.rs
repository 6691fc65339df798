//! given / when / then: a decider's specification reads as a sentence of the law.

use std::fmt::Debug;

use law::{AreaCode, Calendar, RulePack};
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
    Context { now: at, at, actor, rules: RulePack::builtin(), calendar: Calendar::builtin() }
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
    /// Exactly these events happen, in this order.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = D::Event>) -> Given<D> {
        let events = self.outcome.expect("the command is accepted");
        assert_eq!(events, expected.into_iter().collect::<Vec<_>>());
        Given { state: events.iter().fold(self.state, D::evolve) }
    }

    /// The command is refused with this refusal.
    #[track_caller]
    pub fn refused(self, expected: D::Refusal) {
        assert_eq!(self.outcome.expect_err("the command is refused"), expected);
    }

    /// The events, for a test that looks at one field of them.
    #[track_caller]
    pub fn events(self) -> Vec<D::Event> {
        self.outcome.expect("the command is accepted")
    }
}
