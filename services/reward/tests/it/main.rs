//! The reward service on real servers: a report becomes a claim, and a claim a payment.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in test functions, not in what they share

mod case;
mod system;
