//! The timeline on real servers: facts become entries, and entries answer who knew what, when.

#![allow(clippy::unwrap_used)] // clippy.toml allows it in test functions, not in what they share

mod grpc;
mod system;
mod view;
