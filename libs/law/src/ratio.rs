//! Exact shares of money: a percentage in a statute is a fraction, never a float.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A non-negative fraction, kept as written (0.15 is 15/100).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ratio {
    numerator: i64,
    denominator: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a ratio is a plain decimal number such as 0.15, not {0:?}")]
pub struct RatioError(String);

/// With more digits a product with any amount could leave i128.
const DIGITS_MAX: usize = 15;

impl Ratio {
    pub fn numerator(self) -> i64 {
        self.numerator
    }

    pub fn denominator(self) -> i64 {
        self.denominator
    }

    /// As whole hundredths, if it is some of them and not all.
    pub fn hundredths(self) -> Option<u8> {
        let scaled = i128::from(self.numerator) * 100;
        let whole = scaled % i128::from(self.denominator) == 0;
        let hundredths = u8::try_from(scaled / i128::from(self.denominator)).ok()?;
        (whole && (1..=99).contains(&hundredths)).then_some(hundredths)
    }

    /// The share of an amount, rounded down to the fen: fees and rewards never exceed the exact share.
    pub fn apply_fen(self, fen: i64) -> i64 {
        self.apply_fen_times(fen, 1)
    }

    /// The share taken `times` times and rounded down once at the end, so a daily fee does not lose a
    /// fraction of a fen each day. Stops at the largest amount instead of failing.
    pub fn apply_fen_times(self, fen: i64, times: u32) -> i64 {
        let product = i128::from(fen)
            .saturating_mul(i128::from(self.numerator))
            .saturating_mul(i128::from(times))
            .div_euclid(i128::from(self.denominator));
        i64::try_from(product).unwrap_or(if product < 0 { i64::MIN } else { i64::MAX })
    }
}

impl FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Self, RatioError> {
        let wrong = || RatioError(text.to_owned());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{fraction}");
        let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !whole.is_empty();
        if !plain || digits.len() > DIGITS_MAX || text.ends_with('.') {
            return Err(wrong());
        }
        let places = u32::try_from(fraction.len()).map_err(|_| wrong())?;
        Ok(Self { numerator: digits.parse().map_err(|_| wrong())?, denominator: 10_i64.pow(places) })
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.denominator.ilog10() as usize;
        let (whole, part) = (self.numerator / self.denominator, self.numerator % self.denominator);
        if places == 0 { write!(f, "{whole}") } else { write!(f, "{whole}.{part:0places$}") }
    }
}

impl TryFrom<String> for Ratio {
    type Error = RatioError;

    fn try_from(text: String) -> Result<Self, RatioError> {
        text.parse()
    }
}

impl From<Ratio> for String {
    fn from(ratio: Ratio) -> Self {
        ratio.to_string()
    }
}
