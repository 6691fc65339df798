//! A listing (列入严重失信主体名单): proposed, noticed, defended, decided, published, ended, and undone when its basis falls.

mod clocks;
mod command;
mod event;
mod state;

pub use command::{Command, Listing, Penalty, Proposal, Refusal};
pub use event::{Basis, Duty, Event, Ground, LegalForm, Party};
pub use state::{Defence, Open, Stage, State, Term};

use state::evolve;

/// 安全生产严重失信主体名单管理办法 (应急管理部令第11号), as a basis names it.
pub const ORDER_11: &str = "order-11";

decider::id! {
    /// A listing's id.
    ListingId
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
