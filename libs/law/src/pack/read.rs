//! Reading a pack: every row by itself, then the rows against one another.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{DayType, PackError, PackFault, Row, RulePack, Unit, Value, row::Written};
use crate::{
    basis::{Instrument, says_working},
    digest,
    source::Source,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    name: String,
    edition: String,
    #[serde(borrow)]
    rows: Vec<&'a RawValue>,
}

/// A row and the line on which it begins.
type Placed = (usize, Row);

/// The pack, and everything that is wrong with it.
pub(super) fn read(source: Source<'_>) -> (Option<RulePack>, Vec<PackError>) {
    let File { name, edition, rows } = match source.read() {
        Ok(file) => file,
        Err(error) => return (None, vec![error]),
    };
    let mut faults = Vec::new();
    for (field, text) in [("name", &name), ("edition", &edition)] {
        if text.trim().is_empty() {
            faults.push(source.bad(1, PackFault::Nameless { field }));
        }
    }
    let mut placed: Vec<Placed> = Vec::new();
    for raw in rows {
        let line = source.line_of(raw.get());
        let written: Result<Written, PackError> = source.read_raw(raw);
        let row = written.and_then(|written| Row::try_from(written).map_err(|fault| source.bad(line, fault)));
        match row {
            Ok(row) => placed.push((line, row)),
            Err(fault) => faults.push(fault),
        }
    }
    let against = versions(&placed).into_iter().chain(bases(&placed));
    faults.extend(against.map(|(line, fault)| source.bad(line, fault)));
    faults.sort_by_key(|fault| fault.line);
    let base = format!("{name}-{edition}@{}", digest::short([source.text]));
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for (_, row) in placed {
        rows.entry(row.id.clone()).or_default().push(row);
    }
    for versions in rows.values_mut() {
        versions.sort_by(|one, other| {
            let area = one.jurisdiction.cmp(&other.jurisdiction);
            one.narrowness()
                .cmp(&other.narrowness())
                .then(area)
                .then(other.effective_from.cmp(&one.effective_from))
        });
    }
    let (allowed, named) = Default::default();
    let pack = RulePack { version: base.clone(), base, rows: Arc::new(rows), allowed, named };
    (Some(pack), faults)
}

/// Versions of one rule are never in force twice in one area, and differ between areas only where the wider
/// one lets them.
fn versions(placed: &[Placed]) -> Vec<(usize, PackFault)> {
    let mut by_id: BTreeMap<&str, Vec<&Placed>> = BTreeMap::new();
    for row in placed {
        by_id.entry(&row.1.id).or_default().push(row);
    }
    let mut faults = Vec::new();
    for versions in by_id.values() {
        for (index, (line, row)) in versions.iter().enumerate() {
            let at_once = |other: &Row| {
                let begins = row.effective_from.max(other.effective_from);
                (row.in_force(begins) && other.in_force(begins)).then_some(begins)
            };
            for (other, earlier) in versions.iter().take(index) {
                if let Some(from) = at_once(earlier).filter(|_| row.jurisdiction == earlier.jurisdiction) {
                    let id = row.id.clone();
                    faults.push((*line, PackFault::Overlap { id, from, other: *other }));
                }
            }
            let Some(area) = &row.jurisdiction else { continue };
            let wider = versions.iter().find(|(_, wider)| {
                let around =
                    wider.jurisdiction.as_ref().is_none_or(|around| around.contains(area) && around != area);
                around && !wider.local && at_once(wider).is_some()
            });
            if let Some((other, _)) = wider {
                let (id, area) = (row.id.clone(), area.to_string());
                faults.push((*line, PackFault::NotForTheArea { id, area, other: *other }));
            }
        }
    }
    faults
}

/// A row in days agrees with what its law says days are.
fn bases(placed: &[Placed]) -> Vec<(usize, PackFault)> {
    let mut sayings: BTreeMap<Instrument, Vec<&Row>> = BTreeMap::new();
    for (_, row) in placed.iter().filter(|(_, row)| matches!(row.unit, Unit::Days | Unit::DaysOrLess)) {
        for law in Instrument::of_row(row) {
            sayings.entry(law).or_default().push(row);
        }
    }
    let mut faults = Vec::new();
    for (line, row) in placed.iter().filter(|(_, row)| row.unit == Unit::Day) {
        let Value::Period(period) = row.value else { continue };
        let mut laws: Vec<_> = Instrument::of_row(row).collect();
        laws.dedup();
        let [law] = laws.as_slice() else { continue };
        let Some(rules) = sayings.get(law) else { continue };
        let meant = rules.iter().any(|rule| says_working(rule, period.count()));
        let said = row.days == Some(DayType::Working);
        if said != meant {
            let kind = |working| if working { "working" } else { "calendar" };
            let (id, law) = (row.id.clone(), law.to_string());
            let (days, said, meant) = (period.count(), kind(said), kind(meant));
            faults.push((*line, PackFault::DaysAgainstBasis { id, law, days, said, meant }));
        }
    }
    faults
}
