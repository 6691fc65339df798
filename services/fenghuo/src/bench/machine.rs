//! The machine that is measured, so that nobody reads a figure without it.

use std::{fs, thread};

use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A machine and how busy it was before the bench began.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Machine {
    /// When the bench began.
    pub(super) at: String,
    pub(super) processor: Option<String>,
    pub(super) cores: usize,
    /// Processes that wanted to run during the last minute, on average; above zero others were at work.
    pub(super) load: Option<f64>,
}

impl Machine {
    /// Looks at this machine. What it does not tell stays unknown.
    pub(super) fn look() -> Self {
        Self {
            at: OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
            processor: processor(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            load: load(),
        }
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim().to_owned())
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// MiB of this process in memory; 0 where the system does not tell.
pub(super) fn resident_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1_024.0
}
