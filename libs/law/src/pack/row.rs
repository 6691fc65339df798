//! One parameter: as it is written in the file, and as it is once its value has been understood.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::Date;

use super::{error::PackError, value::Value};

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
    /// Computed from verified facts.
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

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
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
    #[serde(with = "iso_date")]
    pub effective_from: Date,
    pub status: Status,
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    id: String,
    value: String,
    unit: Unit,
    days: Option<DayType>,
    trigger: String,
    article: String,
    #[serde(with = "iso_date")]
    effective_from: Date,
    status: Status,
    source: String,
}

impl TryFrom<Written> for Row {
    type Error = PackError;

    fn try_from(written: Written) -> Result<Self, PackError> {
        let Written { id, value, unit, days, trigger, article, effective_from, status, source } = written;
        for (field, content) in [("trigger", &trigger), ("article", &article), ("source", &source)] {
            if content.trim().is_empty() {
                return Err(PackError::Blank { id, field });
            }
        }
        if !fits(unit, days) {
            return Err(PackError::DaysMismatch { id, unit, days: format!("{days:?}") });
        }
        let Some(value) = Value::parse(&value, unit, days) else {
            return Err(PackError::BadValue { id, value, unit });
        };
        Ok(Self { id, value, unit, days, trigger, article, effective_from, status, source })
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
