//! A penalty case before its decision: filed, investigated, reviewed, noticed, heard.

use decider::{
    Context, Department, DepartmentKind, Id, Role,
    authority::{Delegation, Model, check_delegation, check_officers},
};
use law::{AreaCode, Level, Period, Role as Side, RuleError, shanghai_date};
use time::Date;

use super::{
    Command, Duty, Event, InYuan, Norm, Range, Refusal, Subject,
    command::ours,
    lighter::{Editions, applied, choose, ranking},
    limitation::{found_in_time, still_punished},
    settling,
    state::{Claim, Hearing, Open, Proposal, Referral},
};

pub(super) fn confirm(open: &Open) -> Option<Event> {
    (open.claim == Claim::Pending).then_some(Event::ActClaimed {})
}

pub(super) fn deny(open: &Open, holder: Id) -> Option<Event> {
    (open.claim == Claim::Pending).then_some(Event::ActTaken { holder })
}

pub(super) fn file(referred: Option<&Referral>, command: Command, cx: &Context) -> Result<Event, Refusal> {
    let Command::File { subject, items, officers, delegation, accident_level, act_on, found_on, harm } =
        command
    else {
        return Err(Refusal::AlreadyFiled);
    };
    officer(cx)?;
    let subject = subject_of(referred.map(|referral| &referral.subject), subject)?;
    check_officers(&officers, &cx.actor.department, cx.at, "penalty.officers_min", &cx.rules)??;
    let seen_on = referred.map_or_else(|| shanghai_date(cx.at), |referral| referral.found_on);
    let act_on = day_of_act(act_on, &items, seen_on, cx)?;
    let harmful = accident_level.is_some() || harm.is_some();
    found_in_time(day_found(found_on, seen_on, cx)?, act_on, harmful, cx)?;
    let item = gravest(&items, accident_level, act_on, &subject.area, cx)?;
    let authority = power(&item, &subject, delegation.as_ref(), cx)?;
    let decide = cx.rules.period("penalty.decision_deadline")?;
    Ok(Event::Filed {
        subject,
        item,
        items,
        officers,
        delegation,
        department: cx.actor.department.clone(),
        authority,
        handler: cx.actor.id.clone(),
        accident_level,
        act_on,
        found_on,
        harm,
        decide_by: cx.calendar.due(cx.at, decide, Side::Agency),
    })
}

fn subject_of(referred: Option<&Subject>, stated: Option<Subject>) -> Result<Subject, Refusal> {
    match (referred, stated) {
        (None, None) => Err(Refusal::SubjectMissing),
        (None, Some(stated)) => Ok(stated),
        (Some(referred), None) => Ok(referred.clone()),
        (Some(referred), Some(stated)) if stated.unit == referred.unit && stated.act == referred.act => {
            Ok(referred.clone())
        }
        (Some(_), Some(_)) => Err(Refusal::NotTheReferredAct),
    }
}

/// The day on which the act was found; that on which it was seen last where nobody states one.
fn day_found(stated: Option<Date>, seen_on: Date, cx: &Context) -> Result<Date, Refusal> {
    match stated {
        Some(day) if day > shanghai_date(cx.at) => Err(Refusal::FoundAhead { day }),
        stated => Ok(stated.unwrap_or(seen_on)),
    }
}

/// A hazard lasts until somebody finds it gone, and a continuing act counts from its end (行政处罚法 36): so the
/// day on which it was found still there stands for a day that nobody states. An accident is over long before
/// its case is filed, and its day must be stated.
fn day_of_act(stated: Option<Date>, items: &[Id], seen_on: Date, cx: &Context) -> Result<Date, Refusal> {
    let accident = |item: &&Id| Norm::of(item).is_some_and(|norm| norm.by_level);
    match (stated, items.iter().find(accident)) {
        (None, Some(item)) => Err(Refusal::ActDayMissing { item: item.clone() }),
        (None, None) => Ok(seen_on),
        (Some(day), _) => not_ahead(day, cx),
    }
}

fn not_ahead(day: Date, cx: &Context) -> Result<Date, Refusal> {
    if day <= shanghai_date(cx.at) { Ok(day) } else { Err(Refusal::ActDayAhead { day }) }
}

/// Of several norms that one act breaches, the one with the higher fine applies (行政处罚法 29).
fn gravest(
    items: &[Id],
    level: Option<Level>,
    act_on: Date,
    area: &AreaCode,
    cx: &Context,
) -> Result<Id, Refusal> {
    let mut gravest: Option<(&Id, Range)> = None;
    for item in items {
        let range = ranking(item, &Editions::of(item, level, act_on, area, cx)?)?;
        let graver = |known: &Range| (range.max_fen, range.min_fen) > (known.max_fen, known.min_fen);
        if gravest.as_ref().is_none_or(|(_, known)| graver(known)) {
            gravest = Some((item, range));
        }
    }
    let (item, _) = gravest.ok_or(Refusal::NoNorm)?;
    let by_level = items.iter().filter_map(Norm::of).any(|norm| norm.by_level);
    if level.is_some() && !by_level {
        return Err(Refusal::LevelWithoutAccident { item: item.clone() });
    }
    Ok(item.clone())
}

/// In whose name the acting unit may fine for the item there; the name never comes from the caller.
pub(super) fn power(
    item: &Id,
    subject: &Subject,
    delegation: Option<&Delegation>,
    cx: &Context,
) -> Result<Department, Refusal> {
    let acting = &cx.actor.department;
    let holder = Norm::of(item).map(|norm| norm.holder);
    let not_competent = || Err(Refusal::NotCompetent { item: item.clone() });
    match delegation {
        Some(delegation) => {
            check_delegation(delegation, acting, item, &subject.area, cx.at)?;
            match delegation.model {
                _ if holder != Some(delegation.delegator.kind) => not_competent(),
                Model::Entrusted => Ok(delegation.delegator.clone()),
                Model::Assigned => Ok(acting.clone()),
            }
        }
        None if acting.kind == DepartmentKind::Town => Err(Refusal::DelegationMissing),
        None if holder != Some(acting.kind) => not_competent(),
        None if !acting.area.contains(&subject.area) => Err(Refusal::OutsideArea),
        None => Ok(acting.clone()),
    }
}

pub(super) fn dismiss_referred(subject: &Subject, ground: String, cx: &Context) -> Result<Event, Refusal> {
    head(cx)?;
    if !cx.actor.department.area.contains(&subject.area) {
        return Err(Refusal::OutsideArea);
    }
    Ok(Event::Dismissed { ground, unit: subject.unit.clone(), act: subject.act.clone() })
}

pub(super) fn handle(open: &Open, command: Command, cx: &Context) -> Result<Option<Event>, Refusal> {
    ours(&open.case.department, &open.case.authority, cx)?;
    match command {
        command @ Command::Conclude { .. } => conclude(open, command, cx).map(Some),
        Command::ChooseEdition { which, reason } => choose(open, which, reason, cx),
        Command::Review { passed, opinion } => review(open, passed, opinion, cx).map(Some),
        Command::ServeNotice { document, defence, hearing } => {
            serve_notice(open, document, defence, hearing, cx).map(Some)
        }
        Command::ReceiveDefence { document } => {
            in_window(open, cx).map(|()| Some(Event::DefenceReceived { document }))
        }
        Command::WaiveDefence { document, hearing } => {
            in_window(open, cx).map(|()| Some(Event::DefenceWaived { document, hearing, at: cx.at }))
        }
        Command::RequestHearing => request_hearing(open, cx),
        Command::NoticeHearing { document, on } => notice_hearing(open, document, on, cx),
        Command::CloseHearing { record } => close_hearing(open, record, cx).map(Some),
        Command::Decide { document, fine_fen, panel, delegation } => {
            settling::decide(open, document, fine_fen, panel, delegation.as_ref(), cx).map(Some)
        }
        Command::Dismiss { ground } => {
            head(cx)?;
            let Subject { unit, act, .. } = open.case.subject.clone();
            Ok(Some(Event::Dismissed { ground, unit, act }))
        }
        Command::Publish
        | Command::RecordPayment { .. }
        | Command::Revise { .. }
        | Command::WithdrawPublication { .. } => Err(Refusal::NotDecided),
        // The decider has answered these before it asks here.
        Command::Refer { .. }
        | Command::File { .. }
        | Command::ConfirmAct
        | Command::DenyAct { .. }
        | Command::Tick
        | Command::Rederive => Ok(None),
    }
}

fn conclude(open: &Open, command: Command, cx: &Context) -> Result<Event, Refusal> {
    let Command::Conclude { facts, fine_fen, review, act_on, harm } = command else {
        return Err(Refusal::NotConcluded);
    };
    officer(cx)?;
    if open.notice.is_some() {
        return Err(Refusal::AlreadyNoticed);
    }
    let act_on = act_on.map_or(Ok(open.case.act_on), |day| not_ahead(day, cx))?;
    still_punished(&open.case, act_on, open.case.harmful || harm.is_some(), cx)?;
    let (range, _) = applied(open, act_on, cx)?;
    within(fine_fen, range)?;
    Ok(Event::InvestigationConcluded { facts, fine_fen, review, handler: cx.actor.id.clone(), act_on, harm })
}

pub(super) fn within(fine_fen: i64, range: Range) -> Result<Range, Refusal> {
    if (range.min_fen..=range.max_fen).contains(&fine_fen) {
        return Ok(range);
    }
    Err(Refusal::FineOutOfRange {
        min: InYuan(range.min_fen),
        max: InYuan(range.max_fen),
        article: range.article,
    })
}

fn review(open: &Open, passed: bool, opinion: String, cx: &Context) -> Result<Event, Refusal> {
    if !cx.actor.has(Role::Legal) {
        return Err(Refusal::NotAReviewer);
    }
    if open.proposal.is_none() {
        return Err(Refusal::NotConcluded);
    }
    if handled(open, cx) {
        return Err(Refusal::ReviewerHandledCase);
    }
    Ok(Event::LegallyReviewed { passed, opinion, reviewer: cx.actor.id.clone() })
}

/// Whether the actor handled the case, as a person or by certificate.
fn handled(open: &Open, cx: &Context) -> bool {
    let known = |id: &Id| open.handlers.contains(id);
    known(&cx.actor.id) || cx.actor.certificate.as_ref().is_some_and(known)
}

fn serve_notice(
    open: &Open,
    document: String,
    defence: Period,
    hearing: bool,
    cx: &Context,
) -> Result<Event, Refusal> {
    officer(cx)?;
    if open.notice.is_some() {
        return Err(Refusal::AlreadyNoticed);
    }
    let Some(Proposal { fine_fen, .. }) = open.proposal else {
        return Err(Refusal::NotConcluded);
    };
    // A pack may have come into force since the proposal was made.
    let (range, lighter) = applied(open, open.case.act_on, cx)?;
    within(fine_fen, range)?;
    if !hearing && hearing_due(&open.case.authority, fine_fen, cx)? {
        return Err(Refusal::HearingMustBeOffered);
    }
    let request = cx.rules.period("penalty.hearing.request")?;
    Ok(Event::NoticeServed {
        document,
        fine_fen,
        hearing,
        defence,
        defend_by: cx.calendar.due(cx.at, defence, Side::Party),
        hearing_by: hearing.then(|| cx.calendar.due(cx.at, request, Side::Party)),
        lighter,
    })
}

/// Whether a fine of this size carries the right to a hearing (行政处罚法 63).
///
/// The fire bodies' threshold is unverified, other bodies have none in the pack. Where there is no threshold
/// that may be used, every fine carries the right: telling of one too many harms nobody, one too few voids
/// the decision. Decision 21.
fn hearing_due(authority: &Department, fine_fen: i64, cx: &Context) -> Result<bool, RuleError> {
    if authority.kind != DepartmentKind::Fire {
        return Ok(true);
    }
    match cx.rules.fen("penalty.hearing.fine_unit.fire") {
        Ok(threshold) => Ok(fine_fen >= threshold),
        Err(RuleError::Unverified { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

fn in_window(open: &Open, cx: &Context) -> Result<(), Refusal> {
    match open.case.due(Duty::Defend) {
        None => Err(Refusal::NotNoticed),
        Some(due) if due.is_past(cx.at) => Err(Refusal::DefenceTooLate { until: due.last_day }),
        Some(_) => Ok(()),
    }
}

fn request_hearing(open: &Open, cx: &Context) -> Result<Option<Event>, Refusal> {
    let notice = open.notice.as_ref().ok_or(Refusal::NotNoticed)?;
    let until = open.case.due(Duty::RequestHearing).ok_or(Refusal::NoHearingRight)?;
    match notice.hearing {
        Hearing::Requested | Hearing::Noticed(_) | Hearing::Closed(_) => Ok(None),
        Hearing::Waived(_) => Err(Refusal::HearingWaived),
        Hearing::Silent if until.is_past(cx.at) => Err(Refusal::HearingTooLate { until: until.last_day }),
        Hearing::Silent => Ok(Some(Event::HearingRequested {})),
    }
}

/// The unit is told seven working days before the hearing (行政处罚法 64), and so it is when it is put off.
fn notice_hearing(open: &Open, document: String, on: Date, cx: &Context) -> Result<Option<Event>, Refusal> {
    holds_hearings(cx)?;
    if awaited(open)? == Hearing::Noticed(on) {
        return Ok(None);
    }
    let before = cx.rules.period("penalty.hearing.notice_before")?;
    let by = cx.calendar.latest_before(on, before).day;
    if shanghai_date(cx.at) > by {
        return Err(Refusal::HearingNoticedLate { by });
    }
    Ok(Some(Event::HearingNoticed { document, on }))
}

/// A hearing that was asked for and not held yet.
fn awaited(open: &Open) -> Result<Hearing, Refusal> {
    match open.notice.as_ref().map(|notice| notice.hearing) {
        Some(hearing @ (Hearing::Requested | Hearing::Noticed(_))) => Ok(hearing),
        Some(Hearing::Silent | Hearing::Closed(_) | Hearing::Waived(_)) | None => {
            Err(Refusal::HearingNotRequested)
        }
    }
}

fn close_hearing(open: &Open, record: String, cx: &Context) -> Result<Event, Refusal> {
    holds_hearings(cx)?;
    match awaited(open)? {
        Hearing::Noticed(on) if on > shanghai_date(cx.at) => return Err(Refusal::HearingAhead { on }),
        Hearing::Noticed(_) => {}
        _ => return Err(Refusal::HearingNotNoticed),
    }
    if handled(open, cx) {
        return Err(Refusal::PresiderHandledCase);
    }
    Ok(Event::HearingClosed { record, presider: cx.actor.id.clone(), at: cx.at })
}

fn holds_hearings(cx: &Context) -> Result<(), Refusal> {
    let may = [Role::Officer, Role::Legal, Role::Head].into_iter().any(|role| cx.actor.has(role));
    if may { Ok(()) } else { Err(Refusal::NoPartInHearings) }
}

fn officer(cx: &Context) -> Result<(), Refusal> {
    if cx.actor.has(Role::Officer) { Ok(()) } else { Err(Refusal::NotAnOfficer) }
}

pub(super) fn head(cx: &Context) -> Result<(), Refusal> {
    if cx.actor.has(Role::Head) { Ok(()) } else { Err(Refusal::NotTheHead) }
}
