//! What a penalty case can ask of an act. Nobody else can: these commands have no door.

use decider::{Context, Decider, Id};

use super::{Event, State, evolve};

/// A command for an act.
#[derive(Debug, Clone)]
pub enum Command {
    /// A case was filed for it.
    Claim { penalty: Id },
    /// A case gives it back.
    Release { penalty: Id },
}

decider::refusals! {
    /// An act refuses nothing: "no" is an event, because the case that asked must learn of it.
    pub enum Refusal {}
}

/// The act's decider.
pub struct Act;

impl Decider for Act {
    const NAME: &'static str = "act";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, _: &Context) -> Result<Vec<Event>, Refusal> {
        Ok(match (command, &state.holder) {
            (Command::Claim { penalty }, None) => vec![Event::Claimed { penalty }],
            (Command::Claim { penalty }, Some(holder)) if penalty == *holder => vec![],
            (Command::Claim { penalty }, Some(_)) if state.denied.contains(&penalty) => vec![],
            (Command::Claim { penalty }, Some(holder)) => {
                vec![Event::Denied { penalty, holder: holder.clone() }]
            }
            (Command::Release { penalty }, Some(holder)) if penalty == *holder => {
                vec![Event::Released { penalty }]
            }
            (Command::Release { .. }, _) => vec![],
        })
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }
}
