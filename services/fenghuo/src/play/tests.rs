//! A scenario is read, or refused with its line and the reason.

use super::*;

const HEAD: &str = "fenghuo: 1
title: {zh: 例, en: an example}
case: example
actors:
  clerk: {id: clerk-1, department: hotline.330723, roles: [clerk]}
  police: {id: desk, department: police.330723, roles: [officer]}
steps:
";

fn parse(steps: &str) -> Result<Scenario, Mistake> {
    Scenario::parse(&format!("{HEAD}{steps}"))
}

#[track_caller]
fn refused(steps: &str, line: usize, words: &str) {
    let mistake = parse(steps).expect_err("the file is wrong");
    assert_eq!(mistake.line, line, "{mistake}");
    assert!(mistake.to_string().contains(words), "{mistake}");
}

#[test]
fn the_built_in_case_is_a_scenario() {
    let scenario = Scenario::parse(WUYI).unwrap();
    assert!(scenario.steps.len() > 50);
}

#[test]
fn codes_stay_text_and_flags_are_flags() {
    let step = "  - step: one
    actor: clerk
    service: hazard
    command: {receiveReport: {reportId: r-1, reporterRef: x1, channel: patrol, realName: true, premises: p, area: 330723103, category: other}}
";
    assert_eq!(parse(step).unwrap().steps.len(), 1);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    refused("  - step: one\n    expects: nothing\n", 9, "unknown key \"expects\"");
}

#[test]
fn an_unknown_field_of_a_command_is_named_with_its_line() {
    let step = "  - step: one\n    actor: clerk\n    service: hazard\n    command:\n      closeCase: {hazardID: h}\n";
    refused(step, 12, "hazardID");
}

#[test]
fn an_unknown_actor_service_or_time_is_named() {
    refused(
        "  - step: one\n    actor: nobody\n    service: hazard\n    command: {closeCase: {hazardId: h}}\n",
        9,
        "nobody",
    );
    refused(
        "  - step: one\n    actor: clerk\n    service: harzard\n    command: {closeCase: {hazardId: h}}\n",
        10,
        "harzard",
    );
    refused("  - step: one\n    at: yesterday\n", 9, "an instant is wanted");
}

#[test]
fn a_step_id_is_used_once() {
    refused("  - step: one\n    at: 2023-01-01T00:00:00Z\n  - step: one\n", 10, "used twice");
}

#[test]
fn only_outside_departments_publish() {
    let body = "    publish: {type: TransferReceived, stream: \"transfer:t\", body: {transferId: t}}\n";
    assert!(parse(&format!("  - step: one\n    actor: police\n{body}")).is_ok());
    refused(&format!("  - step: one\n    actor: clerk\n{body}"), 10, "hotline");
}

#[test]
fn what_is_not_yaml_is_refused() {
    let mistake = Scenario::parse("fenghuo: [1").expect_err("not YAML");
    assert!(!mistake.reason.is_empty());
    refused("  - step: one\n\tat: 2023-01-01T00:00:00Z\n", 8, "file: while scanning");
    assert_eq!(Scenario::parse("- a list").expect_err("no mapping").line, 1);
}

#[test]
fn a_key_that_stands_twice_is_named_with_its_line() {
    refused(
        "  - step: one\n    at: 2023-01-01T00:00:00Z\n    at: 2023-01-02T00:00:00Z\n",
        10,
        "\"at\" stands twice",
    );
    let twice = "  - step: one\n    actor: clerk\n    service: hazard\n    command: {closeCase: {hazardId: h, hazardId: i}}\n";
    refused(twice, 11, "\"hazardId\" stands twice");
}
