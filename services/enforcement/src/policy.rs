//! What this service does about facts: pure, from a fact to a command of our own.

use contracts::hazard::v1 as hazard;
use decider::{Fact, Id, Order, Reaction, Recorded, Unreadable};
use law::{AreaCode, Uscc};

use crate::{
    act::{self, Act, act_id},
    penalty::{self, Outcome, Penalty, Subject},
    rulebook,
};

/// Another department's fact becomes a command of ours, or nothing.
pub fn react(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    let Some(message) = fact.read::<hazard::Reinspected>()? else {
        return Ok(vec![]);
    };
    if message.result != "not-corrected" || !message.expired {
        return Ok(vec![]);
    }
    let subject = Subject {
        unit: fact.field("unit", Uscc::parse(&message.unit))?,
        premises: message.premises,
        area: fact.field("area", AreaCode::parse(&message.area))?,
        // The uncorrected hazard is the act: found again, it is the same one.
        act: fact.field("hazard_id", Id::parse(&message.hazard_id))?,
        report: optional(fact, "report_id", &message.report_id)?,
        reporter_ref: optional(fact, "reporter_ref", &message.reporter_ref)?,
    };
    let command = penalty::Command::Refer { subject, order: message.document };
    Ok(vec![Reaction::new("refer-uncorrected-hazard", Order::of::<Penalty>(&message.hazard_id, command))])
}

fn optional(fact: &Fact, name: &str, text: &str) -> Result<Option<Id>, Unreadable> {
    if text.is_empty() { Ok(None) } else { fact.field(name, Id::parse(text)).map(Some) }
}

/// Our own event drives our own next step: a case and its act find each other, adopted rules take effect.
pub fn advance(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    match recorded.stream.category() {
        "penalty" => {
            let penalty = id(recorded)?;
            Ok(match chassis::event(recorded)? {
                penalty::Event::Filed { subject, .. } => {
                    vec![to_act("claim-act", &subject.unit, &subject.act, act::Command::Claim { penalty })]
                }
                penalty::Event::Dismissed { unit, act, .. }
                | penalty::Event::Revised { outcome: Outcome::Revoked, unit, act, .. } => {
                    vec![to_act("release-act", &unit, &act, act::Command::Release { penalty })]
                }
                _ => vec![],
            })
        }
        "act" => Ok(match chassis::event(recorded)? {
            act::Event::Claimed { penalty } => {
                vec![to_penalty("confirm-act", &penalty, penalty::Command::ConfirmAct)]
            }
            act::Event::Denied { penalty, holder } => {
                vec![to_penalty("deny-act", &penalty, penalty::Command::DenyAct { holder })]
            }
            act::Event::Released { .. } => vec![],
        }),
        // We do not listen to ourselves: what the others hear, our own log is told here.
        "rulebook" => Ok(match chassis::event(recorded)? {
            rulebook::Event::Adopted { adoption } => vec![chassis::rules::receive(adoption)],
            _ => vec![],
        }),
        _ => Ok(vec![]),
    }
}

fn id(recorded: &Recorded) -> Result<Id, Unreadable> {
    Id::parse(recorded.stream.id())
        .map_err(|error| Unreadable { kind: recorded.kind.clone(), reason: error.to_string() })
}

fn to_act(policy: &'static str, unit: &Uscc, act: &Id, command: act::Command) -> Reaction {
    Reaction::new(policy, Order::of::<Act>(&act_id(unit, act), command))
}

fn to_penalty(policy: &'static str, penalty: &Id, command: penalty::Command) -> Reaction {
    Reaction::new(policy, Order::of::<Penalty>(penalty.as_str(), command))
}

#[cfg(test)]
mod tests;
