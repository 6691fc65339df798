//! A case's clocks as of a moment, folded from what had been recorded by then, and nothing else.

use std::collections::BTreeMap;

use contracts::clock::v1 as wire;
use law::{
    Book,
    clock::{self, Clock, End, Event, Lapse},
};
use time::OffsetDateTime;

use super::view::ClockRow;
use crate::wire::{due, timestamp};

/// One clock, from its start on.
struct Life {
    stream: String,
    duty: String,
    clock: Clock,
    steps: Vec<wire::ClockStep>,
}

/// The clocks that these rows tell of, in the order of their starts.
pub(super) fn strip(
    case_id: &str,
    rows: Vec<ClockRow>,
    at: OffsetDateTime,
    book: &Book,
) -> Vec<wire::ClockState> {
    let mut lives: Vec<Life> = Vec::new();
    let mut latest: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in rows {
        let ClockRow { stream, duty, .. } = &row;
        let key = (stream.clone(), duty.clone());
        let step = step(&row);
        match (&row.event.0, latest.get(&key)) {
            (event @ Event::Armed { .. }, _) => {
                let Some(clock) = Clock::evolve(None, event) else { continue };
                let (stream, duty) = (row.stream.clone(), row.duty.clone());
                latest.insert(key, lives.len());
                lives.push(Life { stream, duty, clock, steps: vec![step] });
            }
            (event, Some(place)) => {
                let life = &mut lives[*place];
                life.steps.push(step);
                if let Some(clock) = Clock::evolve(Some(life.clock.clone()), event) {
                    life.clock = clock;
                }
            }
            (_, None) => {}
        }
    }
    lives.into_iter().map(|life| state(case_id, life, at, book)).collect()
}

fn state(case_id: &str, life: Life, at: OffsetDateTime, book: &Book) -> wire::ClockState {
    let Life { stream, duty, clock: known, steps } = life;
    // What the clock had said by then, whether or not anybody had recorded it.
    let clock = clock::tick(&known, at).iter().fold(Some(known.clone()), Clock::evolve).unwrap_or(known);
    let words = words(&clock, at, book);
    wire::ClockState {
        case_id: case_id.to_owned(),
        stream,
        duty,
        state: word(&clock).to_owned(),
        late: is_late(&clock),
        rule: clock.terms.rule.clone(),
        legal_basis: clock.terms.basis.clone(),
        period: clock.terms.period.to_string(),
        role: clock.terms.role.to_string(),
        kind: clock.terms.lapses.map_or("duty", Lapse::as_str).to_owned(),
        holder: clock.terms.holder.clone(),
        started_at: Some(timestamp(clock.terms.start)),
        due: (!clock.still).then(|| due(&clock.until.due)),
        pack: clock.until.pack.clone(),
        words_zh: words.as_ref().map(|(zh, _)| zh.clone()).unwrap_or_default(),
        words_en: words.map(|(_, en)| en).unwrap_or_default(),
        steps,
    }
}

fn word(clock: &Clock) -> &'static str {
    match &clock.end {
        Some(End::Met { .. }) => "met",
        Some(End::Cancelled { .. }) => "cancelled",
        None if clock.has_lapsed() => "lapsed",
        None if clock.over.is_some() && clock.terms.lapses.is_some() => "over",
        None if clock.over.is_some() => "breached",
        None if clock.still => "suspended",
        None if clock.warned => "warned",
        None => "running",
    }
}

/// Whether the time was over without the act, or the act came after it.
fn is_late(clock: &Clock) -> bool {
    match &clock.end {
        Some(End::Met { in_time, .. }) => !in_time,
        Some(End::Cancelled { .. }) => false,
        None => clock.over.is_some() && clock.terms.lapses.is_none(),
    }
}

/// The computation in words, by the calendar that it was made with; none if that is not known here, and the one in
/// force comes to another date.
fn words(clock: &Clock, at: OffsetDateTime, book: &Book) -> Option<(String, String)> {
    let calendar = book.calendar(&clock.until.due.calendar).unwrap_or(&book.at(at).calendar);
    let same = clock.still || clock.runs_out(calendar, at).last_day == clock.until.due.last_day;
    same.then(|| clock.words(calendar, at)).map(|words| (words.zh, words.en))
}

fn step(row: &ClockRow) -> wire::ClockStep {
    let event = &row.event.0;
    let moved = event.moves().flatten();
    let detail = match event {
        Event::Suspended { reference, reason, .. } => format!("{reason} {reference}"),
        Event::Resumed { reference, .. } => reference.clone(),
        Event::Extended { by, document, .. } => format!("{by} {document}").trim_end().to_owned(),
        Event::Passed { holder, .. } | Event::Warned { holder, .. } | Event::Rederived { holder, .. } => {
            holder.clone()
        }
        Event::Cancelled { cause, .. } => cause.clone(),
        Event::Armed { terms, .. } => terms.holder.clone(),
        Event::Met { .. } | Event::Breached { .. } | Event::Lapsed { .. } => String::new(),
    };
    let told = match event {
        Event::Warned { due, .. } | Event::Breached { due } | Event::Lapsed { due, .. } => Some(due),
        _ => moved,
    };
    wire::ClockStep {
        what: event.name().to_lowercase(),
        occurred_at: Some(timestamp(row.occurred_at)),
        recorded_at: Some(timestamp(row.recorded_at)),
        due: told.map(due),
        detail,
    }
}

#[cfg(test)]
mod tests {
    use law::{
        Adoption, Calendar, Kind, Period, Role, RulePack,
        clock::{Act, Moment, Terms, Warn, decide},
    };
    use sqlx::types::Json;
    use time::macros::datetime;

    use super::*;

    const ALARM: OffsetDateTime = datetime!(2023-04-17 14:04 +8);
    const OVER: OffsetDateTime = datetime!(2023-05-18 0:00 +8);

    /// Invented: the State Council has said nothing about 2027.
    const FILE_2027: &str = include_str!("../../../../tests/data/2027-invented.json");

    fn book() -> Book {
        Book::new(RulePack::builtin(), Calendar::builtin())
    }

    /// The rows of one clock under these acts, each recorded when it happened.
    fn rows(acts: Vec<(OffsetDateTime, Act)>) -> Vec<ClockRow> {
        rows_under(&Calendar::builtin(), acts)
    }

    fn rows_under(calendar: &Calendar, acts: Vec<(OffsetDateTime, Act)>) -> Vec<ClockRow> {
        let (mut clock, mut rows) = (None, Vec::new());
        for (at, act) in acts {
            let moment = Moment { now: at, at, calendar, pack: "CN-1" };
            for event in decide(clock.as_ref(), act, &moment).unwrap() {
                clock = Clock::evolve(clock, &event);
                let (stream, duty) = ("determination:f-1".to_owned(), "determine".to_owned());
                rows.push(ClockRow { stream, duty, occurred_at: at, recorded_at: at, event: Json(event) });
            }
        }
        rows
    }

    fn arm() -> Act {
        Act::Arm {
            terms: Terms {
                rule: "fire.cause.determine".into(),
                basis: "火灾事故调查规定18".into(),
                period: Period::CalendarDays(30),
                role: Role::Agency,
                holder: "fire.330723".into(),
                start: ALARM,
                warn: None,
                lapses: None,
                extensions_max: 1,
            },
        }
    }

    fn one(acts: Vec<(OffsetDateTime, Act)>, at: OffsetDateTime) -> wire::ClockState {
        let mut strip = strip("c", rows(acts), at, &book());
        assert_eq!(strip.len(), 1);
        strip.remove(0)
    }

    #[test]
    fn a_clock_is_shown_with_basis_holder_versions_and_its_computation() {
        let clock = one(vec![(ALARM, arm())], ALARM);
        assert_eq!((clock.state.as_str(), clock.late), ("running", false));
        assert_eq!((clock.holder.as_str(), clock.pack.as_str()), ("fire.330723", "CN-1"));
        assert_eq!(clock.due.unwrap().last_day, "2023-05-17");
        assert_eq!(clock.words_zh, "30 日：4 月 17 日起，5 月 17 日届满");
    }

    #[test]
    fn a_computation_is_told_by_the_calendar_that_it_was_made_with() {
        let start = datetime!(2026-12-30 9:00 +8);
        let Act::Arm { terms } = arm() else { unreachable!() };
        let arm = || Act::Arm { terms: Terms { period: Period::WorkingDays(7), start, ..terms.clone() } };
        let adoption = Adoption {
            id: "year".into(),
            kind: Kind::Calendar,
            version: "2027".into(),
            effective_from: datetime!(2026-12-31 0:00 +8),
            file: "2027.json".into(),
            text: FILE_2027.into(),
            allowed: vec![],
        };
        let adopted = book().with(adoption.clone()).unwrap();
        let calendar = &adopted.at(adoption.effective_from).calendar;
        let before = rows_under(&Calendar::builtin(), vec![(start, arm())]);
        let after = rows_under(calendar, vec![(start, arm())]);
        let told = |rows: &[ClockRow], book: &Book, at| {
            let clock = strip("c", rows.to_vec(), at, book).remove(0);
            (clock.due.unwrap().last_day, clock.words_zh)
        };
        let (old, words) = told(&before, &adopted, start);
        assert!(words.contains("届满"), "{words}");
        let (new, words) = told(&after, &adopted, start);
        assert_ne!(new, old, "the invented year has another New Year");
        assert!(words.contains("届满"), "{words}");
        let (_, words) = told(&after, &book(), start);
        assert_eq!(words, "", "no calendar known here comes to that date");
    }

    #[test]
    fn it_was_late_from_the_first_instant_after_its_time_whether_or_not_anybody_had_looked() {
        let armed = || vec![(ALARM, arm())];
        assert!(!one(armed(), datetime!(2023-05-17 23:59:59 +8)).late);
        let late = one(armed(), datetime!(2023-05-18 0:00 +8));
        assert_eq!((late.state.as_str(), late.late), ("breached", true));
    }

    #[test]
    fn nobody_is_late_when_a_term_is_over() {
        let Act::Arm { terms } = arm() else { unreachable!() };
        let over = one(vec![(ALARM, Act::Arm { terms: terms.term() })], OVER);
        assert_eq!((over.state.as_str(), over.kind.as_str(), over.late), ("over", "term", false));
    }

    #[test]
    fn a_right_that_nobody_used_has_lapsed_and_the_words_say_so() {
        let Act::Arm { terms } = arm() else { unreachable!() };
        let arm = || Act::Arm { terms: Terms { role: Role::Party, ..terms.clone() }.right() };
        let last = datetime!(2023-05-17 23:59 +8);
        let open = one(vec![(ALARM, arm())], last);
        assert_eq!((open.state.as_str(), open.kind.as_str()), ("running", "right"));
        let lapsed = one(vec![(ALARM, arm())], OVER);
        assert_eq!((lapsed.state.as_str(), lapsed.late), ("lapsed", false));
        assert_eq!(lapsed.words_zh, "30 日：4 月 17 日起，5 月 17 日届满，权利消灭");
        assert!(lapsed.words_en.ends_with("; the right has lapsed"), "{}", lapsed.words_en);
        let used = one(vec![(ALARM, arm()), (last, Act::Meet)], OVER);
        assert_eq!((used.state.as_str(), used.late), ("met", false));
        assert!(used.words_zh.ends_with("届满"), "{}", used.words_zh);
    }

    #[test]
    fn a_warning_and_a_new_computation_say_whom_they_are_told() {
        let Act::Arm { terms } = arm() else { unreachable!() };
        let arm = Act::Arm { terms: Terms { warn: Some(Warn::Share(80)), ..terms } };
        let longer = Act::Rederive { period: Period::CalendarDays(31) };
        let now = datetime!(2023-05-15 0:00 +8);
        let clock = one(vec![(ALARM, arm), (now, longer)], now);
        let told: Vec<_> =
            clock.steps.iter().map(|step| (step.what.as_str(), step.detail.as_str())).collect();
        let holder = "fire.330723";
        assert_eq!(told, [("armed", holder), ("warned", holder), ("rederived", holder)]);
        assert_eq!(clock.due.unwrap().last_day, "2023-05-18");
    }

    #[test]
    fn a_suspended_clock_has_no_date_and_a_late_act_stays_late() {
        let out = datetime!(2023-04-20 9:00 +8);
        let suspend = Act::Suspend { reference: "metal".into(), reason: "appraisal".into() };
        let still = one(vec![(ALARM, arm()), (out, suspend)], out);
        assert_eq!((still.state.as_str(), still.due), ("suspended", None));
        let done = datetime!(2023-05-20 9:00 +8);
        let met = one(vec![(ALARM, arm()), (done, Act::Meet)], done);
        assert_eq!((met.state.as_str(), met.late), ("met", true));
        let told: Vec<_> = met.steps.iter().map(|step| step.what.as_str()).collect();
        assert_eq!(told, ["armed", "breached", "met"]);
    }

    #[test]
    fn a_clock_that_starts_again_is_another_one() {
        let cancel = Act::Cancel { cause: "again".into() };
        let rows = rows(vec![(ALARM, arm()), (ALARM, cancel), (ALARM, arm())]);
        let states: Vec<_> = strip("c", rows, ALARM, &book()).into_iter().map(|clock| clock.state).collect();
        assert_eq!(states, ["cancelled", "running"]);
    }
}
