//! `fenghuo audit watch`: a monitor for anyone who wants to be sure that a log only ever grows.

use std::{path::PathBuf, process::Stdio, time::Duration};

use ::audit::{
    Watch,
    watch::{Alarm, Memory, Seen, Source},
};
use clap::Args;
use serde_json::json;
use time::OffsetDateTime;
use tokio::time::MissedTickBehavior;
use witness::http::Client;

use super::place::{Published, Trust};
use crate::{
    error::{Because, Error},
    shell::Shell,
    signal::Signals,
    token,
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit watch --tiles https://audit.example.gov.cn/hazard --vkey hazard.vkey --state hazard.seen
  fenghuo audit watch --tiles /srv/audit/hazard --vkey hazard.vkey --state hazard.seen --once \\
      --witness w1.vkey --witness w2.vkey --quorum 2 --stale-after 2h --on-alarm 'notify-duty-officer'";

/// How long a server of published files may take for one.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the command of an alarm may run.
const COMMAND_MAX: Duration = Duration::from_secs(60);

/// What `audit watch` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct WatchArgs {
    #[command(flatten)]
    place: Published,
    #[command(flatten)]
    trust: Trust,
    /// File of the monitor's memory: the last checkpoint that it believed
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Time between two looks: 30s, 5m
    #[arg(long, default_value = "30s", value_parser = length, value_name = "TIME")]
    interval: Duration,
    /// Look once; end with 1 if there is an alarm
    #[arg(long)]
    once: bool,
    /// Alarm when there was no new checkpoint or cosignature for so long: 1h, 2d; never if absent
    #[arg(long, value_parser = length, value_name = "TIME")]
    stale_after: Option<Duration>,
    /// Alarm when the quorum of witnesses is behind for so long
    #[arg(long, default_value = "10m", value_parser = length, value_name = "TIME")]
    final_after: Duration,
    /// Shell command to run when the alarms change; they are in FENGHUO_ALARM
    #[arg(long, value_name = "COMMAND")]
    on_alarm: Option<String>,
    /// Print what is seen as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: WatchArgs, shell: Shell) -> Result<(), Error> {
    let mut signals = Signals::listen()?;
    let mut watch = Watch {
        source: source(&args.place)?,
        policy: args.trust.policy(Some(&args.place.place()))?,
        stale_after: args.stale_after,
        final_after: args.final_after,
        memory: Memory::claim(&args.state).because("打开监视记忆", "open the monitor's memory")?,
    };
    if args.once {
        let seen = look(&mut watch).await?;
        tell(&watch, &seen, &args, shell).await?;
        return ended(&seen);
    }
    let mut pace = tokio::time::interval(args.interval);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = None;
    loop {
        tokio::select! {
            () = signals.received() => return Ok(()),
            _ = pace.tick() => {}
        }
        let seen = look(&mut watch).await?;
        // A line for every change, and not for every look.
        if last.as_ref() != Some(&seen) {
            let alarms = last.replace(seen.clone()).map(|seen: Seen| seen.alarms);
            let is_news = alarms.unwrap_or_default() != seen.alarms;
            tell(&watch, &seen, &args, shell).await?;
            if is_news {
                run_command(&seen, &args, shell).await;
            }
        }
    }
}

fn source(place: &Published) -> Result<Source, Error> {
    match place.url() {
        Some(url) => Ok(Source::Http { base: url.to_owned(), client: Client::new(PATIENCE) }),
        None => Ok(Source::Store(place.place().tiles()?)),
    }
}

async fn look(watch: &mut Watch) -> Result<Seen, Error> {
    watch.look(OffsetDateTime::now_utc()).await.because("监视日志", "watch the log")
}

async fn tell(watch: &Watch, seen: &Seen, args: &WatchArgs, shell: Shell) -> Result<(), Error> {
    let origin = watch.policy.origin();
    if args.once {
        run_command(seen, args, shell).await;
    }
    if args.json {
        return shell.json(&json!({
            "origin": origin, "size": seen.size, "final": seen.final_size, "alarms": seen.alarms,
        }));
    }
    for alarm in &seen.alarms {
        shell.line(
            shell.pick(&format!("警报 {origin}：{}", alarm.zh()), &format!("ALARM {origin}: {alarm}")),
        )?;
    }
    let Seen { size, final_size, .. } = seen;
    shell.line(shell.pick(
        &format!("{origin}：已认可 {size} 个事件，见证终局至 {final_size}"),
        &format!("{origin}: {size} events believed, final at {final_size}"),
    ))
}

fn ended(seen: &Seen) -> Result<(), Error> {
    match seen.alarms.len() {
        0 => Ok(()),
        n => Err(Error::told(format!("{n} 个警报"), format!("{n} alarms"))),
    }
}

/// Runs the command of an alarm; that it fails is told, and does not end the watch.
async fn run_command(seen: &Seen, args: &WatchArgs, shell: Shell) {
    let (Some(command), false) = (&args.on_alarm, seen.alarms.is_empty()) else { return };
    let text = |alarm: &Alarm| shell.pick(&alarm.zh(), &alarm.to_string()).to_owned();
    let alarms = seen.alarms.iter().map(text).collect::<Vec<_>>().join("\n");
    let mut child = tokio::process::Command::new("sh");
    child.args(["-c", command]).env("FENGHUO_ALARM", alarms).stdin(Stdio::null()).kill_on_drop(true);
    let failure = match tokio::time::timeout(COMMAND_MAX, child.status()).await {
        Ok(Ok(status)) if status.success() => return,
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("> {} s", COMMAND_MAX.as_secs()),
    };
    shell.note(shell.pick(
        &format!("警报命令未成功：{failure}"),
        &format!("the command of the alarm did not succeed: {failure}"),
    ));
}

fn length(text: &str) -> Result<Duration, String> {
    token::lifetime(text).map(time::Duration::unsigned_abs)
}
