//! 职责分离: parts of one dossier that one person may not take together. A new pair is a line in `APART`.

use std::{collections::HashMap, rc::Rc};

use credit::listing;
use decider::{ActorKind, Id};
use enforcement::{delegation, penalty, rulebook};
use investigation::crime;
use reward::claim;
use time::OffsetDateTime;

use super::{
    query::{Finding, Query, Record, Wrong, who},
    seen::{Place, Said, Seen},
};

/// What somebody does in a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Investigates,
    Reviews,
    Presides,
    Decides,
    Proposes,
    Approves,
    ApprovesFirst,
    ApprovesSecond,
    SignsForDelegator,
    SignsForDelegate,
}

impl Part {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Investigates => ("调查（核查）", "investigates"),
            Self::Reviews => ("法制审核", "reviews"),
            Self::Presides => ("主持听证", "presides over the hearing"),
            Self::Decides => ("决定", "decides"),
            Self::Proposes => ("提出", "proposes"),
            Self::Approves => ("批准", "approves"),
            Self::ApprovesFirst => ("初审", "gives the first approval"),
            Self::ApprovesSecond => ("终审", "gives the second approval"),
            Self::SignsForDelegator => ("代表委托方签订", "signs for the delegator"),
            Self::SignsForDelegate => ("代表受托方签订", "signs for the delegate"),
        }
    }
}

/// The earlier part, the later one, and what keeps them apart; nothing where it is this system's own control.
const APART: [(Part, Part, &str); 10] = [
    (Part::Investigates, Part::Reviews, "行政处罚法58"),
    (Part::Investigates, Part::Presides, "行政处罚法64"),
    (Part::Investigates, Part::Decides, "行政处罚法57"),
    (Part::Proposes, Part::Reviews, "行政处罚法58"),
    (Part::Proposes, Part::Decides, "行政处罚法57"),
    (Part::Proposes, Part::Approves, "国令310号5"),
    (Part::ApprovesFirst, Part::ApprovesSecond, ""),
    (Part::Investigates, Part::ApprovesFirst, ""),
    (Part::Investigates, Part::ApprovesSecond, ""),
    (Part::SignsForDelegator, Part::SignsForDelegate, "行政处罚法20"),
];

/// A part that somebody took.
struct Taken {
    part: Part,
    /// The person whom the event names, and the one whose token it was; usually the same.
    persons: Vec<Id>,
    place: Rc<Place>,
}

#[derive(Default)]
pub(super) struct Segregation {
    dossiers: HashMap<(&'static str, String), Vec<Taken>>,
}

impl Query for Segregation {
    fn see(&mut self, seen: &Seen) {
        let Some((part, named)) = part(&seen.said) else { return };
        let place = &seen.place;
        let token = (place.actor.kind == ActorKind::Person).then(|| place.actor.id.clone());
        let persons = named.cloned().into_iter().chain(token).collect();
        let dossier = self.dossiers.entry((place.service, place.stream.clone())).or_default();
        dossier.push(Taken { part, persons, place: Rc::clone(place) });
    }

    fn findings(&self, _record: &Record, _as_of: OffsetDateTime) -> Vec<Finding> {
        self.dossiers.values().flat_map(|taken| breaches(taken)).collect()
    }
}

/// Every later part with the first earlier one of the same person: one breach is told once.
fn breaches(taken: &[Taken]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, later) in taken.iter().enumerate() {
        for (first, second, article) in APART.iter().filter(|(_, second, _)| *second == later.part) {
            let of_part = taken[..index].iter().filter(|earlier| earlier.part == *first);
            let mut same = of_part.filter_map(|earlier| Some((earlier, same_person(earlier, later)?)));
            if let Some((earlier, person)) = same.next() {
                found.push(breach(earlier, later, person, (*first, *second), article));
            }
        }
    }
    found
}

fn same_person<'a>(one: &'a Taken, other: &Taken) -> Option<&'a Id> {
    one.persons.iter().find(|person| other.persons.contains(person))
}

fn breach(
    earlier: &Taken,
    later: &Taken,
    person: &Id,
    parts: (Part, Part),
    article: &'static str,
) -> Finding {
    let ((first_zh, first_en), (second_zh, second_en)) = (parts.0.words(), parts.1.words());
    let at = earlier.place.position;
    let zh = format!("{person} 既{first_zh}（位置 {at}）又{second_zh}");
    let wrong = Wrong::new(article, zh, format!("{person} {first_en} (position {at}) and {second_en}"));
    let mut finding = wrong.at(&later.place);
    if later.place.actor.id != *person {
        finding.who = format!("{person} / {}", who(&later.place));
    }
    finding
}

/// The part that an event is, and the person whom it names.
fn part(said: &Said) -> Option<(Part, Option<&Id>)> {
    match said {
        Said::Penalty(event) => match &**event {
            penalty::Event::Filed { handler, .. }
            | penalty::Event::InvestigationConcluded { handler, .. } => {
                Some((Part::Investigates, Some(handler)))
            }
            penalty::Event::LegallyReviewed { reviewer, .. } => Some((Part::Reviews, Some(reviewer))),
            penalty::Event::HearingClosed { presider, .. } => Some((Part::Presides, Some(presider))),
            penalty::Event::Decided { .. } => Some((Part::Decides, None)),
            _ => None,
        },
        Said::Listing(event) => match &**event {
            listing::Event::Proposed { by, .. } => Some((Part::Proposes, Some(by))),
            listing::Event::LegallyReviewed { by, .. } => Some((Part::Reviews, Some(by))),
            listing::Event::Listed { .. } | listing::Event::NotListed { .. } => Some((Part::Decides, None)),
            _ => None,
        },
        Said::Claim(event) => match &**event {
            claim::Event::Verified { by, .. } => Some((Part::Investigates, Some(by))),
            claim::Event::ApprovedFirst { by } => Some((Part::ApprovesFirst, Some(by))),
            claim::Event::ApprovedSecond { by } => Some((Part::ApprovesSecond, Some(by))),
            _ => None,
        },
        Said::Crime(event) => match &**event {
            crime::Event::ReportedToPrincipal { .. } => Some((Part::Proposes, None)),
            crime::Event::Approved { .. } | crime::Event::Declined { .. } => Some((Part::Approves, None)),
            _ => None,
        },
        Said::Rulebook(event) => match &**event {
            rulebook::Event::Proposed { by, .. } => Some((Part::Proposes, Some(by))),
            rulebook::Event::Approved { by, .. } => Some((Part::Approves, Some(by))),
            _ => None,
        },
        Said::Delegation(delegation::Event::Signed { by }) => Some(match by {
            delegation::Party::Delegator => (Part::SignsForDelegator, None),
            delegation::Party::Delegate => (Part::SignsForDelegate, None),
        }),
        _ => None,
    }
}
