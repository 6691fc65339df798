//! The services of a system: each started as it would be alone, each stopped and started by itself.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use ::audit::{Sealing, Witnesses};
use ::witness::Peer;
use chassis::{ServeError, Settings, auth::Signer};
use decider::{Actor, ActorKind, Id};
use eventlog::World;
use law::Keys;
use merkle::{KeyType, VerifierKey};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Logins, log_options, progress::Nodes, witnesses::majority};
use crate::{
    audit,
    error::{Because, Error, Text},
    migrate,
    services::{self, Member},
    system,
};

/// How long a service's own token lasts: longer than anybody leaves a development system running.
const TOKEN_LIFETIME: time::Duration = time::Duration::days(3_650);

/// What all services share.
pub(super) struct Common {
    pub(super) database_url: String,
    pub(super) nats_url: String,
    pub(super) logins: Logins,
    pub(super) signer: Signer,
    pub(super) peers: Vec<(String, String)>,
    pub(super) world: World,
    /// The data folder, in which every log is sealed, and the folder of keys.
    pub(super) data: PathBuf,
    pub(super) keys: PathBuf,
    /// Who cosigns, if anybody does.
    pub(super) witnesses: Vec<Peer>,
    /// Whether a tree hashed with SM3 follows each log's.
    pub(super) sm3: bool,
}

/// The services and what runs of them.
pub(super) struct Members {
    common: Common,
    addresses: BTreeMap<&'static str, SocketAddr>,
    nodes: Nodes,
    /// Dropping a guard stops the service.
    running: BTreeMap<&'static str, DropGuard>,
    ended: JoinSet<(&'static str, Result<(), ServeError>)>,
}

impl Members {
    pub(super) fn new(common: Common, nodes: Nodes) -> Self {
        Self { common, addresses: BTreeMap::new(), nodes, running: BTreeMap::new(), ended: JoinSet::new() }
    }

    /// Brings every schema up to date.
    pub(super) async fn migrate(&self) -> Result<(), Error> {
        for name in services::names() {
            migrate::one(&self.common.database_url, name).await?;
        }
        Ok(())
    }

    /// Starts every service on its listener, one after the other: on a busy machine, six at once would only wait for
    /// one another until the first gives up.
    pub(super) async fn start_all(
        &mut self,
        listeners: impl Iterator<Item = (&'static str, TcpListener)>,
    ) -> Result<(), Error> {
        for (name, listener) in listeners {
            self.start_on(services::find(name)?, listener).await?;
        }
        Ok(())
    }

    /// Starts a stopped service where it was.
    pub(super) async fn start(&mut self, name: &str) -> Result<(), Error> {
        let member = services::find(name)?;
        let known = self.addresses.get(member.service.name).filter(|_| !self.running.contains_key(name));
        let address = known.ok_or_else(|| running_already(name))?;
        let listener = TcpListener::bind(address).await;
        let listener = listener.because(format!("监听 {address}"), format!("listen on {address}"))?;
        self.start_on(member, listener).await
    }

    /// Stops a service and waits until what it had accepted is stored.
    pub(super) async fn stop(&mut self, name: &str) -> Result<(), Error> {
        let Some(running) = self.running.remove(name) else {
            return Ok(());
        };
        self.nodes.remove(name);
        drop(running);
        while let Some(ended) = self.ended.join_next().await {
            let (who, result) = joined(ended)?;
            self.nodes.remove(who);
            self.running.remove(who);
            result.map_err(|error| failure(who, error))?;
            if who == name {
                break;
            }
        }
        Ok(())
    }

    /// Stops all at once, waits for all, and tells the first that ended badly.
    pub(super) async fn stop_all(&mut self) -> Result<(), Error> {
        self.nodes.clear();
        self.running.clear();
        let mut first = Ok(());
        while let Some(ended) = self.ended.join_next().await {
            let result = joined(ended).and_then(|(who, result)| result.map_err(|error| failure(who, error)));
            first = first.and(result);
        }
        first
    }

    /// Returns when a service ends by itself.
    pub(super) async fn failed(&mut self) -> Error {
        match self.ended.join_next().await {
            Some(Ok((who, Err(error)))) => failure(who, error),
            Some(Ok((who, Ok(())))) => {
                Error::told(format!("服务 {who} 自行停止"), format!("service {who} stopped by itself"))
            }
            Some(Err(error)) => panicked(error),
            // Nothing runs, so nothing can fail.
            None => std::future::pending().await,
        }
    }

    async fn start_on(&mut self, member: Member, listener: TcpListener) -> Result<(), Error> {
        let name = member.service.name;
        let settings = self.settings(member, listener)?;
        let shutdown = CancellationToken::new();
        // A service that fails to start takes along what it has spawned.
        let guard = shutdown.clone().drop_guard();
        let started = Box::pin(chassis::start(member.service, settings, shutdown)).await;
        let started = started.map_err(|error| failure(name, error))?;
        self.addresses.insert(name, started.address);
        self.nodes.insert(name, started.node.clone());
        self.running.insert(name, guard);
        self.ended.spawn(async move { (name, started.stopped().await) });
        Ok(())
    }

    fn settings(&self, member: Member, listener: TcpListener) -> Result<Settings, Error> {
        let Common { database_url, nats_url, logins, signer, peers, world, .. } = &self.common;
        let name = member.service.name;
        let mut bus = bus::Options::new(nats_url, name);
        bus.credentials = logins.credentials(name);
        let own = Actor {
            kind: ActorKind::Service,
            id: Id::parse(name).expect("a service's name is an id"),
            department: member.department(),
            roles: vec![],
            certificate: None,
        };
        let token = signer.issue(&own, TOKEN_LIFETIME).because("签发服务令牌", "issue a service's token")?;
        Ok(Settings {
            log: log_options(database_url, name)?,
            bus,
            listener,
            keys: signer.key_set(),
            department: member.department(),
            peers: peers.iter().filter(|(peer, _)| peer != name).cloned().collect(),
            token: Some(token),
            // Whoever has the one key of a development system is anybody, its jurist too.
            allowance_keys: Keys::from_jwks(&signer.key_set().to_json()).ok(),
            selftest_every: chassis::SELFTEST_EVERY,
            sealing: Some(self.common.sealing(name)?),
            world: world.clone(),
        })
    }
}

impl Common {
    /// Each log has a key and a folder of its own.
    fn sealing(&self, service: &str) -> Result<Sealing, Error> {
        let folder = self.data.join(audit::TILES).join(service);
        let mut sealing = Sealing::new(folder, log_key(&self.keys, service)?);
        sealing.sm3 = self.sm3;
        if !self.witnesses.is_empty() {
            let quorum = majority(self.witnesses.len());
            let witnesses = Witnesses::new(&sealing, self.witnesses.clone(), quorum);
            sealing.witnesses = Some(witnesses.because("读取见证方", "read the witnesses")?);
        }
        Ok(sealing)
    }
}

/// The origin is nobody's: what is sealed here counts on this machine.
fn log_key(keys: &Path, service: &str) -> Result<Arc<dyn merkle::Signer>, Error> {
    let origin = format!("localhost/fenghuo/{service}");
    audit::load_or_generate(&origin, KeyType::Ed25519, &system::audit_key_file(keys, service))
}

/// The public keys of all logs.
pub(super) fn log_keys(keys: &Path) -> Result<Vec<VerifierKey>, Error> {
    services::names().map(|service| Ok(log_key(keys, service)?.key().clone())).collect()
}

fn failure(service: &str, error: ServeError) -> Error {
    let what = Text::new(format!("运行服务 {service}"), format!("run service {service}"));
    Error::Caused { what, source: error.into() }
}

fn running_already(service: &str) -> Error {
    Error::told(format!("服务 {service} 正在运行"), format!("service {service} runs already"))
}

fn joined<T>(joined: Result<T, tokio::task::JoinError>) -> Result<T, Error> {
    joined.map_err(panicked)
}

fn panicked(error: tokio::task::JoinError) -> Error {
    Error::Caused {
        what: Text::new("服务异常终止", "a service ended in disorder"), source: error.into()
    }
}
