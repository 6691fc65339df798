//! Two tiny services: `alpha` counts, `beta` copies what alpha made public, every copy a visible event.

use decider::harness::actor;
use decider::{
    Actor, Context, Decider, DepartmentKind, DomainEvent, Fact, Order, Public, Reaction, Recorded, Unreadable,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Alpha keeps events with this number to itself.
pub(crate) const PRIVATE: u64 = 1_000_001;
/// Beta's rule says no to this number.
pub(crate) const UNWELCOME: u64 = 1_000_002;
/// Beta's policy cannot read this number.
pub(crate) const POISON: u64 = 1_000_003;
/// Alpha cannot publish this number.
pub(crate) const UNMAPPABLE: u64 = 1_000_004;

pub(crate) const COUNTED: &str = "fenghuo.alpha.v1.Counted";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(crate) enum Event {
    Counted { n: u64 },
    Copied { n: u64 },
    Followed { n: u64 },
}

impl DomainEvent for Event {
    fn name(&self) -> &'static str {
        match self {
            Self::Counted { .. } => "Counted",
            Self::Copied { .. } => "Copied",
            Self::Followed { .. } => "Followed",
        }
    }
}

decider::refusals! {
    /// Why beta says no.
    #[allow(unreachable_pub)]
    pub enum No {
        Unwelcome => "", "不收", "this number is not welcome";
    }
}

macro_rules! appender {
    ($name:ident, $aggregate:literal, $event:ident) => {
        /// Turns every command into an event, so that a double effect shows.
        pub(crate) struct $name;

        impl Decider for $name {
            const NAME: &'static str = $aggregate;
            type State = ();
            type Command = u64;
            type Event = Event;
            type Refusal = No;

            fn decide((): &(), n: u64, _cx: &Context) -> Result<Vec<Event>, No> {
                if n == UNWELCOME { Err(No::Unwelcome) } else { Ok(vec![Event::$event { n }]) }
            }

            fn evolve((): (), _event: &Event) {}
        }
    };
}

appender!(Copy, "copy", Copied);
appender!(Follow, "follow", Followed);

/// How many streams the effects are spread over.
const STREAMS: u64 = 16;
/// From this number on, every ten effects have a stream of their own.
pub(crate) const SPREAD: u64 = 2_000_000;

fn place(n: u64) -> u64 {
    if n < SPREAD { n % STREAMS } else { n / 10 }
}

pub(crate) fn publish(recorded: &Recorded) -> Result<Option<Public>, Unreadable> {
    match recorded.event().map_err(|error| unreadable(&recorded.kind, &error))? {
        Event::Counted { n: UNMAPPABLE } => Err(unreadable(&recorded.kind, &"no such message")),
        Event::Counted { n } if n != PRIVATE => {
            Ok(Some(Public { kind: COUNTED.to_owned(), body: json!({ "n": n.to_string() }), to: Vec::new() }))
        }
        _ => Ok(None),
    }
}

/// Alpha after its mapping was mended.
pub(crate) fn publish_all(recorded: &Recorded) -> Result<Option<Public>, Unreadable> {
    match recorded.event().map_err(|error| unreadable(&recorded.kind, &error))? {
        Event::Counted { n } => {
            Ok(Some(Public { kind: COUNTED.to_owned(), body: json!({ "n": n.to_string() }), to: Vec::new() }))
        }
        _ => Ok(None),
    }
}

/// Beta publishes nothing.
pub(crate) fn publish_nothing(_: &Recorded) -> Result<Option<Public>, Unreadable> {
    Ok(None)
}

pub(crate) fn react(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    if fact.kind != COUNTED {
        return Ok(Vec::new());
    }
    let n = fact.body["n"].as_str().and_then(|n| n.parse().ok()).filter(|n| *n != POISON);
    let n: u64 = n.ok_or_else(|| unreadable(&fact.kind, &"no number"))?;
    Ok(vec![Reaction::new("copy", Order::of::<Copy>(&format!("c{}", place(n)), n))])
}

/// Beta's process manager follows every copy.
pub(crate) fn advance(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    if recorded.stream.category() != Copy::NAME {
        return Ok(Vec::new());
    }
    match recorded.event().map_err(|error| unreadable(&recorded.kind, &error))? {
        Event::Copied { n } => {
            Ok(vec![Reaction::new("follow", Order::of::<Follow>(&format!("f{}", place(n)), n))])
        }
        _ => Ok(Vec::new()),
    }
}

pub(crate) fn someone() -> Actor {
    actor(DepartmentKind::Fire, "330723", &[])
}

fn unreadable(kind: &str, reason: &dyn std::fmt::Display) -> Unreadable {
    Unreadable { kind: kind.to_owned(), reason: reason.to_string() }
}
