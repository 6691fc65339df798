//! The credit service on real servers: a penalty becomes a listing, and a listing an answer.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in test functions, not in what they share

mod case;
mod system;
