//! gRPC: a query becomes what the view is asked, or INVALID_ARGUMENT; there are no commands.

mod answer;
mod ask;
mod past;

use std::pin::Pin;

use chassis::{Node, field, status};
use contracts::timeline::v1::{self as wire, timeline_service_server};
use decider::{CaseId, Decider, Recorded, StreamName};
use eventlog::Direction;
use futures::{Stream, StreamExt, TryStreamExt, future};
use tonic::{Request, Response, Status, service::RoutesBuilder};

use crate::{
    entry::Entry,
    view::{self, EntryRow},
};

/// The view behind every answer.
const VIEW: &str = "entries";

/// Adds the service's routes.
pub fn routes(node: Node, routes: &mut RoutesBuilder) {
    routes.add_service(timeline_service_server::TimelineServiceServer::new(Door(node)));
}

struct Door(Node);

type Following = Pin<Box<dyn Stream<Item = Result<wire::FollowTimelineResponse, Status>> + Send>>;

#[tonic::async_trait]
impl timeline_service_server::TimelineService for Door {
    type FollowTimelineStream = Following;

    async fn get_timeline(
        &self,
        request: Request<wire::GetTimelineRequest>,
    ) -> Result<Response<wire::GetTimelineResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let asked = ask::Asked::of(&request.into_inner())?;
        let position = ask::told(&self.0, &asked.min_positions).await?.max(asked.min_position);
        let mut query = self.0.query(VIEW, position).await?;
        let rows =
            view::story(&mut query, &asked.wanted()).await.map_err(|error| status::of_database(&error))?;
        let next = asked.next_page(&rows);
        let freshness = answer::freshness(&self.0, VIEW, query).await?;
        self.0.opened(&caller, "GetTimeline", &dossier(&asked.case_id), freshness.position).await?;
        Ok(Response::new(wire::GetTimelineResponse {
            entries: rows.into_iter().map(answer::entry).collect(),
            next_page_token: next,
            freshness: Some(freshness),
        }))
    }

    async fn follow_timeline(
        &self,
        request: Request<wire::FollowTimelineRequest>,
    ) -> Result<Response<Following>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::FollowTimelineRequest { case_id, after, moment } = request.into_inner();
        let case = field::optional::<CaseId>("case_id", &case_id)?;
        let moment = ask::moment(moment.as_ref())?;
        let head = self.0.log().head().await.map_err(|error| status::of_log(&error))?.position;
        let opened = dossier(case.as_ref().map_or("", CaseId::as_str));
        self.0.opened(&caller, "FollowTimeline", &opened, head).await?;
        if !moment.is_now() {
            return Ok(Response::new(past::told(self.0.clone(), case, moment, after)));
        }
        let events = match case {
            Some(case) => self.follow_case(case, after).await?,
            None => self.0.log().follow(after).boxed(),
        };
        // The log also keeps what it has been told of the law; that is no entry of a story.
        let entries = events.try_filter(|event| future::ready(event.stream.category() == Entry::NAME));
        let entries = entries.map(|event| {
            let event = event.map_err(|error| status::of_log(&error))?;
            let row = EntryRow::of(&event).map_err(|error| {
                Status::data_loss(format!("the entry at position {} cannot be read: {error}", event.position))
            })?;
            Ok(wire::FollowTimelineResponse { entry: Some(answer::entry(row)) })
        });
        Ok(Response::new(entries.boxed()))
    }

    async fn list_cases(
        &self,
        request: Request<wire::ListCasesRequest>,
    ) -> Result<Response<wire::ListCasesResponse>, Status> {
        self.0.caller(&request)?;
        let wire::ListCasesRequest { min_position, page_size, page_token, moment } = request.into_inner();
        let moment = ask::moment(moment.as_ref())?;
        let before = field::optional::<i64>("page_token", &page_token)?.unwrap_or(i64::MAX);
        let limit = ask::page_size(page_size, ask::CASES_DEFAULT, ask::CASES_MAX);
        let mut query = self.0.query(VIEW, min_position).await?;
        let rows = view::cases(&mut query, &moment, before, limit).await;
        let rows = rows.map_err(|error| status::of_database(&error))?;
        let full = i64::try_from(rows.len()).is_ok_and(|len| len == limit);
        let next = rows.last().filter(|_| full).map(|row| row.first_position.to_string());
        let freshness = answer::freshness(&self.0, VIEW, query).await?;
        Ok(Response::new(wire::ListCasesResponse {
            cases: rows.into_iter().map(answer::case).collect(),
            next_page_token: next.unwrap_or_default(),
            freshness: Some(freshness),
        }))
    }
}

/// What a story is of: one case, or all of them.
fn dossier(case_id: &str) -> StreamName {
    if case_id.is_empty() {
        eventlog::reading::whole_log("timeline")
    } else {
        StreamName::new("case", case_id)
    }
}

impl Door {
    /// A case's past by its tag, so that a long log is not read for a short case; then what comes.
    async fn follow_case(
        &self,
        case: CaseId,
        after: u64,
    ) -> Result<futures::stream::BoxStream<'static, Result<Recorded, eventlog::Error>>, Status> {
        let log = self.0.log();
        let head = log.head().await.map_err(|error| status::of_log(&error))?.position;
        let past = log
            .read_case(&case, after.saturating_add(1), u64::MAX, Direction::Forwards)
            .try_take_while(move |event| future::ready(Ok(event.position <= head)));
        let next = log
            .follow(head.max(after))
            .try_filter(move |event| future::ready(event.meta.case_id.as_ref() == Some(&case)));
        Ok(past.chain(next).boxed())
    }
}
