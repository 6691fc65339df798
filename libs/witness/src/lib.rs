//! A witness as a server, and the way to it for logs and monitors: plain HTTP, small and bounded.
//!
//! What a witness decides stands in [`merkle::witness`]; here is what keeps its memory and answers over the network
//! (C2SP tlog-witness).
//!
//! **Invariant**: a witness stores what it is about to cosign durably before it signs, one request of a log after
//! the other. Nothing here knows a database.

pub mod client;
pub mod durable;
pub mod http;
mod server;
mod state;

pub use client::{Answer, AskError, Peer};
pub use server::{OpenError, Witness};
