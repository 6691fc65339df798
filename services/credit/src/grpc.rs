//! gRPC: a request becomes a command with its stream, or INVALID_ARGUMENT; queries answer from views.

use chassis::{Caller, Node, field, status};
use contracts::credit::v1::{self as wire, credit_service_server, execute_request::Command as Wire};
use decider::{Decider, Id, Order, StreamName};
use law::Uscc;
use prost::Message;
use sqlx::types::Json;
use tonic::{Request, Response, Status, service::RoutesBuilder};

use crate::{
    listing::{self, Listing, ListingId, Party, Penalty, Proposal},
    view,
};

/// Most rows a page has.
const PAGE_MAX: u32 = 200;

/// Adds the service's routes.
pub fn routes(node: Node, routes: &mut RoutesBuilder) {
    routes.add_service(credit_service_server::CreditServiceServer::new(Door(node)));
}

struct Door(Node);

#[tonic::async_trait]
impl credit_service_server::CreditService for Door {
    async fn execute(
        &self,
        request: Request<wire::ExecuteRequest>,
    ) -> Result<Response<wire::ExecuteResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let mut message = request.into_inner();
        let envelope = message.request.take();
        let bytes = message.encode_to_vec();
        let order = self.order(&caller, message.command.ok_or_else(field::no_command)?).await?;
        let outcome = self.0.execute(caller, envelope, &bytes, order).await?;
        Ok(Response::new(wire::ExecuteResponse { outcome: Some(outcome) }))
    }

    async fn get_listing(
        &self,
        request: Request<wire::GetListingRequest>,
    ) -> Result<Response<wire::GetListingResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::GetListingRequest { listing_id, min_position } = request.into_inner();
        let id = field::parse::<ListingId>("listing_id", &listing_id)?;
        let mut query = self.0.query("listings", min_position).await?;
        let row = view::get(&mut query, id.as_str()).await.map_err(|error| status::of_database(&error))?;
        let stream = StreamName::new(Listing::NAME, id.as_str());
        let freshness = self.0.freshness("listings", query, &stream).await?;
        let listing = row.ok_or_else(|| Status::not_found(format!("no listing is called {id}")))?;
        self.0.opened(&caller, "GetListing", &stream, freshness.position).await?;
        Ok(Response::new(wire::GetListingResponse {
            listing: Some(encode(listing)),
            freshness: Some(freshness),
        }))
    }

    async fn list_listings(
        &self,
        request: Request<wire::ListListingsRequest>,
    ) -> Result<Response<wire::ListListingsResponse>, Status> {
        self.0.caller(&request)?;
        let wire::ListListingsRequest { min_position, page_size, page_token, unit, state } =
            request.into_inner();
        let before = field::optional::<i64>("page_token", &page_token)?.unwrap_or(i64::MAX);
        let unit = field::optional::<Uscc>("unit", &unit)?.map(|unit| unit.to_string()).unwrap_or_default();
        let limit = i64::from(if page_size == 0 { 50 } else { page_size.min(PAGE_MAX) });
        let mut query = self.0.query("listings", min_position).await?;
        let rows = view::list(&mut query, &unit, &state, before, limit)
            .await
            .map_err(|error| status::of_database(&error))?;
        let full = i64::try_from(rows.len()).is_ok_and(|len| len == limit);
        let next = rows.last().filter(|_| full).map(|row| row.proposed_position.to_string());
        Ok(Response::new(wire::ListListingsResponse {
            listings: rows.into_iter().map(encode).collect(),
            next_page_token: next.unwrap_or_default(),
            freshness: Some(chassis::freshness(&query)),
        }))
    }

    async fn check_unit(
        &self,
        request: Request<wire::CheckUnitRequest>,
    ) -> Result<Response<wire::CheckUnitResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::CheckUnitRequest { unit, min_position } = request.into_inner();
        let unit = field::parse::<Uscc>("unit", &unit)?;
        let mut query = self.0.query("listings", min_position).await?;
        let rows = view::in_force(&mut query, unit.as_str(), i64::from(PAGE_MAX))
            .await
            .map_err(|error| status::of_database(&error))?;
        let dossier = StreamName::new("unit", unit.as_str());
        let freshness = chassis::freshness(&query);
        self.0.opened(&caller, "CheckUnit", &dossier, query.end()).await?;
        Ok(Response::new(wire::CheckUnitResponse {
            listed: !rows.is_empty(),
            listings: rows.into_iter().map(encode).collect(),
            freshness: Some(freshness),
        }))
    }
}

impl Door {
    async fn order(&self, caller: &Caller, command: Wire) -> Result<Order, Status> {
        match command {
            Wire::ProposeListing(m) => {
                let command = listing::Command::Propose(self.proposal(caller, &m).await?);
                listing_order("propose_listing", &m.listing_id, command)
            }
            Wire::ReviewLegality(m) => {
                let opinion = field::text("review_legality.opinion", &m.opinion)?;
                let command = listing::Command::ReviewLegality { passed: m.passed, opinion };
                listing_order("review_legality", &m.listing_id, command)
            }
            Wire::ServePriorNotice(m) => {
                let command = listing::Command::ServePriorNotice {
                    document: field::text("serve_prior_notice.document", &m.document)?,
                    // An empty one is for the rule to refuse.
                    reasons: some_text("serve_prior_notice.reasons", &m.reasons)?.unwrap_or_default(),
                    measures: field::list("serve_prior_notice.measures", &m.measures, field::text)?,
                };
                listing_order("serve_prior_notice", &m.listing_id, command)
            }
            Wire::ReceiveDefence(m) => {
                let document = field::text("receive_defence.document", &m.document)?;
                listing_order("receive_defence", &m.listing_id, listing::Command::ReceiveDefence { document })
            }
            Wire::WaiveDefence(m) => {
                let document = field::text("waive_defence.document", &m.document)?;
                listing_order("waive_defence", &m.listing_id, listing::Command::WaiveDefence { document })
            }
            Wire::DecideListing(m) => {
                let command = listing::Command::Decide {
                    list: m.list,
                    document: field::text("decide_listing.document", &m.document)?,
                    assessment: some_text("decide_listing.assessment", &m.assessment)?,
                };
                listing_order("decide_listing", &m.listing_id, command)
            }
            Wire::PublishListing(m) => {
                let platforms = field::list("publish_listing.platforms", &m.platforms, field::text)?;
                listing_order("publish_listing", &m.listing_id, listing::Command::Publish { platforms })
            }
            Wire::RemoveEarly(m) => {
                let command = listing::Command::RemoveEarly {
                    document: field::text("remove_early.document", &m.document)?,
                    duties_performed: m.duties_performed,
                    harm_removed: m.harm_removed,
                    commitment: some_text("remove_early.commitment", &m.commitment)?,
                };
                listing_order("remove_early", &m.listing_id, command)
            }
            Wire::RevokeRemoval(m) => {
                let command = listing::Command::RevokeRemoval {
                    document: field::text("revoke_removal.document", &m.document)?,
                    finding: field::text("revoke_removal.finding", &m.finding)?,
                };
                listing_order("revoke_removal", &m.listing_id, command)
            }
            Wire::WithdrawListing(m) => {
                let document = field::text("withdraw_listing.document", &m.document)?;
                listing_order("withdraw_listing", &m.listing_id, listing::Command::Withdraw { document })
            }
        }
    }

    /// The caller's own department proposes, on penalties as this department was told of them.
    async fn proposal(&self, caller: &Caller, m: &wire::ProposeListing) -> Result<Proposal, Status> {
        let unit = field::parse::<Uscc>("propose_listing.unit", &m.unit)?;
        Ok(Proposal {
            penalties: self.penalties("propose_listing.penalty_ids", &unit, &m.penalty_ids).await?,
            party: Party { unit, person: field::optional("propose_listing.person_ref", &m.person_ref)? },
            authority: caller.actor.department.clone(),
            ground: field::parse("propose_listing.ground", &m.ground)?,
            form: field::parse("propose_listing.legal_form", &m.legal_form)?,
            instrument: field::parse("propose_listing.instrument", &m.instrument)?,
        })
    }

    async fn penalties(&self, name: &str, unit: &Uscc, ids: &[String]) -> Result<Vec<Penalty>, Status> {
        let wanted = field::list(name, ids, field::parse::<Id>)?;
        let mut query = self.0.query("penalties", 0).await?;
        let known = view::penalties(&mut query, unit.as_str(), ids)
            .await
            .map_err(|error| status::of_database(&error))?;
        let of = |id: Id| {
            let (_, authority) = known.iter().find(|(known, _)| known == id.as_str()).ok_or_else(|| {
                field::invalid(name, format_args!("no penalty {id} of this unit is in force"))
            })?;
            let authority = authority.parse().map_err(|error| field::invalid(name, error))?;
            Ok(Penalty { id, authority })
        };
        wanted.into_iter().map(of).collect()
    }
}

fn listing_order(name: &str, id: &str, command: listing::Command) -> Result<Order, Status> {
    let id = field::parse::<ListingId>(&format!("{name}.listing_id"), id)?;
    Ok(Order::of::<Listing>(id.as_str(), command))
}

fn some_text(name: &str, text: &str) -> Result<Option<String>, Status> {
    if text.trim().is_empty() { Ok(None) } else { field::text(name, text).map(Some) }
}

fn encode(row: view::ListingRow) -> wire::Listing {
    let due = |due: Option<Json<law::Due>>| due.map(|Json(due)| chassis::due(&due));
    wire::Listing {
        listing_id: row.listing_id,
        case_id: row.case_id.unwrap_or_default(),
        unit: row.unit,
        of_person: row.of_person,
        authority: row.authority,
        ground: row.ground,
        legal_form: row.legal_form,
        instrument: row.instrument,
        state: row.state,
        document: row.document,
        defend_by: due(row.defend_by),
        removable_from: due(row.removable_from),
        until: due(row.until),
        version: row.version.cast_unsigned(),
    }
}
