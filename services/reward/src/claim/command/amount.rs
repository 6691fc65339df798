//! How much a reporter is due, and how a joint reward is split.

use decider::{Context, Id, Refused, shadow::Figure};
use law::{RuleError, RulePack, reward_base};

use super::{
    super::{
        Rule, Share,
        state::{Amount, Open, Payment, Stage},
    },
    Event, Refusal,
};
use crate::budget::BudgetKey;

/// The share by which an insider's reward is raised. The built-in pack has no such row, because no factor
/// could be verified (Zhejiang's text was read without it): insiders get what others get until a pack states one.
pub const INSIDER_UPLIFT: &str = "reward.insider_uplift";

/// What a share of the fines comes to.
struct Computed {
    amount_fen: i64,
    uplift_fen: i64,
}

/// What follows for the amount from the fines as they stand now. Money under way is not touched: a payment
/// that fails is assessed again then, one that succeeds is never clawed back here.
pub(super) fn reassess(open: &Open, cx: &Context) -> Result<Vec<Event>, Refusal> {
    if open.stage != Stage::Rewardable || open.payment != Payment::None {
        return Ok(vec![]);
    }
    let fine_fen = open.fines_fen();
    let due = if fine_fen > 0 { Some(share_of_fines(open, fine_fen, &cx.rules)?) } else { None };
    Ok(match (open.amount, due) {
        (None, Some(due)) => computed(open, &due, fine_fen, cx),
        (Some(amount), Some(due)) if due.amount_fen > amount.fen && open.approvals.is_empty() => {
            computed(open, &due, fine_fen, cx)
        }
        (Some(amount), Some(due)) if due.amount_fen < amount.fen => reduced(open, due.amount_fen, fine_fen),
        (Some(Amount { rule: Rule::ShareOfFine, .. }), None) => {
            let released = open.budget.clone().map(|budget| Event::FundsReleased { budget });
            [Event::AmountWithdrawn {}].into_iter().chain(released).collect()
        }
        _ => vec![],
    })
}

/// An amount within the local table, asked of the budget.
pub(super) fn by_local_table(open: &Open, amount_fen: i64, cx: &Context) -> Vec<Event> {
    let amount = Event::AmountComputed { amount_fen, rule: Rule::LocalTable, fine_fen: 0, uplift_fen: 0 };
    [amount].into_iter().chain(request(open, amount_fen, cx)).collect()
}

/// Whether the local table allows an amount.
pub(super) fn within_local_table(amount_fen: i64, rules: &RulePack) -> Result<(), Refusal> {
    let (min_fen, max_fen) = (rules.fen("reward.zj_fire.min")?, rules.fen("reward.zj_fire.max")?);
    let fits = (min_fen..=max_fen).contains(&amount_fen);
    if fits { Ok(()) } else { Err(Refusal::OutsideLocalTable { min_fen, max_fen }) }
}

/// The request to the budget of the year in which it is made.
pub(super) fn request(open: &Open, amount_fen: i64, cx: &Context) -> Option<Event> {
    let area = &open.report.as_ref()?.area;
    Some(Event::FundsRequested { budget: BudgetKey::at(area, cx.at), amount_fen })
}

/// Splits a reward equally; what cannot be split goes to the first signatory.
pub fn split(amount_fen: i64, signatories: &[Id]) -> Vec<Share> {
    let count = i64::try_from(signatories.len()).unwrap_or(i64::MAX).max(1);
    let (each, rest) = (amount_fen / count, amount_fen % count);
    let share = |(index, signatory): (usize, &Id)| Share {
        reporter_ref: signatory.clone(),
        amount_fen: if index == 0 { each + rest } else { each },
    };
    signatories.iter().enumerate().map(share).collect()
}

fn computed(open: &Open, due: &Computed, fine_fen: i64, cx: &Context) -> Vec<Event> {
    let Computed { amount_fen, uplift_fen } = *due;
    let amount = Event::AmountComputed { amount_fen, rule: Rule::ShareOfFine, fine_fen, uplift_fen };
    [amount].into_iter().chain(request(open, amount_fen, cx)).collect()
}

fn reduced(open: &Open, amount_fen: i64, fine_fen: i64) -> Vec<Event> {
    let reduced = |budget| Event::AmountReduced { amount_fen, fine_fen, budget };
    open.budget.clone().map(reduced).into_iter().collect()
}

fn share_of_fines(open: &Open, fine_fen: i64, rules: &RulePack) -> Result<Computed, RuleError> {
    let base = reward_base(fine_fen, rules)?;
    let is_insider = open.report.as_ref().is_some_and(|report| report.insider);
    let uplift_fen = match rules.ratio(INSIDER_UPLIFT) {
        Ok(ratio) if is_insider => {
            let raised = base.saturating_add(ratio.apply_fen(base)).min(rules.fen("reward.zj.insider_max")?);
            (raised - base).max(0)
        }
        Ok(_) | Err(RuleError::Unknown { .. } | RuleError::Unverified { .. }) => 0,
        Err(error) => return Err(error),
    };
    Ok(Computed { amount_fen: base + uplift_fen, uplift_fen })
}

/// An amount that was computed, and what other rules make of it.
pub(super) fn reckon(open: &Open, event: &Event, rules: &RulePack) -> Option<Figure> {
    let (recorded, other) = match event {
        Event::AmountComputed { amount_fen, rule: Rule::LocalTable, .. } => {
            (*amount_fen, within_local_table(*amount_fen, rules).map(|()| *amount_fen))
        }
        Event::AmountComputed { amount_fen, rule: Rule::ShareOfFine, fine_fen, .. }
        | Event::AmountReduced { amount_fen, fine_fen, .. } => {
            let share = share_of_fines(open, *fine_fen, rules).map_err(Refusal::from);
            (*amount_fen, share.map(|due| due.amount_fen))
        }
        _ => return None,
    };
    Some(Figure { field: "amount_fen", recorded, other: other.map_err(|no| Box::new(Refused::of(&no))) })
}
