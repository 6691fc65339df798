//! `fenghuo replay check`: whose signature a result carries, and what it says.

use std::path::PathBuf;

use clap::Args;

use super::{evidence::Evidence, tell};
use crate::{audit, error::Error, shell::Shell};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo replay check claims.replay --key auditor.vkey";

/// What `replay check` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct CheckArgs {
    /// The signed result
    file: PathBuf,
    /// Public key (NAME+ID+KEY) of whoever signed, or a file with it
    #[arg(long, value_name = "VKEY")]
    key: String,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckArgs, shell: Shell) -> Result<(), Error> {
    let key = audit::verifier(&args.key)?;
    let evidence = Evidence::signed_by(&args.file, &key)?;
    if args.json {
        shell.json(&evidence)?;
    } else {
        let (name, at) = (key.name(), &evidence.at);
        shell.line(
            shell.pick(&format!("签名成立：{name}，{at}"), &format!("the signature holds: {name}, {at}")),
        )?;
        tell::summary(&evidence, shell)?;
    }
    tell::verdict(&evidence)
}
