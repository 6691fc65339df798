//! A penalty case from its decision on: decided, published, paid, revised, its publication withdrawn.

use decider::{Context, Department, DepartmentKind, authority::Delegation};
use law::{Due, Role as Side};

use super::{
    Command, Duty, Event, InYuan, Norm, Outcome, Refusal, ReviewGround, Subject,
    command::ours,
    handling::{head, power, within},
    lighter::applied,
    limitation::still_punished,
    state::{Claim, Decided, Hearing, Notice, Open, Proposal, Publication},
};

/// Below this, a discussion is not collective.
const PANEL_MIN: usize = 2;

pub(super) fn decide(
    open: &Open,
    document: String,
    fine_fen: i64,
    panel: Vec<String>,
    delegation: Option<&Delegation>,
    cx: &Context,
) -> Result<Event, Refusal> {
    head(cx)?;
    in_its_name(open, delegation, cx)?;
    match &open.claim {
        Claim::Held => {}
        Claim::Pending => return Err(Refusal::ActNotClaimed),
        Claim::Taken(holder) => {
            return Err(Refusal::ActHeldByAnother { holder: holder.clone() });
        }
    }
    let proposal = open.proposal.as_ref().ok_or(Refusal::NotConcluded)?;
    let notice = open.notice.as_ref().ok_or(Refusal::NotNoticed)?;
    heard(open, notice, cx)?;
    deliberated(open, proposal, notice, &panel)?;
    let case = &open.case;
    still_punished(case, case.act_on, case.harmful, cx)?;
    let (range, lighter) = applied(open, case.act_on, cx)?;
    let range = within(fine_fen, range)?;
    if fine_fen > notice.fine_fen {
        return Err(Refusal::Aggravated { noticed: InYuan(notice.fine_fen) });
    }
    // The decision is announced and handed over on the spot (行政处罚法 61), so payment runs from it.
    let pay = cx.rules.period("penalty.pay_deadline")?;
    Ok(Event::Decided {
        subject: case.subject.clone(),
        item: case.item.clone(),
        article: range.article,
        authority: case.authority.clone(),
        fine_fen,
        document,
        accident_level: case.accident_level,
        panel,
        pay_by: cx.calendar.due(cx.at, pay, Side::Party),
        publish_by: publish_by(open, cx)?,
        in_time: open.case.in_time(Duty::Decide, cx.at),
        lighter,
    })
}

/// Who handles a case under a delegation decides it only while that delegation is in force; the delegator
/// may always decide what is decided in its name.
fn in_its_name(open: &Open, delegation: Option<&Delegation>, cx: &Context) -> Result<(), Refusal> {
    let case = &open.case;
    match &case.delegation {
        Some(filed) if cx.actor.department == filed.delegate => {
            let shown = delegation.ok_or(Refusal::DelegationMissing)?;
            if shown.id != filed.id {
                return Err(Refusal::NotTheDelegate);
            }
            power(&case.item, &case.subject, Some(shown), cx).map(drop)
        }
        _ => Ok(()),
    }
}

/// A defence that was received does not close the window: the unit may add to it until the last day. Only a
/// written waiver shortens it (行政处罚法 45, 62), and a hearing asked for in time is held first (65).
/// Decision 21.
fn heard(open: &Open, notice: &Notice, cx: &Context) -> Result<(), Refusal> {
    let waived = notice.waived.is_some_and(|at| at <= cx.at);
    if let Some(due) = open.case.due(Duty::Defend).filter(|due| !waived && !due.is_past(cx.at)) {
        return Err(Refusal::DefenceWindowOpen { until: due.last_day });
    }
    match (open.case.due(Duty::RequestHearing), notice.hearing) {
        (None, _) => Ok(()),
        (Some(_), Hearing::Closed(at) | Hearing::Waived(at)) if at <= cx.at => Ok(()),
        (Some(_), Hearing::Requested | Hearing::Noticed(_) | Hearing::Closed(_)) => Err(Refusal::HearingOpen),
        (Some(until), _) if until.is_past(cx.at) => Ok(()),
        (Some(until), _) => Err(Refusal::HearingWindowOpen { until: until.last_day }),
    }
}

fn deliberated(open: &Open, proposal: &Proposal, notice: &Notice, panel: &[String]) -> Result<(), Refusal> {
    let held = matches!(notice.hearing, Hearing::Closed(_));
    if (held || !proposal.review.is_empty()) && !open.reviewed {
        return Err(Refusal::NotReviewed);
    }
    if proposal.review.contains(&ReviewGround::Complex) && panel.len() < PANEL_MIN {
        return Err(Refusal::NoCollectiveDiscussion);
    }
    Ok(())
}

/// Only work-safety law sets a time for making a penalty public.
fn publish_by(open: &Open, cx: &Context) -> Result<Option<Due>, Refusal> {
    let work_safety = Norm::of(&open.case.item).is_some_and(|norm| norm.holder == DepartmentKind::Emergency);
    if !work_safety {
        return Ok(None);
    }
    let publish = cx.rules.period("publicity.worksafety_penalty")?;
    Ok(Some(cx.calendar.due(cx.at, publish, Side::Agency)))
}

pub(super) fn settle(decided: &Decided, command: Command, cx: &Context) -> Result<Option<Event>, Refusal> {
    let case = &decided.case;
    match command {
        Command::Revise { outcome, fine_fen, document } => {
            revise(decided, outcome, fine_fen, document, cx).map(Some)
        }
        Command::Publish => {
            ours(&case.department, &case.authority, cx)?;
            publish(decided)
        }
        Command::RecordPayment { amount_fen } => {
            ours(&case.department, &case.authority, cx)?;
            pay(decided, amount_fen, cx).map(Some)
        }
        Command::WithdrawPublication { reason } => {
            ours(&case.department, &case.authority, cx)?;
            match &decided.publication {
                Publication::Withdrawing => {
                    let in_time = case.in_time(Duty::WithdrawPublication, cx.at);
                    Ok(Some(Event::PublicationWithdrawn { reason, in_time }))
                }
                Publication::Withdrawn => Ok(None),
                Publication::No | Publication::Public => Err(Refusal::NothingToWithdraw),
            }
        }
        _ => Err(Refusal::AlreadyDecided),
    }
}

fn publish(decided: &Decided) -> Result<Option<Event>, Refusal> {
    match &decided.publication {
        Publication::Public => Ok(None),
        Publication::Withdrawing => Err(Refusal::PublicationNotWithdrawn),
        _ if decided.revoked => Err(Refusal::DecisionRevoked),
        Publication::No | Publication::Withdrawn => Ok(Some(Event::Published {})),
    }
}

fn pay(decided: &Decided, amount_fen: i64, cx: &Context) -> Result<Event, Refusal> {
    if decided.revoked {
        return Err(Refusal::DecisionRevoked);
    }
    if amount_fen <= 0 {
        return Err(Refusal::NoAmount);
    }
    let outstanding_fen = decided.fine_fen - decided.paid_fen;
    if amount_fen > outstanding_fen {
        return Err(Refusal::Overpaid { outstanding: InYuan(outstanding_fen.max(0)) });
    }
    Ok(Event::FinePaid {
        amount_fen,
        outstanding_fen: outstanding_fen - amount_fen,
        late: !decided.case.in_time(Duty::Pay, cx.at),
    })
}

fn revise(
    decided: &Decided,
    outcome: Outcome,
    fine_fen: i64,
    document: String,
    cx: &Context,
) -> Result<Event, Refusal> {
    head(cx)?;
    reviser(&decided.case.authority, cx)?;
    if decided.revoked {
        return Err(Refusal::DecisionRevoked);
    }
    let fine_fen = match outcome {
        Outcome::Revoked => 0,
        Outcome::Reduced if (1..decided.fine_fen).contains(&fine_fen) => fine_fen,
        Outcome::Reduced => {
            return Err(Refusal::NotLess { fine: InYuan(decided.fine_fen) });
        }
    };
    let Subject { unit, act, .. } = decided.case.subject.clone();
    Ok(Event::Revised { outcome, fine_fen, document, unit, act, withdraw_by: withdraw_by(decided, cx)? })
}

fn reviser(authority: &Department, cx: &Context) -> Result<(), Refusal> {
    let above = cx.actor.department.area.contains(&authority.area);
    let superior = cx.actor.is_of(authority.kind) || cx.actor.is_of(DepartmentKind::Government);
    if superior && above { Ok(()) } else { Err(Refusal::NotTheReviser) }
}

fn withdraw_by(decided: &Decided, cx: &Context) -> Result<Option<Due>, Refusal> {
    match &decided.publication {
        Publication::No | Publication::Withdrawn => Ok(None),
        // A second revision does not give more time for what was not withdrawn after the first.
        Publication::Withdrawing => Ok(decided.case.due(Duty::WithdrawPublication).cloned()),
        Publication::Public => {
            let period = cx.rules.period("penalty.withdraw_publication")?;
            Ok(Some(cx.calendar.due(cx.at, period, Side::Agency)))
        }
    }
}
