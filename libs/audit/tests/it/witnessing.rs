//! Witnesses for the tests: real ones, each at a port of its own, that can be stopped and come back.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use audit::{Sealing, Witnesses};
use merkle::{Ed25519Signer, KeyType, Policy, Signer as _, VerifierKey};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use witness::{
    Peer, Witness,
    http::{self, Client},
};

use crate::support::*;

pub struct Witnessing {
    folder: PathBuf,
    address: SocketAddr,
    signer: Arc<Ed25519Signer>,
    running: Option<(CancellationToken, JoinHandle<()>)>,
}

impl Witnessing {
    pub async fn start(place: &Place, number: u8) -> Self {
        let folder = place.scratch.path().join(format!("witness-{number}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut witnessing = Self { folder, address, signer: witness_signer(number), running: None };
        witnessing.serve(listener);
        witnessing
    }

    pub async fn stop(&mut self) {
        if let Some((stop, task)) = self.running.take() {
            stop.cancel();
            task.await.unwrap();
        }
    }

    pub async fn start_again(&mut self) {
        self.serve(TcpListener::bind(self.address).await.unwrap());
    }

    /// Loses its memory.
    pub fn forget(&self) {
        std::fs::remove_dir_all(&self.folder).unwrap();
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn peer(&self) -> Peer {
        Peer::new(&self.url(), self.key(), Client::new(Duration::from_secs(2)))
    }

    pub fn key(&self) -> VerifierKey {
        self.signer.key().clone()
    }

    fn serve(&mut self, listener: TcpListener) {
        let keys = vec![signer().key().clone()];
        let witness = Witness::open(&self.folder, self.signer.clone(), keys).unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(http::serve(listener, Arc::new(witness), stop.clone()));
        self.running = Some((stop, task));
    }
}

pub fn witness_signer(number: u8) -> Arc<Ed25519Signer> {
    let secret = ed25519_dalek::SigningKey::from_bytes(&[100 + number; 32]);
    Arc::new(Ed25519Signer::new(&format!("witness.example/{number}"), KeyType::Cosignature, secret).unwrap())
}

/// Seals with these witnesses, at the pace of tests.
pub fn witnessed(place: &Place, peers: Vec<Peer>, quorum: usize) -> Sealing {
    let sealing = place.sealing();
    let mut witnesses = Witnesses::new(&sealing, peers, quorum).unwrap();
    witnesses.retry = Duration::from_millis(20);
    witnesses.retry_max = Duration::from_millis(100);
    witnesses.fence = Duration::from_millis(200);
    Sealing { witnesses: Some(witnesses), ..sealing }
}

/// The log's key, and `quorum` of the first `witnesses`.
pub fn quorum(quorum: usize, witnesses: u8) -> Policy {
    let keys = (0..witnesses).map(|number| witness_signer(number).key().clone()).collect();
    Policy::new(vec![signer().key().clone()], keys, quorum).unwrap()
}
