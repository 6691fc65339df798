//! What makes an act lawful: certified officers and delegations in force, as they were known at the act.

use std::{collections::BTreeSet, str::FromStr};

use law::{AreaCode, RulePack};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{Department, Id};

/// An officer's enforcement certificate (行政执法证).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its number; a reference, never a name.
    pub number: Id,
    /// The unit it is bound to.
    pub department: Department,
    /// Valid from.
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// Valid before.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

/// How a town came by a power (行政处罚法 20 and 24 are two different things and never inferred from each other).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// 委托: in the delegator's name, never coercive measures.
    Entrusted,
    /// 赋权: in the town's own name.
    Assigned,
}

impl Model {
    /// The word used in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entrusted => "entrusted",
            Self::Assigned => "assigned",
        }
    }
}

/// Why a text is not a model of delegation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read model of delegation {0:?}: known are entrusted and assigned")]
pub struct ModelError(String);

impl FromStr for Model {
    type Err = ModelError;
    fn from_str(text: &str) -> Result<Self, ModelError> {
        [Self::Entrusted, Self::Assigned]
            .into_iter()
            .find(|model| model.as_str() == text)
            .ok_or_else(|| ModelError(text.chars().take(64).collect()))
    }
}

/// A delegation as it was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Its id.
    pub id: Id,
    /// Its version: items may change.
    pub version: u32,
    /// 委托 or 赋权.
    pub model: Model,
    /// Whose power it is.
    pub delegator: Department,
    /// Who may use it.
    pub delegate: Department,
    /// The items on its list.
    pub items: Vec<Id>,
    /// Where it may be used.
    pub area: AreaCode,
    /// In force from.
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// In force before.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

/// Why officers or a delegation do not carry an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// Fewer distinct officers than the law wants.
    TooFewOfficers {
        /// Distinct certificates shown.
        shown: usize,
        /// Wanted.
        wanted: i64,
    },
    /// A certificate was not valid on the day, or is bound to another unit.
    CertificateInvalid {
        /// Which one.
        number: Id,
    },
    /// The delegation was not in force at the act.
    DelegationNotInForce,
    /// The delegation is another unit's.
    NotTheDelegate,
    /// The item is not on the list.
    ItemNotDelegated {
        /// Which one.
        item: Id,
    },
    /// The place lies outside the delegated area.
    OutsideArea,
}

/// Checks that at least the number of parameter `minimum` of different officers acted, each with a
/// certificate valid at the act and bound to the acting unit (行政处罚法 42, 消防监督检查规定 14).
pub fn check_officers(
    certificates: &[Certificate],
    acting: &Department,
    at: OffsetDateTime,
    minimum: &str,
    rules: &RulePack,
) -> Result<Result<(), Flaw>, law::RuleError> {
    let wanted = rules.number(minimum)?;
    let invalid = certificates.iter().find(|c| c.department != *acting || at < c.from || at >= c.until);
    if let Some(certificate) = invalid {
        return Ok(Err(Flaw::CertificateInvalid { number: certificate.number.clone() }));
    }
    let shown = certificates.iter().map(|c| &c.number).collect::<BTreeSet<_>>().len();
    if i64::try_from(shown).unwrap_or(i64::MAX) < wanted {
        return Ok(Err(Flaw::TooFewOfficers { shown, wanted }));
    }
    Ok(Ok(()))
}

/// Checks that a delegation covers an act: its unit, its item, its place, its time (行政处罚法 20, 24).
pub fn check_delegation(
    delegation: &Delegation,
    acting: &Department,
    item: &Id,
    place: &AreaCode,
    at: OffsetDateTime,
) -> Result<(), Flaw> {
    if delegation.delegate != *acting {
        return Err(Flaw::NotTheDelegate);
    }
    if at < delegation.from || at >= delegation.until {
        return Err(Flaw::DelegationNotInForce);
    }
    if !delegation.items.contains(item) {
        return Err(Flaw::ItemNotDelegated { item: item.clone() });
    }
    if !delegation.area.contains(place) {
        return Err(Flaw::OutsideArea);
    }
    Ok(())
}
