//! Tests of the system as a whole, in one binary.

#![allow(clippy::unwrap_used, reason = "these are tests, and their helpers are too")]

mod context_map;
mod faults;
mod layering;
mod rules;
mod simulation;
mod system;
mod trace;
