//! What every service is made of: configuration, telemetry, who calls, serving, health, shutdown.
//!
//! **Invariant**: it knows no department's rules. A service hands it a [`Service`] value and a gRPC service.

pub mod auth;
mod clocks;
mod config;
pub mod field;
mod health;
mod log_service;
mod metrics;
mod node;
pub mod reading;
pub mod rules;
mod selftest;
pub mod serve;
mod service;
pub mod status;
pub mod telemetry;
mod wire;

pub use clocks::clock;
pub use config::Config;
pub use node::{Caller, Node, freshness};
pub use selftest::EVERY as SELFTEST_EVERY;
pub use serve::{Running, ServeError, Settings, start};
pub use service::Service;
pub use wire::{
    TimestampError, date, due, event, from_timestamp, instant, log_event, timestamp, unknown_category,
};
