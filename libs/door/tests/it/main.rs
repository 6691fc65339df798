//! The door against a real PostgreSQL, by gRPC clients made from our own protos.

// A test binary has no public face; `pub` here means "shared between modules". Helpers of tests may unwrap too.
#![allow(unreachable_pub, clippy::unwrap_used)]

mod access;
mod append;
mod batch;
mod follow;
mod read;
mod reading;
mod refuse;
mod session;
mod stage;
mod support;
