//! `fenghuo audit verify`: what was changed, and where.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use audit::{Connect, Report, Verify};
use clap::Args;
use serde_json::json;
use sqlx::PgConnection;

use super::place::{Trust, Where};
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
  fenghuo audit verify --tiles /srv/audit/hazard --vkey hazard.vkey --files-only
  fenghuo audit verify --tiles /srv/audit/hazard --vkey hazard.vkey --service hazard \\
      --database-url postgres://auditor@db/hazard";

/// What `audit verify` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct VerifyArgs {
    #[command(flatten)]
    place: Where,
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
    let verify = Verify {
        tiles: args.place.tiles()?,
        policy: args.trust.policy(Some(&args.place))?,
        saved: args.checkpoints.iter().map(saved).collect::<Result<_, _>>()?,
    };
    let mut db = if args.files_only { None } else { Some(database(&args).await?) };
    let quorum = verify.policy.quorum();
    let report = verify.run(db.as_mut(), progress).await;
    progress_done();
    let report = report.because("核验日志", "verify the log")?;
    tell(&report, db.is_some(), quorum, args.json, shell)?;
    if report.found_total == 0 {
        return Ok(());
    }
    Err(Error::told(
        format!("核验未通过：{} 处", report.found_total),
        format!("verification failed in {} places", report.found_total),
    ))
}

fn saved(file: &PathBuf) -> Result<(String, Vec<u8>), Error> {
    let name = file.display().to_string();
    let bytes = fs::read(file).because(format!("读取 {name}"), format!("read {name}"))?;
    Ok((name, bytes))
}

async fn database(args: &VerifyArgs) -> Result<PgConnection, Error> {
    let Some(service) = &args.place.service else {
        return Err(Error::usage(
            "需要 --service 以核对数据库中的事件，或 --files-only",
            "say whose events with --service, or --files-only",
        ));
    };
    let url = match &args.database_url {
        Some(url) => url.clone(),
        None => files::text(&system::database_url_file(&args.place.data.join("keys")))?.1,
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
