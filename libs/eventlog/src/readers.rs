//! Connections kept at hand for the next read. The pool asks every connection that comes back for a sign of life,
//! which is a round trip as long as the load of a short stream.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use sqlx::{PgPool, Postgres, pool::PoolConnection};

use crate::connect::REST_MAX;

/// One of so many connections of the pool may be kept; the others are for whoever else needs one.
const SHARE: usize = 5;

/// Connections of the pool that finished a read and are in good order.
pub(crate) struct Readers {
    pool: PgPool,
    idle: Mutex<Vec<(PoolConnection<Postgres>, Instant)>>,
}

impl Readers {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, idle: Mutex::default() }
    }

    /// A connection to read with. One that rested long goes the way of the pool, which looks whether it is alive.
    pub(crate) async fn take(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let kept = self.idle().pop();
        match kept {
            Some((db, since)) if since.elapsed() <= REST_MAX => Ok(db),
            _ => self.pool.acquire().await,
        }
    }

    /// Keeps a connection whose last answer was read to the end; any other must be dropped instead.
    pub(crate) fn keep(&self, db: PoolConnection<Postgres>) {
        let mut idle = self.idle();
        let most = self.pool.options().get_max_connections() as usize / SHARE;
        if idle.len() < most && !self.pool.is_closed() {
            idle.push((db, Instant::now()));
        }
    }

    /// Closes the pool with all that is kept.
    pub(crate) async fn close(&self) {
        let closed = self.pool.close();
        self.idle().clear();
        closed.await;
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(PoolConnection<Postgres>, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Readers {
    /// Going back to the pool would take a runtime, and the last log handle may outlive it.
    fn drop(&mut self) {
        for (db, _) in self.idle().drain(..) {
            drop(db.detach());
        }
    }
}
