//! `fenghuo log`: what a service has recorded, read and followed over gRPC, and proof that its order is whole.

use clap::{Args, Subcommand};
use contracts::log::v1::{
    Event, FollowRequest, ReadAllRequest, ReadStreamRequest, VerifyOrderRequest, VerifyOrderResponse,
};
use decider::Role;
use serde_json::json;
use tonic::{Status, Streaming};

use crate::{client::Reach, error::Error, services, shell::Shell, signal::Signals};

mod print;

const READ_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo log read --service hazard --limit 20
  fenghuo log read --service enforcement --backwards --limit 1 --json
  fenghuo log read --service hazard --stream hazard:wuyi-1
  fenghuo log read --service investigation --case wuyi-2023";
const FOLLOW_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo log follow --service hazard
  fenghuo log follow --service timeline --from 1 --json";
const VERIFY_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo log verify-order --service hazard";

/// Read the log of a service
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Print events by position, of one stream, or of one case
    Read(ReadArgs),
    /// Print events, then wait for new ones
    Follow(FollowArgs),
    /// Check that positions and versions have no gap and time only grows
    VerifyOrder(VerifyArgs),
}

/// What `log read` is told.
#[derive(Debug, Args)]
#[command(after_help = READ_EXAMPLE)]
pub struct ReadArgs {
    /// Whose log
    #[arg(long)]
    service: String,
    /// The first position (of a stream: version); 0 means the beginning, or with --backwards the end
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// At most so many events; 0 means all
    #[arg(long, default_value_t = 0)]
    limit: u64,
    /// From new to old
    #[arg(long)]
    backwards: bool,
    /// Only this stream, as hazard:wuyi-1
    #[arg(long, value_name = "NAME", conflicts_with = "case")]
    stream: Option<String>,
    /// Only events of this case
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// Print each event as a line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
}

/// What `log follow` is told.
#[derive(Debug, Args)]
#[command(after_help = FOLLOW_EXAMPLE)]
pub struct FollowArgs {
    /// Whose log
    #[arg(long)]
    service: String,
    /// The first position
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// End after so many events; 0 means never
    #[arg(long, default_value_t = 0)]
    limit: u64,
    /// Only this stream, as hazard:wuyi-1
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,
    /// Only events of this case
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// Print each event as a line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
}

/// What `log verify-order` is told.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXAMPLE)]
pub struct VerifyArgs {
    /// Whose log
    #[arg(long)]
    service: String,
    /// The first position
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Reads, follows or verifies.
pub async fn run(command: LogCommand, shell: Shell) -> Result<(), Error> {
    match command {
        LogCommand::Read(args) => read(args, shell).await,
        LogCommand::Follow(args) => follow(args, shell).await,
        LogCommand::VerifyOrder(args) => verify(args, shell).await,
    }
}

async fn read(args: ReadArgs, shell: Shell) -> Result<(), Error> {
    let service = services::find(&args.service)?.service.name;
    let failed = |status| Error::answer(service, status);
    let mut log = args.reach.find().await?.log(service, Role::Auditor)?;
    let ReadArgs { from, limit, backwards, json, .. } = args;
    if let Some(stream) = args.stream {
        let request = ReadStreamRequest { stream, from, limit, backwards };
        let mut answer = log.read_stream(request).await.map_err(failed)?.into_inner();
        while let Some(response) = next(&mut answer).await.map_err(failed)? {
            print::event(response.event, json, shell)?;
        }
        return Ok(());
    }
    let request = ReadAllRequest { from, limit, backwards, case_id: args.case.unwrap_or_default() };
    let mut answer = log.read_all(request).await.map_err(failed)?.into_inner();
    while let Some(response) = next(&mut answer).await.map_err(failed)? {
        print::event(response.event, json, shell)?;
    }
    Ok(())
}

async fn follow(args: FollowArgs, shell: Shell) -> Result<(), Error> {
    let service = services::find(&args.service)?.service.name;
    let failed = |status| Error::answer(service, status);
    let mut signals = Signals::listen()?;
    let mut log = args.reach.find().await?.log(service, Role::Auditor)?;
    let request = FollowRequest { after: args.from.saturating_sub(1) };
    let mut answer = log.follow(request).await.map_err(failed)?.into_inner();
    let mut left = if args.limit == 0 { u64::MAX } else { args.limit };
    while left > 0 {
        let response = tokio::select! {
            response = next(&mut answer) => response.map_err(failed)?,
            () = signals.received() => return Ok(()),
        };
        let Some(response) = response else { return Ok(()) };
        let event = response.event.unwrap_or_default();
        if is_wanted(&event, args.stream.as_deref(), args.case.as_deref()) {
            print::event(Some(event), args.json, shell)?;
            left -= 1;
        }
    }
    Ok(())
}

async fn verify(args: VerifyArgs, shell: Shell) -> Result<(), Error> {
    let service = services::find(&args.service)?.service.name;
    let mut log = args.reach.find().await?.log(service, Role::Auditor)?;
    let answer = log.verify_order(VerifyOrderRequest { from: args.from }).await;
    let report = answer.map_err(|status| Error::answer(service, status))?.into_inner();
    if args.from > 1 && report.events == 0 && report.disorders.is_empty() {
        let from = args.from;
        return Err(Error::told(
            format!("{service} 的日志中没有位置 {from}"),
            format!("the log of {service} has no position {from}"),
        ));
    }
    tell(service, &report, args.json, shell)?;
    if report.disorders.is_empty() {
        return Ok(());
    }
    Err(Error::told(
        format!("{service} 的日志次序不完整：{} 处", report.disorders.len()),
        format!("the log of {service} is out of order in {} places", report.disorders.len()),
    ))
}

fn tell(service: &str, report: &VerifyOrderResponse, json: bool, shell: Shell) -> Result<(), Error> {
    if json {
        let disorders = report.disorders.iter();
        let disorders = disorders
            .map(|found| json!({"position": found.position, "what": found.what}))
            .collect::<Vec<_>>();
        return shell.json(&json!({
            "service": service, "events": report.events, "position": report.position, "disorders": disorders,
        }));
    }
    for found in &report.disorders {
        shell.line(format_args!("{}: {}", found.position, found.what))?;
    }
    let (events, position) = (report.events, report.position);
    shell.line(shell.pick(
        &format!("{service}：核对 {events} 个事件，至位置 {position}"),
        &format!("{service}: {events} events checked, up to position {position}"),
    ))
}

fn is_wanted(event: &Event, stream: Option<&str>, case: Option<&str>) -> bool {
    stream.is_none_or(|stream| event.stream == stream)
        && case.is_none_or(|case| print::case_of(event).as_deref() == Some(case))
}

async fn next<T>(answer: &mut Streaming<T>) -> Result<Option<T>, Status> {
    answer.message().await
}
