//! `fenghuo audit proof`, `check-proof`: a receipt that a reporter or another department can keep.

use std::{fs, path::PathBuf};

use clap::Args;
use merkle::{Receipt, Sha256, Statement};
use sha2::Digest;
use uuid::Uuid;

use super::place::{Trust, Where};
use crate::{
    due::beijing,
    error::{Because, Error},
    law::files,
    shell::Shell,
};

const PROOF_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit proof 17 --service hazard -o hazard-17.tlog-proof
  fenghuo audit proof 0199f2c4-7d31-7c5e-9a55-3f0c54b8f5a1 --tiles /srv/audit/hazard";
const CHECK_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit check-proof hazard-17.tlog-proof --vkey hazard.vkey
  fenghuo audit check-proof hazard-17.tlog-proof --vkey hazard.vkey --content event.json";

/// What `audit proof` is told.
#[derive(Debug, Args)]
#[command(after_help = PROOF_EXAMPLE)]
pub struct ProofArgs {
    /// Position of the event in the log, or its id
    #[arg(value_name = "POSITION|EVENT")]
    event: String,
    #[command(flatten)]
    place: Where,
    /// File to write; standard output if absent
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What `audit check-proof` is told.
#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLE)]
pub struct CheckProofArgs {
    /// The receipt
    file: PathBuf,
    #[command(flatten)]
    trust: Trust,
    /// File with the event's content as stored, to be compared with the leaf
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
    /// Print what is proved as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn write(args: &ProofArgs, shell: Shell) -> Result<(), Error> {
    let tiles = args.place.tiles()?;
    let position = match args.event.parse::<u64>() {
        Ok(position) => position,
        Err(_) => find(&tiles, &args.event)?,
    };
    let (zh, en) = (format!("证明位置 {position}"), format!("prove position {position}"));
    let receipt = audit::prove(&tiles, position).because(zh, en)?.to_string();
    let Some(file) = &args.out else { return shell.line(receipt.trim_end()) };
    let name = file.display();
    fs::write(file, receipt).because(format!("写入 {name}"), format!("write {name}"))?;
    shell.line(name)
}

fn find(tiles: &audit::Tiles, event: &str) -> Result<u64, Error> {
    let id: Uuid = event.parse().map_err(|_| {
        Error::usage(
            format!("{event:?} 既不是位置也不是事件编号"),
            format!("{event:?} is neither a position nor an event's id"),
        )
    })?;
    let found = audit::sealed_at(tiles, id).because("查找事件", "look for the event")?;
    found.ok_or_else(|| {
        Error::told(format!("没有已封存的事件 {id}"), format!("no event {id} is sealed in this log"))
    })
}

pub(super) fn check(args: &CheckProofArgs, shell: Shell) -> Result<(), Error> {
    let (name, text) = files::text(&args.file)?;
    let (zh, en) = (format!("核验回执 {name}"), format!("check the receipt {name}"));
    let receipt: Receipt = text.parse().because(zh.clone(), en.clone())?;
    let entry = receipt.extra.clone().ok_or_else(|| {
        Error::told(format!("{name} 没有审计叶"), format!("{name} does not carry its leaf"))
    })?;
    let accepted =
        receipt.verify::<Sha256>(&entry, &args.trust.policy(None)?).because(zh.clone(), en.clone())?;
    let leaf = Statement::parse(&entry).because(zh, en)?;
    if let Some(content) = &args.content {
        is_content(content, &leaf)?;
    }
    let (position, size) = (receipt.index + 1, accepted.checkpoint.size());
    let cosigners = accepted.cosigners.iter().map(|witness| witness.name.as_str()).collect::<Vec<_>>();
    if args.json {
        return shell.json(&serde_json::json!({
            "position": position, "size": size, "leaf": leaf, "cosigners": cosigners,
        }));
    }
    shell.line(shell.pick(
        &format!("成立：{} 的第 {position} 个事件，共 {size} 个", leaf.origin),
        &format!("proved: event {position} of {size} in {}", leaf.origin),
    ))?;
    shell.line(format_args!("  {} {}#{} {}", leaf.kind, leaf.stream, leaf.revision, leaf.event_id))?;
    shell.line(format_args!("  {} {} {}", beijing(leaf.recorded_at), leaf.department, leaf.actor))?;
    if !args.trust.names_witnesses() {
        return shell
            .line(shell.pick("  联署：未核对（须 --witness）", "  cosignatures: not verified (--witness)"));
    }
    shell.line(shell.pick(
        &format!("  联署：{}", if cosigners.is_empty() { "无".to_owned() } else { cosigners.join("、") }),
        &format!(
            "  cosigned by: {}",
            if cosigners.is_empty() { "nobody".to_owned() } else { cosigners.join(", ") }
        ),
    ))
}

fn is_content(file: &PathBuf, leaf: &Statement) -> Result<(), Error> {
    let name = file.display().to_string();
    let content = fs::read(file).because(format!("读取 {name}"), format!("read {name}"))?;
    let is_it = |bytes: &[u8]| leaf.data_sha256.0 == <[u8; 32]>::from(sha2::Sha256::digest(bytes));
    // What was printed to a file mostly got a line feed at its end.
    if is_it(&content) || content.strip_suffix(b"\n").is_some_and(is_it) {
        return Ok(());
    }
    Err(Error::told(format!("{name} 不是该事件的内容"), format!("{name} is not the content of that event")))
}
