//! What a claim remembers.

use std::collections::BTreeMap;

use decider::Id;
use law::{AreaCode, clock::Clocks};
use time::OffsetDateTime;

use super::{CodeHash, Duty, Event, Exclusion, Rule};
use crate::budget::BudgetKey;

/// A claim as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No such claim.
    #[default]
    Unknown,
    /// From the report to the payment.
    Open(Box<Open>),
    /// Paid by this instruction, or lapsed.
    Closed { paid: Option<Id> },
}

/// A claim that is being handled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Open {
    /// What was reported. A fine may be heard of first, since the two come from different departments.
    pub report: Option<Report>,
    pub verifier: Option<Id>,
    pub stage: Stage,
    pub fines: BTreeMap<Id, i64>,
    pub signatories: Vec<Id>,
    pub amount: Option<Amount>,
    pub budget: Option<BudgetKey>,
    pub funds: Funds,
    pub code_hash: Option<CodeHash>,
    pub approvals: Vec<Id>,
    pub notified: bool,
    pub proved: bool,
    pub payment: Payment,
    /// How often a payment was instructed.
    pub attempts: u32,
    pub clocks: Clocks<Duty>,
}

/// The report that a claim rewards.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub id: Id,
    pub reporter_ref: Id,
    pub real_name: bool,
    pub insider: bool,
    pub area: AreaCode,
    pub matter: Id,
    pub received_at: OffsetDateTime,
}

/// How far a claim has come before its amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// 待核查
    #[default]
    Reported,
    /// 已核查，待定先后
    Verified,
    /// 可奖励
    Rewardable,
    /// 不予奖励
    Excluded(Exclusion),
}

/// What the reporter is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub fen: i64,
    pub rule: Rule,
}

/// Whether the budget has the money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Funds {
    #[default]
    None,
    Requested,
    Queued,
    Reserved(i64),
}

/// How far the payment has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Payment {
    /// Nothing is under way.
    #[default]
    None,
    /// Under way.
    Instructed { instruction: Id, amount_fen: i64 },
    /// Nobody knows whether it was paid.
    Unknown { instruction: Id, amount_fen: i64 },
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (State::Closed { paid }, _) => State::Closed { paid },
        (State::Open(_), Event::PaymentConfirmed { instruction, .. }) => {
            State::Closed { paid: Some(instruction.clone()) }
        }
        (State::Open(_), Event::Lapsed { .. }) => State::Closed { paid: None },
        (State::Unknown, event) => {
            let mut open = Box::<Open>::default();
            open.remember(event);
            State::Open(open)
        }
        (State::Open(mut open), event) => {
            open.remember(event);
            State::Open(open)
        }
    }
}

impl Open {
    /// The sum of the fines in force for the reported act.
    pub fn fines_fen(&self) -> i64 {
        self.fines.values().fold(0, |sum, fen| sum.saturating_add(*fen))
    }

    /// Whether the budget holds enough for the amount.
    pub fn is_funded(&self) -> bool {
        self.amount.is_some_and(|amount| matches!(self.funds, Funds::Reserved(fen) if fen >= amount.fen))
    }

    fn remember(&mut self, event: &Event) {
        match event {
            Event::Noted { report, reporter_ref, real_name, insider, area, matter, received_at } => {
                self.report = Some(Report {
                    id: report.clone(),
                    reporter_ref: reporter_ref.clone(),
                    real_name: *real_name,
                    insider: *insider,
                    area: area.clone(),
                    matter: matter.clone(),
                    received_at: *received_at,
                });
                self.signatories = vec![reporter_ref.clone()];
            }
            Event::Verified { by, .. } => {
                self.verifier = Some(by.clone());
                self.stage = Stage::Verified;
            }
            Event::Opened { .. } => self.stage = Stage::Rewardable,
            Event::Excluded { ground, .. } => {
                self.stage = Stage::Excluded(*ground);
                self.forget_amount();
            }
            Event::JointlyReported { signatories, .. } => self.signatories.clone_from(signatories),
            Event::FineNoted { penalty, fine_fen } => {
                self.fines.insert(penalty.clone(), *fine_fen);
            }
            Event::AmountComputed { amount_fen, rule, .. } => {
                self.amount = Some(Amount { fen: *amount_fen, rule: *rule });
            }
            Event::AmountReduced { amount_fen, .. } => {
                if let Some(amount) = &mut self.amount {
                    amount.fen = *amount_fen;
                }
            }
            Event::AmountWithdrawn {} => self.forget_amount(),
            Event::CodeIssued { code_hash } => self.code_hash = Some(code_hash.clone()),
            Event::ApprovedFirst { by } | Event::ApprovedSecond { by } => self.approvals.push(by.clone()),
            Event::ReporterNotified { .. } => self.notified = true,
            Event::Proved {} => self.proved = true,
            Event::Clock { duty, event } => self.clocks.remember(duty, event),
            Event::FundsRequested { .. }
            | Event::FundsReserved { .. }
            | Event::FundsQueued { .. }
            | Event::FundsReleased { .. } => self.remember_funds(event),
            Event::PaymentInstructed { .. }
            | Event::PaymentFailed { .. }
            | Event::PaymentUnknown { .. }
            | Event::PaymentReconciled { .. }
            | Event::PaymentConfirmed { .. } => self.remember_payment(event),
            Event::Lapsed { .. } => {}
        }
    }

    fn remember_funds(&mut self, event: &Event) {
        let (budget, funds) = match event {
            Event::FundsRequested { budget, .. } => (budget, Funds::Requested),
            Event::FundsReserved { budget, amount_fen } => (budget, Funds::Reserved(*amount_fen)),
            Event::FundsQueued { budget } => (budget, Funds::Queued),
            Event::FundsReleased { budget } => (budget, Funds::None),
            _ => return,
        };
        self.budget = Some(budget.clone());
        self.funds = funds;
    }

    fn remember_payment(&mut self, event: &Event) {
        self.payment = match (std::mem::take(&mut self.payment), event) {
            (_, Event::PaymentInstructed { instruction, attempt, amount_fen, .. }) => {
                self.attempts = *attempt;
                Payment::Instructed { instruction: instruction.clone(), amount_fen: *amount_fen }
            }
            (_, Event::PaymentFailed { .. }) => Payment::None,
            (Payment::Instructed { instruction, amount_fen }, Event::PaymentUnknown { .. }) => {
                Payment::Unknown { instruction, amount_fen }
            }
            (payment, _) => payment,
        };
    }

    /// Without an amount nothing that rested on it stands.
    fn forget_amount(&mut self) {
        self.amount = None;
        self.approvals.clear();
        self.notified = false;
        self.proved = false;
    }
}
