//! `fenghuo audit readings`: who has opened a case, or what somebody has opened, in any service, when, and for what
//! purpose.

use std::collections::{HashMap, HashSet};

use audit::Stored;
use clap::Args;
use decider::{CaseId, Id, Meta, StreamName};
use eventlog::reading::{self, Event};
use serde::Serialize;
use time::OffsetDateTime;

use super::logs::{self, Logs};
use crate::{due::beijing, error::Error, shell::Shell};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit readings wuyi-2023-0417
  fenghuo audit readings wuyi-2023-0417 --by county-office --json
  fenghuo audit readings --by county-office
  fenghuo audit readings wuyi-2023-0417 --database-url postgres://auditor@db/fenghuo";

/// What `audit readings` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct ReadingsArgs {
    /// The case, as every department calls it; without one, whatever was opened by --by
    #[arg(required_unless_present = "by")]
    case: Option<CaseId>,
    /// Only what this person has opened, by reference
    #[arg(long, value_name = "ID")]
    by: Option<Id>,
    /// Print every reading as a line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    logs: Logs,
}

/// That somebody opened a dossier.
#[derive(Debug, Serialize)]
struct Reading {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    actor: String,
    department: String,
    purpose: String,
    dossier: String,
    query: String,
    shown: u64,
    service: &'static str,
    position: i64,
}

/// What the logs told so far.
struct Told {
    /// All cases and dossiers if absent.
    case: Option<String>,
    /// Dossiers of the case, whichever department's; the case itself is one.
    dossiers: HashSet<String>,
    /// Where the case begins in the log of each service that knows it.
    begins: HashMap<&'static str, i64>,
    readings: Vec<Reading>,
    unreadable: Vec<String>,
}

pub(super) async fn run(args: ReadingsArgs, shell: Shell) -> Result<(), Error> {
    let mut told = Told::of(args.case.as_ref());
    for (service, options) in args.logs.all()? {
        logs::read(service, &options, |stored| told.see(service, &stored)).await?;
    }
    let unreadable = std::mem::take(&mut told.unreadable);
    let is_known = !told.begins.is_empty() || !unreadable.is_empty();
    let mut readings = told.readings();
    if let Some(case) = args.case.as_ref().filter(|_| !is_known && readings.is_empty()) {
        return Err(logs::no_events_of(case));
    }
    readings.retain(|reading| args.by.as_ref().is_none_or(|by| by.as_str() == reading.actor));
    readings.iter().try_for_each(|reading| print(reading, args.json, shell))?;
    if !args.json {
        let case = args.case.as_ref().map(CaseId::as_str);
        let (whose, count) = (case.or(args.by.as_ref().map(Id::as_str)).unwrap_or_default(), readings.len());
        shell
            .line(shell.pick(&format!("{whose}：查阅 {count} 次"), &format!("{whose}: {count} readings")))?;
    }
    verdict(&unreadable)
}

/// What cannot be read may be a reading of this case.
fn verdict(unreadable: &[String]) -> Result<(), Error> {
    let (Some(first), count) = (unreadable.first(), unreadable.len()) else { return Ok(()) };
    Err(Error::told(
        format!("{count} 个事件无法读取，首个：{first}"),
        format!("{count} events cannot be read, the first: {first}"),
    ))
}

impl Told {
    fn of(case: Option<&CaseId>) -> Self {
        let dossiers = case.iter().map(|case| format!("case:{case}")).collect();
        let (case, begins) = (case.map(ToString::to_string), HashMap::new());
        Self { case, dossiers, begins, readings: Vec::new(), unreadable: Vec::new() }
    }

    fn see(&mut self, service: &'static str, stored: &Stored) {
        if let Err(error) = self.read(service, stored) {
            self.unreadable.push(format!("{service} {} #{}: {error}", stored.stream, stored.position));
        }
    }

    fn read(&mut self, service: &'static str, stored: &Stored) -> Result<(), serde_json::Error> {
        let meta: Meta = serde_json::from_slice(&stored.meta)?;
        if self.case.is_some() && meta.case_id.map(|case| case.to_string()) == self.case {
            self.dossiers.insert(stored.stream.clone());
            self.begins.entry(service).or_insert(stored.position);
        }
        let Some(dossier) = StreamName::parse(&stored.stream).as_ref().and_then(reading::dossier) else {
            return Ok(());
        };
        let Event::Opened { query, purpose, shown } = serde_json::from_slice(&stored.data)?;
        self.readings.push(Reading {
            at: stored.recorded_at,
            actor: meta.actor.id.to_string(),
            department: meta.actor.department.to_string(),
            purpose,
            dossier: dossier.to_string(),
            query,
            shown,
            service,
            position: stored.position,
        });
        Ok(())
    }

    /// Those of the case, in the order of time: all its dossiers are known only now.
    fn readings(self) -> Vec<Reading> {
        let Self { case, dossiers, begins, mut readings, .. } = self;
        readings.retain(|reading| {
            case.is_none() || dossiers.contains(&reading.dossier) || has_shown(reading, &begins)
        });
        readings.sort_by_key(|reading| (reading.at, reading.service, reading.position));
        readings
    }
}

/// Whoever read a whole log has read the case, where it was in there by then, or came while the reader followed.
fn has_shown(reading: &Reading, begins: &HashMap<&'static str, i64>) -> bool {
    let begins = begins.get(reading.service).map(|position| position.cast_unsigned());
    reading.dossier == reading::whole_log(reading.service).as_str()
        && begins.is_some_and(|position| position <= reading.shown || reading::goes_on(&reading.query))
}

fn print(reading: &Reading, as_json: bool, shell: Shell) -> Result<(), Error> {
    if as_json {
        return shell.json(reading);
    }
    let Reading { actor, department, purpose, dossier, query, service, position, .. } = reading;
    let at = beijing(reading.at);
    shell.line(format_args!(
        "{at}  {actor}@{department}  {dossier}  {query}  {purpose}  {service} #{position}"
    ))
}
