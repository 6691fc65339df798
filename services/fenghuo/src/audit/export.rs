//! `fenghuo audit export`: a log, or a case in every log, as files that anybody's tools can read.
//!
//! **Invariant**: a part is durable before the manifest names it, and never changes afterwards. Whoever was stopped in
//! the middle goes on, and what comes out is what would have come out at once.

use std::path::PathBuf;

use audit::{Connect, Tiles};
use clap::{Args, value_parser};
use decider::CaseId;
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

mod events;
mod folder;
mod jsonl;
mod manifest;
mod parquet;
mod part;
mod row;

use events::Events;
use folder::Folder;
use manifest::{Manifest, Subject};
use part::Format;

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit export --service hazard --format parquet -o export
  fenghuo audit export --case wuyi-2023-0417 --format jsonl -o export
  fenghuo audit export --service hazard --tiles /srv/audit/hazard --vkey hazard.vkey -o export \\
      --database-url postgres://auditor@db/hazard";

/// What `audit export` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct ExportArgs {
    /// Whose log; with --case, the only one that is looked into
    #[arg(long, required_unless_present = "case")]
    service: Option<String>,
    /// The events of this case, in every log
    #[arg(long)]
    case: Option<CaseId>,
    /// JSON Lines, or Apache Parquet
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// Folder to write to; each log gets a folder in it. An export that was stopped goes on
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Events of one file
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = value_parser!(u64).range(1..=10_000_000))]
    part_events: u64,
    /// Data folder of the system
    #[arg(long, default_value = system::DATA, value_name = "DIR")]
    data: PathBuf,
    /// Folder of leaves, tiles and checkpoint, or s3://BUCKET/PREFIX, instead of the system's
    #[arg(long, value_name = "DIR|s3://…", requires = "service")]
    tiles: Option<String>,
    #[command(flatten)]
    trust: Trust,
    /// PostgreSQL connection URL of the log's events; a right to read is enough
    #[arg(long, env = "FENGHUO_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// Export what no signed checkpoint covers: up to the end of the log
    #[arg(long)]
    unsealed: bool,
}

pub(super) async fn run(args: ExportArgs, shell: Shell) -> Result<(), Error> {
    let services = match &args.service {
        Some(service) => vec![services::find(service)?.service.name],
        None => services::names().collect(),
    };
    let url = database_url(&args)?;
    let mut events = 0;
    for service in services {
        let manifest = export(&args, service, &url).await?;
        events += manifest.events;
        tell(&manifest, shell)?;
    }
    match &args.case {
        Some(case) if events == 0 => Err(no_events_of(case)),
        _ => Ok(()),
    }
}

fn database_url(args: &ExportArgs) -> Result<String, Error> {
    match &args.database_url {
        Some(url) => Ok(url.clone()),
        None => Ok(files::text(&system::database_url_file(&args.data.join("keys")))?.1.trim().to_owned()),
    }
}

/// Exports one log, from where an earlier run has stopped.
async fn export(args: &ExportArgs, service: &str, url: &str) -> Result<Manifest, Error> {
    let (zh, en) = (format!("导出 {service} 的日志"), format!("export the log of {service}"));
    let options = system::log_options(url, service)?;
    let mut db = options.read_only().await.because("连接数据库", "connect to the database")?;
    let folder = Folder::claim(&args.out.join(service))?;
    let subject = Subject {
        service: service.to_owned(),
        case: args.case.clone(),
        format: args.format,
        part_events: args.part_events,
    };
    let mut manifest = match Manifest::load(&folder, &subject)? {
        Some(manifest) => manifest,
        None => begin(args, subject, &mut db).await?,
    };
    folder.store(&manifest)?;
    let tiles = sealed(args, &manifest, &zh, &en)?;
    let mut events = Events::new(db, tiles, &manifest);
    while !manifest.is_complete {
        match part::write(&folder, &mut events, &manifest).await.because(zh.clone(), en.clone())? {
            Some(part) => manifest.add(part),
            None => manifest.is_complete = true,
        }
        folder.store(&manifest)?;
    }
    Ok(manifest)
}

/// The leaves that the events are compared with: those whose root was signed.
fn sealed(args: &ExportArgs, manifest: &Manifest, zh: &str, en: &str) -> Result<Option<Tiles>, Error> {
    let Some(note) = &manifest.checkpoint else { return Ok(None) };
    let place = place(args, &manifest.subject);
    let accepted = args.trust.policy(Some(&place))?.accept(note.as_bytes()).because(zh, en)?;
    let tiles = place.tiles()?;
    let root = audit::sealed::root(&tiles, accepted.checkpoint.size()).because(zh, en)?;
    if root != *accepted.checkpoint.root() {
        return Err(Error::told(
            format!("{zh}：审计叶与已签树根不符；`fenghuo audit verify` 可指出何处被改动"),
            format!(
                "{en}: the leaves do not give the signed root; `fenghuo audit verify` says where they were changed"
            ),
        ));
    }
    Ok(Some(tiles))
}

fn place(args: &ExportArgs, subject: &Subject) -> Where {
    Where::of(&subject.service, &args.data, args.tiles.as_deref())
}

/// A new export, of all that is there now.
async fn begin(args: &ExportArgs, subject: Subject, db: &mut PgConnection) -> Result<Manifest, Error> {
    if args.unsealed {
        let head = events::head(db).await.because("查询日志末尾", "ask where the log ends")?;
        return Ok(Manifest::new(subject, head, None));
    }
    let (note, accepted) = signed(args, &place(args, &subject))?;
    let size = accepted.checkpoint.size();
    Ok(Manifest::new(subject, size, Some((accepted.checkpoint.origin().to_owned(), note))))
}

/// The checkpoint that the export lies under.
fn signed(args: &ExportArgs, place: &Where) -> Result<(String, merkle::Accepted), Error> {
    let what = ("读取已签检查点", "read the signed checkpoint");
    let tiles = place.tiles()?;
    let found = if args.trust.quorum() > 0 { tiles.final_checkpoint() } else { tiles.checkpoint() };
    let note = found.because(what.0, what.1)?.ok_or_else(|| {
        Error::told(
            "日志尚无这样的已签检查点；--unsealed 可照样导出",
            "the log has no such signed checkpoint yet; --unsealed exports without",
        )
    })?;
    let accepted = args.trust.policy(Some(place))?.accept(&note).because(what.0, what.1)?;
    let note = String::from_utf8(note).because(what.0, what.1)?;
    Ok((note, accepted))
}

fn tell(manifest: &Manifest, shell: Shell) -> Result<(), Error> {
    let Manifest { subject: Subject { service, .. }, events, until, parts, .. } = manifest;
    let parts = parts.len();
    let under = match &manifest.checkpoint {
        Some(_) => shell
            .pick(
                &format!("在 {until} 个事件的已签检查点之下"),
                &format!("under a signed checkpoint of {until}"),
            )
            .to_owned(),
        None => shell
            .pick(&format!("至位置 {until}，未封存"), &format!("up to position {until}, not sealed"))
            .to_owned(),
    };
    shell.line(shell.pick(
        &format!("{service}：{events} 个事件，{parts} 个文件，{under}"),
        &format!("{service}: {events} events in {parts} files, {under}"),
    ))
}
