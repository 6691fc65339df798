//! `fenghuo audit`: keys that seal a log, proof that nothing in it was changed, receipts for single events, and
//! bundles that prove a whole case.

use clap::Subcommand;

use crate::{error::Error, shell::Shell};

mod bundle;
mod export;
mod keygen;
mod logs;
mod place;
mod proof;
mod publish;
mod queries;
mod readings;
mod verify;
mod watch;

pub(crate) use keygen::load_or_generate;
pub(crate) use place::{TILES, key, sealing, verifier};

/// Prove that a log was only ever appended to
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Generate the key that signs a log's checkpoints
    Keygen(keygen::KeygenArgs),
    /// Compare events, leaves, tiles and signed checkpoints; say what is wrong and where
    Verify(verify::VerifyArgs),
    /// Write the receipt of one event: its leaf and its place in the log, in one file
    Proof(proof::ProofArgs),
    /// Check a receipt by itself, without log or database
    CheckProof(proof::CheckProofArgs),
    /// Write a log, or a case in every log, as files: JSON Lines or Parquet, with hashes and the signed checkpoint
    Export(export::ExportArgs),
    /// Watch what a log publishes, remember it, and raise an alarm when it is denied
    Watch(watch::WatchArgs),
    /// Serve a log's leaves, tiles and checkpoints over HTTP
    Publish(publish::PublishArgs),
    /// Write all events of a case, with everything that proves them, into one file; or verify such a file
    Bundle(bundle::BundleArgs),
    #[command(subcommand)]
    Queries(queries::QueriesCommand),
    /// Who has opened a case, in any service, when, and for what purpose
    Readings(readings::ReadingsArgs),
}

/// Generates, verifies or proves.
pub async fn run(command: AuditCommand, shell: Shell) -> Result<(), Error> {
    match command {
        AuditCommand::Keygen(args) => keygen::run(&args, shell),
        AuditCommand::Verify(args) => verify::run(args, shell).await,
        AuditCommand::Proof(args) => proof::write(&args, shell),
        AuditCommand::CheckProof(args) => proof::check(&args, shell),
        AuditCommand::Export(args) => export::run(args, shell).await,
        AuditCommand::Watch(args) => watch::run(args, shell).await,
        AuditCommand::Publish(args) => publish::run(args, shell).await,
        AuditCommand::Bundle(args) => bundle::run(args, shell).await,
        AuditCommand::Queries(command) => queries::run(command, shell).await,
        AuditCommand::Readings(args) => readings::run(args, shell).await,
    }
}
