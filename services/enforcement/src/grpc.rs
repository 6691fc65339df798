//! gRPC: a request becomes a command with its stream, or INVALID_ARGUMENT; queries answer from views.

mod read;
mod rules;

use chassis::{Caller, Node, field, status};
use contracts::enforcement::v1::{
    self as wire, enforcement_service_server, execute_request::Command as Wire,
};
use decider::{
    Decider, Id, Order, StreamName,
    authority::{Certificate, Delegation},
};
use eventlog::ViewRead;
use prost::Message;
use tonic::{Request, Response, Status, service::RoutesBuilder};

use crate::{
    certificate::{self, CertificateId, Certification},
    delegation::{self, Delegating, DelegationId},
    penalty::{self, Penalty, PenaltyId},
    rulebook,
    seal::{self, Seal, SealId},
    view,
};

/// Most rows a page has.
const PAGE_MAX: u32 = 200;

/// Adds the service's routes.
pub fn routes(node: Node, routes: &mut RoutesBuilder) {
    routes.add_service(enforcement_service_server::EnforcementServiceServer::new(Door(node)));
}

struct Door(Node);

#[tonic::async_trait]
impl enforcement_service_server::EnforcementService for Door {
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

    async fn get_penalty(
        &self,
        request: Request<wire::GetPenaltyRequest>,
    ) -> Result<Response<wire::GetPenaltyResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::GetPenaltyRequest { penalty_id, min_position } = request.into_inner();
        let id = field::parse::<PenaltyId>("penalty_id", &penalty_id)?;
        let mut query = self.0.query("penalties", min_position).await?;
        let row =
            view::penalty(&mut query, id.as_str()).await.map_err(|error| status::of_database(&error))?;
        let stream = StreamName::new(Penalty::NAME, id.as_str());
        let freshness = self.0.freshness("penalties", query, &stream).await?;
        let row = row.ok_or_else(|| Status::not_found(format!("no penalty case is called {id}")))?;
        self.0.opened(&caller, "GetPenalty", &stream, freshness.position).await?;
        Ok(Response::new(wire::GetPenaltyResponse {
            penalty: Some(read::of_penalty(row)),
            freshness: Some(freshness),
        }))
    }

    async fn list_penalties(
        &self,
        request: Request<wire::ListPenaltiesRequest>,
    ) -> Result<Response<wire::ListPenaltiesResponse>, Status> {
        self.0.caller(&request)?;
        let wire::ListPenaltiesRequest { min_position, page_size, page_token, state, unit } =
            request.into_inner();
        let (before, limit) = page(page_size, &page_token)?;
        let mut query = self.0.query("penalties", min_position).await?;
        let rows = view::penalties(&mut query, &state, &unit, before, limit)
            .await
            .map_err(|error| status::of_database(&error))?;
        let next = next(limit, rows.len(), rows.last().map(|row| row.opened_position));
        Ok(Response::new(wire::ListPenaltiesResponse {
            penalties: rows.into_iter().map(read::of_penalty).collect(),
            next_page_token: next,
            freshness: Some(chassis::freshness(&query)),
        }))
    }

    async fn get_seal(
        &self,
        request: Request<wire::GetSealRequest>,
    ) -> Result<Response<wire::GetSealResponse>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::GetSealRequest { seal_id, min_position } = request.into_inner();
        let id = field::parse::<SealId>("seal_id", &seal_id)?;
        let mut query = self.0.query("seals", min_position).await?;
        let row = view::seal(&mut query, id.as_str()).await.map_err(|error| status::of_database(&error))?;
        let stream = StreamName::new(Seal::NAME, id.as_str());
        let freshness = self.0.freshness("seals", query, &stream).await?;
        let row = row.ok_or_else(|| Status::not_found(format!("no sealed place is called {id}")))?;
        self.0.opened(&caller, "GetSeal", &stream, freshness.position).await?;
        Ok(Response::new(wire::GetSealResponse {
            seal: Some(read::of_seal(row)),
            freshness: Some(freshness),
        }))
    }

    async fn list_delegations(
        &self,
        request: Request<wire::ListDelegationsRequest>,
    ) -> Result<Response<wire::ListDelegationsResponse>, Status> {
        self.0.caller(&request)?;
        let wire::ListDelegationsRequest { min_position, page_size, page_token, state, delegate } =
            request.into_inner();
        let (before, limit) = page(page_size, &page_token)?;
        let mut query = self.0.query("register", min_position).await?;
        let rows = view::delegations(&mut query, &state, &delegate, before, limit)
            .await
            .map_err(|error| status::of_database(&error))?;
        let next = next(limit, rows.len(), rows.last().map(|row| row.drafted_position));
        Ok(Response::new(wire::ListDelegationsResponse {
            delegations: rows.into_iter().map(read::of_delegation).collect(),
            next_page_token: next,
            freshness: Some(chassis::freshness(&query)),
        }))
    }

    async fn list_rules(
        &self,
        request: Request<wire::ListRulesRequest>,
    ) -> Result<Response<wire::ListRulesResponse>, Status> {
        self.0.caller(&request)?;
        let wire::ListRulesRequest { min_position, page_size, page_token, state } = request.into_inner();
        let (before, limit) = page(page_size, &page_token)?;
        let mut query = self.0.query("rules", min_position).await?;
        let rows = view::rules(&mut query, &state, before, limit)
            .await
            .map_err(|error| status::of_database(&error))?;
        let next = next(limit, rows.len(), rows.last().map(|row| row.proposed_position));
        Ok(Response::new(wire::ListRulesResponse {
            rules: rows.into_iter().map(rules::of_row).collect(),
            next_page_token: next,
            freshness: Some(chassis::freshness(&query)),
        }))
    }
}

/// The position before which a page begins, and its length.
fn page(size: u32, token: &str) -> Result<(i64, i64), Status> {
    let before = field::optional::<i64>("page_token", token)?.unwrap_or(i64::MAX);
    Ok((before, i64::from(if size == 0 { 50 } else { size.min(PAGE_MAX) })))
}

/// The token of the page after a full one.
fn next(limit: i64, found: usize, last: Option<i64>) -> String {
    let full = i64::try_from(found).is_ok_and(|found| found == limit);
    last.filter(|_| full).map(|position| position.to_string()).unwrap_or_default()
}

impl Door {
    async fn order(&self, caller: &Caller, command: Wire) -> Result<Order, Status> {
        match command {
            Wire::IssueCertificate(m) => {
                certificate_order("issue_certificate", &m.certificate, read::issue(&m)?)
            }
            Wire::WithdrawCertificate(m) => {
                let cause = field::text("withdraw_certificate.cause", &m.cause)?;
                let command = certificate::Command::Withdraw { cause };
                certificate_order("withdraw_certificate", &m.certificate, command)
            }
            Wire::DraftDelegation(m) => {
                let staff = self.officers("draft_delegation.certificates", &m.certificates).await?;
                delegation_order("draft_delegation", &m.delegation_id, read::draft(&m, staff)?)
            }
            Wire::SignDelegation(m) => {
                delegation_order("sign_delegation", &m.delegation_id, delegation::Command::Sign)
            }
            Wire::PublishDelegation(m) => {
                delegation_order("publish_delegation", &m.delegation_id, delegation::Command::Publish)
            }
            Wire::SuspendDelegation(m) => {
                let cause = field::text("suspend_delegation.cause", &m.cause)?;
                let command = delegation::Command::Suspend { cause };
                delegation_order("suspend_delegation", &m.delegation_id, command)
            }
            Wire::ResumeDelegation(m) => {
                delegation_order("resume_delegation", &m.delegation_id, delegation::Command::Resume)
            }
            Wire::RevokeDelegation(m) => {
                let cause = field::text("revoke_delegation.cause", &m.cause)?;
                let command = delegation::Command::Revoke { cause };
                delegation_order("revoke_delegation", &m.delegation_id, command)
            }
            Wire::FileCase(m) => {
                let officers = self.officers("file_case.certificates", &m.certificates).await?;
                let delegation = self.delegation("file_case.delegation_id", &m.delegation_id).await?;
                penalty_order("file_case", &m.penalty_id, read::file(&m, officers, delegation)?)
            }
            Wire::DecidePenalty(m) => {
                let delegation = self.delegation("decide_penalty.delegation_id", &m.delegation_id).await?;
                penalty_order("decide_penalty", &m.penalty_id, read::decide(&m, delegation)?)
            }
            Wire::OrderSeal(m) => {
                let officers = self.officers("order_seal.certificates", &m.certificates).await?;
                seal_order("order_seal", &m.seal_id, read::seal(&m, officers)?)
            }
            Wire::RegulariseSeal(m) => {
                let panel = field::list("regularise_seal.panel", &m.panel, field::text)?;
                let command = seal::Command::Regularise { panel, upheld: m.upheld };
                seal_order("regularise_seal", &m.seal_id, command)
            }
            Wire::ServeSeal(m) => seal_order("serve_seal", &m.seal_id, seal::Command::Serve),
            Wire::RecordSealBreaking(m) => {
                let finding = field::text("record_seal_breaking.finding", &m.finding)?;
                seal_order("record_seal_breaking", &m.seal_id, seal::Command::RecordBreaking { finding })
            }
            Wire::LiftSeal(m) => {
                let officers = self.officers("lift_seal.certificates", &m.certificates).await?;
                seal_order("lift_seal", &m.seal_id, seal::Command::Lift { officers })
            }
            Wire::ProposeRules(m) => rules::propose(&self.0, m),
            Wire::DryRunRules(m) => rules::dry_run(&self.0, caller, m).await,
            Wire::ApproveRules(m) => rules::order(&m.proposal_id, rulebook::Command::Approve),
            Wire::WithdrawRules(m) => {
                let cause = field::text("withdraw_rules.cause", &m.cause)?;
                rules::order(&m.proposal_id, rulebook::Command::Withdraw { cause })
            }
            case => case_order(case),
        }
    }

    /// The certificates as they stand now; an unknown number is the caller's mistake.
    async fn officers(&self, name: &str, numbers: &[String]) -> Result<Vec<Certificate>, Status> {
        field::list(name, numbers, field::parse::<Id>)?;
        let mut query = self.register().await?;
        let known =
            view::certificates(&mut query, numbers).await.map_err(|error| status::of_database(&error))?;
        let unknown =
            numbers.iter().find(|number| known.iter().all(|c| c.number.as_str() != number.as_str()));
        match unknown {
            Some(number) => Err(field::invalid(name, format_args!("no certificate {number} is known"))),
            None => Ok(known),
        }
    }

    async fn delegation(&self, name: &str, id: &str) -> Result<Option<Delegation>, Status> {
        let Some(id) = field::optional::<Id>(name, id)? else {
            return Ok(None);
        };
        let mut query = self.register().await?;
        let known =
            view::delegation(&mut query, id.as_str()).await.map_err(|error| status::of_database(&error))?;
        known.map(Some).ok_or_else(|| field::invalid(name, format_args!("no delegation {id} is known")))
    }

    /// The register with everything that this log knows: what was withdrawn a moment ago covers no act.
    async fn register(&self) -> Result<ViewRead, Status> {
        let head = self.0.log().head().await.map_err(|error| status::of_log(&error))?;
        self.0.query("register", head.position).await
    }
}

/// The commands of a penalty case that need no look at the register.
fn case_order(command: Wire) -> Result<Order, Status> {
    use penalty::Command;
    let (name, id, command) = match command {
        Wire::ConcludeInvestigation(m) => {
            let command = read::conclude(&m)?;
            ("conclude_investigation", m.penalty_id, command)
        }
        Wire::ReviewLegality(m) => {
            let opinion = field::text("review_legality.opinion", &m.opinion)?;
            ("review_legality", m.penalty_id, Command::Review { passed: m.passed, opinion })
        }
        Wire::ServePriorNotice(m) => {
            let command = read::notice(&m)?;
            ("serve_prior_notice", m.penalty_id, command)
        }
        Wire::ReceiveDefence(m) => {
            let document = field::text("receive_defence.document", &m.document)?;
            ("receive_defence", m.penalty_id, Command::ReceiveDefence { document })
        }
        Wire::WaiveDefence(m) => {
            let document = field::text("waive_defence.document", &m.document)?;
            ("waive_defence", m.penalty_id, Command::WaiveDefence { document, hearing: m.hearing_too })
        }
        Wire::RequestHearing(m) => ("request_hearing", m.penalty_id, Command::RequestHearing),
        Wire::NoticeHearing(m) => {
            let command = read::hearing(&m)?;
            ("notice_hearing", m.penalty_id, command)
        }
        Wire::CloseHearing(m) => {
            let record = field::text("close_hearing.record", &m.record)?;
            ("close_hearing", m.penalty_id, Command::CloseHearing { record })
        }
        Wire::ChooseEdition(m) => {
            let command = read::choose(&m)?;
            ("choose_edition", m.penalty_id, command)
        }
        Wire::DismissCase(m) => {
            let ground = field::text("dismiss_case.ground", &m.ground)?;
            ("dismiss_case", m.penalty_id, Command::Dismiss { ground })
        }
        Wire::PublishPenalty(m) => ("publish_penalty", m.penalty_id, Command::Publish),
        Wire::RecordPayment(m) => {
            ("record_payment", m.penalty_id, Command::RecordPayment { amount_fen: m.amount_fen })
        }
        Wire::RevisePenalty(m) => {
            let command = read::revise(&m)?;
            ("revise_penalty", m.penalty_id, command)
        }
        Wire::WithdrawPublication(m) => {
            let reason = field::text("withdraw_publication.reason", &m.reason)?;
            ("withdraw_publication", m.penalty_id, Command::WithdrawPublication { reason })
        }
        _ => return Err(field::no_command()),
    };
    penalty_order(name, &id, command)
}

fn certificate_order(name: &str, id: &str, command: certificate::Command) -> Result<Order, Status> {
    let id = field::parse::<CertificateId>(&format!("{name}.certificate"), id)?;
    Ok(Order::of::<Certification>(id.as_str(), command))
}

fn delegation_order(name: &str, id: &str, command: delegation::Command) -> Result<Order, Status> {
    let id = field::parse::<DelegationId>(&format!("{name}.delegation_id"), id)?;
    Ok(Order::of::<Delegating>(id.as_str(), command))
}

fn penalty_order(name: &str, id: &str, command: penalty::Command) -> Result<Order, Status> {
    let id = field::parse::<PenaltyId>(&format!("{name}.penalty_id"), id)?;
    Ok(Order::of::<Penalty>(id.as_str(), command))
}

fn seal_order(name: &str, id: &str, command: seal::Command) -> Result<Order, Status> {
    let id = field::parse::<SealId>(&format!("{name}.seal_id"), id)?;
    Ok(Order::of::<Seal>(id.as_str(), command))
}
