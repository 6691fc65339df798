//! `fenghuo audit queries`: named questions to the logs of all services. Deciders refuse much of what is asked for here;
//! an auditor does not take their word, and looks at what was recorded.

use clap::{Args, Subcommand};
use decider::CaseId;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::logs::{Logs, no_events_of};
use crate::{
    error::{Error, Text},
    shell::Shell,
};

mod acts;
mod authority;
mod query;
mod register;
mod review;
mod run;
mod seen;
mod segregation;
mod table;
mod tell;
#[cfg(test)]
mod tests;
mod transfers;

use query::Named;
use run::{Run, Wanted};

const LIST_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit queries list
  fenghuo audit queries list --json";

const RUN_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit queries run --all
  fenghuo audit queries run segregation-of-duties unanswered-transfers --case wuyi-2023-0417 --json
  fenghuo audit queries run --all --from 2026-01-01T00:00:00+08:00 --to 2026-03-31T23:59:59+08:00
  fenghuo audit queries run --all --database-url postgres://auditor@db/fenghuo \\
      --database-url credit=postgres://auditor@credit-db/fenghuo";

/// Named questions to the logs: acts without power, missing officers and reviews, unanswered transfers
#[derive(Debug, Subcommand)]
pub enum QueriesCommand {
    /// Name the queries, and the law each goes by
    #[command(after_help = LIST_EXAMPLE)]
    List(ListArgs),
    /// Ask the logs of all services; ends with 1 if anything is found
    Run(RunArgs),
}

/// What `audit queries list` is told.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
}

/// What `audit queries run` is told.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLE)]
pub struct RunArgs {
    /// Queries to run, as `audit queries list` names them
    #[arg(value_name = "NAME", required_unless_present = "all")]
    names: Vec<String>,
    /// Run every query
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Only what is found in this case
    #[arg(long, value_name = "CASE")]
    case: Option<CaseId>,
    /// Only what was recorded at this instant or later
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<OffsetDateTime>,
    /// The logs as they were at this instant, and judged as of it
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Option<OffsetDateTime>,
    #[command(flatten)]
    logs: Logs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn instant(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|error| format!("{text:?} is no instant (2026-01-01T00:00:00+08:00): {error}"))
}

pub(super) async fn run(command: QueriesCommand, shell: Shell) -> Result<(), Error> {
    match command {
        QueriesCommand::List(args) => list(&args, shell),
        QueriesCommand::Run(args) => ask(&args, shell).await,
    }
}

fn list(args: &ListArgs, shell: Shell) -> Result<(), Error> {
    if args.json {
        let of = |named: &Named| serde_json::json!({"name": named.name, "zh": named.zh, "en": named.en, "articles": named.articles});
        return shell.json(&table::ALL.iter().map(of).collect::<Vec<_>>());
    }
    table::ALL.iter().try_for_each(|named| {
        let title = shell.pick(named.zh, named.en);
        shell.line(format_args!("{:<24}{title}\n{:<24}[{}]", named.name, "", named.articles))
    })
}

async fn ask(args: &RunArgs, shell: Shell) -> Result<(), Error> {
    if args.from.zip(args.to).is_some_and(|(from, to)| from > to) {
        return Err(Error::usage("--from 晚于 --to", "--from is after --to"));
    }
    let case = args.case.as_ref().map(ToString::to_string);
    let mut run = Run::new(wanted(args)?.into_iter(), Wanted { from: args.from, to: args.to, case });
    for (service, options) in args.logs.all()? {
        run.log(service, &options).await?;
    }
    let answer = run.answer(args.to.unwrap_or_else(OffsetDateTime::now_utc));
    if let Some(case) = args.case.as_ref().filter(|_| !answer.is_case_known && answer.unreadable.is_empty()) {
        return Err(no_events_of(case));
    }
    if args.json {
        shell.json(&tell::as_json(&answer))?;
    } else {
        tell::as_text(&answer, shell)?;
    }
    verdict(tell::count(&answer), answer.unreadable.len())
}

fn verdict(found: usize, unreadable: usize) -> Result<(), Error> {
    if found + unreadable == 0 {
        return Ok(());
    }
    let mut told = Text::new(format!("查出 {found} 处"), format!("{found} found"));
    if unreadable > 0 {
        told.zh.push_str(&format!("；{unreadable} 个事件无法读取"));
        told.en.push_str(&format!("; {unreadable} events cannot be read"));
    }
    Err(Error::Told(told))
}

fn wanted(args: &RunArgs) -> Result<Vec<&'static Named>, Error> {
    if args.all {
        return Ok(table::ALL.iter().collect());
    }
    let named = |name: &String| {
        table::ALL.iter().find(|named| named.name == name).ok_or_else(|| {
            let known = table::ALL.iter().map(|named| named.name).collect::<Vec<_>>();
            Error::usage(
                format!("没有名为 {name:?} 的查询；可用：{}", known.join("、")),
                format!("no query is called {name:?}; known are {}", known.join(", ")),
            )
        })
    };
    args.names.iter().map(named).collect()
}
