//! A recorded event as queries see it: where it stands, who acted, and what it says in the words of its service.
//!
//! **Invariant**: an event is read, or told to be unreadable; it is never left out.

use std::{collections::HashMap, rc::Rc};

use audit::Stored;
use decider::{Actor, Decider, Meta};
use serde::Serialize;
use time::OffsetDateTime;

/// Where an event stands, and who acted.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) service: &'static str,
    pub(super) stream: String,
    pub(super) position: u64,
    pub(super) case: Option<String>,
    pub(super) actor: Actor,
    pub(super) occurred_at: OffsetDateTime,
    pub(super) recorded_at: OffsetDateTime,
}

/// An event that was read.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) place: Rc<Place>,
    pub(super) said: Said,
}

/// An event that nobody can read: what it says is not known, so it may be anything.
#[derive(Debug, Serialize)]
pub(super) struct Unreadable {
    pub(super) service: &'static str,
    pub(super) stream: String,
    pub(super) position: i64,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) recorded_at: OffsetDateTime,
    pub(super) reason: String,
}

/// What an event says.
#[derive(Debug)]
pub(super) enum Said {
    Report(hazard::report::Event),
    Hazard(Box<hazard::hazard::Event>),
    Told(hazard::authority::Event),
    Certificate(enforcement::certificate::Event),
    Delegation(enforcement::delegation::Event),
    Penalty(Box<enforcement::penalty::Event>),
    Seal(Box<enforcement::seal::Event>),
    Rulebook(Box<enforcement::rulebook::Event>),
    Determination(Box<investigation::determination::Event>),
    Inquiry(Box<investigation::inquiry::Event>),
    Crime(Box<investigation::crime::Event>),
    Listing(Box<credit::listing::Event>),
    Claim(Box<reward::claim::Event>),
    /// It was read, and no query asks about it yet.
    Bookkeeping,
    /// A stream of no department's: what clients of the event store wrote, or this program's own records.
    Foreign,
}

/// Reads the events of one log.
pub(super) struct Reader {
    service: &'static str,
    /// The case of each stream, for events that do not name it, such as those of the clock.
    cases: HashMap<String, String>,
}

impl Reader {
    pub(super) fn of(service: &'static str) -> Self {
        Self { service, cases: HashMap::new() }
    }

    pub(super) fn read(&mut self, stored: Stored) -> Result<Seen, Unreadable> {
        let meta: Meta = match serde_json::from_slice(&stored.meta) {
            Ok(meta) => meta,
            Err(error) => return Err(self.unreadable(stored, "meta", &error)),
        };
        let category = stored.stream.split_once(':').map_or("", |(category, _)| category);
        let said = match said(self.service, category, &stored.data) {
            Ok(said) => said,
            Err(error) => return Err(self.unreadable(stored, "data", &error)),
        };
        let case = self.case(&stored.stream, meta.case_id.map(|case| case.to_string()));
        let place = Place {
            service: self.service,
            stream: stored.stream,
            position: stored.position.cast_unsigned(),
            case,
            actor: meta.actor,
            occurred_at: stored.occurred_at,
            recorded_at: stored.recorded_at,
        };
        Ok(Seen { place: Rc::new(place), said })
    }

    fn case(&mut self, stream: &str, named: Option<String>) -> Option<String> {
        match named {
            None => self.cases.get(stream).cloned(),
            Some(case) if self.cases.get(stream) == Some(&case) => Some(case),
            Some(case) => {
                self.cases.insert(stream.to_owned(), case.clone());
                Some(case)
            }
        }
    }

    fn unreadable(&self, stored: Stored, what: &str, error: &serde_json::Error) -> Unreadable {
        Unreadable {
            service: self.service,
            stream: stored.stream,
            position: stored.position,
            recorded_at: stored.recorded_at,
            reason: format!("{what}: {error}"),
        }
    }
}

fn said(service: &str, category: &str, data: &[u8]) -> Result<Said, serde_json::Error> {
    use serde_json::from_slice as of;
    Ok(match (service, category) {
        ("hazard", hazard::report::Report::NAME) => Said::Report(of(data)?),
        ("hazard", hazard::hazard::Hazard::NAME) => Said::Hazard(of(data)?),
        ("hazard", hazard::authority::Authority::NAME) => Said::Told(of(data)?),
        ("enforcement", enforcement::certificate::Certification::NAME) => Said::Certificate(of(data)?),
        ("enforcement", enforcement::delegation::Delegating::NAME) => Said::Delegation(of(data)?),
        ("enforcement", enforcement::penalty::Penalty::NAME) => Said::Penalty(of(data)?),
        ("enforcement", enforcement::seal::Seal::NAME) => Said::Seal(of(data)?),
        ("enforcement", enforcement::rulebook::Adopting::NAME) => Said::Rulebook(of(data)?),
        ("enforcement", enforcement::act::Act::NAME) => books::<enforcement::act::Event>(data)?,
        ("investigation", investigation::fire::Fire::NAME) => books::<investigation::fire::Event>(data)?,
        ("investigation", investigation::determination::Determination::NAME) => {
            Said::Determination(of(data)?)
        }
        ("investigation", investigation::inquiry::Inquiry::NAME) => Said::Inquiry(of(data)?),
        ("investigation", investigation::crime::Crime::NAME) => Said::Crime(of(data)?),
        ("investigation", investigation::authority::Authority::NAME) => {
            books::<investigation::authority::Event>(data)?
        }
        ("credit", credit::listing::Listing::NAME) => Said::Listing(of(data)?),
        ("credit", credit::subject::Subject::NAME) => books::<credit::subject::Event>(data)?,
        ("reward", reward::claim::Claim::NAME) => Said::Claim(of(data)?),
        ("reward", reward::budget::Budget::NAME) => books::<reward::budget::Event>(data)?,
        ("reward", reward::fine::Fine::NAME) => books::<reward::fine::Event>(data)?,
        ("reward", reward::matter::Matter::NAME) => books::<reward::matter::Event>(data)?,
        ("timeline", timeline::entry::Entry::NAME) => books::<timeline::entry::Event>(data)?,
        (_, eventlog::reading::CATEGORY) => books::<eventlog::reading::Event>(data)?,
        (_, eventlog::genesis::CATEGORY) => books::<eventlog::genesis::Event>(data)?,
        (_, eventlog::rules::Rules::NAME) => books::<eventlog::rules::Event>(data)?,
        _ => Said::Foreign,
    })
}

/// Bookkeeping is read like everything else, so that what cannot be read is told.
fn books<E: serde::de::DeserializeOwned>(data: &[u8]) -> Result<Said, serde_json::Error> {
    serde_json::from_slice::<E>(data).map(|_| Said::Bookkeeping)
}
