//! The timeline service: the story of every case across departments, in either clock.
//!
//! - **Publishes** nothing: it only repeats what others made public ([`publish`]).
//! - **Listens to** every service and every outside department ([`policy`]).
//! - **Shows** entries and cases ([`view`]), told in Chinese and English ([`text`]).
//! - **Serves** `fenghuo.timeline.v1.TimelineService` ([`grpc`]).

pub mod entry;
pub mod grpc;
pub mod policy;
pub mod publish;
pub mod text;
pub mod view;

use std::sync::Arc;

use chassis::Service;
use decider::Aggregate;

/// The service as the chassis runs it.
pub const SERVICE: Service = Service {
    name: "timeline",
    grpc: "fenghuo.timeline.v1.TimelineService",
    aggregates: &[Aggregate::of::<entry::Entry>()],
    publish: publish::publish,
    listens_to: &[
        "hazard",
        "enforcement",
        "investigation",
        "credit",
        "reward",
        "police",
        "emergency",
        "government",
        "finance",
    ],
    react: policy::react,
    advance: policy::advance,
    views: || vec![Arc::new(view::EntriesView)],
    routes: grpc::routes,
};
