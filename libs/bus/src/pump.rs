//! What moves positions from their arrival through their effects to the record, bounded at every step.

use std::{pin::pin, time::Duration};

use async_nats::jetstream;
use eventlog::{Error, Log};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::inbox::Board;
use crate::react::{Reactor, Stopped};
use crate::record::{Batch, Recorder};
use crate::window::{Window, Work};
use crate::{Bus, Source};

/// Positions begun and not yet recorded.
const POSITIONS_MAX: usize = 4_096;
/// The record is written at most so often, unless many positions wait for it: it delays no effect, and every write
/// of it competes with the effects for the disk.
const RECORD_EVERY: Duration = Duration::from_millis(20);
/// So many finished positions do not wait for the next time.
const RECORD_AT_ONCE: usize = 512;
/// How long work that was begun may go on after being told to stop.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// One source's work under way.
pub(crate) struct Pump {
    window: Window,
    /// Finished, and waiting until the recorder has stored what was finished before.
    finished: Batch,
    recorder: Recorder,
    /// When the record may be written again.
    record_from: Instant,
}

/// Why a pump stands still: the recorder has ended (and tells why), or we were told to stop.
#[derive(Debug)]
pub(crate) struct Ended;

impl From<Stopped> for Ended {
    fn from(_: Stopped) -> Self {
        Self
    }
}

impl Pump {
    pub(crate) fn start(
        reactor: Reactor,
        source: Source,
        bus: Option<Bus>,
        shutdown: CancellationToken,
    ) -> Self {
        let (log, board): (Log, Board) = (reactor.log.clone(), reactor.board.clone());
        let recorder = Recorder::start(log, source, bus, board, shutdown);
        Self {
            window: Window::new(reactor),
            finished: Batch::default(),
            recorder,
            record_from: Instant::now(),
        }
    }

    /// How many more positions may be begun now.
    pub(crate) fn room(&self) -> usize {
        POSITIONS_MAX.saturating_sub(self.window.len() + self.finished.taken.len())
    }

    /// Begins with the next position.
    pub(crate) fn begin(&mut self, work: Work) {
        self.window.begin(work);
        self.window.finish_into(&mut self.finished);
    }

    /// A delivery that repeats an earlier one is acknowledged after what it repeats is stored.
    pub(crate) fn repeat(&mut self, position: u64, delivery: jetstream::Message) {
        let delivery = self.window.join(position, delivery);
        self.finished.deliveries.extend(delivery);
    }

    /// Moves on by one thing, whatever comes first. Dropped while waiting, it loses nothing.
    pub(crate) async fn step(&mut self) -> Result<(), Ended> {
        let is_much = self.finished.taken.len() >= RECORD_AT_ONCE;
        let record_from = if is_much { Instant::now() } else { self.record_from };
        tokio::select! {
            permit = reserve(&self.recorder, record_from), if !self.finished.is_empty() => {
                permit.ok_or(Ended)?.send(std::mem::take(&mut self.finished));
                self.record_from = Instant::now() + RECORD_EVERY;
                Ok(())
            }
            stepped = self.window.step() => {
                stepped?;
                self.window.finish_into(&mut self.finished);
                Ok(())
            }
        }
    }

    /// Moves on while something else is waited for.
    pub(crate) async fn during<T>(&mut self, other: impl Future<Output = T>) -> Result<T, Ended> {
        let mut other = pin!(other);
        loop {
            tokio::select! {
                biased;
                found = &mut other => return Ok(found),
                stepped = self.step() => stepped?,
            }
        }
    }

    /// Moves on until so many positions may be begun.
    pub(crate) async fn make_room(&mut self, count: usize) -> Result<(), Ended> {
        while self.room() < count.min(POSITIONS_MAX) {
            self.step().await?;
        }
        Ok(())
    }

    /// Finishes what was begun if that does not take long, and records what is finished.
    pub(crate) async fn end(mut self) -> Result<(), Error> {
        let drain = async {
            while self.window.is_walking() || !self.finished.is_empty() {
                self.step().await?;
            }
            Ok::<(), Ended>(())
        };
        // What is not finished in time is done again later, to no effect.
        let _ = timeout(DRAIN_MAX, drain).await;
        self.recorder.finish().await
    }
}

async fn reserve(recorder: &Recorder, from: Instant) -> Option<mpsc::Permit<'_, Batch>> {
    sleep_until(from).await;
    recorder.reserve().await
}
