//! Answers requests one by one, with a limit for everything a caller may send or take his time over.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, StatusCode,
    body::{Bytes, Incoming},
    header,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

use super::client::is_too_long;

/// Connections served at once; more wait to be accepted.
const CONNECTIONS_MAX: usize = 256;
/// How long a caller may take for the head of a request, and again for its body.
const SEND_MAX: Duration = Duration::from_secs(10);
/// How long open requests may take to finish after the order to stop.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Pause after the system had no room for another connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// A request that came in whole.
#[derive(Debug)]
pub struct Request {
    pub method: Method,
    pub path: String,
    /// What the caller has already.
    pub if_none_match: Option<String>,
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(header::HeaderName, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// An answer in words.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body.into().into_bytes())
    }

    pub fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self { status, headers: vec![(header::CONTENT_TYPE, content_type.to_owned())], body }
    }
}

/// Answers requests; it may use the disk, and is never broken off half-way.
pub trait Handler: Send + Sync + 'static {
    /// The longest body it reads.
    const BODY_BYTES_MAX: usize;

    fn answer(&self, request: Request) -> Reply;
}

/// Serves until told to stop; what was accepted is answered.
pub async fn serve<H: Handler>(listener: TcpListener, handler: Arc<H>, stop: CancellationToken) {
    let (places, open) = (Arc::new(Semaphore::new(CONNECTIONS_MAX)), GracefulShutdown::new());
    while let Some(Ok(place)) = stop.run_until_cancelled(Arc::clone(&places).acquire_owned()).await {
        let stream = match stop.run_until_cancelled(listener.accept()).await {
            Some(Ok((stream, _))) => stream,
            Some(Err(error)) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
            None => break,
        };
        let handler = Arc::clone(&handler);
        let service = service_fn(move |request| answer(Arc::clone(&handler), request));
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(SEND_MAX);
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // Why a caller breaks off is the caller's affair.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN_MAX, open.shutdown()).await;
}

async fn answer<H: Handler>(
    handler: Arc<H>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let reply = match read::<H>(request).await {
        // Beside the runtime, and on its own: the caller going away must not stop it between two steps.
        Ok(request) => match tokio::task::spawn_blocking(move || handler.answer(request)).await {
            Ok(reply) => reply,
            Err(error) => {
                tracing::error!(%error, "a request was not answered");
                Reply::text(500, "this should not have happened\n")
            }
        },
        Err(refused) => refused,
    };
    Ok(response(reply))
}

async fn read<H: Handler>(request: hyper::Request<Incoming>) -> Result<Request, Reply> {
    let (head, body) = request.into_parts();
    let body = tokio::time::timeout(SEND_MAX, Limited::new(body, H::BODY_BYTES_MAX).collect()).await;
    let body = match body {
        Ok(Ok(body)) => body.to_bytes().to_vec(),
        Ok(Err(error)) if is_too_long(error.as_ref()) => {
            return Err(Reply::text(413, format!("at most {} bytes are read\n", H::BODY_BYTES_MAX)));
        }
        Ok(Err(_)) => return Err(Reply::text(400, "the body breaks off\n")),
        Err(_) => return Err(Reply::text(408, "the body did not come in time\n")),
    };
    let known = head.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let if_none_match = known.map(str::to_owned);
    Ok(Request { method: head.method, path: head.uri.path().to_owned(), if_none_match, body })
}

fn response(reply: Reply) -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::new(Full::new(reply.body.into()));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
