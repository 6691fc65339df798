//! `fenghuo audit verify`: what was changed, and where.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use audit::{Connect, Report, Scope, Tiles, Verify};
use clap::Args;
use decider::CaseId;
use serde_json::json;
use sqlx::PgConnection;

use super::{
    logs::no_events_of,
    place::{Trust, Where},
};
use crate::{
    error::{Because, Error},
    law::files,
    services,
    shell::Shell,
    system,
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit verify --service hazard
  fenghuo audit verify --service hazard --checkpoint saved-2026-09 --checkpoint saved-2026-10
  fenghuo audit verify --case wuyi-2023-0417
  fenghuo audit verify --service hazard --from 1000 --to 2000
  fenghuo audit verify --tiles /srv/audit/hazard --vkey hazard.vkey --files-only
  fenghuo audit verify --tiles /srv/audit/hazard --vkey hazard.vkey --service hazard \\
      --database-url postgres://auditor@db/hazard";

/// What `audit verify` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct VerifyArgs {
    #[command(flatten)]
    place: Where,
    /// Compare the events of this case only; without --service or --tiles in every log of the system. The trees are
    /// verified whole
    #[arg(long, value_name = "CASE", conflicts_with_all = ["from", "to", "files_only"])]
    case: Option<CaseId>,
    /// Compare the events from this position on only
    #[arg(long, value_name = "POSITION", conflicts_with = "files_only")]
    from: Option<u64>,
    /// Compare the events up to and with this position only
    #[arg(long, value_name = "POSITION", conflicts_with = "files_only")]
    to: Option<u64>,
    #[command(flatten)]
    trust: Trust,
    /// Signed checkpoint that was kept elsewhere; may be given several times
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// PostgreSQL connection URL of the log's events; a right to read is enough
    #[arg(long, env = "FENGHUO_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// Verify the files alone, without the events in the database
    #[arg(long)]
    files_only: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: VerifyArgs, shell: Shell) -> Result<(), Error> {
    let scope = scope(&args)?;
    let places = match &args.case {
        Some(_) if args.place.is_of_no_log() => {
            services::names().map(|service| args.place.with(service)).filter(Where::is_sealed).collect()
        }
        _ => vec![args.place.clone()],
    };
    let (mut found, mut events) = (0, 0);
    for place in &places {
        let report = verify(&args, place, &scope, shell).await?;
        found += report.found_total;
        events += report.events;
    }
    match &args.case {
        Some(case) if found + events == 0 => return Err(no_events_of(case)),
        _ if found == 0 => return Ok(()),
        _ => {}
    }
    Err(Error::told(format!("核验未通过：{found} 处"), format!("verification failed in {found} places")))
}

/// Verifies one log, and tells what was found.
async fn verify(args: &VerifyArgs, place: &Where, scope: &Scope, shell: Shell) -> Result<Report, Error> {
    let tiles = place.tiles()?;
    is_this_log(args, &tiles)?;
    let verify = Verify {
        tiles,
        policy: args.trust.policy(Some(place))?,
        saved: args.checkpoints.iter().map(saved).collect::<Result<_, _>>()?,
        scope: scope.clone(),
    };
    let mut db = if args.files_only { None } else { Some(database(args, place).await?) };
    let quorum = verify.policy.quorum();
    let report = verify.run(db.as_mut(), progress).await;
    progress_done();
    let report = report.because("核验日志", "verify the log")?;
    tell(&report, db.is_some(), quorum, args.json, shell)?;
    Ok(report)
}

/// A key of another log would show every leaf as changed.
fn is_this_log(args: &VerifyArgs, tiles: &Tiles) -> Result<(), Error> {
    let head = tiles.checkpoint().because("读取检查点", "read the checkpoint")?.unwrap_or_default();
    let origin = String::from_utf8_lossy(head.split(|byte| *byte == b'\n').next().unwrap_or_default());
    match args.trust.keys()?.first() {
        Some(key) if !origin.is_empty() && key.name() != origin => Err(Error::usage(
            format!("检查点属于日志 {origin}，而公钥属于 {}", key.name()),
            format!("the checkpoint is of log {origin}, the key of {}", key.name()),
        )),
        _ => Ok(()),
    }
}

fn scope(args: &VerifyArgs) -> Result<Scope, Error> {
    if let Some(case) = &args.case {
        return Ok(Scope::Case(case.to_string()));
    }
    let (from, to) = match (args.from, args.to) {
        (None, None) => return Ok(Scope::Whole),
        (from, to) => (from.unwrap_or(1), to.unwrap_or(u64::MAX)),
    };
    if from == 0 || from > to {
        return Err(Error::usage(
            "--from 须不小于 1，且不大于 --to",
            "--from begins at 1 and is not after --to",
        ));
    }
    Ok(Scope::Range { from, to })
}

fn saved(file: &PathBuf) -> Result<(String, Vec<u8>), Error> {
    let name = file.display().to_string();
    let bytes = fs::read(file).because(format!("读取 {name}"), format!("read {name}"))?;
    Ok((name, bytes))
}

async fn database(args: &VerifyArgs, place: &Where) -> Result<PgConnection, Error> {
    let Some(service) = &place.service else {
        return Err(Error::usage(
            "需要 --service 以核对数据库中的事件，或 --files-only",
            "say whose events with --service, or --files-only",
        ));
    };
    let url = match &args.database_url {
        Some(url) => url.clone(),
        None => files::text(&system::database_url_file(&place.data.join("keys")))?.1,
    };
    let options = system::log_options(url.trim(), services::find(service)?.service.name)?;
    options.read_only().await.because("连接数据库", "connect to the database")
}

fn tell(report: &Report, with_events: bool, quorum: usize, as_json: bool, shell: Shell) -> Result<(), Error> {
    if as_json {
        return shell.json(&json!({
            "origin": report.origin, "size": report.size, "events": report.events,
            "unsealed": report.unsealed, "checkpoints": report.checkpoints, "final": report.final_size,
            "sm3": report.shadow,
            "found": report.found, "found_total": report.found_total,
        }));
    }
    for found in &report.found {
        shell.line(shell.pick(&found.zh(), &found.to_string()))?;
    }
    let Report { origin, size, events, unsealed, checkpoints, .. } = report;
    shell.line(shell.pick(
        &format!("{origin}：核验 {size} 个审计叶、{checkpoints} 个已签检查点"),
        &format!("{origin}: {size} leaves and {checkpoints} signed checkpoints verified"),
    ))?;
    tell_finality(report, quorum, shell)?;
    if let Some(size) = report.shadow {
        shell.line(shell.pick(
            &format!("SM3 影子树：由 {size} 个审计叶重算核验"),
            &format!("SM3 shadow: made anew of {size} leaves and verified"),
        ))?;
    }
    if with_events {
        shell.line(shell.pick(
            &format!("数据库：逐字段核对 {events} 个事件；另有 {unsealed} 个尚未封存"),
            &format!("database: {events} events compared field by field; {unsealed} more are not sealed yet"),
        ))?;
    }
    Ok(())
}

/// How far witnesses vouch for it; without their keys, how far they are said to.
fn tell_finality(report: &Report, quorum: usize, shell: Shell) -> Result<(), Error> {
    let Some(size) = report.final_size else { return Ok(()) };
    if quorum == 0 {
        return shell.line(shell.pick(
            &format!("见证终局：至 {size}；未核对联署（须 --witness 和 --quorum）"),
            &format!("final: {size} leaves; the witnesses' lines were not verified (--witness, --quorum)"),
        ));
    }
    shell.line(shell.pick(
        &format!("见证终局：至 {size}，至少 {quorum} 方联署"),
        &format!("final: {size} leaves, cosigned by {quorum} witnesses or more"),
    ))
}

/// Draws over the line before; only where somebody watches.
fn progress(done: u64, size: u64) {
    if io::stderr().is_terminal() && done.is_multiple_of(4_096) {
        let _ = write!(io::stderr(), "\r{done}/{size}");
    }
}

fn progress_done() {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}
