//! `fenghuo law rules`, `law pack adopt` and `law calendar adopt`: a file takes effect in a running system, once two
//! persons have looked at it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use contracts::{
    enforcement::v1::{
        self as wire, enforcement_service_client::EnforcementServiceClient, execute_request::Command,
    },
    envelope::v1 as envelope,
};
use decider::{Actor, Id, Role};
use law::Kind;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::files;
use crate::{
    client::{Authorized, Client, Reach, operator},
    due::{Start, beijing},
    error::Error,
    shell::Shell,
};

const SERVICE: &str = "enforcement";
/// Longest file name that makes up a proposal's id.
const STEM_CHARS: usize = 32;

pub(super) const ADOPT_PACK: &str = "\
示例 / Examples:
  fenghuo law pack adopt pack.json --effective-from 2027-01-01
  fenghuo law pack adopt pack.json --effective-from 2027-01-01 --allowance allowance.json \\
      --endpoint enforcement=http://enforcement:7102 --token-file legal.token";
pub(super) const ADOPT_CALENDAR: &str = "\
示例 / Examples:
  fenghuo law calendar adopt 2027.json --effective-from 2026-11-20
  fenghuo law calendar adopt closures.json      # 批准之时起 / from when it is approved";
const LIST: &str = "\
示例 / Examples:
  fenghuo law rules list
  fenghuo law rules list --state approved --json";
const DRY_RUN: &str = "\
示例 / Examples:
  fenghuo law rules dry-run calendar-2027-0c81f5d2";
const APPROVE: &str = "\
示例 / Examples:
  fenghuo law rules approve calendar-2027-0c81f5d2 --token-file head.token";
const WITHDRAW: &str = "\
示例 / Examples:
  fenghuo law rules withdraw calendar-2027-0c81f5d2 --cause '通知有更正'";

/// Proposed and adopted rule packs and calendars of a running system
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    List(ListArgs),
    DryRun(DryRunArgs),
    Approve(ApproveArgs),
    Withdraw(WithdrawArgs),
}

/// Who acts, and in which system.
#[derive(Debug, Args)]
pub(super) struct Acting {
    /// Who acts, where no token tells: a pseudonymous reference, never a name
    #[arg(long = "as", value_name = "ID")]
    person: Option<Id>,
    #[command(flatten)]
    reach: Reach,
}

/// A file that shall take effect.
#[derive(Debug, Args)]
pub(super) struct Proposing {
    /// The file
    file: PathBuf,
    /// When it shall take effect: 2027-01-01, 2027-01-01T08:00 (Beijing time) or RFC 3339, never in the past; without
    /// it, when it is approved
    #[arg(long, value_name = "DATE|TIME")]
    effective_from: Option<Start>,
    /// The proposal's id; without it, made of the file's name and content
    #[arg(long, value_name = "ID")]
    id: Option<Id>,
    #[command(flatten)]
    acting: Acting,
}

/// Propose that a pack take effect in a running system
#[derive(Debug, Args)]
#[command(after_help = ADOPT_PACK)]
pub struct AdoptPackArgs {
    #[command(flatten)]
    proposing: Proposing,
    /// A signed allowance for unverified rows of the pack
    #[arg(long, value_name = "FILE")]
    allowance: Option<PathBuf>,
}

/// Propose that a year's calendar or local closures take effect in a running system
#[derive(Debug, Args)]
#[command(after_help = ADOPT_CALENDAR)]
pub struct AdoptCalendarArgs {
    #[command(flatten)]
    proposing: Proposing,
}

/// List proposals, newest first, with what they would change
#[derive(Debug, Args)]
#[command(after_help = LIST)]
pub struct ListArgs {
    /// Only those in this state: proposed, approved, adopted, withdrawn
    #[arg(long, default_value = "")]
    state: String,
    /// Print a proposal a line as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Tell what a proposal would change, and record that it was told
#[derive(Debug, Args)]
#[command(after_help = DRY_RUN)]
pub struct DryRunArgs {
    /// The proposal
    id: Id,
    #[command(flatten)]
    acting: Acting,
}

/// Approve a proposal that somebody else has made
#[derive(Debug, Args)]
#[command(after_help = APPROVE)]
pub struct ApproveArgs {
    /// The proposal
    id: Id,
    #[command(flatten)]
    acting: Acting,
}

/// Withdraw a proposal before it takes effect
#[derive(Debug, Args)]
#[command(after_help = WITHDRAW)]
pub struct WithdrawArgs {
    /// The proposal
    id: Id,
    /// Why
    #[arg(long)]
    cause: String,
    #[command(flatten)]
    acting: Acting,
}

pub(super) async fn run(command: RulesCommand, shell: Shell) -> Result<(), Error> {
    match command {
        RulesCommand::List(args) => list(args, shell).await,
        RulesCommand::DryRun(DryRunArgs { id, acting }) => {
            let command = Command::DryRunRules(wire::DryRunRules { proposal_id: id.to_string() });
            give(&acting, Role::Legal, command).await?;
            let row = find(&acting, &id).await?;
            for line in row.iter().flat_map(|row| &row.differences) {
                shell.line(line)?;
            }
            row.map_or(Ok(()), |row| tell(&row, shell))
        }
        RulesCommand::Approve(ApproveArgs { id, acting }) => {
            let command = Command::ApproveRules(wire::ApproveRules { proposal_id: id.to_string() });
            done(&acting, Role::Head, command, &id, shell).await
        }
        RulesCommand::Withdraw(WithdrawArgs { id, cause, acting }) => {
            let command = Command::WithdrawRules(wire::WithdrawRules { proposal_id: id.to_string(), cause });
            done(&acting, Role::Head, command, &id, shell).await
        }
    }
}

pub(super) async fn adopt_pack(args: AdoptPackArgs, shell: Shell) -> Result<(), Error> {
    let allowance = args.allowance.as_deref().map(|file| files::text(file).map(|(_, text)| text));
    propose(Kind::Pack, args.proposing, allowance.transpose()?.unwrap_or_default(), shell).await
}

pub(super) async fn adopt_calendar(args: AdoptCalendarArgs, shell: Shell) -> Result<(), Error> {
    propose(Kind::Calendar, args.proposing, String::new(), shell).await
}

async fn propose(kind: Kind, args: Proposing, allowance: String, shell: Shell) -> Result<(), Error> {
    let (file, text) = files::text(&args.file)?;
    let id = args.id.unwrap_or_else(|| id_of(kind, &args.file, &text));
    let command = Command::ProposeRules(wire::ProposeRules {
        proposal_id: id.to_string(),
        kind: kind.as_str().to_owned(),
        file,
        text,
        effective_from: args.effective_from.map(|start| chassis::timestamp(start.at())),
        allowance,
    });
    done(&args.acting, Role::Legal, command, &id, shell).await
}

/// The same file makes the same id: proposed twice by mistake, it is one proposal.
fn id_of(kind: Kind, file: &std::path::Path, text: &str) -> Id {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_ascii_lowercase();
    let plain = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let stem: String = stem.chars().filter(plain).take(STEM_CHARS).collect();
    let digest = Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes()).simple().to_string();
    let digest = digest.get(..8).unwrap_or_default();
    Id::parse(&format!("{}-{stem}-{digest}", kind.as_str())).expect("letters, digits and hyphens")
}

impl Acting {
    /// In a development system, the one key may act as anybody; two persons are two all the same.
    fn actor(&self, role: Role) -> Actor {
        let usual = if role == Role::Legal { "legal-1" } else { "head-1" };
        let id = self.person.clone().unwrap_or_else(|| Id::parse(usual).expect("a literal id"));
        Actor { id, ..operator(role) }
    }

    async fn door(&self, role: Role) -> Result<EnforcementServiceClient<Authorized>, Error> {
        let client: Client = self.reach.find().await?;
        client.acting(SERVICE, &self.actor(role)).map(EnforcementServiceClient::new)
    }
}

async fn give(acting: &Acting, role: Role, command: Command) -> Result<(), Error> {
    let request = wire::ExecuteRequest {
        request: Some(envelope::Request {
            idempotency_key: Uuid::new_v4().to_string(),
            case_id: String::new(),
            occurred_at: None,
        }),
        command: Some(command),
    };
    let answer = acting.door(role).await?.execute(request).await;
    answer.map(drop).map_err(|status| Error::answer(SERVICE, status))
}

async fn done(acting: &Acting, role: Role, command: Command, id: &Id, shell: Shell) -> Result<(), Error> {
    give(acting, role, command).await?;
    find(acting, id).await?.map_or(Ok(()), |row| tell(&row, shell))
}

async fn page(acting: &Acting, state: &str, page_token: String) -> Result<wire::ListRulesResponse, Error> {
    let mut door = acting.door(Role::Auditor).await?;
    let client = acting.reach.find().await?;
    let answer = client.log(SERVICE, Role::Auditor)?.status(contracts::log::v1::StatusRequest {}).await;
    let head = answer.map_err(|status| Error::answer(SERVICE, status))?.into_inner().head;
    let request =
        wire::ListRulesRequest { min_position: head, page_size: 0, page_token, state: state.to_owned() };
    let answer = door.list_rules(request).await;
    answer.map(tonic::Response::into_inner).map_err(|status| Error::answer(SERVICE, status))
}

async fn find(acting: &Acting, id: &Id) -> Result<Option<wire::Rules>, Error> {
    let mut token = String::new();
    loop {
        let found = page(acting, "", token).await?;
        if let Some(row) = found.rules.into_iter().find(|row| row.proposal_id == id.as_str()) {
            return Ok(Some(row));
        }
        if found.next_page_token.is_empty() {
            return Ok(None);
        }
        token = found.next_page_token;
    }
}

async fn list(args: ListArgs, shell: Shell) -> Result<(), Error> {
    let mut token = String::new();
    loop {
        let found = page(&args.acting, &args.state, token).await?;
        for row in &found.rules {
            if args.json { shell.json(&as_json(row))? } else { tell(row, shell)? }
        }
        if found.next_page_token.is_empty() {
            return Ok(());
        }
        token = found.next_page_token;
    }
}

fn from(row: &wire::Rules) -> Option<OffsetDateTime> {
    row.effective_from.as_ref().and_then(|at| chassis::from_timestamp(at).ok())
}

fn as_json(row: &wire::Rules) -> serde_json::Value {
    let counted = row
        .counted
        .iter()
        .map(|counted| json!({"service": counted.service, "open": counted.open, "moved": counted.moved}));
    json!({
        "id": row.proposal_id, "kind": row.kind, "version": row.version, "state": row.state, "file": row.file,
        "proposed_by": row.proposed_by, "approved_by": row.approved_by,
        "effective_from": from(row).map(beijing), "differences": row.differences, "more": row.more,
        "counted": counted.collect::<Vec<_>>(), "cause": row.cause,
    })
}

fn tell(row: &wire::Rules, shell: Shell) -> Result<(), Error> {
    let state = match row.state.as_str() {
        "proposed" => shell.pick("已提出", "proposed"),
        "approved" => shell.pick("已批准", "approved"),
        "adopted" => shell.pick("已施行", "adopted"),
        "withdrawn" => shell.pick("已撤回", "withdrawn"),
        other => other,
    };
    let wire::Rules { proposal_id, version, .. } = row;
    let from = from(row).map_or_else(|| shell.pick("批准之时", "its approval").to_owned(), beijing);
    shell.line(shell.pick(
        &format!("{proposal_id}  {state}  {version}  自 {from} 起"),
        &format!("{proposal_id}  {state}  {version}  from {from}"),
    ))?;
    if !row.cause.is_empty() {
        shell.line(format_args!("    {}", row.cause))?;
    }
    let differences = row.differences.len() as u64 + row.more;
    for wire::Counted { service, open, moved } in &row.counted {
        shell.line(shell.pick(
            &format!("    {differences} 处不同；{service}：{open} 个在办事项，{moved} 个期限改变"),
            &format!("    {differences} differences; {service}: {open} open matters, {moved} deadlines move"),
        ))?;
    }
    Ok(())
}
