//! `fenghuo audit bundle`: a case as one file that proves itself, and the proof.

mod make;
mod verify;

use clap::{Args, Subcommand};

use crate::{error::Error, shell::Shell};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit bundle wuyi-2023-0417 -o wuyi.zip
  fenghuo audit bundle wuyi-2023-0417 -o wuyi.zip --case-only
  fenghuo audit bundle wuyi-2023-0417 -o wuyi.zip --database-url postgres://auditor@db/fenghuo \\
      --log hazard=/srv/audit/hazard --vkey hazard.vkey \\
      --log reward=/srv/audit/reward --vkey reward.vkey
  fenghuo audit bundle verify wuyi.zip --key hazard.vkey --key reward.vkey";

/// What `audit bundle` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct BundleArgs {
    #[command(subcommand)]
    command: Option<BundleCommand>,
    #[command(flatten)]
    make: make::MakeArgs,
}

/// What can be done with a bundle that is there.
#[derive(Debug, Subcommand)]
enum BundleCommand {
    /// Verify a bundle by itself, without log or database
    Verify(verify::VerifyBundleArgs),
    /// Print the script that verifies an extracted bundle with bash, openssl, xxd and base64
    #[command(after_help = verify::SCRIPT_EXAMPLE)]
    Script,
}

pub(super) async fn run(args: BundleArgs, shell: Shell) -> Result<(), Error> {
    match args.command {
        Some(BundleCommand::Verify(args)) => verify::run(&args, shell),
        Some(BundleCommand::Script) => shell.line(audit::bundle::SCRIPT.trim_end()),
        None => make::run(args.make, shell).await,
    }
}
