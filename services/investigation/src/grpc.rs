//! gRPC: a request becomes a command with its stream, or INVALID_ARGUMENT; queries answer from views.

mod command;
mod encode;

use chassis::{Node, field, status};
use contracts::investigation::v1::{self as wire, investigation_service_server};
use decider::{Decider, StreamName};
use prost::Message;
use tonic::{Request, Response, Status, service::RoutesBuilder};

use crate::{
    crime::{Crime, TransferId},
    determination::Determination,
    fire::{Fire, FireId},
    inquiry::{Inquiry, InquiryId},
    view,
};

/// Most rows a page has.
const PAGE_MAX: u32 = 200;
/// Rows of a page whose size nobody asked for.
const PAGE_USUAL: u32 = 50;

/// Adds the service's routes.
pub fn routes(node: Node, routes: &mut RoutesBuilder) {
    routes.add_service(investigation_service_server::InvestigationServiceServer::new(Door(node)));
}

struct Door(Node);

#[tonic::async_trait]
impl investigation_service_server::InvestigationService for Door {
    async fn execute(
        &self,
        request: Request<wire::ExecuteRequest>,
    ) -> Result<Response<wire::ExecuteResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let mut message = request.into_inner();
        let envelope = message.request.take();
        let bytes = message.encode_to_vec();
        let order = self.order(message.command.ok_or_else(field::no_command)?).await?;
        let outcome = self.0.execute(caller, envelope, &bytes, order).await?;
        Ok(Response::new(wire::ExecuteResponse { outcome: Some(outcome) }))
    }

    async fn get_fire(
        &self,
        request: Request<wire::GetFireRequest>,
    ) -> Result<Response<wire::GetFireResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::GetFireRequest { fire_id, min_position } = request.into_inner();
        let id = field::parse::<FireId>("fire_id", &fire_id)?;
        let mut query = self.0.query("fires", min_position).await?;
        let row = view::fire(&mut query, id.as_str()).await.map_err(|error| status::of_database(&error))?;
        let stream = StreamName::new(Fire::NAME, id.as_str());
        let freshness = self.0.freshness("fires", query, &stream).await?;
        let row = row.ok_or_else(|| Status::not_found(format!("no fire is called {id}")))?;
        self.0.opened(&caller, "GetFire", &stream, freshness.position).await?;
        let fire = encode::fire(row);
        Ok(Response::new(wire::GetFireResponse { fire: Some(fire), freshness: Some(freshness) }))
    }

    async fn list_fires(
        &self,
        request: Request<wire::ListFiresRequest>,
    ) -> Result<Response<wire::ListFiresResponse>, Status> {
        self.0.caller(&request)?;
        let wire::ListFiresRequest { min_position, page_size, page_token, level } = request.into_inner();
        let before = field::optional::<i64>("page_token", &page_token)?.unwrap_or(i64::MAX);
        let limit = i64::from(if page_size == 0 { PAGE_USUAL } else { page_size.min(PAGE_MAX) });
        let mut query = self.0.query("fires", min_position).await?;
        let rows = view::fires(&mut query, &level, before, limit)
            .await
            .map_err(|error| status::of_database(&error))?;
        let full = i64::try_from(rows.len()).is_ok_and(|len| len == limit);
        let next = rows.last().filter(|_| full).map(|row| row.raised_position.to_string());
        Ok(Response::new(wire::ListFiresResponse {
            fires: rows.into_iter().map(encode::fire).collect(),
            next_page_token: next.unwrap_or_default(),
            freshness: Some(chassis::freshness(&query)),
        }))
    }

    async fn get_determination(
        &self,
        request: Request<wire::GetDeterminationRequest>,
    ) -> Result<Response<wire::GetDeterminationResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::GetDeterminationRequest { fire_id, min_position } = request.into_inner();
        let id = field::parse::<FireId>("fire_id", &fire_id)?;
        let mut query = self.0.query("determinations", min_position).await?;
        let row = view::determination(&mut query, id.as_str())
            .await
            .map_err(|error| status::of_database(&error))?;
        let stream = StreamName::new(Determination::NAME, id.as_str());
        let freshness = self.0.freshness("determinations", query, &stream).await?;
        let row = row.ok_or_else(|| Status::not_found(format!("no determination is called {id}")))?;
        self.0.opened(&caller, "GetDetermination", &stream, freshness.position).await?;
        Ok(Response::new(wire::GetDeterminationResponse {
            determination: Some(encode::determination(row)),
            freshness: Some(freshness),
        }))
    }

    async fn get_inquiry(
        &self,
        request: Request<wire::GetInquiryRequest>,
    ) -> Result<Response<wire::GetInquiryResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::GetInquiryRequest { inquiry_id, min_position } = request.into_inner();
        let id = field::parse::<InquiryId>("inquiry_id", &inquiry_id)?;
        let mut query = self.0.query("inquiries", min_position).await?;
        let row =
            view::inquiry(&mut query, id.as_str()).await.map_err(|error| status::of_database(&error))?;
        let stream = StreamName::new(Inquiry::NAME, id.as_str());
        let freshness = self.0.freshness("inquiries", query, &stream).await?;
        let row = row.ok_or_else(|| Status::not_found(format!("no inquiry is called {id}")))?;
        self.0.opened(&caller, "GetInquiry", &stream, freshness.position).await?;
        let inquiry = encode::inquiry(row);
        Ok(Response::new(wire::GetInquiryResponse { inquiry: Some(inquiry), freshness: Some(freshness) }))
    }

    async fn get_transfer(
        &self,
        request: Request<wire::GetTransferRequest>,
    ) -> Result<Response<wire::GetTransferResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::GetTransferRequest { transfer_id, min_position } = request.into_inner();
        let id = field::parse::<TransferId>("transfer_id", &transfer_id)?;
        let mut query = self.0.query("transfers", min_position).await?;
        let row =
            view::transfer(&mut query, id.as_str()).await.map_err(|error| status::of_database(&error))?;
        let stream = StreamName::new(Crime::NAME, id.as_str());
        let freshness = self.0.freshness("transfers", query, &stream).await?;
        let row = row.ok_or_else(|| Status::not_found(format!("no transfer is called {id}")))?;
        self.0.opened(&caller, "GetTransfer", &stream, freshness.position).await?;
        let transfer = encode::transfer(row);
        Ok(Response::new(wire::GetTransferResponse { transfer: Some(transfer), freshness: Some(freshness) }))
    }
}
