//! `fenghuo dev`: the whole system on this machine, until Ctrl-C.

mod doors;

use std::path::PathBuf;

use chassis::telemetry::Telemetry;
use clap::{Args, ValueEnum, value_parser};
use door::Grant;

use crate::{
    doorway,
    endpoints::Endpoints,
    error::{Because, Error},
    keys, services,
    shell::Shell,
    signal::Signals,
    system::{self, ClockChoice, System, SystemOptions},
};
use doors::Doors;

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo dev
  fenghuo dev --data /var/tmp/fenghuo --listen-base 7100
  fenghuo dev --clock scripted
  fenghuo dev --witnesses 3
  fenghuo dev --door-base 2113 --door-writer operator=sensor-
  fenghuo dev --database-url postgres://fenghuo@db/fenghuo --nats-url nats://bus:4222";

/// Witnesses at most: enough to try every quorum that makes sense.
const WITNESSES_MAX: i64 = 9;

/// Run PostgreSQL, nats-server and all services on this machine
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct DevArgs {
    /// Data folder; a second start goes on where the first ended
    #[arg(long, default_value = system::DATA, value_name = "DIR")]
    data: PathBuf,
    /// Use this PostgreSQL instead of starting one
    #[arg(long, env = "FENGHUO_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// Use this nats-server instead of starting one
    #[arg(long, env = "FENGHUO_NATS_URL", hide_env_values = true, value_name = "URL")]
    nats_url: Option<String>,
    /// Whose time it is: the machine's, or a script's that is moved over the development endpoint
    #[arg(long, value_enum, default_value_t = ClockArg::Real)]
    clock: ClockArg,
    /// Listen on seven ports from here on, and one more for each witness, instead of free ones
    #[arg(long, value_name = "PORT")]
    listen_base: Option<u16>,
    /// Open the services' logs to clients of KurrentDB and EventStoreDB, on six ports from here on; 0 takes free ones
    #[arg(long, value_name = "PORT")]
    door_base: Option<u16>,
    /// Run so many witnesses here, with keys and memories in the data folder; more than half of them make a checkpoint final
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = value_parser!(u8).range(..=WITNESSES_MAX))]
    witnesses: u8,
    /// Let a second tree follow each log's, over the same leaves but hashed with SM3 (GB/T 32905), with its own checkpoint
    #[arg(long)]
    audit_sm3: bool,
    /// Who may append there to streams that are none of a service's, as ROLE=PREFIX; may be given several times
    /// (default: nobody)
    #[arg(long = "door-writer", value_name = "ROLE=PREFIX", value_parser = doorway::grant, requires = "door_base")]
    door_writers: Vec<Grant>,
    /// Rows of status M (unverified) in the rule pack that are allowed, by id
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    allow_unverified: Vec<String>,
    /// Where traces and metrics go (OTLP over gRPC); nowhere if absent
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ClockArg {
    Real,
    Scripted,
}

/// Runs until told to stop.
pub async fn run(args: DevArgs, shell: Shell) -> Result<(), Error> {
    services::ALL.iter().try_for_each(|member| doorway::check(member.service, &args.door_writers))?;
    let mut signals = Signals::listen()?;
    let doors = Doors { base: args.door_base, writers: args.door_writers };
    let telemetry = Telemetry::start("fenghuo-dev", args.otlp_endpoint.as_deref())
        .because("启动遥测", "start telemetry")?;
    let options = SystemOptions {
        data: args.data,
        database_url: args.database_url,
        nats_url: args.nats_url,
        clock: match args.clock {
            ClockArg::Real => ClockChoice::Real,
            ClockArg::Scripted => ClockChoice::Scripted(None),
        },
        listen_base: args.listen_base,
        allow_unverified: args.allow_unverified,
        witnesses: args.witnesses.into(),
        sm3: args.audit_sm3,
        postgres_settings: Vec::new(),
    };
    let result = tokio::select! {
        started = Box::pin(System::start(options)) => match started {
            Ok(system) => attend_with_doors(system, &doors, &mut signals, shell).await,
            Err(error) => Err(error),
        },
        // A half-started system is dropped, which ends its children.
        () = signals.received() => Ok(()),
    };
    telemetry.shutdown();
    result
}

/// The same with doors for auditors' clients, where they are wanted.
async fn attend_with_doors(
    system: System,
    doors: &Doors,
    signals: &mut Signals,
    shell: Shell,
) -> Result<(), Error> {
    let doors = match doors.open(&system, shell).await {
        Ok(doors) => doors,
        Err(error) => return system.stop().await.and(Err(error)),
    };
    let ended = attend(system, signals, shell).await;
    for door in doors {
        door.close().await;
    }
    ended
}

/// Tells where everything is, waits for the order to stop (or for a service that fails), and stops.
pub(crate) async fn attend(mut system: System, signals: &mut Signals, shell: Shell) -> Result<(), Error> {
    let told = tell(system.endpoints(), shell);
    let ended = tokio::select! {
        () = signals.received() => told,
        error = system.failed() => told.and(Err(error)),
    };
    shell.note(shell.pick("正在停止……", "stopping ..."));
    signals.hurry_from_now();
    ended.and(system.stop().await)
}

fn tell(endpoints: &Endpoints, shell: Shell) -> Result<(), Error> {
    shell.line(shell.pick("烽火已就绪（Ctrl-C 停止）", "fenghuo is ready (Ctrl-C stops it)"))?;
    let signing = keys::signing_file(&endpoints.keys);
    let mut parts =
        endpoints.services.iter().map(|(name, url)| (name.as_str(), url.clone())).collect::<Vec<_>>();
    parts.extend(endpoints.witnesses.iter().map(|(name, url)| (name.as_str(), url.clone())));
    parts.extend(endpoints.dev_url.iter().map(|url| ("dev", url.clone())));
    parts.push(("postgres", endpoints.database_url.clone()));
    parts.push(("nats", endpoints.nats_url.clone()));
    parts.push((shell.pick("签名密钥", "signing key"), signing.display().to_string()));
    parts.push((shell.pick("端点文件", "endpoints"), Endpoints::file(&endpoints.data).display().to_string()));
    for (name, place) in parts {
        shell.line(format_args!("  {name:<14} {place}"))?;
    }
    shell.line(shell.pick(
        "令牌：fenghuo token --department fire.330723 --role officer --id officer-1 --data DIR",
        "tokens: fenghuo token --department fire.330723 --role officer --id officer-1 --data DIR",
    ))
}
