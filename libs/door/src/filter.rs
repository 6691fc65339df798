//! Filters over the whole log: by the name of the stream or by the type of the event.
//!
//! Patterns are those of the .NET world, look-ahead included, and so are matched by a backtracking engine.
//!
//! **Invariant**: an event is left out because it does not match, never because matching took too long.

use decider::Recorded;
use fancy_regex::{Regex, RegexBuilder};
use tonic::Status;

use crate::{
    name, refusal,
    wire::event_store::client::streams::read_request::{
        self as wire,
        filter::{Of, Window},
    },
};

/// Steps back that one match may take.
const BACKTRACK_MAX: usize = 100_000;
/// Longest pattern, and most prefixes.
const PATTERN_BYTES_MAX: usize = 4 << 10;
const PREFIXES_MAX: usize = 1_000;
/// How many events a client that names no window lets pass between checkpoints, before its multiplier.
const WINDOW: u64 = 32;
/// Names that stand for an index elsewhere. Here there is none, and an empty answer would hide that.
const INDEX: &str = "$idx-";

/// Which events of the log a client wants.
#[derive(Debug)]
pub(crate) struct Filter {
    subject: Subject,
    pattern: Pattern,
    /// Events between two checkpoints, wanted or not.
    pub(crate) checkpoint_every: u64,
}

#[derive(Debug, Clone, Copy)]
enum Subject {
    StreamName,
    EventType,
}

#[derive(Debug)]
enum Pattern {
    Regex(Box<Regex>),
    Prefixes(Vec<String>),
}

impl Filter {
    /// Reads a filter.
    pub(crate) fn read(filter: wire::Filter) -> Result<Self, Status> {
        let (subject, expression) = match filter.of {
            Some(Of::StreamName(expression)) => (Subject::StreamName, expression),
            Some(Of::EventType(expression)) => (Subject::EventType, expression),
            None => return Err(refusal::invalid("the filter says neither stream name nor event type")),
        };
        let window = match filter.window {
            Some(Window::Max(window)) => u64::from(window).max(1),
            Some(Window::Count(_)) | None => WINDOW,
        };
        let checkpoint_every = window * u64::from(filter.checkpoint_multiplier).max(1);
        Ok(Self { subject, pattern: pattern(expression)?, checkpoint_every })
    }

    /// Whether the client wants the event.
    pub(crate) fn wants(&self, event: &Recorded) -> Result<bool, Status> {
        let text = match self.subject {
            Subject::StreamName => name::shown(&event.stream),
            Subject::EventType => &event.kind,
        };
        match &self.pattern {
            Pattern::Prefixes(prefixes) => Ok(prefixes.iter().any(|prefix| text.starts_with(prefix))),
            Pattern::Regex(regex) => regex.is_match(text).map_err(|error| {
                let position = event.position;
                refusal::invalid(format!(
                    "the filter takes too long on the event at position {position}: {error}"
                ))
            }),
        }
    }
}

fn pattern(expression: wire::Expression) -> Result<Pattern, Status> {
    let wire::Expression { regex, prefixes } = expression;
    if let Some(index) = prefixes.iter().find_map(|prefix| prefix.strip_prefix(INDEX)) {
        return Err(refusal::no_index(index));
    }
    if regex.is_empty() && prefixes.is_empty() {
        return Err(refusal::invalid("the filter has neither a pattern nor a prefix"));
    }
    if regex.len() > PATTERN_BYTES_MAX || prefixes.len() > PREFIXES_MAX {
        return Err(refusal::invalid("the filter is too large"));
    }
    if regex.is_empty() {
        return Ok(Pattern::Prefixes(prefixes));
    }
    let built = RegexBuilder::new(&regex).backtrack_limit(BACKTRACK_MAX).build();
    let regex =
        built.map_err(|error| refusal::invalid(format!("the filter's pattern cannot be read: {error}")))?;
    Ok(Pattern::Regex(Box::new(regex)))
}
