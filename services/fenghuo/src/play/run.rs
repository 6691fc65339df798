//! Playing a scenario: move the clock, do the deed, check what came of it, wait for what must follow.

use std::{collections::BTreeMap, time::Duration};

use bus::{Bus, Credentials, Outgoing, Publisher, Source};
use chassis::{auth::Signer, from_timestamp, status, timestamp};
use contracts::{
    dev::v1::{GetSystemRequest, SetClockRequest, dev_service_client::DevServiceClient},
    log::v1::{Event as Stored, ReadAllRequest, ReadStreamRequest, log_service_client::LogServiceClient},
};
use decider::{Actor, ActorKind, Department, Id, Lang, Role, StreamName};
use futures::{StreamExt, TryStreamExt};
use serde_json::Value;
use time::OffsetDateTime;
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt;
use uuid::Uuid;

use super::{
    door::{self, Envelope},
    matching::difference,
    scenario::{Command, Deed, Event, Expect, Follow, Message, Scenario, Step},
};
use crate::client::TOKEN_LIFETIME;

/// What a clock's event is called in every service.
const CLOCK: &str = "Clock";
/// How long what must follow may take.
const FOLLOW_WAIT_MAX: Duration = Duration::from_secs(20);
/// How often a log is asked whether it has followed.
const FOLLOW_LOOK_EVERY: Duration = Duration::from_millis(10);
/// How often a command that found a service away is tried again.
const TRIES_MAX: u32 = 20;

/// Why a scenario did not play as written.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The development system does not answer.
    #[error("reach the development system at {endpoint}")]
    Unreachable {
        /// Its address.
        endpoint: String,
        /// Why.
        #[source]
        source: tonic::transport::Error,
    },
    /// The development system says no.
    #[error("ask the development system")]
    System(#[source] Box<Status>),
    /// The system runs on the real clock.
    #[error(
        "play on the real clock: the scenario needs a scripted one; start with `fenghuo dev --clock scripted`"
    )]
    RealClock,
    /// The system's own data cannot be used.
    #[error("use the development system: {0}")]
    Unusable(String),
    /// Something came out otherwise than written.
    #[error("step {step} (line {line}): {what}")]
    Otherwise {
        /// The step.
        step: Id,
        /// Its line.
        line: usize,
        /// What came, and what had to come.
        what: String,
    },
}

/// What happened in a play, for the summary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Steps played.
    pub steps: usize,
    /// Commands accepted.
    pub accepted: usize,
    /// Commands refused by a rule, as written.
    pub refused: usize,
    /// Messages of outside departments.
    pub messages: usize,
    /// Expected events that were found with their data.
    pub checked: usize,
}

/// A connected player.
pub struct Player {
    dev: DevServiceClient<Channel>,
    services: BTreeMap<String, Channel>,
    signer: Signer,
    publishers: BTreeMap<String, Publisher>,
}

impl Player {
    /// Connects to a development system by the URL it prints.
    pub async fn connect(endpoint: &str) -> Result<Self, PlayError> {
        let mut dev = DevServiceClient::new(channel(endpoint).await?);
        let system = dev.get_system(GetSystemRequest {}).await.map_err(|e| PlayError::System(Box::new(e)))?;
        let system = system.into_inner();
        if !system.scripted {
            return Err(PlayError::RealClock);
        }
        let signer =
            Signer::from_pem(&system.signing_key_pem).map_err(|e| PlayError::Unusable(e.to_string()))?;
        let mut services = BTreeMap::new();
        for (name, url) in system.services {
            services.insert(name, channel(&url).await?);
        }
        let mut publishers = BTreeMap::new();
        for (name, login) in system.departments {
            let credentials = Credentials { user: login.user, password: login.password };
            publishers.insert(name.clone(), publisher(&system.nats_url, &name, credentials).await?);
        }
        Ok(Self { dev, services, signer, publishers })
    }

    /// Plays a scenario; `before` is told of each step as it begins.
    pub async fn play(
        &mut self,
        scenario: &Scenario,
        before: &mut dyn FnMut(&Step),
    ) -> Result<Tally, PlayError> {
        let mut tally = Tally::default();
        for step in &scenario.steps {
            before(step);
            self.play_step(scenario, step, &mut tally).await?;
        }
        Ok(tally)
    }

    /// Plays one step, for who wants to look around between two.
    pub async fn play_step(
        &mut self,
        scenario: &Scenario,
        step: &Step,
        tally: &mut Tally,
    ) -> Result<(), PlayError> {
        self.step(scenario, step, tally).await.map_err(|what| PlayError::Otherwise {
            step: step.id.clone(),
            line: step.line,
            what,
        })?;
        tally.steps += 1;
        Ok(())
    }

    async fn step(&mut self, scenario: &Scenario, step: &Step, tally: &mut Tally) -> Result<(), String> {
        if let Some(at) = step.at {
            let request = SetClockRequest { now: Some(timestamp(at)) };
            self.dev.set_clock(request).await.map_err(|status| format!("move the clock: {status}"))?;
        }
        // The same step of the same scenario is the same command: playing again repeats the answers.
        let key =
            Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("play/{}/{}", scenario.case, step.id).as_bytes());
        match &step.deed {
            Some(Deed::Command(command)) => self.command(key, command, tally).await?,
            Some(Deed::Message(message)) => {
                self.publish(key, message).await?;
                tally.messages += 1;
            }
            None => {}
        }
        for follow in &step.follows {
            self.follow(scenario, follow).await?;
            tally.checked += 1;
        }
        Ok(())
    }

    async fn command(&self, key: Uuid, command: &Command, tally: &mut Tally) -> Result<(), String> {
        let token = self.token(&command.actor)?;
        let case = command.case.as_ref().map(|case| case.as_str());
        let envelope = Envelope { key, case, occurred: command.occurred, token: &token };
        let answer = self.patiently(command, &envelope).await;
        match (&command.expect, answer) {
            (Expect::Accepted(events), Ok(outcome)) => {
                let happened = self.happened(command.service, &outcome.events).await?;
                check_events(events, &happened)?;
                tally.accepted += 1;
                tally.checked += events.len();
                Ok(())
            }
            (Expect::Accepted(_), Err(status)) => Err(format!("refused: {}", status.message())),
            (Expect::Refused { name, article }, Err(status)) => {
                tally.refused += 1;
                check_refusal(name, article.as_deref(), &status)
            }
            (Expect::Invalid(field), Err(status)) => {
                tally.refused += 1;
                check_invalid(field, &status)
            }
            (Expect::Refused { name, .. }, Ok(_)) => Err(format!("accepted, where {name} was expected")),
            (Expect::Invalid(field), Ok(_)) => {
                Err(format!("accepted, where {field} was expected to be wrong"))
            }
        }
    }

    /// Gives a command; a service that is away for a moment is asked again, with the same key.
    async fn patiently(
        &self,
        command: &Command,
        envelope: &Envelope<'_>,
    ) -> Result<contracts::envelope::v1::Outcome, Status> {
        let channel = self.channel(command.service).map_err(Status::unavailable)?;
        let mut tries = 0;
        loop {
            let answer = door::execute(command.service, channel.clone(), envelope, &command.body).await;
            tries += 1;
            match answer {
                Err(status) if status.code() == Code::Unavailable && tries < TRIES_MAX => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                answer => return answer,
            }
        }
    }

    async fn happened(
        &self,
        service: &str,
        events: &[contracts::envelope::v1::Happened],
    ) -> Result<Vec<Stored>, String> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(Vec::new());
        };
        let request = ReadAllRequest {
            from: first.position,
            limit: last.position - first.position + 1,
            ..ReadAllRequest::default()
        };
        self.read_all(service, &self.token(&reader())?, request).await
    }

    async fn publish(&self, key: Uuid, message: &Message) -> Result<(), String> {
        let name = message.source.as_str();
        let publisher = self.publishers.get(name).ok_or_else(|| format!("no login for {name} on the bus"))?;
        let stream = StreamName::parse(&message.stream).ok_or("stream must be <aggregate>:<id>")?;
        let outgoing = Outgoing {
            id: key,
            public: to(door::message(&message.kind, &message.body)?, &message.to),
            stream,
            case_id: message.case.clone(),
            actor: message.actor.clone(),
            occurred_at: match message.occurred {
                Some(at) => at,
                None => self.now().await?,
            },
            recorded_at: self.now().await?,
            causation: None,
            traceparent: None,
        };
        publisher.publish(&outgoing).await.map(drop).map_err(|error| error.to_string())
    }

    async fn now(&self) -> Result<OffsetDateTime, String> {
        let system =
            self.dev.clone().get_system(GetSystemRequest {}).await.map_err(|status| status.to_string())?;
        let now = system.into_inner().now.ok_or("the system does not tell the time")?;
        from_timestamp(&now).map_err(|error| error.to_string())
    }

    /// Waits until a log holds what must follow.
    async fn follow(&self, scenario: &Scenario, follow: &Follow) -> Result<(), String> {
        let token = self.token(&reader())?;
        let give_up = tokio::time::Instant::now() + FOLLOW_WAIT_MAX;
        loop {
            let events = self.candidates(scenario, follow, &token).await?;
            let nearest = nearest(&follow.event, &events);
            match nearest {
                Ok(()) => return Ok(()),
                Err(difference) if tokio::time::Instant::now() >= give_up => {
                    let seconds = FOLLOW_WAIT_MAX.as_secs();
                    return Err(format!(
                        "{} did not follow in the log of {} within {seconds} s: {difference}",
                        follow.event.kind, follow.log
                    ));
                }
                Err(_) => tokio::time::sleep(FOLLOW_LOOK_EVERY).await,
            }
        }
    }

    async fn candidates(
        &self,
        scenario: &Scenario,
        follow: &Follow,
        token: &str,
    ) -> Result<Vec<Stored>, String> {
        if let Some(stream) = &follow.stream {
            let mut client = LogServiceClient::new(self.channel(follow.log)?);
            let request = ReadStreamRequest { stream: stream.clone(), ..ReadStreamRequest::default() };
            let request = door::carry(request, token).map_err(|status| status.to_string())?;
            let answer = client.read_stream(request).await.map_err(|status| status.to_string())?.into_inner();
            let events = answer.map_ok(|answer| answer.event.unwrap_or_default()).try_collect().await;
            return events.map_err(|status| status.to_string());
        }
        let request = ReadAllRequest { case_id: scenario.case.to_string(), ..ReadAllRequest::default() };
        self.read_all(follow.log, token, request).await
    }

    async fn read_all(
        &self,
        service: &str,
        token: &str,
        request: ReadAllRequest,
    ) -> Result<Vec<Stored>, String> {
        let mut client = LogServiceClient::new(self.channel(service)?);
        let request = door::carry(request, token).map_err(|status| status.to_string())?;
        let answer = client.read_all(request).await.map_err(|status| status.to_string())?.into_inner();
        let events: Vec<_> = answer.collect().await;
        let events = events.into_iter().map(|answer| answer.map(|answer| answer.event.unwrap_or_default()));
        events.collect::<Result<_, _>>().map_err(|status| status.to_string())
    }

    fn channel(&self, service: &str) -> Result<Channel, String> {
        self.services.get(service).cloned().ok_or_else(|| format!("the system has no service {service}"))
    }

    fn token(&self, actor: &Actor) -> Result<String, String> {
        self.signer.issue(actor, TOKEN_LIFETIME).map_err(|error| error.to_string())
    }
}

fn check_events(wanted: &[Event], found: &[Stored]) -> Result<(), String> {
    let kinds =
        |events: &[Stored]| events.iter().map(|event| event.kind.clone()).collect::<Vec<_>>().join(", ");
    if wanted.is_empty() {
        return Ok(());
    }
    // What clocks say beside an event is checked where the case names it.
    let clocks = wanted.iter().any(|event| event.kind == CLOCK);
    let found = found.iter().filter(|event| clocks || event.kind != CLOCK).cloned().collect::<Vec<_>>();
    if wanted.len() != found.len() {
        return Err(format!("{} events were expected, these came: {}", wanted.len(), kinds(&found)));
    }
    wanted.iter().zip(&found).try_for_each(|(wanted, found)| differs(wanted, found).map_or(Ok(()), Err))
}

fn differs(wanted: &Event, found: &Stored) -> Option<String> {
    if wanted.kind != found.kind {
        return Some(format!("{} was expected, {} came", wanted.kind, found.kind));
    }
    let stored: Value = match serde_json::from_slice(&found.data) {
        Ok(stored) => stored,
        Err(error) => return Some(format!("position {} cannot be read: {error}", found.position)),
    };
    let data = stored.get("data").unwrap_or(&Value::Null);
    difference(&wanted.data, data).map(|difference| format!("{}: {difference}", found.kind))
}

fn nearest(wanted: &Event, found: &[Stored]) -> Result<(), String> {
    let mut nearest = format!("no {} is there", wanted.kind);
    for event in found.iter().filter(|event| event.kind == wanted.kind) {
        match differs(wanted, event) {
            None => return Ok(()),
            Some(difference) => nearest = difference,
        }
    }
    Err(nearest)
}

fn check_refusal(name: &str, article: Option<&str>, found: &Status) -> Result<(), String> {
    let Some(refusal) = status::refusal_of(found) else {
        return Err(format!("refusal {name} was expected, this came: {}", found.message()));
    };
    if refusal.name != name {
        return Err(format!("refusal {name} was expected, {} came ({})", refusal.name, refusal.zh));
    }
    match article {
        Some(article) if refusal.article != article => {
            Err(format!("refusal {name} was expected under {article}, it came under {}", refusal.article))
        }
        _ => Ok(()),
    }
}

fn check_invalid(field: &str, found: &Status) -> Result<(), String> {
    let violations =
        found.get_details_bad_request().map(|details| details.field_violations).unwrap_or_default();
    if found.code() == Code::InvalidArgument && violations.iter().any(|violation| violation.field == field) {
        return Ok(());
    }
    Err(format!("field {field} was expected to be wrong, this came: {}", found.message()))
}

fn to(mut public: decider::Public, departments: &[Department]) -> decider::Public {
    public.to.extend(departments.iter().cloned());
    public
}

/// Who looks into the logs for what must follow: no person, so the story has no readings of its telling.
fn reader() -> Actor {
    Actor {
        kind: ActorKind::Service,
        id: Id::parse("play").expect("a literal id"),
        department: Department::parse("government.33").expect("a literal department"),
        roles: vec![Role::Auditor],
        certificate: None,
    }
}

async fn channel(url: &str) -> Result<Channel, PlayError> {
    let unreachable = |source| PlayError::Unreachable { endpoint: url.to_owned(), source };
    let endpoint =
        Channel::from_shared(url.to_owned()).map_err(|error| PlayError::Unusable(error.to_string()))?;
    endpoint.connect().await.map_err(unreachable)
}

async fn publisher(url: &str, name: &str, credentials: Credentials) -> Result<Publisher, PlayError> {
    let unusable = |error: &dyn std::error::Error| PlayError::Unusable(error.to_string());
    let mut options = bus::Options::new(url, format!("play-{name}"));
    options.credentials = Some(credentials);
    let bus = Bus::connect(options).await.map_err(|error| unusable(&error))?;
    let source = Source::parse(name).map_err(|error| unusable(&error))?;
    Publisher::new(bus, source, 0).map_err(|error| unusable(&error))
}

/// The language that a note is shown in.
pub fn note(step: &Step, lang: Lang) -> &str {
    match (&step.note, lang) {
        (Some(note), Lang::Zh) => &note.zh,
        (Some(note), Lang::En) => &note.en,
        (None, _) => "",
    }
}
