//! How large events and appends may be: what the clients are built for, where the log allows it.

use eventlog::Options;

/// What clients may send in one event, data and metadata together.
const EVENT_BYTES_MAX: usize = 16 << 20;
/// What they may send in one append.
const APPEND_BYTES_MAX: usize = 64 << 20;
/// Events of one append.
const APPEND_EVENTS_MAX: usize = 10_000;
/// Largest gRPC message: one largest event and what is around it.
pub(crate) const MESSAGE_BYTES_MAX: usize = EVENT_BYTES_MAX + (1 << 20);
/// What base64 and the envelope add at most, beside four thirds of the bytes.
const ENVELOPE_BYTES: usize = 4 << 10;

/// The bounds of what clients may append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one event's data and metadata.
    pub event_bytes_max: usize,
    /// Bytes of one append.
    pub append_bytes_max: usize,
    /// Events of one append.
    pub append_events_max: usize,
}

impl Limits {
    /// The bounds that hold for a log with these options: whatever is within them, the log can store.
    pub(crate) fn of(options: &Options) -> Self {
        Self {
            event_bytes_max: EVENT_BYTES_MAX.min(unsealed(options.event_bytes_max)),
            append_bytes_max: APPEND_BYTES_MAX.min(unsealed(options.batch_bytes_max)),
            append_events_max: options.append_events_max,
        }
    }
}

/// The options of a log that is there for clients of the door only: with room for their largest events.
pub fn log_options(options: Options) -> Options {
    Options {
        event_bytes_max: sealed(EVENT_BYTES_MAX),
        batch_bytes_max: sealed(APPEND_BYTES_MAX) + APPEND_EVENTS_MAX * ENVELOPE_BYTES,
        queue_bytes_max: 4 * sealed(APPEND_BYTES_MAX),
        append_events_max: APPEND_EVENTS_MAX,
        ..options
    }
}

fn sealed(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4 + ENVELOPE_BYTES
}

fn unsealed(bytes: usize) -> usize {
    bytes.saturating_sub(ENVELOPE_BYTES) / 4 * 3
}
