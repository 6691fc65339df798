//! The command line: what can be asked, in which language it is answered, and how it ends.

use std::{env, ffi::OsString, io, process::ExitCode, thread};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use decider::Lang;
use tokio::runtime::{Builder, Runtime};

use crate::{
    audit, bench, clocks, demo, dev,
    error::{Because, Error},
    eventstore, keys, law, log, migrate, play, replay, serve,
    shell::Shell,
    timeline, token, view, witness,
};

mod chinese;
mod help;
mod lang;
mod usage;

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo demo                    # 演示真实案例 / a real case, from the first tip to the reward
  fenghuo dev                     # 在本机运行全部服务 / all services on this machine
  fenghuo law due --from 2026-09-24 --period '5 working days'";

/// The variable by which the runtime's library is told how many threads to use.
const WORKER_THREADS: &str = "TOKIO_WORKER_THREADS";

/// Fenghuo: event-sourced case management for grassroots fire safety
#[derive(Debug, Parser)]
#[command(name = "fenghuo", version, after_help = EXAMPLE, disable_help_subcommand = true)]
pub struct Cli {
    /// Language of the output (default: from LC_ALL, LC_MESSAGES, LANG)
    #[arg(long, global = true, value_name = "zh|en")]
    lang: Option<Lang>,
    #[command(subcommand)]
    command: Command,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
enum Command {
    Dev(dev::DevArgs),
    Demo(demo::DemoArgs),
    Play(play::PlayArgs),
    Serve(Box<serve::ServeArgs>),
    Migrate(migrate::MigrateArgs),
    Timeline(timeline::TimelineArgs),
    Clocks(clocks::ClocksArgs),
    #[command(subcommand)]
    Log(log::LogCommand),
    #[command(subcommand)]
    View(view::ViewCommand),
    Replay(Box<replay::ReplayArgs>),
    #[command(subcommand)]
    Law(law::LawCommand),
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    Witness(witness::WitnessArgs),
    Token(token::TokenArgs),
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    Eventstore(eventstore::EventstoreArgs),
    #[command(subcommand)]
    Bench(bench::BenchCommand),
}

/// Runs the program on its own arguments.
pub fn main() -> ExitCode {
    let arguments = env::args_os().collect::<Vec<_>>();
    let lang = lang::choose(&arguments, |name| env::var(name).ok());
    let cli = match parse(&arguments, lang) {
        Ok(cli) => cli,
        Err(error) => return usage::tell(&error, lang),
    };
    match run(cli.command, Shell { lang }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = error.exit_code();
            if !matches!(error, Error::Unread) {
                let shell = Shell { lang };
                shell.note(format_args!("{}{}", shell.pick("错误：", "error: "), error.line(lang)));
            }
            code
        }
    }
}

/// Reads arguments; texts of help are in the language.
fn parse(arguments: &[OsString], lang: Lang) -> Result<Cli, clap::Error> {
    let matches = help::in_lang(Cli::command(), lang).try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}

fn run(command: Command, shell: Shell) -> Result<(), Error> {
    runtime(&command).because("启动运行时", "start the runtime")?.block_on(async {
        match command {
            Command::Dev(args) => Box::pin(dev::run(args, shell)).await,
            Command::Demo(args) => Box::pin(demo::run(args, shell)).await,
            Command::Play(args) => Box::pin(play::run(args, shell)).await,
            Command::Serve(args) => Box::pin(serve::run(*args, shell)).await,
            Command::Migrate(args) => migrate::run(args, shell).await,
            Command::Timeline(args) => timeline::run(args, shell).await,
            Command::Clocks(args) => clocks::run(args, shell).await,
            Command::Log(command) => Box::pin(log::run(command, shell)).await,
            Command::View(command) => view::run(command, shell).await,
            Command::Replay(args) => Box::pin(replay::run(*args, shell)).await,
            Command::Law(command) => law::run(command, shell).await,
            Command::Audit(command) => Box::pin(audit::run(command, shell)).await,
            Command::Witness(args) => witness::run(args, shell).await,
            Command::Token(args) => token::run(args, shell).await,
            Command::Keys(command) => keys::run(command, shell).await,
            Command::Eventstore(args) => Box::pin(eventstore::run(args, shell)).await,
            Command::Bench(command) => Box::pin(bench::run(command, shell)).await,
        }
    })
}

impl Command {
    /// Whether it runs servers on this machine, beside itself.
    fn has_servers_beside_it(&self) -> bool {
        matches!(self, Self::Dev(_) | Self::Demo(_) | Self::Bench(_))
    }
}

/// A runtime with a thread for every core; a command with servers beside it leaves one core to them. On few cores, a
/// task that wakes a second thread takes the core from the database that it is going to wait for.
fn runtime(command: &Command) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if command.has_servers_beside_it() && env::var_os(WORKER_THREADS).is_none() {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        builder.worker_threads(cores.saturating_sub(1).max(1));
    }
    builder.enable_all().build()
}

#[cfg(test)]
mod tests;
