//! One request over a connection of its own, within a time and a size.

use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Uri,
    body::{Bytes, Incoming},
    header,
    http::request,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{client::TlsStream, rustls::pki_types::CertificateDer};
use tokio_util::either::Either;

use super::tls::Tls;

/// The longest answer that is read: a note, a tile of hashes or a token is far below.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Asks servers by http and https, each question over its own connection.
#[derive(Clone, Debug)]
pub struct Client {
    tls: Tls,
    /// For the whole exchange, from looking up the name to the last byte.
    patience: Duration,
}

/// What a server answered, whichever status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("{url:?} is not a URL http://HOST or https://HOST")]
    BadUrl { url: String },
    #[error("connect to {host}")]
    Connect { host: String, source: std::io::Error },
    #[error("agree on TLS with {host}")]
    Tls { host: String, source: std::io::Error },
    #[error("ask {host}")]
    Exchange { host: String, source: hyper::Error },
    #[error("read the answer of {host}: it is longer than {bytes_max} bytes, or breaks off")]
    Answer { host: String, bytes_max: usize, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("{host} did not answer within {} ms", patience.as_millis())]
    Late { host: String, patience: Duration },
}

impl Client {
    /// Trusts the authorities of the machine (or of `SSL_CERT_FILE`).
    pub fn new(patience: Duration) -> Self {
        Self { tls: Tls::default(), patience }
    }

    /// Trusts these authorities only.
    pub fn with_roots(patience: Duration, roots: Vec<CertificateDer<'static>>) -> Self {
        Self { tls: Tls::with_roots(roots), patience }
    }

    pub async fn get(&self, url: &str) -> Result<Response, HttpError> {
        self.ask(Method::GET, url, "", Vec::new()).await
    }

    pub async fn post(&self, url: &str, content_type: &str, body: Vec<u8>) -> Result<Response, HttpError> {
        self.ask(Method::POST, url, content_type, body).await
    }

    async fn ask(&self, method: Method, url: &str, kind: &str, body: Vec<u8>) -> Result<Response, HttpError> {
        let target = Target::parse(url)?;
        // Boxed, because whoever awaits it would carry a TLS stream along.
        let exchange = Box::pin(self.exchange(&target, method, kind, body));
        self.within(&target, exchange).await
    }

    /// The whole exchange within the time it may take.
    pub(super) async fn within<T>(
        &self,
        target: &Target,
        exchange: impl Future<Output = Result<T, HttpError>>,
    ) -> Result<T, HttpError> {
        match tokio::time::timeout(self.patience, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(HttpError::Late { host: target.host.clone(), patience: self.patience }),
        }
    }

    async fn exchange(
        &self,
        target: &Target,
        method: Method,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<Response, HttpError> {
        let request = target.request(method, kind, body)?;
        match self.connect(target).await? {
            Either::Left(stream) => send(target, stream, request).await,
            Either::Right(stream) => send(target, stream, request).await,
        }
    }

    /// A connection in plain text or under TLS, as the URL says.
    pub(super) async fn connect(
        &self,
        target: &Target,
    ) -> Result<Either<TcpStream, TlsStream<TcpStream>>, HttpError> {
        let failed = |source| HttpError::Connect { host: target.host.clone(), source };
        let stream = TcpStream::connect((target.name.as_str(), target.port)).await.map_err(failed)?;
        // A request is one write or two; the second must not wait for the first one's receipt.
        stream.set_nodelay(true).map_err(failed)?;
        if !target.is_tls {
            return Ok(Either::Left(stream));
        }
        let failed = |source| HttpError::Tls { host: target.host.clone(), source };
        Ok(Either::Right(self.tls.connect(&target.name, stream).await.map_err(failed)?))
    }
}

/// Where a URL leads.
pub(super) struct Target {
    uri: Uri,
    is_tls: bool,
    /// The name or number without brackets, for the look-up.
    name: String,
    port: u16,
    /// As the URL has it.
    pub(super) host: String,
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, HttpError> {
        let bad = || HttpError::BadUrl { url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| bad())?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(bad()),
        };
        let authority = uri.authority().ok_or_else(bad)?;
        let name = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if name.is_empty() || authority.as_str().contains('@') {
            return Err(bad());
        }
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        Ok(Self { host: authority.to_string(), is_tls, name, port, uri: uri.clone() })
    }

    /// A request as it begins: method, path and host.
    pub(super) fn builder(&self, method: Method) -> request::Builder {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        Request::builder().method(method).uri(path).header(header::HOST, &self.host)
    }

    pub(super) fn bad(&self) -> HttpError {
        HttpError::BadUrl { url: self.host.clone() }
    }

    fn request(&self, method: Method, kind: &str, body: Vec<u8>) -> Result<Request<Full<Bytes>>, HttpError> {
        let mut request = self.builder(method);
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request.header(header::CONNECTION, "close").body(Full::new(body.into()));
        request.map_err(|_| self.bad())
    }
}

async fn send<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    target: &Target,
    stream: S,
    request: Request<Full<Bytes>>,
) -> Result<Response, HttpError> {
    let failed = |source| HttpError::Exchange { host: target.host.clone(), source };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(failed)?;
        let status = answer.status().as_u16();
        let body = collect(target, answer.into_body(), ANSWER_BYTES_MAX).await?;
        Ok(Response { status, body })
    };
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        // It may close as soon as all has come; what came is still there.
        ended = connection => match ended {
            Ok(()) => exchange.await,
            Err(error) => exchange.await.or(Err(failed(error))),
        },
    }
}

/// The body of an answer, if it is not too long.
pub(super) async fn collect(target: &Target, body: Incoming, bytes_max: usize) -> Result<Vec<u8>, HttpError> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(source) => Err(HttpError::Answer { host: target.host.clone(), bytes_max, source }),
    }
}

/// Whether a body was refused for its length alone.
pub(super) fn is_too_long(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<LengthLimitError>().is_some()
}
