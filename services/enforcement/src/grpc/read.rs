//! Between the wire and the domain: messages become commands, rows become messages.

use chassis::field;
use contracts::{enforcement::v1 as wire, envelope::v1 as envelope};
use decider::{
    Id, ReporterRef,
    authority::{Certificate, Delegation},
};
use law::{AreaCode, Cited, Due, Level, LighterOf, Uscc, Which, end_of_day, start_of_day};
use sqlx::types::Json;
use time::Date;
use tonic::Status;

use crate::{
    certificate,
    delegation::{self, Basis},
    penalty::{self, Subject},
    seal, view,
};

pub(super) fn issue(m: &wire::IssueCertificate) -> Result<certificate::Command, Status> {
    Ok(certificate::Command::Issue {
        certificate: Certificate {
            number: field::parse("issue_certificate.certificate", &m.certificate)?,
            department: field::parse("issue_certificate.department", &m.department)?,
            from: field::instant("issue_certificate.from", m.from.as_ref())?,
            until: field::instant("issue_certificate.until", m.until.as_ref())?,
        },
    })
}

pub(super) fn draft(
    m: &wire::DraftDelegation,
    staff: Vec<Certificate>,
) -> Result<delegation::Command, Status> {
    Ok(delegation::Command::Draft {
        delegation: Delegation {
            id: field::parse("draft_delegation.delegation_id", &m.delegation_id)?,
            version: 1,
            model: field::parse("draft_delegation.model", &m.model)?,
            delegator: field::parse("draft_delegation.delegator", &m.delegator)?,
            delegate: field::parse("draft_delegation.delegate", &m.delegate)?,
            items: field::list("draft_delegation.items", &m.items, field::parse::<Id>)?,
            area: field::parse::<AreaCode>("draft_delegation.area", &m.area)?,
            from: start_of_day(field::date("draft_delegation.from", &m.from)?),
            until: end_of_day(field::date("draft_delegation.until", &m.until)?),
        },
        basis: Basis {
            kind: field::parse("draft_delegation.basis_kind", &m.basis_kind)?,
            instrument: field::parse("draft_delegation.basis", &m.basis)?,
        },
        staff,
    })
}

pub(super) fn file(
    m: &wire::FileCase,
    officers: Vec<Certificate>,
    delegation: Option<Delegation>,
) -> Result<penalty::Command, Status> {
    Ok(penalty::Command::File {
        subject: subject(m)?,
        items: field::list("file_case.items", &m.items, field::parse::<Id>)?,
        officers,
        delegation,
        accident_level: level("file_case.accident_level", &m.accident_level)?,
        act_on: date("file_case.act_on", &m.act_on)?,
        found_on: date("file_case.found_on", &m.found_on)?,
        harm: said("file_case.harm", &m.harm)?,
    })
}

/// A date that may be left out.
fn date(name: &str, text: &str) -> Result<Option<Date>, Status> {
    if text.is_empty() { Ok(None) } else { field::date(name, text).map(Some) }
}

/// A text that may be left out.
fn said(name: &str, text: &str) -> Result<Option<String>, Status> {
    if text.is_empty() { Ok(None) } else { field::text(name, text).map(Some) }
}

/// All of it, or nothing: a referred case says it all already.
fn subject(m: &wire::FileCase) -> Result<Option<Subject>, Status> {
    let parts = [&m.unit, &m.premises, &m.area, &m.act, &m.report_id, &m.reporter_ref];
    if parts.iter().all(|part| part.is_empty()) {
        return Ok(None);
    }
    Ok(Some(Subject {
        unit: field::parse::<Uscc>("file_case.unit", &m.unit)?,
        premises: field::text("file_case.premises", &m.premises)?,
        area: field::parse::<AreaCode>("file_case.area", &m.area)?,
        act: field::parse("file_case.act", &m.act)?,
        report: field::optional("file_case.report_id", &m.report_id)?,
        reporter_ref: field::optional::<ReporterRef>("file_case.reporter_ref", &m.reporter_ref)?
            .map(Id::from),
    }))
}

fn level(name: &str, text: &str) -> Result<Option<Level>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    let levels = [Level::General, Level::Larger, Level::Major, Level::Extreme];
    let found = levels.into_iter().find(|level| level.en() == text);
    found.map(Some).ok_or_else(|| field::invalid(name, "known are general, larger, major and extreme"))
}

pub(super) fn conclude(m: &wire::ConcludeInvestigation) -> Result<penalty::Command, Status> {
    Ok(penalty::Command::Conclude {
        facts: field::text("conclude_investigation.facts", &m.facts)?,
        fine_fen: m.fine_fen,
        review: field::list("conclude_investigation.review", &m.review, field::parse)?,
        act_on: date("conclude_investigation.act_on", &m.act_on)?,
        harm: said("conclude_investigation.harm", &m.harm)?,
    })
}

pub(super) fn choose(m: &wire::ChooseEdition) -> Result<penalty::Command, Status> {
    let known = [Which::Old, Which::New].into_iter().find(|which| penalty::day_of(*which) == m.applied);
    let which = known
        .ok_or_else(|| field::invalid("choose_edition.applied", "known are act-day and decision-day"))?;
    let reason = field::text("choose_edition.reason", &m.reason)?;
    Ok(penalty::Command::ChooseEdition { which, reason })
}

pub(super) fn notice(m: &wire::ServePriorNotice) -> Result<penalty::Command, Status> {
    Ok(penalty::Command::ServeNotice {
        document: field::text("serve_prior_notice.document", &m.document)?,
        defence: field::parse("serve_prior_notice.defence", &m.defence)?,
        hearing: m.hearing.ok_or_else(|| {
            field::invalid(
                "serve_prior_notice.hearing",
                "the notice says whether there is a right to a hearing",
            )
        })?,
    })
}

pub(super) fn hearing(m: &wire::NoticeHearing) -> Result<penalty::Command, Status> {
    Ok(penalty::Command::NoticeHearing {
        document: field::text("notice_hearing.document", &m.document)?,
        on: field::date("notice_hearing.on", &m.on)?,
    })
}

pub(super) fn decide(
    m: &wire::DecidePenalty,
    delegation: Option<Delegation>,
) -> Result<penalty::Command, Status> {
    Ok(penalty::Command::Decide {
        document: field::text("decide_penalty.document", &m.document)?,
        fine_fen: m.fine_fen,
        panel: field::list("decide_penalty.panel", &m.panel, field::text)?,
        delegation,
    })
}

pub(super) fn revise(m: &wire::RevisePenalty) -> Result<penalty::Command, Status> {
    Ok(penalty::Command::Revise {
        outcome: field::parse("revise_penalty.outcome", &m.outcome)?,
        fine_fen: m.fine_fen,
        document: field::text("revise_penalty.document", &m.document)?,
    })
}

pub(super) fn seal(m: &wire::OrderSeal, officers: Vec<Certificate>) -> Result<seal::Command, Status> {
    let inspected = m.inspected_at.as_ref();
    Ok(seal::Command::Order {
        unit: field::parse::<Uscc>("order_seal.unit", &m.unit)?,
        premises: field::text("order_seal.premises", &m.premises)?,
        area: field::parse::<AreaCode>("order_seal.area", &m.area)?,
        document: field::text("order_seal.document", &m.document)?,
        evidence: field::list("order_seal.evidence", &m.evidence, field::parse::<Id>)?,
        officers,
        panel: field::list("order_seal.panel", &m.panel, field::text)?,
        inspected: inspected.map(|at| field::instant("order_seal.inspected_at", Some(at))).transpose()?,
        period: field::parse("order_seal.period", &m.period)?,
        emergency: m.emergency,
    })
}

pub(super) fn of_penalty(row: view::PenaltyRow) -> wire::Penalty {
    wire::Penalty {
        penalty_id: row.penalty_id,
        case_id: row.case_id.unwrap_or_default(),
        unit: row.unit,
        act: row.act,
        item: row.item.unwrap_or_default(),
        department: row.department.unwrap_or_default(),
        authority: row.authority.unwrap_or_default(),
        state: row.state,
        publication: row.publication,
        fine_fen: row.fine_fen,
        paid_fen: row.paid_fen,
        decide_by: row.decide_by.map(due),
        defend_by: row.defend_by.map(due),
        pay_by: row.pay_by.map(due),
        withdraw_by: row.withdraw_by.map(due),
        version: row.version.cast_unsigned(),
        act_on: row.act_on.unwrap_or_default(),
        rules: row.lighter.map(|Json(lighter)| rule_choice(lighter)),
    }
}

fn rule_choice(lighter: LighterOf) -> wire::RuleChoice {
    wire::RuleChoice {
        applied: penalty::day_of(lighter.chosen).to_owned(),
        rules: lighter.rules,
        act_day: Some(rule_edition(lighter.old)),
        decision_day: lighter.new.map(rule_edition),
    }
}

fn rule_edition(Cited { pack, on, articles, values }: Cited) -> wire::RuleEdition {
    wire::RuleEdition { pack, on: on.to_string(), articles, values }
}

pub(super) fn of_seal(row: view::SealRow) -> wire::Seal {
    wire::Seal {
        seal_id: row.seal_id,
        case_id: row.case_id.unwrap_or_default(),
        unit: row.unit,
        premises: row.premises,
        authority: row.authority,
        document: row.document,
        state: row.state,
        until: Some(due(row.until)),
        serve_by: Some(due(row.serve_by)),
        served: row.served,
        decisions: row.decisions.cast_unsigned(),
        version: row.version.cast_unsigned(),
    }
}

pub(super) fn of_delegation(row: view::DelegationRow) -> wire::Delegation {
    let delegation = row.delegation.0;
    wire::Delegation {
        delegation_id: row.id,
        edition: delegation.version,
        model: delegation.model.as_str().to_owned(),
        delegator: delegation.delegator.to_string(),
        delegate: delegation.delegate.to_string(),
        items: delegation.items.iter().map(ToString::to_string).collect(),
        area: delegation.area.to_string(),
        legal_basis: row.legal_basis,
        from: Some(chassis::timestamp(delegation.from)),
        until: Some(chassis::timestamp(delegation.until)),
        state: row.state,
        version: row.version.cast_unsigned(),
    }
}

fn due(due: Json<Due>) -> envelope::Due {
    chassis::due(&due.0)
}
