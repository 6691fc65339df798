//! What a person reads: rows that show the same second stand cause before effect.
//!
//! The logs of two departments have two clocks. Where these agree to the second, which is all that a row shows,
//! the microseconds of two machines would put an answer before its question.

use std::collections::{BTreeSet, HashMap};

use contracts::timeline::v1::{Entry, LogPosition};
use pbjson_types::Timestamp;

use super::Clock;

/// Entries in the order of the clock, and within one second also after their causes and in the order of their logs.
pub(crate) fn causes_first(entries: Vec<Entry>, clock: Clock) -> Vec<Entry> {
    let mut told = Vec::with_capacity(entries.len());
    let mut second = Vec::new();
    for entry in entries {
        if second.first().is_some_and(|first| seconds(first, clock) != seconds(&entry, clock)) {
            told.append(&mut within(std::mem::take(&mut second)));
        }
        second.push(entry);
    }
    told.append(&mut within(second));
    told
}

fn seconds(entry: &Entry, clock: Clock) -> i64 {
    let at = match clock {
        Clock::Happened => &entry.occurred_at,
        Clock::Recorded => &entry.recorded_at,
    };
    at.as_ref().map_or(0, |Timestamp { seconds, .. }| *seconds)
}

/// Sorts one second: always the first entry, as given, whose predecessors are all told.
fn within(entries: Vec<Entry>) -> Vec<Entry> {
    let places =
        entries.iter().enumerate().map(|(index, entry)| ((entry.source.as_str(), entry.position), index));
    let places = places.collect::<HashMap<_, _>>();
    let mut last_of = HashMap::new();
    let mut followers = vec![Vec::new(); entries.len()];
    let mut waits_for = vec![0_usize; entries.len()];
    for (index, entry) in entries.iter().enumerate() {
        let cause = entry
            .cause
            .as_ref()
            .and_then(|LogPosition { log, position }| places.get(&(log.as_str(), *position)));
        let before = last_of.insert(entry.source.as_str(), index);
        for predecessor in [cause.copied(), before].into_iter().flatten() {
            followers[predecessor].push(index);
            waits_for[index] += 1;
        }
    }
    let mut ready = (0..entries.len()).filter(|index| waits_for[*index] == 0).collect::<BTreeSet<_>>();
    let mut order = Vec::with_capacity(entries.len());
    while let Some(index) = ready.pop_first() {
        order.push(index);
        for follower in &followers[index] {
            waits_for[*follower] -= 1;
            if waits_for[*follower] == 0 {
                ready.insert(*follower);
            }
        }
    }
    // Causes in a circle are a lie of somebody's; what they leave over stands at the end, as given.
    let told = order.iter().copied().collect::<BTreeSet<_>>();
    order.extend((0..entries.len()).filter(|index| !told.contains(index)));
    let mut entries = entries.into_iter().map(Some).collect::<Vec<_>>();
    order.into_iter().filter_map(|index| entries[index].take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(source: &str, position: u64, seconds: i64, cause: Option<(&str, u64)>) -> Entry {
        Entry {
            source: source.into(),
            position,
            recorded_at: Some(Timestamp { seconds, nanos: 0 }),
            cause: cause.map(|(log, position)| LogPosition { log: log.into(), position }),
            ..Default::default()
        }
    }

    fn told(entries: Vec<Entry>) -> Vec<String> {
        let told = causes_first(entries, Clock::Recorded);
        told.iter().map(|entry| format!("{}:{}", entry.source, entry.position)).collect()
    }

    #[test]
    fn an_answer_stands_after_its_question_within_a_second() {
        let entries = vec![
            entry("enforcement", 1, 5, Some(("hazard", 2))),
            entry("enforcement", 2, 5, None),
            entry("hazard", 1, 5, None),
            entry("hazard", 2, 5, None),
        ];
        assert_eq!(told(entries), ["hazard:1", "hazard:2", "enforcement:1", "enforcement:2"]);
    }

    #[test]
    fn the_clock_rules_between_seconds() {
        let entries = vec![entry("reward", 1, 4, Some(("hazard", 1))), entry("hazard", 1, 5, None)];
        assert_eq!(told(entries), ["reward:1", "hazard:1"]);
    }

    #[test]
    fn causes_in_a_circle_are_told_all_the_same() {
        let entries =
            vec![entry("a", 1, 5, Some(("b", 1))), entry("b", 1, 5, Some(("a", 1))), entry("c", 1, 5, None)];
        assert_eq!(told(entries), ["c:1", "a:1", "b:1"]);
    }
}
