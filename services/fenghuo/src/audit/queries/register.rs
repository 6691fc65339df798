//! Certificates and delegations as their own log tells them: what acts are held against, whatever an act itself says.

use std::collections::HashMap;

use decider::{
    Id,
    authority::{Certificate, Delegation},
};
use enforcement::{certificate, delegation};
use hazard::authority;
use time::OffsetDateTime;

use super::seen::{Said, Seen};
use crate::error::Text;

#[derive(Default)]
pub(super) struct Register {
    certificates: HashMap<Id, Certified>,
    delegations: HashMap<String, Vec<Step>>,
    /// When each log learnt that a delegation had ended.
    told: HashMap<(&'static str, String), OffsetDateTime>,
}

/// A certificate, and since when it is withdrawn.
pub(super) struct Certified {
    pub(super) certificate: Certificate,
    pub(super) withdrawn: Option<OffsetDateTime>,
}

/// What becomes of a delegation.
enum Step {
    Drafted,
    Begins(Delegation),
    Ends { at: OffsetDateTime, how: (&'static str, &'static str) },
}

/// How a delegation stood at an instant.
pub(super) enum Standing<'a> {
    InForce(&'a Delegation),
    /// Nobody has drafted, signed or published it.
    Unknown,
    /// It was drafted, perhaps signed, but not in force yet.
    NotYet,
    Ended {
        at: OffsetDateTime,
        how: Text,
    },
}

impl Register {
    pub(super) fn see(&mut self, seen: &Seen) {
        let id = || seen.place.stream.split_once(':').map_or("", |(_, id)| id).to_owned();
        match &seen.said {
            Said::Certificate(event) => self.certified(&id(), event),
            Said::Delegation(event) => {
                if let Some(step) = step(event) {
                    self.delegations.entry(id()).or_default().push(step);
                }
                if ends(event) {
                    self.told.insert((seen.place.service, id()), seen.place.recorded_at);
                }
            }
            Said::Told(authority::Event::DelegationEnded { .. }) => {
                self.told.insert((seen.place.service, id()), seen.place.recorded_at);
            }
            _ => {}
        }
    }

    fn certified(&mut self, number: &str, event: &certificate::Event) {
        match event {
            certificate::Event::Issued { certificate } => {
                let certified = Certified { certificate: certificate.clone(), withdrawn: None };
                self.certificates.insert(certificate.number.clone(), certified);
            }
            certificate::Event::Withdrawn { at, .. } => {
                let known = Id::parse(number).ok().and_then(|number| self.certificates.get_mut(&number));
                if let Some(certified) = known {
                    certified.withdrawn = Some(*at);
                }
            }
        }
    }

    pub(super) fn certificate(&self, number: &Id) -> Option<&Certified> {
        self.certificates.get(number)
    }

    /// How a delegation stood at an instant, by everything that is known of it today.
    pub(super) fn standing(&self, id: &Id, at: OffsetDateTime) -> Standing<'_> {
        let Some(steps) = self.delegations.get(id.as_str()) else { return Standing::Unknown };
        let mut standing = Standing::NotYet;
        for step in steps {
            match step {
                Step::Begins(delegation) if delegation.from <= at => standing = Standing::InForce(delegation),
                Step::Ends { at: end, how: (zh, en) } if *end <= at => {
                    standing = Standing::Ended { at: *end, how: Text::new(*zh, *en) };
                }
                Step::Drafted | Step::Begins(_) | Step::Ends { .. } => {}
            }
        }
        match standing {
            Standing::InForce(delegation) if at >= delegation.until => {
                Standing::Ended { at: delegation.until, how: Text::new("期满", "expired") }
            }
            standing => standing,
        }
    }

    /// When the log of a service learnt that the delegation had ended; nothing if it never did.
    pub(super) fn told(&self, service: &'static str, id: &Id) -> Option<OffsetDateTime> {
        self.told.get(&(service, id.to_string())).copied()
    }
}

fn step(event: &delegation::Event) -> Option<Step> {
    use delegation::Event;
    match event {
        Event::Drafted { .. } => Some(Step::Drafted),
        Event::CameIntoForce { delegation, .. } | Event::Resumed { delegation, .. } => {
            Some(Step::Begins(delegation.clone()))
        }
        Event::Suspended { at, .. } => Some(Step::Ends { at: *at, how: ("中止", "suspended") }),
        Event::Revoked { at, .. } => Some(Step::Ends { at: *at, how: ("收回", "revoked") }),
        Event::Expired { at } => Some(Step::Ends { at: *at, how: ("期满", "expired") }),
        Event::Signed { .. } | Event::Published { .. } => None,
    }
}

fn ends(event: &delegation::Event) -> bool {
    use delegation::Event;
    matches!(event, Event::Suspended { .. } | Event::Revoked { .. } | Event::Expired { .. })
}
