//! Which of this service's events become public, and as what. Exhaustive, one way.

use contracts::enforcement::v1 as public;
use decider::{Public, Recorded, Unreadable, authority::Delegation};
use law::clock;
use time::OffsetDateTime;

use crate::{
    act, certificate,
    delegation::{self, Basis},
    penalty, rulebook, seal,
};

/// The public message of an event, or nothing.
pub fn publish(recorded: &Recorded) -> Result<Option<Public>, Unreadable> {
    let id = recorded.stream.id();
    match recorded.stream.category() {
        "certificate" => chassis::event(recorded).map(|event| Some(of_certificate(id, event))),
        "delegation" => chassis::event(recorded).map(|event| of_delegation(id, event)),
        "penalty" => chassis::event(recorded).map(|event| of_penalty(id, event)),
        "seal" => chassis::event(recorded).map(|event| of_seal(id, event)),
        "rulebook" => chassis::event(recorded).map(of_rulebook),
        // Which of our cases holds an act is our own bookkeeping.
        "act" => chassis::event::<act::Event>(recorded).map(|_| None),
        other => Err(chassis::unknown_category(other)),
    }
}

fn of_certificate(number: &str, event: certificate::Event) -> Public {
    use certificate::Event;
    let number = number.to_owned();
    match event {
        Event::Issued { certificate } => Public::of(&public::OfficerCertified {
            certificate: number,
            department: certificate.department.to_string(),
            from: Some(chassis::timestamp(certificate.from)),
            until: Some(chassis::timestamp(certificate.until)),
        }),
        Event::Withdrawn { at, cause: _ } => Public::of(&public::CertificateWithdrawn {
            certificate: number,
            at: Some(chassis::timestamp(at)),
        }),
    }
}

fn of_delegation(id: &str, event: delegation::Event) -> Option<Public> {
    use delegation::Event;
    match event {
        // A draft binds nobody before both have published it.
        Event::Drafted { .. } | Event::Signed { .. } | Event::Published { .. } => None,
        Event::CameIntoForce { delegation, basis } | Event::Resumed { delegation, basis } => {
            Some(in_force(id, &delegation, &basis))
        }
        Event::Suspended { at, cause: _ } => Some(ended(id, at, "suspended")),
        Event::Revoked { at, cause: _ } => Some(ended(id, at, "revoked")),
        Event::Expired { at } => Some(ended(id, at, "expired")),
    }
}

fn in_force(id: &str, delegation: &Delegation, basis: &Basis) -> Public {
    Public::of(&public::DelegationInForce {
        delegation_id: id.to_owned(),
        version: delegation.version,
        model: delegation.model.as_str().to_owned(),
        delegator: delegation.delegator.to_string(),
        delegate: delegation.delegate.to_string(),
        items: delegation.items.iter().map(ToString::to_string).collect(),
        area: delegation.area.to_string(),
        legal_basis: basis.to_string(),
        from: Some(chassis::timestamp(delegation.from)),
        until: Some(chassis::timestamp(delegation.until)),
    })
}

fn ended(id: &str, at: OffsetDateTime, cause: &str) -> Public {
    Public::of(&public::DelegationEnded {
        delegation_id: id.to_owned(),
        at: Some(chassis::timestamp(at)),
        cause: cause.to_owned(),
    })
}

fn of_penalty(id: &str, event: penalty::Event) -> Option<Public> {
    use penalty::Event;
    let penalty_id = id.to_owned();
    let message = match event {
        // What the body has not said to the unit yet is its own deliberation.
        Event::Referred { .. }
        | Event::ActClaimed {}
        | Event::ActTaken { .. }
        | Event::InvestigationConcluded { .. }
        | Event::EditionChosen { .. }
        | Event::LegallyReviewed { .. }
        | Event::HearingRequested {}
        | Event::HearingNoticed { .. }
        | Event::HearingClosed { .. } => return None,
        Event::Filed { subject, item, delegation, department, authority, act_on, decide_by, .. } => {
            Public::of(&public::CaseFiled {
                penalty_id,
                unit: subject.unit.to_string(),
                item: item.into(),
                authority: authority.to_string(),
                delegation_id: delegation.map(|delegation| delegation.id.into()).unwrap_or_default(),
                decide_by: Some(chassis::due(&decide_by)),
                act: subject.act.into(),
                department: department.to_string(),
                act_on: act_on.to_string(),
            })
        }
        Event::NoticeServed { fine_fen, hearing, defend_by, lighter, .. } => {
            Public::of(&public::PriorNoticeServed {
                penalty_id,
                proposed_fine_fen: fine_fen,
                hearing_right: hearing,
                defend_by: Some(chassis::due(&defend_by)),
                applied: penalty::day_of(lighter.chosen).to_owned(),
                act_day_pack: lighter.old.pack,
                decision_day_pack: lighter.new.map(|new| new.pack).unwrap_or_default(),
            })
        }
        Event::DefenceReceived { .. } => heard(penalty_id, "received"),
        Event::DefenceWaived { .. } => heard(penalty_id, "waived"),
        Event::DefenceLapsed { .. } => heard(penalty_id, "lapsed"),
        Event::Decided { .. } => return decided(penalty_id, event),
        Event::Dismissed { ground, unit, act: _ } => {
            Public::of(&public::CaseDismissed { penalty_id, unit: unit.to_string(), ground })
        }
        Event::Published {} => Public::of(&public::PenaltyPublished { penalty_id }),
        Event::FinePaid { amount_fen, .. } => Public::of(&public::FinePaid { penalty_id, amount_fen }),
        Event::Revised { outcome, fine_fen, unit, withdraw_by, .. } => Public::of(&public::PenaltyRevised {
            penalty_id,
            fine_fen,
            outcome: outcome.to_string(),
            withdraw_by: withdraw_by.as_ref().map(chassis::due),
            unit: unit.to_string(),
        }),
        Event::PublicationWithdrawn { in_time, .. } => {
            Public::of(&public::PublicationWithdrawn { penalty_id, in_time })
        }
        Event::Clock { duty, event } => return clock(penalty_id, &duty.to_string(), &event),
    };
    Some(message)
}

fn decided(penalty_id: String, event: penalty::Event) -> Option<Public> {
    let penalty::Event::Decided {
        subject,
        item,
        article,
        authority,
        fine_fen,
        document,
        accident_level,
        pay_by,
        lighter,
        ..
    } = event
    else {
        return None;
    };
    Some(Public::of(&public::PenaltyDecided {
        penalty_id,
        unit: subject.unit.to_string(),
        item: item.into(),
        authority: authority.to_string(),
        fine_fen,
        document,
        accident_level: accident_level.map(|level| level.to_string()).unwrap_or_default(),
        report_id: subject.report.map(String::from).unwrap_or_default(),
        reporter_ref: subject.reporter_ref.map(String::from).unwrap_or_default(),
        pay_by: Some(chassis::due(&pay_by)),
        act: subject.act.into(),
        article,
        act_on: lighter.old.on.to_string(),
        applied: penalty::day_of(lighter.chosen).to_owned(),
        act_day_pack: lighter.old.pack,
        decision_day_pack: lighter.new.map(|new| new.pack).unwrap_or_default(),
    }))
}

fn heard(penalty_id: String, how: &str) -> Public {
    Public::of(&public::DefenceHeard { penalty_id, how: how.to_owned() })
}

fn of_seal(id: &str, event: seal::Event) -> Option<Public> {
    use seal::Event;
    let seal_id = id.to_owned();
    Some(match event {
        // Steps of paper work; what it must show is the breach, which is public.
        Event::Regularised { .. } | Event::Served { .. } => return None,
        Event::Ordered { unit, premises, area, authority, document, until, serve_by, .. } => {
            Public::of(&public::SealOrdered {
                seal_id,
                unit: unit.to_string(),
                premises,
                document,
                until: Some(chassis::due(&until)),
                serve_by: Some(chassis::due(&serve_by)),
                authority: authority.to_string(),
                area: area.to_string(),
            })
        }
        Event::Broken { finding: _, unit } => {
            Public::of(&public::SealBroken { seal_id, unit: unit.to_string() })
        }
        Event::Lifted { cause } => Public::of(&public::SealLifted { seal_id, cause: cause.to_string() }),
        Event::Clock { duty, event } => return clock(seal_id, &duty.to_string(), &event),
    })
}

/// Before it takes effect, a proposal is the legal office's own deliberation.
fn of_rulebook(event: rulebook::Event) -> Option<Public> {
    use rulebook::Event;
    match event {
        Event::Adopted { adoption } => Some(Public::of(&chassis::rules::message(adoption))),
        Event::Proposed { .. } | Event::DryRun { .. } | Event::Approved { .. } | Event::Withdrawn { .. } => {
            None
        }
    }
}

fn clock(subject: String, duty: &str, event: &clock::Event) -> Option<Public> {
    if let clock::Event::Breached { due } = event {
        let due = Some(chassis::due(due));
        return Some(Public::of(&public::DeadlineBreached { subject, duty: duty.to_owned(), due }));
    }
    chassis::clock(&subject, duty, event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_that_ends_and_a_right_that_lapses_are_nobody_s_breach() {
        let kind = |stored: &str, seal: bool| {
            let public = match seal {
                true => of_seal("s-1", serde_json::from_str(stored).unwrap()),
                false => of_penalty("p-1", serde_json::from_str(stored).unwrap()),
            };
            public.unwrap().kind
        };
        let over = "fenghuo.clock.v1.DeadlinePassed";
        assert_eq!(kind(include_str!("../stored/Seal.Clock.term.json"), true), over);
        assert_eq!(kind(include_str!("../stored/Penalty.Clock.lapsed.json"), false), over);
        let breached = "fenghuo.enforcement.v1.DeadlineBreached";
        assert_eq!(kind(include_str!("../stored/Seal.Clock.json"), true), breached);
        assert_eq!(kind(include_str!("../stored/Penalty.Clock.json"), false), breached);
    }
}
