//! Where the log ends, and where a batch comes to stand behind it.

use time::{Duration, OffsetDateTime};

use super::plan::{Plan, Touched};

/// Where the log ends, or will end: what a batch tells the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// The position of the last event.
    pub(crate) position: u64,
    /// When the last event was recorded.
    pub(crate) recorded_at: OffsetDateTime,
    /// How many streams there are, which is also the id of the last.
    pub(crate) streams: i64,
}

impl From<(i64, OffsetDateTime, i64)> for End {
    fn from((position, recorded_at, streams): (i64, OffsetDateTime, i64)) -> Self {
        Self { position: position.cast_unsigned(), recorded_at, streams }
    }
}

impl End {
    /// The end, unless the log was seen beyond it: an older copy of a log is not written to.
    pub(super) fn not_before(self, seen: u64) -> Result<Self, sqlx::Error> {
        if self.position >= seen {
            return Ok(self);
        }
        let Self { position, .. } = self;
        let text = format!("the log ends at {position}, but was seen beyond: is this an older copy of it?");
        Err(sqlx::Error::Configuration(text.into()))
    }
}

/// Where a batch comes to stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placement {
    /// The end before it.
    pub(super) before: End,
    /// The end after it.
    pub(super) after: End,
    /// The recording time of its first event; the others follow by a microsecond each.
    recorded_base: OffsetDateTime,
}

impl Placement {
    /// Places a batch behind an end. Time never runs backwards in a log, whatever the clock does.
    pub(super) fn behind(before: End, plan: &Plan, now: OffsetDateTime) -> Self {
        // The database keeps microseconds.
        let now = now - Duration::nanoseconds(i64::from(now.nanosecond() % 1_000));
        let recorded_base = now.max(before.recorded_at + Duration::MICROSECOND);
        let mut placement = Self { before, after: before, recorded_base };
        placement.after = End {
            position: before.position + plan.events,
            recorded_at: placement.recorded_at(plan.events),
            streams: before.streams + plan.new_streams(),
        };
        placement
    }

    /// The position of the event in this place of the batch, from 1.
    pub(super) fn position(&self, place: u64) -> u64 {
        self.before.position + place
    }

    /// When it is recorded.
    pub(super) fn recorded_at(&self, place: u64) -> OffsetDateTime {
        self.recorded_base + Duration::microseconds(place.cast_signed() - 1)
    }

    /// The id of a stream that the batch moves.
    pub(super) fn stream_id(&self, stream: &Touched) -> i64 {
        stream.id.unwrap_or(self.before.streams + stream.new_ordinal)
    }
}
