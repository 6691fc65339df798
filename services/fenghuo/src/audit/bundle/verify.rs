//! `fenghuo audit bundle verify`: does the file prove what it says?

use std::{collections::BTreeMap, fs, path::PathBuf};

use audit::bundle::{self, Fault, LogSummary, Summary, Trust};
use clap::Args;
use serde_json::json;

use super::super::place::verifier;
use crate::{
    error::{Because, Error},
    shell::Shell,
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit bundle verify wuyi.zip
  fenghuo audit bundle verify wuyi.zip --complete --key hazard.vkey --key reward.vkey
  fenghuo audit bundle verify wuyi.zip --key hazard.vkey --key witness.vkey --quorum 1 --json";
pub(super) const SCRIPT_EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit bundle script > verify.sh
  bash verify.sh --key hazard.vkey --key reward.vkey extracted/";

/// What `audit bundle verify` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct VerifyBundleArgs {
    /// The bundle
    file: PathBuf,
    /// Public key (NAME+ID+KEY) that came by another way, or a file with it: one of every log, and of witnesses
    #[arg(long = "key", value_name = "VKEY")]
    keys: Vec<String>,
    /// How many witnesses must have cosigned, whatever the bundle says
    #[arg(long, default_value_t = 0, value_name = "N")]
    quorum: usize,
    /// Fail where the leaves of a whole log are not in the bundle
    #[arg(long)]
    complete: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &VerifyBundleArgs, shell: Shell) -> Result<(), Error> {
    let name = args.file.display().to_string();
    let keys = args.keys.iter().map(|text| verifier(text)).collect::<Result<_, _>>()?;
    let trust = Trust { keys, quorum: args.quorum, complete: args.complete };
    let verified = verify(&args.file, &trust).because(format!("读取 {name}"), format!("read {name}"))?;
    if args.json {
        shell.json(&as_json(&verified))?;
    }
    let summary = verified.map_err(|fault| {
        Error::told(format!("核验未通过：{}", fault.zh()), format!("verification failed: {fault}"))
    })?;
    if args.json {
        return Ok(());
    }
    tell(&summary, shell)?;
    if trust.keys.is_empty() {
        shell.note(shell.pick(
            "注意：公钥来自审计包本身，只能证明前后一致；请用 --key 给出另行取得的公钥。",
            "NOTE: the keys came with the bundle, which proves consistency only; give keys that came by another way with --key.",
        ));
    }
    if summary.maker != bundle::MAKER {
        shell.note(shell.pick(
            "注意：由另一版本制作，页面和脚本的文字未与事件比对。",
            "NOTE: made by another version; the words of its report and script were not compared with the events.",
        ));
    }
    shell.line(shell.pick("核验通过", "verified"))
}

fn verify(file: &PathBuf, trust: &Trust) -> std::io::Result<Result<Summary, Fault>> {
    // What is larger is refused by its size; there is no use in reading it.
    if fs::metadata(file)?.len() > bundle::MAX_BYTES as u64 {
        return Ok(Err(Fault { at: "zip".to_owned(), what: bundle::What::TooLarge }));
    }
    Ok(bundle::verify(&fs::read(file)?, trust))
}

/// What was proved, log by log.
pub(super) fn tell(summary: &Summary, shell: Shell) -> Result<(), Error> {
    shell.line(format_args!("{} {}", shell.pick("案件", "case"), summary.case))?;
    for log in &summary.logs {
        tell_log(log, shell)?;
    }
    let mut away = BTreeMap::new();
    for loose in &summary.loose {
        *away.entry(loose.cause_log.as_str()).or_insert(0) += 1;
    }
    for (from, count) in away {
        shell.note(shell.pick(
            &format!("注意：{count} 个事件源于 {from} 的事件，后者不在审计包中。"),
            &format!("NOTE: events whose cause in {from} is not in the bundle: {count}."),
        ));
    }
    Ok(())
}

fn tell_log(log: &LogSummary, shell: Shell) -> Result<(), Error> {
    let LogSummary { name, origin, size, events, complete, cosigners, tokens } = log;
    let (zh, en) = match complete {
        true => ("没有遗漏", "none left out"),
        false => ("是否遗漏无从得知", "whether any was left out cannot be seen"),
    };
    let (witnesses, tokens) = (cosigners.len(), *tokens);
    shell.line(shell.pick(
        &format!("  {name}：{events} 个事件（{zh}），{origin} 共 {size} 个；见证 {witnesses}，时间戳 {tokens}（未核验）"),
        &format!(
            "  {name}: {events} events ({en}) of {size} in {origin}; {witnesses} witnesses, {tokens} time tokens (not verified)"
        ),
    ))
}

fn as_json(verified: &Result<Summary, Fault>) -> serde_json::Value {
    let log = |log: &LogSummary| {
        json!({
            "name": log.name, "origin": log.origin, "size": log.size, "events": log.events,
            "complete": log.complete, "cosigners": log.cosigners, "tokens": log.tokens,
        })
    };
    match verified {
        Ok(summary) => json!({
            "verified": true, "case": summary.case, "maker": summary.maker,
            "logs": summary.logs.iter().map(log).collect::<Vec<_>>(),
            "loose": summary.loose.iter().map(|loose| json!({
                "log": loose.log, "position": loose.position,
                "cause": {"log": loose.cause_log, "position": loose.cause_position},
            })).collect::<Vec<_>>(),
        }),
        Err(fault) => json!({"verified": false, "at": fault.at, "what": fault.what.to_string()}),
    }
}
