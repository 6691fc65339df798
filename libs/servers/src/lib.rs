//! PostgreSQL, nats-server and an object store as child processes, for development, demonstrations, benchmarks and tests.
//!
//! **Invariant**: a server started here never outlives the process that started it, however that process ends.
//!
//! Production does not use this crate: there, the servers are given by address.

mod child;
mod error;
pub mod find;
mod home;
mod launch;
mod log;
mod nats;
mod objects;
mod port;
mod postgres;
mod scratch;

pub use error::Error;
pub use nats::{Nats, NatsOptions};
pub use objects::Objects;
pub use postgres::{Postgres, PostgresOptions};
pub use scratch::Scratch;
