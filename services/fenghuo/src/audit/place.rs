//! Where the audit trail of a log lies, and whose signatures count.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use audit::{Site, Tiles, Tsa, Witnesses};
use clap::Args;
use merkle::{KeyError, Policy, Signer, VerifierKey};
use witness::{Peer, http::Client};

use super::keygen::public_file;
use crate::{
    error::{Because, Error},
    law::files,
    services, system,
};

/// The folder of sealed logs in a system's data folder.
pub(crate) const TILES: &str = "audit";

/// How long a witness may take for an answer.
const WITNESS_PATIENCE: Duration = Duration::from_secs(5);

/// Whose signatures count.
#[derive(Debug, Args)]
pub(super) struct Trust {
    /// Public key of the log (NAME+ID+KEY), or a file with it; several while it is being changed
    #[arg(long = "vkey", value_name = "VKEY")]
    keys: Vec<String>,
    /// Public key of a witness (NAME+ID+KEY), or a file with it
    #[arg(long = "witness", value_name = "VKEY")]
    witnesses: Vec<String>,
    /// How many of the witnesses must have cosigned
    #[arg(long, default_value_t = 0, value_name = "N")]
    quorum: usize,
}

/// Where the files are.
#[derive(Debug, Clone, Args)]
pub(super) struct Where {
    /// Whose log, in a system on this machine
    #[arg(long)]
    pub(super) service: Option<String>,
    /// Data folder of that system
    #[arg(long, default_value = system::DATA, value_name = "DIR")]
    pub(super) data: PathBuf,
    /// Folder of leaves, tiles and checkpoint, or s3://BUCKET/PREFIX, instead of a system's
    #[arg(long, value_name = "DIR|s3://…")]
    tiles: Option<String>,
}

/// Where the published files are: a folder, or a server.
#[derive(Debug, Args)]
pub(super) struct Published {
    /// Whose log, in a system on this machine
    #[arg(long, required_unless_present = "tiles")]
    service: Option<String>,
    /// Data folder of that system
    #[arg(long, default_value = system::DATA, value_name = "DIR")]
    data: PathBuf,
    /// Folder or URL (http://, https://, s3://) of the published files, instead of a system's
    #[arg(long, value_name = "DIR|URL")]
    tiles: Option<String>,
}

impl Published {
    /// The URL, if it is one.
    pub(super) fn url(&self) -> Option<&str> {
        let is_url = |text: &&str| text.starts_with("http://") || text.starts_with("https://");
        self.tiles.as_deref().filter(is_url)
    }

    /// The same as a place on this machine.
    pub(super) fn place(&self) -> Where {
        Where { service: self.service.clone(), data: self.data.clone(), tiles: self.tiles.clone() }
    }
}

impl Where {
    /// Of a service's log: in a system's data folder, or in a place of its own.
    pub(super) fn of(service: &str, data: &Path, tiles: Option<&str>) -> Self {
        Self { service: Some(service.to_owned()), data: data.to_owned(), tiles: tiles.map(str::to_owned) }
    }

    /// Neither a service nor a place is named.
    pub(super) fn is_of_no_log(&self) -> bool {
        self.service.is_none() && self.tiles.is_none()
    }

    /// The same system's log of a service.
    pub(super) fn with(&self, service: &str) -> Self {
        Self { service: Some(service.to_owned()), ..self.clone() }
    }

    /// Whether the system has sealed the service's log.
    pub(super) fn is_sealed(&self) -> bool {
        self.service.as_ref().is_some_and(|service| self.data.join(TILES).join(service).is_dir())
    }

    pub(super) fn tiles(&self) -> Result<Tiles, Error> {
        let site = match (&self.tiles, &self.service) {
            (Some(text), _) => site(text)?,
            (None, Some(service)) => self.data.join(TILES).join(services::find(service)?.service.name).into(),
            (None, None) => {
                return Err(Error::usage("需要 --tiles 或 --service", "say where with --tiles or --service"));
            }
        };
        open(&site)
    }

    /// The log's key that a development system generated for itself.
    fn own_key(&self) -> Option<PathBuf> {
        let service = self.service.as_ref()?;
        Some(public_file(&system::audit_key_file(&self.data.join("keys"), service)))
    }
}

impl Trust {
    /// Whom to believe; of a development system, its own key where nobody says otherwise.
    pub(super) fn policy(&self, place: Option<&Where>) -> Result<Policy, Error> {
        let mut keys = self.keys()?;
        if let (true, Some(file)) = (keys.is_empty(), place.and_then(Where::own_key)) {
            keys.push(verifier(&file.display().to_string())?);
        }
        let witnesses = self.witnesses()?;
        if keys.is_empty() {
            return Err(Error::usage("需要日志的公钥 --vkey", "the log's public key is wanted: --vkey"));
        }
        Policy::new(keys, witnesses, self.quorum).because("读取信任的密钥", "read whom to trust")
    }

    pub(super) fn keys(&self) -> Result<Vec<VerifierKey>, Error> {
        self.keys.iter().map(|text| verifier(text)).collect()
    }

    pub(super) fn witnesses(&self) -> Result<Vec<VerifierKey>, Error> {
        self.witnesses.iter().map(|text| verifier(text)).collect()
    }

    /// Whether cosignatures can be verified at all.
    pub(super) fn names_witnesses(&self) -> bool {
        !self.witnesses.is_empty()
    }

    pub(super) fn quorum(&self) -> usize {
        self.quorum
    }
}

/// Reads a public key, or the file that holds it.
pub(crate) fn verifier(text: &str) -> Result<VerifierKey, Error> {
    match VerifierKey::from_str(text) {
        Ok(key) => return Ok(key),
        // What follows would name it as a file.
        Err(error @ KeyError::Private) => return Err(error).because("读取公钥", "read a public key"),
        Err(_) => {}
    }
    let (name, text) = files::text(Path::new(text))?;
    VerifierKey::from_str(text.trim())
        .because(format!("读取公钥 {name}"), format!("read the public key {name}"))
}

/// Reads where tiles are: a folder, or a bucket.
pub(super) fn site(text: &str) -> Result<Site, Error> {
    let what = (format!("读取存放位置 {text}"), format!("read where tiles are: {text}"));
    Site::parse(text).because(what.0, what.1)
}

/// Tiles to read; a folder must be there.
pub(super) fn open(site: &Site) -> Result<Tiles, Error> {
    if let Some(folder) = site.folder().filter(|folder| !folder.is_dir()) {
        let folder = folder.display();
        return Err(Error::told(
            format!("没有审计文件夹 {folder}"),
            format!("there is no folder of an audit trail at {folder}"),
        ));
    }
    Ok(site.open())
}

/// Reads the key that signs.
pub(crate) fn key(file: &Path) -> Result<Arc<dyn Signer>, Error> {
    let (name, text) = files::text(file)?;
    let signer = audit::key::parse(&text);
    let signer = signer.because(format!("读取审计密钥 {name}"), format!("read the signing key {name}"))?;
    Ok(Arc::new(signer))
}

/// How a deployed log is sealed.
pub(crate) fn sealing(config: &chassis::Config) -> Result<Option<audit::Sealing>, Error> {
    let (Some(tiles), Some(file)) = (&config.audit_tiles, &config.audit_key) else { return Ok(None) };
    let mut sealing = audit::Sealing::new(site(tiles)?, key(file)?);
    let older = config.audit_older_keys.iter().map(|text| verifier(text));
    sealing.older_keys = older.collect::<Result<_, _>>()?;
    sealing.sm3 = config.audit_sm3;
    if let Some(quorum) = config.witness_quorum {
        let peers = config.witnesses.iter().map(peer).collect::<Result<_, _>>()?;
        let witnesses = Witnesses::new(&sealing, peers, quorum);
        let mut witnesses = witnesses.because("读取见证方", "read the witnesses")?;
        witnesses.tsa = config.tsa.as_deref().map(|url| Tsa::new(url, Client::new(WITNESS_PATIENCE)));
        sealing.witnesses = Some(witnesses);
    }
    Ok(Some(sealing))
}

/// A witness of the configuration, by its URL and key.
fn peer((url, key): &(String, String)) -> Result<Peer, Error> {
    Ok(Peer::new(url, verifier(key)?, Client::new(WITNESS_PATIENCE)))
}
