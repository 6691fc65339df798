//! How facts travel: relay (log to JetStream), inbox (JetStream to policy), and the door for outside departments.
//!
//! **Invariants**: JetStream sequence and log position are one number (decision 2); the bus never is the record,
//! and losing all of it loses nothing; a fact's effect happens once, however often the fact arrives.

pub mod advance;
mod backfill;
mod backoff;
mod chain;
pub mod cloudevent;
mod connect;
pub mod inbox;
mod name;
pub mod outside;
mod publish;
mod pump;
mod react;
mod record;
pub mod relay;
mod stream;
mod window;

pub use advance::{Advance, Advancer};
pub use backfill::{Backfill, BackfillError, GrpcBackfill, NoBackfill, TokenProvider};
pub use cloudevent::{Outgoing, Publish};
pub use connect::{Bus, ConnectError, Credentials, Options, VERSION_MIN};
pub use inbox::{Inbox, React, Wiring};
pub use name::{OUTSIDE, SOURCE_BYTES_MAX, Source, SourceError};
pub use outside::Publisher;
pub use relay::Relay;
pub use stream::{Extent, Stored, StreamError, StreamSettings};
