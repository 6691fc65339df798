//! The one program: any service as deployed, and the whole system on one machine to develop, show and measure.
//!
//! A library, so that tests start a [`system::System`] in their own process; `main.rs` only calls [`cli::main`].
//! Every command is a file with its arguments and `run`.

pub mod audit;
pub mod bench;
pub mod cli;
pub mod client;
pub mod clocks;
pub mod demo;
pub mod dev;
mod doorway;
pub mod due;
pub mod endpoints;
pub mod error;
pub mod eventstore;
pub mod keys;
pub mod law;
pub mod log;
pub mod migrate;
mod moment;
pub mod play;
mod progress;
pub mod replay;
pub mod serve;
pub mod services;
pub mod shell;
mod signal;
pub mod system;
pub mod timeline;
pub mod token;
pub mod view;
pub mod witness;
