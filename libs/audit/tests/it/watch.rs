//! What a monitor sees from outside: every way in which a log can deny what it published.

use std::{fs, sync::Arc, time::Duration};

use audit::{
    Publish, Tiles, Watch,
    watch::{Alarm, Memory, Seen, Source},
};
use merkle::{Note, Policy};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use witness::http::{self, Client};

use crate::{support::*, tamper::*, witnessing::*};

/// A monitor with a memory of its own, which sees what the source shows.
async fn look_at(place: &Place, source: Source, policy: Policy, at: OffsetDateTime) -> Seen {
    let memory = Memory::claim(&place.scratch.path().join("watch.json")).unwrap();
    let mut watch = Watch {
        source,
        policy,
        stale_after: Some(Duration::from_secs(3_600)),
        final_after: Duration::from_secs(600),
        memory,
    };
    watch.look(at).await.unwrap()
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

async fn look(place: &Place) -> Seen {
    look_at(place, Source::Store(place.tiles()), policy(), now()).await
}

async fn look_for(place: &Place, policy: Policy) -> Seen {
    look_at(place, Source::Store(place.tiles()), policy, now()).await
}

/// Grows the log with its witness until the new events are final.
async fn grow(place: &Place, one: &Witnessing, events: u64) {
    place.fill(events).await;
    let head = place.log.head().await.unwrap().position;
    let mut running = Running::start(place.log.clone(), witnessed(place, vec![one.peer()], 1));
    running.until(|status| status.finality.as_ref().is_some_and(|finality| finality.size == head)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_only_grows_raises_no_alarm() {
    let place = Place::new().await;
    for size in [3, 20, 300, 300, 600] {
        let head = place.log.head().await.unwrap().position;
        place.fill(size - head).await;
        place.seal_all().await;
        assert_eq!(look(&place).await, Seen { size, final_size: 0, alarms: vec![] });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_rewritten_with_the_stolen_keys_of_log_and_witness_is_seen_by_who_kept_a_head() {
    for change in [ONE_BYTE, SWAP, DELETE, INSERT] {
        let place = Place::new().await;
        let one = Witnessing::start(&place, 0).await;
        grow(&place, &one, 60).await;
        assert_eq!(look_for(&place, quorum(1, 1)).await.alarms, []);
        place.tamper(change).await;
        recompute(&place, true).await;
        let mut note = Note::parse(&place.checkpoint()).unwrap();
        let time = now().unix_timestamp().cast_unsigned();
        let line = merkle::cosign(&note, time, witness_signer(0).as_ref()).unwrap();
        note.add(line);
        fs::write(place.folder().join("checkpoint.final"), note.to_string()).unwrap();
        // It has every signature that anybody asks for, and for who sees it first it is the history.
        assert!(quorum(1, 1).accept(note.to_string().as_bytes()).is_ok());
        let seen = look_for(&place, quorum(1, 1)).await;
        let denied = |alarm: &Alarm| {
            matches!(
                alarm,
                Alarm::Forked { size: 60 }
                    | Alarm::Rewritten { from: 60, to: 61 }
                    | Alarm::RolledBack { known: 60, size: 59 }
            )
        };
        assert!(seen.alarms.iter().any(denied), "{change}: {seen:?}");
        assert_eq!(seen.size, 60, "what is known does not change");
        assert!(look_for(&place, quorum(1, 1)).await.alarms.iter().any(denied), "nor does it go away");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_history_that_grew_is_seen() {
    let place = Place::sealed(60, 20).await;
    assert_eq!(look(&place).await.alarms, []);
    place.tamper(ONE_BYTE).await;
    recompute(&place, true).await;
    place.fill(20).await;
    place.seal_all().await;
    assert_eq!(look(&place).await.alarms, [Alarm::Rewritten { from: 60, to: 80 }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_re_signed_with_the_logs_key_alone_gets_no_witness() {
    let place = Place::new().await;
    let one = Witnessing::start(&place, 0).await;
    grow(&place, &one, 60).await;
    place.tamper("alter table cosigned disable trigger all; delete from cosigned").await;
    place.tamper(ONE_BYTE).await;
    recompute(&place, true).await;
    let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer()], 1));
    assert!(running.refusal().await.contains("another history of the first 60 events"));
    running.stop().await;
    // Also for who has never seen the log before.
    let seen = look_for(&place, quorum(1, 1)).await;
    assert!(matches!(seen.alarms[..], [Alarm::NoQuorum { .. }]), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_to_an_older_valid_head_is_seen() {
    let place = Place::new().await;
    let one = Witnessing::start(&place, 0).await;
    grow(&place, &one, 30).await;
    let older: Vec<_> = ["checkpoint", "checkpoint.final"]
        .map(|name| (name, fs::read(place.folder().join(name)).unwrap()))
        .into_iter()
        .collect();
    grow(&place, &one, 20).await;
    assert_eq!(look_for(&place, quorum(1, 1)).await, Seen { size: 50, final_size: 50, alarms: vec![] });
    let newest = fs::read(place.folder().join("checkpoint")).unwrap();
    for (name, note) in older {
        fs::write(place.folder().join(name), note).unwrap();
    }
    assert_eq!(look_for(&place, quorum(1, 1)).await.alarms, [Alarm::RolledBack { known: 50, size: 30 }]);
    fs::write(place.folder().join("checkpoint"), newest).unwrap();
    assert_eq!(look_for(&place, quorum(1, 1)).await.alarms, [Alarm::RolledBack { known: 50, size: 30 }]);
    fs::remove_file(place.folder().join("checkpoint")).unwrap();
    assert!(look(&place).await.alarms.contains(&Alarm::Gone { known: 50 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_lines_of_witnesses_under_another_checkpoint_are_worth_nothing() {
    let place = Place::new().await;
    let one = Witnessing::start(&place, 0).await;
    grow(&place, &one, 30).await;
    let cosigned = Note::parse(&place.tiles().final_checkpoint().unwrap().unwrap()).unwrap();
    place.fill(20).await;
    place.seal_all().await;
    let mut pasted = Note::parse(&place.checkpoint()).unwrap();
    let witness = one.key();
    cosigned
        .signatures()
        .iter()
        .filter(|line| line.is_of(&witness))
        .for_each(|line| pasted.add(line.clone()));
    assert_eq!(pasted.signatures().len(), 2);
    fs::write(place.folder().join("checkpoint.final"), pasted.to_string()).unwrap();
    let seen = look_for(&place, quorum(1, 1)).await;
    assert!(
        matches!(&seen.alarms[..], [Alarm::BadCheckpoint { file, .. }] if file == "checkpoint.final"),
        "{seen:?}"
    );
    let verify = audit::Verify {
        tiles: place.tiles(),
        policy: quorum(1, 1),
        saved: vec![],
        scope: audit::Scope::Whole,
    };
    let report = verify.run(None, |_, _| {}).await.unwrap();
    assert!(report.found[0].to_string().contains("witness.example/0"), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_nobody_known_signed_is_seen() {
    let place = Place::sealed(10, 10).await;
    let (secret, _) = audit::key::generate(ORIGIN, merkle::KeyType::Ed25519).unwrap();
    let stranger = audit::key::parse(&secret).unwrap();
    let note = merkle::Checkpoint::new(ORIGIN, 99, merkle::Hash([1; 32])).unwrap().sign(&stranger).unwrap();
    fs::write(place.folder().join("checkpoint"), note.to_string()).unwrap();
    let seen = look(&place).await;
    assert!(matches!(seen.alarms[..], [Alarm::BadCheckpoint { .. }]), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_that_do_not_prove_growth_are_not_taken_for_proof() {
    let place = Place::sealed(10, 10).await;
    assert_eq!(look(&place).await.size, 10);
    place.fill(10).await;
    place.seal_all().await;
    let tile = place.folder().join("tile/0/000.p/20");
    let bytes = fs::read(&tile).unwrap();
    fs::remove_file(&tile).unwrap();
    let seen = look(&place).await;
    assert!(matches!(seen.alarms[..], [Alarm::Unproved { from: 10, to: 20, .. }]), "{seen:?}");
    assert_eq!(seen.size, 10);
    fs::write(&tile, bytes).unwrap();
    assert_eq!(look(&place).await, Seen { size: 20, final_size: 0, alarms: vec![] });
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_and_missing_witnesses_are_seen_after_their_time() {
    let place = Place::new().await;
    let one = Witnessing::start(&place, 0).await;
    grow(&place, &one, 10).await;
    let later = |seconds| now() + time::Duration::seconds(seconds);
    let at = async |when| look_at(&place, Source::Store(place.tiles()), quorum(1, 1), when).await.alarms;
    assert_eq!(at(now()).await, []);
    assert_eq!(at(later(3_000)).await, []);
    let stale = at(later(4_000)).await;
    assert!(matches!(stale[..], [Alarm::Stale { size: 10, .. }]), "{stale:?}");
    // A cosignature of the same checkpoint is a sign of life.
    let mut note = Note::parse(&place.checkpoint()).unwrap();
    let time = later(3_900).unix_timestamp().cast_unsigned();
    note.add(merkle::cosign(&note, time, witness_signer(0).as_ref()).unwrap());
    fs::write(place.folder().join("checkpoint.final"), note.to_string()).unwrap();
    assert_eq!(at(later(4_000)).await, []);
    // The log goes on, its witness does not.
    place.fill(10).await;
    place.seal_all().await;
    assert_eq!(at(later(4_100)).await, []);
    let unfinished = at(later(4_800)).await;
    assert!(matches!(unfinished[..], [Alarm::NotFinal { final_size: 10, size: 20, .. }]), "{unfinished:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_that_was_tampered_with_is_no_memory() {
    let place = Place::sealed(10, 10).await;
    look(&place).await;
    let file = place.scratch.path().join("watch.json");
    let text = fs::read_to_string(&file).unwrap();
    for bad in [text.replace("\\n10\\n", "\\n11\\n"), String::new(), "{}x".to_owned()] {
        fs::write(&file, bad).unwrap();
        let memory = Memory::claim(&file).unwrap();
        assert!(Memory::claim(&file).is_err(), "one process at a time");
        let (source, final_after) = (Source::Store(place.tiles()), Duration::from_secs(1));
        let mut watch = Watch { source, policy: policy(), stale_after: None, final_after, memory };
        assert!(watch.look(now()).await.is_err());
    }
}

/// A folder behind HTTP.
async fn published(tiles: Tiles) -> (String, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    tokio::spawn(http::serve(listener, Arc::new(Publish(tiles)), stop.clone()));
    (url, stop)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_seen_over_http() {
    let place = Place::sealed(200, 200).await;
    let (base, stop) = published(place.tiles()).await;
    let look = async || {
        let source = Source::Http { base: base.clone(), client: Client::new(SOON) };
        look_at(&place, source, policy(), now()).await
    };
    assert_eq!(look().await, Seen { size: 200, final_size: 0, alarms: vec![] });
    place.fill(400).await;
    place.seal_all().await;
    assert_eq!(look().await, Seen { size: 600, final_size: 0, alarms: vec![] });
    place.tamper(ONE_BYTE).await;
    recompute(&place, true).await;
    assert_eq!(look().await.alarms, [Alarm::Forked { size: 600 }]);
    stop.cancel();
    let give_up = tokio::time::Instant::now() + SOON;
    while !matches!(look().await.alarms[..], [Alarm::Unreachable { .. }]) {
        assert!(tokio::time::Instant::now() < give_up, "nobody serves any more");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One raw request; status line, headers and body.
async fn raw(base: &str, request: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(format!("{request}host: a\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_changes_is_kept_for_ever_and_nothing_else_is_served() {
    let place = Place::sealed(300, 300).await;
    let (base, stop) = published(place.tiles()).await;
    let tile = raw(&base, "GET /tile/0/000 HTTP/1.1\r\n").await;
    assert!(tile.starts_with("HTTP/1.1 200") && tile.contains("immutable"), "{tile}");
    let checkpoint = raw(&base, "GET /checkpoint HTTP/1.1\r\n").await;
    assert!(checkpoint.contains("no-cache") && checkpoint.contains(ORIGIN), "{checkpoint}");
    let tag = checkpoint.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().trim().to_owned();
    let again = raw(&base, &format!("GET /checkpoint HTTP/1.1\r\nif-none-match: {tag}\r\n")).await;
    assert!(again.starts_with("HTTP/1.1 304") && !again.contains(ORIGIN), "{again}");
    let head = raw(&base, "HEAD /tile/entries/000 HTTP/1.1\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    for name in ["lock", "", "tile", "tile/0/000.p/256", "../watch.json", "tile/0/../../lock"] {
        let answer = raw(&base, &format!("GET /{name} HTTP/1.1\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{name}: {answer}");
    }
    assert!(raw(&base, "DELETE /checkpoint HTTP/1.1\r\n").await.starts_with("HTTP/1.1 405"));
    stop.cancel();
}
