//! A development system with witnesses of its own: finality, what it survives, and what a stopped witness delays.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use fenghuo::system::{System, SystemOptions};
use serde_json::Value;
use servers::Scratch;
use time::macros::datetime;

use crate::{
    audit::SCENARIO,
    dev::Dev,
    program::{err, out, run},
};

const FINAL_MAX: Duration = Duration::from_secs(60);

fn status(data: &str) -> Value {
    let status = run(&["view", "status", "--service", "hazard", "--json", "--data", data]);
    assert!(status.status.success(), "{}", err(&status));
    serde_json::from_str::<Value>(&out(&status)).unwrap()[0].clone()
}

fn until(data: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let give_up = Instant::now() + FINAL_MAX;
    loop {
        let status = status(data);
        if holds(&status) {
            return status;
        }
        assert!(Instant::now() < give_up, "{status}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// All events are under a checkpoint that has its quorum; how many there are.
fn all_final(data: &str) -> u64 {
    let status = until(data, |status| status["sealed"]["final"]["size"] == status["head"]);
    status["head"].as_u64().unwrap()
}

fn play(data: &str) {
    let played = run(&["play", SCENARIO, "--data", data]);
    assert!(played.status.success(), "{}", err(&played));
}

/// Opening the dossier for another purpose is one more event.
fn grow(data: &str, purpose: &str) {
    let opened = run(&["clocks", "wuyi-2023-0417", "--purpose", purpose, "--data", data]);
    assert!(opened.status.success(), "{}", err(&opened));
}

fn verified(data: &str) -> String {
    let key = |number: u64| format!("{data}/keys/witness-{number}.vkey");
    let verify = ["--lang", "en", "audit", "verify", "--service", "hazard", "--data", data, "--quorum", "2"];
    let witnesses = ["--witness", &key(1), "--witness", &key(2), "--witness", &key(3)];
    let verified = run(&[&verify[..], &witnesses].concat());
    assert!(verified.status.success(), "{}{}", out(&verified), err(&verified));
    out(&verified)
}

/// A bundle and an export carry the lines of the witnesses, and want them.
fn bundled(data: &str) {
    let key = |name: &str| format!("{data}/keys/{name}.vkey");
    let witnesses = [1, 2, 3].map(|number| key(&format!("witness-{number}")));
    let as_option = |option: &'static str| witnesses.iter().flat_map(|key| [option, key]).collect::<Vec<_>>();
    let asked = |arguments: &[&str], option: &'static str| {
        let witnesses = as_option(option);
        let done = run(&[&["--lang", "en", "audit"], arguments, &witnesses, &["--quorum", "2"]].concat());
        assert!(done.status.success(), "{arguments:?}: {}{}", out(&done), err(&done));
        out(&done)
    };
    let file = format!("{data}/wuyi.zip");
    asked(&["bundle", "wuyi-2023-0417", "-o", &file, "--data", data], "--witness");
    let logs = ["credit", "enforcement", "hazard", "investigation", "reward", "timeline"];
    let logs = logs.map(|log| key(&format!("audit-{log}")));
    let logs = logs.iter().flat_map(|key| ["--key", key]).collect::<Vec<_>>();
    let told = asked(&[&["bundle", "verify", &file][..], &logs].concat(), "--key");
    assert!(told.ends_with("verified\n"), "{told}");
    asked(
        &["export", "--case", "wuyi-2023-0417", "-o", &format!("{data}/export"), "--data", data],
        "--witness",
    );
    let manifest = std::fs::read_to_string(format!("{data}/export/hazard/manifest.json")).unwrap();
    assert!(manifest.contains("witness-1") || manifest.contains("witness-2"), "{manifest}");
}

#[test]
fn a_system_with_witnesses_is_final_and_goes_on_after_a_kill() {
    let scratch = Scratch::new().unwrap();
    let folder = scratch.path().join("data");
    let data = folder.to_str().unwrap();
    let mut dev = Dev::start_with(&folder, &["--witnesses", "3"]);
    for name in ["witness-1", "witness-2", "witness-3"] {
        assert!(dev.said.iter().any(|line| line.contains(name) && line.contains("http://127")), "{name}");
    }
    play(data);
    let first = all_final(data);
    assert!(Path::new(data).join("audit/hazard/checkpoint.final").is_file());
    let told = verified(data);
    assert!(told.contains(&format!("final: {first} leaves, cosigned by 2 witnesses")), "{told}");
    bundled(data);
    let keys = || [1, 2, 3].map(|n| std::fs::read(format!("{data}/keys/witness-{n}.vkey")).unwrap());
    let generated = keys();
    dev.signal("KILL");
    dev.ended();

    let _again = Dev::start_with(&folder, &["--witnesses", "3"]);
    grow(data, "after the kill");
    assert!(all_final(data) > first);
    verified(data);
    assert_eq!(keys(), generated);
    for name in ["witness-1", "witness-2", "witness-3"] {
        let memory = std::fs::read_dir(folder.join("witnesses").join(name)).unwrap().map(Result::unwrap);
        let known = memory.filter(|file| file.path().extension().is_some_and(|it| it == "checkpoint"));
        assert_eq!(known.count(), 6, "{name} remembers every log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_stopped_witness_of_three_delays_nothing_and_two_delay_finality_alone() {
    let scratch = Scratch::new().unwrap();
    let folder = scratch.path().join("data");
    let data = folder.to_str().unwrap();
    let options = SystemOptions { witnesses: 3, ..SystemOptions::new(&folder) };
    let options = options.scripted(datetime!(2023-04-17 06:00 UTC));
    let mut system = System::start(options).await.unwrap();
    play(data);
    all_final(data);

    system.stop_witness("witness-3").await.unwrap();
    grow(data, "without one");
    let before = all_final(data);

    system.stop_witness("witness-2").await.unwrap();
    grow(data, "without two");
    let waits = until(data, |status| {
        let troubled = status["sealed"]["final"]["witnesses"].as_array().unwrap().iter();
        let troubled = troubled.filter(|witness| !witness["troubled_since"].is_null()).count();
        status["sealed"]["size"] == status["head"] && troubled == 2
    });
    assert!(waits["head"].as_u64().unwrap() > before, "commands and readings go on");
    assert_eq!(waits["sealed"]["state"], "sealing");
    assert_eq!(waits["sealed"]["final"]["size"], before);

    system.start_witness("witness-2").await.unwrap();
    assert!(all_final(data) > before);
    system.stop().await.unwrap();
}
