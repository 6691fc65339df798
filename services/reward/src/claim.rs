//! A claim (奖励申请): verified, ranked, computed, funded, approved by two, proved with a code, paid once.

mod clocks;
mod command;
mod event;
mod state;

pub use command::{Claim, Command, INSIDER_UPLIFT, Refusal, instruction, split};
pub use event::{Code, CodeHash, Duty, Event, Exclusion, Rule, Share};
pub use state::{Amount, Funds, Open, Payment, Report, Stage, State};

use state::evolve;

decider::id! {
    /// A claim's id: the id of the report that it rewards.
    ClaimId
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
