//! The book of rules: which pack and which calendar are in force at an instant.
//!
//! **Invariant:** a version once in the book stays in it, and the same versions in any order of arrival make
//! the same book: what is in force at an instant depends on their effective instants alone.

mod differences;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Date, OffsetDateTime};

use crate::{AreaCode, Calendar, CalendarError, Edition, PackError, RulePack, Source, start_of_day};

/// What kind of file a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 规则包: replaces the pack in force.
    Pack,
    /// 日历: a year or local closures, laid over the calendar in force.
    Calendar,
}

impl Kind {
    /// The word by which it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pack => "pack",
            Self::Calendar => "calendar",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pack, Self::Calendar].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A version that was adopted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// The proposal that it comes from.
    pub id: String,
    pub kind: Kind,
    /// What the pack or calendar is called from then on, by those who adopted it.
    pub version: String,
    #[serde(with = "time::serde::rfc3339")]
    pub effective_from: OffsetDateTime,
    /// The file's name, as errors tell it.
    pub file: String,
    /// The file, byte by byte.
    pub text: String,
    /// Unverified rows of a pack that a signed allowance names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
}

/// A file that cannot be adopted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AdoptionError {
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

impl AdoptionError {
    /// File, line and reason, 中文.
    pub fn zh(&self) -> String {
        match self {
            Self::Pack(error) => error.zh(),
            Self::Calendar(error) => error.zh(),
        }
    }
}

/// What is in force from an instant on.
#[derive(Clone, Debug)]
pub struct InForce {
    /// None for what a program brings along: always.
    pub from: Option<OffsetDateTime>,
    pub rules: Arc<RulePack>,
    pub calendar: Arc<Calendar>,
}

impl InForce {
    /// Whether a decision names these versions.
    pub fn is_named(&self, rules: &str, calendar: &str) -> bool {
        self.rules.version() == rules && self.calendar.version() == calendar
    }

    /// What is in force once a version is.
    pub fn with(&self, adoption: &Adoption) -> Result<Self, AdoptionError> {
        let source = Source { name: &adoption.file, text: &adoption.text };
        let mut next = Self { from: Some(adoption.effective_from), ..self.clone() };
        match adoption.kind {
            Kind::Pack => {
                let names = self.rules.allowed_by_name().chain(&adoption.allowed);
                let names: Vec<&str> = names.map(String::as_str).collect();
                let pack = RulePack::parse(source, &[])?;
                next.rules = Arc::new(pack.carrying(&self.rules, &names));
            }
            Kind::Calendar => next.calendar = Arc::new(self.calendar.with(&[source])?),
        }
        Ok(next)
    }
}

/// The versions that are known here. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Book {
    /// By effective instant, then by id.
    adopted: Vec<Arc<Adoption>>,
    /// One more than adopted: the first is what the program brought along.
    states: Vec<InForce>,
}

impl Book {
    /// A book without adopted versions.
    pub fn new(rules: Arc<RulePack>, calendar: Arc<Calendar>) -> Self {
        Self { adopted: Vec::new(), states: vec![InForce { from: None, rules, calendar }] }
    }

    /// The book with one more version; one that is known changes nothing.
    pub fn with(&self, adoption: Adoption) -> Result<Self, AdoptionError> {
        if self.adopted.iter().any(|known| known.id == adoption.id) {
            return Ok(self.clone());
        }
        let key = |adoption: &Adoption| (adoption.effective_from, adoption.id.clone());
        let at = self.adopted.partition_point(|known| key(known) < key(&adoption));
        let mut adopted = self.adopted.clone();
        adopted.insert(at, Arc::new(adoption));
        let mut states = self.states.clone();
        states.truncate(at + 1);
        for adoption in adopted.iter().skip(at) {
            let before = states.last().expect("the first state is never removed");
            states.push(before.with(adoption)?);
        }
        Ok(Self { adopted, states })
    }

    /// What is in force at an instant.
    pub fn at(&self, now: OffsetDateTime) -> &InForce {
        self.until(now).last().expect("the first state holds from the beginning")
    }

    /// The rules that were in force when a day began: what takes effect in the course of a day binds nobody
    /// for what he did before.
    pub fn on<'a>(&'a self, day: Date, area: Option<&'a AreaCode>) -> Edition<'a> {
        Edition { pack: &self.at(start_of_day(day)).rules, on: day, area }
    }

    /// What came into force up to `now` after the versions that a decision names, oldest first. None if these are
    /// no versions of this book: who else's they are, and whether older, is not known here.
    pub fn since(&self, rules: &str, calendar: &str, now: OffsetDateTime) -> &[InForce] {
        let reached = self.until(now);
        let known = reached.iter().rposition(|state| state.is_named(rules, calendar));
        known.and_then(|index| reached.get(index + 1..)).unwrap_or_default()
    }

    /// Whether the versions that a decision names are versions of this book.
    pub fn knows(&self, rules: &str, calendar: &str) -> bool {
        self.states.iter().any(|state| state.is_named(rules, calendar))
    }

    /// The calendar of this version, by which a date may have been computed; None if it is no calendar of this book.
    pub fn calendar(&self, version: &str) -> Option<&Calendar> {
        self.states.iter().map(|state| &*state.calendar).find(|calendar| calendar.version() == version)
    }

    /// The adopted versions, by effective instant.
    pub fn adopted(&self) -> impl Iterator<Item = &Adoption> {
        self.adopted.iter().map(AsRef::as_ref)
    }

    fn until(&self, now: OffsetDateTime) -> &[InForce] {
        let reached = self.states.partition_point(|state| state.from.is_none_or(|from| from <= now));
        &self.states[..reached]
    }
}
