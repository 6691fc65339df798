//! How grave a fire is, and which government or fire body has it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::pack::{RuleError, RulePack};

/// The four levels of 493号令 3, which fires share (公消〔2007〕234号).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    General,
    Larger,
    Major,
    Extreme,
}

/// Levels of government, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    County,
    City,
    Province,
    State,
}

impl Level {
    /// The gravest level of which any one criterion is reached. A threshold belongs to the graver level.
    pub fn of(deaths: u32, serious_injuries: u32, loss_fen: i64, pack: &RulePack) -> Result<Self, RuleError> {
        for (level, id) in [
            (Self::Extreme, "fire.level.extreme"),
            (Self::Major, "fire.level.major"),
            (Self::Larger, "fire.level.larger"),
        ] {
            let [deaths_min, serious_min, yuan_min] = pack.thresholds(id)?;
            let reached = i64::from(deaths) >= deaths_min
                || i64::from(serious_injuries) >= serious_min
                || loss_fen >= yuan_min.saturating_mul(100);
            if reached {
                return Ok(level);
            }
        }
        Ok(Self::General)
    }

    pub fn zh(self) -> &'static str {
        match self {
            Self::General => "一般",
            Self::Larger => "较大",
            Self::Major => "重大",
            Self::Extreme => "特别重大",
        }
    }

    pub fn en(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Larger => "larger",
            Self::Major => "major",
            Self::Extreme => "extreme",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.en())
    }
}

impl Tier {
    pub fn zh(self) -> &'static str {
        match self {
            Self::County => "县级",
            Self::City => "市级",
            Self::Province => "省级",
            Self::State => "国务院",
        }
    }

    pub fn en(self) -> &'static str {
        match self {
            Self::County => "county",
            Self::City => "city",
            Self::Province => "province",
            Self::State => "state council",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.en())
    }
}

/// Which fire body determines the cause (火灾事故调查规定 6). This is not the ladder of the government's
/// inquiry: a fire with one death is the city's here and the county's there.
pub fn cause_tier(
    deaths: u32,
    serious_injuries: u32,
    households: u32,
    pack: &RulePack,
) -> Result<Tier, RuleError> {
    let (deaths, serious, households) =
        (i64::from(deaths), i64::from(serious_injuries), i64::from(households));
    let [deaths_min, serious_min, sum_min, households_min] =
        pack.thresholds("fire.cause.jurisdiction.province")?;
    if deaths >= deaths_min
        || serious >= serious_min
        || deaths + serious >= sum_min
        || households >= households_min
    {
        return Ok(Tier::Province);
    }
    let [deaths_min, serious_min, households_min] = pack.thresholds("fire.cause.jurisdiction.city")?;
    if deaths >= deaths_min || serious >= serious_min || households >= households_min {
        return Ok(Tier::City);
    }
    Ok(Tier::County)
}

/// Which government inquires into a fire of this level (国办发〔2017〕87号 28).
pub fn government_tier(level: Level, pack: &RulePack) -> Result<Tier, RuleError> {
    let id = match level {
        Level::General => "fire.gov.level.general",
        Level::Larger => "fire.gov.level.larger",
        Level::Major => "fire.gov.level.major",
        Level::Extreme => "fire.gov.level.extreme",
    };
    match pack.text(id)? {
        "county" => Ok(Tier::County),
        "city" => Ok(Tier::City),
        "province" => Ok(Tier::Province),
        "state_council" => Ok(Tier::State),
        other => Err(RuleError::WrongValue {
            id: id.to_owned(),
            wanted: "a level of government",
            found: other.to_owned(),
        }),
    }
}
