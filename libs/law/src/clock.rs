//! A statutory clock as state: armed, warned, suspended, resumed, extended, met, breached, lapsed, cancelled, re-derived.
//!
//! A clock is folded from its events and decides about itself; it is no timer. Any decider holds as many as it
//! has duties, in [`Clocks`], stores their events among its own and asks for the next instant at which one acts.
//!
//! **Invariant:** events depend on what was asked and when, never on when anybody looked. Each decision first
//! says what the clock alone has said by then, so a warning, a breach and a lapse carry their own instants, and a process
//! that was down across them leaves the same stream as one that was not.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

mod act;
mod clocks;
mod event;
mod refusal;
pub mod shadow;
mod state;
mod warn;

pub use self::{
    act::{Act, Moment, decide, tick},
    clocks::Clocks,
    event::Event,
    refusal::Refusal,
    state::{Clock, End, Extension, Stretch},
    warn::Warn,
};
use crate::{
    due::{Due, Role},
    period::Period,
};

/// What a clock is armed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The row of the rule pack, for example `fire.cause.determine`.
    pub rule: String,
    /// Instrument and article, as cited in that row.
    pub basis: String,
    pub period: Period,
    /// Whose time it is: a party's last day moves past rest days, an agency's does not.
    pub role: Role,
    /// Who must act; a reference, never a name.
    pub holder: String,
    /// The event that started it.
    #[serde(with = "time::serde::rfc3339")]
    pub start: OffsetDateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn: Option<Warn>,
    /// Set where nobody is late when it is over; what is over then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapses: Option<Lapse>,
    /// How often an authority may extend it.
    #[serde(default)]
    pub extensions_max: u32,
}

/// What is over when the time is, where nobody is late then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lapse {
    /// A window in which something may be done: who did not use it has lost the right.
    Right,
    /// A time that only has to pass.
    Term,
}

impl Lapse {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Term => "term",
        }
    }
}

impl Terms {
    /// The time in which a right is used; whose right it is, is its holder. Nobody is warned of their own right.
    pub fn right(self) -> Self {
        Self { lapses: Some(Lapse::Right), warn: None, ..self }
    }

    /// A time that ends by itself.
    pub fn term(self) -> Self {
        Self { lapses: Some(Lapse::Term), warn: None, ..self }
    }
}

/// Until when a clock runs, and from which rules that came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// Holds the version of the calendar.
    pub due: Due,
    /// The version of the rule pack that gave the period.
    pub pack: String,
    /// When the holder is warned, if at all.
    #[serde(with = "time::serde::rfc3339::option", default, skip_serializing_if = "Option::is_none")]
    pub warn_at: Option<OffsetDateTime>,
}

impl Until {
    /// Whether both say the same, whichever versions they said it by.
    pub(crate) fn says_as(&self, other: &Self) -> bool {
        let said = |until: &Self| {
            let Due { at, last_day, rolled, provisional, calendar: _ } = until.due;
            (at, last_day, rolled, provisional, until.warn_at)
        };
        said(self) == said(other)
    }
}
