//! What a witness answers, and that it remembers before it answers.

use std::fs;

use merkle::{KeyType, Signer as _};
use servers::Scratch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use witness::{OpenError, Witness, http::Client};

use crate::support::*;

#[tokio::test]
async fn checkpoints_that_extend_one_another_are_cosigned() {
    let scratch = Scratch::new().unwrap();
    let serving = Serving::start(scratch.path()).await;
    for (old, new) in [(0, 3), (3, 300), (300, 300), (300, 70_000)] {
        let log = MemoryLog::of(new);
        let answer = serving.add(&log.request(old)).await;
        assert_eq!(answer.status, 200, "{old} to {new}: {answer:?}");
        let mut note = log.note();
        let lines = merkle::witness::cosignatures(str::from_utf8(&answer.body).unwrap()).unwrap();
        lines.into_iter().for_each(|line| note.add(line));
        assert!(note.attested(&witness_key()).unwrap().unwrap().time > Some(1_700_000_000));
    }
    serving.stop().await;
}

#[tokio::test]
async fn every_refusal_has_the_status_of_the_document() {
    let scratch = Scratch::new().unwrap();
    let serving = Serving::start(scratch.path()).await;
    assert_eq!(serving.add(&MemoryLog::of(20).request(0)).await.status, 200);
    let body = |request: merkle::witness::AddCheckpoint| request.to_string();
    let stranger = MemoryLog::of(30).request(20);
    let forged = body(stranger.clone()).replace("\n30\n", "\n31\n");
    let other = body(stranger.clone()).replace(ORIGIN, "log.example/other");
    let unproved =
        merkle::witness::AddCheckpoint::new(20, vec![], MemoryLog::of(30).note()).map(body).unwrap();
    let cases = [
        ("nonsense".to_owned(), 400, ""),
        (body(stranger.clone()).replace("old 20", "old 40"), 400, ""),
        (forged, 403, ""),
        (other, 404, ""),
        (body(MemoryLog::of(30).request(10)), 409, "20\n"),
        (body(MemoryLog::forked_at(9, 20, "other").request(20)), 409, "20\n"),
        (unproved, 422, ""),
        (body(MemoryLog::forked_at(9, 30, "other").request(20)), 422, ""),
    ];
    for (body, status, said) in cases {
        let answer = serving.post(body.clone()).await;
        assert_eq!(answer.status, status, "{body}");
        assert!(said.is_empty() || answer.body == said.as_bytes(), "{answer:?}");
    }
    let kept = fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().path());
    let denied = kept.filter(|path| path.extension().is_some_and(|it| it == "denied")).collect::<Vec<_>>();
    let evidence = MemoryLog::forked_at(9, 30, "other").note().to_string();
    assert_eq!(fs::read_to_string(&denied[0]).unwrap(), evidence, "the log's signature is kept as evidence");
    let elsewhere = Client::new(SOON).get(&format!("{}/checkpoint", serving.url)).await.unwrap();
    assert_eq!(elsewhere.status, 404);
    let read = Client::new(SOON).get(&format!("{}/add-checkpoint", serving.url)).await.unwrap();
    assert_eq!(read.status, 405);
    serving.stop().await;
}

#[tokio::test]
async fn a_witness_says_that_it_answers_and_cosigns_nothing_there() {
    let scratch = Scratch::new().unwrap();
    let serving = Serving::start(scratch.path()).await;
    let health = format!("{}/healthz", serving.url);
    assert_eq!(Client::new(SOON).get(&health).await.unwrap().status, 200);
    let body = MemoryLog::of(20).request(0).to_string().into_bytes();
    assert_eq!(Client::new(SOON).post(&health, "text/plain", body).await.unwrap().status, 404);
    serving.stop().await;
}

#[tokio::test]
async fn what_was_cosigned_is_remembered_over_a_restart() {
    let scratch = Scratch::new().unwrap();
    let serving = Serving::start(scratch.path()).await;
    assert_eq!(serving.add(&MemoryLog::of(20).request(0)).await.status, 200);
    serving.stop().await;
    let serving = Serving::start(scratch.path()).await;
    let answer = serving.add(&MemoryLog::of(30).request(0)).await;
    assert_eq!((answer.status, answer.body.as_slice()), (409, &b"20\n"[..]));
    assert_eq!(serving.add(&MemoryLog::forked_at(9, 30, "other").request(20)).await.status, 422);
    assert_eq!(serving.add(&MemoryLog::of(30).request(20)).await.status, 200);
    serving.stop().await;
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_cosigned() {
    let scratch = Scratch::new().unwrap();
    let folder = scratch.path().join("state");
    let serving = Serving::start(&folder).await;
    fs::remove_dir_all(&folder).unwrap();
    let answer = serving.add(&MemoryLog::of(20).request(0)).await;
    assert_eq!(answer.status, 500, "{answer:?}");
    fs::create_dir(&folder).unwrap();
    assert_eq!(serving.add(&MemoryLog::of(20).request(0)).await.status, 200, "and is as new afterwards");
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_forks_that_come_at_once_one_is_cosigned() {
    let scratch = Scratch::new().unwrap();
    let serving = Serving::start(scratch.path()).await;
    assert_eq!(serving.add(&MemoryLog::of(20).request(0)).await.status, 200);
    let url = format!("{}/add-checkpoint", serving.url);
    let asks = (0..32).map(|n| {
        let (url, body) =
            (url.clone(), MemoryLog::forked_at(20, 30, &format!("fork {n}")).request(20).to_string());
        tokio::spawn(
            async move { Client::new(SOON).post(&url, "text/plain", body.into()).await.unwrap().status },
        )
    });
    let mut answers = Vec::new();
    for ask in asks.collect::<Vec<_>>() {
        answers.push(ask.await.unwrap());
    }
    answers.sort_unstable();
    assert_eq!(answers, [&[200][..], &[409; 31]].concat());
    serving.stop().await;
}

#[test]
fn two_processes_never_share_a_memory() {
    let scratch = Scratch::new().unwrap();
    let first = open(scratch.path()).unwrap();
    assert!(matches!(open(scratch.path()), Err(OpenError::InUse { .. })));
    drop(first);
    assert!(open(scratch.path()).is_ok());
}

#[tokio::test]
async fn a_memory_that_cannot_be_read_is_never_taken_for_none() {
    let scratch = Scratch::new().unwrap();
    let serving = Serving::start(scratch.path()).await;
    serving.add(&MemoryLog::of(20).request(0)).await;
    serving.stop().await;
    let file = fs::read_dir(scratch.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|it| it == "checkpoint"))
        .unwrap();
    let text = fs::read(&file).unwrap();
    for bad in [&text[..10], b"", &[text.as_slice(), b"x"].concat()] {
        fs::write(&file, bad).unwrap();
        assert!(matches!(open(scratch.path()), Err(OpenError::BadState { .. })));
    }
    fs::write(&file, String::from_utf8(text).unwrap().replace(ORIGIN, "log.example/other")).unwrap();
    assert!(matches!(open(scratch.path()), Err(OpenError::BadState { .. })));
}

#[test]
fn a_key_for_another_purpose_is_refused() {
    let scratch = Scratch::new().unwrap();
    let (log, cosigner) = (log_signer(), witness_signer());
    let keys = |signer: &merkle::Ed25519Signer| vec![signer.key().clone()];
    let opened = Witness::open(scratch.path(), log.clone(), keys(&log));
    assert!(matches!(opened, Err(OpenError::WrongKey { .. })));
    let opened = Witness::open(scratch.path(), cosigner.clone(), keys(&cosigner));
    assert!(matches!(opened, Err(OpenError::WrongLog { .. })));
    let newer = signer(ORIGIN, KeyType::Ed25519, 9);
    let both = [keys(&log), keys(&newer)].concat();
    assert_eq!(Witness::open(scratch.path(), cosigner, both).unwrap().logs().count(), 1);
}

#[tokio::test]
async fn a_body_that_is_too_long_is_not_read() {
    let scratch = Scratch::new().unwrap();
    let serving = Serving::start(scratch.path()).await;
    assert_eq!(serving.post(vec![b'a'; 65 << 10]).await.status, 413);
    // Nor is one that claims to be endless.
    let mut stream = tokio::net::TcpStream::connect(serving.url.trim_start_matches("http://")).await.unwrap();
    stream
        .write_all(b"POST /add-checkpoint HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    let chunk = format!("4000\r\n{}\r\n", "a".repeat(0x4000));
    for _ in 0..5 {
        // It may have had enough before all is sent.
        let _ = stream.write_all(chunk.as_bytes()).await;
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    serving.stop().await;
}

#[tokio::test]
async fn a_request_that_has_begun_is_answered_before_the_end() {
    let scratch = Scratch::new().unwrap();
    let serving = Serving::start(scratch.path()).await;
    let body = MemoryLog::of(20).request(0).to_string();
    let mut stream = tokio::net::TcpStream::connect(serving.url.trim_start_matches("http://")).await.unwrap();
    let head = format!("POST /add-checkpoint HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..10]).await.unwrap();
    // The head must have been read before the order to stop; an answered neighbour shows that it was.
    assert_eq!(serving.post("nonsense").await.status, 400);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let ending = tokio::spawn(serving.stop());
    stream.write_all(&body.as_bytes()[10..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("— witness.example/w"), "{answer}");
    ending.await.unwrap();
}
