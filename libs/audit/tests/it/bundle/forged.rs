//! What a forger makes who recomputes everything that needs no key.

use std::collections::BTreeMap;

use audit::bundle::{Contents, Log, verify_files};
use merkle::{
    Checkpoint, Ed25519Signer, Hex, KeyType, Note, Sha256, Signer, Statement, Tile,
    tile::extend,
    tree::{Frontier, Plan},
};
use sha2::Digest as _;

use super::*;
use crate::shell::{Extracted, keys, last_line};

/// Both ways refuse it, for this reason.
#[track_caller]
pub(super) fn refused(files: &Files, trust: &Trust, native: &str, script: &str) {
    let fault = verify_files(files, trust).unwrap_err();
    assert!(fault.to_string().contains(native), "{fault}");
    assert!(!fault.zh().is_empty());
    let texts: Vec<String> = trust.keys.iter().map(ToString::to_string).collect();
    let output = Extracted::new(files).verify(&keys(&texts));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(last_line(&output).contains(script), "{output:?}");
    assert!(last_line(&output).starts_with("核验未通过："), "{output:?}");
}

#[track_caller]
pub(super) fn accepted(files: &Files, trust: &Trust) -> String {
    verify_files(files, trust).unwrap();
    let texts: Vec<String> = trust.keys.iter().map(ToString::to_string).collect();
    let output = Extracted::new(files).verify(&keys(&texts));
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The tree of a log's leaves as they are now: every event gets its path in it.
fn replant(log: &mut Log) -> Frontier<Sha256> {
    let leaves = log.leaves.clone().unwrap();
    let made = extend::<Sha256, _>(0, &leaves, &BTreeMap::<Tile, Vec<u8>>::new()).unwrap();
    let tiles: BTreeMap<_, _> = made.tiles.into_iter().collect();
    for event in &mut log.events {
        let plan = Plan::inclusion(event.position - 1, made.size, made.size).unwrap();
        event.path = plan.hashes::<Sha256, _>(&tiles).unwrap();
    }
    let mut tree = Frontier::new();
    for leaf in made.leaves {
        tree.push(leaf).unwrap();
    }
    tree
}

/// Signs the leaves as they are now.
fn resign(log: &mut Log, signer: &Ed25519Signer) {
    let tree = replant(log);
    let head = Checkpoint::new(signer.key().name(), tree.size(), tree.root()).unwrap();
    log.checkpoint = head.sign(signer).unwrap().to_string();
    log.keys = vec![signer.key().clone()];
    log.witnesses = None;
}

/// Changes what an event says, and its leaf with it.
fn reword(log: &mut Log, position: u64) {
    let event = event(log, position);
    event.data = String::from_utf8(event.data.clone()).unwrap().replace("alert", "ALERT").into_bytes();
    let mut leaf = Statement::parse(&event.leaf).unwrap();
    leaf.data_sha256 = Hex(sha2::Sha256::digest(&event.data).into());
    event.leaf = leaf.canonical().unwrap();
    let leaf = event.leaf.clone();
    log.leaves.as_mut().unwrap()[position as usize - 1] = leaf;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_changed_is_not_what_was_sealed() {
    let files = contents().await.files();
    for part in ["data", "meta"] {
        let mut forged = files.clone();
        let name = format!("logs/things/events/3.{part}");
        forged.get_mut(&name).unwrap().push(b' ');
        refused(
            &forged,
            &Trust::default(),
            "the size is not what the manifest says",
            "the content is not what the manifest says",
        );
        remanifest(&mut forged);
        refused(&forged, &Trust::default(), "was changed: sealed", "the content is not what was sealed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_its_leaf_and_path_does_not_lead_to_the_old_root() {
    let mut made = contents().await;
    let things = log(&mut made, "things");
    reword(things, 6);
    let native = "logs/things/events/6.tlog-proof: the path does not lead to the signed root";
    refused(&made.files(), &Trust::default(), native, "the path does not lead to the signed root");
    replant(log(&mut made, "things"));
    refused(&made.files(), &Trust::default(), "the path does not lead", "the path does not lead");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_left_out_is_missed_wherever_it_stood() {
    let whole = contents().await;
    for (name, positions) in [("things", vec![2, 3, 6, 7, 9, 11]), ("others", vec![2, 4])] {
        for position in positions {
            let mut made = whole.clone();
            log(&mut made, name).events.retain(|event| event.position != position);
            let said = format!("position {position} is of this case, and the bundle lacks the event");
            refused(&made.files(), &Trust::default(), &said, &said);
            log(&mut made, name).leaves.as_mut().unwrap().remove(position as usize - 1);
            assert!(verify_files(&made.files(), &Trust::default()).is_err());
            assert!(!Extracted::new(&made.files()).verify(&[]).status.success());
        }
    }
}

/// What nobody can see without the other leaves is said plainly, and can be asked for.
#[tokio::test(flavor = "multi_thread")]
async fn without_all_leaves_nobody_sees_that_an_event_was_left_out() {
    let mut made = contents().await;
    let things = log(&mut made, "things");
    things.leaves = None;
    things.events.pop();
    let said = accepted(&made.files(), &all_keys());
    assert!(said.contains("nobody can see whether an event of the case was left out"), "{said}");
    let complete = Trust { complete: true, ..all_keys() };
    let fault = verify_files(&made.files(), &complete).unwrap_err();
    assert!(fault.to_string().contains("leaves of the whole log are not in the bundle"), "{fault}");
    assert!(!Extracted::new(&made.files()).verify(&["--complete"]).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_that_were_swapped_are_found() {
    let mut made = contents().await;
    let things = log(&mut made, "things");
    let (one, two) = (event(things, 6).clone(), event(things, 7).clone());
    *event(things, 6) = Event { position: 6, path: one.path.clone(), ..two.clone() };
    *event(things, 7) = Event { position: 7, path: two.path.clone(), ..one.clone() };
    refused(&made.files(), &Trust::default(), "6.tlog-proof: the path", "6.tlog-proof: the path");
    log(&mut made, "things").leaves.as_mut().unwrap().swap(5, 6);
    refused(&made.files(), &Trust::default(), "6.tlog-proof: the path", "6.tlog-proof: the path");
    replant(log(&mut made, "things"));
    refused(&made.files(), &Trust::default(), "the path does not lead", "the path does not lead");
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_of_another_checkpoint_do_not_count() {
    let whole = contents().await;
    let mut made = whole.clone();
    reword(log(&mut made, "things"), 6);
    let tree = replant(log(&mut made, "things"));
    let head = Checkpoint::new("log.example/things", tree.size(), tree.root()).unwrap();
    let old = Note::parse(whole.logs[1].checkpoint.as_bytes()).unwrap();
    let mut pasted = Note::unsigned(head.to_string()).unwrap();
    old.signatures().iter().for_each(|line| pasted.add(line.clone()));
    log(&mut made, "things").checkpoint = pasted.to_string();
    refused(&made.files(), &Trust::default(), "does not verify", "does not verify");
    // The log's own signature is right, the witness's is an old one.
    let mut stolen = head.sign(&things()).unwrap();
    stolen.add(old.signatures()[1].clone());
    log(&mut made, "things").checkpoint = stolen.to_string();
    let script = "the cosignature of witness.example does not verify";
    let mut files = made.files();
    // The maker of files does not write what is not cosigned; a forger does.
    let message = format!("cosignature/v1\ntime 1700000000\n{head}").into_bytes();
    files.insert(format!("logs/things/cosigned-{}", witness().key().id()), message);
    remanifest(&mut files);
    refused(&files, &Trust::default(), "does not verify", script);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_another_key_signed_is_found_by_who_knows_the_key() {
    let mut made = contents().await;
    reword(log(&mut made, "things"), 6);
    resign(log(&mut made, "things"), &signer_of("log.example/things", 9, KeyType::Ed25519));
    let said = accepted(&made.files(), &Trust::default());
    assert!(said.contains("the keys came with the bundle"), "{said}");
    refused(
        &made.files(),
        &all_keys(),
        "no key that was given has signed it",
        "no key that was given has signed it",
    );
    // A thief of the log's key has no witness.
    resign(log(&mut made, "things"), &things());
    accepted(&made.files(), &all_keys());
    let fault = verify_files(&made.files(), &Trust { quorum: 1, ..all_keys() }).unwrap_err();
    assert!(fault.to_string().contains("0 of the 1 witnesses needed"), "{fault}");
    assert!(!Extracted::new(&made.files()).verify(&["--quorum", "1"]).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_missing_is_found_by_who_knows_its_key() {
    let mut made = contents().await;
    made.logs.retain(|log| log.name != "things");
    let said = accepted(&made.files(), &Trust::default());
    assert!(said.contains("events whose cause in things is not in the bundle: 2."), "{said}");
    let native = "log.example/things: a key was given, and the bundle has no such log";
    refused(&made.files(), &all_keys(), native, native);
    // Its files alone, with the index as it was.
    let mut files = contents().await.files();
    files.retain(|name, _| !name.starts_with("logs/things/"));
    remanifest(&mut files);
    refused(&files, &Trust::default(), "logs/things/", "logs/things");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_must_be_one_that_is_known() {
    let mut made = contents().await;
    let false_witness = signer_of("witness.example", 8, KeyType::Cosignature);
    let things = log(&mut made, "things");
    things.witnesses = Some(Witnesses { quorum: 1, keys: vec![false_witness.key().clone()] });
    let mut note = Note::parse(things.checkpoint.as_bytes()).unwrap();
    note.add(cosign(&note, 1_700_000_000, &false_witness).unwrap());
    things.checkpoint = note.to_string();
    accepted(&made.files(), &Trust::default());
    refused(&made.files(), &all_keys(), "0 of the 1 witnesses", "0 of 1 witnesses");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_under_another_name_is_refused() {
    let mut made: Contents = contents().await;
    made.case = "c-3".to_owned();
    refused(&made.files(), &Trust::default(), "case was changed", "is not of this case");
}
