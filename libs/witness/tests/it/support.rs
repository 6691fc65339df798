//! A log in memory, a witness at a port, and a way to ask it.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use ed25519_dalek::SigningKey;
use merkle::{
    Checkpoint, Ed25519Signer, Frontier, KeyType, Note, Sha256, Signer, Tile, VerifierKey, tile::extend,
    tree::Plan, witness::AddCheckpoint,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use witness::{
    OpenError, Peer, Witness,
    http::{self, Client, Response},
};

pub const ORIGIN: &str = "log.example/things";
/// Longest wait for an answer.
pub const SOON: Duration = Duration::from_secs(20);

pub fn signer(name: &str, kind: KeyType, seed: u8) -> Arc<Ed25519Signer> {
    Arc::new(Ed25519Signer::new(name, kind, SigningKey::from_bytes(&[seed; 32])).unwrap())
}

pub fn log_signer() -> Arc<Ed25519Signer> {
    signer(ORIGIN, KeyType::Ed25519, 1)
}

pub fn witness_signer() -> Arc<Ed25519Signer> {
    signer("witness.example/w", KeyType::Cosignature, 2)
}

pub fn witness_key() -> VerifierKey {
    witness_signer().key().clone()
}

/// A log whose leaves all say the same, so that two with other words are a fork.
#[derive(Default)]
pub struct MemoryLog {
    word: String,
    tiles: BTreeMap<Tile, Vec<u8>>,
    tree: Frontier<Sha256>,
}

impl MemoryLog {
    pub fn of(size: u64) -> Self {
        Self::forked_at(size, size, "")
    }

    /// The first `same` leaves as every log here has them, then others.
    pub fn forked_at(same: u64, size: u64, word: &str) -> Self {
        let mut log = Self { word: word.to_owned(), ..Self::default() };
        let leaves: Vec<Vec<u8>> = (0..size)
            .map(|n| if n < same { format!("leaf {n}") } else { format!("leaf {n} {}", log.word) }.into())
            .collect();
        let extension = extend::<Sha256, _>(0, &leaves, &log.tiles).unwrap();
        for leaf in &extension.leaves {
            log.tree.push(*leaf).unwrap();
        }
        log.tiles.extend(extension.tiles);
        log
    }

    pub fn note(&self) -> Note {
        Checkpoint::new(ORIGIN, self.tree.size(), self.tree.root())
            .unwrap()
            .sign(log_signer().as_ref())
            .unwrap()
    }

    /// Asks to cosign all of it, after `old` leaves.
    pub fn request(&self, old: u64) -> AddCheckpoint {
        let size = self.tree.size();
        let proof = Plan::consistency(old, size, size).unwrap().hashes::<Sha256, _>(&self.tiles).unwrap();
        AddCheckpoint::new(old, proof, self.note()).unwrap()
    }
}

/// A witness that listens.
pub struct Serving {
    pub url: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Serving {
    pub async fn start(folder: &Path) -> Self {
        let witness = open(folder).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let task = tokio::spawn(http::serve(listener, Arc::new(witness), stop.clone()));
        Self { url, stop, task }
    }

    pub fn peer(&self) -> Peer {
        Peer::new(&self.url, witness_key(), Client::new(SOON))
    }

    pub async fn post(&self, body: impl Into<Vec<u8>>) -> Response {
        let url = format!("{}/add-checkpoint", self.url);
        Client::new(SOON).post(&url, "text/plain", body.into()).await.unwrap()
    }

    pub async fn add(&self, request: &AddCheckpoint) -> Response {
        self.post(request.to_string()).await
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

pub fn open(folder: &Path) -> Result<Witness, OpenError> {
    Witness::open(folder, witness_signer(), vec![log_signer().key().clone()])
}
