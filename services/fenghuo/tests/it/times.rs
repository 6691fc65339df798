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

/// How many dead each entry of a story told of, in its order.
fn tolls(arguments: &[&str], data: &Path) -> Vec<String> {
    let told: Value =
        serde_json::from_str(&asked(&[&["timeline", CASE, "--json"], arguments].concat(), data)).unwrap();
    let entries = told["entries"].as_array().unwrap().iter();
    let levels = entries.filter(|entry| entry["kind"].as_str().unwrap().ends_with(".LevelDetermined"));
    levels.map(|entry| entry["body"]["level"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_toll_recorded_late_is_there_as_it_happened_and_missing_as_recorded() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data");
    let _dev = Dev::start(&data);
    // The third death is recorded at half past four, and said to have occurred at ten past three.
    let recorded = "    at: 2023-04-17T16:30:00+08:00\n";
    let text = std::fs::read_to_string(SCENARIO).unwrap();
    assert_eq!(text.matches(recorded).count(), 1);
    let late = format!("{recorded}    occurred: 2023-04-17T15:10:00+08:00\n");
    let scenario = scratch.path().join("late.yaml");
    std::fs::write(&scenario, text.replace(recorded, &late)).unwrap();
    asked(&["play", scenario.to_str().unwrap()], &data);

    let half_past_three = "2023-04-17 15:30";
    assert_eq!(tolls(&["--recorded-by", half_past_three], &data), ["general"]);
    assert_eq!(tolls(&["--as-of", half_past_three], &data), ["general"]);
    assert_eq!(tolls(&["--happened-by", half_past_three], &data), ["general", "larger"]);
    assert_eq!(tolls(&["--as-of", half_past_three, "--clock", "happened"], &data), ["general", "larger"]);
    let both = ["--happened-by", half_past_three, "--recorded-by", "2023-04-17 16:00"];
    assert_eq!(tolls(&both, &data), ["general"]);
    assert_eq!(tolls(&["--up-to", "1"], &data), Vec::<String>::new());
    // The brigade knew what it did; the credit authority, that early, of nothing.
    let known = |party: &str, by: &str| tolls(&["--known-to", party, "--known-by", by], &data);
    assert_eq!(known("fire", "2023-04-17 17:00"), ["general", "larger"]);
    assert_eq!(known("fire", half_past_three), ["general"]);
    assert_eq!(known("hotline", "2023-04-17 17:00"), Vec::<String>::new());

    // The list of cases and the clocks look back in the same ways.
    let cases = |arguments: &[&str]| {
        let told = asked(&[&["timeline", "--json"], arguments].concat(), &data);
        let case: Option<Value> = told.lines().next().map(|line| serde_json::from_str(line).unwrap());
        case.map_or(0, |case| case["entries"].as_u64().unwrap())
    };
    let (then, now) = (cases(&["--recorded-by", half_past_three]), cases(&[]));
    assert!(0 < then && then < cases(&["--happened-by", half_past_three]) && then < now);
    assert_eq!(cases(&["--recorded-by", "2020-01-01"]), 0);
    let clocks = |arguments: &[&str]| {
        let told = asked(&[&["clocks", CASE, "--json"], arguments].concat(), &data);
        serde_json::from_str::<Value>(&told).unwrap()["clocks"].as_array().unwrap().len()
    };
    let at = ["--at", "2023-04-18"];
    let of = |more: &[&str]| clocks(&[&at, more].concat());
    assert!(of(&["--known-to", "hotline"]) < of(&["--known-to", "fire"]));
    assert!(of(&["--recorded-by", half_past_three]) < of(&[]));
    assert!(of(&["--recorded-by", half_past_three]) <= of(&["--happened-by", half_past_three]));
}
