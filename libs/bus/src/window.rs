//! Positions that are being worked on: begun in order, finished in any, handed to the record in order again.
//!
//! **Invariant**: on one target stream, reactions are executed one after the other in the order of their causes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use async_nats::jetstream;
use bytes::Bytes;
use decider::{Reaction, StreamName};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use crate::react::{Cause, Reactor, Stopped};
use crate::record::{Batch, Parked, Taken};

/// Streams that are worked on at the same time; enough for the log to commit them together.
const STREAMS_AT_ONCE: usize = 256;

/// One position: what is to be done, and what will be remembered of it.
pub(crate) struct Work {
    pub(crate) taken: Taken,
    /// What will be acknowledged.
    pub(crate) delivery: Option<jetstream::Message>,
    /// The message as it came, should it have to be parked.
    pub(crate) message: Bytes,
    pub(crate) cause: Option<Arc<dyn Cause>>,
    pub(crate) reactions: Vec<Reaction>,
}

/// The positions between the last that was finished with all before it and the last that was begun.
pub(crate) struct Window {
    reactor: Arc<Reactor>,
    entries: VecDeque<Entry>,
    /// The streams with a step under way, and the steps that wait for it.
    streams: HashMap<StreamName, VecDeque<Step>>,
    /// Steps whose stream is free.
    ready: VecDeque<Step>,
    walking: FuturesUnordered<BoxFuture<'static, Result<Walked, Stopped>>>,
}

struct Entry {
    taken: Taken,
    deliveries: Vec<jetstream::Message>,
    message: Bytes,
    steps_left: usize,
}

/// One reaction of one cause.
struct Step {
    position: u64,
    index: usize,
    cause: Arc<dyn Cause>,
    reaction: Reaction,
}

/// A step that was executed, or why it never can be.
struct Walked {
    position: u64,
    stream: StreamName,
    failure: Option<String>,
}

impl Window {
    pub(crate) fn new(reactor: Reactor) -> Self {
        Self {
            reactor: Arc::new(reactor),
            entries: VecDeque::new(),
            streams: HashMap::new(),
            ready: VecDeque::new(),
            walking: FuturesUnordered::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_walking(&self) -> bool {
        !self.walking.is_empty()
    }

    /// Begins with the next position.
    pub(crate) fn begin(&mut self, work: Work) {
        let Work { taken, delivery, message, cause, reactions } = work;
        let position = taken.position;
        let steps_left = reactions.len();
        let deliveries = delivery.into_iter().collect();
        self.entries.push_back(Entry { taken, deliveries, message, steps_left });
        for (index, reaction) in reactions.into_iter().enumerate() {
            let cause = Arc::clone(cause.as_ref().expect("whatever has reactions has a cause"));
            self.line_up(Step { position, index, cause, reaction });
        }
        self.start();
    }

    /// Gives a repeated delivery of a position to it, to be acknowledged after it; back if it is finished.
    pub(crate) fn join(&mut self, position: u64, delivery: jetstream::Message) -> Option<jetstream::Message> {
        match self.entry(position) {
            Some(entry) => entry.deliveries.push(delivery),
            None => return Some(delivery),
        }
        None
    }

    /// Waits until a step is executed; for ever if none is under way. Dropped while waiting, it loses nothing.
    pub(crate) async fn step(&mut self) -> Result<(), Stopped> {
        let Some(walked) = self.walking.next().await else { return std::future::pending().await };
        let Walked { position, stream, failure } = walked?;
        if let Some(entry) = self.entry(position) {
            entry.steps_left -= 1;
            if let (Some(reason), None) = (failure, &entry.taken.parked) {
                entry.taken.parked = Some(Parked { reason, message: entry.message.clone() });
            }
        }
        match self.streams.get_mut(&stream).and_then(VecDeque::pop_front) {
            Some(next) => self.ready.push_back(next),
            None => drop(self.streams.remove(&stream)),
        }
        self.start();
        Ok(())
    }

    /// Moves what is finished, with everything before it, into a batch.
    pub(crate) fn finish_into(&mut self, batch: &mut Batch) {
        while let Some(entry) = self.entries.pop_front_if(|entry| entry.steps_left == 0) {
            batch.taken.push(entry.taken);
            batch.deliveries.extend(entry.deliveries);
        }
    }

    fn line_up(&mut self, step: Step) {
        match self.streams.get_mut(&step.reaction.order.stream) {
            Some(waiting) => waiting.push_back(step),
            None => {
                self.streams.insert(step.reaction.order.stream.clone(), VecDeque::new());
                self.ready.push_back(step);
            }
        }
    }

    fn start(&mut self) {
        while self.walking.len() < STREAMS_AT_ONCE
            && let Some(Step { position, index, cause, reaction }) = self.ready.pop_front()
        {
            let reactor = Arc::clone(&self.reactor);
            self.walking.push(Box::pin(async move {
                let stream = reaction.order.stream.clone();
                let failure = reactor.perform(&*cause, index, reaction).await?;
                Ok(Walked { position, stream, failure })
            }));
        }
    }

    fn entry(&mut self, position: u64) -> Option<&mut Entry> {
        let first = self.entries.front()?.taken.position;
        self.entries.get_mut(usize::try_from(position.checked_sub(first)?).ok()?)
    }
}
