//! `fenghuo audit` on a system that has played a case: it holds, and a flipped byte is found.

use std::{
    fs,
    path::Path,
    process::Output,
    thread,
    time::{Duration, Instant},
};

use servers::Scratch;

use crate::{
    dev::Dev,
    program::{err, out, run},
};

pub(crate) const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/wuyi-2023-0417.yaml");
const SEALED_MAX: Duration = Duration::from_secs(30);

fn audit(arguments: &[&str], data: &Path) -> Output {
    let data = data.to_str().unwrap();
    run(&[&["--lang", "en", "audit"], arguments, &["--service", "hazard", "--data", data]].concat())
}

/// Waits until every event is under a signature.
pub(crate) fn sealed(data: &Path, service: &str) -> serde_json::Value {
    let give_up = Instant::now() + SEALED_MAX;
    loop {
        let data = data.to_str().unwrap();
        let status = out(&run(&["view", "status", "--service", service, "--json", "--data", data]));
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        if status[0]["sealed"]["size"] == status[0]["head"] {
            return status[0]["sealed"].clone();
        }
        assert!(Instant::now() < give_up, "{status}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_played_case_is_sealed_proved_and_verified_and_a_flipped_byte_is_found() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data");
    let dev = Dev::start(&data);
    let played = run(&["play", SCENARIO, "--data", data.to_str().unwrap()]);
    assert!(played.status.success(), "{}", err(&played));
    assert_eq!(sealed(&data, "hazard")["state"], "sealing");

    let verified = audit(&["verify"], &data);
    assert!(verified.status.success(), "{}{}", out(&verified), err(&verified));
    assert!(out(&verified).contains("events compared field by field; 0 more"), "{}", out(&verified));

    let receipt = scratch.path().join("receipt");
    let receipt = receipt.to_str().unwrap();
    let proved = audit(&["proof", "2", "-o", receipt], &data);
    assert!(proved.status.success(), "{}", err(&proved));
    let key = data.join("keys/audit-hazard.vkey");
    let check = ["--lang", "en", "audit", "check-proof", receipt, "--vkey", key.to_str().unwrap()];
    let checked = run(&check);
    assert!(out(&checked).starts_with("proved: event 2 of "), "{}{}", out(&checked), err(&checked));

    drop(dev);
    let folder = data.join("audit/hazard");
    let saved = scratch.path().join("saved");
    fs::copy(folder.join("checkpoint"), &saved).unwrap();
    let verify = ["verify", "--files-only", "--checkpoint", saved.to_str().unwrap()];
    assert!(audit(&verify, &data).status.success());
    let bundles = fs::read_dir(folder.join("tile/entries/000.p")).unwrap();
    for bundle in bundles {
        let bundle = bundle.unwrap().path();
        let mut bytes = fs::read(&bundle).unwrap();
        bytes[30] ^= 1;
        fs::write(bundle, bytes).unwrap();
    }
    let verified = audit(&verify, &data);
    assert_eq!(verified.status.code(), Some(1));
    assert!(out(&verified).contains("position 1"), "{}", out(&verified));
    assert!(err(&verified).contains("verification failed in"), "{}", err(&verified));
}
