//! The review by the next higher fire body (火灾事故调查规定 35-39): once, in time, never of a simple one.

use decider::{Context, Id, Role};
use law::{Due, Role as Side};

use super::{
    super::{
        Duty, Event, Ground, Higher, Outcome, Review,
        state::{Issued, Open, Stage},
    },
    Refusal, body, entering, higher_body, official,
};

/// A party asks for a review; whether it is one, the reviewing body says.
pub(super) fn request(open: &Open, party: Id, cx: &Context) -> Result<Event, Refusal> {
    entering(open, cx)?;
    let Stage::Served(issued) = &open.stage else {
        return Err(Refusal::NotServed);
    };
    if issued.simple {
        return Err(Refusal::SimpleNotReviewable);
    }
    if open.suit {
        return Err(Refusal::SuitPending);
    }
    if matches!(open.review, Review::Requested | Review::Accepted) {
        return Err(Refusal::ReviewPending);
    }
    let reviewed = open.reviews >= cx.rules.number("fire.review.max_times")?;
    let Some(window) = open.clocks.get(&Duty::RequestReview).filter(|_| !reviewed) else {
        return Err(Refusal::AlreadyReviewed);
    };
    if !window.in_time(cx.at) {
        return Err(Refusal::ReviewTooLate { last_day: window.until.due.last_day });
    }
    let answer = cx.rules.period("fire.review.accept")?;
    Ok(Event::ReviewRequested { party, accept_by: cx.calendar.due(cx.at, answer, Side::Agency) })
}

/// The next higher body accepts the application.
pub(super) fn accept(open: &Open, document: Option<String>, cx: &Context) -> Result<Event, Refusal> {
    let by = reviewing_head(open, document, cx)?;
    requested(open)?;
    let file = cx.rules.period("fire.review.file_return")?;
    let decide = cx.rules.period("fire.review.decide")?;
    Ok(Event::ReviewAccepted {
        by,
        file_by: cx.calendar.due(cx.at, file, Side::Agency),
        decide_by: cx.calendar.due(cx.at, decide, Side::Agency),
    })
}

/// The next higher body does not accept the application.
pub(super) fn refuse(
    open: &Open,
    ground: Ground,
    document: Option<String>,
    cx: &Context,
) -> Result<Event, Refusal> {
    let by = reviewing_head(open, document, cx)?;
    requested(open)?;
    Ok(Event::ReviewRefused { by, ground, review_by: still_open(open, ground, cx)? })
}

/// Who is not a party has not used up the parties' time.
fn still_open(open: &Open, ground: Ground, cx: &Context) -> Result<Option<Due>, Refusal> {
    let apply = cx.rules.period("fire.review.apply")?;
    let window = open.clocks.get(&Duty::RequestReview).filter(|_| ground == Ground::NotAParty);
    let due = window.map(|clock| cx.calendar.due(clock.terms.start, apply, Side::Party));
    Ok(due.filter(|due| !due.is_past(cx.at)))
}

/// The original body sends its explanation and its file.
pub(super) fn return_file(open: &Open, cx: &Context) -> Result<Option<Event>, Refusal> {
    body(open, issued(open)?.tier, cx)?;
    official(cx)?;
    accepted(open)?;
    Ok(open.to_return.then(|| Event::FileReturned { in_time: open.in_time(Duty::ReturnFile, cx.at) }))
}

/// The next higher body concludes.
pub(super) fn conclude(
    open: &Open,
    outcome: Outcome,
    document: Option<String>,
    cx: &Context,
) -> Result<Event, Refusal> {
    let by = reviewing_head(open, document, cx)?;
    accepted(open)?;
    let again = cx.rules.period("fire.review.redetermine")?;
    Ok(Event::ReviewDecided {
        by,
        outcome,
        in_time: open.in_time(Duty::DecideReview, cx.at),
        redetermine_by: (outcome == Outcome::Redetermine)
            .then(|| cx.calendar.due(cx.at, again, Side::Agency)),
    })
}

/// A court has accepted a suit: a review that is not concluded ends, and none begins.
pub(super) fn note_suit(open: &Open, court: String, cx: &Context) -> Result<Option<Event>, Refusal> {
    entering(open, cx)?;
    let review_ended = matches!(open.review, Review::Requested | Review::Accepted);
    Ok((!open.suit).then_some(Event::SuitAccepted { court, review_ended }))
}

fn reviewing_head(open: &Open, document: Option<String>, cx: &Context) -> Result<Higher, Refusal> {
    let by = higher_body(open, issued(open)?.tier, document, cx)?;
    if cx.actor.has(Role::Head) { Ok(by) } else { Err(Refusal::NotTheReviewingHead) }
}

fn requested(open: &Open) -> Result<(), Refusal> {
    match open.review {
        Review::Requested => Ok(()),
        _ if open.suit => Err(Refusal::SuitPending),
        _ => Err(Refusal::ReviewNotRequested),
    }
}

fn accepted(open: &Open) -> Result<(), Refusal> {
    match open.review {
        Review::Accepted => Ok(()),
        _ if open.suit => Err(Refusal::SuitPending),
        _ => Err(Refusal::ReviewNotAccepted),
    }
}

fn issued(open: &Open) -> Result<Issued, Refusal> {
    match &open.stage {
        Stage::Investigating => Err(Refusal::NotIssued),
        Stage::Issued(issued) | Stage::Served(issued) => Ok(*issued),
    }
}
