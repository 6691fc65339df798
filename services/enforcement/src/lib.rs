//! The enforcement service (执法): certificates, delegations, penalty cases, temporary seals, the rulebook.
//!
//! - **Publishes** who may act, what happens to penalty cases and seals, and adopted rules ([`publish`]).
//! - **Listens to** hazard (what was found uncorrected) ([`policy`]).
//! - **Shows** penalty cases, seals, the register of authority, and rules ([`view`]).
//! - **Serves** `fenghuo.enforcement.v1.EnforcementService` ([`grpc`]).

pub mod act;
pub mod certificate;
pub mod delegation;
pub mod grpc;
pub mod penalty;
pub mod policy;
pub mod publish;
pub mod rulebook;
pub mod seal;
pub mod view;

use std::sync::Arc;

use chassis::Service;
use decider::Aggregate;

/// The service as the chassis runs it.
pub const SERVICE: Service = Service {
    name: "enforcement",
    grpc: "fenghuo.enforcement.v1.EnforcementService",
    aggregates: &[
        Aggregate::of::<certificate::Certification>(),
        Aggregate::of::<delegation::Delegating>(),
        Aggregate::of_clocked::<penalty::Penalty>().reckoned::<penalty::Penalty>(),
        Aggregate::of::<act::Act>(),
        Aggregate::of_clocked::<seal::Seal>(),
        Aggregate::of::<rulebook::Adopting>(),
    ],
    publish: publish::publish,
    listens_to: &["hazard"],
    react: policy::react,
    advance: policy::advance,
    views: || {
        vec![
            Arc::new(view::PenaltiesView),
            Arc::new(view::RegisterView),
            Arc::new(view::SealsView),
            Arc::new(view::RulesView),
        ]
    },
    routes: grpc::routes,
};

#[cfg(test)]
mod stored;
