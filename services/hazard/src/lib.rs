//! The hazard service (隐患): reports, hazard cases, major hazards.
//!
//! - **Publishes** what happens to reports and hazard cases ([`publish`]).
//! - **Listens to** enforcement (who may act) and governments (what is listed) ([`policy`]).
//! - **Shows** hazard cases ([`view`]).
//! - **Serves** `fenghuo.hazard.v1.HazardService` ([`grpc`]).

pub mod authority;
pub mod grpc;
pub mod hazard;
pub mod policy;
pub mod publish;
pub mod report;
pub mod view;

#[cfg(test)]
mod stored;

use std::sync::Arc;

use chassis::Service;
use decider::Aggregate;

/// The service as the chassis runs it.
pub const SERVICE: Service = Service {
    name: "hazard",
    grpc: "fenghuo.hazard.v1.HazardService",
    aggregates: &[
        Aggregate::of_clocked::<report::Report>(),
        Aggregate::of_clocked::<hazard::Hazard>(),
        Aggregate::of::<authority::Authority>(),
    ],
    publish: publish::publish,
    listens_to: &["enforcement", "government"],
    react: policy::react,
    advance: policy::advance,
    views: || vec![Arc::new(view::HazardsView), Arc::new(view::AuthorityView)],
    routes: grpc::routes,
};
