//! As of when, and in whose eyes: the same flags for every question about the past.

use std::collections::BTreeMap;

use clap::Args;
use contracts::{log::v1 as log, timeline::v1 as wire};
use decider::Role;
use time::{Duration, OffsetDateTime};

use crate::{client::Client, due::Start, error::Error};

/// The services whose inboxes tell what their departments had been told; the timeline's own is nobody's.
const SERVICES: [&str; 5] = ["hazard", "enforcement", "investigation", "credit", "reward"];

/// How a question looks back; the ways are independent, and what is answered meets all that are given.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct MomentArgs {
    /// As recorded: only what its own log had recorded by then (2023-04-17, 2023-04-17T14:04 Beijing time, RFC 3339)
    #[arg(long, value_name = "TIME")]
    recorded_by: Option<Start>,
    /// As it happened: only what is said to have occurred by then, whenever it was recorded
    #[arg(long, value_name = "TIME")]
    happened_by: Option<Start>,
    /// As known: only what this party knew, a department (fire.330723), a kind (fire) or a service (hazard)
    #[arg(long, value_name = "DEPT")]
    known_to: Option<String>,
    /// When the party knew it (default: the time looked back to, or now)
    #[arg(long, value_name = "TIME", requires = "known_to")]
    known_by: Option<Start>,
}

/// The same, read: instants, and whose knowledge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) recorded_by: Option<OffsetDateTime>,
    pub(crate) happened_by: Option<OffsetDateTime>,
    /// A party, and when; none means now.
    pub(crate) known: Option<(String, Option<OffsetDateTime>)>,
}

impl MomentArgs {
    /// `as_of` is a time that another flag looks back to.
    pub(crate) fn read(&self, as_of: Option<OffsetDateTime>) -> Moment {
        let recorded_by = self.recorded_by.map(moment);
        let known_by = self.known_by.map(moment).or(as_of).or(recorded_by);
        Moment {
            recorded_by,
            happened_by: self.happened_by.map(moment),
            known: self.known_to.clone().map(|party| (party, known_by)),
        }
    }
}

impl Moment {
    /// Whether it limits nothing.
    pub(crate) fn is_now(&self) -> bool {
        *self == Self::default()
    }

    /// As the timeline is asked; what the party had been told is looked up where it is known.
    pub(crate) async fn asked(&self, client: &Client, log_position: u64) -> Result<wire::Moment, Error> {
        let known = match &self.known {
            None => None,
            Some((party, at)) => {
                let told = Informed::find(client, party, *at).await?.told.into_iter();
                Some(wire::Knowledge {
                    party: party.clone(),
                    at: at.map(chassis::timestamp),
                    told: told.map(|(log, position)| wire::LogPosition { log, position }).collect(),
                })
            }
        };
        Ok(wire::Moment {
            recorded_by: self.recorded_by.map(chassis::timestamp),
            log_position,
            happened_by: self.happened_by.map(chassis::timestamp),
            known,
        })
    }
}

/// A day means to its end.
pub(crate) fn moment(start: Start) -> OffsetDateTime {
    match start {
        Start::Day(day) => law::end_of_day(day) - Duration::MICROSECOND,
        Start::Moment(at) => at,
    }
}

/// What had reached a party by then.
#[derive(Debug, Default)]
pub(crate) struct Informed {
    /// The services that are its own.
    pub(crate) own: Vec<&'static str>,
    /// Per log, how far the inboxes of its services had come: it had been told everything up to there.
    pub(crate) told: BTreeMap<String, u64>,
}

impl Informed {
    pub(crate) async fn find(
        client: &Client,
        party: &str,
        until: Option<OffsetDateTime>,
    ) -> Result<Self, Error> {
        let mut informed = Self::default();
        for service in SERVICES {
            if !client.endpoints().services.contains_key(service) {
                continue;
            }
            let mut door = client.log(service, Role::Auditor)?;
            let failed = |status| Error::answer(service, status);
            let owner = door.status(log::StatusRequest {}).await.map_err(failed)?.into_inner().department;
            if !owns(party, service, &owner) {
                continue;
            }
            informed.own.push(service);
            let request = log::ReadInboxRequest { until: until.map(chassis::timestamp) };
            let mut rows = door.read_inbox(request).await.map_err(failed)?.into_inner();
            while let Some(row) = rows.message().await.map_err(failed)? {
                let reached = informed.told.entry(row.source).or_default();
                *reached = row.position.max(*reached);
            }
        }
        Ok(informed)
    }
}

fn owns(party: &str, service: &str, owner: &str) -> bool {
    service == party || owner == party || owner.split_once('.').is_some_and(|(kind, _)| kind == party)
}
