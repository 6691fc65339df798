//! Sealing: every event a leaf, every size one root, and tools that know only the formats agree.

use std::{fs, path::Path};

use audit::State;
use merkle::Statement;

use crate::support::*;

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_log_verifies() {
    let place = Place::sealed(600, 150).await;
    let report = place.verify(&[place.checkpoint()]).await;
    assert_eq!(report.found, []);
    assert_eq!((report.size, report.events, report.unsealed), (600, 600, 0));
    assert!(report.checkpoints >= 6, "every stored, the published and the kept one: {report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folder_holds_what_the_formats_name_and_no_partial_tile_beside_its_full_one() {
    let place = Place::sealed(300, 100).await;
    assert_eq!(
        files(&place.folder()),
        [
            "checkpoint",
            "lock",
            "tile/0/000",
            "tile/0/001.p/44",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/44",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_states_the_event_and_not_its_content() {
    let place = Place::sealed(3, 3).await;
    let receipt = audit::prove(&place.tiles(), 2).unwrap();
    let entry = receipt.extra.unwrap();
    let leaf = Statement::parse(&entry).unwrap();
    assert_eq!((leaf.stream.as_str(), leaf.revision, leaf.origin.as_str()), ("thing:s1", 1, ORIGIN));
    assert_eq!((leaf.actor.as_str(), leaf.department.as_str()), ("person:officer-1", "fire.330723"));
    assert!(!String::from_utf8(entry).unwrap().contains("\"n\""));
    let other = Statement::parse(&audit::prove(&place.tiles(), 3).unwrap().extra.unwrap()).unwrap();
    assert_ne!(leaf.salt, other.salt);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_sealed_while_it_grows() {
    let place = Place::new().await;
    let mut running = Running::start(place.log.clone(), place.sealing());
    for _ in 0..5 {
        place.fill(20).await;
    }
    running.until(|status| status.sealed == 100).await;
    assert_eq!(running.status.borrow().lag(), 0);
    running.stop().await;
    assert_eq!(place.verify(&[]).await.found, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_caught_up_in_batches() {
    let place = Place::new().await;
    place.fill(700).await;
    let sealing = audit::Sealing { batch_events_max: 300, ..place.sealing() };
    let mut running = Running::start(place.log.clone(), sealing);
    running.until(|status| status.sealed == 700).await;
    running.stop().await;
    let sizes: Vec<i64> = sqlx::query_scalar("select size from checkpoints order by size")
        .fetch_all(&place.owner().await)
        .await
        .unwrap();
    assert_eq!(sizes, [300, 600, 700]);
    assert_eq!(place.verify(&[]).await.found, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_seals_and_the_other_takes_over() {
    let place = Place::sealed(10, 10).await;
    let mut first = Running::start(place.log.clone(), place.sealing());
    first.until(|status| status.state == State::Sealing).await;
    let mut second = Running::start(place.log.clone(), place.sealing());
    second.until(|status| status.state == State::Standby).await;
    first.stop().await;
    place.fill(10).await;
    second.until(|status| status.sealed == 20).await;
    second.stop().await;
    assert_eq!(place.verify(&[]).await.found, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_folder_cannot_seal_the_same_log_at_the_same_time() {
    let place = Place::sealed(10, 10).await;
    let mut first = Running::start(place.log.clone(), place.sealing());
    first.until(|status| status.state == State::Sealing).await;
    let folder = place.scratch.path().join("elsewhere");
    let elsewhere = audit::Sealing { site: folder.into(), ..place.sealing() };
    let mut second = Running::start(place.log.clone(), elsewhere);
    second.until(|status| status.state == State::Standby).await;
    first.stop().await;
    // And when it may, it lacks the leaves that are signed.
    let why = second.refusal().await;
    assert!(why.contains("the tiles do not give the signed root of 10 events"), "{why}");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_was_taken_over_stores_nothing_more() {
    let place = Place::sealed(10, 10).await;
    let published = place.checkpoint();
    let mut running = Running::start(place.log.clone(), place.sealing());
    running.until(|status| status.state == State::Sealing).await;
    let other = "update sealing set epoch = epoch + 1, owner = gen_random_uuid(),
        leased_until = clock_timestamp() + interval '1 hour'";
    sqlx::query(other).execute(&place.owner().await).await.unwrap();
    place.fill(5).await;
    running.until(|status| status.state == State::Standby).await;
    let largest: i64 = sqlx::query_scalar("select max(size) from checkpoints")
        .fetch_one(&place.owner().await)
        .await
        .unwrap();
    assert_eq!(largest, 10);
    running.stop().await;
    assert_eq!(place.checkpoint(), published);
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_checkpoints_are_append_only() {
    let place = Place::sealed(10, 5).await;
    for change in ["update checkpoints set root = ''", "delete from checkpoints", "truncate checkpoints"] {
        let refused = sqlx::query(change).execute(&place.owner().await).await.unwrap_err().to_string();
        assert!(refused.contains("checkpoints are append-only"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_another_process_holds_is_not_written_whatever_the_lease_says() {
    let place = Place::sealed(10, 10).await;
    let held = audit::Folder::claim(&place.folder()).unwrap().expect("nobody seals now");
    place.fill(5).await;
    let mut running = Running::start(place.log.clone(), place.sealing());
    running.until(|status| status.state == State::Standby).await;
    assert_eq!(policy().accept(&place.checkpoint()).unwrap().checkpoint.size(), 10);
    drop(held);
    running.until(|status| status.sealed == 15).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_append_in_between_is_sealed_as_well() {
    let place = Place::new().await;
    let other = place.another_log().await;
    let sealing = audit::Sealing { batch_events_max: 64, ..place.sealing() };
    let mut running = Running::start(place.log.clone(), sealing);
    for _ in 0..10 {
        fill(&place.log, 17).await;
        fill(&other, 3).await;
    }
    running.until(|status| status.sealed == 200).await;
    running.stop().await;
    other.shutdown().await;
    let report = place.verify(&[]).await;
    assert_eq!(report.found, []);
    assert_eq!((report.size, report.events, report.unsealed), (200, 200, 0));
}

/// Far more than what is kept in memory, faster than it is signed.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_grows_fast_is_sealed_whole() {
    let place = Place::new().await;
    let mut running = Running::start(place.log.clone(), place.sealing());
    running.until(|status| status.state == State::Sealing).await;
    for n in 0..30 {
        append(&place.log, n, 1_000).await;
    }
    running.until(|status| status.sealed == 30_001).await;
    running.stop().await;
    let report = place.verify(&[]).await;
    assert_eq!(report.found, []);
    assert_eq!((report.size, report.events, report.unsealed), (30_001, 30_001, 0));
}
