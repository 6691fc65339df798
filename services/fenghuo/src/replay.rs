//! `fenghuo replay`: a view built again from the log, beside the living one, and what the two differ in.

use std::{path::PathBuf, sync::Arc};

use clap::{Args, Subcommand, value_parser};
use decider::{CaseId, StreamName};
use eventlog::{
    Direction, Log, SystemClock, View, World,
    replay::{Order, PAGE_MAX, Replay, Replayed, Scope, Until},
};
use futures::TryStreamExt;
use law::{Calendar, RulePack};

use crate::{
    audit,
    due::Start,
    error::{Because, Error},
    law::files,
    moment::moment,
    progress::Bar,
    services,
    shell::Shell,
    signal::Signals,
    system,
};

mod check;
mod evidence;
mod tell;

use evidence::Evidence;

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo replay hazard hazards
  fenghuo replay timeline entries --case wuyi-2023-0417
  fenghuo replay enforcement penalties --at-time '2023-05-18 00:00' --json --rows
  fenghuo replay reward claims --sign auditor.key -o claims.replay
  fenghuo replay hazard hazards --resume 3f0c54b8f5a1
  fenghuo replay check claims.replay --key auditor.vkey";

/// Build a view again from the log and compare it with the living one; ends with 0 if equal, 1 if different
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ReplayArgs {
    #[command(subcommand)]
    command: Option<ReplayCommand>,
    #[command(flatten)]
    what: What,
}

/// What else there is about replays.
#[derive(Debug, Subcommand)]
pub enum ReplayCommand {
    /// Check the signature of a replay's result and tell what it says
    Check(check::CheckArgs),
}

/// What is replayed, and how it is told.
#[derive(Debug, Args)]
struct What {
    /// Whose view
    #[arg(required = true)]
    service: Option<String>,
    /// The view
    #[arg(required = true)]
    view: Option<String>,
    /// Only the streams of this case, compared with its rows
    #[arg(long, value_name = "CASE", conflicts_with = "stream")]
    case: Option<CaseId>,
    /// Only this stream and those of its cases, compared with their rows
    #[arg(long, value_name = "STREAM", value_parser = stream)]
    stream: Option<StreamName>,
    /// Up to and with this position, instead of the living view's
    #[arg(long, value_name = "N", conflicts_with = "at_time")]
    at_position: Option<u64>,
    /// Up to what was recorded by then: 2023-04-17, 2023-04-17T14:04 (Beijing time) or RFC 3339
    #[arg(long, value_name = "TIME")]
    at_time: Option<Start>,
    /// Go on with a replay that was interrupted, as it was begun
    #[arg(long, value_name = "ID", conflicts_with_all = ["case", "stream", "at_position", "at_time"])]
    resume: Option<String>,
    /// Leave the replayed tables in their schema
    #[arg(long)]
    keep: bool,
    /// Rows listed of a table that differs; all are counted
    #[arg(long, default_value_t = 20, value_name = "N")]
    differences: usize,
    /// Events shown in one transaction
    #[arg(long, default_value_t = PAGE_MAX as u64, value_name = "N", value_parser = value_parser!(u64).range(1..=PAGE_MAX as u64))]
    page: u64,
    /// Sign the result with this key, made by `fenghuo audit keygen`
    #[arg(long, value_name = "FILE", requires = "out")]
    sign: Option<PathBuf>,
    /// File for the signed result
    #[arg(short, long, value_name = "FILE", requires = "sign")]
    out: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Print every replayed row too, a line of JSON each
    #[arg(long)]
    rows: bool,
    /// Data folder of a system on this machine
    #[arg(long, default_value = system::DATA, value_name = "DIR")]
    data: PathBuf,
    /// PostgreSQL connection URL of the log, for a role that may read it and create a schema
    #[arg(long, env = "FENGHUO_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
}

fn stream(text: &str) -> Result<StreamName, String> {
    StreamName::parse(text).ok_or_else(|| format!("{text:?} is no name of a stream (hazard:wuyi-1)"))
}

/// Replays, or checks what a replay came to. What could not be decided ends with 2 or more.
pub async fn run(args: ReplayArgs, shell: Shell) -> Result<(), Error> {
    let done = match args.command {
        Some(ReplayCommand::Check(check)) => check::run(&check, shell),
        None => replay(args.what, shell).await,
    };
    done.map_err(Error::undecided)
}

async fn replay(what: What, shell: Shell) -> Result<(), Error> {
    let (service, view) = what.view()?;
    let signer = what.sign.as_deref().map(audit::key).transpose()?;
    let log = what.log(service).await?;
    let mut replay = what.begin(&log, Arc::clone(&view)).await?;
    if what.resume.is_none() {
        shell.note(format_args!("{} {}", shell.pick("重放编号", "replay"), replay.id()));
    }
    let replayed = interruptible(&mut replay, shell).await?;
    let evidence = Evidence::of(&log, service, view.as_ref(), replay.order(), &replayed).await?;
    if what.rows {
        rows(&replay, &replayed, shell).await?;
    }
    tell::tell(&evidence, &replayed, what.json, shell)?;
    if let (Some(signer), Some(file)) = (signer, &what.out) {
        evidence.sign(signer.as_ref(), file)?;
        shell.note(format_args!("{} {}", shell.pick("已签名：", "signed:"), file.display()));
    }
    if what.keep {
        shell.note(format_args!("{} {}", shell.pick("保留模式", "schema kept:"), replay.schema()));
    } else {
        replay.discard().await.because("删除重放用的模式", "drop the schema of the replay")?;
    }
    log.shutdown().await;
    tell::verdict(&evidence)
}

/// Runs until it is done or somebody wants it to stop; what was shown stays.
async fn interruptible(replay: &mut Replay, shell: Shell) -> Result<Replayed, Error> {
    let mut signals = Signals::listen()?;
    let id = replay.id().to_owned();
    let mut bar = Bar::new(shell);
    let run = replay.run(|progress| bar.show(progress.position, progress.target));
    let replayed = tokio::select! {
        replayed = run => Some(replayed),
        () = signals.received() => None,
    };
    bar.done();
    let go_on = || {
        let (zh, en) = (format!("可用 --resume {id} 继续"), format!("go on with --resume {id}"));
        shell.note(shell.pick(&zh, &en));
    };
    match replayed {
        Some(replayed) => replayed.inspect_err(|_| go_on()).because("重放视图", "replay the view"),
        None => {
            go_on();
            Err(Error::told("重放已中断", "the replay was interrupted"))
        }
    }
}

async fn rows(replay: &Replay, replayed: &Replayed, shell: Shell) -> Result<(), Error> {
    for table in &replayed.tables {
        let mut rows = replay.rows(&table.name);
        while let Some(row) = rows.try_next().await.because("读取重放的行", "read replayed rows")? {
            shell.line(format_args!("{{\"table\":\"{}\",\"row\":{row}}}", table.name))?;
        }
    }
    Ok(())
}

impl What {
    fn view(&self) -> Result<(&'static str, Arc<dyn View>), Error> {
        let service = services::find(self.service.as_deref().unwrap_or_default())?.service;
        let wanted = self.view.as_deref().unwrap_or_default();
        let views = service.all_views();
        let names = views.iter().map(|view| view.name()).collect::<Vec<_>>();
        let (zh, en) = (names.join("、"), names.join(", "));
        let found = views.into_iter().find(|view| view.name() == wanted).ok_or_else(|| {
            Error::usage(
                format!("{} 没有名为 {wanted:?} 的视图；可用：{zh}", service.name),
                format!("{} has no view {wanted:?}; known are {en}", service.name),
            )
        })?;
        Ok((service.name, found))
    }

    async fn log(&self, service: &str) -> Result<Log, Error> {
        let url = match &self.database_url {
            Some(url) => url.clone(),
            None => files::text(&system::database_url_file(&self.data.join("keys")))?.1,
        };
        let world =
            World { clock: Arc::new(SystemClock), rules: RulePack::builtin(), calendar: Calendar::builtin() };
        let opened = Log::open(system::log_options(url.trim(), service)?, world).await;
        opened.because(format!("打开 {service} 的日志"), format!("open the log of {service}"))
    }

    async fn begin(&self, log: &Log, view: Arc<dyn View>) -> Result<Replay, Error> {
        if self.resume.is_none() {
            self.is_there(log).await?;
        }
        let begun = match &self.resume {
            Some(id) => Replay::resume(log, view, id, self.order()).await,
            None => Replay::begin(log, view, self.order()).await,
        };
        begun.because("准备重放", "prepare the replay")
    }

    /// What the log does not have is a slip of whoever asks: nothing is replayed, and nothing equal.
    async fn is_there(&self, log: &Log) -> Result<(), Error> {
        let (name, mut events) = match (&self.case, &self.stream) {
            (Some(case), _) => (case.as_str(), log.read_case(case, 1, 1, Direction::Forwards)),
            (None, Some(stream)) => (stream.as_str(), log.read_stream(stream, 1, 1, Direction::Forwards)),
            (None, None) => return Ok(()),
        };
        let first = events.try_next().await.because("读取日志", "read the log")?;
        first.map(drop).ok_or_else(|| {
            Error::told(format!("此日志没有 {name} 的事件"), format!("the log has no events of {name}"))
        })
    }

    fn order(&self) -> Order {
        let scope = match (&self.case, &self.stream) {
            (Some(case), _) => Scope::Case(case.clone()),
            (None, Some(stream)) => Scope::Stream(stream.clone()),
            (None, None) => Scope::All,
        };
        let until = match (self.at_position, self.at_time) {
            (Some(position), _) => Until::Position(position),
            (None, Some(at)) => Until::Time(moment(at)),
            (None, None) => Until::Living,
        };
        let page = usize::try_from(self.page).unwrap_or(PAGE_MAX);
        let has_digests = self.json || self.sign.is_some();
        Order { page, differences_max: self.differences, has_digests, ..Order::new(scope, until) }
    }
}
