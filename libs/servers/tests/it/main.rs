//! The servers as their users see them: real programs, real clients, real kills.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod nats;
mod objects;
mod orphans;
mod permissions;
mod postgres;
