//! `fenghuo law calendar`: the days of a year as they are known, and the next year's notice from a file.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use law::{Calendar, DayKind, Source};
use serde_json::json;
use time::Date;

use super::{
    files::{self, CalendarFiles, refused},
    rules,
};
use crate::{
    error::{Because, Error},
    keys,
    shell::Shell,
};

const SHOW: &str = "\
示例 / Examples:
  fenghuo law calendar show 2026
  fenghuo law calendar show 2027 --with 2027.json --json";
const IMPORT: &str = "\
示例 / Examples:
  fenghuo law calendar import holiday-cn/2027.json
  fenghuo law calendar import 2027.json --out calendars";

/// Working days, days off, and the notices that fixed them
#[derive(Debug, Subcommand)]
pub enum CalendarCommand {
    Show(ShowArgs),
    Import(ImportArgs),
    Adopt(Box<rules::AdoptCalendarArgs>),
}

/// Show what a year's notice says
#[derive(Debug, Args)]
#[command(after_help = SHOW)]
pub struct ShowArgs {
    /// The year
    #[arg(value_parser = clap::value_parser!(i32).range(1949..=9998))]
    year: i32,
    #[command(flatten)]
    files: CalendarFiles,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
}

/// Check a calendar file and print it in our form
#[derive(Debug, Args)]
#[command(after_help = IMPORT)]
pub struct ImportArgs {
    /// A year in our form or as {year, papers, days:[{name, date, isOffDay}]}
    file: PathBuf,
    /// Write <YEAR>.json into this folder instead; a file that exists is never overwritten
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    files: CalendarFiles,
}

pub(super) async fn run(command: CalendarCommand, shell: Shell) -> Result<(), Error> {
    match command {
        CalendarCommand::Show(args) => show(&args, shell),
        CalendarCommand::Import(args) => import(&args, shell),
        CalendarCommand::Adopt(args) => rules::adopt_calendar(*args, shell).await,
    }
}

/// Days in a row of one kind.
struct Run {
    first: Date,
    last: Date,
    kind: DayKind,
}

fn show(args: &ShowArgs, shell: Shell) -> Result<(), Error> {
    let calendar = args.files.calendar()?;
    let days = days_of(args.year);
    let working = days.iter().filter(|day| calendar.is_working_day(**day)).count();
    let off = days.len() - working;
    let known = calendar.years().contains(&args.year);
    let notices = calendar.notices(args.year);
    let runs = runs(&calendar, &days);
    if args.json {
        let named = runs.iter().map(
            |run| json!({"first": run.first.to_string(), "last": run.last.to_string(), "day": run.kind}),
        );
        return shell.json(&json!({
            "year": args.year,
            "working_days": working,
            "days_off": off,
            "provisional": !known,
            "notices": notices,
            "named": named.collect::<Vec<_>>(),
            "calendar": calendar.version(),
        }));
    }
    let year = args.year;
    shell.line(shell.pick(
        &format!("{year} 年：{working} 个工作日，{off} 个休息日"),
        &format!("{year}: {working} working days, {off} days off"),
    ))?;
    if !known {
        shell.line(shell.pick(
            "暂定：该年放假安排尚未公布，暂按周一至周五为工作日",
            "provisional: the notice is not known; Monday to Friday are taken for working days",
        ))?;
    }
    for run in &runs {
        shell.line(format_args!("  {}  {}", span(run), told(&run.kind, shell)))?;
    }
    if known {
        let list = notices.join(shell.pick("、", ", "));
        let (zh, en) = (format!("国务院办公厅通知 {list}"), format!("State Council notices {list}"));
        shell.line(shell.pick(&zh, &en))?;
    }
    let version = calendar.version();
    shell.line(shell.pick(&format!("日历 {version}"), &format!("calendar {version}")))
}

fn import(args: &ImportArgs, shell: Shell) -> Result<(), Error> {
    let known = args.files.calendar()?;
    let (name, text) = files::text(&args.file)?;
    let calendar = known.with(&[Source { name: &name, text: &text }]).map_err(refused)?;
    let Some((year, ours)) = new_year(&known, &calendar) else {
        let version = calendar.version();
        shell.note(shell.pick(
            &format!("该文件没有新的年份；日历 {version}"),
            &format!("the file brings no year that was not known; calendar {version}"),
        ));
        return Ok(());
    };
    let moved = days_of(year - 1).into_iter().chain(days_of(year));
    let moved = moved.filter(|day| known.is_working_day(*day) != calendar.is_working_day(*day)).count();
    let (before, after) = (known.version(), calendar.version());
    shell.note(shell.pick(
        &format!("{year} 年：{moved} 天的性质改变；日历 {before} → {after}"),
        &format!("{year}: {moved} days change their kind; calendar {before} -> {after}"),
    ));
    let Some(folder) = &args.out else {
        return shell.line(ours.trim_end());
    };
    std::fs::create_dir_all(folder)
        .because(format!("建立 {}", folder.display()), format!("create {}", folder.display()))?;
    let file = folder.join(format!("{year}.json"));
    keys::create(&file, ours, 0o644)?;
    shell.line(file.display())
}

/// The year whose file is new or different.
fn new_year<'a>(known: &Calendar, calendar: &'a Calendar) -> Option<(i32, &'a str)> {
    calendar.years().find_map(|year| {
        let ours = calendar.file(year)?;
        (known.file(year) != Some(ours)).then_some((year, ours))
    })
}

fn days_of(year: i32) -> Vec<Date> {
    (1..=366).filter_map(|day| Date::from_ordinal_date(year, day).ok()).collect()
}

fn runs(calendar: &Calendar, days: &[Date]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for day in days {
        let kind = calendar.day(*day);
        if matches!(kind, DayKind::Weekday | DayKind::Weekend | DayKind::Assumed { .. }) {
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.kind == kind && run.last.next_day() == Some(*day) => run.last = *day,
            _ => runs.push(Run { first: *day, last: *day, kind }),
        }
    }
    runs
}

fn span(run: &Run) -> String {
    if run.first == run.last { run.first.to_string() } else { format!("{}..{}", run.first, run.last) }
}

fn told(kind: &DayKind, shell: Shell) -> String {
    match kind {
        DayKind::RestDay { holiday } => format!("{} {holiday}", shell.pick("放假", "off")),
        DayKind::MakeUpDay { holiday } => format!("{} {holiday}", shell.pick("调休上班", "worked")),
        DayKind::LocalClosure { reason } => format!("{} {reason}", shell.pick("停工", "closed")),
        _ => String::new(),
    }
}
