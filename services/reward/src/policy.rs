//! What this service does about facts: pure, from a fact to a command of our own.

use contracts::{enforcement::v1 as enforcement, hazard::v1 as hazard, outside::v1 as outside};
use decider::{Fact, Id, Order, Reaction, Recorded, Unreadable};
use law::AreaCode;
use uuid::{Uuid, uuid};

use crate::{
    budget::{self, Budget, BudgetKey},
    claim::{self, Claim, Report},
    fine::{self, Fine},
    matter::{self, Matter},
};

/// The namespace of matters; a constant of this service, chosen once.
const MATTERS: Uuid = uuid!("a1c9a3d2-2f0b-5c58-8d53-7f4a1f0c9e10");

/// Another department's fact becomes a command of ours, or nothing. Each department is heard on its own matters
/// only: what finance says of a fine is not a fine.
pub fn react(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    match fact.source.as_str() {
        "hazard" => after_report(fact),
        "enforcement" => after_penalty(fact),
        "finance" => after_payment(fact),
        _ => Ok(vec![]),
    }
}

fn after_report(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    if let Some(message) = fact.read::<hazard::ReportReceived>()? {
        let area = fact.field("area", AreaCode::parse(&message.area))?;
        let report = Report {
            id: fact.field("report_id", Id::parse(&message.report_id))?,
            reporter_ref: fact.field("reporter_ref", Id::parse(&message.reporter_ref))?,
            real_name: message.real_name,
            insider: message.insider,
            matter: matter(&message.premises, &area, &message.category),
            area,
            received_at: fact.recorded_at,
        };
        return Ok(vec![to_claim("note-report", &message.report_id, claim::Command::Note(report))]);
    }
    if let Some(message) = fact.read::<hazard::ReportVerified>()? {
        let by = fact.field("verified_by", Id::parse(&message.verified_by))?;
        let command = claim::Command::Verify { confirmed: message.confirmed, by };
        return Ok(vec![to_claim("verify-claim", &message.report_id, command)]);
    }
    Ok(vec![])
}

fn after_penalty(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    if let Some(message) = fact.read::<enforcement::PenaltyDecided>()? {
        if message.report_id.is_empty() {
            return Ok(vec![]);
        }
        let claim = fact.field("report_id", Id::parse(&message.report_id))?;
        let command = fine::Command::Impose { claim, fine_fen: message.fine_fen };
        return Ok(vec![to_fine("note-fine", &message.penalty_id, command)]);
    }
    if let Some(message) = fact.read::<enforcement::PenaltyRevised>()? {
        let fine_fen = if message.outcome == "revoked" { 0 } else { message.fine_fen };
        return Ok(vec![to_fine("revise-fine", &message.penalty_id, fine::Command::Revise { fine_fen })]);
    }
    Ok(vec![])
}

fn after_payment(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    let Some(message) = fact.read::<outside::PaymentSettled>()? else {
        return Ok(vec![]);
    };
    let instruction = fact.field("instruction", Id::parse(&message.instruction))?;
    let command = claim::Command::Settle { instruction, paid: message.paid, reason: message.reason };
    Ok(vec![to_claim("settle-payment", &message.claim_id, command)])
}

/// Reports of the same kind of thing at the same place are of one matter, until an officer finds otherwise.
fn matter(premises: &str, area: &AreaCode, category: &str) -> Id {
    let place = premises.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let derived = Uuid::new_v5(&MATTERS, format!("{area}/{category}/{place}").as_bytes());
    Id::parse(&derived.to_string()).expect("a UUID in lower case is an id")
}

/// Our own event drives our own next step.
pub fn advance(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    match recorded.stream.category() {
        "claim" => after_claim(recorded),
        "matter" => after_matter(recorded),
        "fine" => after_fine(recorded),
        "budget" => after_budget(recorded),
        _ => Ok(vec![]),
    }
}

fn after_claim(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    use claim::Event;
    let claim = own_id(recorded)?;
    Ok(match chassis::event(recorded)? {
        // Through our own log, so that a report is entered before it is concluded, whatever runs at the same time.
        Event::Noted { area, matter, received_at, .. } => {
            let command = matter::Command::Enter { claim, area, received_at };
            vec![to_matter("enter-report", &matter, command)]
        }
        Event::Verified { confirmed, matter, .. } => {
            vec![to_matter("conclude-report", &matter, matter::Command::Conclude { claim, confirmed })]
        }
        Event::FundsRequested { budget: key, amount_fen } => {
            vec![reserve(key, claim, amount_fen)]
        }
        Event::AmountReduced { amount_fen, budget, .. } => {
            vec![to_budget("reduce-reservation", &budget, budget::Command::Reduce { claim, amount_fen })]
        }
        Event::FundsReleased { budget } => {
            vec![to_budget("release-reservation", &budget, budget::Command::Release { claim })]
        }
        Event::PaymentConfirmed { amount_fen, budget, .. } => {
            vec![to_budget("post-payment", &budget, budget::Command::Post { claim, amount_fen })]
        }
        _ => vec![],
    })
}

fn after_matter(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    use matter::Event;
    Ok(match chassis::event(recorded)? {
        Event::FirstDetermined { claim } | Event::FoundDistinct { claim, .. } => {
            vec![to_claim("open-claim", claim.as_str(), claim::Command::Open)]
        }
        Event::CorroboratorDetermined { claim, first } => {
            vec![to_claim("rank-claim", claim.as_str(), claim::Command::RankBehind { first })]
        }
        Event::Entered { .. } | Event::Confirmed { .. } | Event::Dismissed { .. } => vec![],
    })
}

fn after_fine(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    let penalty = own_id(recorded)?;
    let (fine::Event::Imposed { claim, fine_fen } | fine::Event::Revised { claim, fine_fen }) =
        chassis::event(recorded)?;
    Ok(vec![to_claim("count-fine", claim.as_str(), claim::Command::NoteFine { penalty, fine_fen })])
}

fn after_budget(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    use budget::Event;
    Ok(match chassis::event(recorded)? {
        Event::Reserved { key: budget, claim, amount_fen } => {
            let command = claim::Command::ConfirmReserved { budget, amount_fen };
            vec![to_claim("confirm-reserved", claim.as_str(), command)]
        }
        Event::ReservationRefused { key: budget, claim, .. } => {
            vec![to_claim("queue-claim", claim.as_str(), claim::Command::Queue { budget })]
        }
        Event::TurnedOver { claim, amount_fen, to } => vec![reserve(to, claim, amount_fen)],
        _ => vec![],
    })
}

fn reserve(key: BudgetKey, claim: Id, amount_fen: i64) -> Reaction {
    let stream = key.id();
    let command = budget::Command::Reserve { key, claim, amount_fen };
    Reaction::new("reserve-funds", Order::of::<Budget>(stream.as_str(), command))
}

fn to_claim(policy: &'static str, id: &str, command: claim::Command) -> Reaction {
    Reaction::new(policy, Order::of::<Claim>(id, command))
}

fn to_matter(policy: &'static str, id: &Id, command: matter::Command) -> Reaction {
    Reaction::new(policy, Order::of::<Matter>(id.as_str(), command))
}

fn to_fine(policy: &'static str, penalty: &str, command: fine::Command) -> Reaction {
    Reaction::new(policy, Order::of::<Fine>(penalty, command))
}

fn to_budget(policy: &'static str, key: &BudgetKey, command: budget::Command) -> Reaction {
    Reaction::new(policy, Order::of::<Budget>(key.id().as_str(), command))
}

fn own_id(recorded: &Recorded) -> Result<Id, Unreadable> {
    Id::parse(recorded.stream.id())
        .map_err(|error| Unreadable { kind: recorded.kind.clone(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use decider::Public;
    use time::macros::datetime;

    use super::*;

    fn fact(source: &str, public: Public) -> Fact {
        Fact {
            id: Uuid::nil(),
            source: source.into(),
            position: 1,
            kind: public.kind,
            stream: "penalty:p-1".into(),
            case_id: None,
            department: "fire.330723".parse().unwrap(),
            actor: "officer-1".into(),
            occurred_at: datetime!(2023-03-20 10:00 +8),
            recorded_at: datetime!(2023-03-20 10:00 +8),
            causation: None,
            to: vec![],
            traceparent: None,
            body: public.body,
        }
    }

    fn streams(fact: &Fact) -> Vec<String> {
        react(fact).unwrap().into_iter().map(|reaction| reaction.order.stream.to_string()).collect()
    }

    fn decided(report_id: &str) -> Public {
        let (penalty_id, report_id) = ("p-1".into(), report_id.into());
        Public::of(&enforcement::PenaltyDecided { penalty_id, report_id, fine_fen: 1, ..Default::default() })
    }

    /// Invariant 24: fines and rewards are never netted.
    #[test]
    fn a_fine_that_is_paid_is_nothing_to_a_reward_or_a_budget() {
        let paid = enforcement::FinePaid { penalty_id: "p-1".into(), amount_fen: 1 };
        assert!(streams(&fact("enforcement", Public::of(&paid))).is_empty());
        assert_eq!(streams(&fact("enforcement", decided("report-1"))), ["fine:p-1"]);
    }

    #[test]
    fn a_fine_that_no_report_led_to_is_nobodys_reward() {
        assert!(streams(&fact("enforcement", decided(""))).is_empty());
    }

    #[test]
    fn what_finance_says_of_a_fine_is_not_a_fine() {
        assert!(streams(&fact("finance", decided("report-1"))).is_empty());
    }

    #[test]
    fn reports_of_one_kind_at_one_place_are_of_one_matter() {
        let area = AreaCode::parse("330723103").unwrap();
        assert_eq!(matter("Plant  A ", &area, "exit"), matter("plant a", &area, "exit"));
        assert_ne!(matter("plant a", &area, "exit"), matter("plant b", &area, "exit"));
        assert_ne!(matter("plant a", &area, "exit"), matter("plant a", &area, "storage"));
    }
}
