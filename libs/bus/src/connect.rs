//! The connection to nats-server: made once, kept for ever, its state for everybody to see.
//!
//! **Invariant**: a server older than [`VERSION_MIN`] is never worked with; it would drop settings in silence.

use std::{sync::Arc, time::Duration};

use async_nats::{ConnectOptions, Event, jetstream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The oldest server whose behaviour this crate relies on (strict settings, consumer and stream features).
pub const VERSION_MIN: (u16, u16) = (2, 14);

const RECONNECT_STEP: Duration = Duration::from_millis(50);
const RECONNECT_MAX: Duration = Duration::from_secs(1);
/// A server that is stopped but not dead is noticed after two of these.
const PING_EVERY: Duration = Duration::from_secs(5);

/// User and password.
#[derive(Clone)]
pub struct Credentials {
    /// The NATS user: a service or a department.
    pub user: String,
    /// Its password.
    pub password: String,
}

impl Credentials {
    /// Those that stand in the first address; the client library itself reads past them.
    fn in_url(url: &str) -> Option<Self> {
        let address = url.split(',').next()?.parse::<async_nats::ServerAddr>().ok()?;
        Some(Self { user: address.username()?.to_owned(), password: address.password()?.to_owned() })
    }
}

/// How to reach the bus.
#[derive(Clone)]
pub struct Options {
    /// One or several addresses, separated by commas: `nats://127.0.0.1:4222`. The first may hold user and password.
    pub url: String,
    /// Who connects; `None` where the address tells, or the server asks nobody.
    pub credentials: Option<Credentials>,
    /// The connection's name in the server's monitoring.
    pub name: String,
    /// How long [`Bus::connect`] waits for a server that is away before it goes on without one.
    pub patience: Duration,
    /// How long an answer of the server is waited for.
    pub request_timeout: Duration,
    /// How streams are made, and what they are compared with.
    pub stream: crate::StreamSettings,
}

impl Options {
    /// The usual options for an address.
    pub fn new(url: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            credentials: None,
            name: name.into(),
            patience: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
            stream: crate::StreamSettings::default(),
        }
    }
}

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address cannot be used at all.
    #[error("connect to nats-server at {address}")]
    Refused {
        /// The address, without user and password.
        address: String,
        /// Why.
        #[source]
        source: async_nats::ConnectError,
    },
    /// The server must be replaced by a newer one.
    #[error("work with nats-server {found}: {}.{} or later is needed", VERSION_MIN.0, VERSION_MIN.1)]
    TooOld {
        /// What the server says it is.
        found: String,
    },
}

/// The bus. Clones share one connection.
#[derive(Clone)]
pub struct Bus {
    pub(crate) client: async_nats::Client,
    pub(crate) jetstream: jetstream::Context,
    pub(crate) settings: Arc<crate::StreamSettings>,
    connected: watch::Receiver<bool>,
    losses: watch::Receiver<u64>,
    trouble: watch::Receiver<Option<String>>,
}

impl Bus {
    /// Connects, and refuses a server that is too old. A server that is away is waited for a while; then the bus is
    /// handed out all the same and connects as soon as it can: whoever uses it waits.
    pub async fn connect(options: Options) -> Result<Self, ConnectError> {
        let (notes, connected, losses, trouble) = Notes::new();
        let mut connect = ConnectOptions::new()
            .name(&options.name)
            .retry_on_initial_connect()
            .ping_interval(PING_EVERY)
            .request_timeout(Some(options.request_timeout))
            .reconnect_delay_callback(|attempts| {
                (RECONNECT_STEP * u32::try_from(attempts).unwrap_or(u32::MAX).min(100)).min(RECONNECT_MAX)
            })
            .event_callback(move |event| {
                notes.take(&event);
                std::future::ready(())
            });
        let in_url = || Credentials::in_url(&options.url);
        if let Some(Credentials { user, password }) = options.credentials.or_else(in_url) {
            // Answers come below a prefix of one's own, so that nobody can listen to what others are answered.
            connect = connect.custom_inbox_prefix(format!("_INBOX_{user}")).user_and_password(user, password);
        }
        let addresses: Vec<&str> = options.url.split(',').collect();
        let client = connect
            .connect(addresses)
            .await
            .map_err(|source| ConnectError::Refused { address: address(&options.url), source })?;
        let jetstream =
            jetstream::context::ContextBuilder::new().timeout(options.request_timeout).build(client.clone());
        let bus = Self { client, jetstream, settings: Arc::new(options.stream), connected, losses, trouble };
        if tokio::time::timeout(options.patience, bus.up()).await.is_ok() {
            bus.check_version()?;
        }
        Ok(bus)
    }

    /// Whether the server can be reached now.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }

    /// The server's last complaint, such as a refused permission: its answer to a publish would be silence.
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.clone()
    }

    /// Waits until the server can be reached and checks what it is; `None` if told to stop meanwhile.
    pub(crate) async fn ready(&self, shutdown: &CancellationToken) -> Option<Result<(), ConnectError>> {
        tokio::select! {
            () = shutdown.cancelled() => None,
            () = self.up() => Some(self.check_version()),
        }
    }

    /// Returns when the server can be reached.
    async fn up(&self) {
        let _ = self.connected.clone().wait_for(|connected| *connected).await;
    }

    /// How often the connection was lost so far.
    pub(crate) fn losses(&self) -> u64 {
        *self.losses.borrow()
    }

    /// Returns when the connection has been lost since it had been lost `before` times, even if it is back.
    pub(crate) async fn lost(&self, before: u64) {
        if self.losses.clone().wait_for(|losses| *losses > before).await.is_err() {
            // The connection was closed for good, which only dropping every clone of it does.
            std::future::pending::<()>().await;
        }
    }

    fn check_version(&self) -> Result<(), ConnectError> {
        let found = self.client.server_info().version;
        if is_supported(&found) { Ok(()) } else { Err(ConnectError::TooOld { found }) }
    }
}

/// Reads `2.15.1`, `2.14.0-RC.2` and the like; what it cannot read is too old.
fn is_supported(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split(['.', '-']).map(str::parse::<u16>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= VERSION_MIN,
        _ => false,
    }
}

/// Where the connection notes what happens to it.
struct Notes {
    connected: watch::Sender<bool>,
    losses: watch::Sender<u64>,
    trouble: watch::Sender<Option<String>>,
}

impl Notes {
    #[allow(clippy::type_complexity)]
    fn new() -> (Self, watch::Receiver<bool>, watch::Receiver<u64>, watch::Receiver<Option<String>>) {
        let (connected, is_connected) = watch::channel(false);
        let (losses, lost) = watch::channel(0);
        let (trouble, troubled) = watch::channel(None);
        (Self { connected, losses, trouble }, is_connected, lost, troubled)
    }

    fn take(&self, event: &Event) {
        match event {
            Event::Connected => {
                tracing::info!("the bus is connected");
                self.trouble.send_replace(None);
                self.connected.send_replace(true);
            }
            Event::Disconnected | Event::Closed => {
                if *event == Event::Closed {
                    tracing::info!("the bus is closed");
                } else {
                    tracing::warn!("the bus is away");
                }
                self.connected.send_replace(false);
                self.losses.send_modify(|losses| *losses += 1);
            }
            Event::ServerError(_) | Event::ClientError(_) | Event::SlowConsumer(_) => {
                tracing::warn!(%event, "the bus complains");
                self.trouble.send_replace(Some(event.to_string()));
            }
            Event::LameDuckMode | Event::Draining => tracing::info!(%event, "the bus is about to go away"),
        }
    }
}

/// The addresses as errors may show them: whatever stands before an `@` is left out, even if it cannot be parsed.
fn address(url: &str) -> String {
    let bare = |part: &str| match part.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map(|(scheme, _)| format!("{scheme}://"));
            scheme.unwrap_or_default() + host
        }
        None => part.to_owned(),
    };
    url.split(',').map(bare).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::{Bus, Credentials, Options, is_supported};

    #[test]
    fn user_and_password_may_stand_in_the_address() {
        let found = Credentials::in_url("nats://hazard:secret@one:4222,nats://two:4222").unwrap();
        assert_eq!((found.user.as_str(), found.password.as_str()), ("hazard", "secret"));
        assert!(Credentials::in_url("nats://one:4222").is_none());
    }

    #[tokio::test]
    async fn an_address_that_cannot_be_used_is_told_without_its_password() {
        let url = "nats://hazard:s3cret@[nowhere,nats://two:4222";
        let Err(error) = Bus::connect(Options::new(url, "test")).await else { panic!("no such address") };
        assert_eq!(error.to_string(), "connect to nats-server at nats://[nowhere,nats://two:4222");
        let told = format!("{error:?} {:?}", error.source().map(ToString::to_string));
        assert!(!told.contains("s3cret"), "{told}");
    }

    #[test]
    fn a_server_before_2_14_is_not_worked_with() {
        for good in ["2.14.0", "2.15.1", "v2.14.0-RC.1", "3.0.0", "2.100.0"] {
            assert!(is_supported(good), "{good}");
        }
        for bad in ["2.9.10", "2.13.9", "1.99.0", "", "x", "2"] {
            assert!(!is_supported(bad), "{bad}");
        }
    }
}
