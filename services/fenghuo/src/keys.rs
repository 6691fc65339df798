//! `fenghuo keys`: a signing key and the key set that verifies its tokens, as files.
//!
//! **Invariant**: a key that exists is never overwritten.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use chassis::auth::Signer;
use clap::{Args, Subcommand};

use crate::{
    error::{Because, Error},
    shell::Shell,
};

/// The private key, PKCS#8 PEM.
const SIGNING: &str = "signing.pem";
/// The public keys, a JWK Set.
const PUBLIC: &str = "keys.json";

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo keys generate --out keys
  fenghuo serve hazard --keys keys/keys.json ...";

/// Keys that sign and verify tokens
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Generate an Ed25519 signing key and its public key set
    Generate(GenerateArgs),
}

/// What `keys generate` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct GenerateArgs {
    /// Folder for signing.pem (private) and keys.json (public)
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Generates keys.
pub async fn run(command: KeysCommand, shell: Shell) -> Result<(), Error> {
    let KeysCommand::Generate(GenerateArgs { out }) = command;
    folder(&out)?;
    write(&out)?;
    shell.line(signing_file(&out).display())?;
    shell.line(public_file(&out).display())
}

/// The private key's file in a folder of keys.
pub fn signing_file(folder: &Path) -> PathBuf {
    folder.join(SIGNING)
}

/// The public key set's file in a folder of keys.
pub fn public_file(folder: &Path) -> PathBuf {
    folder.join(PUBLIC)
}

/// The folder's key, generated at the first call.
pub(crate) fn load_or_generate(dir: &Path) -> Result<Signer, Error> {
    folder(dir)?;
    let file = signing_file(dir);
    if file.exists() {
        let signer = load(&file)?;
        // A process killed between the two files left the second one out.
        let public = public_file(dir);
        if !public.exists() {
            create(&public, &signer.key_set().to_json(), 0o644)?;
        }
        return Ok(signer);
    }
    write(dir)
}

/// Reads a private key.
pub fn load(file: &Path) -> Result<Signer, Error> {
    Signer::load(file).because("读取签名密钥", "load the signing key")
}

fn write(dir: &Path) -> Result<Signer, Error> {
    let signer = Signer::generate();
    create(&signing_file(dir), signer.pem(), 0o600)?;
    create(&public_file(dir), &signer.key_set().to_json(), 0o644)?;
    Ok(signer)
}

/// Makes a folder that only its owner can look into.
fn folder(dir: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .because(format!("建立文件夹 {}", dir.display()), format!("create the folder {}", dir.display()))
}

/// Creates a file under another name first, so that a half-written one is never taken for whole.
pub(crate) fn create(file: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let (zh, en) = (format!("写入 {}", file.display()), format!("write {}", file.display()));
    if file.exists() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists)).because(zh, en);
    }
    store(file, text, mode).because(zh, en)
}

/// Puts a secret that changes from start to start in the place of the last one.
pub(crate) fn replace(file: &Path, text: &str) -> Result<(), Error> {
    let (zh, en) = (format!("写入 {}", file.display()), format!("write {}", file.display()));
    store(file, text, 0o600).because(zh, en)
}

fn store(file: &Path, text: &str, mode: u32) -> io::Result<()> {
    let new = file.with_extension("new");
    let mut open = OpenOptions::new().create(true).write(true).truncate(true).mode(mode).open(&new)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()?;
    fs::rename(&new, file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_private_and_generated_once() {
        let scratch = servers::Scratch::new().unwrap();
        let dir = scratch.path().join("keys");
        let first = load_or_generate(&dir).unwrap();
        let again = load_or_generate(&dir).unwrap();
        assert_eq!(first.pem(), again.pem());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&signing_file(&dir))), (0o700, 0o600));
        assert!(write(&dir).is_err(), "an existing key is never overwritten");
    }
}
