//! The door to the rulebook: files with their signatures come in, and what they would move is counted.

use chassis::{Caller, Node, field, status};
use contracts::enforcement::v1 as wire;
use decider::{Decider, Id, Order, StreamName, fold};
use eventlog::Amendments;
use law::{Adoption, Allowance, Kind, RulePack, Source};
use tonic::Status;

use crate::{
    rulebook::{Adopting, Command, Counted, Proposal, ProposalId, State},
    view,
};

pub(super) fn propose(node: &Node, m: wire::ProposeRules) -> Result<Order, Status> {
    let id: Id = field::parse("propose_rules.proposal_id", &m.proposal_id)?;
    let kind = Kind::parse(&m.kind)
        .ok_or_else(|| field::invalid("propose_rules.kind", "is neither pack nor calendar"))?;
    let file = field::text("propose_rules.file", &m.file)?;
    let at = m.effective_from.as_ref();
    let effective_from = at.map(|at| field::instant("propose_rules.effective_from", Some(at))).transpose()?;
    let allowance = allowance(node, kind, &file, &m)?;
    let proposal = Proposal { id, kind, file, text: m.text, effective_from, allowance };
    order(&m.proposal_id, Command::Propose { proposal: Box::new(proposal) })
}

/// A signature is verified here, as a token is: which keys are believed is no affair of a decision.
fn allowance(
    node: &Node,
    kind: Kind,
    file: &str,
    m: &wire::ProposeRules,
) -> Result<Option<Allowance>, Status> {
    const FIELD: &str = "propose_rules.allowance";
    if m.allowance.is_empty() {
        return Ok(None);
    }
    if kind != Kind::Pack {
        return Err(field::invalid(FIELD, "only a pack has unverified rows"));
    }
    let invalid = |error: law::AllowanceError| field::invalid(FIELD, error);
    let allowance = Allowance::parse(&m.allowance).map_err(invalid)?;
    let keys =
        node.allowance_keys().ok_or_else(|| field::invalid(FIELD, "no key is configured that may sign"))?;
    // A pack that cannot be read is refused with its line by the decision.
    if let Ok(pack) = RulePack::parse(Source { name: file, text: &m.text }, &[]) {
        let today = law::shanghai_date(node.log().world().clock.now());
        pack.allow(&allowance, keys, today).map_err(invalid)?;
    }
    Ok(Some(allowance))
}

/// Counts what the version would move in this service's log. Other services' logs are theirs.
pub(super) async fn dry_run(node: &Node, caller: &Caller, m: wire::DryRunRules) -> Result<Order, Status> {
    let id = field::parse::<ProposalId>("dry_run_rules.proposal_id", &m.proposal_id)?;
    let history = node.log().load(&StreamName::new(Adopting::NAME, id.as_str())).await;
    let history = history.map_err(|error| status::of_log(&error))?;
    let mut counted = Vec::new();
    if let Ok(State::Proposed(draft)) = fold::<Adopting>(&history) {
        let Proposal { id, kind, file, text, effective_from, .. } = draft.proposal;
        let effective_from = effective_from.unwrap_or_else(|| node.log().world().clock.now());
        let (id, version, allowed) = (id.to_string(), String::new(), Vec::new());
        let adoption = Adoption { id, kind, version, effective_from, file, text, allowed };
        let found = Amendments::dry_run(node.log(), &caller.actor, &adoption);
        let found = found.await.map_err(|error| status::of_log(&error))?;
        let service = node.service().name.to_owned();
        counted.extend(found.map(|found| Counted { service, open: found.open, moved: found.moved }));
    }
    order(&m.proposal_id, Command::DryRun { counted })
}

pub(super) fn order(id: &str, command: Command) -> Result<Order, Status> {
    let id = field::parse::<ProposalId>("rules.proposal_id", id)?;
    Ok(Order::of::<Adopting>(id.as_str(), command))
}

pub(super) fn of_row(row: view::RulesRow) -> wire::Rules {
    let differences = row.differences.map(|differences| differences.0).unwrap_or_default();
    let counted = row.counted.map(|counted| counted.0).unwrap_or_default();
    wire::Rules {
        proposal_id: row.proposal_id,
        kind: row.kind,
        version: row.version,
        state: row.state,
        proposed_by: row.proposed_by,
        approved_by: row.approved_by.unwrap_or_default(),
        effective_from: row.effective_from.map(chassis::timestamp),
        file: row.file,
        differences: differences.lines,
        more: differences.more,
        counted: counted
            .into_iter()
            .map(|Counted { service, open, moved }| wire::Counted { service, open, moved })
            .collect(),
        cause: row.cause.unwrap_or_default(),
    }
}
