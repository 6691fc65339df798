//! Running a service: open the log, start its tasks, answer gRPC, and stop without losing anything.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bus::{Advancer, Backfill, Bus, GrpcBackfill, Inbox, Relay, Source, Wiring};
use contracts::{
    clock::v1::clock_service_server::ClockServiceServer, log::v1::log_service_server::LogServiceServer,
};
use decider::{Actor, ActorKind, Department, Id};
use eventlog::{Amendments, Deadlines, Log, Options, Views, World};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::service::RoutesBuilder;

use crate::{
    Node, Service,
    auth::KeySet,
    clocks::ClockDoor,
    health,
    log_service::LogDoor,
    metrics,
    node::Watches,
    selftest::{self, Pulse},
};

/// How long open requests may take to finish after the order to stop.
const DRAIN_MAX: Duration = Duration::from_secs(20);
/// Largest gRPC message accepted.
const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// Where a service's parts are; what [`crate::Config`] says, resolved.
pub struct Settings {
    /// The database and schema.
    pub log: Options,
    /// The bus.
    pub bus: bus::Options,
    /// The bound listener.
    pub listener: TcpListener,
    /// Whose tokens are accepted.
    pub keys: KeySet,
    /// The department whose service this is.
    pub department: Department,
    /// Other services' gRPC endpoints by name.
    pub peers: Vec<(String, String)>,
    /// This service's own token for its peers.
    pub token: Option<String>,
    /// Clock, rule pack, calendar.
    pub world: World,
    /// Whose signatures allow unverified rows of an adopted rule pack.
    pub allowance_keys: Option<law::Keys>,
    /// How often the law is tested where it is used.
    pub selftest_every: Duration,
    /// How its log is sealed, where it is.
    pub sealing: Option<audit::Sealing>,
}

/// Why a service cannot start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The log cannot be opened.
    #[error("open the log of {service}")]
    Log {
        /// Whose.
        service: &'static str,
        /// Why.
        #[source]
        source: eventlog::Error,
    },
    /// The bus cannot be used.
    #[error("connect {service} to the bus")]
    Bus {
        /// Whose.
        service: &'static str,
        /// Why.
        #[source]
        source: bus::ConnectError,
    },
    /// A peer's address cannot be used.
    #[error("use the address of a peer")]
    Peer(#[source] tonic::transport::Error),
    /// The listener's address is unknown.
    #[error("read the listening address")]
    Listen(#[from] std::io::Error),
    /// gRPC failed.
    #[error("serve gRPC")]
    Grpc(#[source] tonic::transport::Error),
    /// Reflection could not be built.
    #[error("build gRPC reflection")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A service that runs until its token is cancelled.
pub struct Running {
    /// Where its gRPC listens.
    pub address: SocketAddr,
    /// Its node.
    pub node: Node,
    done: tokio::task::JoinHandle<Result<(), ServeError>>,
}

impl Running {
    /// Waits until the service has stopped, and everything it had accepted is stored.
    pub async fn stopped(self) -> Result<(), ServeError> {
        self.done.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

/// Starts a service. It answers as soon as this returns.
pub async fn start(
    service: &'static Service,
    settings: Settings,
    shutdown: CancellationToken,
) -> Result<Running, ServeError> {
    let address = settings.listener.local_addr()?;
    let log_error = |source| ServeError::Log { service: service.name, source };
    let bus_error = |source| ServeError::Bus { service: service.name, source };
    let options = eventlog::Options { department: Some(settings.department.clone()), ..settings.log };
    let log = Log::open(options, settings.world).await.map_err(log_error)?;
    // Before anything is decided: by the rules that this log has been told of, not by those of the program.
    let aggregates = service.all_aggregates();
    Amendments::load(&log, &aggregates).await.map_err(log_error)?;
    let bus = Bus::connect(settings.bus).await.map_err(bus_error)?;
    let views = Views::start(&log, service.all_views()).await.map_err(log_error)?;
    let source = Source::parse(service.name).expect("a service's name is a source");
    let relay = Relay::new(source.clone(), log.clone(), bus.clone(), service.publish);
    let backfill = GrpcBackfill::new(settings.peers, own_token(settings.token)).map_err(ServeError::Peer)?;
    let backfill: Arc<dyn Backfill> = Arc::new(backfill);
    let inbox = |name| {
        let wiring = Wiring {
            service: source.clone(),
            log: log.clone(),
            bus: bus.clone(),
            react: service.policies(name),
            actor: actor(&settings.department, ActorKind::Service, service.name),
            backfill: Arc::clone(&backfill),
        };
        Inbox::new(wiring, &[Source::parse(name).expect("a service listens to sources")])
    };
    let inboxes: Vec<Inbox> = service.hears().map(inbox).collect();
    let pulse = watch::Sender::new(Pulse::new(settings.selftest_every));
    let advancer = Advancer::new(
        source.clone(),
        log.clone(),
        service.advance,
        actor(&settings.department, ActorKind::Service, service.name),
    );
    let sealer = settings.sealing.map(|sealing| audit::Sealer::new(log.clone(), sealing));
    let watches = Watches {
        // Taken here because the first to take it starts a task, which the thread that reads metrics cannot.
        head: log.watch(),
        bus: bus.connected(),
        trouble: bus.trouble(),
        relay: relay.status(),
        inbox: inboxes.iter().flat_map(Inbox::status).collect(),
        advance: advancer.status(),
        selftest: pulse.subscribe(),
        unusable: log.unusable(),
        sealing: sealer.as_ref().map(audit::Sealer::status),
    };
    let clock = actor(&settings.department, ActorKind::Clock, "clock");
    let (keys, allowance_keys) = (settings.keys, settings.allowance_keys);
    let node =
        Node::new(service, settings.department.clone(), log.clone(), views, keys, allowance_keys, watches);
    let mut tasks = JoinSet::new();
    let stop = shutdown.clone();
    tasks.spawn(async move {
        // The alarm has been logged, and health tells it: a person must look.
        let _ = relay.run(stop).await;
    });
    for inbox in inboxes {
        tasks.spawn(inbox.run(shutdown.clone()));
    }
    let stop = shutdown.clone();
    tasks.spawn(async move { advancer.run(stop).await });
    if let Some(sealer) = sealer {
        tasks.spawn(sealer.run(shutdown.clone()));
    }
    tasks.spawn(Deadlines::run(log.clone(), aggregates, clock.clone(), shutdown.clone()));
    tasks.spawn(Amendments::run(log.clone(), clock, shutdown.clone()));
    tasks.spawn(selftest::run(log, pulse, settings.selftest_every, shutdown.clone()));
    metrics::observe(&node);
    let done = tokio::spawn(run(node.clone(), settings.listener, tasks, shutdown));
    Ok(Running { address, node, done })
}

fn own_token(token: Option<String>) -> bus::TokenProvider {
    Arc::new(move || token.clone())
}

async fn run(
    node: Node,
    listener: TcpListener,
    mut tasks: JoinSet<()>,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let (reporter, health_service) = tonic_health::server::health_reporter();
    tasks.spawn(health::watch(node.clone(), reporter, shutdown.clone()));
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(contracts::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let mut routes = RoutesBuilder::default();
    routes.add_service(health_service);
    routes.add_service(reflection);
    routes.add_service(
        LogServiceServer::new(LogDoor(node.clone())).max_decoding_message_size(MESSAGE_BYTES_MAX),
    );
    if node.service().has_clocks() {
        routes.add_service(ClockServiceServer::new(ClockDoor(node.clone())));
    }
    (node.service().routes)(node.clone(), &mut routes);
    let stop = shutdown.clone();
    let serving =
        tonic::transport::Server::builder().add_routes(routes.routes()).serve_with_incoming_shutdown(
            TcpListenerStream::new(listener),
            async move { stop.cancelled().await },
        );
    let served = tokio::select! {
        served = serving => served,
        () = async { shutdown.cancelled().await; tokio::time::sleep(DRAIN_MAX).await } => Ok(()),
    };
    shutdown.cancel();
    while tasks.join_next().await.is_some() {}
    node.views().shutdown().await;
    node.log().shutdown().await;
    served.map_err(ServeError::Grpc)
}

fn actor(department: &Department, kind: ActorKind, id: &str) -> Actor {
    let id = Id::parse(id).expect("a service's name is an id");
    Actor { kind, id, department: department.clone(), roles: vec![], certificate: None }
}
