//! kill -9 of a sealing process between any two of its steps: the next goes on, and no size gets a second root.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use audit::{Sealer, Sealing, Site, State, Witnesses};
use eventlog::{Log, Options, fault};
use tokio_util::sync::CancellationToken;
use witness::{Peer, http::Client};

use crate::{support::*, witnessing::*};

/// Where the child finds its database, schema and folder or bucket; without it, `child` is not a child and does nothing.
pub const CHILD: &str = "FENGHUO_AUDIT_CHILD";
pub const POINTS: [&str; 4] =
    ["seal.after_entries", "seal.after_tiles", "seal.after_row", "seal.after_checkpoint"];

/// Seals for ever.
#[test]
fn child() {
    let Ok(place) = std::env::var(CHILD) else { return };
    let [url, schema, folder, witness] = place.split(' ').collect::<Vec<_>>()[..] else { panic!("{place}") };
    let options = Options::new(url.parse().unwrap(), schema);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let log = Log::open(options, world()).await.unwrap();
        let every = Duration::from_millis(5);
        let lease = Duration::from_millis(200);
        let site = Site::parse(folder).unwrap();
        let mut sealing = Sealing { every, lease, ..Sealing::new(site, std::sync::Arc::new(signer())) };
        if witness != "none" {
            let key = merkle::Signer::key(witness_signer(0).as_ref()).clone();
            let peer = Peer::new(witness, key, Client::new(SOON));
            sealing.witnesses = Some(Witnesses::new(&sealing, vec![peer], 1).unwrap());
        }
        Sealer::new(log, sealing).run(CancellationToken::new()).await;
    });
}

fn spawn(place: &Place, point: Option<&str>, witness: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::child", "--nocapture"]).stdout(Stdio::null()).stderr(Stdio::null());
    let (schema, folder) = (&place.log.options().schema, place.folder());
    command.env(CHILD, format!("{} {schema} {} {witness}", server_url(), folder.display()));
    command.envs(point.map(|point| (fault::VARIABLE, point)));
    command.spawn().unwrap()
}

/// Whether the child died of itself within the limit; it is killed otherwise.
pub async fn died(mut child: Child, limit: Duration) -> bool {
    let start = Instant::now();
    let mut died = false;
    while !died && start.elapsed() < limit {
        tokio::time::sleep(Duration::from_millis(2)).await;
        died = child.try_wait().unwrap().is_some();
    }
    let _ = child.kill();
    child.wait().unwrap();
    died
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_never_gets_a_second_root_wherever_the_process_is_killed() {
    let place = Place::new().await;
    let mut roots: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    for round in 0..16 {
        // Now and then nothing new is appended: what was left half-done is all there is to do.
        if round % 4 != 3 {
            place.fill(40).await;
        }
        if round % 4 == 3 {
            died(spawn(&place, None, "none"), Duration::from_millis(60)).await;
        } else {
            let point = POINTS[(round - round / 4) % POINTS.len()];
            assert!(died(spawn(&place, Some(point), "none"), SOON).await, "{point} was never reached");
        }
        let Some(note) = place.tiles().checkpoint().unwrap() else { continue };
        let size = policy().accept(&note).unwrap().checkpoint.size();
        assert_eq!(*roots.entry(size).or_insert(note.clone()), note, "{size}");
    }
    place.seal_all().await;
    let saved: Vec<_> = roots.into_values().collect();
    assert!(saved.len() >= 3, "checkpoints were published in between");
    let report = place.verify(&saved).await;
    assert_eq!(report.found, []);
    assert_eq!(report.size, 480);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_witness_is_asked_for_a_second_root_wherever_the_process_is_killed() {
    let place = Place::new().await;
    let one = Witnessing::start(&place, 0).await;
    for round in 0..10 {
        place.fill(40).await;
        let point = ["seal.after_tiles", "seal.after_row", "seal.after_checkpoint", "seal.after_final_row"]
            [round % 4];
        let child = spawn(&place, Some(point), &one.url());
        assert!(died(child, SOON).await, "{point} was never reached");
    }
    let mut running = Running::start(place.log.clone(), witnessed(&place, vec![one.peer()], 1));
    let is_final = |status: &audit::Status| {
        assert!(!matches!(status.state, State::Refused(_)), "{status:?}");
        status.finality.as_ref().is_some_and(|finality| finality.size == 400)
    };
    running.until(is_final).await;
    running.stop().await;
    assert_eq!(place.verify(&[]).await.found, []);
}
