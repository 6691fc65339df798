//! The bus against a real PostgreSQL and a real nats-server, which are killed, wiped and lied about.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in test functions, not in what they share

mod actors;
mod bursts;
mod door;
mod faults;
mod gaps;
mod inbox;
mod kill;
mod outside;
mod pair;
mod relay;
mod speed;
mod stage;
