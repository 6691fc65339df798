//! `fenghuo audit bundle CASE`: gathers a case out of every log, proves it, and writes it down.

use std::{
    fs, io,
    path::PathBuf,
    time::{Duration, Instant},
};

use audit::{
    Connect, Site, Tiles,
    bundle::{self, Contents, GatherError, Log, Source, Witnesses, gather},
};
use clap::Args;
use decider::CaseId;
use merkle::VerifierKey;
use sqlx::PgConnection;

use super::{
    super::{
        TILES,
        keygen::public_file,
        logs::no_events_of,
        place::{Trust, open, site, verifier},
    },
    verify::tell,
};
use crate::{
    error::{Because, Error},
    law::files,
    services,
    shell::Shell,
    system,
};

/// How long the newest events may take to come under a checkpoint.
const SEALED_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Where time tokens lie beside a log's tiles, where somebody puts them there.
const TOKENS: &str = "tokens";
/// Most time tokens of one log, and the largest.
const TOKENS_MAX: usize = 1_000;
const TOKEN_BYTES_MAX: usize = 64 << 10;

/// What `audit bundle CASE` is told.
#[derive(Debug, Args)]
pub(super) struct MakeArgs {
    /// The case
    #[arg(required = true)]
    case: Option<CaseId>,
    /// File to write
    #[arg(short, long, required = true, value_name = "FILE.zip")]
    out: Option<PathBuf>,
    /// Data folder of a system that runs on this machine: its logs, keys and database
    #[arg(long, default_value = system::DATA, value_name = "DIR")]
    data: PathBuf,
    /// A service and the folder or s3://BUCKET/PREFIX its log is sealed into, instead of a system's; once for every log
    #[arg(long = "log", value_name = "NAME=DIR|s3://…")]
    logs: Vec<String>,
    #[command(flatten)]
    trust: Trust,
    /// PostgreSQL connection URL of all logs, or NAME=URL of one; a right to read is enough
    #[arg(long = "database-url", env = "FENGHUO_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    databases: Vec<String>,
    /// Leave out the leaves of other cases; nobody can see then whether an event of this one is missing
    #[arg(long)]
    case_only: bool,
}

/// A log and where it is sealed.
struct Place {
    name: &'static str,
    site: Site,
}

pub(super) async fn run(args: MakeArgs, shell: Shell) -> Result<(), Error> {
    let (Some(case), Some(out)) = (&args.case, &args.out) else {
        return Err(Error::usage("需要案件编号和 --out", "say which case, and the file with --out"));
    };
    let mut contents = Contents { case: case.to_string(), maker: bundle::MAKER.to_owned(), logs: Vec::new() };
    for place in args.places()? {
        contents.logs.extend(args.part(case, &place).await?);
    }
    contents.logs.sort_by(|one, other| one.name.cmp(&other.name));
    if contents.logs.iter().all(|log| log.events.is_empty()) {
        return Err(no_events_of(case));
    }
    let made = contents.files();
    let trust = bundle::Trust {
        keys: contents.logs.iter().flat_map(|log| log.keys.clone()).collect(),
        ..bundle::Trust::default()
    };
    let summary = bundle::verify_files(&made, &trust);
    let summary = summary.map_err(|fault| Error::told(fault.zh(), fault.to_string()))?;
    let bytes = bundle::pack(&made).map_err(|fault| Error::told(fault.zh(), fault.to_string()))?;
    let (name, size) = (out.display().to_string(), bytes.len());
    fs::write(out, bytes).because(format!("写入 {name}"), format!("write {name}"))?;
    tell(&summary, shell)?;
    let count = made.len();
    shell.line(shell.pick(
        &format!("{name}：{count} 个文件，{size} 字节"),
        &format!("{name}: {count} files, {size} bytes"),
    ))
}

impl MakeArgs {
    fn places(&self) -> Result<Vec<Place>, Error> {
        if !self.logs.is_empty() {
            return self.logs.iter().map(|text| place(text)).collect();
        }
        let folder = self.data.join(TILES);
        let sealed = services::names().filter(|name| folder.join(name).is_dir());
        let places: Vec<_> = sealed.map(|name| Place { name, site: folder.join(name).into() }).collect();
        if places.is_empty() {
            let data = self.data.display();
            return Err(Error::told(
                format!("{data} 中没有封存的日志；请用 --data 或 --log 指明"),
                format!("no log is sealed in {data}; say where with --data or --log"),
            ));
        }
        Ok(places)
    }

    /// A log's part of the case, once its newest events are sealed.
    async fn part(&self, case: &CaseId, place: &Place) -> Result<Option<Log>, Error> {
        let name = place.name;
        let mut db = self.database(name).await?;
        let give_up = Instant::now() + SEALED_MAX;
        loop {
            match gather(case.as_str(), self.source(place)?, &mut db).await {
                Err(GatherError::NotSealed { .. } | GatherError::NotFinal) if Instant::now() < give_up => {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                part => return part.because(format!("取日志 {name}"), format!("read log {name}")),
            }
        }
    }

    fn source(&self, place: &Place) -> Result<Source, Error> {
        let witnesses = self.trust.witnesses()?;
        let witnesses =
            (!witnesses.is_empty()).then(|| Witnesses { quorum: self.trust.quorum(), keys: witnesses });
        let tiles = open(&place.site)?;
        Ok(Source {
            name: place.name.to_owned(),
            keys: self.keys(place.name, &tiles)?,
            tokens: tokens(&tiles).because("读取时间戳", "read the time tokens")?,
            tiles,
            witnesses,
            complete: !self.case_only,
        })
    }

    /// The keys that were given for this log; of a system on this machine, its own where none were.
    fn keys(&self, name: &str, tiles: &Tiles) -> Result<Vec<VerifierKey>, Error> {
        let given = self.trust.keys()?;
        if given.is_empty() && self.logs.is_empty() {
            let file = public_file(&system::audit_key_file(&self.data.join("keys"), name));
            return Ok(vec![verifier(&file.display().to_string())?]);
        }
        let head = tiles.checkpoint().because("读取检查点", "read the checkpoint")?.unwrap_or_default();
        let origin = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let keys: Vec<_> = given.into_iter().filter(|key| key.name().as_bytes() == origin).collect();
        if !keys.is_empty() || origin.is_empty() {
            return Ok(keys);
        }
        let origin = String::from_utf8_lossy(origin);
        Err(Error::usage(
            format!("需要日志 {origin} 的公钥：--vkey"),
            format!("the public key of log {origin} is wanted: --vkey"),
        ))
    }

    async fn database(&self, name: &str) -> Result<PgConnection, Error> {
        let own = self.databases.iter().find_map(|text| text.strip_prefix(name)?.strip_prefix('='));
        let common = || self.databases.iter().find(|text| text.starts_with("postgres")).map(String::as_str);
        let url = match own.or_else(common) {
            Some(url) => url.to_owned(),
            None if !self.logs.is_empty() => {
                return Err(Error::usage(
                    format!("需要日志 {name} 的数据库：--database-url"),
                    format!("the database of log {name} is wanted: --database-url"),
                ));
            }
            None => files::text(&system::database_url_file(&self.data.join("keys")))?.1,
        };
        let options = system::log_options(url.trim(), name)?;
        options.read_only().await.because("连接数据库", "connect to the database")
    }
}

fn place(text: &str) -> Result<Place, Error> {
    let Some((name, place)) = text.split_once('=') else {
        return Err(Error::usage(format!("{text:?} 不是 名称=文件夹"), format!("{text:?} is not NAME=DIR")));
    };
    let place = Place { name: services::find(name)?.service.name, site: site(place)? };
    open(&place.site)?;
    Ok(place)
}

/// Files that somebody put beside the tiles; none where there are none.
fn tokens(tiles: &Tiles) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut tokens = Vec::new();
    for path in tiles.0.list(TOKENS)?.into_iter().take(TOKENS_MAX) {
        let Some(bytes) = tiles.0.read(&path)?.filter(|bytes| bytes.len() <= TOKEN_BYTES_MAX) else {
            continue;
        };
        tokens.push((path.rsplit('/').next().unwrap_or(&path).to_owned(), bytes));
    }
    tokens.sort();
    Ok(tokens)
}
