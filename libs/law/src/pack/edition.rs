//! A pack on a day in an area: what a rule says there and then.

use time::Date;

use super::{Row, RuleError, RulePack, Value};
use crate::area::AreaCode;

/// A pack on a day in an area.
#[derive(Clone, Copy, Debug)]
pub struct Edition<'a> {
    pub pack: &'a RulePack,
    pub on: Date,
    pub area: Option<&'a AreaCode>,
}

impl<'a> Edition<'a> {
    /// The version of a rule that applies.
    pub fn row(&self, id: &str) -> Result<&'a Row, RuleError> {
        self.pack.applicable(id, self.on, self.area)
    }

    /// An amount of money, in fen.
    pub fn fen(&self, id: &str) -> Result<i64, RuleError> {
        let row = self.row(id)?;
        match row.value {
            Value::Fen(fen) => Ok(fen),
            _ => Err(RuleError::WrongUnit {
                id: id.to_owned(),
                wanted: "an amount in CNY",
                found: row.unit.to_string(),
            }),
        }
    }

    /// Whether all of these rules apply.
    pub fn knows<S: AsRef<str>>(&self, rules: &[S]) -> bool {
        rules.iter().all(|id| self.row(id.as_ref()).is_ok())
    }
}
