//! 法制审核: a decision that the law wants reviewed first, and was not (行政处罚法58).

use std::{collections::HashMap, rc::Rc};

use credit::listing;
use decider::Role;
use enforcement::penalty;
use time::OffsetDateTime;

use super::{
    query::{Finding, Query, Record, Wrong},
    seen::{Place, Said, Seen},
};

const ARTICLE: &str = "行政处罚法58";

#[derive(Default)]
pub(super) struct MissingReview {
    open: HashMap<String, Review>,
    found: Vec<Finding>,
}

/// Where the review of a dossier stands.
#[derive(Clone, Copy, Default)]
struct Review {
    wanted: bool,
    passed: bool,
}

impl Query for MissingReview {
    fn see(&mut self, seen: &Seen) {
        match &seen.said {
            Said::Penalty(event) => self.penalty(&seen.place, event),
            Said::Listing(event) => self.listing(&seen.place, event),
            _ => {}
        }
    }

    fn findings(&self, _record: &Record, _as_of: OffsetDateTime) -> Vec<Finding> {
        self.found.clone()
    }
}

impl MissingReview {
    fn penalty(&mut self, place: &Rc<Place>, event: &penalty::Event) {
        use penalty::Event;
        let review = self.open.entry(place.stream.clone()).or_default();
        match event {
            Event::InvestigationConcluded { review: grounds, .. } => {
                *review = Review { wanted: !grounds.is_empty(), passed: false };
            }
            // Who reviewed before the hearing has not seen its record (65).
            Event::HearingClosed { .. } => *review = Review { wanted: true, passed: false },
            // Nor has who reviewed before by which rules it is decided.
            Event::EditionChosen { .. } => review.passed = false,
            Event::LegallyReviewed { passed, .. } => self.reviewed(place, *passed),
            Event::Decided { .. } => self.decided(place, "处罚决定", "a penalty was decided"),
            _ => {}
        }
    }

    /// A severe list is decided like a penalty, and always reviewed first.
    fn listing(&mut self, place: &Rc<Place>, event: &listing::Event) {
        use listing::Event;
        match event {
            Event::Proposed { .. } => {
                self.open.insert(place.stream.clone(), Review { wanted: true, passed: false });
            }
            Event::LegallyReviewed { passed, .. } => self.reviewed(place, *passed),
            Event::Listed { .. } => self.decided(place, "列入决定", "a listing was decided"),
            _ => {}
        }
    }

    fn reviewed(&mut self, place: &Rc<Place>, passed: bool) {
        self.open.entry(place.stream.clone()).or_default().passed = passed;
        if !place.actor.has(Role::Legal) {
            let zh = "法制审核人员不具有法制审核职责";
            self.found
                .push(Wrong::new(ARTICLE, zh, "reviewed by somebody who is no legal reviewer").at(place));
        }
    }

    fn decided(&mut self, place: &Rc<Place>, zh: &str, en: &str) {
        let review = self.open.get(&place.stream).copied().unwrap_or_default();
        if review.wanted && !review.passed {
            let (zh, en) =
                (format!("{zh}前未经法制审核通过"), format!("{en} before a legal review had passed"));
            self.found.push(Wrong::new(ARTICLE, zh, en).at(place));
        }
    }
}
