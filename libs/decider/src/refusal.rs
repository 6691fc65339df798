//! Refusals: the rule says no, by name, with the article it rests on, in Chinese and English.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The language of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lang {
    /// 简体中文
    #[default]
    Zh,
    /// English
    En,
}

impl FromStr for Lang {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.get(..2).unwrap_or(text).to_ascii_lowercase().as_str() {
            "zh" => Ok(Self::Zh),
            "en" => Ok(Self::En),
            _ => Err(format!("read language {text:?}: known are zh and en")),
        }
    }
}

/// Why a rule says no. The name completes the sentence "refused because …".
pub trait Refusal: fmt::Debug + Send + Sync {
    /// The stable name, in CamelCase.
    fn name(&self) -> &'static str;
    /// The article the refusal rests on; empty where it is a matter of order, not of law.
    fn article(&self) -> String;
    /// What officials read.
    fn text(&self, lang: Lang) -> String;
}

/// A refusal as a value that can be stored, sent and compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("refused: {name} ({article}): {en}")]
pub struct Refused {
    /// The stable name.
    pub name: String,
    /// The article it rests on.
    pub article: String,
    /// The Chinese text.
    pub zh: String,
    /// The English text.
    pub en: String,
}

impl Refused {
    /// The value of a refusal.
    pub fn of(refusal: &dyn Refusal) -> Self {
        Self {
            name: refusal.name().to_owned(),
            article: refusal.article(),
            zh: refusal.text(Lang::Zh),
            en: refusal.text(Lang::En),
        }
    }
}

/// Declares an aggregate's refusals: `Name => article, zh, en;` or `Name(field: Type, …) => …` with the
/// fields in the texts' braces. `Rule` (a parameter that cannot be used) and `Clock` (a clock that
/// says no) are always among them.
///
/// ```
/// decider::refusals! {
///     /// Why a seal is refused.
///     pub enum Refusal {
///         NotDelegable => "行政强制法17", "行政强制措施权不得委托", "coercive measures cannot be delegated";
///         TooLong { days: u32 } => "消防监督检查规定22", "临时查封不得超过 {days} 日", "a seal lasts at most {days} days";
///     }
/// }
/// use decider::Refusal as _;
/// assert_eq!(Refusal::TooLong { days: 30 }.text(decider::Lang::En), "a seal lasts at most 30 days");
/// ```
#[macro_export]
macro_rules! refusals {
    ($(#[$doc:meta])* pub enum $name:ident {
        $($(#[$vdoc:meta])* $variant:ident $({ $($field:ident : $ty:ty),+ $(,)? })? => $article:literal, $zh:literal, $en:literal;)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant $({ $($field: $ty),+ })?,)*
            /// A parameter that the rule needs cannot be used.
            Rule(::law::RuleError),
            /// A clock says no.
            Clock(::law::clock::Refusal),
        }

        impl ::std::convert::From<::law::RuleError> for $name {
            fn from(error: ::law::RuleError) -> Self {
                Self::Rule(error)
            }
        }

        impl ::std::convert::From<::law::clock::Refusal> for $name {
            fn from(refusal: ::law::clock::Refusal) -> Self {
                Self::Clock(refusal)
            }
        }

        impl ::std::convert::From<$crate::clocked::Unwound> for $name {
            fn from(unwound: $crate::clocked::Unwound) -> Self {
                match unwound {
                    $crate::clocked::Unwound::Rule(error) => Self::Rule(error),
                    $crate::clocked::Unwound::Clock(refusal) => Self::Clock(refusal),
                }
            }
        }

        impl $crate::Refusal for $name {
            fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant $({ $($field: _),+ })? => stringify!($variant),)*
                    Self::Rule(_) => "RuleUnavailable",
                    Self::Clock(refusal) => refusal.name(),
                }
            }

            fn article(&self) -> String {
                match self {
                    $(Self::$variant $({ $($field: _),+ })? => $article.to_owned(),)*
                    Self::Rule(_) | Self::Clock(_) => String::new(),
                }
            }

            fn text(&self, lang: $crate::Lang) -> String {
                match (self, lang) {
                    $(
                        (Self::$variant $({ $($field),+ })?, $crate::Lang::Zh) => {
                            $($(let _ = $field;)+)?
                            format!($zh)
                        }
                        (Self::$variant $({ $($field),+ })?, $crate::Lang::En) => {
                            $($(let _ = $field;)+)?
                            format!($en)
                        }
                    )*
                    (Self::Rule(error), $crate::Lang::Zh) => format!("法定参数不可用：{error}"),
                    (Self::Rule(error), $crate::Lang::En) => format!("a legal parameter cannot be used: {error}"),
                    (Self::Clock(refusal), $crate::Lang::Zh) => refusal.zh(),
                    (Self::Clock(refusal), $crate::Lang::En) => refusal.to_string(),
                }
            }
        }
    };
}
