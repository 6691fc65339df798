//! The reward service (奖励): claims of reporters, the matters they report, and the budgets that pay them.
//!
//! - **Publishes** what happens to claims and budgets ([`publish`]).
//! - **Listens to** hazard (reports), enforcement (fines) and finance (payments) ([`policy`]).
//! - **Shows** claims and budgets ([`view`]).
//! - **Serves** `fenghuo.reward.v1.RewardService` ([`grpc`]).
//!
//! **Invariant**: no event here holds who a reporter is, only a random reference, and no cash passes through:
//! a budget pays, never a fine (行政处罚法 74).

pub mod budget;
pub mod claim;
pub mod fine;
pub mod grpc;
pub mod matter;
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
    name: "reward",
    grpc: "fenghuo.reward.v1.RewardService",
    aggregates: &[
        Aggregate::of_clocked::<claim::Claim>().reckoned::<claim::Claim>(),
        Aggregate::of::<matter::Matter>(),
        Aggregate::of::<fine::Fine>(),
        Aggregate::of::<budget::Budget>(),
    ],
    publish: publish::publish,
    listens_to: &["hazard", "enforcement", "finance"],
    react: policy::react,
    advance: policy::advance,
    views: || vec![Arc::new(view::ClaimsView), Arc::new(view::BudgetsView)],
    routes: grpc::routes,
};
