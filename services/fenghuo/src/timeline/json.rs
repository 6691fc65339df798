//! A story as JSON, for programs: instants in full, bodies as they were published.

use contracts::timeline::v1 as wire;
use decider::CaseId;
use pbjson_types::Timestamp;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::offset};

use super::{Clock, Story, TimelineArgs};

pub(super) fn story(case: &CaseId, args: &TimelineArgs, story: &Story) -> Value {
    let back = args.moment();
    let then = |at: Option<OffsetDateTime>| at.and_then(|at| instant(Some(&chassis::timestamp(at))));
    json!({
        "case": case,
        "clock": match args.clock { Clock::Happened => "happened", Clock::Recorded => "recorded" },
        "recorded_by": then(back.recorded_by),
        "happened_by": then(back.happened_by),
        "up_to": (args.up_to > 0).then_some(args.up_to),
        "known_to": back.known.as_ref().map(|(party, _)| party.clone()),
        "known_by": then(back.known.and_then(|(_, at)| at)),
        "position": story.position,
        "incomplete": story.incomplete,
        "entries": story.entries.iter().map(entry).collect::<Vec<_>>(),
    })
}

pub(super) fn entry(entry: &wire::Entry) -> Value {
    json!({
        "case": entry.case_id,
        "source": entry.source,
        "position": entry.position,
        "id": entry.event_id,
        "stream": entry.stream,
        "department": entry.department,
        "department_name": text(entry.department_name.as_ref()),
        "actor": entry.actor,
        "kind": entry.kind,
        "title": text(entry.title.as_ref()),
        "summary": text(entry.summary.as_ref()),
        "occurred_at": instant(entry.occurred_at.as_ref()),
        "recorded_at": instant(entry.recorded_at.as_ref()),
        "known_at": instant(entry.known_at.as_ref()),
        "causation": entry.cause.as_ref().map(|cause| json!({ "log": cause.log, "position": cause.position })),
        "addressed_to": entry.addressed_to,
        "private": entry.private,
        "known_how": (!entry.known_how.is_empty()).then_some(&entry.known_how),
        // What cannot be read as JSON is shown as the text it is.
        "body": (!entry.private).then(|| {
            serde_json::from_str(&entry.body_json).unwrap_or_else(|_| Value::String(entry.body_json.clone()))
        }),
    })
}

pub(super) fn case(case: &wire::CaseSummary) -> Value {
    json!({
        "case": case.case_id,
        "entries": case.entries,
        "departments": case.departments,
        "first_occurred_at": instant(case.first_occurred_at.as_ref()),
        "last_recorded_at": instant(case.last_recorded_at.as_ref()),
    })
}

fn text(text: Option<&wire::Text>) -> Value {
    text.map_or(Value::Null, |text| json!({ "zh": text.zh, "en": text.en }))
}

/// RFC 3339 in Beijing time, with everything behind the second.
fn instant(at: Option<&Timestamp>) -> Option<String> {
    let at = chassis::from_timestamp(at?).ok()?;
    at.checked_to_offset(offset!(+8))?.format(&Rfc3339).ok()
}
