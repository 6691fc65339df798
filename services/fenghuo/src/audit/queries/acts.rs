//! Acts that burden somebody and need officers, or a power: the same few questions are put to all of them.

use std::{collections::HashMap, rc::Rc};

use decider::{
    Department, Id,
    authority::{Certificate, Delegation},
};
use enforcement::{penalty, seal};
use hazard::hazard as hazards;
use investigation::{crime, determination};
use law::AreaCode;

use super::seen::{Place, Said, Seen};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Inspection,
    Order,
    Reinspection,
    Filing,
    Decision,
    Seal,
    Determination,
    /// 简易程序: one investigator is enough.
    SimpleDetermination,
    Team,
}

impl Kind {
    pub(super) fn zh(self) -> &'static str {
        match self {
            Self::Inspection => "监督检查",
            Self::Order => "责令限期改正",
            Self::Reinspection => "复查",
            Self::Filing => "立案",
            Self::Decision => "处罚决定",
            Self::Seal => "临时查封",
            Self::Determination => "火灾事故认定",
            Self::SimpleDetermination => "简易认定",
            Self::Team => "指定专案组",
        }
    }

    pub(super) fn en(self) -> &'static str {
        match self {
            Self::Inspection => "inspection",
            Self::Order => "order to correct",
            Self::Reinspection => "re-inspection",
            Self::Filing => "filing",
            Self::Decision => "penalty decision",
            Self::Seal => "seal",
            Self::Determination => "determination",
            Self::SimpleDetermination => "simple determination",
            Self::Team => "task force",
        }
    }
}

/// An act as it was recorded.
#[derive(Debug)]
pub(super) struct Act {
    pub(super) place: Rc<Place>,
    pub(super) kind: Kind,
    /// Who acted.
    pub(super) unit: Department,
    /// In whose name, where the event says so.
    pub(super) authority: Option<Department>,
    /// Absent where the event does not tell its officers.
    pub(super) officers: Option<Vec<Certificate>>,
    pub(super) grounds: Grounds,
}

/// What an act rests on, and where; what is told once holds for the dossier's later acts.
#[derive(Debug, Clone, Default)]
pub(super) struct Grounds {
    pub(super) delegation: Option<Delegation>,
    pub(super) item: Option<Id>,
    pub(super) area: Option<AreaCode>,
}

/// Every act of every log.
#[derive(Debug, Default)]
pub(super) struct Acts {
    pub(super) all: Vec<Act>,
    dossiers: HashMap<(&'static str, String), Grounds>,
}

/// What an event adds to its dossier, and the act it is, if it is one.
#[derive(Default)]
struct Told {
    kind: Option<Kind>,
    unit: Option<Department>,
    authority: Option<Department>,
    officers: Option<Vec<Certificate>>,
    /// Present where the event says on which power it rests, be it on none.
    power: Option<(Option<Delegation>, Option<Id>)>,
    area: Option<AreaCode>,
}

impl Acts {
    pub(super) fn see(&mut self, seen: &Seen) {
        let Some(told) = told(&seen.said) else { return };
        let dossier = self.dossiers.entry((seen.place.service, seen.place.stream.clone())).or_default();
        if let Some((delegation, item)) = told.power {
            dossier.delegation = delegation;
            dossier.item = item;
        }
        dossier.area = told.area.or(dossier.area.take());
        let Some(kind) = told.kind else { return };
        self.all.push(Act {
            place: Rc::clone(&seen.place),
            kind,
            unit: told.unit.unwrap_or_else(|| seen.place.actor.department.clone()),
            authority: told.authority,
            officers: told.officers,
            grounds: dossier.clone(),
        });
    }
}

fn told(said: &Said) -> Option<Told> {
    match said {
        Said::Hazard(event) => hazard(event),
        Said::Penalty(event) => penalty(event),
        Said::Seal(event) => seal(event),
        Said::Determination(event) => determination(event),
        Said::Crime(event) => crime(event),
        _ => None,
    }
}

fn hazard(event: &hazards::Event) -> Option<Told> {
    use hazards::Event;
    let none = Told::default();
    match event {
        Event::Opened { area, .. } => Some(Told { area: Some(area.clone()), ..none }),
        Event::Inspected { officers, delegation, item, .. } => Some(Told {
            kind: Some(Kind::Inspection),
            officers: Some(officers.clone()),
            power: Some((delegation.clone(), item.clone())),
            ..none
        }),
        Event::RectificationOrdered { .. } => Some(Told { kind: Some(Kind::Order), ..none }),
        Event::Reinspected { officers, .. } => {
            Some(Told { kind: Some(Kind::Reinspection), officers: Some(officers.clone()), ..none })
        }
        _ => None,
    }
}

fn penalty(event: &penalty::Event) -> Option<Told> {
    use penalty::Event;
    let none = Told::default();
    match event {
        Event::Filed { subject, item, officers, delegation, department, authority, .. } => Some(Told {
            kind: Some(Kind::Filing),
            unit: Some(department.clone()),
            authority: Some(authority.clone()),
            officers: Some(officers.clone()),
            power: Some((delegation.clone(), Some(item.clone()))),
            area: Some(subject.area.clone()),
        }),
        Event::Decided { authority, .. } => {
            Some(Told { kind: Some(Kind::Decision), authority: Some(authority.clone()), ..none })
        }
        _ => None,
    }
}

fn seal(event: &seal::Event) -> Option<Told> {
    let seal::Event::Ordered { area, authority, officers, .. } = event else { return None };
    Some(Told {
        kind: Some(Kind::Seal),
        authority: Some(authority.clone()),
        officers: Some(officers.clone()),
        area: Some(area.clone()),
        ..Told::default()
    })
}

fn determination(event: &determination::Event) -> Option<Told> {
    let determination::Event::Issued { officers, simple, .. } = event else { return None };
    let kind = if *simple { Kind::SimpleDetermination } else { Kind::Determination };
    Some(Told { kind: Some(kind), officers: Some(officers.clone()), ..Told::default() })
}

fn crime(event: &crime::Event) -> Option<Told> {
    let crime::Event::TeamAppointed { officers, agency } = event else { return None };
    Some(Told {
        kind: Some(Kind::Team),
        unit: Some(agency.clone()),
        officers: Some(officers.clone()),
        ..Told::default()
    })
}
