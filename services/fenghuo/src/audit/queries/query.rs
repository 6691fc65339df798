//! What a query is: it sees every event of every log, in the order of each, and then says what is wrong.
//!
//! Logs have no order among one another, so a query judges only at the end, when all of them have been seen.

use std::rc::Rc;

use decider::ActorKind;
use time::OffsetDateTime;

use super::{
    acts::{Act, Acts},
    register::Register,
    seen::{Place, Seen},
};
use crate::error::Text;

/// A query by its name.
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    /// The law that it goes by.
    pub(super) articles: &'static str,
    pub(super) make: fn() -> Box<dyn Query>,
}

/// Something that is wrong, where it was recorded.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) place: Rc<Place>,
    /// References, never names.
    pub(super) who: String,
    pub(super) wrong: Text,
    pub(super) article: &'static str,
}

/// What every query may look up: gathered on the same way through the logs.
#[derive(Default)]
pub(super) struct Record {
    pub(super) register: Register,
    pub(super) acts: Acts,
}

impl Record {
    pub(super) fn see(&mut self, seen: &Seen) {
        self.register.see(seen);
        self.acts.see(seen);
    }
}

/// A question to the logs.
pub(super) trait Query {
    fn see(&mut self, _seen: &Seen) {}

    /// What is wrong as of this instant.
    fn findings(&self, record: &Record, as_of: OffsetDateTime) -> Vec<Finding>;
}

/// What is wrong with an act, and by which article.
pub(super) struct Wrong {
    pub(super) text: Text,
    pub(super) article: &'static str,
}

impl Wrong {
    pub(super) fn new(article: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { text: Text::new(zh, en), article }
    }

    pub(super) fn at(self, place: &Rc<Place>) -> Finding {
        Finding { place: Rc::clone(place), who: who(place), wrong: self.text, article: self.article }
    }
}

/// A query that looks at one act at a time: a function is enough.
pub(super) struct OfActs(pub(super) fn(&Act, &Register) -> Vec<Wrong>);

impl Query for OfActs {
    fn findings(&self, record: &Record, _as_of: OffsetDateTime) -> Vec<Finding> {
        let of = |act: &Act| {
            (self.0)(act, &record.register).into_iter().map(|wrong| wrong.at(&act.place)).collect()
        };
        record.acts.all.iter().flat_map(|act| -> Vec<Finding> { of(act) }).collect()
    }
}

/// Who acted, and for whom.
pub(super) fn who(place: &Place) -> String {
    let actor = &place.actor;
    let kind = match actor.kind {
        ActorKind::Person => "",
        ActorKind::Service => "service ",
        ActorKind::Clock => "clock ",
    };
    format!("{kind}{}@{}", actor.id, actor.department)
}
