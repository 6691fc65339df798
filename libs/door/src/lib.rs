//! The event-store protocol over one of our logs: what works with clients of KurrentDB and EventStoreDB.
//!
//! Auditors read and follow a log with client libraries that nobody here wrote. Appending is a matter of
//! configuration and never reaches the streams of a department's own decisions.
//!
//! **Invariant**: nothing that was recorded is changed, hidden or removed through this door, whoever asks.

mod access;
mod append;
mod basket;
mod batch;
mod batch_refusal;
mod door;
mod envelope;
mod expected;
mod features;
mod filter;
mod follow;
mod gossip;
mod history;
mod ids;
mod limits;
mod link;
mod name;
mod out;
mod persistent;
mod query;
mod read;
mod reader;
mod refusal;
mod render;
mod serve;
mod session;
mod session_refusal;
mod several;
mod streams;
mod system;
mod tail;
pub mod wire;

pub use access::{Access, Grant, GrantError, Tokens};
pub use door::{Door, Endpoint};
pub use limits::{Limits, log_options};
pub use reader::Dossiers;
pub use serve::{ServeError, serve};
