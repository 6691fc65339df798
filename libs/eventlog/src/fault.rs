//! Named points at which a test may kill the process, as a power cut would.
//!
//! **Invariant**: without `FENGHUO_CRASH_AT` a point is one atomic load.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

/// The environment variable that names a point, as `name` or `name@n` for the n-th time it is reached.
pub const VARIABLE: &str = "FENGHUO_CRASH_AT";

struct Plan {
    name: String,
    left: AtomicU64,
}

static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

/// Aborts the process, without any clean-up, if the environment asks for it here.
pub fn point(name: &str) {
    if is_due(name) {
        std::process::abort();
    }
}

/// Whether the environment asks for an abort here, for points that need to do something first.
pub fn is_due(name: &str) -> bool {
    PLAN.get_or_init(read)
        .as_ref()
        .is_some_and(|plan| plan.name == name && plan.left.fetch_sub(1, Ordering::Relaxed) == 1)
}

fn read() -> Option<Plan> {
    let text = std::env::var(VARIABLE).ok()?;
    let (name, count) = text.split_once('@').unwrap_or((&text, "1"));
    Some(Plan { name: name.to_owned(), left: AtomicU64::new(count.parse().unwrap_or(1)) })
}
