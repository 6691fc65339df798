//! What can be asked of an entry: to be written, once.

use decider::{Context, Decider};

use super::{Event, Noted, State, evolve};

/// A command for an entry.
#[derive(Debug, Clone)]
pub enum Command {
    /// 记载
    Record { fact: Noted },
}

decider::refusals! {
    /// Why an entry refuses a command.
    pub enum Refusal {
        /// A log never changes what stands at a position; if it seems to, the first telling stays.
        Contradicted { source: String, position: u64 } => "",
            "{source} 第 {position} 号位置已记载另一事实，以先记载者为准",
            "another event was told of position {position} of {source} before, and stays";
    }
}

/// The entry's decider.
pub struct Entry;

impl Decider for Entry {
    const NAME: &'static str = "entry";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, Command::Record { fact }: Command, _: &Context) -> Result<Vec<Event>, Refusal> {
        match state {
            None => Ok(vec![Event::Recorded { fact }]),
            // The body may differ when the source was upgraded between two tellings; the event is the same.
            Some(id) if *id == fact.id => Ok(vec![]),
            Some(_) => Err(Refusal::Contradicted { source: fact.source, position: fact.position }),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }
}
