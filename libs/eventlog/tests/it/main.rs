//! The event log against a real PostgreSQL: one server for all tests, a fresh schema for each.

// A test binary has no public face; `pub` here means "shared between modules". Helpers of tests may unwrap too.
#![allow(unreachable_pub, clippy::unwrap_used)]

mod amendments;
mod append;
mod crash;
mod deadline;
mod docket;
mod execute;
mod follow;
mod genesis;
mod immutable;
mod inbox;
mod invalid;
mod ledger;
mod migrate;
mod partition;
mod race;
mod read;
mod rebuild;
mod repeat;
mod replay;
mod restart;
mod several;
mod support;
mod view;
