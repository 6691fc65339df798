//! Which of this service's events become public, and as what. Exhaustive, one way.

use contracts::reward::v1 as public;
use decider::{Public, Recorded, Unreadable};
use law::clock;

use crate::{
    budget::{self, BudgetKey},
    claim, fine, matter,
};

/// The public message of an event, or nothing.
pub fn publish(recorded: &Recorded) -> Result<Option<Public>, Unreadable> {
    let id = recorded.stream.id();
    match recorded.stream.category() {
        "claim" => chassis::event(recorded).map(|event| of_claim(id, event)),
        "budget" => chassis::event(recorded).map(|event| of_budget(id, event)),
        // Who else reported a matter is nobody else's business.
        "matter" => chassis::event::<matter::Event>(recorded).map(|_| None),
        // What others made public is not made public again.
        "fine" => chassis::event::<fine::Event>(recorded).map(|_| None),
        other => Err(chassis::unknown_category(other)),
    }
}

fn of_claim(id: &str, event: claim::Event) -> Option<Public> {
    use claim::Event;
    let claim_id = id.to_owned();
    Some(match event {
        Event::Opened { report, reporter_ref, .. } => Public::of(&public::ClaimOpened {
            claim_id,
            reporter_ref: reporter_ref.into(),
            report_id: report.into(),
        }),
        Event::Excluded { ground, .. } => {
            Public::of(&public::ClaimExcluded { claim_id, ground: ground.to_string() })
        }
        Event::AmountComputed { amount_fen, rule, fine_fen, .. } => {
            Public::of(&public::AmountComputed { claim_id, amount_fen, rule: rule.to_string(), fine_fen })
        }
        Event::AmountReduced { amount_fen, fine_fen, .. } => {
            Public::of(&public::AmountReduced { claim_id, amount_fen, fine_fen })
        }
        Event::AmountWithdrawn {} => {
            Public::of(&public::AmountReduced { claim_id, amount_fen: 0, fine_fen: 0 })
        }
        Event::ReporterNotified { claim_by } => {
            Public::of(&public::ClaimApproved { claim_id, claim_by: Some(chassis::due(&claim_by)) })
        }
        Event::Proved {} => Public::of(&public::ClaimProved { claim_id }),
        Event::PaymentInstructed { instruction, amount_fen, .. } => {
            Public::of(&public::PaymentInstructed { claim_id, amount_fen, instruction: instruction.into() })
        }
        Event::PaymentConfirmed { amount_fen, .. } => {
            Public::of(&public::PaymentConfirmed { claim_id, amount_fen })
        }
        Event::PaymentFailed { instruction, reason } => {
            Public::of(&public::PaymentFailed { claim_id, instruction: instruction.into(), reason })
        }
        Event::PaymentUnknown { instruction, .. } => {
            Public::of(&public::PaymentUnknown { claim_id, instruction: instruction.into() })
        }
        Event::Lapsed { .. } => Public::of(&public::ClaimLapsed { claim_id }),
        Event::Clock { duty, event: clock::Event::Breached { due } } => {
            let (duty, due) = (duty.to_string(), Some(chassis::due(&due)));
            Public::of(&public::DeadlineBreached { subject: claim_id, duty, due })
        }
        Event::Clock { duty, event } => return chassis::clock(id, duty, &event),
        // The inside of an approval, who signed jointly, and what the budget says better itself.
        Event::Noted { .. }
        | Event::Verified { .. }
        | Event::JointlyReported { .. }
        | Event::FineNoted { .. }
        | Event::FundsRequested { .. }
        | Event::FundsReserved { .. }
        | Event::FundsQueued { .. }
        | Event::FundsReleased { .. }
        | Event::CodeIssued { .. }
        | Event::ApprovedFirst { .. }
        | Event::ApprovedSecond { .. }
        | Event::PaymentReconciled { .. } => return None,
    })
}

fn of_budget(id: &str, event: budget::Event) -> Option<Public> {
    use budget::Event;
    let budget_id = id.to_owned();
    Some(match event {
        Event::Appropriated { key, appropriated_fen, .. }
        | Event::ToppedUp { key, appropriated_fen, .. }
        | Event::Cut { key, appropriated_fen, .. } => appropriated(budget_id, &key, appropriated_fen),
        Event::Reserved { claim, amount_fen, .. } => {
            Public::of(&public::BudgetReserved { claim_id: claim.into(), budget_id, amount_fen })
        }
        Event::ReservationRefused { claim, amount_fen, .. } => {
            Public::of(&public::ReservationRefused { claim_id: claim.into(), budget_id, amount_fen })
        }
        Event::Released { claim, amount_fen } => {
            Public::of(&public::BudgetReleased { claim_id: claim.into(), budget_id, amount_fen })
        }
        Event::Posted { claim, amount_fen, .. } => {
            Public::of(&public::BudgetPosted { claim_id: claim.into(), budget_id, amount_fen })
        }
        Event::YearClosed { returned_fen, .. } => {
            Public::of(&public::BudgetYearClosed { budget_id, returned_fen })
        }
        Event::Opened { .. }
        | Event::ReservationReduced { .. }
        | Event::Dequeued { .. }
        | Event::TurnedOver { .. } => return None,
    })
}

fn appropriated(budget_id: String, key: &BudgetKey, appropriated_fen: i64) -> Public {
    Public::of(&public::BudgetAppropriated {
        budget_id,
        area: key.area.to_string(),
        fiscal_year: key.fiscal_year,
        appropriated_fen,
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// Invariant 23: what leaves this service tells the reporter's random reference once, for the department that
    /// gave it, and neither who else signed nor what proves the claim.
    #[test]
    fn no_public_message_tells_more_of_a_reporter_than_the_reference_it_came_with() {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("stored")).unwrap() {
            let path = entry.unwrap().path();
            if !path.file_name().unwrap().to_str().unwrap().starts_with("Claim.") {
                continue;
            }
            let event = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            let Some(public) = of_claim("report-1", event) else { continue };
            let body = public.body.to_string();
            let opened = public.kind.ends_with(".ClaimOpened");
            assert_eq!(body.contains("ref-7f3a"), opened, "{}: {body}", path.display());
            assert!(!body.contains("ref-81b0") && !body.contains("9f86d081"), "{}: {body}", path.display());
        }
    }
}
