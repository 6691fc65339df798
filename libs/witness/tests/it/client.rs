//! A log's side of the conversation, also with witnesses that do not behave.

use std::{sync::Arc, time::Duration};

use merkle::{KeyType, Signer as _};
use servers::Scratch;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_util::sync::CancellationToken;
use witness::{
    Answer, AskError, Peer,
    http::{self, Bytes, Client, Handler, HttpError, Method, Question, Reply, Request, Session, header},
};

use crate::support::*;

#[tokio::test]
async fn a_witness_is_asked_and_its_answers_are_told_apart() {
    let scratch = Scratch::new().unwrap();
    let serving = Serving::start(scratch.path()).await;
    let peer = serving.peer();
    let ask = async |request| peer.add_checkpoint(&request).await;
    assert!(matches!(ask(MemoryLog::of(20).request(0)).await, Ok(Answer::Cosigned(_))));
    assert_eq!(ask(MemoryLog::of(30).request(0)).await.unwrap(), Answer::Holds(20));
    assert_eq!(ask(MemoryLog::of(10).request(10)).await.unwrap(), Answer::Holds(20));
    let forked = ask(MemoryLog::forked_at(9, 30, "other").request(20)).await;
    assert!(matches!(forked, Err(AskError::OtherHistory { .. })), "{forked:?}");
    let url = serving.url.clone();
    serving.stop().await;
    let gone = peer.add_checkpoint(&MemoryLog::of(30).request(20)).await.unwrap_err();
    assert!(matches!(gone, AskError::Http(HttpError::Connect { .. })), "{gone:?} at {url}");
}

/// Answers always the same.
struct Parrot(u16, String);

impl Handler for Parrot {
    const BODY_BYTES_MAX: usize = 1 << 20;

    fn answer(&self, _: Request) -> Reply {
        Reply::text(self.0, self.1.clone())
    }
}

async fn say(status: u16, body: &str) -> Result<Answer, AskError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let task = tokio::spawn(http::serve(listener, Arc::new(Parrot(status, body.to_owned())), stop.clone()));
    let answer =
        Peer::new(&url, witness_key(), Client::new(SOON)).add_checkpoint(&MemoryLog::of(20).request(0)).await;
    stop.cancel();
    task.await.unwrap();
    answer
}

#[tokio::test]
async fn a_cosignature_counts_only_if_it_is_the_witnesses_own_and_right() {
    let (right, other) = (MemoryLog::of(20).note(), MemoryLog::of(21).note());
    let line = |note, signer: &merkle::Ed25519Signer| {
        format!("{}\n", merkle::cosign(note, 1_800_000_000, signer).unwrap())
    };
    let stranger = signer("witness.example/x", KeyType::Cosignature, 3);
    assert!(matches!(say(200, &line(&right, &witness_signer())).await, Ok(Answer::Cosigned(_))));
    let with_others = line(&right, &stranger) + &line(&right, &witness_signer());
    let Ok(Answer::Cosigned(own)) = say(200, &with_others).await else { panic!("the own line is there") };
    assert!(own.is_of(witness_signer().key()));
    for wrong in [line(&other, &witness_signer()), line(&right, &stranger), "thanks".into(), String::new()] {
        let answer = say(200, &wrong).await;
        assert!(matches!(answer, Err(AskError::BadAnswer { .. })), "{wrong}: {answer:?}");
    }
}

#[tokio::test]
async fn answers_that_say_nothing_are_refused_with_what_they_said() {
    assert_eq!(say(409, "300\n").await.unwrap(), Answer::Holds(300));
    for body in ["", "300", "many\n", "-1\n"] {
        assert!(matches!(say(409, body).await, Err(AskError::BadAnswer { .. })), "{body}");
    }
    let busy = say(503, "come again\nlater").await.unwrap_err();
    assert_eq!(busy.to_string(), "the witness answered 503: come again");
    let long = say(200, &"a".repeat(2 << 20)).await.unwrap_err();
    assert!(matches!(long, AskError::Http(HttpError::Answer { .. })), "{long:?}");
}

#[tokio::test]
async fn a_witness_that_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let peer = Peer::new(&url, witness_key(), Client::new(Duration::from_millis(100)));
    let late = peer.add_checkpoint(&MemoryLog::of(20).request(0)).await.unwrap_err();
    assert!(matches!(late, AskError::Http(HttpError::Late { .. })), "{late:?}");
}

#[tokio::test]
async fn only_urls_of_http_are_asked() {
    for url in ["ftp://a", "a", "http://", "http://user@host", "file:///etc/passwd", ""] {
        let answer = Client::new(SOON).get(url).await;
        assert!(matches!(answer, Err(HttpError::BadUrl { .. })), "{url}: {answer:?}");
    }
}

/// Answers so many questions over one connection after the other, and closes each.
async fn answer(listener: &TcpListener, counts: &[usize]) {
    for count in counts {
        let (mut connection, _) = listener.accept().await.unwrap();
        for _ in 0..*count {
            let mut question = Vec::new();
            while !question.ends_with(b"body") {
                assert!(connection.read_buf(&mut question).await.unwrap() > 0, "{question:?}");
            }
            assert!(String::from_utf8_lossy(&question).to_lowercase().contains("if-match: \"1\""));
            let answer = "HTTP/1.1 412 No\r\nETag: \"2\"\r\nContent-Length: 4\r\n\r\nnone";
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_session_keeps_its_connection_and_takes_another_when_it_has_ended() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let question = Question {
        method: Method::PUT,
        url: format!("http://{}/file?signed=1", listener.local_addr().unwrap()),
        headers: vec![(header::IF_MATCH, "\"1\"".to_owned())],
        body: Bytes::from_static(b"body"),
    };
    let server = tokio::spawn(async move { answer(&listener, &[2, 1]).await });
    let session = Session::new(Client::new(SOON), 10);
    let mut answers = 0;
    // The end of the first connection may be seen by a question that was on its way.
    for _ in 0..4 {
        let Ok(answer) = session.ask(&question).await else { continue };
        assert_eq!((answer.status, answer.body.as_slice()), (412, &b"none"[..]));
        assert_eq!(answer.headers[header::ETAG], "\"2\"");
        answers += 1;
        if answers == 3 {
            break;
        }
    }
    assert_eq!(answers, 3);
    server.await.unwrap();
}

#[tokio::test]
async fn a_session_reads_no_answer_that_is_too_long() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let task = tokio::spawn(http::serve(listener, Arc::new(Parrot(200, "x".repeat(11))), stop.clone()));
    let question = Question { method: Method::GET, url, headers: Vec::new(), body: Bytes::new() };
    let refused = Session::new(Client::new(SOON), 10).ask(&question).await.unwrap_err();
    assert!(matches!(refused, HttpError::Answer { bytes_max: 10, .. }), "{refused:?}");
    stop.cancel();
    task.await.unwrap();
}
