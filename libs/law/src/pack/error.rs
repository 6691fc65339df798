//! Why a pack cannot be read, and why a rule does not answer.

use thiserror::Error;

use super::Unit;

/// A rule that does not answer. The reason is in the pack or the configuration, never in the case.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    #[error("rule {id} is not in the pack")]
    Unknown { id: String },
    #[error("rule {id} is unverified and not allowed by name")]
    Unverified { id: String },
    #[error("rule {id} is not {wanted}, its unit is {found}")]
    WrongUnit { id: String, wanted: &'static str, found: String },
    #[error("rule {id} does not hold {wanted}, it holds {found}")]
    WrongValue { id: String, wanted: &'static str, found: String },
    #[error("rule {id} takes a share of a fine, and no fine is in force")]
    NoFine { id: String },
}

#[derive(Debug, Error)]
pub enum PackError {
    #[error("read rule pack")]
    Unreadable(#[source] serde_json::Error),
    #[error("rule {id} is in the pack twice")]
    Twice { id: String },
    #[error("rule {id} has no {field}")]
    Blank { id: String, field: &'static str },
    #[error("rule {id} has value {value:?}, which is no {unit}")]
    BadValue { id: String, value: String, unit: Unit },
    #[error("rule {id} counts in {unit} but its days are {days}")]
    DaysMismatch { id: String, unit: Unit, days: String },
    #[error("rule {id} is allowed but not in the pack")]
    AllowedUnknown { id: String },
}
