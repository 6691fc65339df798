//! One witness is asked, until it has cosigned; what it holds already is learnt from its answers.

use std::{sync::Arc, time::Duration};

use merkle::{
    Note, Sha256,
    note::NoteSignature,
    tile::ReadError,
    tree::{Plan, PlanError},
    witness::{AddCheckpoint, RequestError},
};
use tokio::sync::{mpsc, watch};
use witness::{Answer, AskError, Peer};

use super::{Status, finality::WitnessStatus, gather::Heard};
use crate::Tiles;

/// Answers of one witness in a row that only name a size; one leads on, and one more may come from a neighbour.
const SIZES_MAX: usize = 3;

/// A checkpoint that is stored and published, and may be shown to witnesses.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) size: u64,
    pub(super) note: Note,
}

/// What all witnesses are asked to cosign now.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub(super) number: u64,
    pub(super) signed: Arc<Signed>,
}

/// A witness's line under the checkpoint of a round.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) round: u64,
    pub(super) signature: NoteSignature,
}

/// Why there is no line.
#[derive(Debug, thiserror::Error)]
enum Unsigned {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("it holds {held} events, more than are signed here")]
    Ahead { held: u64 },
    #[error("it holds another root of {size} events")]
    Fork { size: u64 },
    #[error("it names one size after the other")]
    Fickle,
    #[error("prove to it what it holds")]
    Tiles(#[from] ReadError<std::io::Error>),
    #[error("prove to it what it holds")]
    Plan(#[from] PlanError),
    #[error("prove to it what it holds")]
    Request(#[from] RequestError),
    #[error("prove to it what it holds")]
    Broken(#[from] tokio::task::JoinError),
}

/// Asks one witness, round after round.
pub(super) struct Asker {
    pub(super) peer: Peer,
    /// Its place among the witnesses.
    pub(super) index: usize,
    pub(super) tiles: Tiles,
    pub(super) rounds: watch::Receiver<Round>,
    pub(super) lines: mpsc::Sender<Line>,
    pub(super) heard: mpsc::Sender<Heard>,
    pub(super) status: watch::Sender<Status>,
    pub(super) retry: Duration,
    pub(super) retry_max: Duration,
}

impl Asker {
    /// Ends when nobody wants to hear of it any more.
    pub(super) async fn run(mut self) {
        let mut round = self.rounds.borrow_and_update().clone();
        // Asking as if it held the same brings its size, or its line.
        let mut held = round.signed.size;
        let mut wait = self.retry;
        loop {
            let next = match self.ask(&mut held, &round.signed).await {
                Ok(signature) => {
                    wait = self.retry;
                    self.tell(|witness| witness.cosigned(round.signed.size));
                    let line = Line { round: round.number, signature };
                    self.lines.send(line).await.is_ok() && self.rounds.changed().await.is_ok()
                }
                Err(unsigned) => {
                    let alarmed = self.alarm(&unsigned).await;
                    self.tell(|witness| witness.troubled(crate::chain(&unsigned)));
                    tokio::time::sleep(wait).await;
                    wait = self.retry_max.min(wait * 2);
                    alarmed
                }
            };
            if !next {
                return;
            }
            round = self.rounds.borrow_and_update().clone();
        }
    }

    async fn ask(&self, held: &mut u64, signed: &Arc<Signed>) -> Result<NoteSignature, Unsigned> {
        for _ in 0..SIZES_MAX {
            let request = self.request(*held, signed).await?;
            match self.peer.add_checkpoint(&request).await {
                Ok(Answer::Cosigned(line)) => {
                    *held = signed.size;
                    return Ok(line);
                }
                Ok(Answer::Holds(size)) if size > signed.size => return Err(Unsigned::Ahead { held: size }),
                Ok(Answer::Holds(size)) if size == *held => return Err(Unsigned::Fork { size }),
                Ok(Answer::Holds(size)) => *held = size,
                Err(AskError::OtherHistory { .. }) => return Err(Unsigned::Fork { size: *held }),
                Err(error) => return Err(error.into()),
            }
        }
        Err(Unsigned::Fickle)
    }

    /// Shows that the checkpoint extends what the witness holds; read beside the runtime.
    async fn request(&self, held: u64, signed: &Arc<Signed>) -> Result<AddCheckpoint, Unsigned> {
        let (tiles, signed) = (self.tiles.clone(), Arc::clone(signed));
        tokio::task::spawn_blocking(move || {
            let plan = Plan::consistency(held, signed.size, signed.size)?;
            let proof = plan.hashes::<Sha256, _>(&tiles)?;
            Ok(AddCheckpoint::new(held, proof, signed.note.clone())?)
        })
        .await?
    }

    /// What may mean that this log must not be signed any more, is for the session to judge.
    async fn alarm(&self, unsigned: &Unsigned) -> bool {
        let witness = || self.peer.name().to_owned();
        let heard = match unsigned {
            Unsigned::Ahead { held } => Heard::Ahead { witness: witness(), held: *held },
            Unsigned::Fork { size } => Heard::Fork { witness: witness(), size: *size },
            _ => return !self.heard.is_closed(),
        };
        self.heard.send(heard).await.is_ok()
    }

    fn tell(&self, change: impl FnOnce(&mut WitnessStatus)) {
        self.status.send_modify(|status| {
            let finality = status.finality.as_mut();
            if let Some(witness) = finality.and_then(|finality| finality.witnesses.get_mut(self.index)) {
                change(witness);
            }
        });
    }
}
