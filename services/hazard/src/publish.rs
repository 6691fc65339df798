//! Which of this service's events become public, and as what. Exhaustive, one way.

use contracts::hazard::v1 as public;
use decider::{Public, Recorded, Unreadable};
use law::clock;

use crate::{authority, hazard, report};

/// The public message of an event, or nothing.
pub fn publish(recorded: &Recorded) -> Result<Option<Public>, Unreadable> {
    let id = recorded.stream.id();
    match recorded.stream.category() {
        "report" => chassis::event(recorded).map(|event| of_report(id, event)),
        "hazard" => chassis::event(recorded).map(|event| of_hazard(id, event)),
        // What others made public is not made public again.
        "authority" => chassis::event::<authority::Event>(recorded).map(|_| None),
        other => Err(chassis::unknown_category(other)),
    }
}

fn of_report(id: &str, event: report::Event) -> Option<Public> {
    use report::Event;
    let report_id = id.to_owned();
    Some(match event {
        Event::Received {
            reporter_ref,
            channel,
            real_name,
            insider,
            premises,
            area,
            category,
            verify_by,
        } => Public::of(&public::ReportReceived {
            report_id,
            reporter_ref: reporter_ref.into(),
            channel: channel.into(),
            real_name,
            insider,
            premises,
            area: area.to_string(),
            category: category.into(),
            verify_by: Some(chassis::due(&verify_by)),
        }),
        Event::Routed { to } => Public::of(&public::ReportRouted { report_id, to: to.to_string() }).to(&to),
        Event::Verified { confirmed, by } => {
            Public::of(&public::ReportVerified { report_id, confirmed, verified_by: by.into() })
        }
        Event::Clock { duty, event } => return clock(report_id, &duty.to_string(), &event),
    })
}

fn of_hazard(id: &str, event: hazard::Event) -> Option<Public> {
    use hazard::Event;
    let hazard_id = id.to_owned();
    Some(match event {
        Event::Opened { premises, area, unit, category, report, reporter_ref: _ } => {
            Public::of(&public::CaseOpened {
                hazard_id,
                premises,
                area: area.to_string(),
                unit: unit.to_string(),
                category: category.into(),
                report_id: report.map(String::from).unwrap_or_default(),
            })
        }
        Event::Inspected { officers, delegation, findings, .. } => Public::of(&public::Inspected {
            hazard_id,
            delegation_id: delegation.map(|delegation| delegation.id.into()).unwrap_or_default(),
            certificates: officers.into_iter().map(|officer| officer.number.into()).collect(),
            findings,
        }),
        Event::RectificationOrdered { document, items, due, unit, .. } => {
            Public::of(&public::RectificationOrdered {
                hazard_id,
                document,
                items,
                due: Some(chassis::due(&due)),
                unit: unit.to_string(),
            })
        }
        Event::Reinspected {
            outcome, expired, unit, premises, area, document, report, reporter_ref, ..
        } => Public::of(&public::Reinspected {
            hazard_id,
            result: outcome.to_string(),
            unit: unit.to_string(),
            premises,
            area: area.to_string(),
            document,
            expired,
            report_id: report.map(String::from).unwrap_or_default(),
            reporter_ref: reporter_ref.map(String::from).unwrap_or_default(),
        }),
        Event::MajorDetermined { standard, elements, notice_by, unit, .. } => {
            Public::of(&public::MajorHazardDetermined {
                hazard_id,
                standard,
                elements,
                notice_by: Some(chassis::due(&notice_by)),
                unit: unit.to_string(),
            })
        }
        Event::MajorNoticeServed { document, due, unit } => Public::of(&public::MajorHazardNoticeServed {
            hazard_id,
            document,
            due: Some(chassis::due(&due)),
            unit: unit.to_string(),
        }),
        Event::ReportedToGovernment { government } => {
            Public::of(&public::MajorHazardReported { hazard_id, government: government.to_string() })
                .to(&government)
        }
        Event::ListedForSupervision { leader, due } => {
            Public::of(&public::SupervisionListed { hazard_id, leader, due: Some(chassis::due(&due)) })
        }
        Event::Delisted { consent: _ } => Public::of(&public::SupervisionDelisted { hazard_id }),
        Event::Closed {} => Public::of(&public::CaseClosed { hazard_id }),
        Event::Clock { duty, event } => return clock(hazard_id, &duty.to_string(), &event),
    })
}

fn clock(subject: String, duty: &str, event: &clock::Event) -> Option<Public> {
    if let clock::Event::Breached { due } = event {
        let due = Some(chassis::due(due));
        return Some(Public::of(&public::DeadlineBreached { subject, duty: duty.to_owned(), due }));
    }
    chassis::clock(&subject, duty, event)
}
