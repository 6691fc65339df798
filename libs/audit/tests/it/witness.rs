//! Witnesses: what they cosign is final, what they miss delays nothing else, and what they hold is never denied.

use std::{fs, time::Duration};

use audit::{Finality, Sealing, Standing, State, Status, Verify, What};
use merkle::{Checkpoint, Receipt};
use tokio::net::TcpListener;
use witness::{Peer, http::Client};

use crate::{refuse::restore, support::*, witnessing::*};

fn finality(status: &Status) -> Finality {
    status.finality.clone().unwrap_or_default()
}

fn is_final(size: u64) -> impl FnMut(&Status) -> bool {
    move |status| finality(status).size == size
}

fn standing(status: &Status, index: usize) -> Option<&Standing> {
    Some(&status.finality.as_ref()?.witnesses.get(index)?.standing)
}

fn is_troubled(index: usize) -> impl FnMut(&Status) -> bool {
    move |status| matches!(standing(status, index), Some(Standing::Troubled { .. }))
}

async fn refusal(place: &Place, sealing: Sealing) -> String {
    let mut running = Running::start(place.log.clone(), sealing);
    let why = running.refusal().await;
    running.stop().await;
    why
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_quorum_has_cosigned_is_stored_published_and_proved_as_final() {
    let place = Place::new().await;
    let (one, other) = (Witnessing::start(&place, 0).await, Witnessing::start(&place, 1).await);
    place.fill(20).await;
    let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer(), other.peer()], 2));
    running.until(is_final(20)).await;
    place.fill(300).await;
    let status = running.until(is_final(320)).await;
    assert_eq!(status.sealed, 320);
    running.stop().await;
    let published = place.tiles().final_checkpoint().unwrap().unwrap();
    assert_eq!(quorum(2, 2).accept(&published).unwrap().checkpoint.size(), 320);
    let stored: Vec<(i64, String)> = sqlx::query_as("select size, note from cosigned order by size")
        .fetch_all(&place.owner().await)
        .await
        .unwrap();
    assert_eq!(stored.last().unwrap(), &(320, String::from_utf8(published).unwrap()));
    let receipt: Receipt = audit::prove(&place.tiles(), 7).unwrap().to_string().parse().unwrap();
    let entry = receipt.extra.clone().unwrap();
    let accepted = receipt.verify::<merkle::Sha256>(&entry, &quorum(2, 2)).unwrap();
    assert_eq!(accepted.cosigners.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_is_away_delays_finality_and_nothing_else() {
    let place = Place::new().await;
    let (one, mut other) = (Witnessing::start(&place, 0).await, Witnessing::start(&place, 1).await);
    place.fill(10).await;
    let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer(), other.peer()], 2));
    running.until(is_final(10)).await;
    other.stop().await;
    place.fill(10).await;
    running.until(|status| status.sealed == 20 && is_troubled(1)(status)).await;
    place.fill(10).await;
    let status = running.until(|status| status.sealed == 30).await;
    assert_eq!((finality(&status).size, status.state.clone()), (10, State::Sealing));
    assert_eq!(place.verify(&[]).await.found, [], "the checkpoint of 30 is published, that of 10 is final");
    other.start_again().await;
    let status = running.until(is_final(30)).await;
    assert!(finality(&status).witnesses.iter().all(|witness| witness.standing == Standing::Cosigns));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_are_enough_and_the_third_catches_up() {
    let place = Place::new().await;
    let (one, two) = (Witnessing::start(&place, 0).await, Witnessing::start(&place, 1).await);
    let mut three = Witnessing::start(&place, 2).await;
    three.stop().await;
    let peers = vec![one.peer(), two.peer(), three.peer()];
    place.fill(10).await;
    let mut running = Running::start(place.log.clone(), witnessed(&place, peers, 2));
    running.until(is_final(10)).await;
    place.fill(10).await;
    running.until(is_final(20)).await;
    three.start_again().await;
    running.until(|status| finality(status).witnesses.get(2).is_some_and(|third| third.size == 20)).await;
    place.fill(10).await;
    running.until(is_final(30)).await;
    running.stop().await;
    let published = place.tiles().final_checkpoint().unwrap().unwrap();
    assert!(quorum(2, 3).accept(&published).unwrap().cosigners.len() >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_never_stands_still_becomes_final_all_the_same() {
    let place = Place::new().await;
    let witnesses = [Witnessing::start(&place, 0).await, Witnessing::start(&place, 1).await];
    let peers = witnesses.iter().map(Witnessing::peer).collect();
    let mut running = Running::start(place.log.clone(), witnessed(&place, peers, 2));
    let mut finals = std::collections::BTreeSet::new();
    place.fill(2).await;
    let give_up = tokio::time::Instant::now() + SOON;
    while finals.len() <= 3 {
        assert!(tokio::time::Instant::now() < give_up, "{finals:?}");
        place.fill(1).await;
        finals.insert(running.status.borrow().finality.as_ref().map_or(0, |finality| finality.size));
    }
    let head = place.log.head().await.unwrap().position;
    running.until(is_final(head)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_never_answers_holds_up_neither_start_nor_seals() {
    let place = Place::sealed(10, 10).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let silent_peer = Peer::new(
        &url,
        merkle::Signer::key(witness_signer(1).as_ref()).clone(),
        Client::new(Duration::from_secs(600)),
    );
    let one = Witnessing::start(&place, 0).await;
    let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer(), silent_peer], 1));
    place.fill(10).await;
    let status = running.until(|status| status.sealed == 20 && is_final(20)(status)).await;
    assert_eq!(standing(&status, 1), Some(&Standing::Unasked));
    running.stop().await;
}

/// A log of 20 events that a witness cosigned, and a copy of folder and database as they were at 10.
async fn restored(witness: &mut Option<Witnessing>) -> Place {
    let place = Place::new().await;
    let one = Witnessing::start(&place, 0).await;
    let kept = place.scratch.path().join("kept");
    for size in [10, 20] {
        place.fill(10).await;
        let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer()], 1));
        running.until(|status| status.sealed == size && is_final(size)(status)).await;
        running.stop().await;
        if size == 10 {
            let copied = std::process::Command::new("cp").arg("-r").arg(place.folder()).arg(&kept).status();
            assert!(copied.unwrap().success());
        }
    }
    fs::remove_dir_all(place.folder()).unwrap();
    fs::rename(kept, place.folder()).unwrap();
    restore(&place, 10).await;
    *witness = Some(one);
    let log = eventlog::Log::open(place.log.options().clone(), world()).await.unwrap();
    Place { log, scratch: place.scratch }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_database_and_folder_were_restored_together_is_not_signed() {
    let mut one = None;
    let place = restored(&mut one).await;
    let one = one.unwrap();
    place.fill(30).await;
    let published = place.checkpoint();
    // Nothing on this machine can tell: without witnesses it is sealed on, which is why there are some.
    let why = refusal(&place, witnessed(&place, vec![one.peer()], 1)).await;
    assert!(
        why.contains("witness witness.example/0 holds 20 events, all that is known here ends at 10"),
        "{why}"
    );
    assert_eq!(place.checkpoint(), published, "nothing was signed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_was_away_at_the_start_still_stops_a_log_that_forked() {
    let mut one = None;
    let place = restored(&mut one).await;
    let mut one = one.unwrap();
    one.stop().await;
    let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer()], 1));
    place.fill(5).await;
    running.until(|status| status.sealed == 15).await;
    one.start_again().await;
    assert!(running.refusal().await.contains("holds 20 events, all that is known here ends at 1"));
    running.stop().await;

    let mut one = None;
    let place = restored(&mut one).await;
    let mut one = one.unwrap();
    one.stop().await;
    let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer()], 1));
    place.fill(30).await;
    running.until(|status| status.sealed == 40).await;
    one.start_again().await;
    let why = running.refusal().await;
    assert!(
        why.contains("cosigned another history of the first 20 events") || why.contains("holds 20 events"),
        "{why}"
    );
    running.stop().await;
    // Also after a restart, with everything in place.
    let why = refusal(&place, witnessed(&place, vec![one.peer()], 1)).await;
    assert!(why.contains("cosigned another history of the first 20 events"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_log_is_not_begun_anew() {
    let mut one = None;
    let place = restored(&mut one).await;
    let one = one.unwrap();
    fs::remove_dir_all(place.folder()).unwrap();
    restore(&place, 0).await;
    let why = refusal(&place, witnessed(&place, vec![one.peer()], 1)).await;
    assert!(why.contains("holds 20 events, all that is known here ends at 0"), "{why}");
    assert_eq!(place.tiles().checkpoint().unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_which_only_the_final_checkpoint_is_newer_is_not_signed() {
    let mut one = None;
    let place = restored(&mut one).await;
    let newer = Place::sealed(20, 20).await;
    fs::copy(newer.folder().join("checkpoint"), place.folder().join("checkpoint.final")).unwrap();
    let why = refusal(&place, place.sealing()).await;
    assert!(why.contains("20 events was published, the database knows of 10"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_lost_its_memory_or_does_not_know_the_log_is_told_and_stops_nothing() {
    let place = Place::new().await;
    let mut one = Witnessing::start(&place, 0).await;
    place.fill(10).await;
    let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer()], 1));
    running.until(is_final(10)).await;
    one.stop().await;
    one.forget();
    one.start_again().await;
    place.fill(10).await;
    running.until(is_final(20)).await;
    running.stop().await;

    let stranger = Place::new().await;
    stranger.fill(10).await;
    let (secret, _) = audit::key::generate("log.example/unknown", merkle::KeyType::Ed25519).unwrap();
    let signer = std::sync::Arc::new(audit::key::parse(&secret).unwrap());
    let mut sealing = Sealing { signer, ..stranger.sealing() };
    let mut witnesses = audit::Witnesses::new(&sealing, vec![one.peer()], 1).unwrap();
    witnesses.retry = Duration::from_millis(20);
    sealing.witnesses = Some(witnesses);
    let mut running = Running::start(stranger.log.clone(), sealing);
    let status = running.until(|status| status.sealed == 10 && is_troubled(0)(status)).await;
    let Some(Standing::Troubled { why, .. }) = standing(&status, 0) else { panic!("waited for") };
    assert!(why.starts_with("the witness answered 404"), "{why}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_takes_over_goes_on_with_the_same_witnesses() {
    let place = Place::new().await;
    let one = Witnessing::start(&place, 0).await;
    place.fill(10).await;
    for size in [10, 20, 30] {
        let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer()], 1));
        running.until(is_final(size)).await;
        place.fill(10).await;
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_stands_still_is_cosigned_anew() {
    let place = Place::new().await;
    let one = Witnessing::start(&place, 0).await;
    place.fill(10).await;
    let mut sealing = witnessed(&place, vec![one.peer()], 1);
    sealing.witnesses.as_mut().unwrap().refresh = Duration::from_millis(50);
    let mut running = Running::start(place.log.clone(), sealing);
    running.until(is_final(10)).await;
    let time = || {
        let note = place.tiles().final_checkpoint().unwrap().unwrap();
        quorum(1, 1).accept(&note).unwrap().cosigners[0].time
    };
    let (first, give_up) = (time(), tokio::time::Instant::now() + SOON);
    while time() == first {
        assert!(tokio::time::Instant::now() < give_up, "the lines never get newer");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_with_a_quorum_wants_a_final_checkpoint_that_has_it() {
    let place = Place::new().await;
    let one = Witnessing::start(&place, 0).await;
    place.fill(10).await;
    let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer()], 1));
    running.until(is_final(10)).await;
    running.stop().await;
    place.fill(5).await;
    place.seal_all().await;
    let verify = async |of| {
        let asked =
            Verify { tiles: place.tiles(), policy: quorum(of, 2), saved: vec![], scope: audit::Scope::Whole };
        asked.run(None, |_, _| {}).await.unwrap()
    };
    let report = verify(1).await;
    assert_eq!((report.found, report.size, report.checkpoints), (vec![], 15, 2));
    let report = verify(2).await;
    assert!(report.found[0].to_string().contains("1 of the 2 witnesses"), "{report:?}");
    fs::remove_file(place.folder().join("checkpoint.final")).unwrap();
    assert_eq!(verify(1).await.found[0].what, What::NoFinal);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_as_final_is_verified_too() {
    let place = Place::new().await;
    let one = Witnessing::start(&place, 0).await;
    place.fill(10).await;
    let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer()], 1));
    running.until(is_final(10)).await;
    // Stored together: the sealer at work states no size in between.
    place.fill_at_once(5).await;
    running.until(is_final(15)).await;
    running.stop().await;
    assert_eq!(place.verify(&[]).await.found, vec![]);

    let found = async |tamper: &str| {
        let script = format!("alter table cosigned disable trigger all; {tamper}");
        place.tamper(&script).await;
        let report = place.verify(&[]).await;
        report.found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let other =
        found("update cosigned set note = (select note from cosigned where size = 15) where size = 10");
    assert_eq!(
        other.await,
        "checkpoint (database, final, 10) cannot be trusted: its note is about 15 events"
    );
    // With the log's key: another root, well signed.
    let forged = Checkpoint::new(ORIGIN, 10, merkle::Hash([5; 32])).unwrap().sign(&signer()).unwrap();
    let forged = found(&format!("update cosigned set note = '{forged}' where size = 10")).await;
    assert!(forged.contains("not what checkpoint (database, final, 10) signs"), "{forged}");
    let unsigned = found("update cosigned set note = replace(note, '10', '12') where size = 10").await;
    assert!(unsigned.contains("checkpoint (database, final, 10) cannot be trusted"), "{unsigned}");
    let beyond = found("delete from cosigned where size = 10; update cosigned set size = 20").await;
    assert_eq!(beyond, "rolled back: checkpoint (database, final) signs 20 events, there are 15");
}
