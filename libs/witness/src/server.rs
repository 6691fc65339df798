//! The witness: reads a request, decides, remembers, signs, in this order and one request of a log at a time.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use hyper::Method;
use merkle::{
    KeyType, Sha256, Signer, VerifierKey,
    witness::{AddCheckpoint, Known, Refusal, consider},
};

use crate::{
    http::{Handler, Reply, Request},
    state::State,
};

/// The path below the witness's address (C2SP tlog-witness).
pub(crate) const ADD_CHECKPOINT: &str = "/add-checkpoint";

/// Where whoever keeps it running asks whether it answers. It needs nobody else, so that is all there is to ask.
const HEALTH: &str = "/healthz";

/// Why a witness cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("use {folder:?}")]
    Folder { folder: PathBuf, source: io::Error },
    #[error("another process witnesses with {folder:?}")]
    InUse { folder: PathBuf },
    #[error("what {file:?} remembers cannot be read: {why}")]
    BadState { file: PathBuf, why: String },
    #[error("a witness signs with a key for cosignatures; that of {name:?} is another")]
    WrongKey { name: String },
    #[error("a log is known by the key that signs its checkpoints; that of {name:?} is another")]
    WrongLog { name: String },
}

/// A witness of the logs whose keys it was given.
pub struct Witness {
    signer: Arc<dyn Signer>,
    logs: BTreeMap<String, Mutex<Known>>,
    state: State,
}

impl Witness {
    /// Takes its folder and recalls what it has seen. Several keys of one name belong to one log.
    pub fn open(folder: &Path, signer: Arc<dyn Signer>, keys: Vec<VerifierKey>) -> Result<Self, OpenError> {
        if signer.key().kind() != KeyType::Cosignature {
            return Err(OpenError::WrongKey { name: signer.key().name().to_owned() });
        }
        let state = State::claim(folder)?;
        let mut logs: BTreeMap<String, Known> = BTreeMap::new();
        for key in keys {
            let name = key.name().to_owned();
            if key.kind() != KeyType::Ed25519 {
                return Err(OpenError::WrongLog { name });
            }
            let head = state.head(&name)?;
            logs.entry(name).or_insert(Known { keys: Vec::new(), head }).keys.push(key);
        }
        let logs = logs.into_iter().map(|(name, known)| (name, Mutex::new(known))).collect();
        Ok(Self { signer, logs, state })
    }

    /// The logs it watches over.
    pub fn logs(&self) -> impl Iterator<Item = &str> {
        self.logs.keys().map(String::as_str)
    }

    fn add(&self, body: &[u8]) -> Result<Reply, Refused> {
        let request = AddCheckpoint::parse(body).map_err(Refusal::from)?;
        let origin = request.origin();
        let unknown = || Refusal::UnknownLog { origin: origin.to_owned() };
        let log = self.logs.get(origin).ok_or_else(unknown)?;
        // What is in memory changes last, so what a panic left behind is still right.
        let mut known = log.lock().unwrap_or_else(PoisonError::into_inner);
        let advance = consider::<Sha256>(&request, Some(&known));
        let advance = advance.inspect_err(|refusal| self.keep_denial(&request, refusal))?;
        if advance.before.as_ref() != Some(&advance.after) {
            self.state.store(origin, request.note()).map_err(Refused::Unstored)?;
        }
        let size = advance.after.size;
        known.head = Some(advance.after);
        // Still alone with this log: what is signed is the latest, as the signature says.
        let line = merkle::cosign(request.note(), now(), self.signer.as_ref()).map_err(Refused::Unsigned)?;
        tracing::debug!(origin, size, "cosigned");
        Ok(Reply::text(200, format!("{line}\n")))
    }

    /// The log's own signature under what does not extend what was cosigned is evidence, or shows a wrong proof.
    fn keep_denial(&self, request: &AddCheckpoint, refusal: &Refusal) {
        if !matches!(refusal, Refusal::Fork { .. } | Refusal::Inconsistent(_)) {
            return;
        }
        let origin = request.origin();
        tracing::warn!(origin, %refusal, "a log denies what was cosigned");
        if let Err(error) = self.state.store_denial(origin, request.note()) {
            tracing::warn!(origin, %error, "the checkpoint that denies it could not be kept");
        }
    }
}

/// Why a request got no cosignature: it is wrong, or the witness cannot.
enum Refused {
    Refusal(Refusal),
    Unstored(io::Error),
    Unsigned(merkle::SignError),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl Refused {
    fn reply(self) -> Reply {
        match self {
            Self::Refusal(refusal) => {
                tracing::debug!(%refusal, "not cosigned");
                Reply::new(refusal.status(), refusal.content_type(), refusal.body().into_bytes())
            }
            Self::Unstored(error) => {
                tracing::error!(%error, "what was to be cosigned could not be stored");
                Reply::text(500, "the witness cannot store what it would sign\n")
            }
            Self::Unsigned(error) => {
                tracing::error!(%error, "the witness could not sign");
                Reply::text(500, "the witness cannot sign\n")
            }
        }
    }
}

impl Handler for Witness {
    /// A proof of 63 hashes and a note with its lines fit many times.
    const BODY_BYTES_MAX: usize = 64 << 10;

    fn answer(&self, request: Request) -> Reply {
        if request.path == HEALTH && request.method == Method::GET {
            return Reply::text(200, "it answers\n");
        }
        if request.path != ADD_CHECKPOINT {
            return Reply::text(404, "a witness answers at /add-checkpoint\n");
        }
        if request.method != Method::POST {
            return Reply::text(405, "a checkpoint is sent with POST\n");
        }
        self.add(&request.body).unwrap_or_else(Refused::reply)
    }
}

fn now() -> u64 {
    // A clock before 1970 is no clock; a cosignature of the year 1970 says so.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
