//! The enforcement service on real servers: commands over gRPC, policies, views.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in test functions, not in what they share

mod case;
mod lighter;
mod rules;
mod system;
