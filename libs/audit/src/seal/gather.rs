//! Cosignatures are gathered beside sealing: witnesses that are slow or away delay finality and nothing else.
//!
//! All witnesses are asked for the same checkpoint until enough have cosigned it, then for the newest one: asked for
//! whatever is newest, they might never meet under one.
//!
//! **Invariant**: a witness is shown only checkpoints that are stored and published, each not smaller than the last.

use std::{sync::Arc, time::Duration};

use merkle::Note;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{
    Status, Witnesses,
    ask::{Asker, Line, Round, Signed},
    stamp::Stamper,
};
use crate::Tiles;

/// How long witnesses beyond the quorum may still add their lines.
const GRACE: Duration = Duration::from_millis(300);
/// Lines and news that may wait to be taken.
const WAITING_MAX: usize = 64;

/// What the session that seals must know.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A checkpoint has its quorum.
    Final { size: u64, note: Note },
    /// A final checkpoint has a token that says when.
    Stamped { size: u64, note: Note, token: Vec<u8> },
    /// A witness holds more than it was shown.
    Ahead { witness: String, held: u64 },
    /// A witness holds what this log does not begin with.
    Fork { witness: String, size: u64 },
}

/// The gathering of one session; it ends when this is dropped.
pub(super) struct Gathering {
    newest: watch::Sender<Arc<Signed>>,
    finals: watch::Sender<Option<Arc<Signed>>>,
    heard: mpsc::Receiver<Heard>,
    _tasks: JoinSet<()>,
}

impl Gathering {
    /// Begins with the last checkpoint: what its witnesses hold is asked at once.
    pub(super) fn start(
        witnesses: &Witnesses,
        tiles: &Tiles,
        status: &watch::Sender<Status>,
        last: Signed,
    ) -> Self {
        let newest = watch::Sender::new(Arc::new(last));
        let (tell, heard) = mpsc::channel(WAITING_MAX);
        let (say, lines) = mpsc::channel(WAITING_MAX);
        let rounds = watch::Sender::new(Round { number: 0, signed: newest.borrow().clone() });
        let mut tasks = JoinSet::new();
        for (index, peer) in witnesses.peers.iter().cloned().enumerate() {
            let (rounds, lines, heard) = (rounds.subscribe(), say.clone(), tell.clone());
            let (tiles, status) = (tiles.clone(), status.clone());
            let (retry, retry_max) = (witnesses.retry, witnesses.retry_max);
            let asker = Asker { peer, index, tiles, rounds, lines, heard, status, retry, retry_max };
            tasks.spawn(asker.run());
        }
        let finals = watch::Sender::new(None);
        if let Some(tsa) = witnesses.tsa.clone() {
            let (finals, heard, status) = (finals.subscribe(), tell.clone(), status.clone());
            tasks.spawn(Stamper { tsa, finals, heard, status }.run());
        }
        let (all, quorum, refresh) = (witnesses.peers.len(), witnesses.quorum, witnesses.refresh);
        let gatherer = Gatherer { newest: newest.subscribe(), rounds, lines, tell, all, quorum, refresh };
        tasks.spawn(gatherer.run());
        Self { newest, finals, heard, _tasks: tasks }
    }

    /// A further checkpoint is stored and published.
    pub(super) fn offer(&self, signed: Signed) {
        self.newest.send_replace(Arc::new(signed));
    }

    /// A checkpoint is final, and that is published.
    pub(super) fn finished(&self, signed: Signed) {
        self.finals.send_replace(Some(Arc::new(signed)));
    }

    pub(super) async fn heard(&mut self) -> Heard {
        match self.heard.recv().await {
            Some(heard) => heard,
            None => std::future::pending().await,
        }
    }

    /// What was heard already.
    pub(super) fn heard_now(&mut self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }
}

/// Puts the lines of one round under its checkpoint.
struct Gatherer {
    newest: watch::Receiver<Arc<Signed>>,
    rounds: watch::Sender<Round>,
    lines: mpsc::Receiver<Line>,
    tell: mpsc::Sender<Heard>,
    all: usize,
    quorum: usize,
    refresh: Duration,
}

impl Gatherer {
    async fn run(mut self) {
        let mut round = self.rounds.borrow().clone();
        while let Some(note) = self.gather(&round).await {
            let size = round.signed.size;
            if self.tell.send(Heard::Final { size, note }).await.is_err() {
                return;
            }
            // A log that does not grow is cosigned anew from time to time: the lines say until when it did not.
            if let Ok(Err(_)) = tokio::time::timeout(self.refresh, self.newest.changed()).await {
                return;
            }
            let signed = self.newest.borrow_and_update().clone();
            round = Round { number: round.number + 1, signed };
            self.rounds.send_replace(round.clone());
        }
    }

    /// The note with the lines of the quorum, and of others who were quick.
    async fn gather(&mut self, round: &Round) -> Option<Note> {
        let mut note = round.signed.note.clone();
        let (mut count, mut end) = (0, None);
        while count < self.all {
            let line = match end {
                None => self.lines.recv().await,
                Some(end) => match timeout_at(end, self.lines.recv()).await {
                    Ok(line) => line,
                    Err(_) => break,
                },
            };
            let line = line?;
            // Of an earlier round it came too late.
            if line.round != round.number {
                continue;
            }
            note.add(line.signature);
            count += 1;
            if count == self.quorum {
                end = Some(Instant::now() + GRACE);
            }
        }
        Some(note)
    }
}
