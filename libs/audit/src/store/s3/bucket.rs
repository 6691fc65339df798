//! Where a bucket is and who asks: `s3://BUCKET/PREFIX`, and what operators of S3 set in the environment.

use std::{env, fmt, fs, io, sync::mpsc, time::Duration};

use rusty_s3::{Credentials, UrlStyle};
use tokio::runtime::{Builder, Runtime};

use super::{error::S3Error, requests::Requests};

const ENDPOINT: [&str; 2] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];
const REGION: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
/// What stores of one's own take any name for.
const REGION_USUAL: &str = "us-east-1";
const CREDENTIALS_FILE: &str = "AWS_SHARED_CREDENTIALS_FILE";
const PROFILE: &str = "AWS_PROFILE";

/// How long the store may take for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a bucket cannot be used as it is named.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    #[error("{text:?} is not s3://BUCKET/PREFIX")]
    BadUrl { text: String },
    #[error("AWS_ENDPOINT_URL is not set: it says where the object store is, as https://s3.example.gov.cn")]
    NoEndpoint,
    #[error("AWS_ENDPOINT_URL is {url:?}, which is not http://HOST or https://HOST")]
    BadEndpoint { url: String },
    #[error(
        "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or {CREDENTIALS_FILE}"
    )]
    NoCredentials,
    #[error("read the credentials in {file}")]
    Unreadable { file: String, source: io::Error },
    #[error("{file} has no aws_access_key_id and aws_secret_access_key under [{profile}]")]
    NoProfile { file: String, profile: String },
    #[error("run what asks the object store")]
    Runtime(#[source] io::Error),
}

/// A prefix of a bucket. Tiles are asked for in a runtime of its own, because a store is asked from anywhere.
pub struct Bucket {
    name: String,
    pub(super) requests: Requests,
    /// Taken at the end.
    runtime: Option<Runtime>,
}

impl Bucket {
    /// `s3://BUCKET/PREFIX`; where and as whom stands in the environment.
    pub fn from_environment(text: &str) -> Result<Self, BucketError> {
        Self::new(text, |name| env::var(name).ok().filter(|value| !value.trim().is_empty()))
    }

    /// The same, with whatever is to be taken for the environment.
    pub fn new(text: &str, var: impl Fn(&str) -> Option<String>) -> Result<Self, BucketError> {
        let bad = || BucketError::BadUrl { text: text.to_owned() };
        let (bucket, prefix) = split(text).ok_or_else(bad)?;
        let first = |names: [&str; 2]| names.into_iter().find_map(&var);
        let url = first(ENDPOINT).ok_or(BucketError::NoEndpoint)?;
        let region = first(REGION).unwrap_or_else(|| REGION_USUAL.to_owned());
        let endpoint = url.parse().ok();
        let at = endpoint.and_then(|at| rusty_s3::Bucket::new(at, UrlStyle::Path, bucket, region).ok());
        let at = at.ok_or(BucketError::BadEndpoint { url })?;
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).thread_name("object-store").enable_all().build();
        let runtime = runtime.map_err(BucketError::Runtime)?;
        let requests = Requests::new(at, credentials(var)?, prefix.clone(), PATIENCE);
        Ok(Self { name: text.to_owned(), requests, runtime: Some(runtime) })
    }

    /// Lets the caller's thread wait for an answer, inside another runtime or not.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        answer: impl Future<Output = Result<T, S3Error>> + Send + 'static,
    ) -> io::Result<T> {
        let (tell, told) = mpsc::sync_channel(1);
        let runtime = self.runtime.as_ref().expect("it is taken only when this is dropped");
        runtime.spawn(async move { tell.send(answer.await) });
        match told.recv() {
            Ok(answer) => Ok(answer?),
            Err(broken) => Err(io::Error::other(broken)),
        }
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // The last owner may be a task, which must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.name).finish()
    }
}

/// Bucket and prefix. Parts that a URL would take for steps, such as `..`, are none.
fn split(text: &str) -> Option<(String, String)> {
    let rest = text.strip_prefix("s3://")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_end_matches('/');
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let is_bucket = is_part(bucket) && bucket.bytes().all(is_name);
    let is_prefix = prefix.is_empty() || prefix.split('/').all(is_part);
    (is_bucket && is_prefix).then(|| (bucket.to_owned(), prefix.to_owned()))
}

fn credentials(var: impl Fn(&str) -> Option<String>) -> Result<Credentials, BucketError> {
    let pair = var("AWS_ACCESS_KEY_ID").zip(var("AWS_SECRET_ACCESS_KEY"));
    if let Some((key, secret)) = pair {
        return Ok(keys(key, secret, var("AWS_SESSION_TOKEN")));
    }
    let file = var(CREDENTIALS_FILE).ok_or(BucketError::NoCredentials)?;
    let text = fs::read_to_string(&file);
    let text = text.map_err(|source| BucketError::Unreadable { file: file.clone(), source })?;
    let profile = var(PROFILE).unwrap_or_else(|| "default".to_owned());
    let value = |name| setting(&text, &profile, name);
    match value("aws_access_key_id").zip(value("aws_secret_access_key")) {
        Some((key, secret)) => Ok(keys(key, secret, value("aws_session_token"))),
        None => Err(BucketError::NoProfile { file, profile }),
    }
}

fn keys(key: String, secret: String, token: Option<String>) -> Credentials {
    match token {
        Some(token) => Credentials::new_with_token(key, secret, token),
        None => Credentials::new(key, secret),
    }
}

/// `name = value` below `[section]`.
fn setting(text: &str, section: &str, name: &str) -> Option<String> {
    let is_head = |line: &&str| line.trim().starts_with('[');
    let here = format!("[{section}]");
    let lines = text.lines().skip_while(|line| line.trim() != here).skip(1).take_while(|line| !is_head(line));
    let values = lines.filter_map(|line| line.split_once('='));
    values.into_iter().find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
}
