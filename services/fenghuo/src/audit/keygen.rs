//! `fenghuo audit keygen`: a signing key on this machine, and the one line by which others verify.
//!
//! **Invariant**: a key that exists is never overwritten.

use std::{fs, path::Path, path::PathBuf, sync::Arc};

use clap::Args;
use merkle::{KeyType, Signer, VerifierKey};

use crate::{
    error::{Because, Error},
    keys,
    shell::Shell,
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit keygen --origin audit.example.gov.cn/hazard --out keys/audit-hazard.key
  fenghuo audit keygen --witness --origin witness.example.gov.cn --out keys/witness.key
  fenghuo serve hazard --audit-tiles /srv/audit/hazard --audit-key keys/audit-hazard.key ...";

/// What `audit keygen` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct KeygenArgs {
    /// The name of the log or the witness for ever, unique in the world: a URL without its scheme
    #[arg(long, value_name = "NAME")]
    origin: String,
    /// File for the private key; the public key goes beside it, as .vkey
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// For a witness that cosigns the checkpoints of logs, not for a log
    #[arg(long)]
    witness: bool,
}

pub(super) fn run(args: &KeygenArgs, shell: Shell) -> Result<(), Error> {
    let kind = if args.witness { KeyType::Cosignature } else { KeyType::Ed25519 };
    shell.line(generate(&args.origin, kind, &args.out)?)
}

/// The key of a log or a witness in this file, generated at the first call.
pub(crate) fn load_or_generate(origin: &str, kind: KeyType, file: &Path) -> Result<Arc<dyn Signer>, Error> {
    if !file.exists() {
        generate(origin, kind, file)?;
    }
    let signer = super::key(file)?;
    // A process killed between the two files left the second one out.
    let public = public_file(file);
    if !public.exists() {
        keys::create(&public, &format!("{}\n", signer.key()), 0o644)?;
    }
    Ok(signer)
}

/// The public key's file beside the private one.
pub(super) fn public_file(file: &Path) -> PathBuf {
    file.with_extension("vkey")
}

fn generate(origin: &str, kind: KeyType, file: &Path) -> Result<VerifierKey, Error> {
    let (secret, key) =
        audit::key::generate(origin, kind).because("生成审计密钥", "generate the key of the audit trail")?;
    if let Some(folder) = file.parent() {
        let (zh, en) = (format!("建立文件夹 {}", folder.display()), format!("create {}", folder.display()));
        fs::create_dir_all(folder).because(zh, en)?;
    }
    keys::create(file, &secret, 0o600)?;
    keys::create(&public_file(file), &format!("{key}\n"), 0o644)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_generated_once_and_never_overwritten() {
        let scratch = servers::Scratch::new().unwrap();
        let file = scratch.path().join("keys/audit.key");
        let first = load_or_generate("log.example/things", KeyType::Ed25519, &file).unwrap();
        let again = load_or_generate("log.example/things", KeyType::Ed25519, &file).unwrap();
        assert_eq!(first.key(), again.key());
        assert!(generate("log.example/things", KeyType::Ed25519, &file).is_err());
        let public = fs::read_to_string(public_file(&file)).unwrap();
        assert_eq!(public.trim_end().parse::<VerifierKey>().unwrap(), *first.key());
    }
}
