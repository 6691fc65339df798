//! Finding missed messages again: on the bus by their sequences, else in their owner's log, else nowhere.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};

use super::item::Item;
use super::{Interruption, Listener};
use crate::BackfillError;
use crate::backoff::Backoff;
use crate::chain::Chain;

/// Sequences asked for at the same time.
const GETS_AT_ONCE: usize = 32;
/// How often a message that nobody has is asked for before it is taken for lost.
const TRIES_MAX: u32 = 5;
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LONGEST: Duration = Duration::from_secs(2);

impl Listener {
    /// What the source has at positions `from` to `to`, one item each. An owner that is away is waited for.
    pub(super) async fn refind(&self, from: u64, to: u64) -> Result<Vec<Item>, Interruption> {
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        let mut found: Vec<Option<Item>> = (from..=to).map(|_| None).collect();
        let mut tries = 0;
        loop {
            self.get_from_the_bus(from, &mut found).await?;
            let has_failed = match self.get_from_the_log(from, &mut found).await {
                Ok(()) | Err(BackfillError::NoLog(_)) => false,
                Err(error) => {
                    tracing::warn!(source = %self.source, error = %Chain(&error), "could not ask the owner for missed messages");
                    self.board.wait(Chain(&error).to_string());
                    true
                }
            };
            if found.iter().all(Option::is_some) {
                return Ok(found.into_iter().flatten().collect());
            }
            // Only an answer counts: nothing is lost because its owner was away.
            tries += u32::from(!has_failed);
            if tries >= TRIES_MAX {
                return Ok(self.give_up(from, found));
            }
            if !backoff.wait(&self.shutdown).await {
                return Err(Interruption::Stopped);
            }
        }
    }

    async fn get_from_the_bus(&self, from: u64, found: &mut [Option<Item>]) -> Result<(), Interruption> {
        // Of what the stream has dropped by age nothing needs to be asked for one by one.
        let first = self.wiring.bus.extent(&self.source).await?.first;
        let missing = missing(from, found).into_iter().filter(|sequence| *sequence >= first);
        let stored: Vec<_> = stream::iter(missing)
            .map(|sequence| self.wiring.bus.stored(&self.source, sequence))
            .buffer_unordered(GETS_AT_ONCE)
            .try_collect()
            .await?;
        let mut count = 0;
        for stored in stored.into_iter().flatten() {
            count += 1;
            let place = place(from, stored.sequence);
            found[place] = Some(Item::stored(stored));
        }
        self.board.note(|status| status.refound += count);
        Ok(())
    }

    async fn get_from_the_log(&self, from: u64, found: &mut [Option<Item>]) -> Result<(), BackfillError> {
        let missing = missing(from, found);
        let (Some(first), Some(last)) = (missing.first(), missing.last()) else {
            return Ok(());
        };
        let mut messages = self.wiring.backfill.fetch(self.source.as_str(), *first, *last).await?;
        let mut count = 0;
        for position in missing {
            if let Some(payload) = messages.remove(&position) {
                count += 1;
                found[place(from, position)] = Some(Item::backfilled(position, payload));
            }
        }
        self.board.note(|status| {
            status.refound += count;
            status.backfilled += count;
        });
        Ok(())
    }

    /// What nobody has is taken for lost, and said aloud at the beginning of each run of such positions.
    fn give_up(&self, from: u64, found: Vec<Option<Item>>) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::with_capacity(found.len());
        let lost = missing(from, &found);
        tracing::error!(source = %self.source, first = lost.first(), count = lost.len(), "messages are lost");
        self.board.note(|status| status.lost += lost.len() as u64);
        for (position, item) in (from..).zip(found) {
            let is_first = position == from || !lost.contains(&(position - 1));
            items.push(
                item.unwrap_or_else(|| Item::lost(position, is_first.then(|| reason(&lost, position)))),
            );
        }
        items
    }
}

fn reason(lost: &[u64], first: u64) -> String {
    let run =
        lost.iter().skip_while(|position| **position < first).zip(first..).take_while(|(a, b)| **a == *b);
    let last = first + run.count() as u64 - 1;
    format!("positions {first} to {last} exist neither on the bus nor in a log that could be asked")
}

fn missing(from: u64, found: &[Option<Item>]) -> Vec<u64> {
    (from..).zip(found).filter(|(_, item)| item.is_none()).map(|(position, _)| position).collect()
}

fn place(from: u64, position: u64) -> usize {
    usize::try_from(position - from).expect("a page of positions")
}
