//! Which norms a penalty case can apply: the item's word, its parameters, and who holds the power.

use std::fmt;

use decider::{DepartmentKind, Id};
use law::{Edition, Level, RuleError};

/// A norm that fines units.
#[derive(Debug, PartialEq, Eq)]
pub struct Norm {
    /// The item's word; `fire-60` stands for `fire-60-1`, `fire-60-2` … too.
    word: &'static str,
    /// Where the rule pack keeps its amounts.
    parameters: &'static str,
    /// Whether the amounts depend on the accident's level.
    pub by_level: bool,
    /// The kind of body whose power it is.
    pub holder: DepartmentKind,
}

/// What a norm allows, in fen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub min_fen: i64,
    pub max_fen: i64,
    pub article: String,
}

const NORMS: [Norm; 7] = [
    Norm::fixed("fire-58", "fine.fire58"),
    Norm::fixed("fire-60", "fine.fire60_unit"),
    Norm::fixed("fire-61", "fine.fire61"),
    Norm::fixed("fire-69", "fine.fire69"),
    Norm::fixed("highrise-47-commercial", "fine.highrise47_commercial"),
    Norm::fixed("highrise-47-other", "fine.highrise47_other"),
    Norm {
        word: "safety-114",
        parameters: "fine.accident",
        by_level: true,
        holder: DepartmentKind::Emergency,
    },
];

impl Norm {
    const fn fixed(word: &'static str, parameters: &'static str) -> Self {
        Self { word, parameters, by_level: false, holder: DepartmentKind::Fire }
    }

    /// The norm an item stands for.
    pub fn of(item: &Id) -> Option<&'static Self> {
        let stands_for = |norm: &&Norm| {
            let rest = item.as_str().strip_prefix(norm.word);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        NORMS.iter().find(stands_for)
    }

    /// Whether bodies of this kind hold any of these powers themselves.
    pub fn holds_powers(kind: DepartmentKind) -> bool {
        NORMS.iter().any(|norm| norm.holder == kind)
    }

    /// The rules that hold its amounts, in the order in which two editions are compared: the maximum first.
    /// None if it asks for a level and there is none.
    pub fn rules(&self, level: Option<Level>) -> Option<[String; 2]> {
        let prefix = match (self.by_level, level) {
            (false, _) => self.parameters.to_owned(),
            (true, level) => format!("{}.{}", self.parameters, level?),
        };
        Some([format!("{prefix}.max"), format!("{prefix}.min")])
    }
}

impl Range {
    /// What an edition allows by a norm's rules.
    pub fn of([max, min]: &[String; 2], edition: Edition<'_>) -> Result<Self, RuleError> {
        Ok(Self {
            min_fen: edition.fen(min)?,
            max_fen: edition.fen(max)?,
            article: edition.row(max)?.article.clone(),
        })
    }
}

/// An amount in fen that officials read in yuan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InYuan(pub i64);

impl fmt::Display for InYuan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (yuan, 0) => write!(f, "{yuan}"),
            (yuan, fen) => write!(f, "{yuan}.{fen:02}"),
        }
    }
}
