//! `fenghuo law shadow`: past cases told again under another rule pack or calendar, and what would differ. It reads the
//! logs and writes nothing.

use std::{path::PathBuf, time::Instant};

use clap::Args;
use contracts::log::v1::ReadAllRequest;
use decider::{
    Role,
    shadow::{Figure, Finding},
};
use law::{
    Due,
    clock::shadow::{Difference, Outcome as Kept, Standing},
};
use serde_json::{Value, json};
use time::{Date, macros::format_description};

use super::files;
use crate::{client::Reach, due::beijing, error::Error, services, shell::Shell};

pub(crate) mod telling;
#[cfg(test)]
mod tests;

use telling::{Differing, Outcome, Telling, Under};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo law shadow --pack draft-2027.json --from 2026-01-01 --to 2026-12-31
  fenghuo law shadow --calendar 2027.json --service investigation --json";

/// Events between two lines of progress.
const PROGRESS_EVERY: u64 = 100_000;

/// Tell past cases again under another rule pack or calendar, and list what would differ
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct ShadowArgs {
    /// The rule pack; the built-in one, if none is given
    #[arg(long, value_name = "FILE")]
    pack: Option<PathBuf>,
    /// Calendar files over the built-in ones: a year in either form, or local closures
    #[arg(long, value_name = "FILE", num_args = 1..)]
    calendar: Vec<PathBuf>,
    /// Only cases that began on this day or later
    #[arg(long, value_name = "DATE", value_parser = day)]
    from: Option<Date>,
    /// Only cases that began on this day or before
    #[arg(long, value_name = "DATE", value_parser = day)]
    to: Option<Date>,
    /// Only the log of this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Print each difference as a line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|error| format!("{text:?} is no date (2026-12-31): {error}"))
}

/// Reads the logs and tells what differs.
pub(super) async fn run(args: ShadowArgs, shell: Shell) -> Result<(), Error> {
    let days = args.from.unwrap_or(Date::MIN)..=args.to.unwrap_or(Date::MAX);
    if days.is_empty() {
        return Err(Error::usage("--from 晚于 --to", "--from is after --to"));
    }
    let under =
        Under { rules: files::pack(args.pack.as_deref())?, calendar: files::calendar(&args.calendar)?, days };
    let wanted = match &args.service {
        Some(name) => vec![services::find(name)?],
        None => services::ALL.to_vec(),
    };
    let client = args.reach.find().await?;
    let (begun, mut events, mut streams, mut found) = (Instant::now(), 0, 0, Vec::new());
    for member in wanted {
        let name = member.service.name;
        let failed = |status| Error::answer(name, status);
        let mut log = client.log(name, Role::Auditor)?;
        let mut telling = Telling::new(&under, member.service.aggregates);
        let mut answer = log.read_all(ReadAllRequest::default()).await.map_err(failed)?.into_inner();
        while let Some(response) = answer.message().await.map_err(failed)? {
            let event = response.event.unwrap_or_default();
            telling.tell(&event).map_err(|error| unreadable(name, event.position, &error))?;
            if telling.events.is_multiple_of(PROGRESS_EVERY) {
                shell.note(format_args!("{name} {}", telling.events));
            }
        }
        events += telling.events;
        let Outcome { streams: told, differing } = telling.end();
        streams += told;
        for differing in &differing {
            print(name, differing, args.json, shell)?;
        }
        found.extend(differing);
    }
    let differences: usize = found.iter().map(|differing| differing.findings.len()).sum();
    let (count, seconds) = (found.len(), begun.elapsed().as_secs_f64());
    shell.note(shell.pick(
        &format!("{events} 个事件、{streams} 条流重新推演，用时 {seconds:.1} 秒：{count} 条流有 {differences} 处不同"),
        &format!("{events} events of {streams} streams told again in {seconds:.1} s: {count} streams differ in {differences} places"),
    ));
    shell.note(format_args!("{}  {}", under.calendar.version(), under.rules.version()));
    Ok(())
}

fn unreadable(service: &str, position: u64, error: &serde_json::Error) -> Error {
    Error::told(
        format!("{service} 位置 {position} 的事件无法读取：{error}"),
        format!("the event at position {position} of {service} cannot be read: {error}"),
    )
}

fn print(service: &str, differing: &Differing, as_json: bool, shell: Shell) -> Result<(), Error> {
    if as_json {
        let each = differing.findings.iter().map(|finding| {
            let mut line = as_value(finding);
            line["service"] = service.into();
            line["stream"] = differing.stream.as_str().into();
            line["case"] = differing.case.as_deref().into();
            line
        });
        return each.into_iter().try_for_each(|line| shell.json(&line));
    }
    shell.line(format_args!(
        "{service}  {}  {}",
        differing.stream,
        differing.case.as_deref().unwrap_or("-")
    ))?;
    differing
        .findings
        .iter()
        .try_for_each(|finding| shell.line(format_args!("    {}", in_words(finding, shell))))
}

fn in_words(finding: &Finding, shell: Shell) -> String {
    match finding {
        Finding::Clock { duty, difference: Difference { rule, recorded, other } } => {
            format!("{duty}  {rule}：{}  →  {}", standing(recorded, shell), standing(other, shell))
        }
        Finding::Figure { event, figure: Figure { field, recorded, other } } => {
            let other = match other {
                Ok(fen) => yuan(*fen),
                Err(refused) => {
                    let text = shell.pick(&refused.zh, &refused.en).to_owned();
                    if refused.article.is_empty() { text } else { format!("{text}（{}）", refused.article) }
                }
            };
            format!("{event}.{field}：{}  →  {other}", yuan(*recorded))
        }
    }
}

fn standing(standing: &Standing, shell: Shell) -> String {
    let until = standing.due.as_ref().map_or_else(|| shell.pick("中止", "standing still").to_owned(), until);
    let kept = match standing.outcome {
        Kept::Running => shell.pick("未届满", "running"),
        Kept::Met { in_time: true } => shell.pick("按期", "in time"),
        Kept::Met { in_time: false } => shell.pick("逾期履行", "done late"),
        Kept::Overdue => shell.pick("逾期", "overdue"),
        Kept::Lapsed => shell.pick("期限届满", "lapsed"),
        Kept::Cancelled => shell.pick("终止", "cancelled"),
    };
    format!("{until} {kept}")
}

/// The last day, or the instant where hours count.
fn until(due: &Due) -> String {
    if due.at == law::end_of_day(due.last_day) { due.last_day.to_string() } else { beijing(due.at) }
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

fn as_value(finding: &Finding) -> Value {
    match finding {
        Finding::Clock { duty, difference: Difference { rule, recorded, other } } => json!({
            "what": "clock", "duty": duty, "rule": rule,
            "recorded": standing_value(recorded), "other": standing_value(other),
        }),
        Finding::Figure { event, figure: Figure { field, recorded, other } } => json!({
            "what": "amount", "event": event, "field": field, "recorded_fen": recorded,
            "other_fen": other.as_ref().ok(), "refused": other.as_ref().err(),
        }),
    }
}

fn standing_value(standing: &Standing) -> Value {
    let outcome = match standing.outcome {
        Kept::Running => "running",
        Kept::Met { in_time: true } => "in-time",
        Kept::Met { in_time: false } => "late",
        Kept::Overdue => "overdue",
        Kept::Lapsed => "lapsed",
        Kept::Cancelled => "cancelled",
    };
    json!({ "due": standing.due, "outcome": outcome })
}
