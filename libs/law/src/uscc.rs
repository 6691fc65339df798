//! The unified social credit code of organisations (统一社会信用代码, GB 32100-2015).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

const LENGTH: usize = 18;
/// The symbols in the order of their values; I, O, S, V and Z are left out.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [usize; LENGTH - 1] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// Where the six digits of the registering area stand.
const AREA: std::ops::Range<usize> = 2..8;
/// GB 11714 weights of the organisation code inside.
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// A credit code whose check symbol is right.
///
/// The organisation code inside has a check of its own, which is not enforced: the standard's check covers
/// every symbol already, and a code the registrar issued must not be refused for an inner slip of theirs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uscc(String);

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UsccError {
    #[error("a credit code has 18 characters, this has {found}")]
    WrongLength { found: usize },
    #[error("character {found:?} at place {place} cannot stand in a credit code")]
    BadCharacter { place: usize, found: char },
    #[error("the check symbol {found:?} of the credit code is wrong")]
    BadCheck { found: char },
}

impl Uscc {
    pub fn parse(text: &str) -> Result<Self, UsccError> {
        let found = text.chars().count();
        if found != LENGTH {
            return Err(UsccError::WrongLength { found });
        }
        for (index, symbol) in text.chars().enumerate() {
            let fits = if AREA.contains(&index) { symbol.is_ascii_digit() } else { value(symbol).is_some() };
            if !fits {
                return Err(UsccError::BadCharacter { place: index + 1, found: symbol });
            }
        }
        let (body, check) = text.split_at(LENGTH - 1);
        let found = check.chars().next().expect("an 18th character was counted");
        if found != check_symbol(body) {
            return Err(UsccError::BadCheck { found });
        }
        Ok(Self(text.to_owned()))
    }

    /// A valid code for fixtures: the same for the same area and number, both checks right.
    ///
    /// It is registered by "other authorities" as "other" (`Y1`), unlike every enterprise, so it cannot be
    /// the code of a real company. Only the last six digits of `area6` and eight of `n` are used.
    pub fn synthetic(area6: u32, n: u32) -> Self {
        let number = format!("{:08}", n % 100_000_000);
        let sum: u32 = number
            .chars()
            .filter_map(|digit| digit.to_digit(10))
            .zip(ORGANISATION_WEIGHTS)
            .map(|(d, w)| d * w)
            .sum();
        let inner = match 11 - sum % 11 {
            10 => 'X',
            11 => '0',
            digit => char::from_digit(digit, 10).expect("1 to 9 is a digit"),
        };
        let body = format!("Y1{:06}{number}{inner}", area6 % 1_000_000);
        let check = check_symbol(&body);
        Self(format!("{body}{check}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn value(symbol: char) -> Option<usize> {
    ALPHABET.iter().position(|known| char::from(*known) == symbol)
}

fn check_symbol(body: &str) -> char {
    let sum: usize = body.chars().filter_map(value).zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    char::from(ALPHABET[(31 - sum % 31) % 31])
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Uscc {
    type Err = UsccError;

    fn from_str(text: &str) -> Result<Self, UsccError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Uscc {
    type Error = UsccError;

    fn try_from(text: String) -> Result<Self, UsccError> {
        Self::parse(&text)
    }
}

impl From<Uscc> for String {
    fn from(code: Uscc) -> Self {
        code.0
    }
}
