//! Rows as answers, with the texts that people read.

use chassis::{Node, status, timestamp};
use contracts::{envelope::v1 as envelope, timeline::v1 as wire};
use decider::Lang;
use eventlog::ViewRead;
use serde_json::Value;
use tonic::Status;

use crate::{
    text,
    view::{CaseRow, EntryRow},
};

pub(super) fn entry(row: EntryRow) -> wire::Entry {
    let json =
        row.body.as_deref().map(serde_json::from_str::<Value>).and_then(Result::ok).unwrap_or_default();
    wire::Entry {
        title: both(|lang| text::title(&row.kind, lang)),
        summary: both(|lang| text::summary(&row.kind, &json, lang)),
        department_name: both(|lang| text::department(&row.department, lang)),
        case_id: row.case_id,
        source: row.source,
        position: row.position.cast_unsigned(),
        event_id: row.event_id.to_string(),
        stream: row.stream,
        department: row.department,
        actor: row.actor,
        kind: row.kind,
        occurred_at: Some(timestamp(row.occurred_at)),
        recorded_at: Some(timestamp(row.recorded_at)),
        known_at: Some(timestamp(row.known_at)),
        cause: row
            .cause_source
            .zip(row.cause_position)
            .map(|(log, position)| wire::LogPosition { log, position: position.cast_unsigned() }),
        addressed_to: row.addressed_to,
        private: row.body.is_none(),
        body_json: row.body.unwrap_or_default(),
        known_how: row.how.unwrap_or_default(),
        log_position: row.log_position.cast_unsigned(),
    }
}

pub(super) fn case(row: CaseRow) -> wire::CaseSummary {
    wire::CaseSummary {
        case_id: row.case_id,
        entries: row.entries.cast_unsigned(),
        departments: row.departments,
        first_occurred_at: Some(timestamp(row.first_occurred_at)),
        last_recorded_at: Some(timestamp(row.last_recorded_at)),
    }
}

/// Every fact has a stream of its own, so a parked one may belong to any case: the answer says that one is missing.
pub(super) async fn freshness(
    node: &Node,
    view: &'static str,
    read: ViewRead,
) -> Result<envelope::Freshness, Status> {
    let position = read.end();
    let parked = node.views().parked(view).await.map_err(|error| status::of_log(&error))?;
    Ok(envelope::Freshness { position, parked: !parked.is_empty() })
}

fn both(text: impl Fn(Lang) -> String) -> Option<wire::Text> {
    Some(wire::Text { zh: text(Lang::Zh), en: text(Lang::En) })
}
