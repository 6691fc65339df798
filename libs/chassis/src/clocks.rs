//! What is the same of clocks in every service: their public messages, the view of them, and how it is asked.

mod door;
mod public;
mod strip;
mod view;

pub use public::clock;

pub(crate) use self::{door::ClockDoor, view::ClocksView};
