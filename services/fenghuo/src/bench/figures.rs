//! What was measured: waits and counts of one measurement, medians over rounds, rows of the table.

use std::time::Duration;

use serde::Serialize;

/// One measurement: how much was done in which time, and how long each operation took.
#[derive(Debug, Default)]
pub(super) struct Measurement {
    pub(super) events: u64,
    pub(super) elapsed: Duration,
    pub(super) waits: Vec<Duration>,
}

/// A measurement, or the median of several, in the table's units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figures {
    pub(super) events_per_s: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

impl Measurement {
    pub(super) fn figures(mut self) -> Figures {
        self.waits.sort_unstable();
        Figures {
            events_per_s: self.events as f64 / self.elapsed.as_secs_f64(),
            p50_ms: percentile(&self.waits, 50),
            p99_ms: percentile(&self.waits, 99),
        }
    }
}

/// The smallest wait that so many percent of all do not exceed, in milliseconds.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).map_or(f64::NAN, |wait| wait.as_secs_f64() * 1e3)
}

/// The medians of every figure by itself.
pub(super) fn median(rounds: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        f64::midpoint(low, high)
    };
    Figures { events_per_s: of(|f| f.events_per_s), p50_ms: of(|f| f.p50_ms), p99_ms: of(|f| f.p99_ms) }
}

/// A line of the table: medians of ours and of the baseline. `ratio` divides the two rates.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    /// What was measured, as a word that does not change with the language.
    pub(super) case: &'static str,
    pub(super) clients: usize,
    #[serde(serialize_with = "short")]
    pub(super) events_per_s: f64,
    #[serde(serialize_with = "short")]
    pub(super) p50_ms: f64,
    #[serde(serialize_with = "short")]
    pub(super) p99_ms: f64,
    #[serde(serialize_with = "short_option")]
    pub(super) raw_events_per_s: Option<f64>,
    #[serde(serialize_with = "short_option")]
    pub(super) ratio: Option<f64>,
    #[serde(serialize_with = "short_option")]
    pub(super) raw_p50_ms: Option<f64>,
    #[serde(serialize_with = "short_option")]
    pub(super) raw_p99_ms: Option<f64>,
    /// The clients of the baseline, where they are not as many as ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) raw_clients: Option<usize>,
    /// The longest of all waits, where none may be too long.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "short_option")]
    pub(super) worst_ms: Option<f64>,
    /// Events that were sent, where all of them were looked for at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sent: Option<u64>,
    /// Those of them that did not arrive, or arrived twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) missed: Option<u64>,
    /// What happened meanwhile, where many listened.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) crowd: Option<Crowd>,
}

/// What happened while many listened.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Crowd {
    /// How fast the log grew.
    #[serde(serialize_with = "short")]
    pub(super) appends_per_s: f64,
    /// By how much this process did.
    #[serde(serialize_with = "short")]
    pub(super) grown_mib: f64,
}

impl Row {
    /// A row without a baseline.
    pub(super) fn alone(case: &'static str, clients: usize, ours: Figures) -> Self {
        Self {
            case,
            clients,
            events_per_s: ours.events_per_s,
            p50_ms: ours.p50_ms,
            p99_ms: ours.p99_ms,
            raw_events_per_s: None,
            ratio: None,
            raw_p50_ms: None,
            raw_p99_ms: None,
            raw_clients: None,
            worst_ms: None,
            sent: None,
            missed: None,
            crowd: None,
        }
    }

    /// A row with its baseline.
    pub(super) fn beside(case: &'static str, clients: usize, ours: Figures, raw: Figures) -> Self {
        Self {
            raw_events_per_s: Some(raw.events_per_s),
            ratio: Some(ours.events_per_s / raw.events_per_s),
            raw_p50_ms: Some(raw.p50_ms),
            raw_p99_ms: Some(raw.p99_ms),
            ..Self::alone(case, clients, ours)
        }
    }
}

/// Three decimals: a microsecond, or less than a measurement can tell.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

fn short<S: serde::Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(rounded(*value))
}

fn short_option<S: serde::Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(rounded).serialize(serializer)
}
