//! A case's times, asked of a running system: its clocks, whether it was late at a moment, and what other rules would
//! have made of it.

use std::path::Path;

use law::RulePack;
use serde_json::Value;
use servers::Scratch;

use crate::{
    dev::Dev,
    program::{err, out, run},
};

const CASE: &str = "wuyi-2023-0417";
const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/wuyi-2023-0417.yaml");

fn asked(arguments: &[&str], data: &Path) -> String {
    let data = data.to_str().unwrap();
    let output = run(&[arguments, &["--data", data]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", err(&output));
    out(&output)
}

/// The clock of the cause determination.
fn determining(arguments: &[&str], data: &Path) -> Value {
    let answer: Value = serde_json::from_str(&asked(arguments, data)).unwrap();
    let clocks = answer["clocks"].as_array().unwrap();
    clocks.iter().find(|clock| clock["rule"] == "fire.cause.determine").unwrap().clone()
}

#[test]
fn a_case_tells_its_times_at_any_moment_and_under_other_rules() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data");
    let _dev = Dev::start(&data);
    asked(&["play", SCENARIO], &data);

    let clock = determining(&["clocks", CASE, "--json"], &data);
    // Thirty days, nine of an appraisal, thirty more that were approved.
    assert_eq!((&clock["due"]["last_day"], &clock["state"]), (&"2023-06-25".into(), &"met".into()));
    let earlier = determining(&["clocks", CASE, "--at", "2023-04-18 00:00", "--json"], &data);
    assert_eq!((&earlier["due"]["last_day"], &earlier["state"]), (&"2023-05-17".into(), &"running".into()));
    let status = asked(&["law", "status", CASE, "--at", "2023-05-18 00:00"], &data);
    assert!(status.contains("fire.330723"), "{status}");

    assert_eq!(asked(&["law", "shadow", "--json"], &data), "");
    let row = |days: &str| format!(r#""id": "fire.cause.determine", "value": "{days}""#);
    let pack = scratch.path().join("pack.json");
    std::fs::write(&pack, RulePack::builtin_text().replace(&row("30"), &row("20"))).unwrap();
    let told = asked(&["law", "shadow", "--pack", pack.to_str().unwrap(), "--json"], &data);
    let differences: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [difference] = &differences[..] else { panic!("{told}") };
    // The appraisal and the approval came after the twentieth day, so neither counts.
    assert_eq!(difference["other"]["due"]["last_day"], "2023-05-07");
    assert_eq!(
        (&difference["recorded"]["outcome"], &difference["other"]["outcome"]),
        (&"in-time".into(), &"late".into())
    );
}
