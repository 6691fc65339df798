//! A reporter's reference as it comes in: a random word, never a number that leads to the person.

use std::str::FromStr;

use crate::{Id, IdError};

/// A reference that stands for a reporter: an id that is neither a telephone nor an identity number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReporterRef(Id);

/// Why a text is not a reporter's reference. What is a person's number is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReporterRefError {
    /// It is no id.
    #[error(transparent)]
    Id(#[from] IdError),
    /// It is a mobile telephone's number.
    #[error("read a reporter's reference: it must be a random word, and this is a telephone number")]
    Telephone,
    /// It is a citizen's identity number (GB 11643).
    #[error("read a reporter's reference: it must be a random word, and this is an identity number")]
    IdentityNumber,
}

impl FromStr for ReporterRef {
    type Err = ReporterRefError;

    fn from_str(text: &str) -> Result<Self, ReporterRefError> {
        let whole: String = text.split(['-', '.']).collect();
        // As one number that was written in groups, and as a number beside other words.
        for number in text.split(['-', '.']).chain([whole.as_str()]) {
            if is_mobile(number) {
                return Err(ReporterRefError::Telephone);
            }
            if is_identity_number(number) {
                return Err(ReporterRefError::IdentityNumber);
            }
        }
        Ok(Self(Id::parse(text)?))
    }
}

impl From<ReporterRef> for Id {
    fn from(reference: ReporterRef) -> Self {
        reference.0
    }
}

/// Eleven digits from 13 to 19, with or without the country's 86.
fn is_mobile(text: &str) -> bool {
    let number = match text.len() {
        11 => text,
        13 => text.strip_prefix("86").unwrap_or(text),
        15 => text.strip_prefix("0086").unwrap_or(text),
        _ => return false,
    };
    let head = matches!(number.as_bytes(), [b'1', b'3'..=b'9', ..]);
    head && number.len() == 11 && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Seventeen digits, of which eight are a day of birth, and the check digit of GB 11643.
fn is_identity_number(text: &str) -> bool {
    const WEIGHTS: [usize; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10x98765432";
    let bytes = text.to_ascii_lowercase().into_bytes();
    let [body @ .., check] = bytes.as_slice() else { return false };
    if body.len() != WEIGHTS.len() || !body.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = |from: usize, to: usize| body[from..to].iter().fold(0, |n, digit| n * 10 + value(*digit));
    let born = (1_800..2_200).contains(&number(6, 10))
        && (1..=12).contains(&number(10, 12))
        && (1..=31).contains(&number(12, 14));
    let sum: usize = body.iter().zip(WEIGHTS).map(|(digit, weight)| value(*digit) * weight).sum();
    born && *check == CHECKS[sum % 11]
}

fn value(digit: u8) -> usize {
    usize::from(digit - b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ReporterRef, ReporterRefError> {
        text.parse()
    }

    #[test]
    fn a_telephone_number_is_no_reference() {
        let numbers = ["13800138000", "138-0013-8000", "8613800138000", "86-19912345678", "tel-13800138000"];
        for number in numbers {
            assert_eq!(read(number), Err(ReporterRefError::Telephone), "{number}");
        }
    }

    #[test]
    fn an_identity_number_is_no_reference() {
        let numbers =
            ["360426199101010071", "11010519491231002x", "11010519491231002X", "id.360426199101010071"];
        for number in numbers {
            assert_eq!(read(number), Err(ReporterRefError::IdentityNumber), "{number}");
        }
    }

    #[test]
    fn a_random_word_is_a_reference() {
        let words = [
            "7f3a9c51",
            "12000138000",
            "1380013800",
            "360426199101010072",
            "360426199113010079",
            "550e8400-e29b-41d4-a716-446655440000",
        ];
        for word in words {
            assert_eq!(read(word).map(Id::from), Ok(Id::parse(word).unwrap()));
        }
        assert!(matches!(read("Name"), Err(ReporterRefError::Id(_))));
    }

    #[test]
    fn a_person_s_number_is_not_repeated() {
        for number in ["13800138000", "360426199101010071"] {
            assert!(!read(number).unwrap_err().to_string().contains(number));
        }
    }
}
