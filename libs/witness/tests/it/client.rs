//! A log's side of the conversation, also with witnesses that do not behave.

use std::{sync::Arc, time::Duration};

use merkle::{KeyType, Signer as _};
use servers::Scratch;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use witness::{
    Answer, AskError, Peer,
    http::{self, Client, Handler, HttpError, Reply, Request},
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
