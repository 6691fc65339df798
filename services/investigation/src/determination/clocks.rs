//! What the events of a cause determination do to its clocks, and whose time it is.

use decider::{Department, DepartmentKind, Winding, clocked::Unwound};
use law::{AreaCode, AreaLevel, Due, Role as Side, Tier, clock::Terms, start_of_day};

use time::OffsetDateTime;

use super::{
    Duty, Event, Higher,
    state::{Open, Stage},
};

/// The time is extended once only (火灾事故调查规定 18).
const EXTENSIONS_MAX: u32 = 1;

pub(super) fn wind(open: &Open, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    let body = |tier| body(&open.area, tier);
    match event {
        Event::Opened { alarm_at, tier, determine_by, .. } => {
            let terms = winding.terms("fire.cause.determine", Side::Agency, body(*tier))?;
            let terms = Terms { start: *alarm_at, extensions_max: EXTENSIONS_MAX, ..terms };
            winding.arm(Duty::Determine, terms, determine_by)
        }
        Event::Moved { to, .. } => winding.pass(Duty::Determine, body(*to)),
        Event::AppraisalCommissioned { appraisal, .. } => {
            if winding.rules().flag("fire.cause.appraisal_excluded").map_err(Unwound::Rule)? {
                winding.suspend(Duty::Determine, appraisal.as_str(), "appraisal")?;
            }
            Ok(())
        }
        Event::AppraisalReturned { appraisal, .. } => winding.resume(Duty::Determine, appraisal.as_str()),
        Event::Extended { approved_by, .. } => {
            let period = winding.rules().period("fire.cause.extend").map_err(Unwound::Rule)?;
            let document = approved_by.document.clone().unwrap_or_default();
            winding.extend(Duty::Determine, authority(approved_by), document, period)
        }
        Event::Issued { tier, serve_by, file_by, .. } => {
            winding.meet(Duty::Determine)?;
            winding.meet(Duty::Redetermine)?;
            if let Some(due) = serve_by {
                let terms = winding.terms("fire.cause.serve", Side::Agency, body(*tier))?;
                winding.arm(Duty::Serve, terms, due)?;
            }
            if let Some(due) = file_by {
                let terms = winding.terms("fire.cause.simple_file", Side::Agency, body(*tier))?;
                winding.arm(Duty::File, terms, due)?;
            }
            Ok(())
        }
        Event::Filed { .. } => winding.meet(Duty::File),
        Event::Served { deemed_by, review_by, .. } => {
            winding.meet(Duty::Serve)?;
            let start = deemed_by.as_ref().map_or(winding.at(), |deemed| start_of_day(deemed.last_day));
            open_window(review_by.as_ref(), start, winding)
        }
        Event::ReviewRequested { .. }
        | Event::ReviewAccepted { .. }
        | Event::ReviewRefused { .. }
        | Event::FileReturned { .. }
        | Event::ReviewDecided { .. }
        | Event::SuitAccepted { .. } => wind_review(open, event, winding),
        Event::CasualtiesNoted {}
        | Event::HarmNoted { .. }
        | Event::PartiesHeard { .. }
        | Event::Clock { .. } => Ok(()),
    }
}

fn wind_review(open: &Open, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Unwound> {
    let tier = match &open.stage {
        Stage::Investigating => Tier::County,
        Stage::Issued(issued) | Stage::Served(issued) => issued.tier,
    };
    let (own, higher) = (body(&open.area, tier), body(&open.area, above(tier)));
    match event {
        Event::ReviewRequested { accept_by, .. } => {
            winding.meet(Duty::RequestReview)?;
            let terms = winding.terms("fire.review.accept", Side::Agency, higher)?;
            winding.arm(Duty::AnswerReview, terms, accept_by)
        }
        Event::ReviewAccepted { file_by, decide_by, .. } => {
            winding.meet(Duty::AnswerReview)?;
            let terms = winding.terms("fire.review.file_return", Side::Agency, own)?;
            winding.arm(Duty::ReturnFile, terms, file_by)?;
            let terms = winding.terms("fire.review.decide", Side::Agency, higher)?;
            winding.arm(Duty::DecideReview, terms, decide_by)
        }
        Event::ReviewRefused { review_by, .. } => {
            winding.meet(Duty::AnswerReview)?;
            let since = open.clocks.get(&Duty::RequestReview).map(|clock| clock.terms.start);
            open_window(review_by.as_ref(), since.unwrap_or(winding.at()), winding)
        }
        Event::FileReturned { .. } => winding.meet(Duty::ReturnFile),
        Event::ReviewDecided { redetermine_by, .. } => {
            winding.meet(Duty::DecideReview)?;
            winding.cancel(&Duty::ReturnFile, "review-decided")?;
            match redetermine_by {
                None => Ok(()),
                Some(due) => {
                    let terms = winding.terms("fire.review.redetermine", Side::Agency, own)?;
                    winding.arm(Duty::Redetermine, terms, due)
                }
            }
        }
        Event::SuitAccepted { .. } => {
            let review = [Duty::RequestReview, Duty::AnswerReview, Duty::ReturnFile, Duty::DecideReview];
            review.iter().try_for_each(|duty| winding.cancel(duty, "suit-accepted"))
        }
        _ => Ok(()),
    }
}

/// The time in which the parties may ask for a review, if one is left; they are known by their references only.
fn open_window(
    until: Option<&Due>,
    start: OffsetDateTime,
    winding: &mut Winding<'_, Duty>,
) -> Result<(), Unwound> {
    let Some(due) = until else { return Ok(()) };
    let terms = winding.terms("fire.review.apply", Side::Party, PARTIES)?;
    winding.arm(Duty::RequestReview, Terms { start, ..terms }.right(), due)
}

const PARTIES: &str = "parties";

/// The fire body of a tier in whose area the fire lies; the national one has no area.
fn body(area: &AreaCode, tier: Tier) -> String {
    let level = match tier {
        Tier::County => AreaLevel::County,
        Tier::City => AreaLevel::City,
        Tier::Province => AreaLevel::Province,
        Tier::State => return NATIONAL.to_owned(),
    };
    let area = area.within(level).unwrap_or_else(|| area.clone());
    Department { kind: DepartmentKind::Fire, area }.to_string()
}

const NATIONAL: &str = "fire.national";

fn above(tier: Tier) -> Tier {
    match tier {
        Tier::County => Tier::City,
        Tier::City => Tier::Province,
        Tier::Province | Tier::State => Tier::State,
    }
}

fn authority(higher: &Higher) -> String {
    match higher.tier {
        Tier::State => NATIONAL.to_owned(),
        Tier::County | Tier::City | Tier::Province => higher.recorded_by.to_string(),
    }
}
