//! `fenghuo law status`: whether a case was late at a moment, by which calendar, whose duty it was, and who had
//! been told by then; from what had been recorded by then alone.

use clap::Args;
use contracts::clock::v1 as wire;
use decider::{CaseId, Lang};
use serde_json::json;

use crate::{
    client::Reach,
    clocks::{self, clock_json, duty, holder, local, until},
    due::{Start, beijing},
    error::Error,
    moment::{Moment, moment},
    shell::Shell,
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo law status wuyi-2023-0417 --at '2023-05-18 00:00'
  fenghuo law status wuyi-2023-0417 --at 2023-06-30 --json";

/// Was the case late at that moment, by which calendar, whose duty was it, and who had been told
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct StatusArgs {
    /// The case
    #[arg(value_name = "CASE")]
    case: CaseId,
    /// The moment: 2023-04-17 (its end), 2023-04-17T14:04 (Beijing time) or RFC 3339
    #[arg(long, value_name = "TIME")]
    at: Start,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Tells of every clock whether it was late then.
pub(super) async fn run(args: StatusArgs, shell: Shell) -> Result<(), Error> {
    let client = args.reach.find().await?;
    let at = moment(args.at);
    let clocks = clocks::read(&client, &args.case, Some(at), &Moment::default()).await?;
    let late = clocks.iter().filter(|clock| clock.late).count();
    if args.json {
        let clocks = clocks.iter().map(clock_json).collect::<Vec<_>>();
        let answer = json!({"case": args.case, "at": beijing(at), "late": late > 0, "clocks": clocks});
        return shell.json(&answer);
    }
    if clocks.is_empty() {
        return Err(clocks::nothing(&args.case));
    }
    let (case, moment) = (&args.case, beijing(at));
    let answer = match (late, shell.lang) {
        (0, Lang::Zh) => format!("{case} 截至 {moment}：无逾期"),
        (0, Lang::En) => format!("{case} at {moment}: not late"),
        (count, Lang::Zh) => format!("{case} 截至 {moment}：{count} 项逾期"),
        (count, Lang::En) => format!("{case} at {moment}: late in {count}"),
    };
    shell.line(answer)?;
    clocks.iter().try_for_each(|clock| tell(clock, shell))
}

fn tell(clock: &wire::ClockState, shell: Shell) -> Result<(), Error> {
    let mark = match (clock.late, clock.state.as_str()) {
        (true, _) => shell.pick("逾期", "LATE"),
        (false, "lapsed") => shell.pick("权利消灭", "lapsed"),
        (false, "met" | "cancelled" | "over") => shell.pick("已结", "done"),
        (false, _) => shell.pick("未届满", "running"),
    };
    let (due, calendar) = match &clock.due {
        Some(due) => (until(due), due.calendar.as_str()),
        None => (shell.pick("中止中", "standing still").to_owned(), ""),
    };
    let (duty, holder, basis) = (duty(clock, shell.lang), holder(clock, shell.lang), &clock.legal_basis);
    shell.line(if shell.lang == Lang::Zh {
        format!("{mark}  {duty}  期限 {due}  {holder}  依据 {basis}  日历 {calendar}")
    } else {
        format!("{mark}  {duty}  due {due}  {holder}  basis {basis}  calendar {calendar}")
    })?;
    clock.steps.iter().filter(|step| tells(&step.what)).try_for_each(|step| {
        let (when, what) = (local(step.recorded_at.as_ref()), word(&step.what, shell.lang));
        let due = step.due.as_ref().map(until).unwrap_or_default();
        shell.line(format!("        {when}  {what}  {due}  {}", step.detail).trim_end())
    })
}

/// What told somebody something of the date.
fn tells(what: &str) -> bool {
    !matches!(what, "met" | "cancelled")
}

fn word(what: &str, lang: Lang) -> &str {
    if lang == Lang::En {
        return what;
    }
    match what {
        "armed" => "起算，告知",
        "warned" => "预警",
        "suspended" => "中止",
        "resumed" => "恢复",
        "extended" => "延长",
        "passed" => "移交",
        "breached" => "逾期",
        "lapsed" => "届满",
        "rederived" => "重新计算，告知",
        other => other,
    }
}
