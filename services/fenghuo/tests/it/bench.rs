//! `fenghuo bench`: a small run of what checks itself while it measures.

use serde_json::Value;

use crate::program::{err, out, run};

#[test]
fn telling_cases_again_finds_every_one_of_them() {
    let small = ["--cases", "100", "--rounds", "1", "--seconds", "0.1", "--json"];
    let output = run(&[&["bench", "shadow"][..], &small].concat());
    assert!(output.status.success(), "{}", err(&output));
    let table: Value = serde_json::from_str(&out(&output)).unwrap();
    assert!(table["rows"][0]["ratio"].is_number(), "{table}");
}

#[test]
fn what_is_appended_while_it_is_sealed_is_signed_in_the_end() {
    let output = run(&["bench", "seal", "--rounds", "1", "--seconds", "0.1", "--json"]);
    assert!(output.status.success(), "{}", err(&output));
    let table: Value = serde_json::from_str(&out(&output)).unwrap();
    let rows = table["rows"].as_array().unwrap();
    let (sealed, behind): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row["case"] == "sealed");
    assert!(sealed.len() == 3 && sealed.iter().all(|row| row["ratio"].is_number()), "{table}");
    assert!(behind.len() == 3 && behind.iter().all(|row| row["worst_ms"].is_number()), "{table}");
}

#[test]
fn subscribers_miss_nothing_while_they_are_measured() {
    let small = ["--subscribers", "5", "--rate", "200", "--rounds", "1", "--seconds", "1", "--json"];
    let output = run(&[&["bench", "subscribe"][..], &small].concat());
    assert!(output.status.success(), "{}", err(&output));
    let table: Value = serde_json::from_str(&out(&output)).unwrap();
    for row in table["rows"].as_array().unwrap() {
        assert_eq!((&row["sent"], &row["missed"]), (&1_000.into(), &0.into()), "{table}");
        assert!(row["appends_per_s"].is_number() && row["grown_mib"].is_number(), "{table}");
    }
}

#[test]
fn a_replay_is_measured_beside_a_follow_and_equals_the_living_view() {
    let small = ["--events", "2000", "--rounds", "1", "--seconds", "0.1", "--json"];
    let output = run(&[&["bench", "replay"][..], &small].concat());
    assert!(output.status.success(), "{}", err(&output));
    let table: Value = serde_json::from_str(&out(&output)).unwrap();
    let row = &table["rows"][0];
    assert!(row["events_per_s"].is_number() && row["raw_events_per_s"].is_number(), "{table}");
}
