//! 从旧兼从轻: the rule of the act's day, unless the one of the decision's day is lighter (行政处罚法 37).

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::Date;

use super::{Edition, Lighter, Row, RuleError};

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// Which of two editions was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// That of the act's day; also where both say the same.
    Old,
    /// That of the decision's day, because it is lighter for the party.
    New,
}

/// What a decision records of the choice: both editions and the one that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LighterOf {
    pub rules: Vec<String>,
    pub chosen: Which,
    pub old: Cited,
    /// Absent when the rules are no longer in force.
    pub new: Option<Cited>,
}

/// What one edition says. Empty where it has none of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    pub pack: String,
    #[serde(with = "iso_date")]
    pub on: Date,
    /// The articles and values of the rules, in their order.
    pub articles: Vec<String>,
    pub values: Vec<String>,
}

/// Why no choice can be made. A person must make it then.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LighterError {
    #[error(transparent)]
    Rule(#[from] RuleError),
    #[error("no rule was named to compare")]
    NoRule,
    #[error("rule {id} does not say which way is lighter")]
    NoDirection { id: String },
    #[error("rule {id} says {old} and then {new}, which cannot be compared")]
    Incomparable { id: String, old: String, new: String },
    #[error("some of the rules are no longer in force and some are: {id}")]
    PartlyRepealed { id: String },
}

/// Chooses between the rules of the act's day and those of the decision's day. Several rules are one norm:
/// they are compared in the order given (of a fine the maximum first, then the minimum), the first that
/// differs decides, and all are taken from the same edition.
pub fn lighter_of<S: AsRef<str>>(
    rules: &[S],
    act: Edition<'_>,
    decision: Edition<'_>,
) -> Result<LighterOf, LighterError> {
    let old: Vec<&Row> = rules.iter().map(|id| act.row(id.as_ref())).collect::<Result<_, _>>()?;
    let new = in_force(rules, decision)?;
    let first = rules.first().ok_or(LighterError::NoRule)?;
    let chosen = match new.len() {
        // What is no longer forbidden is not punished.
        0 => Which::New,
        kept if kept < rules.len() => {
            return Err(LighterError::PartlyRepealed { id: first.as_ref().to_owned() });
        }
        _ => compare(&old, &new)?,
    };
    Ok(record(rules, chosen, (act, &old), (decision, &new)))
}

impl LighterOf {
    /// The record of a choice that a person makes where no rule makes it: what either edition says, as far as
    /// it says anything.
    pub fn by_hand<S: AsRef<str>>(
        rules: &[S],
        act: Edition<'_>,
        decision: Edition<'_>,
        chosen: Which,
    ) -> Result<Self, RuleError> {
        let (old, new) = (in_force(rules, act)?, in_force(rules, decision)?);
        Ok(record(rules, chosen, (act, &old), (decision, &new)))
    }

    /// Whether both were made between the same words: a person's choice holds for what it was made on.
    pub fn is_between_the_same_as(&self, other: &Self) -> bool {
        let says = |cited: &Cited| (cited.articles.clone(), cited.values.clone());
        self.rules == other.rules
            && says(&self.old) == says(&other.old)
            && self.new.as_ref().map(says) == other.new.as_ref().map(says)
    }

    /// What the chosen edition says.
    pub fn applied(&self) -> &Cited {
        match self.chosen {
            Which::Old => &self.old,
            Which::New => self.new.as_ref().unwrap_or(&self.old),
        }
    }
}

/// Those of the rules that an edition has.
fn in_force<'a, S: AsRef<str>>(rules: &[S], edition: Edition<'a>) -> Result<Vec<&'a Row>, RuleError> {
    let mut rows = Vec::new();
    for id in rules {
        match edition.row(id.as_ref()) {
            Ok(row) => rows.push(row),
            Err(RuleError::Unknown { .. } | RuleError::NotInForce { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}

fn record<S: AsRef<str>>(
    rules: &[S],
    chosen: Which,
    (act, old): (Edition<'_>, &[&Row]),
    (decision, new): (Edition<'_>, &[&Row]),
) -> LighterOf {
    LighterOf {
        rules: rules.iter().map(|id| id.as_ref().to_owned()).collect(),
        chosen,
        old: cited(act, old),
        new: (!new.is_empty()).then(|| cited(decision, new)),
    }
}

fn compare(old: &[&Row], new: &[&Row]) -> Result<Which, LighterError> {
    for (old, new) in old.iter().zip(new) {
        let id = || old.id.clone();
        let Some(order) = new.value.compare(&old.value) else {
            let (old, new) = (old.value.to_string(), new.value.to_string());
            return Err(LighterError::Incomparable { id: id(), old, new });
        };
        let lighter = match (order, new.lighter.or(old.lighter)) {
            (Ordering::Equal, _) => continue,
            (_, None) => return Err(LighterError::NoDirection { id: id() }),
            (order, Some(Lighter::Lower)) => order == Ordering::Less,
            (order, Some(Lighter::Higher)) => order == Ordering::Greater,
        };
        return Ok(if lighter { Which::New } else { Which::Old });
    }
    Ok(Which::Old)
}

fn cited(edition: Edition<'_>, rows: &[&Row]) -> Cited {
    Cited {
        pack: edition.pack.version().to_owned(),
        on: edition.on,
        articles: rows.iter().map(|row| row.article.clone()).collect(),
        values: rows.iter().map(|row| row.value.to_string()).collect(),
    }
}
