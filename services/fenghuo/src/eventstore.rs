//! `fenghuo eventstore`: an event store on PostgreSQL and nothing else, for clients of KurrentDB and EventStoreDB;
//! empty and writable, or the memory of a service, read-only.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use chassis::auth::KeySet;
use clap::Args;
use decider::{Actor, ActorKind, Department, Id};
use door::{Access, Door, Grant};
use eventlog::{Log, SystemClock, World};
use law::{Calendar, RulePack};
use servers::{Postgres, PostgresOptions};
use tokio_util::sync::CancellationToken;
use tonic::transport::Identity;

use crate::{
    doorway::{self, Advertised},
    error::{Because, Error},
    keys,
    shell::Shell,
    signal::Signals,
    system,
};

mod certificate;
mod memory;

/// The schema of the log.
const SCHEMA: &str = "eventstore";
/// The data folder where nobody says otherwise.
const DATA: &str = ".fenghuo-eventstore";

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo eventstore
  fenghuo eventstore --data /var/tmp/events --port 2113
  fenghuo eventstore --memory-of hazard
  fenghuo eventstore --memory-of hazard --database-url postgres://auditor@db/fenghuo
  fenghuo eventstore --host 0.0.0.0 --advertise events.example:2113 --tls --writer operator=sensor-";

/// Run an event store that works with clients of KurrentDB and EventStoreDB
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct EventstoreArgs {
    /// Open the log of this service, read-only, instead of a log of its own
    #[arg(long, value_name = "SERVICE", conflicts_with = "writers")]
    memory_of: Option<String>,
    /// Data folder; a second start goes on where the first ended (default: .fenghuo-eventstore; with --memory-of the
    /// system's, .fenghuo)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 2113)]
    port: u16,
    /// Address to listen on; any but loopback needs TLS
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    host: std::net::IpAddr,
    /// Where clients that discover their server are sent, as HOST:PORT (default: where it listens)
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<Advertised>,
    /// Use TLS with a certificate that is generated in the data folder; callers then show a token
    #[arg(long, conflicts_with = "tls_cert")]
    tls: bool,
    /// Use TLS with this certificate (PEM, with its chain); callers then show a token
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// File with the public keys whose tokens are accepted (JWK Set; default: of the key in the data folder)
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Who may append to what, as ROLE=PREFIX; may be given several times (default: all but auditors, to everything)
    #[arg(long = "writer", value_name = "ROLE=PREFIX", value_parser = doorway::grant)]
    writers: Vec<Grant>,
    /// The department for whose events those are that callers without a token append
    #[arg(long, default_value = "fire.330723")]
    department: Department,
    /// Use this PostgreSQL instead of starting one
    #[arg(long, env = "FENGHUO_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
}

/// Runs until told to stop.
pub async fn run(args: EventstoreArgs, shell: Shell) -> Result<(), Error> {
    let mut signals = Signals::listen()?;
    // The first to make the folder: as root, PostgreSQL runs as another user, who must be able to pass through.
    let (url, mut postgres) = database(&args).await?;
    let result = serve(&args, &url, &mut signals, shell).await;
    if let Some(postgres) = &mut postgres {
        postgres.stop().await;
    }
    result
}

/// Where the log is, and the server that was started for it.
async fn database(args: &EventstoreArgs) -> Result<(String, Option<Postgres>), Error> {
    match (&args.database_url, &args.memory_of) {
        (Some(url), _) => Ok((url.clone(), None)),
        (None, Some(_)) => memory::database(&data(args)).await,
        (None, None) => {
            let postgres =
                start_postgres(&data(args)).await.because("启动 PostgreSQL", "start PostgreSQL")?;
            Ok((postgres.url(), Some(postgres)))
        }
    }
}

async fn start_postgres(data: &Path) -> Result<Postgres, servers::Error> {
    Postgres::start(&data.join("postgres"), PostgresOptions::default()).await
}

fn data(args: &EventstoreArgs) -> PathBuf {
    let usual = if args.memory_of.is_some() { system::DATA } else { DATA };
    args.data.clone().unwrap_or_else(|| usual.into())
}

async fn serve(
    args: &EventstoreArgs,
    database_url: &str,
    signals: &mut Signals,
    shell: Shell,
) -> Result<(), Error> {
    let log = open(args, database_url).await?;
    let identity = identity(args)?;
    let access = access(args, identity.is_some())?;
    let address = SocketAddr::new(args.host, args.port);
    let listener = doorway::listen(address).await?;
    let address = listener.local_addr().because("读取监听地址", "read the listening address")?;
    let advertised = args.advertise.clone().unwrap_or_else(|| address.into());
    let closing = CancellationToken::new();
    let door = Door::new(log.clone(), access, advertised.clone().into(), closing.clone());
    tell(args, &advertised, identity.is_some(), shell)?;
    let served = doorway::serve(door, listener, identity, closing, signals).await;
    log.shutdown().await;
    served
}

async fn open(args: &EventstoreArgs, database_url: &str) -> Result<Log, Error> {
    let world =
        World { clock: Arc::new(SystemClock), rules: RulePack::builtin(), calendar: Calendar::builtin() };
    if let Some(service) = &args.memory_of {
        return memory::open(database_url, service, world).await;
    }
    let options = system::log_options(database_url, SCHEMA)?;
    let options =
        door::log_options(eventlog::Options { department: Some(args.department.clone()), ..options });
    eventlog::migrate(&options).await.because("更新数据库结构", "bring the schema up to date")?;
    Log::open(options, world).await.because("打开日志", "open the log")
}

fn identity(args: &EventstoreArgs) -> Result<Option<Identity>, Error> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => doorway::identity(certificate, key).map(Some),
        _ if args.tls => certificate::load_or_generate(&data(args), &host(args)).map(Some),
        _ => Ok(None),
    }
}

/// The name or address that clients call.
fn host(args: &EventstoreArgs) -> String {
    args.advertise.as_ref().map_or_else(|| args.host.to_string(), |advertised| advertised.host.clone())
}

fn access(args: &EventstoreArgs, is_secure: bool) -> Result<Access, Error> {
    let keys = match &args.keys {
        Some(file) => KeySet::load(file).because("读取公钥", "load the public keys")?,
        None => keys::load_or_generate(&data(args).join("keys"))?.key_set(),
    };
    let anonymous = if is_secure { None } else { Some(nobody(args)) };
    Ok(Access { anonymous, grants: grants(args), ..Access::read_only(doorway::tokens(keys)) })
}

/// Who may append to what: to a memory nobody.
fn grants(args: &EventstoreArgs) -> Vec<Grant> {
    match (&args.memory_of, &args.writers[..]) {
        (Some(_), _) => Vec::new(),
        // All but auditors.
        (None, []) => vec![Grant { role: None, prefix: String::new() }],
        (None, writers) => writers.to_vec(),
    }
}

/// Whoever calls without a token, which only programs of this machine can.
fn nobody(args: &EventstoreArgs) -> Actor {
    let id = Id::parse("anonymous").expect("a literal id");
    let department = args.department.clone();
    Actor { kind: ActorKind::Service, id, department, roles: Vec::new(), certificate: None }
}

fn tell(args: &EventstoreArgs, advertised: &Advertised, is_secure: bool, shell: Shell) -> Result<(), Error> {
    match &args.memory_of {
        Some(service) => shell.line(shell.pick(
            &format!("{service} 的日志已开放，只读（Ctrl-C 停止）"),
            &format!("the log of {service} is open, read-only (Ctrl-C closes it)"),
        )),
        None => shell
            .line(shell.pick("事件库已就绪（Ctrl-C 停止）", "the event store is ready (Ctrl-C stops it)")),
    }?;
    if !is_secure {
        return shell.line(format_args!("  kurrentdb://{advertised}?tls=false"));
    }
    let ca = if args.tls {
        format!("&tlsCaFile={}", certificate::ca_file(&data(args)).display())
    } else {
        String::new()
    };
    shell.line(format_args!("  kurrentdb://ID:TOKEN@{advertised}?tls=true{ca}"))?;
    if args.keys.is_some() {
        return Ok(());
    }
    let key = keys::signing_file(&data(args).join("keys"));
    let key = key.display();
    let role = if args.memory_of.is_some() { "auditor" } else { "operator" };
    shell.line(format_args!(
        "{}fenghuo token --department {} --role {role} --id ID --key {key}",
        shell.pick("令牌：", "tokens: "),
        args.department
    ))
}
