//! `fenghuo law due`: dates of law to the day, with their reasons, one by one and by the thousand.

use std::time::{Duration, Instant};

use crate::program::{err, out, run, run_with};

/// Vectors of docs/law.md and of the Wuyi case.
const VECTORS: [(&str, &str, &str, &str); 18] = [
    ("2026-02-12", "3 working days", "party", "2026-02-24"),
    ("2026-02-13", "5 working days", "party", "2026-02-27"),
    ("2026-04-30", "5 working days", "agency", "2026-05-11"),
    ("2026-09-24", "5 working days", "agency", "2026-10-09"),
    ("2026-09-30", "3 working days", "party", "2026-10-10"),
    ("2025-09-28", "7 working days", "party", "2025-10-14"),
    ("2024-12-31", "2 working days", "party", "2025-01-03"),
    ("2026-01-01", "1 working day", "party", "2026-01-04"),
    ("2026-02-02", "15 calendar days", "party", "2026-02-24"),
    ("2026-02-02", "15 calendar days", "agency", "2026-02-17"),
    ("2023-04-17", "30 calendar days", "agency", "2023-05-17"),
    ("2023-04-17", "60日", "agency", "2023-06-16"),
    ("2023-06-16", "60 calendar days", "agency", "2023-08-15"),
    ("2023-04-17", "7 calendar days", "agency", "2023-04-24"),
    ("2023-01-31", "1 month", "agency", "2023-02-28"),
    ("2024-02-29", "1 year", "agency", "2025-02-28"),
    ("2023-04-17T14:04", "1 hour", "agency", "2023-04-17T15:04:00+08:00"),
    ("2023-04-17T23:30:00+08:00", "2个小时", "party", "2023-04-18T01:30:00+08:00"),
];

#[test]
fn a_date_comes_first_and_its_reasons_after() {
    for (from, period, role, wanted) in VECTORS {
        let output = run(&["law", "due", "--from", from, "--period", period, "--role", role]);
        assert!(output.status.success(), "{}", err(&output));
        let text = out(&output);
        assert_eq!(text.lines().next(), Some(wanted), "{from} {period} {role}");
        assert!(text.lines().count() > 2, "{text}");
    }
}

#[test]
fn a_batch_answers_the_same_line_by_line() {
    let questions = VECTORS.map(|(from, period, role, _)| format!("{from}\t{period}\t{role}\n")).concat();
    let output = run_with(&["law", "due", "--batch"], &questions);
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(out(&output).lines().collect::<Vec<_>>(), VECTORS.map(|(.., wanted)| wanted));
}

#[test]
fn a_batch_of_a_hundred_thousand_lines_takes_seconds_even_unoptimised() {
    let questions = "2026-02-12\t3 working days\tparty\n".repeat(100_000);
    let began = Instant::now();
    let output = run_with(&["law", "due", "--batch"], &questions);
    assert_eq!(out(&output).lines().count(), 100_000);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn a_wrong_line_is_named() {
    let output =
        run_with(&["law", "due", "--batch"], "2026-02-12\t3 working days\tparty\n2026-02-12\tsoon\tparty\n");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(out(&output), "2026-02-24\n");
    assert!(err(&output).starts_with("error: line 2: "), "{}", err(&output));
}

#[test]
fn what_was_moved_skipped_and_worked_is_told_in_both_languages() {
    let arguments = ["law", "due", "--from", "2026-02-12", "--period", "3 working days", "--lang"];
    let zh = out(&run(&[&arguments[..], &["zh"]].concat()));
    assert!(zh.contains("计入调休上班日：2026-02-14（春节）"), "{zh}");
    assert!(zh.contains("不计放假日：2026-02-15..2026-02-23（春节）"), "{zh}");
    let en = out(&run(&[&arguments[..], &["en"]].concat()));
    assert!(en.contains("make-up days counted: 2026-02-14"), "{en}");
    let moved = ["law", "due", "--from", "2026-02-02", "--period", "15 calendar days", "--role", "party"];
    let en = out(&run(&moved));
    assert!(en.contains("moved: 2026-02-17 is off for 春节"), "{en}");
}

#[test]
fn a_year_without_a_notice_is_provisional() {
    let json = out(&run(&["law", "due", "--from", "2026-12-30", "--period", "3 working days", "--json"]));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["provisional"], true, "{json}");
    let certain = out(&run(&["law", "due", "--from", "2026-02-12", "--period", "3 working days", "--json"]));
    let value: serde_json::Value = serde_json::from_str(&certain).unwrap();
    assert_eq!(value["provisional"], false);
    assert_eq!(value["last_day"], "2026-02-24");
    assert_eq!(value["make_up_days"][0]["date"], "2026-02-14");
    assert_eq!(value["at"], "2026-02-25T00:00:00+08:00");
}

#[test]
fn the_calendar_must_be_the_one_that_was_asked_for() {
    let ask = |version: &str| {
        run(&["law", "due", "--from", "2026-02-12", "--period", "3 working days", "--calendar", version])
    };
    let other = ask("CN-2027");
    assert_eq!(other.status.code(), Some(2));
    let text = err(&other);
    let built_in = text.split_whitespace().last().unwrap();
    assert!(built_in.starts_with("CN-2015..2026@"), "{text}");
    assert!(ask(built_in).status.success());
}
