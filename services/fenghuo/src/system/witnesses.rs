//! Witnesses of a development system: servers of its own, each with a key and a memory in the data folder.
//!
//! They show how a log becomes final, and prove nothing to others: in production each stands in another department,
//! and here whoever has the folder has all keys.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use ::witness::{Peer, Witness, http};
use merkle::{KeyType, VerifierKey};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::home::Home;
use crate::{
    audit, doorway,
    error::{Because, Error},
};

/// How long one may take for an answer; they are on this machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// The witnesses and what runs of them.
pub(super) struct Witnesses {
    /// Keys of the logs that they watch over.
    logs: Vec<VerifierKey>,
    places: BTreeMap<String, Place>,
    running: BTreeMap<String, Serving>,
}

/// Where one witness is, and what it has.
struct Place {
    address: SocketAddr,
    key: PathBuf,
    state: PathBuf,
}

struct Serving {
    task: JoinHandle<()>,
    _stop: DropGuard,
}

impl Witnesses {
    /// Starts one on each listener: `witness-1`, `witness-2`, … They answer before any log is sealed, so that sealing
    /// does not begin without having heard them.
    pub(super) async fn start(
        home: &Home,
        listeners: Vec<TcpListener>,
        logs: Vec<VerifierKey>,
    ) -> Result<Self, Error> {
        let mut witnesses = Self { logs, places: BTreeMap::new(), running: BTreeMap::new() };
        for (number, listener) in (1..).zip(listeners) {
            let name = format!("witness-{number}");
            let address = listener.local_addr().because("读取监听地址", "read the listening address")?;
            let key = home.keys().join(format!("{name}.key"));
            let state = home.folder().join("witnesses").join(&name);
            audit::load_or_generate(&format!("localhost/fenghuo/{name}"), KeyType::Cosignature, &key)?;
            witnesses.places.insert(name.clone(), Place { address, key, state });
            witnesses.serve(&name, listener)?;
        }
        Ok(witnesses)
    }

    /// Where they are, by name.
    pub(super) fn urls(&self) -> BTreeMap<String, String> {
        self.places.iter().map(|(name, place)| (name.clone(), place.url())).collect()
    }

    /// They as a log asks them.
    pub(super) fn peers(&self) -> Result<Vec<Peer>, Error> {
        let peer = |place: &Place| {
            let key = audit::key(&place.key)?.key().clone();
            Ok(Peer::new(&place.url(), key, http::Client::new(PATIENCE)))
        };
        self.places.values().map(peer).collect()
    }

    /// Stops one; what it was asked is answered.
    pub(super) async fn stop(&mut self, name: &str) -> Result<(), Error> {
        let Some(Serving { task, _stop }) = self.running.remove(name) else { return Ok(()) };
        drop(_stop);
        task.await.because(format!("停止 {name}"), format!("stop {name}"))
    }

    /// Starts a stopped one where it was.
    pub(super) async fn resume(&mut self, name: &str) -> Result<(), Error> {
        let known = self.places.get(name).filter(|_| !self.running.contains_key(name));
        let address = known.map(|place| place.address).ok_or_else(|| unknown(name))?;
        let listener = doorway::listen(address).await?;
        self.serve(name, listener)
    }

    /// Stops all.
    pub(super) async fn stop_all(&mut self) -> Result<(), Error> {
        let mut first = Ok(());
        for name in self.places.keys().cloned().collect::<Vec<_>>() {
            first = first.and(self.stop(&name).await);
        }
        first
    }

    fn serve(&mut self, name: &str, listener: TcpListener) -> Result<(), Error> {
        let place = self.places.get(name).ok_or_else(|| unknown(name))?;
        let witness = Witness::open(&place.state, audit::key(&place.key)?, self.logs.clone());
        let witness = witness.because(format!("启动 {name}"), format!("start {name}"))?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(http::serve(listener, Arc::new(witness), stop.clone()));
        self.running.insert(name.to_owned(), Serving { task, _stop: stop.drop_guard() });
        Ok(())
    }
}

impl Place {
    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// More than half of them: of any two checkpoints that are final, one witness has seen both.
pub(super) fn majority(witnesses: usize) -> usize {
    witnesses / 2 + 1
}

fn unknown(name: &str) -> Error {
    Error::told(format!("没有已停止的见证方 {name}"), format!("there is no stopped witness {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_of_one_is_one() {
        assert_eq!([1, 2, 3, 4, 5].map(majority), [1, 2, 2, 3, 3]);
    }
}
