//! What this service does about facts: pure, from a fact to a command of our own.

use contracts::{enforcement::v1 as enforcement, outside::v1 as outside};
use decider::{
    Fact, Id, Order, Reaction, Recorded, Unreadable,
    authority::{Certificate, Delegation},
};

use crate::{
    authority::{self, Authority},
    hazard::{self, Hazard},
    report::{self, Report},
};

/// Another department's fact becomes a command of ours, or nothing.
pub fn react(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    if let Some(message) = fact.read::<enforcement::OfficerCertified>()? {
        let certificate = Certificate {
            number: fact.field("certificate", Id::parse(&message.certificate))?,
            department: fact.field("department", message.department.parse())?,
            from: chassis::instant(fact, "from", message.from)?,
            until: chassis::instant(fact, "until", message.until)?,
        };
        return Ok(vec![note(&message.certificate, authority::Event::CertificateNoted { certificate })]);
    }
    if let Some(message) = fact.read::<enforcement::CertificateWithdrawn>()? {
        let at = chassis::instant(fact, "at", message.at)?;
        return Ok(vec![note(&message.certificate, authority::Event::CertificateEnded { at })]);
    }
    if let Some(message) = fact.read::<enforcement::DelegationInForce>()? {
        let id = message.delegation_id.clone();
        let delegation = delegation(fact, message)?;
        return Ok(vec![note(&id, authority::Event::DelegationNoted { delegation })]);
    }
    if let Some(message) = fact.read::<enforcement::DelegationEnded>()? {
        let at = chassis::instant(fact, "at", message.at)?;
        return Ok(vec![note(&message.delegation_id, authority::Event::DelegationEnded { at })]);
    }
    if let Some(message) = fact.read::<outside::SupervisionOrdered>()? {
        let until = fact.field("until", chassis::date(&message.until))?;
        // Who sends it is known from the bus; whether that is the government that was told, the case knows.
        let by = Some(fact.department.clone());
        let command = hazard::Command::ListForSupervision { leader: message.leader, until, by };
        return Ok(vec![Reaction::new(
            "list-for-supervision",
            Order::of::<Hazard>(&message.hazard_id, command),
        )]);
    }
    Ok(vec![])
}

/// Our own event drives our own next step.
pub fn advance(recorded: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    if recorded.stream.category() != "hazard" {
        return Ok(vec![]);
    }
    let hazard::Event::Inspected { report: Some(report), findings, .. } = chassis::event(recorded)? else {
        return Ok(vec![]);
    };
    let by = Some(recorded.meta.actor.clone());
    let command = report::Command::Verify { confirmed: !findings.is_empty(), by };
    Ok(vec![Reaction::new("verify-report", Order::of::<Report>(report.as_str(), command))])
}

fn note(id: &str, event: authority::Event) -> Reaction {
    Reaction::new("note-authority", Order::of::<Authority>(id, authority::Command::Note(event)))
}

fn delegation(fact: &Fact, message: enforcement::DelegationInForce) -> Result<Delegation, Unreadable> {
    Ok(Delegation {
        id: fact.field("delegation_id", Id::parse(&message.delegation_id))?,
        version: message.version,
        model: fact.field("model", message.model.parse())?,
        delegator: fact.field("delegator", message.delegator.parse())?,
        delegate: fact.field("delegate", message.delegate.parse())?,
        items: fact.field("items", message.items.iter().map(|item| Id::parse(item)).collect())?,
        area: fact.field("area", law::AreaCode::parse(&message.area))?,
        from: chassis::instant(fact, "from", message.from)?,
        until: chassis::instant(fact, "until", message.until)?,
    })
}

#[cfg(test)]
mod tests {
    use contracts::outside::v1::SupervisionOrdered;
    use decider::{DepartmentKind, Meta, OrderError, Public, StreamName, harness};
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    fn supervision_ordered(by: &str) -> Fact {
        let (leader, until) = ("deputy".to_owned(), "2023-04-30".to_owned());
        let Public { kind, body, to } =
            Public::of(&SupervisionOrdered { hazard_id: "h-1".to_owned(), leader, until });
        Fact {
            id: Uuid::nil(),
            source: "government".to_owned(),
            position: 1,
            kind,
            stream: "supervision:h-1".to_owned(),
            case_id: None,
            department: by.parse().unwrap(),
            actor: "office".to_owned(),
            occurred_at: datetime!(2023-03-09 10:00 +8),
            recorded_at: datetime!(2023-03-09 10:00 +8),
            causation: None,
            to,
            traceparent: None,
            body,
        }
    }

    fn recorded(events: &[hazard::Event]) -> Vec<Recorded> {
        let actor = harness::actor(DepartmentKind::Fire, "330723", &[]);
        let record = |(event, version): (&hazard::Event, u64)| Recorded {
            position: version,
            stream: StreamName::new("hazard", "h-1"),
            version,
            id: Uuid::nil(),
            kind: decider::DomainEvent::name(event).to_owned(),
            data: serde_json::to_vec(event).unwrap().into(),
            meta: Meta::by(actor.clone()).into(),
            occurred_at: datetime!(2023-03-08 10:00 +8),
            recorded_at: datetime!(2023-03-08 10:00 +8),
        };
        events.iter().zip(1..).map(record).collect()
    }

    #[test]
    fn a_supervision_order_is_its_senders() {
        let history = recorded(&hazard::tests::reported());
        let service = harness::actor(DepartmentKind::Fire, "330723", &[]);
        let cx = harness::context(datetime!(2023-03-09 10:00 +8), service);
        let answer =
            |by: &str| react(&supervision_ordered(by)).unwrap().remove(0).order.decide(&history, &cx);
        let Err(OrderError::Refused(refused)) = answer("government.440106") else { panic!() };
        assert_eq!(refused.name, "NotTheGovernmentTold");
        assert!(answer("government.330723").is_ok());
    }
}
