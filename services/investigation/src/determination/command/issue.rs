//! Issuing and serving a determination (火灾事故调查规定 12-14, 31-32).

use decider::{
    Context,
    authority::{Certificate, Flaw, check_officers},
};
use law::{Level, Role as Side, RuleError, RulePack, Tier};

use super::{
    super::{
        Duty, Event, Review,
        state::{Open, Stage},
    },
    Refusal, body, investigating, officer_of_the_body, official,
};
use crate::{crime::reaches_a_threshold, fire::Totals};

/// Determines the cause, in the ordinary or the simple procedure, for the first time or after a review.
pub(super) fn issue(
    open: &Open,
    document: String,
    cause: String,
    officers: Vec<Certificate>,
    simple: bool,
    cx: &Context,
) -> Result<Event, Refusal> {
    officer_of_the_body(open, cx)?;
    investigating(open)?;
    let disputed = heard(open, &cause)?;
    if simple && (disputed || open.casualties) {
        return Err(Refusal::NotSimple);
    }
    if simple && !slight(&open.harm, &cx.rules)? {
        return Err(Refusal::NotSlight);
    }
    check(&officers, simple, cx)?;
    let again = matches!(open.review, Review::Redetermine(_));
    let serve = cx.rules.period("fire.cause.serve")?;
    let file = cx.rules.period("fire.cause.simple_file")?;
    let due = |period| cx.calendar.due(cx.at, period, Side::Agency);
    Ok(Event::Issued {
        document,
        cause,
        officers,
        tier: open.tier_at(cx.at),
        simple,
        again,
        in_time: open.in_time(if again { Duty::Redetermine } else { Duty::Determine }, cx.at),
        serve_by: (!simple).then(|| due(serve)),
        file_by: simple.then(|| due(file)),
    })
}

/// Files a simple determination with the own body.
pub(super) fn file(open: &Open, cx: &Context) -> Result<Option<Event>, Refusal> {
    let tier = issued_tier(open)?;
    body(open, tier, cx)?;
    official(cx)?;
    match &open.stage {
        Stage::Issued(issued) | Stage::Served(issued) if issued.simple => {
            Ok(open.to_file.then(|| Event::Filed { in_time: open.in_time(Duty::File, cx.at) }))
        }
        _ => Err(Refusal::NothingToFile),
    }
}

/// Serves the determination; by public notice it takes effect only when that has hung out its time.
pub(super) fn serve(open: &Open, by_public_notice: bool, cx: &Context) -> Result<Event, Refusal> {
    let tier = issued_tier(open)?;
    body(open, tier, cx)?;
    official(cx)?;
    if matches!(open.stage, Stage::Served(..)) {
        return Err(Refusal::AlreadyServed);
    }
    let notice = cx.rules.period("fire.cause.public_notice")?;
    let apply = cx.rules.period("fire.review.apply")?;
    let deemed_by = by_public_notice.then(|| cx.calendar.due(cx.at, notice, Side::Agency));
    let review_by = match &deemed_by {
        Some(deemed) => cx.calendar.due_from_date(deemed.last_day, apply, Side::Party),
        None => cx.calendar.due(cx.at, apply, Side::Party),
    };
    let reviewable = open.reviews < cx.rules.number("fire.review.max_times")?;
    Ok(Event::Served {
        in_time: open.in_time(Duty::Serve, cx.at),
        deemed_by,
        review_by: reviewable.then_some(review_by),
    })
}

/// Whether the parties dispute the facts; they must have been told this very cause.
fn heard(open: &Open, cause: &str) -> Result<bool, Refusal> {
    match &open.heard {
        None => Err(Refusal::PartiesNotHeard),
        Some((explained, _)) if explained != cause => Err(Refusal::CauseNotExplained),
        Some((_, disputed)) => Ok(*disputed),
    }
}

/// Slight is left to the provinces (火灾事故调查规定 12); above the general level or near a crime it is nowhere. The
/// article names the loss of property, which may be known before the economic loss that contains it.
fn slight(harm: &Totals, rules: &RulePack) -> Result<bool, RuleError> {
    let harm = Totals { direct_loss_fen: harm.direct_loss_fen.max(harm.property_loss_fen), ..*harm };
    let level = Level::of(harm.deaths, harm.serious_injuries, harm.direct_loss_fen, rules)?;
    Ok(level == Level::General && !reaches_a_threshold(&harm, rules)?)
}

/// One investigator is enough in the simple procedure (火灾事故调查规定 13).
fn check(officers: &[Certificate], simple: bool, cx: &Context) -> Result<(), Refusal> {
    match check_officers(officers, &cx.actor.department, cx.at, "fire.cause.investigators_min", &cx.rules)? {
        Err(Flaw::TooFewOfficers { shown, .. }) if simple && shown > 0 => Ok(()),
        checked => Ok(checked?),
    }
}

fn issued_tier(open: &Open) -> Result<Tier, Refusal> {
    match (&open.stage, &open.review) {
        (Stage::Investigating, _) | (_, Review::Redetermine(_)) => Err(Refusal::NotIssued),
        (Stage::Issued(issued) | Stage::Served(issued), _) => Ok(issued.tier),
    }
}
