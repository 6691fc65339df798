//! Two writers of one bucket: what the second may not do, and what a process that stood still does when it wakes up.

use std::{
    io,
    process::{Child, Command},
    time::Instant,
};

use audit::Conflict;

use super::*;

/// How long a process that was woken may take for its late writes.
const LOOKS: u32 = 50;
const LOOK_EVERY: Duration = Duration::from_millis(20);

fn files(name: &str, bytes: &str) -> [(String, Vec<u8>); 1] {
    [(name.to_owned(), bytes.as_bytes().to_vec())]
}

fn conflict(written: io::Result<()>) -> Conflict {
    Conflict::of(&written.unwrap_err()).expect("it is a conflict").clone()
}

/// Two sessions of one place, as two processes have them.
fn two(name: &str) -> (Tiles, Tiles) {
    let at = At::common();
    let text = format!("s3://{BUCKET}/two/{name}-{}", std::process::id());
    (at.site(&text).open(), at.site(&text).open())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_replaced_only_by_who_knows_what_it_replaces() {
    let (one, other) = two("checkpoint");
    assert_eq!((one.checkpoint().unwrap(), other.checkpoint().unwrap()), (None, None));
    one.0.write(&files("checkpoint", "size 10")).unwrap();
    let name = "checkpoint".to_owned();
    assert_eq!(conflict(other.0.write(&files("checkpoint", "size 5"))), Conflict::Replaced { name });
    one.0.write(&files("checkpoint", "size 20")).unwrap();
    assert!(
        other.0.write(&files("checkpoint", "size 15")).is_err(),
        "a look at it in between changes nothing"
    );
    assert!(other.checkpoint().unwrap().is_some_and(|found| found == b"size 20"));
    assert!(other.0.write(&files("checkpoint", "size 25")).is_err(), "nor does reading it");
    // What is the same harms nobody.
    other.0.write(&files("checkpoint", "size 20")).unwrap();
    assert_eq!(one.checkpoint().unwrap().unwrap(), b"size 20");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_is_written_once() {
    let (one, other) = two("tile");
    one.0.write(&files("tile/0/000", "leaves")).unwrap();
    other.0.write(&files("tile/0/000", "leaves")).unwrap();
    let name = "tile/0/000".to_owned();
    assert_eq!(conflict(other.0.write(&files(&name, "others"))), Conflict::Occupied { name: name.clone() });
    assert_eq!(conflict(one.0.write(&files(&name, "others"))), Conflict::Occupied { name });
    assert_eq!(one.0.read("tile/0/000").unwrap().unwrap(), b"leaves");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_not_sealed_over_tiles_of_another_history() {
    let kept = Kept::sealed(20).await;
    let published = kept.checkpoint();
    kept.tiles().0.write(&files("tile/entries/000.p/30", "another history")).unwrap();
    kept.place.fill(10).await;
    let mut running = kept.start();
    let why = running.refusal().await;
    running.stop().await;
    assert!(why.contains("tile/entries/000.p/30 is there with other bytes"), "{why}");
    assert_eq!(kept.checkpoint(), published);
    assert_eq!(kept.verify(&[]).await.found, []);
}

fn wake(process: &Child) {
    let woken = Command::new("kill").args(["-CONT", &process.id().to_string()]).status().unwrap();
    assert!(woken.success());
}

/// A process stands still at a point; another one takes over and seals on, well beyond where tiles become full. Then
/// the first wakes up and does what it was about to do.
async fn wakes_up(point: &str) {
    let kept = Kept::sealed(200).await;
    kept.place.fill(40).await;
    let mut first = kept.spawn(&format!("stall:{point}"));
    let mut second = kept.start();
    for head in [240, 250, 300, 540] {
        kept.place.fill(head - kept.place.log.head().await.unwrap().position).await;
        second.until(|status| status.sealed == head).await;
    }
    let (saved, mut size) = (kept.checkpoint(), kept.size());
    assert_eq!(size, 540);
    // The second holds the lease and has nothing to write: what the first one wrote late would stay.
    for _ in 0..LOOKS {
        wake(&first);
        tokio::time::sleep(LOOK_EVERY).await;
        assert_eq!(kept.size(), size, "{point}: the checkpoint went back");
    }
    second.stop().await;
    // It is over its late writes when it has taken over in good order.
    kept.place.fill(10).await;
    let limit = Instant::now() + SOON;
    while size < 550 && Instant::now() < limit {
        wake(&first);
        tokio::time::sleep(LOOK_EVERY).await;
        let now = kept.size();
        assert!(now >= size, "{point}: the checkpoint went back from {size} to {now}");
        size = now;
    }
    assert_eq!(size, 550, "{point}");
    first.kill().unwrap();
    first.wait().unwrap();
    let report = kept.verify(&[saved]).await;
    assert_eq!((report.found, report.size), (vec![], 550), "{point}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stood_still_between_its_tiles_does_no_harm() {
    wakes_up("seal.after_entries").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stood_still_before_it_stored_a_checkpoint_does_no_harm() {
    wakes_up("seal.after_tiles").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stood_still_before_it_published_does_no_harm() {
    wakes_up("seal.after_row").await;
}
