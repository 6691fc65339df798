//! The event store on PostgreSQL: append, read, follow, execute commands, project views, keep deadlines.
//!
//! **Invariants**: positions of a log are 1, 2, 3 … without gaps, in the order of their commits; the first names the
//! log; an event, once answered for, is stored for ever and never changes; nothing is acknowledged before it is durable.

mod amendments;
mod append;
mod cache;
mod check;
mod clock;
mod committer;
mod connect;
mod deadline;
mod error;
mod execute;
pub mod fault;
mod follow;
pub mod foreign;
pub mod genesis;
mod history;
mod inbox;
mod log;
mod migrate;
mod notice;
mod options;
mod read;
mod readers;
pub mod reading;
mod recent;
mod row;
pub mod rules;
mod stats;
pub mod trace;
mod verify;
mod view;

use decider::Decider;

/// Categories that every log holds beside those of its deciders: what it begins with, what it goes by, who read it.
pub const OWN_CATEGORIES: [&str; 3] = [genesis::CATEGORY, rules::Rules::NAME, reading::CATEGORY];

pub use amendments::{Amendments, DryRun};
pub use append::{Append, Appended, CommandKey, Condition, DeadlineChange, EventData, Expected, Violation};
pub use check::{case_tag, check_json, check_stream};
pub use clock::{Clock, ScriptedClock, SystemClock};
pub use deadline::Deadlines;
pub use error::{AppendError, Error, ExecuteError, Invalid, SeveralError, Unreplayable, ViewError};
pub use execute::{Outcome, Request};
pub use inbox::{InboxRow, ParkedMessage};
pub use log::{Head, Log, World};
pub use migrate::migrate;
pub use options::Options;
pub use read::Direction;
/// The driver, so that views and tests name the same version.
pub use sqlx;
pub use stats::Stats;
pub use verify::{Disorder, OrderReport};
pub use view::{Freshness, Parked, Progress, Rebuilt, View, ViewRead, ViewStatus, Views, replay};
