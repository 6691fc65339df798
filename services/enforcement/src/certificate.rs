//! An officer's certificate (行政执法证): issued, withdrawn. Without one nobody inspects, files or seals.

mod command;
mod event;
mod state;

pub use command::{Certification, Command, Refusal};
pub use event::Event;
pub use state::State;

use state::evolve;

decider::id! {
    /// A certificate's number.
    CertificateId
}

#[cfg(test)]
mod tests;
