//! Two tiny departments: one notes, the other copies every note that it is told of, whole.

use decider::{Context, Decider, DomainEvent, Fact, Order, Public, Reaction, Recorded, Unreadable};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::bench::sample::{KIND, STREAM_EVENTS};

/// Who notes.
pub(super) const SENDER: &str = "sender";
/// Who copies.
pub(super) const RECEIVER: &str = "receiver";
/// The type of the public message.
const NOTED: &str = "fenghuo.sender.v1.Noted";

/// What happens in either department.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(super) enum Event {
    /// Something was noted.
    Noted { number: u64, text: String },
}

impl DomainEvent for Event {
    fn name(&self) -> &'static str {
        KIND
    }
}

decider::refusals! {
    /// Why a copy is refused: it never is.
    #[allow(unreachable_pub)]
    pub enum Refusal {}
}

/// A book of copies. It does not know what it holds already, so that a double effect would show.
pub(super) struct Copies;

impl Decider for Copies {
    const NAME: &'static str = "copies";
    type State = ();
    type Command = Event;
    type Event = Event;
    type Refusal = Refusal;

    fn decide((): &(), note: Event, _cx: &Context) -> Result<Vec<Event>, Refusal> {
        Ok(vec![note])
    }

    fn evolve((): (), _event: &Event) {}
}

/// Every note is public.
pub(super) fn publish(recorded: &Recorded) -> Result<Option<Public>, Unreadable> {
    let Event::Noted { number, text } =
        recorded.event().map_err(|error| unreadable(&recorded.kind, &error))?;
    let body = json!({ "number": number.to_string(), "text": text });
    Ok(Some(Public { kind: NOTED.to_owned(), body, to: Vec::new() }))
}

/// Every note is copied, ten into a book.
pub(super) fn react(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    if fact.kind != NOTED {
        return Ok(Vec::new());
    }
    let field = |name: &str| fact.body[name].as_str().ok_or_else(|| unreadable(&fact.kind, &name));
    let number: u64 = field("number")?.parse().map_err(|error| unreadable(&fact.kind, &error))?;
    let note = Event::Noted { number, text: field("text")?.to_owned() };
    let book = (number / STREAM_EVENTS).to_string();
    Ok(vec![Reaction::new("copy", Order::of::<Copies>(&book, note))])
}

fn unreadable(kind: &str, reason: &dyn std::fmt::Display) -> Unreadable {
    Unreadable { kind: kind.to_owned(), reason: reason.to_string() }
}
