//! The system as a whole: who may depend on whom, who tells whom what, and what survives. The tests are in `it/`; here
//! is what they share.

use std::{
    sync::{Arc, OnceLock},
    thread,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Waits for a turn to start a whole system, and keeps it until dropped. More systems than the machine has cores for
/// would only run into each other's time limits.
pub async fn turn() -> OwnedSemaphorePermit {
    static TURNS: OnceLock<Arc<Semaphore>> = OnceLock::new();
    let turns = TURNS.get_or_init(|| {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Arc::new(Semaphore::new((cores / 2).max(1)))
    });
    Arc::clone(turns).acquire_owned().await.expect("nobody closes the semaphore")
}
