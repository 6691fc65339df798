//! A batch as it will be stored: who is in it, which streams it moves, and where everything comes to stand.

use std::collections::{HashMap, HashSet};

use decider::StreamName;
use uuid::Uuid;

use super::{Waiting, known::Stream};
use crate::DeadlineChange;

/// What is to become of a request, judged by versions alone.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It fits on the stream as it will then be; `None` creates it.
    Fits(Option<Stream>),
    /// The stream is, or will be, at this version.
    Conflict { actual: u64, is_pending: bool },
    /// An equal append or command is in this very batch: its outcome must be known first.
    Again,
}

/// A stream that the batch moves.
pub(super) struct Touched {
    pub(super) name: StreamName,
    /// `None` if the batch creates it; then its ordinal among the new ones counts.
    pub(super) id: Option<i64>,
    /// From 1.
    pub(super) new_ordinal: i64,
    pub(super) expected: u64,
    pub(super) version: u64,
    /// Whether the expected version is known for the log's end.
    pub(super) is_sure: bool,
    pub(super) deadline: DeadlineChange,
}

/// A request with its place.
pub(super) struct Placed {
    pub(super) waiting: Waiting,
    /// Its stream among the touched.
    pub(super) touched: usize,
    /// The place of its first event in the batch, from 1.
    pub(super) first: u64,
    /// The stream's version before it.
    pub(super) version_before: u64,
}

impl Placed {
    pub(super) fn events(&self) -> u64 {
        self.waiting.checked.append.events.len() as u64
    }

    /// The place of its last event in the batch, from 1.
    pub(super) fn last(&self) -> u64 {
        self.first + self.events() - 1
    }
}

#[derive(Default)]
pub(super) struct Plan {
    pub(super) placed: Vec<Placed>,
    pub(super) touched: Vec<Touched>,
    pub(super) events: u64,
    streams: HashMap<StreamName, usize>,
    ids: HashSet<Uuid>,
    new_streams: i64,
}

impl Plan {
    /// Judges a request against what the batch does before it and, beneath that, the stream as `known`.
    pub(super) fn judge(&self, waiting: &Waiting, known: Option<Stream>) -> Verdict {
        let append = &waiting.checked.append;
        let is_again = self.ids.contains(&append.events[0].id)
            || append.command.as_ref().is_some_and(|command| self.ids.contains(&command.id));
        if is_again {
            return Verdict::Again;
        }
        let pending = self.streams.get(&append.stream).map(|at| self.touched[*at].version);
        let actual = pending.or(known.map(|stream| stream.version)).unwrap_or(0);
        if append.expected.holds(actual) {
            Verdict::Fits(known)
        } else {
            Verdict::Conflict { actual, is_pending: pending.is_some() }
        }
    }

    /// Takes a request that fits.
    pub(super) fn place(&mut self, waiting: Waiting, known: Option<Stream>) {
        let append = &waiting.checked.append;
        let touched = match self.streams.get(&append.stream) {
            Some(at) => *at,
            None => self.touch(&append.stream, known),
        };
        self.ids.extend(append.events.iter().map(|event| event.id));
        self.ids.extend(append.command.as_ref().map(|command| command.id));
        let stream = &mut self.touched[touched];
        if append.deadline != DeadlineChange::Keep {
            stream.deadline = append.deadline;
        }
        let version_before = stream.version;
        let events = append.events.len() as u64;
        stream.version += events;
        self.placed.push(Placed { touched, first: self.events + 1, version_before, waiting });
        self.events += events;
    }

    fn touch(&mut self, name: &StreamName, known: Option<Stream>) -> usize {
        let version = known.map_or(0, |stream| stream.version);
        self.new_streams += i64::from(known.is_none());
        self.touched.push(Touched {
            name: name.clone(),
            id: known.map(|stream| stream.id),
            new_ordinal: self.new_streams,
            expected: version,
            version,
            is_sure: known.is_none_or(|stream| stream.is_sure),
            deadline: DeadlineChange::Keep,
        });
        self.streams.insert(name.clone(), self.touched.len() - 1);
        self.touched.len() - 1
    }

    /// The version to which the batch moves a stream.
    pub(super) fn version(&self, stream: &StreamName) -> Option<u64> {
        self.streams.get(stream).map(|at| self.touched[*at].version)
    }

    /// How many streams the batch creates.
    pub(super) fn new_streams(&self) -> i64 {
        self.new_streams
    }

    /// The place in the batch, from 1, of the first event that carries all the tags.
    pub(super) fn matching(&self, tags: &[String]) -> Option<u64> {
        self.placed.iter().find_map(|placed| {
            let events = &placed.waiting.checked.append.events;
            let at = events.iter().position(|event| tags.iter().all(|tag| event.tags.contains(tag)))?;
            Some(placed.first + at as u64)
        })
    }
}
