//! Identities: lower-case words that a person can type, read out and find again in every log.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text;

/// Longest id, in bytes. Stream names stay below PostgreSQL's index row limits with room to spare.
const ID_BYTES_MAX: usize = 64;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read id {0:?}: it must be 1 to 64 of a-z, 0-9, '-', '.', and begin with a letter or digit")]
pub struct IdError(pub String);

/// An identity: 1 to 64 of `a-z`, `0-9`, `-` and `.`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(String);

impl Id {
    /// Reads an id; see [`Id`] for its form.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let body = text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
        let head = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if body && head && text.len() <= ID_BYTES_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError(text.chars().take(ID_BYTES_MAX).collect()))
        }
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Id {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> String {
        id.0
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::parse(deserializer)
    }
}

/// Declares a newtype over [`Id`], so that one aggregate's id is never taken for another's.
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $crate::Id);

        impl $name {
            /// Reads the id; see [`decider::Id`]($crate::Id) for its form.
            pub fn parse(text: &str) -> Result<Self, $crate::IdError> {
                $crate::Id::parse(text).map(Self)
            }

            /// The text of the id.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::IdError;
            fn from_str(text: &str) -> Result<Self, $crate::IdError> {
                Self::parse(text)
            }
        }
    };
}

id! {
    /// The family root of a case, the same in every department.
    CaseId
}

/// The name of a stream: `<category>:<id>`, the category being the aggregate's. Its events share one text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(Arc<str>);

impl StreamName {
    /// The stream of one aggregate.
    pub fn new(category: &str, id: &str) -> Self {
        Self(format!("{category}:{id}").into())
    }

    /// Reads a stored name; `None` without a category.
    pub fn parse(text: &str) -> Option<Self> {
        let (category, id) = text.split_once(':')?;
        (!category.is_empty() && !id.is_empty()).then(|| Self(text.into()))
    }

    /// The aggregate's name.
    pub fn category(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(category, _)| category)
    }

    /// The aggregate's id.
    pub fn id(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, id)| id)
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_short_lower_case_word() {
        assert!(Id::parse("wuyi-2023-0417").is_ok());
        assert!(Id::parse("330723103").is_ok());
        for bad in ["", "-a", "A", "a b", "a\0", "灯", &"a".repeat(65)] {
            assert!(Id::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_stream_name_splits_at_the_first_colon() {
        let name = StreamName::new("report", "r.1");
        assert_eq!((name.category(), name.id()), ("report", "r.1"));
        assert_eq!(StreamName::parse("nothing"), None);
    }
}
