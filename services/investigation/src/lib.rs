//! The investigation service (调查): fires, cause determinations, government inquiries, criminal transfers.
//!
//! - **Publishes** what happens to fires, determinations, inquiries and transfers ([`publish`]).
//! - **Listens to** hazard and enforcement (what may be a crime, who may act), emergency departments (reports
//!   received), governments (inquiries) and the police (transfers) ([`policy`]).
//! - **Shows** fires, determinations, inquiries and transfers ([`view`]).
//! - **Serves** `fenghuo.investigation.v1.InvestigationService` ([`grpc`]).

pub mod authority;
pub mod crime;
pub mod determination;
pub mod fire;
pub mod grpc;
pub mod inquiry;
pub mod policy;
pub mod publish;
pub mod view;

#[cfg(test)]
mod stored;

use std::sync::Arc;

use chassis::Service;
use decider::Aggregate;

/// The service as the chassis runs it.
pub const SERVICE: Service = Service {
    name: "investigation",
    grpc: "fenghuo.investigation.v1.InvestigationService",
    aggregates: &[
        Aggregate::of_clocked::<fire::Fire>(),
        Aggregate::of_clocked::<determination::Determination>(),
        Aggregate::of_clocked::<inquiry::Inquiry>(),
        Aggregate::of_clocked::<crime::Crime>(),
        Aggregate::of::<authority::Authority>(),
    ],
    publish: publish::publish,
    listens_to: &["hazard", "enforcement", "emergency", "government", "police"],
    react: policy::react,
    advance: policy::advance,
    views: || {
        vec![
            Arc::new(view::FiresView),
            Arc::new(view::DeterminationsView),
            Arc::new(view::InquiriesView),
            Arc::new(view::TransfersView),
            Arc::new(view::AuthorityView),
        ]
    },
    routes: grpc::routes,
};
