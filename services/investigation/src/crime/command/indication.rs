//! When facts add up to a suspicion: 刑法 134之一, 139 and 115, with the thresholds of their interpretations.

use std::collections::{BTreeMap, BTreeSet};

use decider::Id;
use law::{RuleError, RulePack};

use super::{Article, Event, Ground};
use crate::fire::Totals;

/// What makes refusing to rectify a crime of its own (刑法134之一(二)): all four, of one hazard.
const FOUR: [Ground; 4] =
    [Ground::MajorDetermined, Ground::OrderServed, Ground::OrderExpired, Ground::NotExecuted];
/// What makes 消防责任事故罪 more than its grave result: the notice to correct was not followed.
const REFUSED: [Ground; 2] = [Ground::OrderServed, Ground::NotExecuted];

type Facts = BTreeMap<Id, BTreeSet<Ground>>;

/// The indications that these facts and this harm give, those already known left out.
pub(super) fn indications(
    facts: &Facts,
    harm: &[Totals],
    known: &BTreeMap<Article, bool>,
    rules: &RulePack,
) -> Result<Vec<Event>, RuleError> {
    let all = [dangerous_operation(facts), fire_liability(facts, harm, rules)?, negligent_fire(harm, rules)?];
    // An early warning is raised once, and once more when it has become a full indication.
    let new = |article, early: bool| known.get(&article).is_none_or(|was_early| *was_early && !early);
    Ok(all
        .into_iter()
        .flatten()
        .filter(|(article, early, _)| new(*article, *early))
        .map(|(article, early_warning, facts)| Event::Indicated { article, facts, early_warning })
        .collect())
}

type Indication = Option<(Article, bool, Vec<Ground>)>;

/// Whether the harm of this one fire reaches the threshold of a crime, be it only to warn.
pub(crate) fn reaches_a_threshold(harm: &Totals, rules: &RulePack) -> Result<bool, RuleError> {
    let (facts, harm) = (Facts::new(), std::slice::from_ref(harm));
    Ok(fire_liability(&facts, harm, rules)?.is_some() || negligent_fire(harm, rules)?.is_some())
}

fn dangerous_operation(facts: &Facts) -> Indication {
    has_all(facts, &FOUR).then(|| (Article::DangerousOperation, false, FOUR.to_vec()))
}

fn fire_liability(facts: &Facts, harm: &[Totals], rules: &RulePack) -> Result<Indication, RuleError> {
    let grave = grave(harm, rules.fen("crime.139.loss")?, None, rules)?;
    if !grave.is_empty() && has_all(facts, &REFUSED) {
        return Ok(Some((Article::FireLiability, false, [REFUSED.to_vec(), grave].concat())));
    }
    // The older and lower threshold (公通字〔2008〕36号) only warns; 法释〔2015〕22号 6 has the higher authority.
    let warning = self::grave(harm, rules.fen("crime.139.loss_old")?, None, rules)?;
    Ok((!warning.is_empty()).then_some((Article::FireLiability, true, warning)))
}

/// Negligence is nothing the log can show, so this never is more than a warning.
fn negligent_fire(harm: &[Totals], rules: &RulePack) -> Result<Indication, RuleError> {
    let households = rules.number("crime.115_2.households")?;
    let grave = grave(harm, rules.fen("crime.115_2.loss")?, Some(households), rules)?;
    Ok((!grave.is_empty()).then_some((Article::NegligentFire, true, grave)))
}

/// The thresholds that some one fire reaches.
fn grave(
    harm: &[Totals],
    loss_min_fen: i64,
    households_min: Option<i64>,
    rules: &RulePack,
) -> Result<Vec<Ground>, RuleError> {
    let deaths_min = rules.number("crime.basic.deaths")?;
    let serious_min = rules.number("crime.basic.serious")?;
    let reached = |reaches: &dyn Fn(&Totals) -> bool, ground| harm.iter().any(reaches).then_some(ground);
    Ok([
        reached(&|t| i64::from(t.deaths) >= deaths_min, Ground::Deaths),
        reached(&|t| i64::from(t.serious_injuries) >= serious_min, Ground::SeriousInjuries),
        reached(&|t| t.direct_loss_fen >= loss_min_fen, Ground::Loss),
        reached(&|t| households_min.is_some_and(|min| i64::from(t.households) >= min), Ground::Households),
    ]
    .into_iter()
    .flatten()
    .collect())
}

fn has_all(facts: &Facts, wanted: &[Ground]) -> bool {
    facts.values().any(|known| wanted.iter().all(|ground| known.contains(ground)))
}
