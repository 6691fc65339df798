//! Paying once: an instruction has a derived id, and an unknown outcome is asked for, never tried again.

use decider::{Context, Id, Role};
use uuid::{Uuid, uuid};

use super::{
    super::{
        State, evolve,
        state::{Open, Payment},
    },
    Event, Refusal,
    amount::{reassess, split},
    of_area,
};

/// The namespace of payment instructions; a constant of this service, chosen once.
const INSTRUCTIONS: Uuid = uuid!("5d0f6c1e-6a53-5b0e-9b7a-0c1d7f6e2a44");

/// The id of a claim's payment at an attempt: the same attempt is the same instruction, however often it is given.
pub fn instruction(claim: &Id, attempt: u32) -> Id {
    let derived = Uuid::new_v5(&INSTRUCTIONS, format!("{claim}/{attempt}").as_bytes());
    Id::parse(&derived.to_string()).expect("a UUID in lower case is an id")
}

/// 支付指令
pub(super) fn instruct(open: &Open, cx: &Context) -> Result<Vec<Event>, Refusal> {
    finance(open, cx)?;
    match open.payment {
        Payment::Instructed { .. } => return Ok(vec![]),
        Payment::Unknown { .. } => return Err(Refusal::PaymentOutcomeUnknown),
        Payment::None => {}
    }
    let (Some(report), Some(amount)) = (&open.report, open.amount) else {
        return Err(Refusal::NoAmount);
    };
    if !open.notified {
        return Err(Refusal::NotApproved);
    }
    if !open.proved {
        return Err(Refusal::NotProved);
    }
    if !open.is_funded() {
        return Err(Refusal::NotReserved);
    }
    let payee = open.signatories.first().unwrap_or(&report.reporter_ref).clone();
    let attempt = open.attempts.saturating_add(1);
    Ok(vec![Event::PaymentInstructed {
        instruction: instruction(&report.id, attempt),
        attempt,
        amount_fen: amount.fen,
        payee,
        shares: split(amount.fen, &open.signatories),
    }])
}

/// What the finance department answered.
pub(super) fn settle(
    open: &Open,
    answered: Id,
    paid: bool,
    reason: String,
    cx: &Context,
) -> Result<Vec<Event>, Refusal> {
    match &open.payment {
        Payment::Instructed { instruction, amount_fen } | Payment::Unknown { instruction, amount_fen }
            if *instruction == answered =>
        {
            outcome(open, answered, *amount_fen, paid, reason, cx)
        }
        _ => Err(Refusal::OtherInstruction { instruction: answered }),
    }
}

/// 支付结果不明
pub(super) fn unknown(open: &Open, reason: String, cx: &Context) -> Result<Vec<Event>, Refusal> {
    finance(open, cx)?;
    match &open.payment {
        Payment::Instructed { instruction, .. } => {
            Ok(vec![Event::PaymentUnknown { instruction: instruction.clone(), reason }])
        }
        Payment::Unknown { .. } => Ok(vec![]),
        Payment::None => Err(Refusal::NothingInstructed),
    }
}

/// 支付对账: what the bank's record of this instruction says.
pub(super) fn reconcile(
    open: &Open,
    paid: bool,
    document: String,
    cx: &Context,
) -> Result<Vec<Event>, Refusal> {
    finance(open, cx)?;
    let Payment::Unknown { instruction, amount_fen } = &open.payment else {
        return Err(Refusal::OutcomeKnown);
    };
    let reconciled =
        Event::PaymentReconciled { instruction: instruction.clone(), paid, document: document.clone() };
    let outcome = outcome(open, instruction.clone(), *amount_fen, paid, document, cx)?;
    Ok([reconciled].into_iter().chain(outcome).collect())
}

fn outcome(
    open: &Open,
    instruction: Id,
    amount_fen: i64,
    paid: bool,
    reason: String,
    cx: &Context,
) -> Result<Vec<Event>, Refusal> {
    if paid {
        let budget = open.budget.clone().ok_or(Refusal::NotReserved)?;
        return Ok(vec![Event::PaymentConfirmed { instruction, amount_fen, budget }]);
    }
    let failed = Event::PaymentFailed { instruction, reason };
    // A fine that fell while the money was under way counts now.
    let State::Open(after) = evolve(State::Open(Box::new(open.clone())), &failed) else {
        return Ok(vec![failed]);
    };
    let reassessed = reassess(&after, cx)?;
    Ok([failed].into_iter().chain(reassessed).collect())
}

fn finance(open: &Open, cx: &Context) -> Result<(), Refusal> {
    of_area(open, cx)?;
    if cx.actor.has(Role::Finance) { Ok(()) } else { Err(Refusal::NotFinance) }
}
