//! The all-in-one system: PostgreSQL, nats-server and every service in this process, on one data folder.
//!
//! It contains wiring only: each service is the same value that `fenghuo serve` runs alone.
//!
//! **Invariant**: what was acknowledged before a stop, a kill -9 or a power cut is there at the next start.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use chassis::{Node, auth::Signer};
use eventlog::{World, sqlx::postgres::PgConnectOptions};
use law::{Calendar, RulePack};
use time::OffsetDateTime;
use tokio::sync::MutexGuard;

use crate::{
    endpoints::{Endpoints, without_secrets},
    error::{Because, Error},
    keys, services,
};

mod address;
mod clock;
mod door;
mod home;
mod journey;
mod logins;
mod member;
mod outside;
mod progress;
mod supervisor;
mod witnesses;

pub use self::{
    clock::ClockChoice,
    logins::{Login, Logins},
    progress::Heads,
    supervisor::Servers,
};
use self::{
    clock::SystemTime,
    door::Door,
    home::Home,
    journey::Journey,
    member::Members,
    outside::Outside,
    progress::{Nodes, Progress},
    supervisor::Supervisor,
    witnesses::Witnesses,
};

/// The data folder where nobody says otherwise.
pub const DATA: &str = ".fenghuo";

/// How a system is started.
#[derive(Debug, Clone, Default)]
pub struct SystemOptions {
    /// The data folder; made if it is missing.
    pub data: PathBuf,
    /// A PostgreSQL of somebody else's; without one, a child process is started.
    pub database_url: Option<String>,
    /// A nats-server of somebody else's; without one, a child process is started.
    pub nats_url: Option<String>,
    /// Whose time it is.
    pub clock: ClockChoice,
    /// The first of seven ports to listen on (six services, then the development endpoint), and one more for each
    /// witness; free ones if absent.
    pub listen_base: Option<u16>,
    /// Rows of status M in the rule pack that are allowed.
    pub allow_unverified: Vec<String>,
    /// How many witnesses cosign its logs; a majority of them makes a checkpoint final.
    pub witnesses: usize,
    /// Whether a tree hashed with SM3 follows each log's.
    pub sm3: bool,
    /// Further settings of the PostgreSQL child, such as `("shared_buffers", "1GB")`.
    pub postgres_settings: Vec<(String, String)>,
}

impl SystemOptions {
    /// A system in this folder, on the machine's clock.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), ..Self::default() }
    }

    /// The same on a scripted clock that stands at `at`.
    pub fn scripted(mut self, at: OffsetDateTime) -> Self {
        self.clock = ClockChoice::Scripted(Some(at));
        self
    }
}

/// A running system. Call [`System::stop`]; a dropped one takes its children along, but less gently.
pub struct System {
    endpoints: Endpoints,
    signer: Signer,
    logins: Logins,
    journey: Journey,
    progress: Progress,
    members: Members,
    witnesses: Witnesses,
    door: Option<Door>,
    supervisor: Supervisor,
    // Last, so that the folder is given back when everything else is gone.
    _home: Home,
}

impl System {
    /// Starts everything; every service answers as soon as this returns.
    pub async fn start(options: SystemOptions) -> Result<Self, Error> {
        let home = Home::claim(&options.data)?;
        let signer = keys::load_or_generate(&home.keys())?;
        let logins = Logins::load_or_generate(&home.keys(), options.nats_url.as_deref())?;
        let time = SystemTime::start(&options.clock, home.clock())?;
        // Bound before anything is started, so that every service can be told where its peers are.
        let mut addresses =
            address::bind(options.listen_base, &services::names().collect::<Vec<_>>()).await?;
        let door_listener = if time.is_scripted() { Some(addresses.next().await?) } else { None };
        let listeners = addresses.further(options.witnesses).await?;
        let supervisor = Supervisor::start(home.folder(), &options, &logins).await?;
        let witnesses = Witnesses::start(&home, listeners, member::log_keys(&home.keys())?).await?;

        let nats_url = supervisor.nats_url();
        let database_url = supervisor.database_url();
        let outside = Outside::open(nats_url, &logins).await?;
        let progress = Progress { nodes: Nodes::default(), outside: Arc::new(outside) };
        let endpoints = Endpoints {
            process: std::process::id(),
            data: home.folder().to_owned(),
            services: addresses.urls(),
            witnesses: witnesses.urls(),
            nats_url: without_secrets(nats_url),
            database_url: without_secrets(database_url),
            keys: home.keys(),
            dev_url: door_listener.as_ref().map(|(_, url)| url.clone()),
        };
        let common = member::Common {
            database_url: database_url.to_owned(),
            nats_url: nats_url.to_owned(),
            logins: logins.clone(),
            signer: signer.clone(),
            peers: endpoints.services.clone().into_iter().collect(),
            world: world(&time, &options.allow_unverified)?,
            data: home.folder().to_owned(),
            keys: home.keys(),
            witnesses: witnesses.peers()?,
            sm3: options.sm3,
        };
        let members = Members::new(common, progress.nodes.clone());
        let journey = Journey::new(time, progress.clone());
        let mut system = Self {
            endpoints,
            signer,
            logins,
            journey,
            progress,
            members,
            witnesses,
            door: None,
            supervisor,
            _home: home,
        };
        match system.serve(addresses, door_listener).await {
            Ok(()) => Ok(system),
            Err(error) => {
                // What is told is why it could not start, not what else went wrong on the way back.
                let _ = system.stop().await;
                Err(error)
            }
        }
    }

    async fn serve(
        &mut self,
        addresses: address::Addresses,
        door: Option<(tokio::net::TcpListener, String)>,
    ) -> Result<(), Error> {
        self.members.migrate().await?;
        self.members.start_all(addresses.into_listeners()).await?;
        if let Some((listener, _)) = door {
            self.door =
                Some(Door::open(listener, &self.endpoints, &self.signer, &self.logins, self.journey.clone()));
        }
        keys::replace(&database_url_file(&self.endpoints.keys), self.database_url())?;
        self.endpoints.store()
    }

    /// Where everything is.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// A client that may act as anybody.
    pub fn client(&self) -> crate::client::Client {
        crate::client::Client::signing(self.endpoints.clone(), self.signer.clone())
    }

    /// The key whose tokens the services believe.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Who may connect to the bus, by service and outside department.
    pub fn logins(&self) -> &Logins {
        &self.logins
    }

    /// The bus, as an outside department reaches it.
    pub fn department_bus(&self, department: &str) -> bus::Options {
        let mut options = bus::Options::new(self.supervisor.nats_url(), department);
        options.credentials = self.logins.credentials(department);
        options
    }

    /// Makes the stream of an outside department anew after the bus lost it; it goes on at `first`.
    pub async fn ensure_outside(&self, department: &str, first: u64) -> Result<(), Error> {
        self.progress.outside.ensure(department, first).await
    }

    /// The database with its password, for tests that look beneath.
    pub fn database_url(&self) -> &str {
        self.supervisor.database_url()
    }

    /// The present instant by the system's clock.
    pub fn now(&self) -> OffsetDateTime {
        self.journey.now()
    }

    /// Moves the scripted clock as time would have passed: what falls due on the way acts at its own instant, and
    /// everybody hears of it, before the clock moves on.
    pub async fn set_clock(&self, at: OffsetDateTime) -> Result<(), Error> {
        self.journey.go(at).await
    }

    /// Sets the scripted clock at once; what falls due on the way acts late, as after an outage.
    pub fn jump_clock(&self, at: OffsetDateTime) -> Result<(), Error> {
        self.journey.jump(at)
    }

    /// A running service.
    pub fn node(&self, service: &str) -> Option<Node> {
        self.progress.nodes.get(service)
    }

    /// The last position of every log: services' and outside departments'.
    pub async fn heads(&self) -> Result<Heads, Error> {
        self.progress.heads().await
    }

    /// Waits until every running service has taken in everything that it listens to, and nothing new came of it.
    pub async fn settle(&self, patience: Duration) -> Result<Heads, Error> {
        self.progress.settle(patience).await
    }

    /// Stops one service as a deployment would; the others go on.
    pub async fn stop_service(&mut self, service: &str) -> Result<(), Error> {
        self.members.stop(service).await
    }

    /// Starts it again, at the same address.
    pub async fn start_service(&mut self, service: &str) -> Result<(), Error> {
        self.members.start(service).await
    }

    /// Stops one witness, as `witness-1`; the others and the services go on.
    pub async fn stop_witness(&mut self, name: &str) -> Result<(), Error> {
        self.witnesses.stop(name).await
    }

    /// Starts it again, at the same address and with what it remembers.
    pub async fn start_witness(&mut self, name: &str) -> Result<(), Error> {
        self.witnesses.resume(name).await
    }

    /// The children, to stop, kill or wipe them; nothing is restarted while the guard is held.
    pub async fn servers(&self) -> MutexGuard<'_, Servers> {
        self.supervisor.servers().await
    }

    /// Returns when a service ends that nobody stopped.
    pub async fn failed(&mut self) -> Error {
        self.members.failed().await
    }

    /// Stops services, witnesses, bus and database, in this order; whatever was accepted is stored.
    pub async fn stop(mut self) -> Result<(), Error> {
        if let Some(door) = self.door.take() {
            door.close().await;
        }
        let stopped = self.members.stop_all().await;
        let stopped = stopped.and(self.witnesses.stop_all().await);
        drop((self.journey, self.progress));
        self.supervisor.stop().await;
        Endpoints::remove(&self.endpoints.data);
        stopped
    }
}

fn world(time: &SystemTime, allow_unverified: &[String]) -> Result<World, Error> {
    Ok(World { clock: time.clock(), rules: rules(allow_unverified)?, calendar: Calendar::builtin() })
}

/// The log of a service: a schema of its own name.
pub(crate) fn log_options(database_url: &str, service: &str) -> Result<eventlog::Options, Error> {
    let connect =
        PgConnectOptions::from_str(database_url).because("读取数据库地址", "read the database URL")?;
    Ok(eventlog::Options::new(connect.application_name(&format!("fenghuo-{service}")), service))
}

/// The file with the database's URL and password, for auditors on this machine.
pub(crate) fn database_url_file(keys: &Path) -> PathBuf {
    keys.join("database-url")
}

/// The file with the key that signs the checkpoints of a service's log.
pub(crate) fn audit_key_file(keys: &Path, service: &str) -> PathBuf {
    keys.join(format!("audit-{service}.key"))
}

/// The built-in rule pack with these unverified rows allowed; a name that is no row is a mistake.
fn rules(allow_unverified: &[String]) -> Result<Arc<RulePack>, Error> {
    let pack = RulePack::builtin();
    let known = pack.rows().map(|row| row.id.as_str()).collect::<BTreeSet<_>>();
    match allow_unverified.iter().find(|id| !known.contains(id.as_str())) {
        Some(id) => Err(Error::usage(
            format!("规则包中没有 {id:?} 这一行"),
            format!("the rule pack has no row {id:?}"),
        )),
        None if allow_unverified.is_empty() => Ok(pack),
        None => Ok(Arc::new(pack.with_allowed(allow_unverified))),
    }
}
