//! 从旧兼从轻 in a case: by which edition of its norm it is decided (行政处罚法 37).
//!
//! **Invariant:** no fine rests on an edition without the record of the other one.

use decider::{Context, Id};
use law::{
    AreaCode, Edition, Level, LighterError, LighterOf, RuleError, RulePack, Which, lighter_of, shanghai_date,
};
use time::Date;

use super::{
    Event, Norm, Range, Refusal,
    handling::head,
    state::{Case, Open},
};

/// Whose day's rules these are, as it is sent.
pub fn day_of(which: Which) -> &'static str {
    match which {
        Which::Old => "act-day",
        Which::New => "decision-day",
    }
}

/// A norm as the day of the act and the day of the decision know it.
pub(super) struct Editions<'a> {
    rules: [String; 2],
    act: Edition<'a>,
    decision: Edition<'a>,
}

impl<'a> Editions<'a> {
    pub(super) fn of(
        item: &Id,
        level: Option<Level>,
        act_on: Date,
        area: &'a AreaCode,
        cx: &'a Context,
    ) -> Result<Self, Refusal> {
        let rules = rules(item, level)?;
        let pack = &cx.book.at(cx.at).rules;
        let decision = Edition { pack, on: shanghai_date(cx.at), area: Some(area) };
        let then = cx.book.on(act_on, Some(area));
        // What the pack of that day leaves out, a later one may tell of that day.
        let later = Edition { on: act_on, ..decision };
        let act = if !then.knows(&rules) && later.knows(&rules) { later } else { then };
        Ok(Self { rules, act, decision })
    }

    fn weigh(&self) -> Result<LighterOf, LighterError> {
        lighter_of(&self.rules, self.act, self.decision)
    }

    /// What one of them allows.
    fn range(&self, which: Which) -> Result<Range, RuleError> {
        Range::of(&self.rules, if which == Which::Old { self.act } else { self.decision })
    }

    fn by_hand(&self, which: Which) -> Result<LighterOf, RuleError> {
        LighterOf::by_hand(&self.rules, self.act, self.decision, which)
    }
}

fn rules(item: &Id, level: Option<Level>) -> Result<[String; 2], Refusal> {
    let norm = Norm::of(item).ok_or_else(|| Refusal::UnknownItem { item: item.clone() })?;
    norm.rules(level).ok_or_else(|| Refusal::LevelMissing { item: item.clone() })
}

/// What a norm allows at filing, to rank it by. Filing does not wait for a choice that is a person's.
pub(super) fn ranking(item: &Id, editions: &Editions<'_>) -> Result<Range, Refusal> {
    match editions.weigh() {
        Ok(lighter) => Ok(editions.range(punishable(item, lighter)?.chosen)?),
        Err(_) => Ok(editions.range(Which::Old).or_else(|_| editions.range(Which::New))?),
    }
}

/// What a case's norm allows today, and the record of how that follows from two editions.
pub(super) fn applied(open: &Open, act_on: Date, cx: &Context) -> Result<(Range, LighterOf), Refusal> {
    let Case { item, accident_level, subject, .. } = &open.case;
    let editions = Editions::of(item, *accident_level, act_on, &subject.area, cx)?;
    let lighter = match editions.weigh() {
        Ok(lighter) => punishable(item, lighter)?,
        Err(error) => match &open.chosen {
            Some(chosen) => standing(chosen, &editions)?.ok_or_else(|| unclear(error))?,
            None => return Err(unclear(error)),
        },
    };
    Ok((editions.range(lighter.chosen)?, lighter))
}

/// What is no longer forbidden is not punished.
fn punishable(item: &Id, lighter: LighterOf) -> Result<LighterOf, Refusal> {
    if lighter.new.is_some() { Ok(lighter) } else { Err(Refusal::NoLongerForbidden { item: item.clone() }) }
}

/// A person's choice, as long as it is between what he chose between.
fn standing(chosen: &LighterOf, editions: &Editions<'_>) -> Result<Option<LighterOf>, RuleError> {
    let today = editions.by_hand(chosen.chosen)?;
    Ok(today.is_between_the_same_as(chosen).then_some(today))
}

/// The head chooses where the editions cannot be compared, and only there.
pub(super) fn choose(
    open: &Open,
    which: Which,
    reason: String,
    cx: &Context,
) -> Result<Option<Event>, Refusal> {
    head(cx)?;
    let Case { item, accident_level, subject, act_on, .. } = &open.case;
    let editions = Editions::of(item, *accident_level, *act_on, &subject.area, cx)?;
    match editions.weigh() {
        Ok(lighter) => return punishable(item, lighter).and(Err(Refusal::NothingToChoose)),
        Err(error) => refuse_unless_choosable(error)?,
    }
    if let Err(error) = editions.range(which) {
        return Err(Refusal::EditionUnusable { reason: error.to_string() });
    }
    let lighter = editions.by_hand(which)?;
    let known = open.chosen.as_ref().is_some_and(|known| *known == lighter);
    let chosen_by = cx.actor.id.clone();
    Ok((!known).then_some(Event::EditionChosen { lighter, reason, chosen_by }))
}

fn refuse_unless_choosable(error: LighterError) -> Result<(), Refusal> {
    match unclear(error) {
        Refusal::Rule(error) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Why a person must choose.
fn unclear(error: LighterError) -> Refusal {
    match error {
        LighterError::Rule(RuleError::NotInForce { id: rule, .. } | RuleError::Unknown { id: rule }) => {
            Refusal::ActRulesUnknown { rule }
        }
        LighterError::Rule(error) => Refusal::Rule(error),
        LighterError::NoRule => Refusal::NoNorm,
        LighterError::NoDirection { id: rule } => Refusal::LighterUntold { rule },
        LighterError::Incomparable { id: rule, old, new } => Refusal::Incomparable { rule, old, new },
        LighterError::PartlyRepealed { id: rule } => Refusal::PartlyRepealed { rule },
    }
}

/// What another pack, told of both days, would have allowed the decision; none where it does not know the norm
/// of the day that the decision went by, so that what was recorded stands.
pub(super) fn retold(decided: &Event, pack: &RulePack) -> Result<Option<Range>, Refusal> {
    let Event::Decided { subject, item, accident_level, lighter, .. } = decided else { return Ok(None) };
    let on = |day| Edition { pack, on: day, area: Some(&subject.area) };
    let decided_on = lighter.new.as_ref().map_or(lighter.old.on, |new| new.on);
    let rules = rules(item, *accident_level)?;
    let editions = Editions { rules, act: on(lighter.old.on), decision: on(decided_on) };
    let chosen = match editions.weigh() {
        Ok(lighter) => punishable(item, lighter)?.chosen,
        // What a person chose stays chosen.
        Err(_) => lighter.chosen,
    };
    match editions.range(chosen) {
        Err(RuleError::NotInForce { .. }) => Ok(None),
        range => Ok(Some(range?)),
    }
}
