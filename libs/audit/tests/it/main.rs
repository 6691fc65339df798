//! Sealing and verifying against a real PostgreSQL: one server for all tests, a fresh schema for each.

// A test binary has no public face; `pub` here means "shared between modules". Helpers of tests may unwrap too.
#![allow(unreachable_pub, clippy::unwrap_used)]

mod bucket;
mod bundle;
mod crash;
mod key;
mod proof;
mod refuse;
mod seal;
mod shadow;
mod shell;
mod stamp;
mod support;
mod tamper;
mod watch;
mod witness;
mod witnessing;
