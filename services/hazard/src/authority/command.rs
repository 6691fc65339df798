//! What can be asked of the register: to note what the enforcement department made public.

use decider::{Context, Decider};

use super::{Event, State, evolve};

/// A command for an entry of the register.
#[derive(Debug, Clone)]
pub enum Command {
    /// Note it.
    Note(Event),
}

decider::refusals! {
    /// The register refuses nothing: it only repeats what was made public.
    pub enum Refusal {}
}

/// The register's decider.
pub struct Authority;

impl Decider for Authority {
    const NAME: &'static str = "authority";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, Command::Note(event): Command, _: &Context) -> Result<Vec<Event>, Refusal> {
        Ok(if state.as_ref() == Some(&event) { vec![] } else { vec![event] })
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }
}
