//! The clock strip over gRPC, the same for every service that has clocks.

use contracts::clock::v1::{self as wire, clock_service_server::ClockService};
use decider::CaseId;
use tonic::{Request, Response, Status};

use super::{strip::strip, view};
use crate::{Node, field, freshness, status};

/// The gRPC service over a node's clocks.
pub(crate) struct ClockDoor(pub(crate) Node);

#[tonic::async_trait]
impl ClockService for ClockDoor {
    async fn list_clocks(
        &self,
        request: Request<wire::ListClocksRequest>,
    ) -> Result<Response<wire::ListClocksResponse>, Status> {
        self.0.caller(&request)?;
        let wire::ListClocksRequest { case_id, at, min_position } = request.into_inner();
        let case = field::parse::<CaseId>("case_id", &case_id)?;
        let log = self.0.log();
        let at = at.as_ref().map(|at| field::instant("at", Some(at))).transpose()?;
        let at = at.unwrap_or_else(|| log.world().clock.now());
        let mut query = self.0.query(view::NAME, min_position).await?;
        let rows = view::of_case(&mut query, case.as_str(), at).await;
        let rows = rows.map_err(|error| status::of_database(&error))?;
        let clocks = strip(case.as_str(), rows, at, &log.book());
        Ok(Response::new(wire::ListClocksResponse { clocks, freshness: Some(freshness(&query)) }))
    }
}
