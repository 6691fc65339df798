//! The shadow tree, hashed with SM3: it follows the log wherever it is killed, signs nothing that the log did not, and
//! is verified with it.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use audit::{Publish, Report, Sealer, Sealing, What, shadow};
use ed25519_dalek::SigningKey;
use eventlog::{Log, Options, fault};
use merkle::{
    Checkpoint, Ed25519Signer, Hash, Hasher, KeyType, Policy, Renamed, Sha256, Signer, Tile, tile::Entries,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use witness::http::{Client, serve};

use crate::support::*;

fn shadowed(place: &Place) -> Sealing {
    Sealing { sm3: true, ..place.sealing() }
}

/// Seals until the shadow covers everything too.
async fn shadow_all(place: &Place) {
    let head = place.log.head().await.unwrap().position;
    let mut running = Running::start(place.log.clone(), shadowed(place));
    running.until(|status| status.shadow.as_ref().is_some_and(|shadow| shadow.size == head)).await;
    running.stop().await;
}

/// Why the shadow does not go on; the log is sealed meanwhile.
async fn trouble(place: &Place) -> String {
    let head = place.log.head().await.unwrap().position;
    let mut running = Running::start(place.log.clone(), shadowed(place));
    let troubled = |status: &audit::Status| {
        status.sealed == head && status.shadow.as_ref().is_some_and(|shadow| shadow.trouble.is_some())
    };
    let status = running.until(troubled).await;
    running.stop().await;
    status.shadow.unwrap().trouble.unwrap()
}

fn policy() -> Policy {
    Policy::new(vec![shadow::key(signer().key()).unwrap()], vec![], 0).unwrap()
}

fn published(place: &Place) -> Option<Checkpoint> {
    let note = place.tiles().shadow().checkpoint().unwrap()?;
    Some(policy().accept(&note).unwrap().checkpoint)
}

/// Every file below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for file in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        let name = file.file_name().into_string().unwrap();
        if file.path().is_dir() {
            let below = files(&file.path()).into_iter();
            found.extend(below.map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else {
            found.insert(name, fs::read(file.path()).unwrap());
        }
    }
    found
}

fn flip(place: &Place, name: &str, at: usize) {
    let file = place.folder().join(name);
    let mut bytes = fs::read(&file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

fn sm3(parts: &[&[u8]]) -> Hash {
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sm3", "-binary"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("openssl is installed");
    child.stdin.take().unwrap().write_all(&parts.concat()).unwrap();
    Hash(child.wait_with_output().unwrap().stdout.try_into().unwrap())
}

/// RFC 6962 section 2.1, hashed by openssl.
fn root(entries: &[&[u8]]) -> Hash {
    if let [entry] = entries {
        return sm3(&[&[0], entry]);
    }
    let (left, right) = entries.split_at(entries.len().next_power_of_two() / 2);
    sm3(&[&[1], &root(left).0, &root(right).0])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_of_a_shadow_is_what_openssl_makes_of_the_entries() {
    let place = Place::new().await;
    place.fill(21).await;
    shadow_all(&place).await;
    let bundle = fs::read(place.folder().join("tile/entries/000.p/21")).unwrap();
    let entries: Vec<_> = Entries::of(&bundle).map(Result::unwrap).collect();
    let signed = published(&place).unwrap();
    assert_eq!((signed.origin(), signed.size()), ("log.example/things/sm3", 21));
    assert_eq!(*signed.root(), root(&entries));
    let report = place.verify(&[]).await;
    assert_eq!((report.found, report.shadow), (vec![], Some(21)));
    assert!(!place.folder().join("sm3/tile/entries").exists(), "the entries lie with the log's tree");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_a_shadow_has_none() {
    let place = Place::sealed(30, 10).await;
    assert!(!place.folder().join("sm3").exists());
    assert_eq!(place.verify_files(&[]).await.shadow, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_that_is_switched_on_late_comes_to_the_same_as_one_that_grew_along() {
    let place = Place::new().await;
    for count in [100, 200, 400] {
        place.fill(count).await;
        shadow_all(&place).await;
    }
    let grown = files(&place.folder().join("sm3"));
    fs::remove_dir_all(place.folder().join("sm3")).unwrap();
    place.seal_all().await;
    assert_eq!(published(&place), None, "it is switched off");
    shadow_all(&place).await;
    let again = files(&place.folder().join("sm3"));
    assert!(again.len() >= 5, "{:?}", again.keys());
    for (name, bytes) in again {
        assert_eq!(grown[&name], bytes, "{name}");
    }
    assert_eq!(place.verify(&[]).await.found, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn partial_tiles_go_once_the_full_one_is_signed() {
    let place = Place::new().await;
    let mut running = Running::start(place.log.clone(), shadowed(&place));
    let partial = place.folder().join("sm3/tile/0/000.p");
    for (more, size, is_there) in [(100, 100, true), (300, 400, false)] {
        place.fill(more).await;
        running.until(|status| status.shadow.as_ref().is_some_and(|shadow| shadow.size == size)).await;
        assert_eq!(partial.exists(), is_there, "at size {size}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_caught_up_with_in_steps_each_under_a_signature() {
    let place = Place::new().await;
    for _ in 0..34 {
        place.fill_at_once(500).await;
    }
    let head = place.log.head().await.unwrap().position;
    place.seal_all().await;
    let mut running = Running::start(place.log.clone(), shadowed(&place));
    let mut seen = Vec::new();
    let whole = |status: &audit::Status| {
        seen.extend(status.shadow.as_ref().map(|shadow| shadow.size));
        seen.last() == Some(&head)
    };
    running.until(whole).await;
    running.stop().await;
    assert!(seen.iter().all(|size| [0, 8_192, 16_384, head].contains(size)), "{seen:?}");
    let report = place.verify_files(&[]).await;
    assert_eq!((report.found, report.shadow), (vec![], Some(head)));
}

/// Where the child finds its database, schema and folder; without it, `child` is not a child and does nothing.
const CHILD: &str = "FENGHUO_SHADOW_CHILD";
const POINTS: [&str; 5] = [
    "shadow.after_tiles",
    "seal.after_row",
    "shadow.after_checkpoint",
    "seal.after_tiles",
    "shadow.after_tiles",
];

/// Seals for ever, with a shadow.
#[test]
fn child() {
    let Ok(place) = std::env::var(CHILD) else { return };
    let [url, schema, folder] = place.split(' ').collect::<Vec<_>>()[..] else { panic!("{place}") };
    let options = Options::new(url.parse().unwrap(), schema);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let log = Log::open(options, world()).await.unwrap();
        let (every, lease) = (Duration::from_millis(5), Duration::from_millis(200));
        let sealing = Sealing::new(folder, std::sync::Arc::new(signer()));
        let sealing = Sealing { every, lease, sm3: true, ..sealing };
        Sealer::new(log, sealing).run(CancellationToken::new()).await;
    });
}

fn spawn(place: &Place, point: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "shadow::child", "--nocapture"]).stdout(Stdio::null()).stderr(Stdio::null());
    let (schema, folder) = (&place.log.options().schema, place.folder());
    command.env(CHILD, format!("{} {schema} {}", server_url(), folder.display()));
    command.env(fault::VARIABLE, point).spawn().unwrap()
}

async fn died(mut child: Child) -> bool {
    let start = Instant::now();
    while start.elapsed() < SOON {
        tokio::time::sleep(Duration::from_millis(2)).await;
        if child.try_wait().unwrap().is_some() {
            return true;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_of_a_shadow_never_gets_a_second_root_wherever_the_process_is_killed() {
    let place = Place::new().await;
    let mut roots: BTreeMap<u64, Hash> = BTreeMap::new();
    for round in 0..15 {
        place.fill(40).await;
        let point = POINTS[round % POINTS.len()];
        assert!(died(spawn(&place, point)).await, "{point} was never reached");
        let Some(signed) = published(&place) else { continue };
        assert_eq!(*roots.entry(signed.size()).or_insert(*signed.root()), *signed.root());
        let report = place.verify_files(&[]).await;
        assert_eq!(report.found, [], "killed at {point}");
    }
    assert!(roots.len() >= 3, "it was published in between");
    shadow_all(&place).await;
    let report = place.verify(&[]).await;
    assert_eq!((report.found, report.shadow), (vec![], Some(600)));
    let partial = files(&place.folder().join("sm3")).into_keys().filter(|name| name.contains("/000.p/"));
    assert_eq!(
        partial.filter(|name| name.starts_with("tile/0/")).count(),
        0,
        "what became full is collected"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_the_log_did_not_sign_are_not_signed_by_its_shadow() {
    let place = Place::sealed(300, 300).await;
    let bundle = place.folder().join("tile/entries/000");
    let original = fs::read(&bundle).unwrap();
    let at = original.windows(9).position(|word| word == b"officer-1").unwrap();
    flip(&place, "tile/entries/000", at + 8);
    let why = trouble(&place).await;
    assert!(why.contains("positions 1 to 300 are not those that the log has signed"), "{why}");

    // Together with the hash of the leaf, so that both agree with one another.
    let changed = fs::read(&bundle).unwrap();
    let (index, entry) = Entries::of(&changed)
        .map(Result::unwrap)
        .zip(Entries::of(&original).map(Result::unwrap))
        .enumerate()
        .find_map(|(index, (changed, original))| (changed != original).then_some((index, changed)))
        .unwrap();
    let row = place.folder().join("tile/0/000");
    let mut hashes = fs::read(&row).unwrap();
    hashes[index * 32..][..32].copy_from_slice(&Sha256::leaf(entry).0);
    fs::write(&row, &hashes).unwrap();
    place.fill(10).await;
    let why = trouble(&place).await;
    assert!(why.contains("are not those that the log has signed"), "{why}");
    assert_eq!(published(&place), None, "nothing was signed");
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_missing_delay_the_shadow_alone_until_they_are_back() {
    let place = Place::sealed(300, 300).await;
    let bundle = place.folder().join("tile/entries/000");
    let kept = place.scratch.path().join("kept");
    fs::rename(&bundle, &kept).unwrap();
    let why = trouble(&place).await;
    assert!(why.contains("tile/entries/000 is missing"), "{why}");
    let mut running = Running::start(place.log.clone(), shadowed(&place));
    running.until(|status| status.shadow.as_ref().is_some_and(|shadow| shadow.trouble.is_some())).await;
    fs::rename(&kept, &bundle).unwrap();
    let whole = audit::ShadowStatus { size: 300, trouble: None };
    running.until(|status| status.shadow.as_ref() == Some(&whole)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_whose_files_were_changed_is_left_as_it_is() {
    let place = Place::new().await;
    place.fill(300).await;
    shadow_all(&place).await;
    let checkpoint = fs::read(place.folder().join("sm3/checkpoint")).unwrap();
    flip(&place, "sm3/tile/0/001.p/44", 7);
    place.fill(10).await;
    let why = trouble(&place).await;
    assert!(why.contains("do not give the signed root of 300 events"), "{why}");
    assert_eq!(fs::read(place.folder().join("sm3/checkpoint")).unwrap(), checkpoint);
    flip(&place, "sm3/tile/0/001.p/44", 7);

    forge(&place, 400, Hash([1; 32]), signer());
    let why = trouble(&place).await;
    assert!(why.contains("about 400 events, that of the log about 310"), "{why}");
    flip(&place, "sm3/checkpoint", 30);
    assert!(trouble(&place).await.contains("its checkpoint cannot be trusted"));
}

/// Puts a checkpoint under the shadow's name in the place of the published one.
fn forge(place: &Place, size: u64, root: Hash, key: Ed25519Signer) {
    let origin = shadow::origin(ORIGIN);
    let signer = Renamed::new(std::sync::Arc::new(key), &origin).unwrap();
    let note = Checkpoint::new(&origin, size, root).unwrap().sign(&signer).unwrap();
    fs::write(place.folder().join("sm3/checkpoint"), note.to_string()).unwrap();
}

fn told(report: &Report) -> Vec<String> {
    report.found.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_in_a_shadow_is_found_and_named() {
    let place = Place::new().await;
    place.fill(600).await;
    shadow_all(&place).await;
    let signed = published(&place).unwrap();
    assert_eq!(place.verify(&[]).await.found, []);

    flip(&place, "sm3/tile/0/001", 4 * 32 + 9);
    assert_eq!(
        told(&place.verify(&[]).await),
        ["position 261: the hash in sm3/tile/0/001 is not that of the leaf"]
    );
    flip(&place, "sm3/tile/0/001", 4 * 32 + 9);

    flip(&place, "sm3/tile/1/000.p/2", 32);
    let above = "position 257: the hash over positions 257 to 512 in sm3/tile/1/000.p/2 is not that of the level below";
    assert_eq!(told(&place.verify(&[]).await), [above]);
    flip(&place, "sm3/tile/1/000.p/2", 32);

    let row = place.folder().join("sm3/tile/0/002.p/88");
    let bytes = fs::read(&row).unwrap();
    fs::remove_file(&row).unwrap();
    let missing = "position 513: the tile of hashes sm3/tile/0/002.p/88 is missing";
    assert_eq!(told(&place.verify(&[]).await), [missing]);
    fs::write(&row, bytes).unwrap();

    flip(&place, "sm3/checkpoint", 30);
    let found = told(&place.verify(&[]).await);
    assert!(found[0].starts_with("checkpoint (sm3/checkpoint) cannot be trusted: "), "{found:?}");

    let stranger = Ed25519Signer::new(ORIGIN, KeyType::Ed25519, SigningKey::from_bytes(&[8; 32])).unwrap();
    forge(&place, 600, *signed.root(), stranger);
    let found = told(&place.verify(&[]).await);
    assert!(found[0].contains("the log \"log.example/things/sm3\" did not sign"), "{found:?}");

    // With the stolen key.
    forge(&place, 600, Hash([1; 32]), signer());
    let rewritten = "rewritten between positions 1 and 600: not what checkpoint (sm3/checkpoint) signs";
    assert_eq!(told(&place.verify(&[]).await), [rewritten]);
    forge(&place, 700, *signed.root(), signer());
    let back = "rolled back: checkpoint (sm3/checkpoint) signs 700 events, there are 600";
    assert_eq!(told(&place.verify(&[]).await), [back]);

    forge(&place, 600, *signed.root(), signer());
    assert_eq!(place.verify(&[]).await.found, [], "all is as it was");
    flip(&place, "tile/entries/000", 300);
    let found = place.verify_files(&[]).await.found;
    let tiles = found.iter().filter_map(|found| match &found.what {
        What::WrongLeafHash { tile } => Some(tile.as_str()),
        _ => None,
    });
    assert_eq!(tiles.collect::<Vec<_>>(), ["tile/0/000", "sm3/tile/0/000"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_is_published_beside_the_log() {
    let place = Place::new().await;
    place.fill(300).await;
    shadow_all(&place).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    tokio::spawn(serve(listener, std::sync::Arc::new(Publish(place.tiles())), stop));
    let get = async |name: &str| Client::new(SOON).get(&format!("{url}/{name}")).await.unwrap();
    let row: Tile = "tile/0/001.p/44".parse().unwrap();
    for name in ["sm3/checkpoint", &format!("sm3/{row}"), "sm3/tile/0/000"] {
        let answer = get(name).await;
        assert_eq!(
            (answer.status, answer.body),
            (200, fs::read(place.folder().join(name)).unwrap()),
            "{name}"
        );
    }
    for name in ["sm3", "sm3/", "sm3/lock", "sm3/../lock", "sm3/sm3/checkpoint", "sm3/tile/entries/000"] {
        assert_eq!(get(name).await.status, 404, "{name}");
    }
}
