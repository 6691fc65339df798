//! What changes from one pack to the next, row by row and field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value as Json;
use time::Date;

use super::{Row, RulePack};
use crate::area::AreaCode;

/// One version of a rule that differs between two packs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<AreaCode>,
    pub effective_from: String,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum What {
    Added { value: String },
    Removed { value: String },
    Changed { fields: Vec<FieldChange> },
}

/// A field as it was and as it will be; none where it was or will be absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    pub field: String,
    pub old: Option<Json>,
    pub new: Option<Json>,
}

type Key<'a> = (&'a str, Option<&'a AreaCode>, Date);

impl RulePack {
    /// What differs in `newer`. A version of a rule is known by id, area and first day.
    pub fn diff(&self, newer: &Self) -> Vec<Change> {
        let (old, new) = (keyed(self), keyed(newer));
        let keys: BTreeSet<Key<'_>> = old.keys().chain(new.keys()).copied().collect();
        let changes = keys.into_iter().filter_map(|key| {
            let what = match (old.get(&key), new.get(&key)) {
                (Some(row), None) => What::Removed { value: row.value.to_string() },
                (None, Some(row)) => What::Added { value: row.value.to_string() },
                (Some(old), Some(new)) if old != new => What::Changed { fields: fields(old, new) },
                _ => return None,
            };
            let (id, jurisdiction, from) = key;
            Some(Change {
                id: id.to_owned(),
                jurisdiction: jurisdiction.cloned(),
                effective_from: from.to_string(),
                what,
            })
        });
        changes.collect()
    }
}

fn keyed(pack: &RulePack) -> BTreeMap<Key<'_>, &Row> {
    pack.rows().map(|row| ((row.id.as_str(), row.jurisdiction.as_ref(), row.effective_from), row)).collect()
}

fn fields(old: &Row, new: &Row) -> Vec<FieldChange> {
    let json = |row: &Row| match serde_json::to_value(row) {
        Ok(Json::Object(fields)) => fields,
        // A row is a struct of texts and numbers, which is always an object.
        _ => serde_json::Map::new(),
    };
    let (old, new) = (json(old), json(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    changed
        .map(|name| FieldChange {
            field: name.clone(),
            old: old.get(name).cloned(),
            new: new.get(name).cloned(),
        })
        .collect()
}
