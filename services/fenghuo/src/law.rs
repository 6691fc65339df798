//! `fenghuo law`: what statutes say, the calendars and rule packs they are read from, and a test of it all.
//!
//! Crate `law` and files alone, no server and no network, but for what a running system is told and asked.

use clap::{Args, Subcommand};
use law::{Calendar, RulePack};

use crate::{due, error::Error, shell::Shell};

mod calendar;
pub(crate) mod files;
mod pack;
mod rules;
pub(crate) mod shadow;
mod status;

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo law selftest
  fenghuo law selftest --with 2027.json";

/// Compute what statutes say
#[derive(Debug, Subcommand)]
pub enum LawCommand {
    Due(due::DueArgs),
    #[command(subcommand)]
    Calendar(calendar::CalendarCommand),
    #[command(subcommand)]
    Pack(pack::PackCommand),
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    Status(status::StatusArgs),
    Shadow(shadow::ShadowArgs),
    Selftest(SelftestArgs),
}

/// Check worked examples, and the arithmetic against counting day by day
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct SelftestArgs {
    #[command(flatten)]
    files: files::CalendarFiles,
}

/// Answers a question about the law.
pub async fn run(command: LawCommand, shell: Shell) -> Result<(), Error> {
    match command {
        LawCommand::Due(args) => due::run(args, shell).await,
        LawCommand::Calendar(command) => calendar::run(command, shell).await,
        LawCommand::Pack(command) => pack::run(command, shell).await,
        LawCommand::Rules(command) => rules::run(command, shell).await,
        LawCommand::Status(args) => status::run(args, shell).await,
        LawCommand::Shadow(args) => shadow::run(args, shell).await,
        LawCommand::Selftest(args) => {
            let calendar = args.files.calendar()?;
            selftest(&calendar, &RulePack::builtin(), shell)
        }
    }
}

fn selftest(calendar: &Calendar, pack: &RulePack, shell: Shell) -> Result<(), Error> {
    let checks = law::selftest(calendar, pack);
    for check in &checks {
        let mark = if check.holds() { shell.pick("通过", "ok") } else { shell.pick("不符", "WRONG") };
        shell.line(format_args!("{mark}  {}（{}）", shell.pick(check.zh, check.en), check.looked_at))?;
        for wrong in &check.wrong {
            shell.line(format_args!("      {wrong}"))?;
        }
    }
    shell.line(format_args!("{}  {}", calendar.version(), pack.version()))?;
    match checks.iter().filter(|check| !check.holds()).count() {
        0 => Ok(()),
        wrong => Err(Error::told(format!("{wrong} 项不符"), format!("{wrong} checks do not hold"))),
    }
}
