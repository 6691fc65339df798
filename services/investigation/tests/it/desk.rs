//! The service without servers: its deciders, policies and public messages over streams in memory.

use std::collections::HashMap;

use contracts::{enforcement::v1 as enforcement, hazard::v1 as hazard};
use decider::{
    Actor, CaseId, Context, Department, DepartmentKind, Fact, Meta, Order, OrderError, Public, Recorded,
    Role, StreamName,
    harness::{actor, context},
};
use investigation::{policy, publish};
use prost::Name;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) const CASE: &str = "wuyi";

/// What has happened, and what became public.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) log: Vec<Recorded>,
    pub(crate) public: Vec<Public>,
    streams: HashMap<StreamName, Vec<Recorded>>,
    facts: u64,
}

impl Desk {
    /// Executes a command, and whatever the service's own events lead to.
    pub(crate) fn execute(&mut self, order: Order, cx: &Context) -> Result<(), OrderError> {
        let mut next = self.append(order, cx)?;
        while next < self.log.len() {
            let recorded = self.log[next].clone();
            next += 1;
            self.public.extend(publish::publish(&recorded).unwrap());
            for reaction in policy::advance(&recorded).unwrap() {
                self.append(reaction.order, &by_the_service(cx.now)).unwrap();
            }
        }
        Ok(())
    }

    /// Another department's fact arrives; refusals are outcomes, told by name.
    pub(crate) fn hear<M: Name + Serialize>(
        &mut self,
        source: &str,
        department: &str,
        message: &M,
        at: OffsetDateTime,
    ) -> Vec<String> {
        self.facts += 1;
        let fact = fact(source, self.facts, department, message, at);
        let mut refusals = Vec::new();
        for reaction in policy::react(&fact).unwrap() {
            match self.execute(reaction.order, &by_the_service(at)) {
                Ok(()) => {}
                Err(OrderError::Refused(refused)) => refusals.push(refused.name),
                Err(error) => panic!("{error}"),
            }
        }
        refusals
    }

    /// The names of the public messages so far, without their package.
    pub(crate) fn told(&self) -> Vec<&str> {
        self.public.iter().filter_map(|public| public.kind.rsplit('.').next()).collect()
    }

    /// The last public message of a type.
    pub(crate) fn last(&self, name: &str) -> &Public {
        let found = self.public.iter().rfind(|public| public.kind.ends_with(&format!(".{name}")));
        found.unwrap_or_else(|| panic!("no {name} was made public"))
    }

    fn append(&mut self, order: Order, cx: &Context) -> Result<usize, OrderError> {
        let stream = order.stream.clone();
        let history = self.streams.entry(stream.clone()).or_default();
        let decision = order.decide(history, cx)?;
        let first = self.log.len();
        for event in decision.events {
            let position = self.log.len() as u64 + 1;
            let recorded = Recorded {
                position,
                stream: stream.clone(),
                version: history.len() as u64 + 1,
                id: Uuid::from_u128(u128::from(position)),
                kind: event.kind.to_owned(),
                data: event.data,
                meta: meta(&cx.actor).into(),
                occurred_at: cx.at,
                recorded_at: cx.now,
            };
            history.push(recorded.clone());
            self.log.push(recorded);
        }
        Ok(first)
    }
}

/// Certificates, and the story of a hazard before the fire, as the other services tell it.
pub(crate) fn before_the_fire(desk: &mut Desk, at: OffsetDateTime) {
    let hazard_id = || "wuyi-h1".to_owned();
    for (number, department) in
        [("c-1", "fire.33"), ("c-2", "fire.33"), ("c-3", "fire.330723"), ("c-4", "fire.330723")]
    {
        let certified = enforcement::OfficerCertified {
            certificate: number.into(),
            department: department.into(),
            from: Some(chassis::timestamp(at - time::Duration::days(365))),
            until: Some(chassis::timestamp(at + time::Duration::days(3650))),
        };
        desk.hear("enforcement", "fire.33", &certified, at);
    }
    let ordered = hazard::RectificationOrdered { hazard_id: hazard_id(), ..Default::default() };
    desk.hear("hazard", "town.330723103", &ordered, at);
    let found = |expired| hazard::Reinspected {
        hazard_id: hazard_id(),
        result: "not-corrected".into(),
        expired,
        ..Default::default()
    };
    desk.hear("hazard", "town.330723103", &found(false), at);
    desk.hear("hazard", "town.330723103", &found(true), at);
    let determined = hazard::MajorHazardDetermined { hazard_id: hazard_id(), ..Default::default() };
    desk.hear("hazard", "fire.330723", &determined, at);
}

pub(crate) fn person(kind: DepartmentKind, area: &str, roles: &[Role], at: OffsetDateTime) -> Context {
    context(at, actor(kind, area, roles))
}

fn by_the_service(at: OffsetDateTime) -> Context {
    person(DepartmentKind::Fire, "330723", &[], at)
}

fn fact<M: Name + Serialize>(
    source: &str,
    position: u64,
    department: &str,
    message: &M,
    at: OffsetDateTime,
) -> Fact {
    let public = Public::of(message);
    Fact {
        id: Uuid::from_u128(u128::from(position)),
        source: source.to_owned(),
        position,
        kind: public.kind,
        stream: format!("thing:{position}"),
        case_id: Some(CaseId::parse(CASE).unwrap()),
        department: Department::parse(department).unwrap(),
        actor: "someone".to_owned(),
        occurred_at: at,
        recorded_at: at,
        causation: None,
        to: vec![],
        traceparent: None,
        body: public.body,
    }
}

fn meta(actor: &Actor) -> Meta {
    Meta {
        actor: actor.clone(),
        case_id: Some(CaseId::parse(CASE).unwrap()),
        causation: None,
        command_id: None,
        traceparent: None,
        rules: String::new(),
        calendar: String::new(),
    }
}
