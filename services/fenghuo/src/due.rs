//! `fenghuo law due`: until when, and why. Crate `law` alone; no server, no network.

use std::{fmt, io, str::FromStr};

use clap::Args;
use law::{Calendar, Due, Period, Role, RulePack};
use serde_json::{Value, json};
use time::{
    Date, OffsetDateTime, PrimitiveDateTime,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::{format_description, offset},
};

use crate::{
    error::{Because, Error, Text},
    law::files::CalendarFiles,
    shell::Shell,
};

mod batch;
mod explain;

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo law due --from 2026-09-24 --period '5 working days'
  fenghuo law due --from 2026-02-02 --period '15 calendar days' --role party
  fenghuo law due --from 2023-04-17T14:04 --period '1 hour' --json
  fenghuo law due --from 2026-09-24 --basis 行政强制法54 --days 10
  fenghuo law due --from 2026-09-24 --rule penalty.pay_deadline --role party
  fenghuo law due --before 2026-10-12 --rule penalty.hearing.notice_before
  printf '2023-04-17\\t30 calendar days\\tagency\\n' | fenghuo law due --batch";

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MINUTES: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]");
const SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const SHANGHAI: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory]:[offset_minute]"
);

/// Until when a statutory period runs, and why
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct DueArgs {
    /// The day or the moment of the event: 2023-04-17, 2023-04-17T14:04 (Beijing time) or RFC 3339
    #[arg(long, required_unless_present_any = ["batch", "before"], conflicts_with_all = ["batch", "before"], value_name = "DATE|TIME")]
    from: Option<Start>,
    /// Count back instead: the last day on which to act so that the period lies before this day
    #[arg(long, conflicts_with = "batch", value_parser = day, value_name = "DATE")]
    before: Option<Date>,
    /// The period, as "3 working days", "30 calendar days", "2 hours", "6 months", 3个工作日
    #[arg(long, required_unless_present_any = ["batch", "basis", "rule"], conflicts_with = "batch")]
    period: Option<Period>,
    /// A period of the rule pack, for example penalty.pay_deadline
    #[arg(long, conflicts_with_all = ["batch", "period", "basis"], value_name = "ID")]
    rule: Option<String>,
    /// The law that says "days", for example 行政强制法54: it decides whether they are working days
    #[arg(long, conflicts_with_all = ["batch", "period"], requires = "days", value_name = "LAW")]
    basis: Option<String>,
    /// How many days that law says
    #[arg(long, requires = "basis", value_name = "N")]
    days: Option<u32>,
    /// Whose period it is: a party's last day moves past rest days, an agency's never does
    #[arg(long, default_value = "agency", value_name = "party|agency")]
    role: Role,
    #[command(flatten)]
    files: CalendarFiles,
    /// The calendar's version that the answer must come from
    #[arg(long, value_name = "VERSION")]
    calendar: Option<String>,
    /// Print everything as JSON
    #[arg(long, conflicts_with = "batch")]
    json: bool,
    /// Read lines FROM<tab>PERIOD<tab>ROLE from standard input and print a date a line
    #[arg(long)]
    batch: bool,
}

/// Where a period starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Day(Date),
    Moment(OffsetDateTime),
}

/// Why a text is not where a period starts.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no date (2023-04-17) and no time (2023-04-17T14:04 or 2023-04-17T14:04:00+08:00)")]
pub(crate) struct StartError(String);

impl FromStr for Start {
    type Err = StartError;

    fn from_str(text: &str) -> Result<Self, StartError> {
        let trimmed = text.trim();
        if let Ok(day) = Date::parse(trimmed, DATE) {
            return Ok(Self::Day(day));
        }
        let spelt = trimmed.replacen(' ', "T", 1);
        if let Ok(moment) = OffsetDateTime::parse(&spelt, &Rfc3339) {
            return Ok(Self::Moment(moment));
        }
        [MINUTES, SECONDS]
            .iter()
            .find_map(|format| PrimitiveDateTime::parse(&spelt, format).ok())
            .map(|local| Self::Moment(local.assume_offset(offset!(+8))))
            .ok_or_else(|| StartError(text.to_owned()))
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Moment(at) => f.write_str(&beijing(*at)),
        }
    }
}

impl Start {
    pub(crate) fn due(self, calendar: &Calendar, period: Period, role: Role) -> Due {
        match self {
            Self::Day(day) => calendar.due_from_date(day, period, role),
            Self::Moment(at) => calendar.due(at, period, role),
        }
    }

    /// The instant from which hours run.
    pub(crate) fn at(self) -> OffsetDateTime {
        match self {
            Self::Day(day) => law::start_of_day(day),
            Self::Moment(at) => at,
        }
    }

    /// The legal date, which a period of days does not count.
    pub(crate) fn day(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Moment(at) => law::shanghai_date(at),
        }
    }
}

/// An instant as the clocks on Chinese walls show it.
pub(crate) fn beijing(at: OffsetDateTime) -> String {
    let local = at.checked_to_offset(offset!(+8)).unwrap_or(at);
    local.format(SHANGHAI).unwrap_or_else(|_| local.to_string())
}

/// Whether the period runs by the clock and not by the calendar.
pub(crate) fn is_exact(period: Period) -> bool {
    matches!(period, Period::Minutes(_) | Period::Hours(_))
}

/// What is printed for a due date: the last day, or the instant where hours count.
pub(crate) fn shown(due: &Due, period: Period) -> String {
    if is_exact(period) { beijing(due.at) } else { due.last_day.to_string() }
}

impl DueArgs {
    /// The period as given, from the rule pack, or from what a law calls days.
    fn period(&self) -> Result<Option<Period>, Error> {
        let pack = RulePack::builtin();
        if let Some(rule) = &self.rule {
            let period = pack.period(rule).because("查规则", "look the rule up")?;
            return Ok(Some(period));
        }
        let (Some(basis), Some(days)) = (&self.basis, self.days) else { return Ok(self.period) };
        match pack.days_under(basis, days) {
            Ok(period) => Ok(Some(period)),
            Err(error) => Err(Error::usage(error.zh(), error.to_string())),
        }
    }
}

/// Answers one question or a stream of them.
pub async fn run(args: DueArgs, shell: Shell) -> Result<(), Error> {
    let calendar = args.files.calendar()?;
    check_version(args.calendar.as_deref(), &calendar)?;
    if args.batch {
        return batch::answer(io::stdin().lock(), io::stdout().lock(), &calendar, args.role);
    }
    if let (Some(end), Some(period)) = (args.before, args.period()?) {
        return before(end, period, &calendar, args.json, shell);
    }
    let (Some(from), Some(period)) = (args.from, args.period()?) else {
        return Err(Error::usage("需要 --from 和 --period", "--from and --period are wanted"));
    };
    let due = from.due(&calendar, period, args.role);
    if args.json {
        return shell.json(&as_json(from, period, args.role, &due, &calendar));
    }
    shell.line(shown(&due, period))?;
    for reason in explain::reasons(from, period, args.role, &due, &calendar) {
        shell.line(format_args!("  {}", reason.in_lang(shell.lang)))?;
    }
    Ok(())
}

fn before(end: Date, period: Period, calendar: &Calendar, json: bool, shell: Shell) -> Result<(), Error> {
    let latest = calendar.latest_before(end, period);
    let words = calendar.words_before(end, period);
    if json {
        return shell.json(&json!({
            "before": end.to_string(),
            "period": period.to_string(),
            "latest": latest.day.to_string(),
            "provisional": latest.provisional,
            "calendar": latest.calendar,
            "words": words,
        }));
    }
    shell.line(latest.day)?;
    shell.line(format_args!("  {}", shell.pick(&words.zh, &words.en)))
}

fn day(text: &str) -> Result<Date, StartError> {
    Date::parse(text.trim(), DATE).map_err(|_| StartError(text.to_owned()))
}

/// A version names years and data; answers of another version would not be the ones asked for.
fn check_version(wanted: Option<&str>, calendar: &Calendar) -> Result<(), Error> {
    match wanted {
        Some(wanted) if wanted != calendar.version() => {
            let built_in = calendar.version();
            Err(Error::usage(
                format!("没有版本为 {wanted:?} 的日历；所用的是 {built_in}"),
                format!("there is no calendar of version {wanted:?}; the one in use is {built_in}"),
            ))
        }
        _ => Ok(()),
    }
}

fn as_json(from: Start, period: Period, role: Role, due: &Due, calendar: &Calendar) -> Value {
    let reasons = explain::reasons(from, period, role, due, calendar);
    let at = from.at();
    let (both, words) = (calendar.deadline(at, period), calendar.words(at, period, role, &[], at));
    let texts = |pick: fn(&Text) -> &String| reasons.iter().map(pick).cloned().collect::<Vec<_>>();
    json!({
        "from": from.to_string(),
        "period": period.to_string(),
        "role": role.to_string(),
        "due": shown(due, period),
        "last_day": due.last_day.to_string(),
        "at": beijing(due.at),
        "rolled": due.rolled,
        "provisional": due.provisional,
        "calendar": due.calendar,
        "right": shown(&both.right, period),
        "duty": shown(&both.duty, period),
        "words": words,
        "rest_days": explain::named_days(from, due, calendar, false),
        "make_up_days": explain::named_days(from, due, calendar, true),
        "reasons": { "zh": texts(|text| &text.zh), "en": texts(|text| &text.en) },
    })
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_start_is_a_day_a_beijing_time_or_an_instant() {
        assert_eq!("2023-04-17".parse(), Ok(Start::Day(date!(2023 - 04 - 17))));
        let moment = Ok(Start::Moment(datetime!(2023-04-17 14:04 +8)));
        for text in
            ["2023-04-17T14:04", "2023-04-17 14:04:00", "2023-04-17T06:04:00Z", "2023-04-17T14:04:00+08:00"]
        {
            assert_eq!(text.parse(), moment, "{text}");
        }
        for wrong in ["", "2023-4-17", "2023-02-30", "17.04.2023", "2023-04-17T", "yesterday"] {
            assert!(wrong.parse::<Start>().is_err(), "{wrong}");
        }
    }
}
