//! The credit service (信用): listings of units that have broken faith, and the history they rest on.
//!
//! - **Publishes** what happens to listings ([`publish`]).
//! - **Listens to** enforcement (penalties decided and revised) ([`policy`]).
//! - **Shows** listings and known penalties ([`view`]).
//! - **Serves** `fenghuo.credit.v1.CreditService` ([`grpc`]).

pub mod grpc;
pub mod listing;
pub mod policy;
pub mod publish;
pub mod subject;
pub mod view;

#[cfg(test)]
mod stored;

use std::sync::Arc;

use chassis::Service;
use decider::Aggregate;

/// The service as the chassis runs it.
pub const SERVICE: Service = Service {
    name: "credit",
    grpc: "fenghuo.credit.v1.CreditService",
    aggregates: &[Aggregate::of_clocked::<listing::Listing>(), Aggregate::of::<subject::Subject>()],
    publish: publish::publish,
    listens_to: &["enforcement"],
    react: policy::react,
    advance: policy::advance,
    views: || vec![Arc::new(view::ListingsView), Arc::new(view::PenaltiesView)],
    routes: grpc::routes,
};
