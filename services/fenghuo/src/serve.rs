//! `fenghuo serve`: one service as it is deployed; SIGTERM drains it.

use std::{fs, path::Path, sync::Arc};

use chassis::{Config, Settings, auth::KeySet, telemetry::Telemetry};
use clap::Args;
use eventlog::{SystemClock, World};
use law::{Allowance, Calendar, Keys, RulePack};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    audit,
    doorway::{DoorArgs, Opened},
    error::{Because, Error},
    law::files,
    migrate, services,
    shell::Shell,
    signal::Signals,
    system,
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo serve hazard --database-url postgres://fenghuo@db/hazard --nats-url nats://bus:4222 \\
      --listen 0.0.0.0:7101 --keys keys/keys.json --department fire.330723 \\
      --peer enforcement=http://enforcement:7101 --token-file /run/secrets/token \\
      --door-listen 0.0.0.0:2113 --door-tls-cert door.pem --door-tls-key door.key \\
      --door-writer operator=sensor-";

/// Run one service, as deployed
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct ServeArgs {
    /// Which service: hazard, enforcement, investigation, credit, reward, timeline
    service: String,
    #[command(flatten)]
    config: Config,
    #[command(flatten)]
    door: DoorArgs,
    /// Copies of its stream in the NATS cluster: 1 on a single server, 3 in production
    #[arg(long, env = "FENGHUO_NATS_REPLICAS", default_value_t = 1)]
    nats_replicas: usize,
    /// Bring the schema up to date before serving
    #[arg(long, env = "FENGHUO_MIGRATE")]
    migrate: bool,
}

/// Serves until told to stop; then finishes what was accepted.
pub async fn run(args: ServeArgs, shell: Shell) -> Result<(), Error> {
    let member = services::find(&args.service)?;
    let name = member.service.name;
    let mut signals = Signals::listen()?;
    args.door.check(member.service)?;
    let telemetry = Telemetry::start(&format!("fenghuo-{name}"), args.config.otlp_endpoint.as_deref())
        .because("启动遥测", "start telemetry")?;
    if args.migrate {
        migrate::one(&args.config.database_url, name).await?;
    }
    let shutdown = CancellationToken::new();
    let settings = settings(name, args.config, args.nats_replicas).await?;
    let keys = settings.keys.clone();
    let (zh, en) = (format!("运行服务 {name}"), format!("run service {name}"));
    let running = Box::pin(chassis::start(member.service, settings, shutdown.clone()))
        .await
        .because(zh.clone(), en.clone())?;
    shell.line(format_args!("{name} http://{}", running.address))?;
    let mut door = args.door.open(&running.node, keys).await?;
    if let Some(door) = &door {
        shell.line(format_args!("{name} kurrentdb://{}", door.advertised))?;
    }
    let stopped = running.stopped();
    tokio::pin!(stopped);
    let result = tokio::select! {
        // It ends by itself only when it cannot go on.
        ended = &mut stopped => ended.because(zh, en),
        error = failed(&mut door) => {
            shutdown.cancel();
            stopped.await.because(zh, en).and(Err(error))
        }
        () = signals.received() => {
            signals.hurry_from_now();
            if let Some(door) = door {
                door.close().await;
            }
            shutdown.cancel();
            stopped.await.because(zh, en)
        }
    };
    telemetry.shutdown();
    result
}

async fn failed(door: &mut Option<Opened>) -> Error {
    match door {
        Some(door) => door.failed().await,
        None => std::future::pending().await,
    }
}

async fn settings(name: &str, config: Config, nats_replicas: usize) -> Result<Settings, Error> {
    let mut bus = bus::Options::new(&config.nats_url, name);
    bus.stream.replicas = nats_replicas;
    let keys = KeySet::load(&config.keys).because("读取公钥", "load the public keys")?;
    let listen = config.listen;
    let listener =
        TcpListener::bind(listen).await.because(format!("监听 {listen}"), format!("listen on {listen}"))?;
    let allowance_keys = config.allowance_keys.as_deref().map(allowance_keys).transpose()?;
    let sealing = audit::sealing(&config)?;
    let rules = rules(config.allowance.as_deref(), allowance_keys.as_ref())?;
    Ok(Settings {
        log: system::log_options(&config.database_url, name)?,
        bus,
        listener,
        keys,
        department: config.department,
        peers: config.peers,
        token: config.token_file.as_deref().map(token).transpose()?,
        allowance_keys,
        selftest_every: chassis::SELFTEST_EVERY,
        sealing,
        world: World { clock: Arc::new(SystemClock), rules, calendar: Calendar::builtin() },
    })
}

fn allowance_keys(file: &Path) -> Result<Keys, Error> {
    Keys::from_jwks(&files::text(file)?.1).map_err(|error| Error::told(error.zh(), error.to_string()))
}

/// The built-in rule pack with the unverified rows allowed that a signature names.
fn rules(allowance: Option<&Path>, keys: Option<&Keys>) -> Result<Arc<RulePack>, Error> {
    let pack = RulePack::builtin();
    let (Some(file), Some(keys)) = (allowance, keys) else { return Ok(pack) };
    let today = law::shanghai_date(OffsetDateTime::now_utc());
    let allowed = Allowance::parse(&files::text(file)?.1).and_then(|signed| pack.allow(&signed, keys, today));
    allowed.map(Arc::new).map_err(|error| Error::told(error.zh(), error.to_string()))
}

fn token(file: &Path) -> Result<String, Error> {
    let text = fs::read_to_string(file);
    let text = text.because(format!("读取 {}", file.display()), format!("read {}", file.display()))?;
    Ok(text.trim().to_owned())
}
