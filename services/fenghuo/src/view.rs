//! `fenghuo view`: how far the views are, and building one anew beside the one that answers.

use clap::{Args, Subcommand};
use contracts::log::v1::{RebuildViewRequest, Rebuilt, Sealed, StatusRequest, StatusResponse};
use decider::Role;
use serde_json::{Value, json};

use crate::{
    client::{Client, Reach},
    error::Error,
    progress::Bar,
    services,
    shell::Shell,
};

mod finality;

const REBUILD_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo view rebuild hazard hazards";
const STATUS_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo view status
  fenghuo view status --service timeline --json";

/// Look at views and rebuild them
#[derive(Debug, Subcommand)]
pub enum ViewCommand {
    /// Build a view anew beside the one that answers, compare both, and switch
    Rebuild(RebuildArgs),
    /// Show how far every view is, and what waits for an operator
    Status(StatusArgs),
}

/// What `view rebuild` is told.
#[derive(Debug, Args)]
#[command(after_help = REBUILD_EXAMPLE)]
pub struct RebuildArgs {
    /// Whose view
    service: String,
    /// The view
    view: String,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
}

/// What `view status` is told.
#[derive(Debug, Args)]
#[command(after_help = STATUS_EXAMPLE)]
pub struct StatusArgs {
    /// Only this service
    #[arg(long)]
    service: Option<String>,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Rebuilds, or tells.
pub async fn run(command: ViewCommand, shell: Shell) -> Result<(), Error> {
    match command {
        ViewCommand::Rebuild(args) => rebuild(args, shell).await,
        ViewCommand::Status(args) => status(args, shell).await,
    }
}

async fn rebuild(args: RebuildArgs, shell: Shell) -> Result<(), Error> {
    let service = services::find(&args.service)?.service.name;
    let failed = |status| Error::answer(service, status);
    let mut log = args.reach.find().await?.log(service, Role::Operator)?;
    let answer = log.rebuild_view(RebuildViewRequest { view: args.view.clone() }).await;
    let mut reports = answer.map_err(failed)?.into_inner();
    let (mut result, mut bar) = (None, Bar::new(shell));
    while let Some(report) = reports.message().await.map_err(failed)? {
        bar.show(report.position, report.target);
        result = report.rebuilt.or(result);
    }
    bar.done();
    let result = result.ok_or_else(|| {
        Error::told(format!("{service} 没有报告重建结果"), format!("{service} did not report a result"))
    })?;
    tell(service, &args.view, &result, args.json, shell)
}

fn tell(service: &str, view: &str, done: &Rebuilt, as_json: bool, shell: Shell) -> Result<(), Error> {
    let equal = (!done.digest_serving.is_empty()).then(|| done.digest_serving == done.digest_rebuilt);
    if as_json {
        return shell.json(&json!({
            "service": service, "view": view, "generation": done.generation, "position": done.position,
            "events": done.events, "digest_serving": done.digest_serving, "digest_rebuilt": done.digest_rebuilt,
            "equal": equal,
        }));
    }
    let Rebuilt { generation, position, events, digest_serving, digest_rebuilt } = done;
    shell.line(shell.pick(
        &format!("{service} 的视图 {view}：第 {generation} 代，{events} 个事件，至位置 {position}"),
        &format!(
            "view {view} of {service}: generation {generation}, {events} events, up to position {position}"
        ),
    ))?;
    shell.line(format_args!("  {} {digest_serving}", shell.pick("原摘要", "digest before ")))?;
    shell.line(format_args!("  {} {digest_rebuilt}", shell.pick("新摘要", "digest rebuilt")))?;
    shell.line(shell.pick(
        match equal {
            Some(true) => "一致；已切换",
            Some(false) => "不一致：原视图与其事件不符；已切换到新视图",
            None => "版本不同，不作比较；已切换",
        },
        match equal {
            Some(true) => "equal; switched",
            Some(false) => "different: the view was not what its events say; switched to the new one",
            None => "of another version, not compared; switched",
        },
    ))
}

async fn status(args: StatusArgs, shell: Shell) -> Result<(), Error> {
    let client = args.reach.find().await?;
    let names = match &args.service {
        Some(name) => vec![services::find(name)?.service.name],
        None => services::names().filter(|name| client.endpoints().services.contains_key(*name)).collect(),
    };
    let mut all = Vec::new();
    for name in names {
        all.push((name, ask(&client, name).await?));
    }
    if args.json {
        return shell.json(&all.iter().map(|(name, status)| as_json(name, status)).collect::<Vec<_>>());
    }
    all.iter().try_for_each(|(name, status)| show(name, status, shell))
}

async fn ask(client: &Client, service: &str) -> Result<StatusResponse, Error> {
    let answer = client.log(service, Role::Auditor)?.status(StatusRequest {}).await;
    answer.map(tonic::Response::into_inner).map_err(|status| Error::answer(service, status))
}

fn show(service: &str, status: &StatusResponse, shell: Shell) -> Result<(), Error> {
    let StatusResponse { head, relayed, .. } = status;
    shell.line(shell.pick(
        &format!("{service}：日志至 {head}，已上总线至 {relayed}"),
        &format!("{service}: log at {head}, on the bus up to {relayed}"),
    ))?;
    if let Some(sealed) = &status.sealed {
        let Sealed { size, lag, state, reason, .. } = sealed;
        shell.line(
            shell
                .pick(
                    &format!("  封存：至 {size}（落后 {lag}），{} {reason}", sealing_zh(state)),
                    &format!("  sealed: up to {size} ({lag} behind), {state} {reason}"),
                )
                .trim_end(),
        )?;
        sealed.finality.iter().try_for_each(|finality| finality::show(finality, *head, shell))?;
        sealed.shadow.iter().try_for_each(|shadow| finality::show_shadow(shadow, *head, shell))?;
    }
    for view in &status.views {
        let behind = head.saturating_sub(view.position);
        let (name, position, generation, version) =
            (&view.name, view.position, view.generation, view.version);
        shell.line(shell.pick(
            &format!("  视图 {name}：至 {position}（落后 {behind}），第 {generation} 代，版本 {version}，搁置 {}", view.parked),
            &format!(
                "  view {name}: at {position} ({behind} behind), generation {generation}, version {version}, {} parked",
                view.parked
            ),
        ))?;
    }
    for inbox in &status.inbox {
        let (source, position) = (&inbox.source, inbox.position);
        shell.line(
            shell.pick(
                &format!("  收件 {source}：至 {position}"),
                &format!("  inbox {source}: at {position}"),
            ),
        )?;
    }
    for parked in &status.parked {
        let (place, stream, position, reason) =
            (&parked.place, &parked.stream, parked.position, &parked.reason);
        shell.line(shell.pick(
            &format!("  待处理 {place} {stream} @{position}：{reason}"),
            &format!("  parked {place} {stream} @{position}: {reason}"),
        ))?;
    }
    Ok(())
}

fn sealing_zh(state: &str) -> &str {
    match state {
        "sealing" => "正常",
        "standby" => "由其他进程封存",
        "waiting" => "等待重试",
        "refused" => "拒绝签名",
        other => other,
    }
}

fn as_json(service: &str, status: &StatusResponse) -> Value {
    json!({
        "service": service,
        "head": status.head,
        "relayed": status.relayed,
        "sealed": status.sealed.as_ref().map(|sealed| json!({
            "size": sealed.size, "lag": sealed.lag, "state": sealed.state, "reason": sealed.reason,
            "final": sealed.finality.as_ref().map(finality::as_json),
            "sm3": sealed.shadow.as_ref().map(|shadow| json!({ "size": shadow.size, "reason": shadow.reason })),
        })),
        "views": status.views.iter().map(|view| json!({
            "name": view.name, "generation": view.generation, "version": view.version,
            "position": view.position, "parked": view.parked,
        })).collect::<Vec<_>>(),
        "inbox": status.inbox.iter().map(|inbox| json!({
            "source": inbox.source, "position": inbox.position,
        })).collect::<Vec<_>>(),
        "parked": status.parked.iter().map(|parked| json!({
            "place": parked.place, "stream": parked.stream, "position": parked.position, "reason": parked.reason,
        })).collect::<Vec<_>>(),
    })
}
