//! Clocks as JSON, for programs: instants in full.

use contracts::{clock::v1 as wire, envelope::v1::Due};
use serde_json::{Value, json};

use super::local;

pub(crate) fn clock(clock: &wire::ClockState) -> Value {
    json!({
        "case": clock.case_id,
        "stream": clock.stream,
        "duty": clock.duty,
        "state": clock.state,
        "late": clock.late,
        "rule": clock.rule,
        "basis": clock.legal_basis,
        "period": clock.period,
        "kind": clock.kind,
        "role": clock.role,
        "holder": clock.holder,
        "started_at": local(clock.started_at.as_ref()),
        "due": clock.due.as_ref().map(due),
        "pack": clock.pack,
        "words": {"zh": clock.words_zh, "en": clock.words_en},
        "steps": clock.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(step: &wire::ClockStep) -> Value {
    json!({
        "what": step.what,
        "occurred_at": local(step.occurred_at.as_ref()),
        "recorded_at": local(step.recorded_at.as_ref()),
        "due": step.due.as_ref().map(due),
        "detail": step.detail,
    })
}

fn due(due: &Due) -> Value {
    json!({
        "last_day": due.last_day,
        "at": local(due.at.as_ref()),
        "rolled": due.rolled,
        "provisional": due.provisional,
        "calendar": due.calendar,
    })
}
