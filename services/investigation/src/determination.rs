//! A cause determination (火灾事故认定): due 30 days from the alarm, appraisals left out, once reviewed above.

mod clocks;
mod command;
mod event;
mod state;

pub use command::{Command, Determination, Refusal};
pub use event::{Duty, Event, Ground, Higher, Outcome};
pub use state::{Appraisal, Issued, Open, Review, Stage, State};

use state::evolve;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
