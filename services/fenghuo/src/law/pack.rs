//! `fenghuo law pack`: rule packs checked, compared, and their unverified rows signed for.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use law::{Allowance, AllowanceError, Change, Keys, RulePack, Signer, Source, Statement, Status, What};
use time::{Date, OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::{files, rules};
use crate::{error::Error, shell::Shell};

const VALIDATE: &str = "\
示例 / Examples:
  fenghuo law pack validate pack.json
  fenghuo law pack validate pack.json --allowance allowance.json --keys keys.json";
const DIFF: &str = "\
示例 / Examples:
  fenghuo law pack diff new.json              # 与内置规则包比较 / against the built-in pack
  fenghuo law pack diff old.json new.json --json";
const ALLOW: &str = "\
示例 / Examples:
  fenghuo law pack allow --row seal.lift_decide --by jurist-1 --until 2027-12-31 \\
    --reason '已核对原文' --key signing.pem > allowance.json";

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// Rule packs: parameters with their basis, status and time
#[derive(Debug, Subcommand)]
pub enum PackCommand {
    Validate(ValidateArgs),
    Diff(DiffArgs),
    Allow(AllowArgs),
    Adopt(Box<rules::AdoptPackArgs>),
}

/// Check a pack and tell everything that is wrong with it
#[derive(Debug, Args)]
#[command(after_help = VALIDATE)]
pub struct ValidateArgs {
    /// The pack
    file: PathBuf,
    /// A signed allowance for its unverified rows, checked too
    #[arg(long, value_name = "FILE", requires = "keys")]
    allowance: Option<PathBuf>,
    /// The public keys whose allowances are accepted (JWK Set, Ed25519)
    #[arg(long, value_name = "FILE", requires = "allowance")]
    keys: Option<PathBuf>,
}

/// Show what changes from one pack to another
#[derive(Debug, Args)]
#[command(after_help = DIFF)]
pub struct DiffArgs {
    /// The older and the newer pack; one alone is compared with the built-in pack
    #[arg(required = true, num_args = 1..=2, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print a change a line as JSON
    #[arg(long)]
    json: bool,
}

/// Sign for unverified rows of a pack, by name
#[derive(Debug, Args)]
#[command(after_help = ALLOW)]
pub struct AllowArgs {
    /// The pack; without it the built-in one
    #[arg(long, value_name = "FILE")]
    pack: Option<PathBuf>,
    /// A row of status M, may be given several times
    #[arg(long = "row", required = true, value_name = "ID")]
    rows: Vec<String>,
    /// Why the rows may be used
    #[arg(long)]
    reason: String,
    /// Who answers for it, a reference and never a name
    #[arg(long)]
    by: String,
    /// The last day on which it holds
    #[arg(long, value_parser = day)]
    until: Date,
    /// The private key that signs (PKCS#8 PEM)
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

pub(super) async fn run(command: PackCommand, shell: Shell) -> Result<(), Error> {
    match command {
        PackCommand::Validate(args) => validate(&args, shell),
        PackCommand::Diff(args) => diff(&args, shell),
        PackCommand::Allow(args) => allow(args, shell),
        PackCommand::Adopt(args) => rules::adopt_pack(*args, shell).await,
    }
}

fn validate(args: &ValidateArgs, shell: Shell) -> Result<(), Error> {
    let (name, text) = files::text(&args.file)?;
    let source = Source { name: &name, text: &text };
    let faults = RulePack::faults(source);
    for fault in &faults {
        shell.line(shell.pick(&fault.zh(), &fault.to_string()))?;
    }
    if !faults.is_empty() {
        let count = faults.len();
        return Err(Error::told(format!("{name} 有 {count} 处错误"), format!("{name} has {count} faults")));
    }
    let mut pack = RulePack::parse(source, &[]).map_err(files::refused)?;
    if let (Some(allowance), Some(keys)) = (&args.allowance, &args.keys) {
        let keys = Keys::from_jwks(&files::text(keys)?.1).map_err(refused)?;
        let allowance = Allowance::parse(&files::text(allowance)?.1).map_err(refused)?;
        let today = law::shanghai_date(OffsetDateTime::now_utc());
        pack = pack.allow(&allowance, &keys, today).map_err(refused)?;
    }
    let unverified = pack.rows().filter(|row| row.status == Status::Memory);
    let (allowed, refused): (Vec<_>, Vec<_>) = unverified.partition(|row| pack.row(&row.id).is_ok());
    let (rows, allowed, refused) = (pack.rows().count(), allowed.len(), refused.len());
    let version = pack.version();
    shell.line(shell.pick(
        &format!("{version}：{rows} 行有效；未核实 {refused} 行拒用，{allowed} 行经签名许可"),
        &format!("{version}: {rows} rows hold; {refused} unverified refused, {allowed} allowed by signature"),
    ))
}

fn diff(args: &DiffArgs, shell: Shell) -> Result<(), Error> {
    let (old, new) = match args.files.as_slice() {
        [old, new] => (files::pack(Some(old))?, files::pack(Some(new))?),
        files => (RulePack::builtin(), files::pack(files.first().map(PathBuf::as_path))?),
    };
    let changes = old.diff(&new);
    for change in &changes {
        if args.json {
            shell.json(change)?;
        } else {
            tell(change, shell)?;
        }
    }
    let (count, from, to) = (changes.len(), old.version(), new.version());
    shell.note(
        shell
            .pick(&format!("{from} → {to}：{count} 处不同"), &format!("{from} -> {to}: {count} differences")),
    );
    Ok(())
}

fn tell(change: &Change, shell: Shell) -> Result<(), Error> {
    let Change { id, jurisdiction, effective_from, what } = change;
    let place = jurisdiction.as_ref().map(|area| format!(" [{area}]")).unwrap_or_default();
    let (mark, text) = match what {
        What::Added { value } => ('+', format!(" {value}")),
        What::Removed { value } => ('-', format!(" {value}")),
        What::Changed { .. } => ('~', String::new()),
    };
    shell.line(format_args!("{mark} {id}{place} {effective_from}{text}"))?;
    if let What::Changed { fields } = what {
        let shown = |value: &Option<serde_json::Value>| match value {
            Some(value) => value.to_string(),
            None => "-".to_owned(),
        };
        for field in fields {
            let line = format!("    {}: {} -> {}", field.field, shown(&field.old), shown(&field.new));
            shell.line(line)?;
        }
    }
    Ok(())
}

fn allow(args: AllowArgs, shell: Shell) -> Result<(), Error> {
    let pack = files::pack(args.pack.as_deref())?;
    let unverified = |id: &String| pack.rows().any(|row| row.id == *id && row.status == Status::Memory);
    if let Some(id) = args.rows.iter().find(|id| !unverified(id)) {
        return Err(refused(AllowanceError::NotUnverified { id: id.clone() }));
    }
    let signer = Signer::from_pem(&files::text(&args.key)?.1).map_err(refused)?;
    let statement = Statement {
        pack: pack.base_version().to_owned(),
        rows: args.rows.into_iter().collect(),
        reason: args.reason,
        by: args.by,
        until: args.until,
    };
    shell.json(&signer.sign(statement))
}

fn refused(error: AllowanceError) -> Error {
    Error::told(error.zh(), error.to_string())
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, DATE).map_err(|_| format!("{text:?} is no date (2027-12-31)"))
}
