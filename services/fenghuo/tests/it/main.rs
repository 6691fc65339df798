//! The program from outside: what it prints, how it ends, and whether it keeps what it was told.

#![allow(clippy::unwrap_used, reason = "these are tests, and their helpers are too")]

mod audit;
mod bench;
mod demo;
mod dev;
mod doors;
mod due;
mod eventstore;
mod export;
mod law;
mod program;
mod queries;
mod readings;
mod replay;
mod serve;
mod times;
mod usage;
mod witness;
mod witnesses;
