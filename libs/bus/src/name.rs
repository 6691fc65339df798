//! How a log is called on the bus: its stream, its subjects, its URN.

use std::{fmt, str::FromStr};

use decider::StreamName;

/// Longest name of a log, in bytes; it is a token in every subject.
pub const SOURCE_BYTES_MAX: usize = 32;

/// The departments that are kept out of our own services; each writes a stream of its own.
pub const OUTSIDE: [&str; 4] = ["police", "emergency", "government", "finance"];

/// Why a text is not the name of a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read source {0:?}: it must be 1 to 32 of a-z, 0-9 and '-', and begin with a letter")]
pub struct SourceError(pub String);

/// The name of a log that facts come from: a service's or an outside department's, such as `hazard` or `police`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source(String);

impl Source {
    /// Reads a name; see [`SourceError`] for its form.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let body = text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let head = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if body && head && text.len() <= SOURCE_BYTES_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(SourceError(text.chars().take(SOURCE_BYTES_MAX).collect()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a department outside our services: it has no log to ask for what was missed.
    pub fn is_outside(&self) -> bool {
        OUTSIDE.contains(&self.as_str())
    }

    /// The JetStream stream that carries it.
    pub fn stream(&self) -> String {
        format!("fenghuo-{self}")
    }

    /// Every subject below it.
    pub fn subjects(&self) -> String {
        format!("fenghuo.{self}.>")
    }

    /// The subject of one kind of event of one aggregate.
    pub fn subject(&self, stream: &StreamName, kind: &str) -> String {
        let name = kind.rsplit('.').next().unwrap_or(kind);
        format!("fenghuo.{self}.{}.{}", token(stream.category()), token(name))
    }

    /// Whether a subject lies below it.
    pub fn owns(&self, subject: &str) -> bool {
        subject
            .strip_prefix("fenghuo.")
            .and_then(|rest| rest.strip_prefix(self.as_str()))
            .is_some_and(|rest| rest.starts_with('.'))
    }

    /// The CloudEvents `source`.
    pub fn urn(&self) -> String {
        format!("urn:fenghuo:{self}")
    }

    /// What the types of its private events begin with.
    pub fn private_prefix(&self) -> String {
        format!("fenghuo.{self}.private.")
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Source {
    type Err = SourceError;
    fn from_str(text: &str) -> Result<Self, SourceError> {
        Self::parse(text)
    }
}

/// A subject token: anything that NATS would read as more than one token, or as a wildcard, becomes `_`.
fn token(text: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }
    };
    if text.is_empty() { "_".to_owned() } else { text.chars().map(safe).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_owns_what_is_below_its_own_subject_only() {
        let police = Source::parse("police").unwrap();
        assert!(police.owns("fenghuo.police.transfer.TransferReceived"));
        for foreign in ["fenghuo.police", "fenghuo.police2.a.B", "fenghuo.hazard.a.B", "police.a.B"] {
            assert!(!police.owns(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_subject_is_four_tokens_whatever_the_names_hold() {
        let source = Source::parse("hazard").unwrap();
        let stream = StreamName::new("re.port >*", "x");
        assert_eq!(
            source.subject(&stream, "fenghuo.hazard.v1.Received"),
            "fenghuo.hazard.re_port___.Received"
        );
    }

    #[test]
    fn a_source_is_a_plain_token() {
        assert!(Source::parse("hazard").is_ok());
        for bad in ["", "1a", "A", "a.b", "a*", "a>", "a b", "灯", &"a".repeat(33)] {
            assert!(Source::parse(bad).is_err(), "{bad:?}");
        }
    }
}
