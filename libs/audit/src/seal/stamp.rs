//! Time by a third party: hourly, an RFC 3161 token over the newest final checkpoint.
//!
//! The request is sixty-nine bytes that never change their shape, and is built here; the token is kept as it came, for
//! `openssl ts -verify`. A service of time stamps that is away delays tokens and nothing else.

use std::{sync::Arc, time::Duration};

use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, watch};
use witness::http::{Client, HttpError};

use super::{Status, ask::Signed, finality::WitnessStatus, gather::Heard};

const EVERY: Duration = Duration::from_secs(3_600);
const RETRY: Duration = Duration::from_secs(60);
const REASON_MAX: usize = 200;

/// DER of TimeStampReq up to the hash: version 1, and an imprint by SHA-256.
const UP_TO_HASH: [u8; 24] = [
    0x30, 0x43, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
    0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];
/// An INTEGER of eight bytes.
const NONCE: [u8; 2] = [0x02, 0x08];
/// certReq is TRUE: the token brings its certificates along.
const WITH_CERTIFICATES: [u8; 3] = [0x01, 0x01, 0xff];

/// A service of time stamps.
#[derive(Clone, Debug)]
pub struct Tsa {
    pub url: String,
    pub http: Client,
    pub every: Duration,
    pub retry: Duration,
}

impl Tsa {
    pub fn new(url: &str, http: Client) -> Self {
        Self { url: url.to_owned(), http, every: EVERY, retry: RETRY }
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
enum Unstamped {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("the service of time stamps answered {status}: {reason}")]
    Refused { status: u16, reason: String },
    #[error("the service of time stamps did not grant a token")]
    NotGranted,
    #[error("the token is not about what was asked")]
    Other,
}

/// Asks for tokens while a session lasts.
pub(super) struct Stamper {
    pub(super) tsa: Tsa,
    pub(super) finals: watch::Receiver<Option<Arc<Signed>>>,
    pub(super) heard: mpsc::Sender<Heard>,
    pub(super) status: watch::Sender<Status>,
}

impl Stamper {
    /// Ends when nobody wants to hear of it any more.
    pub(super) async fn run(mut self) {
        loop {
            let newest = self.finals.borrow_and_update().clone();
            let is_done = match newest {
                None => true,
                Some(signed) => self.try_stamp(&signed).await,
            };
            if !is_done {
                tokio::time::sleep(self.tsa.retry).await;
            } else if self.finals.changed().await.is_err() {
                return;
            }
        }
    }

    /// Gets a token, and rests until the next is due; `false` if there was none.
    async fn try_stamp(&self, signed: &Signed) -> bool {
        match self.stamp(signed).await {
            Ok(token) => {
                let (size, note) = (signed.size, signed.note.clone());
                // Nobody listens when the session has ended; then this ends too.
                let _ = self.heard.send(Heard::Stamped { size, note, token }).await;
                tokio::time::sleep(self.tsa.every).await;
                true
            }
            Err(error) => {
                self.tell(|tsa| tsa.troubled(crate::chain(&error)));
                false
            }
        }
    }

    async fn stamp(&self, signed: &Signed) -> Result<Vec<u8>, Unstamped> {
        let hash: [u8; 32] = Sha256::digest(signed.note.to_string()).into();
        let nonce = nonce();
        let kind = "application/timestamp-query";
        let answer = self.tsa.http.post(&self.tsa.url, kind, request(&hash, &nonce)).await?;
        if answer.status != 200 {
            let reason = String::from_utf8_lossy(&answer.body).chars().take(REASON_MAX).collect();
            return Err(Unstamped::Refused { status: answer.status, reason });
        }
        is_granted(&answer.body)?;
        let has = |part: &[u8]| answer.body.windows(part.len()).any(|window| window == part);
        if has(&hash) && has(&nonce) { Ok(answer.body) } else { Err(Unstamped::Other) }
    }

    fn tell(&self, change: impl FnOnce(&mut WitnessStatus)) {
        self.status.send_modify(|status| {
            if let Some(tsa) = status.finality.as_mut().and_then(|finality| finality.tsa.as_mut()) {
                change(tsa);
            }
        });
    }
}

fn request(hash: &[u8; 32], nonce: &[u8; 8]) -> Vec<u8> {
    [&UP_TO_HASH[..], hash, &NONCE, nonce, &WITH_CERTIFICATES].concat()
}

/// Eight bytes that are one positive INTEGER in its shortest form.
fn nonce() -> [u8; 8] {
    let mut nonce: [u8; 8] = rand::random();
    nonce[0] = 0x40 | (nonce[0] & 0x3f);
    nonce
}

/// TimeStampResp begins with its status: 0 is granted, 1 granted with modifications.
fn is_granted(response: &[u8]) -> Result<(), Unstamped> {
    let info = inside(response, 0x30).and_then(|response| inside(response, 0x30));
    match info.and_then(|info| inside(info, 0x02)) {
        Some([0 | 1]) => Ok(()),
        _ => Err(Unstamped::NotGranted),
    }
}

/// What the first element of DER holds, if it has this tag.
fn inside(der: &[u8], tag: u8) -> Option<&[u8]> {
    let (head, rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match head[1] {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), &rest[2..]),
        _ => return None,
    };
    (head[0] == tag).then(|| rest.get(..length))?
}
