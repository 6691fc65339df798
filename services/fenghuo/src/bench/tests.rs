//! Medians, percentiles, and how long a measurement may be.

use std::time::Duration;

use super::figures::{Figures, Measurement, Row, median};

fn figures(events_per_s: f64) -> Figures {
    Figures { events_per_s, p50_ms: 1.0, p99_ms: 2.0 }
}

#[test]
fn one_round_that_went_wrong_does_not_move_the_median() {
    let rounds = [100.0, 90.0, 110.0, 5.0, 101.0].map(figures);
    assert_eq!(median(&rounds).events_per_s.to_bits(), 100.0_f64.to_bits());
}

#[test]
fn of_an_even_number_of_rounds_the_two_in_the_middle_count() {
    let rounds = [100.0, 90.0, 110.0, 5.0].map(figures);
    assert_eq!(median(&rounds).events_per_s.to_bits(), 95.0_f64.to_bits());
}

#[test]
fn one_of_a_hundred_waits_is_beyond_the_ninety_ninth_percentile() {
    let waits = (1..=100).rev().map(Duration::from_millis).collect();
    let measured = Measurement { events: 500, elapsed: Duration::from_secs(2), waits }.figures();
    assert_eq!(measured, Figures { events_per_s: 250.0, p50_ms: 50.0, p99_ms: 99.0 });
}

#[test]
fn a_row_as_json_has_the_fields_that_others_rely_on() {
    let row = Row::beside("append", 16, figures(300.0), figures(200.0));
    let json = serde_json::to_value(&row).unwrap();
    for field in ["clients", "events_per_s", "p50_ms", "p99_ms", "raw_events_per_s", "ratio"] {
        assert!(json[field].is_number(), "{field}: {json}");
    }
    assert_eq!(json["ratio"], 1.5);
}

#[test]
fn a_measurement_lasts_neither_no_time_nor_for_ever() {
    assert_eq!(super::seconds("0.5"), Ok(Duration::from_millis(500)));
    for bad in ["0", "-1", "NaN", "inf", "1e9", "two"] {
        assert!(super::seconds(bad).is_err(), "{bad}");
    }
}
