//! Serves the published files of a log, and nothing else, to whoever asks: never out of the database.

use merkle::{Hex, Tile};
use sha2::{Digest as _, Sha256};
use witness::http::{Handler, Reply, Request, header};

use crate::{
    Tiles,
    shadow::FOLDER,
    store::{CHECKPOINT, FINAL, TOKENS},
};

/// What never changes may be kept for ever.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// What changes is asked for again each time, and costs nothing while it is the same.
const ASK_AGAIN: &str = "no-cache";

/// The files of one log.
pub struct Publish(pub Tiles);

impl Handler for Publish {
    /// Nobody has to send anything.
    const BODY_BYTES_MAX: usize = 0;

    fn answer(&self, request: Request) -> Reply {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Reply::text(405, "these files are read with GET\n");
        }
        let name = request.path.strip_prefix('/').unwrap_or_default();
        let Some((content_type, cache)) = kind(name) else { return missing() };
        match self.0.0.read(name) {
            Ok(Some(bytes)) => reply(&request, content_type, cache, bytes),
            Ok(None) => missing(),
            Err(error) => {
                tracing::warn!(name, %error, "a published file cannot be read");
                Reply::text(500, "the file cannot be read now\n")
            }
        }
    }
}

/// What a name stands for. Only names that the formats give lead to a file, so none leads out of the folder.
fn kind(name: &str) -> Option<(&'static str, &'static str)> {
    let shadow = name.strip_prefix(FOLDER).and_then(|name| name.strip_prefix('/'));
    match shadow.unwrap_or(name) {
        CHECKPOINT | FINAL => Some(("text/plain; charset=utf-8", ASK_AGAIN)),
        name if is_token(name) => Some(("application/octet-stream", ASK_AGAIN)),
        name => name.parse::<Tile>().is_ok().then_some(("application/octet-stream", FOREVER)),
    }
}

/// `tokens/20.tsr`, and the note it is about.
fn is_token(name: &str) -> bool {
    let parts = name.strip_prefix(TOKENS).and_then(|name| name.strip_prefix('/')?.split_once('.'));
    parts.is_some_and(|(size, kind)| size.parse::<u64>().is_ok() && matches!(kind, "tsr" | "checkpoint"))
}

fn reply(request: &Request, content_type: &str, cache: &str, bytes: Vec<u8>) -> Reply {
    let tag = format!("\"{}\"", Hex::<32>(Sha256::digest(&bytes).into()));
    let known = request.if_none_match.as_deref().unwrap_or_default();
    let mut reply = match known.split(',').any(|known| known.trim() == tag) {
        true => Reply { status: 304, headers: Vec::new(), body: Vec::new() },
        false => Reply::new(200, content_type, bytes),
    };
    reply.headers.extend([(header::ETAG, tag), (header::CACHE_CONTROL, cache.to_owned())]);
    reply
}

fn missing() -> Reply {
    Reply::text(404, "there is no such file\n")
}
