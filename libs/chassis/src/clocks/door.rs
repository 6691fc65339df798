//! The clock strip over gRPC, the same for every service that has clocks.

use contracts::clock::v1::{self as wire, clock_service_server::ClockService};
use decider::{CaseId, StreamName};
use pbjson_types::Timestamp;
use time::OffsetDateTime;
use tonic::{Request, Response, Status};

use super::{
    strip::strip,
    view::{self, Cut},
};
use crate::{Node, field, freshness, status};

/// The gRPC service over a node's clocks.
pub(crate) struct ClockDoor(pub(crate) Node);

#[tonic::async_trait]
impl ClockService for ClockDoor {
    async fn list_clocks(
        &self,
        request: Request<wire::ListClocksRequest>,
    ) -> Result<Response<wire::ListClocksResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let request = request.into_inner();
        let case = field::parse::<CaseId>("case_id", &request.case_id)?;
        let log = self.0.log();
        let (at, cut) = looking_back(&request, || log.world().clock.now())?;
        let mut query = self.0.query(view::NAME, request.min_position).await?;
        let rows = view::of_case(&mut query, case.as_str(), &cut).await;
        let rows = rows.map_err(|error| status::of_database(&error))?;
        let dossier = StreamName::new("case", case.as_str());
        let freshness = freshness(&query);
        self.0.opened(&caller, "ListClocks", &dossier, query.end()).await?;
        let clocks = strip(case.as_str(), rows, at, &log.book());
        Ok(Response::new(wire::ListClocksResponse { clocks, freshness: Some(freshness) }))
    }
}

/// The instant at which clocks are judged, and what is known of them.
fn looking_back(
    request: &wire::ListClocksRequest,
    now: impl FnOnce() -> OffsetDateTime,
) -> Result<(OffsetDateTime, Cut), Status> {
    let instant =
        |name: &str, at: Option<&Timestamp>| at.map(|at| field::instant(name, Some(at))).transpose();
    let happened_by = instant("happened_by", request.happened_by.as_ref())?;
    let recorded_by = instant("recorded_by", request.recorded_by.as_ref())?;
    let at = instant("at", request.at.as_ref())?.or(happened_by).or(recorded_by).unwrap_or_else(now);
    let log_position = request
        .log_position
        .map(|position| {
            i64::try_from(position).map_err(|_| field::invalid("log_position", "is no position of a log"))
        })
        .transpose()?;
    let recorded_by = recorded_by.or(happened_by.is_none().then_some(at));
    Ok((at, Cut { recorded_by, happened_by, log_position }))
}
