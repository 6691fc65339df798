//! A scenario as written down: who acts, when, what they do, and what must come of it. See docs/scenarios.md.

use std::collections::BTreeMap;

use bus::Source;
use decider::{Actor, ActorKind, CaseId, Department, Id, Role};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    door,
    yaml::{Fields, Mistake, Place, load},
};

/// The version of the format that this program reads.
const FORMAT: &str = "1";
/// Most steps a scenario has.
const STEPS_MAX: usize = 2_000;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// 中文
    pub zh: String,
    /// English
    pub en: String,
}

/// A whole scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it shows.
    pub title: Text,
    /// The case that its steps belong to.
    pub case: CaseId,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name, unique in the scenario; a repeated play gives the same commands the same ids.
    pub id: Id,
    /// The line it begins at.
    pub line: usize,
    /// What it shows.
    pub note: Option<Text>,
    /// The clock is moved here first.
    pub at: Option<OffsetDateTime>,
    /// What is done; nothing means that only time passes.
    pub deed: Option<Deed>,
    /// What must follow, in any log.
    pub follows: Vec<Follow>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Deed {
    /// A command to a service.
    Command(Box<Command>),
    /// A public message of a department outside the services.
    Message(Box<Message>),
}

/// A command to a service.
#[derive(Debug, Clone)]
pub struct Command {
    /// Who gives it.
    pub actor: Actor,
    /// To which service.
    pub service: &'static str,
    /// The command in protobuf's JSON mapping: one key, the command's name.
    pub body: Value,
    /// The case; `None` where the command belongs to none.
    pub case: Option<CaseId>,
    /// When the act happened, if not when the clock stands.
    pub occurred: Option<OffsetDateTime>,
    /// What must come of it.
    pub expect: Expect,
}

/// What must come of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// It is accepted; these events, in order, if any are named.
    Accepted(Vec<Event>),
    /// A rule says no.
    Refused {
        /// The refusal's name.
        name: String,
        /// The article it must rest on, where the scenario says.
        article: Option<String>,
    },
    /// The request itself is wrong, in this field.
    Invalid(String),
}

/// An event that must come out.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name.
    pub kind: String,
    /// Part of its data that must be equal; other fields may be anything.
    pub data: Value,
}

/// An event that must follow in some log.
#[derive(Debug, Clone)]
pub struct Follow {
    /// Which log.
    pub log: &'static str,
    /// Which stream; the case's events if not said.
    pub stream: Option<String>,
    /// The event.
    pub event: Event,
}

/// A public message of a department outside the services.
#[derive(Debug, Clone)]
pub struct Message {
    /// Who publishes.
    pub actor: Actor,
    /// Whose log: police, emergency, government, finance.
    pub source: Source,
    /// The message's name in fenghuo.outside.v1.
    pub kind: String,
    /// Its body in protobuf's JSON mapping.
    pub body: Value,
    /// What it is about, as `transfer:t-1`.
    pub stream: String,
    /// The case; `None` where it belongs to none.
    pub case: Option<CaseId>,
    /// Whom it is addressed to.
    pub to: Vec<Department>,
    /// When it happened, if not when the clock stands.
    pub occurred: Option<OffsetDateTime>,
}

impl Scenario {
    /// Reads a scenario. Every command and message is checked against the published language here, so that a
    /// wrong file is refused before anything is done.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let node = load(text)?;
        let mut file = Place::root(&node).fields()?;
        let version = file.required("fenghuo")?;
        if version.text()? != FORMAT {
            return Err(version.mistake(format_args!("this program reads format {FORMAT}")));
        }
        let title = text_of(&file.required("title")?)?;
        let case = file.required("case")?.parse::<CaseId>()?;
        let actors = actors(&file.required("actors")?)?;
        let place = file.required("steps")?;
        let places = place.list()?;
        if places.is_empty() || places.len() > STEPS_MAX {
            return Err(place.mistake(format_args!("1 to {STEPS_MAX} steps are wanted")));
        }
        file.done()?;
        let mut steps = Vec::<Step>::with_capacity(places.len());
        for place in places {
            let step = step(&place, &actors, &case)?;
            if steps.iter().any(|earlier| earlier.id == step.id) {
                return Err(place.mistake(format_args!("step id {} is used twice", step.id)));
            }
            steps.push(step);
        }
        Ok(Self { title, case, steps })
    }
}

type Actors = BTreeMap<String, Actor>;

fn text_of(place: &Place<'_>) -> Result<Text, Mistake> {
    let mut fields = place.fields()?;
    let text =
        Text { zh: fields.required("zh")?.text()?.to_owned(), en: fields.required("en")?.text()?.to_owned() };
    fields.done()?;
    Ok(text)
}

fn actors(place: &Place<'_>) -> Result<Actors, Mistake> {
    place.entries()?.into_iter().map(|(name, place)| actor(&place).map(|actor| (name, actor))).collect()
}

fn actor(place: &Place<'_>) -> Result<Actor, Mistake> {
    let mut fields = place.fields()?;
    let roles = fields.optional("roles").map(|place| place.list()).transpose()?.unwrap_or_default();
    let actor = Actor {
        kind: ActorKind::Person,
        id: fields.required("id")?.parse()?,
        department: fields.required("department")?.parse()?,
        roles: roles.iter().map(role).collect::<Result<_, _>>()?,
        certificate: fields.optional("certificate").map(|place| place.parse()).transpose()?,
    };
    fields.done()?;
    Ok(actor)
}

fn role(place: &Place<'_>) -> Result<Role, Mistake> {
    let text = place.text()?;
    serde_json::from_value(Value::String(text.to_owned())).map_err(|_| {
        place.mistake(format_args!(
            "unknown role {text:?}; known are clerk, grid, officer, legal, head, finance, auditor, operator"
        ))
    })
}

fn step(place: &Place<'_>, actors: &Actors, case: &CaseId) -> Result<Step, Mistake> {
    let mut fields = place.fields()?;
    let id = fields.required("step")?.parse()?;
    let note = fields.optional("note").map(|place| text_of(&place)).transpose()?;
    let at = fields.optional("at").map(|place| instant(&place)).transpose()?;
    let follows = fields.optional("follows").map(|place| place.list()).transpose()?.unwrap_or_default();
    let follows = follows.iter().map(follow).collect::<Result<_, _>>()?;
    let deed = deed(&mut fields, actors, case)?;
    let line = place.mistake("").line;
    fields.done()?;
    Ok(Step { id, line, note, at, deed, follows })
}

fn deed(fields: &mut Fields<'_>, actors: &Actors, case: &CaseId) -> Result<Option<Deed>, Mistake> {
    let actor = fields.optional("actor").map(|place| known(&place, actors)).transpose()?;
    let occurred = fields.optional("occurred").map(|place| instant(&place)).transpose()?;
    let case = fields.optional("case").map_or(Ok(Some(case.clone())), |place| case_of(&place))?;
    let command = fields.optional("command");
    let message = fields.optional("publish");
    let service = fields.optional("service").map(|place| service(&place)).transpose()?;
    let expect = expect(fields)?;
    match (command, message, actor) {
        (Some(body), None, Some(actor)) => {
            let service = service.ok_or_else(|| fields.mistake("key \"service\" is missing"))?;
            door::check_command(service, &body.json()).map_err(|reason| body.mistake(reason))?;
            let body = body.json();
            Ok(Some(Deed::Command(Box::new(Command { actor, service, body, case, occurred, expect }))))
        }
        (None, Some(place), Some(actor)) => publish(&place, actor, case, occurred).map(Some),
        (None, None, None) => Ok(None),
        (Some(_), Some(_), _) => {
            Err(fields.mistake("a step has a command or a message to publish, not both"))
        }
        (_, _, None) => Err(fields.mistake("key \"actor\" is missing")),
        (None, None, Some(_)) => Err(fields.mistake("an actor without a command or a message does nothing")),
    }
}

fn publish(
    place: &Place<'_>,
    actor: Actor,
    case: Option<CaseId>,
    occurred: Option<OffsetDateTime>,
) -> Result<Deed, Mistake> {
    let mut fields = place.fields()?;
    let kind = fields.required("type")?;
    let body = fields.required("body")?;
    let to = fields.optional("to").map(|place| place.list()).transpose()?.unwrap_or_default();
    let source = Source::parse(actor.department.kind.as_str()).map_err(|error| kind.mistake(error))?;
    if !source.is_outside() {
        return Err(place.mistake(format_args!(
            "{} is not an outside department; its acts are commands to a service",
            actor.department
        )));
    }
    door::check_message(kind.text()?, &body.json()).map_err(|reason| body.mistake(reason))?;
    let message = Message {
        source,
        kind: kind.text()?.to_owned(),
        body: body.json(),
        stream: fields.required("stream")?.text()?.to_owned(),
        to: to.iter().map(Place::parse).collect::<Result<_, _>>()?,
        actor,
        case,
        occurred,
    };
    fields.done()?;
    Ok(Deed::Message(Box::new(message)))
}

fn expect(fields: &mut Fields<'_>) -> Result<Expect, Mistake> {
    let events = fields.optional("events");
    let refused = fields.optional("refused");
    let invalid = fields.optional("invalid");
    match (events, refused, invalid) {
        (None, None, None) => Ok(Expect::Accepted(Vec::new())),
        (Some(place), None, None) => {
            place.list()?.iter().map(event).collect::<Result<_, _>>().map(Expect::Accepted)
        }
        (None, Some(place), None) => {
            let mut fields = place.fields()?;
            let name = fields.required("name")?.text()?.to_owned();
            let article =
                fields.optional("article").map(|place| place.text().map(str::to_owned)).transpose()?;
            fields.done()?;
            Ok(Expect::Refused { name, article })
        }
        (None, None, Some(place)) => Ok(Expect::Invalid(place.text()?.to_owned())),
        _ => Err(fields.mistake("only one of events, refused and invalid can come of a command")),
    }
}

fn event(place: &Place<'_>) -> Result<Event, Mistake> {
    if let Some(kind) = place.node.as_scalar() {
        return Ok(Event { kind: kind.as_str().to_owned(), data: Value::Null });
    }
    let mut fields = place.fields()?;
    let event = Event {
        kind: fields.required("kind")?.text()?.to_owned(),
        data: fields.optional("data").map_or(Value::Null, |place| place.json()),
    };
    fields.done()?;
    Ok(event)
}

fn follow(place: &Place<'_>) -> Result<Follow, Mistake> {
    let mut fields = place.fields()?;
    let follow = Follow {
        log: service(&fields.required("log")?)?,
        stream: fields.optional("stream").map(|place| place.text().map(str::to_owned)).transpose()?,
        event: Event {
            kind: fields.required("kind")?.text()?.to_owned(),
            data: fields.optional("data").map_or(Value::Null, |place| place.json()),
        },
    };
    fields.done()?;
    Ok(follow)
}

fn known(place: &Place<'_>, actors: &Actors) -> Result<Actor, Mistake> {
    let name = place.text()?;
    let names = || actors.keys().cloned().collect::<Vec<_>>().join(", ");
    actors
        .get(name)
        .cloned()
        .ok_or_else(|| place.mistake(format_args!("no actor {name:?}; known are {}", names())))
}

fn service(place: &Place<'_>) -> Result<&'static str, Mistake> {
    let name = place.text()?;
    let known = door::SERVICES.iter().find(|known| **known == name);
    known.copied().ok_or_else(|| {
        place.mistake(format_args!("no service {name:?}; known are {}", door::SERVICES.join(", ")))
    })
}

fn case_of(place: &Place<'_>) -> Result<Option<CaseId>, Mistake> {
    if place.text()? == "none" { Ok(None) } else { place.parse().map(Some) }
}

fn instant(place: &Place<'_>) -> Result<OffsetDateTime, Mistake> {
    OffsetDateTime::parse(place.text()?, &Rfc3339)
        .map_err(|_| place.mistake("an instant is wanted, as 2023-04-17T14:04:00+08:00"))
}
