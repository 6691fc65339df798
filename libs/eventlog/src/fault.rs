//! Named points at which a test may kill the process, as a power cut would, or let it stand still.
//!
//! **Invariant**: without `FENGHUO_CRASH_AT` a point is one atomic load.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

/// The environment variable that names a point, as `name` or `name@n` for the n-th time it is reached; `stall:name` lets
/// the whole process stand still there, until somebody continues it.
pub const VARIABLE: &str = "FENGHUO_CRASH_AT";

struct Plan {
    name: String,
    stalls: bool,
    left: AtomicU64,
}

static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

/// Aborts the process, without any clean-up, or stops it, if the environment asks for it here.
pub fn point(name: &str) {
    if !is_due(name) {
        return;
    }
    match PLAN.get().and_then(Option::as_ref) {
        Some(plan) if plan.stalls => stall(),
        _ => std::process::abort(),
    }
}

/// Stops this process as a suspended machine would be; it goes on from here with SIGCONT.
fn stall() {
    let stopped =
        std::process::Command::new("kill").args(["-STOP", &std::process::id().to_string()]).status();
    assert!(
        stopped.is_ok_and(|status| status.success()),
        "a test asked for a process that cannot be stopped"
    );
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
    let (name, stalls) = name.strip_prefix("stall:").map_or((name, false), |name| (name, true));
    Some(Plan { name: name.to_owned(), stalls, left: AtomicU64::new(count.parse().unwrap_or(1)) })
}
