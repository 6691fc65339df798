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
