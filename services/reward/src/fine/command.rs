//! What can be asked of a fine: to note what the enforcement department made public.

use decider::{Context, Decider, Id};

use super::{Event, State, evolve};

/// A command for a fine.
#[derive(Debug, Clone)]
pub enum Command {
    /// It was imposed, following this report.
    Impose { claim: Id, fine_fen: i64 },
    /// It was revised; nothing is left of a revoked one.
    Revise { fine_fen: i64 },
}

decider::refusals! {
    /// A fine refuses nothing: it only repeats what was made public.
    pub enum Refusal {}
}

/// The fine's decider.
pub struct Fine;

impl Decider for Fine {
    const NAME: &'static str = "fine";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, _: &Context) -> Result<Vec<Event>, Refusal> {
        Ok(match (state, command) {
            (None, Command::Impose { claim, fine_fen }) => vec![Event::Imposed { claim, fine_fen }],
            (Some((claim, standing)), Command::Revise { fine_fen }) if *standing != fine_fen => {
                vec![Event::Revised { claim: claim.clone(), fine_fen }]
            }
            // No report led to the fine, or it is so already.
            (None, Command::Revise { .. }) | (Some(_), Command::Impose { .. } | Command::Revise { .. }) => {
                vec![]
            }
        })
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }
}
