//! How far everybody is, and waiting until nothing is on its way any more.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use bus::OUTSIDE;
use chassis::Node;
use eventlog::Deadlines;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::outside::Outside;
use crate::{
    error::{Because, Error},
    services,
};

/// How often a system that is not settled is looked at again.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The last position of every log, by its name.
pub type Heads = BTreeMap<&'static str, u64>;

/// The services that run now. Clones see the same.
#[derive(Clone, Default)]
pub(super) struct Nodes(Arc<RwLock<BTreeMap<&'static str, Node>>>);

impl Nodes {
    pub(super) fn insert(&self, name: &'static str, node: Node) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name, node);
    }

    pub(super) fn remove(&self, name: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    pub(super) fn clear(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn get(&self, name: &str) -> Option<Node> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn all(&self) -> BTreeMap<&'static str, Node> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Asks the running services and the bus how far they are.
#[derive(Clone)]
pub(super) struct Progress {
    pub(super) nodes: Nodes,
    pub(super) outside: Arc<Outside>,
}

impl Progress {
    pub(super) async fn heads(&self) -> Result<Heads, Error> {
        let mut heads = BTreeMap::new();
        for (name, node) in self.nodes.all() {
            let head = node.log().head().await;
            let head = head.because(format!("查询 {name} 的日志"), format!("ask the log of {name}"))?;
            heads.insert(name, head.position);
        }
        for name in OUTSIDE {
            heads.insert(name, self.outside.last(name).await?);
        }
        Ok(heads)
    }

    pub(super) async fn settle(&self, patience: Duration) -> Result<Heads, Error> {
        let give_up = Instant::now() + patience;
        loop {
            let heads = self.heads().await?;
            if self.has_heard(&heads).await? && self.heads().await? == heads {
                return Ok(heads);
            }
            if Instant::now() > give_up {
                let seconds = patience.as_secs();
                return Err(Error::told(
                    format!("{seconds} 秒后仍有事件在途"),
                    format!("events are still on their way after {seconds} s"),
                ));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The earliest deadline of any stream of any service after an instant.
    pub(super) async fn next_deadline(&self, after: OffsetDateTime) -> Result<Option<OffsetDateTime>, Error> {
        let mut next = None;
        for (name, node) in self.nodes.all() {
            let own = Deadlines::next(node.log(), after).await;
            let own = own.because(format!("查询 {name} 的期限"), format!("ask the deadlines of {name}"))?;
            next = [next, own].into_iter().flatten().min();
        }
        Ok(next)
    }

    /// Waits until no deadline after `after` and up to `at` is left, or for so long.
    pub(super) async fn keep_deadlines(
        &self,
        after: OffsetDateTime,
        at: OffsetDateTime,
        patience: Duration,
    ) -> Result<(), Error> {
        let give_up = Instant::now() + patience;
        while self.next_deadline(after).await?.is_some_and(|next| next <= at) && Instant::now() < give_up {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn has_heard(&self, heads: &Heads) -> Result<bool, Error> {
        for (name, node) in self.nodes.all() {
            // A service's own process managers keep their place under its own name.
            for source in services::find(name)?.service.hears().chain([name]) {
                let position = node.log().inbox_position(source).await;
                let position =
                    position.because(format!("查询 {name} 的收件"), format!("ask the inbox of {name}"))?;
                if position < heads.get(source).copied().unwrap_or_default() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}
