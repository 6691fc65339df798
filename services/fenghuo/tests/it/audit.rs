//! `fenghuo audit` on a system that has played a case: it holds, it is bundled, and a flipped byte is found.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use audit::bundle;

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
    let dev = Dev::start_with(&data, &["--audit-sm3"]);
    let played = run(&["play", SCENARIO, "--data", data.to_str().unwrap()]);
    assert!(played.status.success(), "{}", err(&played));
    assert_eq!(sealed(&data, "hazard")["state"], "sealing");

    let verified = audit(&["verify"], &data);
    assert!(verified.status.success(), "{}{}", out(&verified), err(&verified));
    assert!(out(&verified).contains("events compared field by field; 0 more"), "{}", out(&verified));
    assert!(out(&verified).contains("SM3 shadow: made anew of "), "{}", out(&verified));

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

/// Everybody whose log has a part in the case.
const LOGS: [&str; 6] = ["credit", "enforcement", "hazard", "investigation", "reward", "timeline"];
/// All that the script may call.
const TOOLS: [&str; 4] = ["bash", "openssl", "xxd", "base64"];

#[test]
fn the_real_case_is_bundled_and_verified_by_stock_tools_alone() {
    let scratch = Scratch::new().unwrap();
    let (data, file) = (scratch.path().join("data"), scratch.path().join("wuyi.zip"));
    let dev = Dev::start(&data);
    let (data_text, file_text) = (data.to_str().unwrap(), file.to_str().unwrap());
    let played = run(&["play", SCENARIO, "--data", data_text]);
    assert!(played.status.success(), "{}", err(&played));
    let began = Instant::now();
    let bundle = ["--lang", "en", "audit", "bundle"];
    let made = run(&[&bundle[..], &["wuyi-2023-0417", "-o", file_text, "--data", data_text]].concat());
    assert!(made.status.success(), "{}", err(&made));
    let made_in = began.elapsed();
    drop(dev);

    let keys = LOGS.map(|log| data.join(format!("keys/audit-{log}.vkey")).display().to_string());
    let keys: Vec<&str> = keys.iter().flat_map(|key| ["--key", key]).collect();
    let began = Instant::now();
    let verify = [&bundle[..], &["verify", file_text, "--complete"], &keys].concat();
    let verified = run(&verify);
    assert!(verified.status.success(), "{}", err(&verified));
    assert!(out(&verified).ends_with("verified\n"), "{}", out(&verified));
    let verified_in = began.elapsed();

    let archive = fs::read(&file).unwrap();
    extract(&archive, &scratch.path().join("case"));
    let began = Instant::now();
    let output = by_stock_tools(scratch.path(), &[&keys[..], &["--complete"]].concat());
    assert!(output.status.success(), "{}{}", out(&output), err(&output));
    let last = out(&output).lines().last().unwrap_or_default().to_owned();
    assert!(
        last.contains("VERIFIED: case wuyi-2023-0417, ") && last.ends_with(" events in 6 logs"),
        "{last}"
    );
    println!(
        "{last}: {} bytes, made in {made_in:?}, verified in {verified_in:?}, by stock tools in {:?}",
        archive.len(),
        began.elapsed()
    );

    let mut flipped = archive;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(&file, flipped).unwrap();
    let refused = run(&verify);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("verification failed: "), "{}", err(&refused));
}

fn extract(archive: &[u8], folder: &Path) {
    for (name, bytes) in bundle::unpack(archive).unwrap() {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
}

/// Runs the script of the bundle in `case` with nothing in the environment but four programs.
fn by_stock_tools(folder: &Path, arguments: &[&str]) -> Output {
    let (bare, path) = (folder.join("bare"), env::var_os("PATH").unwrap());
    fs::create_dir(&bare).unwrap();
    for tool in TOOLS {
        let mut places = env::split_paths(&path).map(|place| place.join(tool));
        symlink(places.find(|place| place.is_file()).unwrap(), bare.join(tool)).unwrap();
    }
    let mut command = Command::new(bare.join("bash"));
    command.arg("verify.sh").args(arguments).current_dir(folder.join("case"));
    command.env_clear().env("PATH", bare).output().unwrap()
}

#[test]
fn a_bundle_of_nothing_or_of_nowhere_is_refused_in_one_line() {
    let scratch = Scratch::new().unwrap();
    let file = scratch.path().join("x.zip");
    fs::write(&file, "no archive").unwrap();
    let (data, file) = (scratch.path().to_str().unwrap(), file.to_str().unwrap());
    let told = |arguments: &[&str]| {
        let output = run(&[&["--lang", "en", "audit", "bundle"], arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        err(&output)
    };
    assert!(
        told(&["verify", file]).contains("zip: is no bundle in its canonical form"),
        "{}",
        told(&["verify", file])
    );
    assert!(told(&["verify", "/nonexistent"]).contains("read /nonexistent"));
    assert!(told(&["c-1", "-o", file, "--data", data]).contains("no log is sealed in"));
    let script = run(&["audit", "bundle", "script"]);
    assert_eq!(out(&script), bundle::SCRIPT);
}
