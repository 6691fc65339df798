//! How a service is told where things are: flags, or the environment; no defaults that hide a mistake.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

/// Where a service finds its database, its bus and its keys.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// PostgreSQL connection URL; the service keeps to its own schema in that database
    #[arg(long, env = "FENGHUO_DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// NATS URL, with user and password if the server wants them
    #[arg(long, env = "FENGHUO_NATS_URL", hide_env_values = true)]
    pub nats_url: String,
    /// Address that gRPC listens on
    #[arg(long, env = "FENGHUO_LISTEN", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// File with the public keys whose tokens are accepted (JWK Set, Ed25519)
    #[arg(long, env = "FENGHUO_KEYS")]
    pub keys: PathBuf,
    /// File with this service's own token, shown to other services when it fetches events it missed
    #[arg(long, env = "FENGHUO_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// Where other services' gRPC is, as NAME=URL, to fetch events that the bus lost
    #[arg(long = "peer", env = "FENGHUO_PEERS", value_delimiter = ',', value_parser = peer)]
    pub peers: Vec<(String, String)>,
    /// Signed allowance for unverified rows (status M) of the built-in rule pack, as `law pack allow` writes it
    #[arg(long, env = "FENGHUO_ALLOWANCE", value_name = "FILE", requires = "allowance_keys")]
    pub allowance: Option<PathBuf>,
    /// File with the public keys whose allowances are accepted (JWK Set, Ed25519)
    #[arg(long, env = "FENGHUO_ALLOWANCE_KEYS", value_name = "FILE")]
    pub allowance_keys: Option<PathBuf>,
    /// Folder for the log's sealed leaves, tiles and signed checkpoints, or s3://BUCKET/PREFIX with AWS_ENDPOINT_URL,
    /// AWS_REGION and AWS_ACCESS_KEY_ID … in the environment; not sealed if absent
    #[arg(long, env = "FENGHUO_AUDIT_TILES", value_name = "DIR|s3://…", requires = "audit_key")]
    pub audit_tiles: Option<String>,
    /// File with the key that signs the log's checkpoints, as `audit keygen` writes it
    #[arg(long, env = "FENGHUO_AUDIT_KEY", value_name = "FILE", requires = "audit_tiles")]
    pub audit_key: Option<PathBuf>,
    /// Public keys (NAME+ID+KEY) that signed the log's checkpoints before the present one
    #[arg(long, env = "FENGHUO_AUDIT_OLDER_KEYS", value_name = "VKEY", value_delimiter = ',')]
    pub audit_older_keys: Vec<String>,
    /// Let a second tree follow the log's, over the same leaves but hashed with SM3 (GB/T 32905), with its own checkpoint
    #[arg(long, env = "FENGHUO_AUDIT_SM3", requires = "audit_key")]
    pub audit_sm3: bool,
    /// Witness that cosigns the log's checkpoints, as URL=VKEY (https://w.example=NAME+ID+KEY); several
    #[arg(
        long = "witness", env = "FENGHUO_WITNESSES", value_name = "URL=VKEY", value_delimiter = ',',
        value_parser = peer, requires_all = ["audit_key", "witness_quorum"]
    )]
    pub witnesses: Vec<(String, String)>,
    /// How many witnesses must have cosigned a checkpoint before it is final
    #[arg(long, env = "FENGHUO_WITNESS_QUORUM", value_name = "K", requires = "witnesses", value_parser = quorum)]
    pub witness_quorum: Option<usize>,
    /// Service of time stamps (RFC 3161) that is asked hourly for a token over the newest final checkpoint
    #[arg(long, env = "FENGHUO_TSA", value_name = "URL", requires = "witnesses")]
    pub tsa: Option<String>,
    /// The department whose service this is, as fire.330723
    #[arg(long, env = "FENGHUO_DEPARTMENT")]
    pub department: decider::Department,
    /// Where traces and metrics go (OTLP over gRPC); nowhere if absent
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
}

fn quorum(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("{text:?} is no number of witnesses; one or more is wanted"))
}

fn peer(text: &str) -> Result<(String, String), String> {
    let (name, url) = text.split_once('=').ok_or_else(|| format!("read {text:?}: NAME=VALUE is wanted"))?;
    Ok((name.to_owned(), url.to_owned()))
}
