//! The rule pack: every parameter of the law as a row with its article, status and source.
//!
//! **Invariant:** a row that nobody has verified (status M) answers only when it is allowed by name.

mod allowance;
mod diff;
mod edition;
mod error;
mod lighter;
mod read;
mod row;
mod value;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use time::Date;

pub use self::{
    allowance::{Allowance, AllowanceError, Keys, Signer, Statement},
    diff::{Change, FieldChange, What},
    edition::Edition,
    error::{PackError, PackFault, RuleError},
    lighter::{Cited, LighterError, LighterOf, Which, lighter_of},
    row::{DayType, Lighter, Row, Status, Unit},
    value::Value,
};
use crate::{area::AreaCode, digest, period::Period, ratio::Ratio, source::Source};

const BUILTIN: &str = include_str!("../data/pack/cn.json");

/// Parameters by id. Cloning shares the rows.
#[derive(Clone, Debug)]
pub struct RulePack {
    /// Name, edition and fingerprint of the rows, without the allowances.
    base: String,
    version: String,
    /// The versions of each rule, the nation's before the narrower, the newest first.
    rows: Arc<BTreeMap<String, Vec<Row>>>,
    allowed: BTreeSet<String>,
    /// Allowed by configuration, in whatever pack: not by a signature, which is for one pack.
    named: Arc<BTreeSet<String>>,
}

impl RulePack {
    /// The pack this program was built with, in which no unverified row is allowed.
    pub fn builtin() -> Arc<Self> {
        static PACK: LazyLock<Arc<RulePack>> = LazyLock::new(|| {
            Arc::new(RulePack::parse(BUILTIN, &[]).expect("the embedded rule pack is valid"))
        });
        Arc::clone(&PACK)
    }

    /// The text of that pack, to make another one from.
    pub fn builtin_text() -> &'static str {
        BUILTIN
    }

    /// A pack from our format (`docs/law.md`), with the unverified rows that may be used.
    pub fn parse<'a>(source: impl Into<Source<'a>>, allow: &[&str]) -> Result<Self, PackError> {
        let source = source.into();
        let (pack, faults) = read::read(source);
        if let Some(fault) = faults.into_iter().next() {
            return Err(fault);
        }
        let pack = pack.ok_or_else(|| source.bad(1, PackFault::Nameless { field: "name" }))?;
        if let Some(id) = allow.iter().find(|id| !pack.rows.contains_key(**id)) {
            return Err(source.bad(1, PackFault::AllowedUnknown { id: (*id).to_owned() }));
        }
        Ok(pack.allowing(allow.iter().map(|id| (*id).to_owned())))
    }

    /// Everything that is wrong with a pack, in the order of its lines.
    pub fn faults<'a>(source: impl Into<Source<'a>>) -> Vec<PackError> {
        read::read(source.into()).1
    }

    /// The same rows with exactly these unverified ones allowed. An id that is no unverified row has no
    /// effect; `row` tells a caller who wants to refuse it.
    pub fn with_allowed(&self, ids: &[String]) -> Self {
        let named = Arc::new(ids.iter().cloned().collect());
        Self { named, ..self.allowing(ids.iter().cloned()) }
    }

    /// What `with_allowed` was given: it holds for a later pack too, as a signature does not.
    pub(crate) fn allowed_by_name(&self) -> impl Iterator<Item = &String> {
        self.named.iter()
    }

    /// The same rows, with these allowed, after a pack that allowed rows by name.
    pub(crate) fn carrying(&self, before: &Self, ids: &[&str]) -> Self {
        let ids = ids.iter().map(|id| (*id).to_owned());
        Self { named: Arc::clone(&before.named), ..self.allowing(ids) }
    }

    /// Names the rows and the allowances, for example `CN-2026-11-22@1a2b3c4d`, with `+5e6f7a8b` for a set
    /// of allowed rows: answers depend on both.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Every row in the order of ids, also those whose lookup is refused.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().flatten()
    }

    /// The newest version of a rule in its widest area. Where time and place matter, ask `applicable`.
    pub fn row(&self, id: &str) -> Result<&Row, RuleError> {
        let newest = self.versions(id)?.first().ok_or_else(|| RuleError::Unknown { id: id.to_owned() })?;
        self.verified(newest)
    }

    /// The version of a rule that was in force on a date in an area: the narrowest that applies there. The
    /// pack was refused unless the wider ones let it differ.
    pub fn applicable(&self, id: &str, date: Date, area: Option<&AreaCode>) -> Result<&Row, RuleError> {
        let applying = self.versions(id)?.iter().filter(|row| row.in_force(date) && row.applies_in(area));
        let narrowest = applying.max_by_key(|row| row.narrowness());
        self.verified(narrowest.ok_or_else(|| RuleError::NotInForce { id: id.to_owned(), date })?)
    }

    fn versions(&self, id: &str) -> Result<&[Row], RuleError> {
        let unknown = || RuleError::Unknown { id: id.to_owned() };
        self.rows.get(id).map(Vec::as_slice).ok_or_else(unknown)
    }

    fn verified<'a>(&self, row: &'a Row) -> Result<&'a Row, RuleError> {
        let Row { id, .. } = row;
        if row.status == Status::Memory && !self.allowed.contains(id) {
            return Err(RuleError::Unverified { id: id.clone() });
        }
        Ok(row)
    }

    pub fn period(&self, id: &str) -> Result<Period, RuleError> {
        self.typed(id, "a period", |value| match value {
            Value::Period(period) => Some(*period),
            _ => None,
        })
    }

    /// An amount of money; the pack states yuan, the answer is in fen.
    pub fn fen(&self, id: &str) -> Result<i64, RuleError> {
        self.typed(id, "an amount in CNY", |value| match value {
            Value::Fen(fen) => Some(*fen),
            _ => None,
        })
    }

    pub fn number(&self, id: &str) -> Result<i64, RuleError> {
        self.typed(id, "a number", |value| match value {
            Value::Number(number) => Some(*number),
            _ => None,
        })
    }

    /// A row of several numbers, such as weights or thresholds.
    pub fn numbers(&self, id: &str) -> Result<&[i64], RuleError> {
        self.typed(id, "several numbers", |value| match value {
            Value::Numbers(numbers) => Some(numbers.as_slice()),
            _ => None,
        })
    }

    pub fn ratio(&self, id: &str) -> Result<Ratio, RuleError> {
        self.typed(id, "a ratio", |value| match value {
            Value::Ratio(ratio) => Some(*ratio),
            _ => None,
        })
    }

    pub fn flag(&self, id: &str) -> Result<bool, RuleError> {
        self.typed(id, "true or false", |value| match value {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        })
    }

    pub fn list(&self, id: &str) -> Result<&[String], RuleError> {
        self.typed(id, "a list of words", |value| match value {
            Value::List(list) => Some(list.as_slice()),
            _ => None,
        })
    }

    pub fn text(&self, id: &str) -> Result<&str, RuleError> {
        self.typed(id, "a word", |value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The instrument and article the row rests on, as cited: `行政处罚法60`.
    pub fn article(&self, id: &str) -> Result<&str, RuleError> {
        self.row(id).map(|row| row.article.as_str())
    }

    pub fn effective_from(&self, id: &str) -> Result<Date, RuleError> {
        self.row(id).map(|row| row.effective_from)
    }

    /// Whether the row's instrument was in force on `date`.
    pub fn in_force(&self, id: &str, date: Date) -> Result<bool, RuleError> {
        self.row(id).map(|row| row.in_force(date))
    }

    /// A row of exactly as many numbers as the caller has criteria.
    pub(crate) fn thresholds<const N: usize>(&self, id: &str) -> Result<[i64; N], RuleError> {
        let numbers = self.numbers(id)?;
        numbers.try_into().map_err(|_| RuleError::WrongValue {
            id: id.to_owned(),
            wanted: "one number for each criterion",
            found: format!("{} numbers", numbers.len()),
        })
    }

    fn typed<'a, T>(
        &'a self,
        id: &str,
        wanted: &'static str,
        of: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, RuleError> {
        let row = self.row(id)?;
        of(&row.value).ok_or_else(|| RuleError::WrongUnit {
            id: id.to_owned(),
            wanted,
            found: row.unit.to_string(),
        })
    }

    /// Whether some version of the rule has not been verified.
    fn is_unverified(&self, id: &str) -> bool {
        self.rows.get(id).is_some_and(|rows| rows.iter().any(|row| row.status == Status::Memory))
    }

    fn allowing(&self, ids: impl Iterator<Item = String>) -> Self {
        let unverified = |id: &String| self.is_unverified(id);
        let allowed: BTreeSet<String> = ids.filter(unverified).collect();
        let version = if allowed.is_empty() {
            self.base.clone()
        } else {
            format!("{}+{}", self.base, digest::short(allowed.iter().map(String::as_str)))
        };
        let (rows, named) = (Arc::clone(&self.rows), Arc::clone(&self.named));
        Self { base: self.base.clone(), version, rows, allowed, named }
    }
}
