//! What this service does about facts: pure, from a fact to a command of our own.

use contracts::{enforcement::v1 as enforcement, hazard::v1 as hazard, outside::v1 as outside};
use decider::{Decider, Fact, Id, Order, Reaction, Recorded, Unreadable, authority::Certificate};
use law::{Level, Uscc};

use crate::{
    authority::{self, Authority},
    crime::{self, Crime, Ground},
    determination::{self, Determination},
    fire::{self, Fire, FireId, Totals, Track},
    inquiry::{self, Inquiry, InquiryId},
};

/// Another department's fact becomes a command of ours, or nothing.
pub fn react(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    match fact.source.as_str() {
        "enforcement" => of_enforcement(fact),
        "hazard" => of_hazard(fact),
        "emergency" => of_emergency(fact),
        "government" => of_government(fact),
        "police" => of_police(fact),
        _ => Ok(vec![]),
    }
}

/// Our own event drives our own next step.
pub fn advance(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    match recorded.stream.category() {
        Fire::NAME => after_fire(recorded),
        _ => Ok(vec![]),
    }
}

fn of_enforcement(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    if let Some(message) = fact.read::<enforcement::OfficerCertified>()? {
        let certificate = Certificate {
            number: fact.field("certificate", Id::parse(&message.certificate))?,
            department: fact.field("department", message.department.parse())?,
            from: chassis::instant(fact, "from", message.from)?,
            until: chassis::instant(fact, "until", message.until)?,
        };
        let event = authority::Event::CertificateNoted { certificate };
        return Ok(vec![note(&message.certificate, event)]);
    }
    if let Some(message) = fact.read::<enforcement::CertificateWithdrawn>()? {
        let at = chassis::instant(fact, "at", message.at)?;
        return Ok(vec![note(&message.certificate, authority::Event::CertificateEnded { at })]);
    }
    if let Some(message) = fact.read::<enforcement::SealBroken>()? {
        return Ok(vec![noted(fact, "seal_id", &message.seal_id, &[Ground::SealBroken])?]);
    }
    Ok(vec![])
}

/// The facts of 刑法134之一(二), as they happen to a hazard.
fn of_hazard(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    let (hazard, grounds) = if let Some(message) = fact.read::<hazard::MajorHazardDetermined>()? {
        (message.hazard_id, vec![Ground::MajorDetermined])
    } else if let Some(message) = fact.read::<hazard::MajorHazardNoticeServed>()? {
        (message.hazard_id, vec![Ground::OrderServed])
    } else if let Some(message) = fact.read::<hazard::RectificationOrdered>()? {
        (message.hazard_id, vec![Ground::OrderServed])
    } else if let Some(message) = fact.read::<hazard::Reinspected>()? {
        // Before the order's period has run out, nothing has been refused.
        let refused = message.expired && message.result == "not-corrected";
        let grounds =
            [message.expired.then_some(Ground::OrderExpired), refused.then_some(Ground::NotExecuted)];
        (message.hazard_id, grounds.into_iter().flatten().collect())
    } else {
        return Ok(vec![]);
    };
    if grounds.is_empty() {
        return Ok(vec![]);
    }
    Ok(vec![noted(fact, "hazard_id", &hazard, &grounds)?])
}

fn of_emergency(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    let Some(message) = fact.read::<outside::AccidentReportReceived>()? else {
        return Ok(vec![]);
    };
    let id = fact.field("fire_id", FireId::parse(&message.fire_id))?;
    let command = fire::Command::NoteReceipt {
        from: fact.field("from", message.from.parse())?,
        by: fact.department.clone(),
        received_at: chassis::instant(fact, "received_at", message.received_at)?,
    };
    Ok(vec![Reaction::new("note-receipt", Order::of::<Fire>(id.as_str(), command))])
}

fn of_government(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    if let Some(message) = fact.read::<outside::InquiryFormed>()? {
        let id = fact.field("fire_id", FireId::parse(&message.fire_id))?;
        let command = fire::Command::NoteInquiry {
            inquiry: fact.field("inquiry_id", InquiryId::parse(&message.inquiry_id))?,
            by: fact.department.clone(),
            government: fact.field("government", message.government.parse())?,
            by_state: message.by_state,
            leader: message.leader,
            members: message.members,
        };
        return Ok(vec![Reaction::new("note-inquiry", Order::of::<Fire>(id.as_str(), command))]);
    }
    let (by, at) = (fact.department.clone(), fact.occurred_at);
    if let Some(message) = fact.read::<outside::InquiryExtensionApproved>()? {
        let command = inquiry::Command::Extend { days: message.days, by, at };
        return Ok(vec![inquire(fact, "extend-inquiry", &message.inquiry_id, command)?]);
    }
    if let Some(message) = fact.read::<outside::InquiryReportApproved>()? {
        let units = message.responsible_units.iter().map(|unit| Uscc::parse(unit)).collect();
        let command = inquiry::Command::Reply {
            level: fact.field("level", level(&message.level))?,
            responsible_units: fact.field("responsible_units", units)?,
            by,
            at,
        };
        return Ok(vec![inquire(fact, "reply-to-inquiry", &message.inquiry_id, command)?]);
    }
    Ok(vec![])
}

fn of_police(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    let (by, at) = (fact.department.clone(), fact.occurred_at);
    if let Some(message) = fact.read::<outside::TransferReceived>()? {
        let command = crime::Command::Receive { receipt: message.receipt, by, at };
        return Ok(vec![transfer(fact, "receive-transfer", &message.transfer_id, command)?]);
    }
    if let Some(message) = fact.read::<outside::TransferDecided>()? {
        let command = crime::Command::Answer { filed: message.filed, reason: message.reason, by, at };
        return Ok(vec![transfer(fact, "answer-transfer", &message.transfer_id, command)?]);
    }
    Ok(vec![])
}

/// The alarm starts the determination; casualties and levels are told to whoever counts with them.
fn after_fire(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    use fire::Event;
    let id = recorded.stream.id();
    Ok(match chassis::event(recorded)? {
        Event::AlarmRaised { area, alarm_at, .. } => {
            vec![determine("open-determination", id, determination::Command::Open { area, alarm_at })]
        }
        Event::CasualtiesUpdated { totals, .. } => after_casualties(recorded, totals)?,
        Event::JurisdictionMoved { track: Track::Cause, to, .. } => {
            let command = determination::Command::Move { to, at: recorded.occurred_at };
            vec![determine("move-determination", id, command)]
        }
        Event::LevelDetermined { level, inquiry: Some(inquiry), .. } => {
            let command = inquiry::Command::NoteLevel { level };
            vec![Reaction::new("note-level", Order::of::<Inquiry>(inquiry.as_str(), command))]
        }
        Event::InquiryNoted {
            inquiry,
            government,
            tier,
            leader,
            members,
            area,
            accident_at,
            level,
            supersedes,
        } => {
            let fire = own(recorded, FireId::parse(id))?;
            let end = supersedes.map(|earlier| {
                let command = inquiry::Command::Supersede { by: inquiry.clone() };
                Reaction::new("supersede-inquiry", Order::of::<Inquiry>(earlier.as_str(), command))
            });
            let command =
                inquiry::Command::Form { fire, area, government, tier, leader, members, accident_at, level };
            let form = Reaction::new("form-inquiry", Order::of::<Inquiry>(inquiry.as_str(), command));
            [Some(form), end].into_iter().flatten().collect()
        }
        Event::JurisdictionMoved { track: Track::Government, .. }
        | Event::LevelDetermined { inquiry: None, .. }
        | Event::ReportDue { .. }
        | Event::Reported { .. }
        | Event::Extinguished { .. }
        | Event::LossDeclared { .. }
        | Event::SceneClosed { .. }
        | Event::SceneReleased {}
        | Event::Clock { .. } => vec![],
    })
}

fn after_casualties(recorded: &Recorded, totals: Totals) -> Result<Vec<Reaction>, Unreadable> {
    let id = recorded.stream.id();
    let fire = own(recorded, FireId::parse(id))?;
    let case = recorded.meta.case_id.as_ref().map_or(id, decider::CaseId::as_str);
    let area = recorded.meta.actor.department.area.clone();
    let command = crime::Command::NoteHarm { fire, totals, area };
    let harm = Reaction::new("note-harm", Order::of::<Crime>(case, command));
    let hurt = totals.deaths > 0 || totals.serious_injuries > 0;
    let casualties = hurt.then(|| determine("note-casualties", id, determination::Command::NoteCasualties));
    let loss = determine("note-harm", id, determination::Command::NoteHarm { totals });
    Ok([Some(harm), casualties, Some(loss)].into_iter().flatten().collect())
}

fn note(id: &str, event: authority::Event) -> Reaction {
    Reaction::new("note-authority", Order::of::<Authority>(id, authority::Command::Note(event)))
}

/// A fact that counts towards a crime; the crime's stream is the case's, or the subject's own without a case.
fn noted(fact: &Fact, field: &str, subject: &str, grounds: &[Ground]) -> Result<Reaction, Unreadable> {
    let subject = fact.field(field, Id::parse(subject))?;
    let case = fact.case_id.as_ref().map_or(subject.as_str(), decider::CaseId::as_str).to_owned();
    let area = fact.department.area.clone();
    let command = crime::Command::NoteFacts { subject, grounds: grounds.to_vec(), area };
    Ok(Reaction::new("note-facts", Order::of::<Crime>(&case, command)))
}

fn determine(policy: &'static str, id: &str, command: determination::Command) -> Reaction {
    Reaction::new(policy, Order::of::<Determination>(id, command))
}

fn inquire(
    fact: &Fact,
    policy: &'static str,
    id: &str,
    command: inquiry::Command,
) -> Result<Reaction, Unreadable> {
    let id = fact.field("inquiry_id", InquiryId::parse(id))?;
    Ok(Reaction::new(policy, Order::of::<Inquiry>(id.as_str(), command)))
}

fn transfer(
    fact: &Fact,
    policy: &'static str,
    id: &str,
    command: crime::Command,
) -> Result<Reaction, Unreadable> {
    let id = fact.field("transfer_id", crime::TransferId::parse(id))?;
    Ok(Reaction::new(policy, Order::of::<Crime>(id.as_str(), command)))
}

fn own<T, E: std::fmt::Display>(recorded: &Recorded, parsed: Result<T, E>) -> Result<T, Unreadable> {
    parsed.map_err(|error| Unreadable { kind: recorded.kind.clone(), reason: error.to_string() })
}

fn level(word: &str) -> Result<Level, &'static str> {
    let known = [Level::General, Level::Larger, Level::Major, Level::Extreme];
    known.into_iter().find(|level| level.en() == word).ok_or("known are general, larger, major and extreme")
}
