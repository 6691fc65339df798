//! A log's way to a witness.

use merkle::{
    Note, VerifierKey,
    note::NoteSignature,
    witness::{AddCheckpoint, cosignatures, latest_size},
};

use crate::{
    http::{Client, HttpError, Response},
    server::ADD_CHECKPOINT,
};

/// The longest reason of a witness that is told on.
const REASON_MAX: usize = 200;

/// A witness to be asked: where it is, and the key that shows it is the one.
#[derive(Clone, Debug)]
pub struct Peer {
    url: String,
    key: VerifierKey,
    http: Client,
}

/// What a witness says to a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It cosigned; the signature has been verified.
    Cosigned(NoteSignature),
    /// It holds a checkpoint of this size, and wants to be shown how the new one extends it.
    Holds(u64),
}

/// Why a witness gave no answer that leads on.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error(transparent)]
    Http(#[from] HttpError),
    /// What it holds is not the beginning of what it was shown (422).
    #[error("the witness holds another history: {reason}")]
    OtherHistory { reason: String },
    #[error("the witness answered {status}: {reason}")]
    Refused { status: u16, reason: String },
    #[error("the witness's answer cannot be used: {why}")]
    BadAnswer { why: String },
}

impl Peer {
    pub fn new(url: &str, key: VerifierKey, http: Client) -> Self {
        Self { url: format!("{}{ADD_CHECKPOINT}", url.trim_end_matches('/')), key, http }
    }

    /// Its name, as it signs.
    pub fn name(&self) -> &str {
        self.key.name()
    }

    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Asks it to cosign.
    pub async fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<Answer, AskError> {
        let body = request.to_string().into_bytes();
        let answer = self.http.post(&self.url, "text/plain; charset=utf-8", body).await?;
        let text = || String::from_utf8_lossy(&answer.body);
        match answer.status {
            200 => self.cosignature(request.note(), &answer).map(Answer::Cosigned),
            409 => latest_size(&text()).map(Answer::Holds).ok_or_else(|| bad("409 without a size")),
            422 => Err(AskError::OtherHistory { reason: short(&text()) }),
            status => Err(AskError::Refused { status, reason: short(&text()) }),
        }
    }

    /// The witness's own line, which must be right; lines of others are left out.
    fn cosignature(&self, note: &Note, answer: &Response) -> Result<NoteSignature, AskError> {
        let text = str::from_utf8(&answer.body).map_err(|error| bad(&error.to_string()))?;
        let lines = cosignatures(text).map_err(|error| bad(&error.to_string()))?;
        let own = lines.into_iter().find(|line| line.is_of(&self.key));
        let own = own.ok_or_else(|| bad("no line of it is under the key that is known"))?;
        own.verify(note.text(), &self.key).map_err(|error| bad(&error.to_string()))?;
        Ok(own)
    }
}

fn bad(why: &str) -> AskError {
    AskError::BadAnswer { why: why.to_owned() }
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().filter(|symbol| !symbol.is_control()).take(REASON_MAX).collect()
}
