//! Many questions to one server, over a few connections that are kept.

use std::sync::{Mutex, PoisonError};

use http_body_util::Full;
use hyper::{
    HeaderMap, Method,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
    header::HeaderName,
};
use hyper_util::rt::TokioIo;

use super::client::{Client, HttpError, Target, collect};

/// Connections that are kept while nothing is asked.
const IDLE_MAX: usize = 8;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(HeaderName, String)>,
    pub body: Bytes,
}

/// What a server answered, whichever status.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

type Sender = SendRequest<Full<Bytes>>;

/// Asks with a client's patience and trust. Needs a runtime that lives as long as it does.
#[derive(Debug)]
pub struct Session {
    client: Client,
    answer_bytes_max: usize,
    /// By host, the last used at the end.
    idle: Mutex<Vec<(String, Sender)>>,
}

impl Session {
    pub fn new(client: Client, answer_bytes_max: usize) -> Self {
        Self { client, answer_bytes_max, idle: Mutex::default() }
    }

    /// Asks once. A kept connection may have ended in between, which is an error like any other.
    pub async fn ask(&self, question: &Question) -> Result<Answer, HttpError> {
        let target = Target::parse(&question.url)?;
        self.client.within(&target, Box::pin(self.exchange(&target, question))).await
    }

    async fn exchange(&self, target: &Target, question: &Question) -> Result<Answer, HttpError> {
        let mut request = target.builder(question.method.clone());
        for (name, value) in &question.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(question.body.clone())).map_err(|_| target.bad())?;
        let failed = |source| HttpError::Exchange { host: target.host.clone(), source };
        let mut sender = match self.kept(&target.host).await {
            Some(sender) => sender,
            None => self.connect(target).await?,
        };
        let answer = sender.send_request(request).await.map_err(failed)?;
        let (head, body) = answer.into_parts();
        let body = collect(target, body, self.answer_bytes_max).await?;
        self.keep(&target.host, sender);
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    async fn connect(&self, target: &Target) -> Result<Sender, HttpError> {
        let stream = self.client.connect(target).await?;
        let failed = |source| HttpError::Exchange { host: target.host.clone(), source };
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(failed)?;
        // It ends with the sender, or when the server has had enough, which the sender then knows.
        tokio::spawn(connection);
        sender.ready().await.map_err(failed)?;
        Ok(sender)
    }

    /// A connection that was kept and can be used at once.
    async fn kept(&self, host: &str) -> Option<Sender> {
        let mut sender = self.take(host)?;
        sender.ready().await.is_ok().then_some(sender)
    }

    fn take(&self, host: &str) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, sender)| !sender.is_closed());
        let last = idle.iter().rposition(|(kept, _)| kept == host)?;
        Some(idle.remove(last).1)
    }

    fn keep(&self, host: &str, sender: Sender) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX && !sender.is_closed() {
            idle.push((host.to_owned(), sender));
        }
    }
}
