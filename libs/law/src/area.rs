//! Administrative areas by their statistical codes, where one area contains another.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::level::Tier;

/// A GB/T 2260 code, extended to townships and villages, cut to what it says: `330700` and `3307` are the
/// same city and both become `3307`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AreaCode(String);

/// How deep a code reaches, widest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AreaLevel {
    Village,
    Township,
    County,
    City,
    Province,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AreaError {
    #[error("an area code has 2, 4, 6, 9 or 12 digits, {text:?} has {found}")]
    WrongLength { text: String, found: usize },
    #[error("an area code has digits only, unlike {text:?}")]
    NotDigits { text: String },
    #[error("area code {text:?} names no province")]
    NoProvince { text: String },
}

impl AreaLevel {
    /// Digits of a code of this level.
    fn digits(self) -> usize {
        match self {
            Self::Village => 12,
            Self::Township => 9,
            Self::County => 6,
            Self::City => 4,
            Self::Province => 2,
        }
    }

    fn of_digits(digits: usize) -> Option<Self> {
        [Self::Village, Self::Township, Self::County, Self::City, Self::Province]
            .into_iter()
            .find(|level| level.digits() == digits)
    }

    fn wider(self) -> Option<Self> {
        match self {
            Self::Village => Some(Self::Township),
            Self::Township => Some(Self::County),
            Self::County => Some(Self::City),
            Self::City => Some(Self::Province),
            Self::Province => None,
        }
    }
}

impl AreaCode {
    pub fn parse(text: &str) -> Result<Self, AreaError> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AreaError::NotDigits { text: text.to_owned() });
        }
        let Some(mut level) = AreaLevel::of_digits(text.len()) else {
            return Err(AreaError::WrongLength { text: text.to_owned(), found: text.len() });
        };
        if text.starts_with("00") {
            return Err(AreaError::NoProvince { text: text.to_owned() });
        }
        let mut code = text;
        while let Some(wider) = level.wider() {
            let (head, tail) = code.split_at(wider.digits());
            if tail.bytes().any(|byte| byte != b'0') {
                break;
            }
            (code, level) = (head, wider);
        }
        Ok(Self(code.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn level(&self) -> AreaLevel {
        AreaLevel::of_digits(self.0.len()).expect("a parsed code has the digits of some level")
    }

    /// The government of this area in the ladder of jurisdiction; townships and villages are below it.
    pub fn tier(&self) -> Option<Tier> {
        match self.level() {
            AreaLevel::Village | AreaLevel::Township => None,
            AreaLevel::County => Some(Tier::County),
            AreaLevel::City => Some(Tier::City),
            AreaLevel::Province => Some(Tier::Province),
        }
    }

    /// Whether `other` is this area or lies in it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether one of the two lies in the other: `other` may be said less exactly than this, or more.
    pub fn meets(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The area of this level that this one is or lies in; none when this one is already wider.
    pub fn within(&self, level: AreaLevel) -> Option<Self> {
        self.0.get(..level.digits()).map(|code| Self(code.to_owned()))
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AreaCode {
    type Err = AreaError;

    fn from_str(text: &str) -> Result<Self, AreaError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for AreaCode {
    type Error = AreaError;

    fn try_from(text: String) -> Result<Self, AreaError> {
        Self::parse(&text)
    }
}

impl From<AreaCode> for String {
    fn from(code: AreaCode) -> Self {
        code.0
    }
}
