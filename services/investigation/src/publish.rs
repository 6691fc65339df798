//! Which of this service's events become public, and as what. Exhaustive, one way.

use contracts::investigation::v1 as public;
use decider::{Public, Recorded, Unreadable};
use law::{Due, Tier, clock};

use crate::{authority, crime, determination, fire, inquiry};

/// The public message of an event, or nothing.
pub fn publish(recorded: &Recorded) -> Result<Option<Public>, Unreadable> {
    let id = recorded.stream.id();
    match recorded.stream.category() {
        "fire" => chassis::event(recorded).map(|event| of_fire(id, event)),
        "determination" => chassis::event(recorded).map(|event| of_determination(id, event)),
        "inquiry" => chassis::event(recorded).map(|event| of_inquiry(id, event)),
        "crime" => chassis::event(recorded).map(|event| of_crime(id, event)),
        // What others made public is not made public again.
        "authority" => chassis::event::<authority::Event>(recorded).map(|_| None),
        other => Err(chassis::unknown_category(other)),
    }
}

fn of_fire(id: &str, event: fire::Event) -> Option<Public> {
    use fire::Event;
    let fire_id = id.to_owned();
    Some(match event {
        Event::AlarmRaised { premises, area, unit, ignited_at, alarm_at, recompute_until, determine_by } => {
            Public::of(&public::AlarmRaised {
                fire_id,
                area: area.to_string(),
                premises,
                ignited_at: Some(chassis::timestamp(ignited_at)),
                alarm_at: Some(chassis::timestamp(alarm_at)),
                determine_by: due(&determine_by),
                unit: unit.to_string(),
                recompute_until: due(&recompute_until),
            })
        }
        Event::ReportDue { from, since: _, due: by } => {
            Public::of(&public::ReportDue { fire_id, from: from.to_string(), due: due(&by) })
        }
        Event::Reported { from, to, at: _, in_time } => {
            Public::of(&public::Reported { fire_id, from: from.to_string(), to: to.to_string(), in_time })
        }
        Event::CasualtiesUpdated { totals, within_window } => Public::of(&public::CasualtiesUpdated {
            fire_id,
            deaths: totals.deaths,
            serious_injuries: totals.serious_injuries,
            households: totals.households,
            direct_loss_fen: totals.direct_loss_fen,
            within_window,
            property_loss_fen: totals.property_loss_fen,
        }),
        Event::LevelDetermined { level, before, inquiry: _ } => Public::of(&public::LevelDetermined {
            fire_id,
            level: level.to_string(),
            before: before.map(|level| level.to_string()).unwrap_or_default(),
        }),
        Event::JurisdictionMoved { track, from, to } => Public::of(&public::JurisdictionMoved {
            fire_id,
            track: track.to_string(),
            from: tier(from),
            to: tier(to),
        }),
        Event::Extinguished { declare_loss_by } => {
            Public::of(&public::FireExtinguished { fire_id, declare_loss_by: due(&declare_loss_by) })
        }
        Event::LossDeclared { unit, property_loss_fen, document, in_time } => {
            let unit = unit.to_string();
            Public::of(&public::LossDeclared { fire_id, unit, property_loss_fen, document, in_time })
        }
        Event::SceneClosed { range, demands: _ } => Public::of(&public::SceneClosed { fire_id, range }),
        Event::SceneReleased {} => Public::of(&public::SceneReleased { fire_id }),
        // The inquiry itself says so, once it is open.
        Event::InquiryNoted { .. } => return None,
        Event::Clock { duty, event } => return clock(fire_id, &duty.to_string(), &event),
    })
}

fn of_determination(id: &str, event: determination::Event) -> Option<Public> {
    use determination::Event;
    let fire_id = id.to_owned();
    Some(match event {
        Event::AppraisalCommissioned { appraisal, at: _ } => {
            Public::of(&public::AppraisalCommissioned { fire_id, appraisal_id: appraisal.into() })
        }
        Event::AppraisalReturned { appraisal, at: _, determine_by } => {
            Public::of(&public::AppraisalReturned {
                fire_id,
                appraisal_id: appraisal.into(),
                determine_by: due(&determine_by),
            })
        }
        Event::Extended { approved_by, determine_by } => Public::of(&public::DeterminationExtended {
            fire_id,
            approved_by: higher(&approved_by),
            determine_by: due(&determine_by),
        }),
        Event::PartiesHeard { cause: _, present, absent, disputed } => Public::of(&public::PartiesHeard {
            fire_id,
            present: count(present.len()),
            absent: count(absent.len()),
            disputed,
        }),
        Event::Issued { document, cause, tier: by, simple, again, in_time, serve_by, .. } => {
            Public::of(&public::DeterminationIssued {
                fire_id,
                document,
                cause,
                serve_by: serve_by.as_ref().map(chassis::due),
                tier: tier(by),
                simple,
                again,
                in_time,
            })
        }
        Event::Served { in_time, deemed_by: _, review_by } => Public::of(&public::DeterminationServed {
            fire_id,
            review_by: review_by.as_ref().map(chassis::due),
            in_time,
        }),
        Event::ReviewRequested { party: _, accept_by } => {
            Public::of(&public::ReviewRequested { fire_id, accept_by: due(&accept_by) })
        }
        Event::ReviewAccepted { by: _, file_by, decide_by } => Public::of(&public::ReviewAccepted {
            fire_id,
            file_by: due(&file_by),
            decide_by: due(&decide_by),
        }),
        Event::ReviewRefused { by: _, ground, review_by } => Public::of(&public::ReviewRefused {
            fire_id,
            ground: ground.to_string(),
            review_by: review_by.as_ref().map(chassis::due),
        }),
        Event::ReviewDecided { outcome, redetermine_by, .. } => Public::of(&public::ReviewDecided {
            fire_id,
            outcome: outcome.to_string(),
            redetermine_by: redetermine_by.as_ref().map(chassis::due),
        }),
        Event::SuitAccepted { court, review_ended } => {
            Public::of(&public::SuitAccepted { fire_id, court, review_ended })
        }
        // The fire has said so already, or it stays between the two fire bodies.
        Event::Opened { .. }
        | Event::Moved { .. }
        | Event::CasualtiesNoted {}
        | Event::HarmNoted { .. }
        | Event::Filed { .. }
        | Event::FileReturned { .. } => return None,
        Event::Clock { duty, event } => return clock(fire_id, &duty.to_string(), &event),
    })
}

fn of_inquiry(id: &str, event: inquiry::Event) -> Option<Public> {
    use inquiry::Event;
    let inquiry_id = id.to_owned();
    Some(match event {
        Event::Formed { fire, government, tier: of, report_by, .. } => Public::of(&public::InquiryOpened {
            inquiry_id,
            fire_id: fire.to_string(),
            government: government.to_string(),
            tier: tier(of),
            report_by: due(&report_by),
        }),
        Event::Extended { days: _, approved_by, report_by } => Public::of(&public::InquiryExtended {
            inquiry_id,
            approved_by: approved_by.to_string(),
            report_by: due(&report_by),
        }),
        Event::AppraisalCommissioned { appraisal, at: _ } => {
            Public::of(&public::InquiryAppraisalCommissioned { inquiry_id, appraisal_id: appraisal.into() })
        }
        Event::AppraisalReturned { appraisal, at: _, report_by } => {
            Public::of(&public::InquiryAppraisalReturned {
                inquiry_id,
                appraisal_id: appraisal.into(),
                report_by: due(&report_by),
            })
        }
        Event::ReportSubmitted { document, in_time, reply_by } => {
            Public::of(&public::InquiryReported { inquiry_id, document, in_time, reply_by: due(&reply_by) })
        }
        Event::Replied { government, level, responsible_units, in_time: _, evaluate_by } => {
            Public::of(&public::InquiryReplied {
                inquiry_id,
                government: government.to_string(),
                level: level.to_string(),
                responsible_units: responsible_units.iter().map(ToString::to_string).collect(),
                evaluate_by: due(&evaluate_by),
            })
        }
        Event::Published {} => Public::of(&public::InquiryPublished { inquiry_id }),
        Event::Evaluated { document, in_time } => {
            Public::of(&public::InquiryEvaluated { inquiry_id, document, in_time })
        }
        Event::Superseded { by } => Public::of(&public::InquirySuperseded { inquiry_id, by: by.to_string() }),
        // The fire has said so already.
        Event::LevelNoted { .. } => return None,
        Event::Clock { duty, event } => return clock(inquiry_id, &duty.to_string(), &event),
    })
}

fn of_crime(id: &str, event: crime::Event) -> Option<Public> {
    use crime::Event;
    let transfer_id = id.to_owned();
    Some(match event {
        Event::Indicated { article, facts, early_warning } => Public::of(&public::CrimeIndicated {
            transfer_id,
            article: article.to_string(),
            facts: facts.iter().map(ToString::to_string).collect(),
            early_warning,
        }),
        Event::TeamAppointed { officers: _, agency } => {
            Public::of(&public::CriminalTeamAppointed { transfer_id, agency: agency.to_string() })
        }
        Event::ReportedToPrincipal { article, document, decide_by } => {
            Public::of(&public::CriminalTransferProposed {
                transfer_id,
                article: article.to_string(),
                document,
                decide_by: due(&decide_by),
            })
        }
        Event::Approved { article, in_time, send_by } => Public::of(&public::CriminalTransferApproved {
            transfer_id,
            send_by: due(&send_by),
            article: article.to_string(),
            in_time,
        }),
        Event::Declined { article, reason, in_time: _ } => {
            let article = article.to_string();
            Public::of(&public::CriminalTransferDeclined { transfer_id, article, reason })
        }
        Event::Sent { article, to, document, in_time, answer_by } => {
            Public::of(&public::CriminalTransferSent {
                transfer_id,
                to: to.to_string(),
                article: article.to_string(),
                document,
                answer_by: due(&answer_by),
                in_time,
            })
            .to(&to)
        }
        Event::Answered { filed, hand_over_by, object_by, .. } => {
            Public::of(&public::CriminalTransferAnswered {
                transfer_id,
                outcome: if filed { "filed" } else { "not-filed" }.to_owned(),
                handover_by: hand_over_by.as_ref().map(chassis::due),
                object_by: object_by.as_ref().map(chassis::due),
            })
        }
        Event::Objected { answer_by } => {
            Public::of(&public::CriminalTransferObjected { transfer_id, answer_by: due(&answer_by) })
        }
        Event::HandedOver { in_time } => {
            Public::of(&public::CriminalTransferHandedOver { transfer_id, in_time })
        }
        Event::Closed { penalty } => Public::of(&public::CriminalTransferClosed {
            transfer_id,
            penalty_id: penalty.map(String::from).unwrap_or_default(),
        }),
        // Facts are public where they happened; the receipt is the police's own fact.
        Event::FactNoted { .. } | Event::HarmNoted { .. } | Event::Received { .. } => return None,
        Event::Clock { duty, event } => return clock(transfer_id, &duty.to_string(), &event),
    })
}

fn clock(subject: String, duty: &str, event: &clock::Event) -> Option<Public> {
    if let clock::Event::Breached { due: by } = event {
        let breached = public::DeadlineBreached { subject, duty: duty.to_owned(), due: due(by) };
        return Some(Public::of(&breached));
    }
    chassis::clock(&subject, duty, event)
}

fn due(due: &Due) -> Option<contracts::envelope::v1::Due> {
    Some(chassis::due(due))
}

/// The word of the published language, which is shorter than the law crate's for the State Council.
fn tier(tier: Tier) -> String {
    fire::Rung::from(tier).to_string()
}

fn higher(higher: &determination::Higher) -> String {
    match higher.tier {
        Tier::State => "national".to_owned(),
        Tier::County | Tier::City | Tier::Province => higher.recorded_by.to_string(),
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
