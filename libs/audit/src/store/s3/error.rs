//! What can go wrong with a request to a bucket: each names the request, the key, and what the store said.

use witness::http::{Answer, HttpError, Method};

use super::Conflict;

const REASON_MAX: usize = 200;

/// Why a bucket did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum S3Error {
    #[error("{method} {key}")]
    Http { method: Method, key: String, source: HttpError },
    #[error("{method} {key}: the store answered {status} {code}")]
    Refused { method: Method, key: String, status: u16, code: String },
    #[error("{method} {key}: the answer cannot be read: {why}")]
    Unreadable { method: Method, key: String, why: String },
    #[error(transparent)]
    Conflict(#[from] Conflict),
}

impl From<S3Error> for std::io::Error {
    fn from(error: S3Error) -> Self {
        match error {
            S3Error::Conflict(conflict) => conflict.into(),
            error => Self::other(error),
        }
    }
}

pub(super) fn refused(method: Method, key: String, answer: &Answer) -> S3Error {
    S3Error::Refused { method, key, status: answer.status, code: code(&answer.body) }
}

pub(super) fn unreadable(method: Method, key: &str, why: &str) -> S3Error {
    S3Error::Unreadable { method, key: key.to_owned(), why: why.to_owned() }
}

/// The code in a body like `<Error><Code>NoSuchKey</Code>…`; of another body, how it begins.
pub(super) fn code(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or(text.as_ref(), |(code, _)| code).chars().take(REASON_MAX).collect()
}
