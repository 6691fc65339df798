//! The events in the database against their leaves, field by field.

use merkle::Statement;
use serde_json::Value;
use sqlx::PgConnection;

use super::{Place, Report, Scope, VerifyError, What};
use crate::{Stored, event, leaf};

pub(super) struct Events<'a> {
    pub(super) db: &'a mut PgConnection,
    pub(super) origin: &'a str,
    pub(super) scope: &'a Scope,
}

impl Events<'_> {
    /// Compares the events after position `first` with what was sealed of them.
    pub(super) async fn compare(
        mut self,
        first: u64,
        sealed: &[Option<Statement>],
        report: &mut Report,
    ) -> Result<(), VerifyError> {
        let last = first + sealed.len() as u64;
        let mut stored = event::read(self.db, first, last).await?.into_iter().peekable();
        for (position, sealed) in (first + 1..).zip(sealed) {
            let found = stored.next_if(|event| event.position.cast_unsigned() == position);
            while stored.next_if(|event| event.position.cast_unsigned() <= position).is_some() {
                report.add(Place::at(position, sealed.as_ref()), What::EventTwice);
            }
            let stored_case = found.as_ref().and_then(case);
            let sealed_case = sealed.as_ref().and_then(|sealed| sealed.case.as_deref());
            if !self.scope.has(position, [sealed_case, stored_case.as_deref()]) {
                continue;
            }
            match (sealed, found) {
                (Some(sealed), Some(stored)) => {
                    report.events += 1;
                    self.compare_one(sealed, &stored, report).await?;
                }
                (sealed, None) => self.missing(position, sealed.as_ref(), report).await?,
                // What it was sealed as cannot be read, which was told.
                (None, Some(_)) => {}
            }
        }
        Ok(())
    }

    async fn compare_one(
        &mut self,
        sealed: &Statement,
        stored: &Stored,
        report: &mut Report,
    ) -> Result<(), VerifyError> {
        let place = Place::at(stored.position.cast_unsigned(), Some(sealed));
        if sealed.event_id != stored.id {
            let now_at = self.position_of(sealed, report).await?;
            let what = What::OtherEvent { sealed: sealed.event_id, stored: stored.id, now_at };
            report.add(place, what);
            return Ok(());
        }
        match leaf::statement(self.origin, stored, sealed.salt) {
            Ok(now) if now == *sealed => {}
            Ok(now) => {
                for (field, sealed, stored) in differences(sealed, &now) {
                    report.add(place.clone(), What::Field { field, sealed, stored });
                }
            }
            Err(error) => {
                let field = "meta".to_owned();
                let (sealed, stored) = (sealed.meta_sha256.to_string(), error.source.to_string());
                report.add(place, What::Field { field, sealed, stored });
            }
        }
        Ok(())
    }

    async fn missing(
        &mut self,
        position: u64,
        sealed: Option<&Statement>,
        report: &mut Report,
    ) -> Result<(), VerifyError> {
        let now_at = match sealed {
            Some(sealed) => self.position_of(sealed, report).await?,
            None => None,
        };
        report.add(Place::at(position, sealed), What::EventMissing { now_at });
        Ok(())
    }

    /// Where the sealed event stands now; not looked for where it would not be told.
    async fn position_of(&mut self, sealed: &Statement, report: &Report) -> Result<Option<i64>, VerifyError> {
        if !report.has_room() {
            return Ok(None);
        }
        Ok(event::positions_of(self.db, sealed.event_id).await?.first().copied())
    }
}

/// The case that an event is of, as far as its meta can be read.
fn case(stored: &Stored) -> Option<String> {
    let meta: Option<decider::Meta> = serde_json::from_slice(&stored.meta).ok();
    meta?.case_id.map(|case| case.to_string())
}

/// The fields that differ, whatever fields a statement has.
fn differences(sealed: &Statement, stored: &Statement) -> Vec<(String, String, String)> {
    let (Ok(Value::Object(sealed)), Ok(Value::Object(stored))) =
        (serde_json::to_value(sealed), serde_json::to_value(stored))
    else {
        return Vec::new();
    };
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let mut fields: Vec<&String> = sealed.keys().chain(stored.keys()).collect();
    fields.sort();
    fields.dedup();
    let differs = fields.into_iter().filter(|field| sealed.get(*field) != stored.get(*field));
    differs.map(|field| (field.clone(), text(sealed.get(field)), text(stored.get(field)))).collect()
}
