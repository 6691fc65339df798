//! One parameter: as it is written in the file, and as it is once its value has been understood.

use std::fmt;

use serde::{
    Deserialize, Serialize,
    de::{IntoDeserializer, value::Error as NoUnit},
};
use time::Date;

use super::{error::PackFault, value::Value};
use crate::area::AreaCode;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// How far a row has been verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    /// Read in the full text of the instrument.
    #[serde(rename = "V1")]
    FullText,
    /// Read in a public page that quotes the instrument.
    #[serde(rename = "V2")]
    Quoted,
    /// Read in a local notice.
    #[serde(rename = "S")]
    LocalNotice,
    /// Computed from verified facts, or our own choice, as its row says.
    #[serde(rename = "C")]
    Computed,
    /// From memory: refused unless allowed by name.
    #[serde(rename = "M")]
    Memory,
}

/// How the days of a period count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DayType {
    #[serde(rename = "WD")]
    Working,
    #[serde(rename = "CD")]
    Calendar,
    #[serde(rename = "H")]
    Hour,
    #[serde(rename = "MIN")]
    Minute,
    #[serde(rename = "MO")]
    Month,
}

/// What the value of a row is measured in. The spelling in the file is the serialised name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Bool,
    Minute,
    Hour,
    Day,
    Month,
    Year,
    /// Several lengths in days for which one rule holds.
    Days,
    /// A length up to which one rule holds.
    DaysOrLess,
    #[serde(rename = "CNY")]
    Yuan,
    #[serde(rename = "CNY_per_death")]
    YuanPerDeath,
    Person,
    Item,
    Household,
    Count,
    #[serde(rename = "count_in_12_months")]
    CountInYear,
    PerDay,
    RatioOfFine,
    OfFine,
    /// Whole hundredths of a running time, neither none nor all of it.
    OfPeriod,
    /// From how many to how many times.
    Times,
    Ints,
    #[serde(rename = "deaths/serious/CNY")]
    DeathsSeriousYuan,
    #[serde(rename = "deaths/serious/households")]
    DeathsSeriousHouseholds,
    #[serde(rename = "deaths/serious/sum/households")]
    DeathsSeriousSumHouseholds,
    List,
    Mode,
    Enum,
    Ref,
    Chars,
}

impl Unit {
    /// The unit with this spelling.
    fn named(text: &str) -> Option<Self> {
        Self::deserialize(IntoDeserializer::<NoUnit>::into_deserializer(text)).ok()
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Which way a value moves when it moves to the party's advantage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lighter {
    Lower,
    Higher,
}

/// A parameter of the law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    pub id: String,
    pub value: Value,
    pub unit: Unit,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<DayType>,
    /// What starts the period, or what the parameter applies to.
    pub trigger: String,
    /// Instrument and article, as cited.
    pub article: String,
    /// The province, city or county whose rule it is; none for the nation's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<AreaCode>,
    /// Whether the law lets a narrower area set its own value.
    #[serde(skip_serializing_if = "is_false")]
    pub local: bool,
    #[serde(with = "iso_date")]
    pub effective_from: Date,
    /// The last day in force; none while it has no end.
    #[serde(with = "iso_date::option", skip_serializing_if = "Option::is_none")]
    pub effective_to: Option<Date>,
    /// Present where two versions can be compared to a party's advantage (行政处罚法 37).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lighter: Option<Lighter>,
    pub status: Status,
    pub source: String,
}

impl Row {
    /// Whether the row was in force on a date.
    pub fn in_force(&self, date: Date) -> bool {
        self.effective_from <= date && self.effective_to.is_none_or(|to| date <= to)
    }

    /// Whether the row applies in an area; the nation's apply everywhere.
    pub fn applies_in(&self, area: Option<&AreaCode>) -> bool {
        match (&self.jurisdiction, area) {
            (None, _) => true,
            (Some(own), Some(area)) => own.contains(area),
            (Some(_), None) => false,
        }
    }

    /// Longer for narrower areas.
    pub(super) fn narrowness(&self) -> usize {
        self.jurisdiction.as_ref().map_or(0, |area| area.as_str().len())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    id: String,
    value: String,
    unit: String,
    days: Option<DayType>,
    trigger: String,
    #[serde(default)]
    article: String,
    jurisdiction: Option<String>,
    #[serde(default)]
    local: bool,
    #[serde(with = "iso_date")]
    effective_from: Date,
    #[serde(with = "iso_date::option", default)]
    effective_to: Option<Date>,
    lighter: Option<Lighter>,
    status: Status,
    source: String,
}

impl TryFrom<Written> for Row {
    type Error = PackFault;

    fn try_from(written: Written) -> Result<Self, PackFault> {
        let Written { id, value, unit, days, trigger, article, jurisdiction, local, .. } = written;
        let Written { effective_from, effective_to, lighter, status, source, .. } = written;
        let texts = [("id", &id), ("trigger", &trigger), ("article", &article), ("source", &source)];
        let blank = texts.iter().find(|(_, text)| text.trim().is_empty()).map(|(field, _)| *field);
        if let Some(field) = blank {
            return Err(PackFault::Blank { id, field });
        }
        let Some(unit) = Unit::named(&unit) else {
            return Err(PackFault::UnknownUnit { id, unit });
        };
        if !fits(unit, days) {
            let days = days.map_or_else(|| "none".to_owned(), |days| format!("{days:?}").to_lowercase());
            return Err(PackFault::DaysMismatch { id, unit, days });
        }
        let Some(value) = Value::parse(&value, unit, days) else {
            return Err(PackFault::BadValue { id, value, unit });
        };
        if let Some(to) = effective_to.filter(|to| *to < effective_from) {
            return Err(PackFault::EndsBeforeItBegins { id, to });
        }
        let jurisdiction = match jurisdiction.as_deref().map(AreaCode::parse).transpose() {
            Ok(area) => area,
            Err(reason) => return Err(PackFault::Jurisdiction { id, reason }),
        };
        if let Some(area) = jurisdiction.as_ref().filter(|area| area.tier().is_none()) {
            return Err(PackFault::NoRuleMaker { id, area: area.to_string() });
        }
        Ok(Self {
            id,
            value,
            unit,
            days,
            trigger,
            article,
            jurisdiction,
            local,
            effective_from,
            effective_to,
            lighter,
            status,
            source,
        })
    }
}

/// A length in days without saying which days would be the most expensive kind of typo.
fn fits(unit: Unit, days: Option<DayType>) -> bool {
    match unit {
        Unit::Day | Unit::Days | Unit::DaysOrLess => {
            matches!(days, Some(DayType::Working | DayType::Calendar))
        }
        Unit::Minute => days == Some(DayType::Minute),
        Unit::Hour => days == Some(DayType::Hour),
        Unit::Month => days == Some(DayType::Month),
        _ => true,
    }
}
