//! What a session of sealing does with its witnesses: it hears them before it begins, and makes final what they sign.

use eventlog::fault;
use merkle::Note;
use sqlx::PgConnection;

use super::{
    Finality, Refusal, SealError, Sealer,
    ahead::Ahead,
    ask::Signed,
    batch::Tree,
    gather::{Gathering, Heard},
    shadow::Shadow,
};
use crate::record::{self, Lease};

/// What one session of sealing holds.
pub(super) struct Session<'a> {
    pub(super) db: &'a mut PgConnection,
    pub(super) lease: &'a Lease,
    pub(super) gathering: Option<Gathering>,
    pub(super) ahead: Ahead,
    pub(super) shadow: Option<Shadow>,
}

/// The next news of the witnesses; none ever, where there are none.
pub(super) async fn heard(gathering: &mut Option<Gathering>) -> Heard {
    match gathering {
        Some(gathering) => gathering.heard().await,
        None => std::future::pending().await,
    }
}

impl Sealer {
    /// Begins to gather cosignatures, with the last checkpoint, or that of the empty log.
    pub(super) async fn gather(
        &self,
        tree: &Tree,
        db: &mut PgConnection,
    ) -> Result<Option<Gathering>, SealError> {
        let Some(witnesses) = &self.sealing.witnesses else { return Ok(None) };
        let finality = Finality::unasked(witnesses, record::last_final(db).await?);
        self.status.send_modify(|status| status.finality = Some(finality));
        let last = Signed { size: tree.size(), note: tree.checkpoint(self.sealing.signer.as_ref())? };
        Ok(Some(Gathering::start(witnesses, tree.tiles(), &self.status, last)))
    }

    /// Before anything new is signed, hears what the witnesses hold, as far as they answer in time: a database and a
    /// folder that were restored together know nothing of what they lost. Who answers later is heard later.
    pub(super) async fn fence(&self, tree: &Tree, session: &mut Session<'_>) -> Result<(), SealError> {
        let Some(witnesses) = &self.sealing.witnesses else { return Ok(()) };
        let mut status = self.status.subscribe();
        let asked = status.wait_for(|status| status.finality.as_ref().is_none_or(Finality::is_asked));
        if tokio::time::timeout(witnesses.fence, asked).await.is_err() {
            tracing::warn!(schema = self.schema(), "sealing begins before every witness has answered");
        }
        while let Some(heard) = session.gathering.as_mut().and_then(Gathering::heard_now) {
            self.hear(heard, tree, session).await?;
        }
        Ok(())
    }

    pub(super) async fn hear(
        &self,
        heard: Heard,
        tree: &Tree,
        session: &mut Session<'_>,
    ) -> Result<(), SealError> {
        match heard {
            Heard::Final { size, note } => self.finish(size, &note, tree, session).await,
            Heard::Stamped { size, note, token } => {
                tree.keep_token(size, note.to_string().into_bytes(), token).await?;
                self.tell_finality(|finality| finality.tsa.iter_mut().for_each(|tsa| tsa.cosigned(size)));
                Ok(())
            }
            Heard::Fork { witness, size } => Err(Refusal::WitnessFork { witness, size }.into()),
            Heard::Ahead { witness, held } => {
                // Another process may have sealed on: then it showed the witness more, and the database knows.
                let stored = record::last(session.db).await?.map_or(0, |last| last.size);
                if stored >= held {
                    return Err(SealError::Fenced);
                }
                Err(Refusal::WitnessAhead { witness, held, stored }.into())
            }
        }
    }

    /// Stores and publishes a checkpoint that has its quorum. The empty log's is only asked for to hear of others.
    async fn finish(
        &self,
        size: u64,
        note: &Note,
        tree: &Tree,
        session: &mut Session<'_>,
    ) -> Result<(), SealError> {
        let Some(witnesses) = self.sealing.witnesses.as_ref().filter(|_| size > 0) else { return Ok(()) };
        let text = note.to_string();
        let accepted = witnesses.policy.accept(text.as_bytes());
        accepted.map_err(|error| Refusal::Unsigned { size, why: error.to_string() })?;
        // Cosigned anew, it only has newer lines.
        let is_new = size > record::last_final(session.db).await?;
        if is_new && !session.lease.store_final(session.db, size, &text).await? {
            return Err(SealError::Fenced);
        }
        fault::point("seal.after_final_row");
        tree.publish_final(text.into_bytes()).await?;
        self.tell_finality(|finality| finality.size = size);
        if let Some(gathering) = &session.gathering {
            gathering.finished(Signed { size, note: note.clone() });
        }
        Ok(())
    }

    fn tell_finality(&self, change: impl FnOnce(&mut Finality)) {
        self.status.send_modify(|status| {
            if let Some(finality) = &mut status.finality {
                change(finality);
            }
        });
    }
}
