//! The five requests that a bucket of tiles needs, signed, repeated where that helps, with an error that says which.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};
use rusty_s3::{Credentials, S3Action, actions::ListObjectsV2};
use tokio::sync::OnceCell;
use witness::http::{
    Answer, Bytes, Client, Method, Question, Session,
    header::{CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH},
};

use super::{
    Conflict,
    error::{S3Error, code, refused, unreadable},
};

/// Asked for so often before it is an error; the sealer begins anew then.
const TRIES_MAX: u32 = 4;
const RETRY: Duration = Duration::from_millis(100);
/// How long a signature is good: a request that was held up for longer is refused by the store.
const VALID: Duration = Duration::from_secs(60);
/// A full bundle of entries is far below.
const ANSWER_BYTES_MAX: usize = 32 << 20;
/// Names of one answer; a tile has at most 255 partial versions.
const PAGE: usize = 100;
const PAGES_MAX: usize = 1_000;

/// Written to find out whether conditions are heeded, and for nothing else.
const PROBE: &str = "probe";
/// No object has this tag.
const NO_TAG: &str = "\"00000000000000000000000000000000\"";

const CONTENT_MD5: &str = "content-md5";
const OCTETS: &str = "application/octet-stream";
const TEXT: &str = "text/plain; charset=utf-8";

/// What must hold for an object to be written.
#[derive(Clone, Copy)]
pub(super) enum Condition<'a> {
    /// There is none.
    New,
    /// It is still this one.
    Is(&'a str),
}

/// An object as it is.
pub(super) struct Object {
    pub(super) bytes: Vec<u8>,
    pub(super) tag: String,
}

pub(super) struct Requests {
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
    prefix: String,
    session: Session,
    is_proven: OnceCell<()>,
}

impl Requests {
    pub(super) fn new(
        bucket: rusty_s3::Bucket,
        credentials: Credentials,
        prefix: String,
        patience: Duration,
    ) -> Self {
        let session = Session::new(Client::new(patience), ANSWER_BYTES_MAX);
        Self { bucket, credentials, prefix, session, is_proven: OnceCell::new() }
    }

    pub(super) async fn get(&self, name: &str) -> Result<Option<Object>, S3Error> {
        let key = self.key(name);
        let sign = || self.bucket.get_object(Some(&self.credentials), &key).sign(VALID).to_string();
        let answer = self.ask(Method::GET, &key, sign, Vec::new(), Bytes::new()).await?;
        match answer.status {
            200 => Ok(Some(Object { tag: tag(Method::GET, &key, &answer)?, bytes: answer.body })),
            404 if code(&answer.body) == "NoSuchKey" => Ok(None),
            _ => Err(refused(Method::GET, key, &answer)),
        }
    }

    /// The new tag; none if the condition does not hold.
    pub(super) async fn put(
        &self,
        name: &str,
        bytes: Bytes,
        condition: Condition<'_>,
    ) -> Result<Option<String>, S3Error> {
        let key = self.key(name);
        // Signed, it covers the body; and buckets with object lock want it.
        let md5 = STANDARD.encode(Md5::digest(&bytes));
        let sign = || {
            let mut put = self.bucket.put_object(Some(&self.credentials), &key);
            put.headers_mut().insert(CONTENT_MD5, md5.as_str());
            put.sign(VALID).to_string()
        };
        let condition = match condition {
            Condition::New => (IF_NONE_MATCH, "*".to_owned()),
            Condition::Is(tag) => (IF_MATCH, tag.to_owned()),
        };
        let kind = if super::is_tile(name) { OCTETS } else { TEXT };
        let md5_header = (HeaderName::from_static(CONTENT_MD5), md5.clone());
        let headers = vec![(CONTENT_TYPE, kind.to_owned()), md5_header, condition];
        let answer = self.ask(Method::PUT, &key, sign, headers, bytes).await?;
        match answer.status {
            200 | 201 => Ok(Some(tag(Method::PUT, &key, &answer)?)),
            412 => Ok(None),
            // What should be replaced is gone.
            404 if code(&answer.body) == "NoSuchKey" => Ok(None),
            _ => Err(refused(Method::PUT, key, &answer)),
        }
    }

    pub(super) async fn delete(&self, name: &str) -> Result<(), S3Error> {
        let key = self.key(name);
        let sign = || self.bucket.delete_object(Some(&self.credentials), &key).sign(VALID).to_string();
        let answer = self.ask(Method::DELETE, &key, sign, Vec::new(), Bytes::new()).await?;
        match answer.status {
            200 | 204 | 404 => Ok(()),
            _ => Err(refused(Method::DELETE, key, &answer)),
        }
    }

    /// The names of the objects directly in a folder.
    pub(super) async fn list(&self, folder: &str) -> Result<Vec<String>, S3Error> {
        let (key, mut names, mut token) = (self.key(&format!("{folder}/")), Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let sign = || self.page(&key, token.as_deref()).sign(VALID).to_string();
            let answer = self.ask(Method::GET, &key, sign, Vec::new(), Bytes::new()).await?;
            if answer.status != 200 {
                return Err(refused(Method::GET, key, &answer));
            }
            let page = ListObjectsV2::parse_response(&String::from_utf8_lossy(&answer.body));
            let page = page.map_err(|error| unreadable(Method::GET, &key, &error.to_string()))?;
            let here = page.contents.iter().filter_map(|object| object.key.strip_prefix(key.as_str()));
            names.extend(here.filter(|name| !name.is_empty()).map(|name| format!("{folder}/{name}")));
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(names);
            }
        }
        Err(unreadable(Method::GET, &key, "it does not end"))
    }

    fn page<'a>(&'a self, key: &'a str, token: Option<&'a str>) -> ListObjectsV2<'a> {
        let mut page = self.bucket.list_objects_v2(Some(&self.credentials));
        page.with_prefix(key);
        page.with_delimiter("/");
        page.with_max_keys(PAGE);
        if let Some(token) = token {
            page.with_continuation_token(token);
        }
        page
    }

    /// Before the first write: a store that ignores conditions must not be written, however well it answers.
    pub(super) async fn prove_conditions(&self) -> Result<(), S3Error> {
        let probe = |condition| self.put(PROBE, Bytes::from_static(b"conditions\n"), condition);
        let prove = async || {
            // The first time it is new; then it is not.
            let is_ignored = probe(Condition::New).await?.is_some() && probe(Condition::New).await?.is_some();
            if is_ignored || probe(Condition::Is(NO_TAG)).await?.is_some() {
                return Err(Conflict::Unconditional.into());
            }
            Ok(())
        };
        self.is_proven.get_or_try_init(prove).await.copied()
    }

    /// Asks until there is an answer that will not get better by asking again.
    async fn ask(
        &self,
        method: Method,
        key: &str,
        sign: impl Fn() -> String,
        headers: Vec<(HeaderName, String)>,
        body: Bytes,
    ) -> Result<Answer, S3Error> {
        let mut question = Question { method: method.clone(), url: String::new(), headers, body };
        let mut tried = 0;
        loop {
            question.url = sign();
            let answer = self.session.ask(&question).await;
            tried += 1;
            match answer {
                Ok(answer) if tried == TRIES_MAX || !will_pass(&answer) => return Ok(answer),
                Err(source) if tried == TRIES_MAX => {
                    return Err(S3Error::Http { method, key: key.to_owned(), source });
                }
                _ => tokio::time::sleep(RETRY * 2_u32.pow(tried - 1)).await,
            }
        }
    }

    fn key(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) }
    }
}

/// Too busy, about to be restarted, or somebody writes the same object just now.
fn will_pass(answer: &Answer) -> bool {
    matches!(answer.status, 408 | 409 | 429 | 500 | 502..=504)
}

fn tag(method: Method, key: &str, answer: &Answer) -> Result<String, S3Error> {
    let tag = answer.headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    tag.map(str::to_owned).ok_or_else(|| unreadable(method, key, "it has no ETag"))
}
