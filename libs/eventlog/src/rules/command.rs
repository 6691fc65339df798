//! What a version can be asked in a log.

use decider::{Context, Decider};
use law::Adoption;
use time::OffsetDateTime;

use super::{Event, State, state::evolve};

/// A command for a version.
#[derive(Debug, Clone)]
pub enum Command {
    /// It was adopted by those who may.
    Receive { adoption: Adoption },
    /// Its instant has come.
    TakeEffect,
    /// Every open stream has been looked at.
    Finish { streams: u64 },
}

decider::refusals! {
    /// A version refuses nothing: whether it is adopted was decided elsewhere.
    pub enum Refusal {}
}

/// The decider of a version.
pub struct Rules;

impl Decider for Rules {
    const NAME: &'static str = "rules";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        Ok(match (state, command) {
            (State::Unknown, Command::Receive { adoption }) if adoption.effective_from <= cx.now => {
                vec![Event::Received { adoption }, Event::TookEffect {}]
            }
            (State::Unknown, Command::Receive { adoption }) => vec![Event::Received { adoption }],
            (State::Waiting(adoption), Command::TakeEffect) if adoption.effective_from <= cx.now => {
                vec![Event::TookEffect {}]
            }
            (State::InEffect, Command::Finish { streams }) => vec![Event::Rederived { streams }],
            (
                State::Unknown | State::Waiting(_) | State::InEffect | State::Done,
                Command::Receive { .. } | Command::TakeEffect | Command::Finish { .. },
            ) => vec![],
        })
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }

    fn deadline(state: &State) -> Option<(OffsetDateTime, Command)> {
        match state {
            State::Waiting(adoption) => Some((adoption.effective_from, Command::TakeEffect)),
            State::Unknown | State::InEffect | State::Done => None,
        }
    }
}
