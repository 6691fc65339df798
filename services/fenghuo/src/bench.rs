//! `fenghuo bench`: how fast the parts are, beside a bare baseline measured in the same run.
//!
//! Every figure is the median of rounds in which ours and the baseline take turns, on a PostgreSQL and a nats-server
//! of the bench's own, durable as in production. Other work on the machine moves all figures; the ratio moves least.

use std::time::Duration;

use clap::{Args, Subcommand, value_parser};

use crate::{error::Error, shell::Shell};

mod append;
mod drive;
mod e2e;
mod figures;
mod fill;
mod follow;
mod machine;
mod raw;
mod rebuild;
mod replay;
mod sample;
mod seal;
mod shadow;
mod stage;
mod subscribe;
mod table;

use figures::Row;
use machine::Machine;

const APPEND_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo bench append
  fenghuo bench append --rounds 7 --seconds 3 --json";
const FOLLOW_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo bench follow
  fenghuo bench follow --events 50000 --json";
const E2E_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo bench e2e
  fenghuo bench e2e --rate 500 --seconds 10";
const REBUILD_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo bench rebuild --events 20000";

const SEAL_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo bench seal --rounds 3";
const REPLAY_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo bench replay --events 1000000 --rounds 1";

const SHADOW_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo bench shadow --cases 10000";
const SUBSCRIBE_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo bench subscribe
  fenghuo bench subscribe --subscribers 100 --rate 2000 --seconds 10 --rounds 3";

/// Longest measurement that may be asked for, in seconds.
const SECONDS_MAX: f64 = 3_600.0;

/// Measure how fast it is, against a bare baseline in the same run
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Appends against bare inserts: 1 to 256 clients, batches, a contended stream, loading a stream
    #[command(after_help = APPEND_EXAMPLE)]
    Append(Effort),
    /// Reading a whole log in order against a bare keyset read of the same bytes
    #[command(after_help = FOLLOW_EXAMPLE)]
    Follow(FollowArgs),
    /// From an append in one service to the view of another, over the bus
    #[command(name = "e2e", after_help = E2E_EXAMPLE)]
    EndToEnd(EndToEndArgs),
    /// Building a view anew from all events
    #[command(after_help = REBUILD_EXAMPLE)]
    Rebuild(RebuildArgs),
    /// Appends to a log that is sealed as it grows, against one that is not; how far the signature is behind
    #[command(after_help = SEAL_EXAMPLE)]
    Seal(Effort),
    /// Replaying a view and comparing it with the living one, against following the same log
    #[command(after_help = REPLAY_EXAMPLE)]
    Replay(ReplayArgs),
    /// Telling past cases again under another rule pack, against a bare read of the same events
    #[command(after_help = SHADOW_EXAMPLE)]
    Shadow(ShadowArgs),
    /// Subscribers of the event-store protocol at a steady rate of appends, with and without one who does not read
    #[command(after_help = SUBSCRIBE_EXAMPLE)]
    Subscribe(SubscribeArgs),
}

/// How much is measured, and how it is told.
#[derive(Debug, Args)]
pub struct Effort {
    /// Rounds, of which the median is told
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// How long one measurement lasts at least, in seconds
    #[arg(long, default_value = "3", value_parser = seconds)]
    seconds: Duration,
    /// Print the table as JSON
    #[arg(long)]
    json: bool,
}

/// What `bench follow` is told.
#[derive(Debug, Args)]
pub struct FollowArgs {
    #[command(flatten)]
    effort: Effort,
    /// Events in the log
    #[arg(long, default_value_t = 500_000, value_parser = value_parser!(u64).range(1_000..=100_000_000))]
    events: u64,
}

/// What `bench rebuild` is told.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    #[command(flatten)]
    effort: Effort,
    /// Events in the log
    #[arg(long, default_value_t = 100_000, value_parser = value_parser!(u64).range(1_000..=100_000_000))]
    events: u64,
}

/// What `bench replay` is told.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    effort: Effort,
    /// Events in the log
    #[arg(long, default_value_t = 1_000_000, value_parser = value_parser!(u64).range(1_000..=100_000_000))]
    events: u64,
}

/// What `bench shadow` is told.
#[derive(Debug, Args)]
pub struct ShadowArgs {
    #[command(flatten)]
    effort: Effort,
    /// Cases in the log
    #[arg(long, default_value_t = 10_000, value_parser = value_parser!(u64).range(100..=10_000_000))]
    cases: u64,
}

/// What `bench subscribe` is told.
#[derive(Debug, Args)]
pub struct SubscribeArgs {
    #[command(flatten)]
    effort: Effort,
    /// Subscribers who read
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..=10_000))]
    subscribers: u32,
    /// Events appended per second
    #[arg(long, default_value_t = 2_000, value_parser = value_parser!(u32).range(1..=100_000))]
    rate: u32,
}

/// What `bench e2e` is told.
#[derive(Debug, Args)]
pub struct EndToEndArgs {
    #[command(flatten)]
    effort: Effort,
    /// Events per second at which latencies are measured
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u32).range(1..=100_000))]
    rate: u32,
}

/// Measures, and prints one table.
pub async fn run(command: BenchCommand, shell: Shell) -> Result<(), Error> {
    let machine = Machine::look();
    let (effort, measured) = match command {
        BenchCommand::Append(effort) => {
            let measured = append::measure(&effort, shell).await?;
            (effort, measured)
        }
        BenchCommand::Follow(FollowArgs { effort, events }) => {
            let measured = follow::measure(&effort, events, shell).await?;
            (effort, measured)
        }
        BenchCommand::EndToEnd(EndToEndArgs { effort, rate }) => {
            let measured = e2e::measure(&effort, rate, shell).await?;
            (effort, measured)
        }
        BenchCommand::Rebuild(RebuildArgs { effort, events }) => {
            let measured = rebuild::measure(&effort, events, shell).await?;
            (effort, measured)
        }
        BenchCommand::Seal(effort) => {
            let measured = seal::measure(&effort, shell).await?;
            (effort, measured)
        }
        BenchCommand::Subscribe(SubscribeArgs { effort, subscribers, rate }) => {
            let load = subscribe::Load { subscribers: subscribers as usize, rate };
            let measured = subscribe::measure(&effort, load, shell).await?;
            (effort, measured)
        }
        BenchCommand::Replay(ReplayArgs { effort, events }) => {
            let measured = replay::measure(&effort, events, shell).await?;
            (effort, measured)
        }
        BenchCommand::Shadow(ShadowArgs { effort, cases }) => {
            let measured = shadow::measure(&effort, cases, shell).await?;
            (effort, measured)
        }
    };
    table::print(&effort, &machine, &measured, shell)
}

/// What a bench found out.
struct Measured {
    /// PostgreSQL's version and the settings that make a commit durable.
    server: String,
    rows: Vec<Row>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a number of seconds from 0.1 to {SECONDS_MAX}");
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    if (0.1..=SECONDS_MAX).contains(&seconds) { Ok(Duration::from_secs_f64(seconds)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests;
