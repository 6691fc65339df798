//! Doors of the event-store protocol, as commands open them: whose tokens, which certificate, where clients find them.

use std::{
    fmt, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use chassis::{Node, Service, auth::KeySet};
use clap::Args;
use door::{Access, Door, Dossiers, Endpoint, Grant, GrantError, ServeError, Tokens};
use eventlog::Log;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::transport::Identity;

use crate::{
    client,
    error::{Because, Error, Text},
    signal::Signals,
};

/// How long open calls may take to finish after the order to stop.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Where a service's log is open to auditors' clients, if anywhere.
#[derive(Debug, Args)]
pub(crate) struct DoorArgs {
    /// Open the log to clients of KurrentDB and EventStoreDB here, to be read; any address but loopback needs TLS
    #[arg(long, env = "FENGHUO_DOOR_LISTEN", value_name = "ADDRESS:PORT")]
    door_listen: Option<SocketAddr>,
    /// Where such clients are sent when they discover their server (default: where the door listens)
    #[arg(long, env = "FENGHUO_DOOR_ADVERTISE", value_name = "HOST:PORT", requires = "door_listen")]
    door_advertise: Option<Advertised>,
    /// The door's certificate (PEM, with its chain)
    #[arg(long, env = "FENGHUO_DOOR_TLS_CERT", value_name = "FILE", requires = "door_tls_key")]
    door_tls_cert: Option<PathBuf>,
    /// The private key of the door's certificate (PEM)
    #[arg(long, env = "FENGHUO_DOOR_TLS_KEY", value_name = "FILE", requires = "door_tls_cert")]
    door_tls_key: Option<PathBuf>,
    /// Who may append there to streams that are none of the service's, as ROLE=PREFIX; may be given several times
    /// (default: nobody)
    #[arg(
        long = "door-writer",
        env = "FENGHUO_DOOR_WRITERS",
        value_name = "ROLE=PREFIX",
        value_delimiter = ',',
        value_parser = grant,
        requires = "door_listen"
    )]
    door_writers: Vec<Grant>,
}

/// A door in a task of its own.
pub(crate) struct Opened {
    pub(crate) advertised: Advertised,
    closing: CancellationToken,
    done: JoinHandle<Result<(), ServeError>>,
}

impl DoorArgs {
    /// Refuses, before anything is started, what the door of a service cannot grant, or cannot be served with.
    pub(crate) fn check(&self, service: &Service) -> Result<(), Error> {
        check(service, &self.door_writers)?;
        let identity = self.identity()?;
        match self.door_listen {
            Some(address) if identity.is_none() && !address.ip().is_loopback() => {
                Err(failure(ServeError::Plain(address)))
            }
            _ => Ok(()),
        }
    }

    fn identity(&self) -> Result<Option<Identity>, Error> {
        match (&self.door_tls_cert, &self.door_tls_key) {
            (Some(certificate), Some(key)) => identity(certificate, key).map(Some),
            _ => Ok(None),
        }
    }

    /// Opens the log of a service, if it is to be opened.
    pub(crate) async fn open(&self, node: &Node, keys: KeySet) -> Result<Option<Opened>, Error> {
        let Some(address) = self.door_listen else { return Ok(None) };
        let access = access(node, keys, &self.door_writers);
        let identity = self.identity()?;
        Opened::at(address, node.log(), access, self.door_advertise.clone(), identity).await.map(Some)
    }
}

impl Opened {
    /// Opens a log.
    pub(crate) async fn at(
        address: SocketAddr,
        log: &Log,
        access: Access,
        advertised: Option<Advertised>,
        identity: Option<Identity>,
    ) -> Result<Self, Error> {
        let listener = listen(address).await?;
        let address = listener.local_addr().because("读取监听地址", "read the listening address")?;
        let advertised = advertised.unwrap_or_else(|| address.into());
        let closing = CancellationToken::new();
        let door = Door::new(log.clone(), access, advertised.clone().into(), closing.clone());
        let done = tokio::spawn(door::serve(door, listener, identity));
        Ok(Self { advertised, closing, done })
    }

    /// Returns when the door cannot be kept open.
    pub(crate) async fn failed(&mut self) -> Error {
        match (&mut self.done).await {
            Ok(Err(error)) => failure(error),
            Ok(Ok(())) | Err(_) => Error::told("事件库入口自行关闭", "the door closed by itself"),
        }
    }

    /// Ends reads that have no end, and lets the others finish.
    pub(crate) async fn close(self) {
        self.closing.cancel();
        // Whatever went wrong by then, nobody reads any more.
        let _ = tokio::time::timeout(DRAIN_MAX, self.done).await;
    }
}

/// Where clients are sent, as `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Advertised {
    pub(crate) host: String,
    port: u16,
}

impl FromStr for Advertised {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("{text:?} is not HOST:PORT");
        let (host, port) = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).ok_or_else(wanted)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: port.parse().map_err(|_| wanted())? })
    }
}

impl fmt::Display for Advertised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<SocketAddr> for Advertised {
    fn from(address: SocketAddr) -> Self {
        // Whoever listens everywhere is found by this machine, at least, on loopback.
        let host =
            if address.ip().is_unspecified() { "localhost".to_owned() } else { address.ip().to_string() };
        Self { host, port: address.port() }
    }
}

impl From<Advertised> for Endpoint {
    fn from(advertised: Advertised) -> Self {
        Self { address: advertised.host, port: advertised.port }
    }
}

/// The door of a service: whoever shows a token reads, and grants reach none of the streams that it writes itself.
pub(crate) fn access(node: &Node, keys: KeySet, grants: &[Grant]) -> Access {
    let (grants, reserved) = (grants.to_vec(), reserved(node.service()));
    let dossiers = Some(dossiers(node));
    Access { grants, reserved, dossiers, ..Access::read_only(tokens(keys)) }
}

/// That they are opened is entered where the service's own queries enter it.
fn dossiers(node: &Node) -> Dossiers {
    let service = node.service();
    let categories = service.aggregates.iter().map(|aggregate| aggregate.name).collect();
    Dossiers { register: node.register().clone(), service: service.name, categories }
}

/// Refuses grants that the door of a service cannot give.
pub(crate) fn check(service: &Service, grants: &[Grant]) -> Result<(), Error> {
    let reserved = reserved(service);
    let checked = grants.iter().try_for_each(|grant| grant.check(&reserved));
    checked.map_err(|error| ungranted(service.name, &error))
}

fn reserved(service: &Service) -> Vec<String> {
    service.categories().map(str::to_owned).collect()
}

/// A grant that would never hold is a fault of whoever configured it.
fn ungranted(service: &str, error: &GrantError) -> Error {
    let zh = match error {
        GrantError::Reserved { prefix, category } => {
            format!("不能准予客户端写入 {prefix:?}：{category} 类的流由服务 {service} 自己写入")
        }
        GrantError::System { prefix } => format!("不能准予客户端写入 {prefix:?}：系统流不由客户端写入"),
        GrantError::Auditor { prefix } => {
            format!("不能准予审计人员写入 {prefix:?}：审计人员只读，不改动任何内容")
        }
    };
    Error::usage(zh, format!("the door of {service} cannot {error}"))
}

/// Reads `ROLE=PREFIX`.
pub(crate) fn grant(text: &str) -> Result<Grant, String> {
    let (role, prefix) = text.split_once('=').ok_or_else(|| format!("{text:?} is not ROLE=PREFIX"))?;
    Ok(Grant { role: Some(client::role(role)?), prefix: prefix.to_owned() })
}

/// Tokens that a key of the set has signed.
pub(crate) fn tokens(keys: KeySet) -> Tokens {
    Arc::new(move |token| keys.verify(token).map_err(|error| error.to_string()))
}

/// A certificate with its key.
pub(crate) fn identity(certificate: &Path, key: &Path) -> Result<Identity, Error> {
    let read = |file: &Path| {
        fs::read(file).because(format!("读取 {}", file.display()), format!("read {}", file.display()))
    };
    Ok(Identity::from_pem(read(certificate)?, read(key)?))
}

/// Binds a door's listener.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.because(format!("监听 {address}"), format!("listen on {address}"))
}

fn failure(error: ServeError) -> Error {
    Error::Caused {
        what: Text::new("提供事件库协议", "serve the event-store protocol"),
        source: error.into(),
    }
}

/// Serves until told to stop; then lets open calls finish.
pub(crate) async fn serve(
    door: Door,
    listener: TcpListener,
    identity: Option<Identity>,
    closing: CancellationToken,
    signals: &mut Signals,
) -> Result<(), Error> {
    let serving = door::serve(door, listener, identity);
    tokio::pin!(serving);
    let served = tokio::select! {
        served = &mut serving => served,
        () = signals.received() => {
            signals.hurry_from_now();
            closing.cancel();
            drained(serving).await
        }
    };
    served.map_err(failure)
}

/// Clients that do not let go are left behind.
async fn drained(serving: impl Future<Output = Result<(), ServeError>>) -> Result<(), ServeError> {
    tokio::time::timeout(DRAIN_MAX, serving).await.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advertised_address_is_a_host_and_a_port() {
        for (text, host) in
            [("a.example:2113", "a.example"), ("[::1]:2113", "::1"), ("127.0.0.1:1", "127.0.0.1")]
        {
            let read = text.parse::<Advertised>().unwrap();
            assert_eq!((&read.host[..], read.to_string()), (host, text.to_owned()));
        }
        for wrong in ["", "a.example", ":2113", "a:b", "a:99999"] {
            assert!(wrong.parse::<Advertised>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_grant_is_a_role_and_a_prefix() {
        let read = grant("operator=sensor-").unwrap();
        assert_eq!((read.role, &read.prefix[..]), (Some(decider::Role::Operator), "sensor-"));
        for wrong in ["operator", "king=a", "=a"] {
            assert!(grant(wrong).is_err(), "{wrong}");
        }
    }
}
