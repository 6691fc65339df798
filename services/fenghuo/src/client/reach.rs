//! How a command is told which system it is for: a data folder, an address, or the environment.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use chassis::auth::Signer;
use clap::Args;
use contracts::dev::v1 as dev;

use super::{Client, HANDLING, channel};
use crate::{
    endpoints::Endpoints,
    error::{Because, Error},
    keys, system,
};

/// The file of endpoints, where no flag says otherwise.
const ENDPOINTS_VARIABLE: &str = "FENGHUO_ENDPOINTS";

/// Which system a command is for.
#[derive(Debug, Clone, Default, Args)]
pub struct Reach {
    /// Data folder of a system on this machine (default: ./.fenghuo, or the file FENGHUO_ENDPOINTS names)
    #[arg(long, value_name = "DIR", conflicts_with = "endpoint")]
    data: Option<PathBuf>,
    /// Development address that `fenghuo dev --clock scripted` prints, or services as NAME=URL,NAME=URL
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// File with the token to show; without it, the system's own development key signs one
    #[arg(long, env = "FENGHUO_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// For what purpose cases are read; recorded with the reader (default: case handling)
    #[arg(long, env = "FENGHUO_PURPOSE", value_name = "TEXT")]
    purpose: Option<String>,
}

impl Reach {
    /// A system on this machine.
    pub fn local(data: Option<PathBuf>) -> Self {
        Self { data, ..Self::default() }
    }

    /// What the file of endpoints says.
    pub fn endpoints(&self) -> Result<Endpoints, Error> {
        match (&self.data, env::var_os(ENDPOINTS_VARIABLE)) {
            (Some(data), _) => Endpoints::load(&Endpoints::file(data)),
            (None, Some(file)) => Endpoints::load(Path::new(&file)),
            (None, None) => Endpoints::load(&Endpoints::file(Path::new(system::DATA))),
        }
    }

    /// Finds the system, and what to show it.
    pub async fn find(&self) -> Result<Client, Error> {
        let client = self.client().await?;
        Ok(client.for_purpose(self.purpose.as_deref().unwrap_or(HANDLING)))
    }

    async fn client(&self) -> Result<Client, Error> {
        let (endpoints, signer) = match &self.endpoint {
            None => (self.endpoints()?, None),
            Some(text) if text.contains('=') => (listed(text)?, None),
            Some(url) => asked(url).await?,
        };
        if let Some(file) = &self.token_file {
            let token = fs::read_to_string(file)
                .because(format!("读取 {}", file.display()), format!("read {}", file.display()))?;
            return Ok(Client::holding(endpoints, token.trim().to_owned()));
        }
        let signer = match signer {
            Some(signer) => signer,
            None if endpoints.keys.as_os_str().is_empty() => {
                return Err(Error::usage(
                    "需要令牌：请用 --token-file 指明",
                    "a token is wanted: say where with --token-file",
                ));
            }
            None => keys::load(&keys::signing_file(&endpoints.keys))?,
        };
        Ok(Client::signing(endpoints, signer))
    }
}

/// Services that are given one by one have no key to sign with and no clock to move.
fn listed(text: &str) -> Result<Endpoints, Error> {
    let pairs = text.split(',').map(|pair| pair.split_once('=').ok_or(pair));
    let services = pairs
        .map(|pair| pair.map(|(name, url)| (name.trim().to_owned(), url.trim().to_owned())))
        .collect::<Result<BTreeMap<_, _>, _>>()
        .map_err(|pair| {
            Error::usage(format!("{pair:?} 不是 名称=地址"), format!("{pair:?} is not NAME=URL"))
        })?;
    Ok(elsewhere(services))
}

/// Asks a development system where it is.
async fn asked(url: &str) -> Result<(Endpoints, Option<Signer>), Error> {
    let mut client = dev::dev_service_client::DevServiceClient::new(channel(url)?);
    let system = client
        .get_system(dev::GetSystemRequest {})
        .await
        .map_err(|status| Error::answer(url, status))?
        .into_inner();
    let signer = Signer::from_pem(&system.signing_key_pem).because("读取签名密钥", "load the signing key")?;
    let endpoints = Endpoints {
        nats_url: system.nats_url,
        dev_url: Some(url.to_owned()),
        ..elsewhere(system.services.into_iter().collect())
    };
    Ok((endpoints, Some(signer)))
}

fn elsewhere(services: BTreeMap<String, String>) -> Endpoints {
    Endpoints {
        process: 0,
        data: PathBuf::new(),
        services,
        witnesses: BTreeMap::new(),
        nats_url: String::new(),
        database_url: String::new(),
        keys: PathBuf::new(),
        dev_url: None,
    }
}
