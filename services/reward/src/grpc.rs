//! gRPC: a request becomes a command with its stream, or INVALID_ARGUMENT; queries answer from views.

use chassis::{Node, field, status};
use contracts::reward::v1::{self as wire, execute_request::Command as Wire, reward_service_server};
use decider::{Decider, Id, Order, StreamName};
use law::AreaCode;
use prost::Message;
use tonic::{Request, Response, Status, service::RoutesBuilder};

use crate::{
    budget::{self, Budget, BudgetId, BudgetKey},
    claim::{self, Claim, ClaimId, Code},
    matter::{self, Matter},
    view,
};

/// Most rows a page has.
const PAGE_MAX: u32 = 200;
/// Fiscal years that a budget may have.
const FISCAL_YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// Adds the service's routes.
pub fn routes(node: Node, routes: &mut RoutesBuilder) {
    routes.add_service(reward_service_server::RewardServiceServer::new(Door(node)));
}

struct Door(Node);

#[tonic::async_trait]
impl reward_service_server::RewardService for Door {
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

    async fn get_claim(
        &self,
        request: Request<wire::GetClaimRequest>,
    ) -> Result<Response<wire::GetClaimResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::GetClaimRequest { claim_id, min_position } = request.into_inner();
        let id = field::parse::<ClaimId>("claim_id", &claim_id)?;
        let mut query = self.0.query("claims", min_position).await?;
        let row = view::get(&mut query, id.as_str()).await.map_err(|error| status::of_database(&error))?;
        let stream = StreamName::new(Claim::NAME, id.as_str());
        let freshness = self.0.freshness("claims", query, &stream).await?;
        let claim = row.ok_or_else(|| Status::not_found(format!("no claim is called {id}")))?;
        self.0.opened(&caller, "GetClaim", &stream, freshness.position).await?;
        Ok(Response::new(wire::GetClaimResponse { claim: Some(encode(claim)), freshness: Some(freshness) }))
    }

    async fn list_claims(
        &self,
        request: Request<wire::ListClaimsRequest>,
    ) -> Result<Response<wire::ListClaimsResponse>, Status> {
        self.0.caller(&request)?;
        let wire::ListClaimsRequest { min_position, page_size, page_token, state } = request.into_inner();
        let before = field::optional::<i64>("page_token", &page_token)?.unwrap_or(i64::MAX);
        let limit = i64::from(if page_size == 0 { 50 } else { page_size.min(PAGE_MAX) });
        let mut query = self.0.query("claims", min_position).await?;
        let rows = view::list(&mut query, &state, before, limit)
            .await
            .map_err(|error| status::of_database(&error))?;
        let full = i64::try_from(rows.len()).is_ok_and(|len| len == limit);
        let next = rows.last().filter(|_| full).map(|row| row.noted_position.to_string());
        Ok(Response::new(wire::ListClaimsResponse {
            claims: rows.into_iter().map(encode).collect(),
            next_page_token: next.unwrap_or_default(),
            freshness: Some(chassis::freshness(&query)),
        }))
    }

    async fn get_budget(
        &self,
        request: Request<wire::GetBudgetRequest>,
    ) -> Result<Response<wire::GetBudgetResponse>, Status> {
        self.0.caller(&request)?;
        let wire::GetBudgetRequest { budget_id, min_position } = request.into_inner();
        let id = field::parse::<BudgetId>("budget_id", &budget_id)?;
        let mut query = self.0.query("budgets", min_position).await?;
        let row = view::budget(&mut query, id.as_str()).await.map_err(|error| status::of_database(&error))?;
        let stream = StreamName::new(Budget::NAME, id.as_str());
        let freshness = self.0.freshness("budgets", query, &stream).await?;
        let budget = row.ok_or_else(|| Status::not_found(format!("no budget is called {id}")))?;
        Ok(Response::new(wire::GetBudgetResponse {
            budget: Some(accounts(budget)),
            freshness: Some(freshness),
        }))
    }
}

impl Door {
    async fn order(&self, command: Wire) -> Result<Order, Status> {
        match command {
            Wire::IssueCode(m) => {
                let code_hash = field::parse("issue_code.code_hash", &m.code_hash)?;
                claim_order("issue_code", &m.claim_id, claim::Command::IssueCode { code_hash })
            }
            Wire::ExcludeClaim(m) => {
                let command = claim::Command::Exclude {
                    ground: field::parse("exclude_claim.ground", &m.ground)?,
                    document: field::text("exclude_claim.document", &m.document)?,
                };
                claim_order("exclude_claim", &m.claim_id, command)
            }
            Wire::DeclareJoint(m) => {
                let command = claim::Command::DeclareJoint {
                    signatories: field::list(
                        "declare_joint.signatories",
                        &m.signatories,
                        field::parse::<Id>,
                    )?,
                    document: field::text("declare_joint.document", &m.document)?,
                };
                claim_order("declare_joint", &m.claim_id, command)
            }
            Wire::SetAmount(m) => {
                claim_order("set_amount", &m.claim_id, claim::Command::SetAmount { amount_fen: m.amount_fen })
            }
            Wire::RequestFunds(m) => claim_order("request_funds", &m.claim_id, claim::Command::RequestFunds),
            Wire::ApproveClaim(m) => claim_order("approve_claim", &m.claim_id, claim::Command::Approve),
            Wire::ProveClaim(m) => {
                let code = Code(field::text("prove_claim.code", &m.code)?);
                claim_order("prove_claim", &m.claim_id, claim::Command::Prove { code })
            }
            Wire::InstructPayment(m) => {
                claim_order("instruct_payment", &m.claim_id, claim::Command::InstructPayment)
            }
            Wire::ReportPaymentUnknown(m) => {
                let reason = field::text("report_payment_unknown.reason", &m.reason)?;
                let command = claim::Command::ReportPaymentUnknown { reason };
                claim_order("report_payment_unknown", &m.claim_id, command)
            }
            Wire::ReconcilePayment(m) => {
                let document = field::text("reconcile_payment.document", &m.document)?;
                let command = claim::Command::ReconcilePayment { paid: m.paid, document };
                claim_order("reconcile_payment", &m.claim_id, command)
            }
            Wire::DistinguishReport(m) => self.distinguish(&m).await,
            Wire::AppropriateBudget(m) => appropriate(m),
            Wire::TopUpBudget(m) => {
                let document = field::text("top_up_budget.document", &m.document)?;
                let command = budget::Command::TopUp { amount_fen: m.amount_fen, document };
                budget_order("top_up_budget.budget_id", &m.budget_id, command)
            }
            Wire::CutBudget(m) => {
                let document = field::text("cut_budget.document", &m.document)?;
                let command = budget::Command::Cut { amount_fen: m.amount_fen, document };
                budget_order("cut_budget.budget_id", &m.budget_id, command)
            }
        }
    }

    /// The command is for the matter, which the claim names.
    async fn distinguish(&self, m: &wire::DistinguishReport) -> Result<Order, Status> {
        let claim = field::parse::<Id>("distinguish_report.claim_id", &m.claim_id)?;
        let document = field::text("distinguish_report.document", &m.document)?;
        let mut query = self.0.query("claims", 0).await?;
        let row = view::get(&mut query, claim.as_str()).await.map_err(|error| status::of_database(&error))?;
        let row = row.filter(|row| !row.matter_id.is_empty()).ok_or_else(|| {
            field::invalid("distinguish_report.claim_id", format_args!("no report {claim} is known"))
        })?;
        Ok(Order::of::<Matter>(&row.matter_id, matter::Command::Distinguish { claim, document }))
    }
}

fn claim_order(name: &str, id: &str, command: claim::Command) -> Result<Order, Status> {
    let id = field::parse::<ClaimId>(&format!("{name}.claim_id"), id)?;
    Ok(Order::of::<Claim>(id.as_str(), command))
}

fn budget_order(name: &str, id: &str, command: budget::Command) -> Result<Order, Status> {
    let id = field::parse::<BudgetId>(name, id)?;
    Ok(Order::of::<Budget>(id.as_str(), command))
}

fn appropriate(m: wire::AppropriateBudget) -> Result<Order, Status> {
    let area = field::parse::<AreaCode>("appropriate_budget.area", &m.area)?;
    if !FISCAL_YEARS.contains(&m.fiscal_year) {
        let reason = format_args!("must be from {} to {}", FISCAL_YEARS.start(), FISCAL_YEARS.end());
        return Err(field::invalid("appropriate_budget.fiscal_year", reason));
    }
    let key = BudgetKey::of(&area, m.fiscal_year);
    let stream = key.id();
    let document = field::text("appropriate_budget.document", &m.document)?;
    let command = budget::Command::Appropriate { key, amount_fen: m.amount_fen, document };
    Ok(Order::of::<Budget>(stream.as_str(), command))
}

fn encode(row: view::ClaimRow) -> wire::Claim {
    wire::Claim {
        claim_id: row.claim_id,
        case_id: row.case_id.unwrap_or_default(),
        reporter_ref: row.reporter_ref,
        area: row.area,
        state: row.state,
        ground: row.ground,
        rule: row.rule,
        amount_fen: row.amount_fen,
        fine_fen: row.fine_fen,
        budget_id: row.budget_id,
        funds: row.funds,
        claim_by: row.claim_by.map(|due| chassis::due(&due.0)),
        instruction: row.instruction,
        version: row.version.cast_unsigned(),
    }
}

fn accounts(row: view::BudgetRow) -> wire::Budget {
    wire::Budget {
        budget_id: row.budget_id,
        area: row.area,
        fiscal_year: row.fiscal_year,
        appropriated_fen: row.appropriated_fen,
        reserved_fen: row.reserved_fen,
        posted_fen: row.posted_fen,
        returned_fen: row.returned_fen,
        queued: row.queued.cast_unsigned(),
        closed: row.closed,
        version: row.version.cast_unsigned(),
    }
}
