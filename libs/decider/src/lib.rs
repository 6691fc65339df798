//! The pure vocabulary of every service: deciders, policies' facts, context, ids, refusals and their test harness.
//!
//! **Invariant**: nothing here knows a clock, a database, a bus, a runtime or randomness. What a decision may
//! know of the outside world arrives in its [`Context`].

mod actor;
pub mod authority;
pub mod clocked;
mod context;
mod decide;
mod fact;
pub mod harness;
mod id;
mod order;
mod recorded;
mod refusal;
mod reporter;
pub mod shadow;
mod text;

pub use actor::{Actor, ActorKind, Department, DepartmentError, DepartmentKind, Role};
pub use clocked::{Clocked, Winding};
pub use context::Context;
pub use decide::{Aggregate, Decider, DomainEvent, fold};
pub use fact::{Fact, Public, Reaction, Unreadable};
pub use id::{CaseId, Id, IdError, StreamName};
pub use order::{Decision, NewEvent, Order, OrderError};
pub use recorded::{Causation, Meta, Recorded};
pub use refusal::{Lang, Refusal, Refused};
pub use reporter::{ReporterRef, ReporterRefError};
