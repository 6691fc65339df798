//! The specification of an entry, and every shape ever stored.

use decider::{Causation, Context, DepartmentKind, Fact, harness};
use serde_json::json;
use time::macros::datetime;
use uuid::Uuid;

use super::*;

fn fact() -> Fact {
    Fact {
        id: Uuid::from_u128(7),
        source: "hazard".into(),
        position: 12,
        kind: "fenghuo.hazard.v1.ReportRouted".into(),
        stream: "report:r-1".into(),
        case_id: None,
        department: "hotline.330723".parse().unwrap(),
        actor: "clerk-1".into(),
        occurred_at: datetime!(2023-02-20 09:30 +8),
        recorded_at: datetime!(2023-02-20 01:30:05 UTC),
        causation: Some(Causation { log: "hazard".into(), position: 11 }),
        to: vec!["town.330723103".parse().unwrap()],
        traceparent: None,
        body: json!({"reportId": "r-1", "to": "town.330723103"}),
    }
}

fn record(fact: &Fact) -> Command {
    Command::Record { fact: Noted::of(fact) }
}

fn context() -> Context {
    let service = harness::actor(DepartmentKind::Fire, "33", &[]);
    harness::context(datetime!(2023-02-20 09:31 +8), service)
}

#[test]
fn a_fact_is_written_down_as_it_was_told() {
    let written = Event::Recorded { fact: Noted::of(&fact()) };
    harness::given::<Entry>([]).when(record(&fact()), &context()).then([written]);
}

#[test]
fn a_fact_that_is_told_again_is_not_written_again() {
    let written = Event::Recorded { fact: Noted::of(&fact()) };
    let again = Fact { body: json!({"reportId": "r-1", "to": "town.330723103", "new": true}), ..fact() };
    harness::given::<Entry>([written]).when(record(&again), &context()).then([]);
}

#[test]
fn another_fact_at_the_same_position_does_not_replace_the_first() {
    let written = Event::Recorded { fact: Noted::of(&fact()) };
    let other = Fact { id: Uuid::from_u128(8), ..fact() };
    harness::given::<Entry>([written])
        .when(record(&other), &context())
        .refused(Refusal::Contradicted { source: "hazard".into(), position: 12 });
}

#[test]
fn every_shape_ever_stored_still_loads() {
    let shapes = [harness::Shape::of::<Event>("Entry", &["Recorded"])];
    harness::check_stored(env!("CARGO_MANIFEST_DIR"), &shapes);
}
