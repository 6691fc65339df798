//! A clock as state: what happens to it, what it refuses, and what it says by itself.

use law::{
    Calendar, Period, Role,
    clock::{Act, Clock, Clocks, End, Event, Moment, Refusal, Terms, Warn, decide, tick},
};
use time::{Date, OffsetDateTime};

use crate::{date, instant};

pub(crate) const ALARM: &str = "2023-04-17T14:04:00+08:00";

/// The fire body's thirty days from the alarm, extended once at most.
pub(crate) fn thirty() -> Terms {
    Terms {
        rule: "fire.cause.determine".into(),
        basis: "火灾事故调查规定18".into(),
        period: Period::CalendarDays(30),
        role: Role::Agency,
        holder: "fire.330723".into(),
        start: instant(ALARM),
        warn: None,
        lapses: None,
        extensions_max: 1,
    }
}

/// A clock and its stream, as a decider would hold them.
pub(crate) struct Held {
    pub(crate) clock: Option<Clock>,
    pub(crate) stream: Vec<Event>,
    pub(crate) calendar: std::sync::Arc<Calendar>,
}

impl Held {
    pub(crate) fn new() -> Self {
        Self { clock: None, stream: Vec::new(), calendar: Calendar::builtin() }
    }

    pub(crate) fn armed(terms: Terms) -> Self {
        let mut held = Self::new();
        let start = terms.start;
        held.act(start, start, Act::Arm { terms }).unwrap();
        held
    }

    /// An act that happened at one time and was entered at another.
    pub(crate) fn act(
        &mut self,
        at: OffsetDateTime,
        now: OffsetDateTime,
        act: Act,
    ) -> Result<Vec<&'static str>, Refusal> {
        let moment = Moment { now, at, calendar: &self.calendar, pack: "CN-1" };
        let events = decide(self.clock.as_ref(), act, &moment)?;
        Ok(self.remember(events))
    }

    pub(crate) fn at(&mut self, at: &str, act: Act) -> Result<Vec<&'static str>, Refusal> {
        self.act(instant(at), instant(at), act)
    }

    pub(crate) fn tick(&mut self, now: OffsetDateTime) -> Vec<&'static str> {
        let events = self.clock.as_ref().map(|clock| tick(clock, now)).unwrap_or_default();
        self.remember(events)
    }

    fn remember(&mut self, events: Vec<Event>) -> Vec<&'static str> {
        let names = events.iter().map(Event::name).collect();
        for event in events {
            self.clock = Clock::evolve(self.clock.take(), &event);
            self.stream.push(event);
        }
        names
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.clock.as_ref().unwrap()
    }

    pub(crate) fn last_day(&self) -> Date {
        self.clock().until.due.last_day
    }
}

pub(crate) fn suspend(reference: &str) -> Act {
    Act::Suspend { reference: reference.into(), reason: "appraisal".into() }
}

pub(crate) fn resume(reference: &str) -> Act {
    Act::Resume { reference: reference.into() }
}

pub(crate) fn extend() -> Act {
    Act::Extend { by: "fire.3307".into(), document: "d-1".into(), period: Period::CalendarDays(30) }
}

#[test]
fn a_clock_carries_basis_holder_versions_and_last_day() {
    let held = Held::armed(thirty());
    let clock = held.clock();
    assert_eq!(clock.until.due.last_day, date("2023-05-17"));
    assert_eq!(clock.until.due.calendar, Calendar::builtin().version());
    assert_eq!(clock.until.pack, "CN-1");
    assert_eq!(clock.terms, thirty());
    assert_eq!(clock.next(), Some(instant("2023-05-18T00:00:00+08:00")));
}

#[test]
fn a_breach_carries_the_due_instant_whenever_anybody_looked() {
    let mut punctual = Held::armed(thirty());
    assert_eq!(punctual.tick(instant("2023-05-17T23:59:59.999999+08:00")), Vec::<&str>::new());
    assert_eq!(punctual.tick(instant("2023-05-18T00:00:00+08:00")), ["Breached"]);
    let mut down = Held::armed(thirty());
    assert_eq!(down.tick(instant("2024-01-01T00:00:00+08:00")), ["Breached"]);
    assert_eq!(json(&down.stream), json(&punctual.stream));
    let breached = down.clock().over.clone().unwrap();
    assert_eq!(breached.at, instant("2023-05-18T00:00:00+08:00"));
    assert_eq!(down.tick(instant("2025-01-01T00:00:00+08:00")), Vec::<&str>::new());
    assert_eq!(down.clock().next(), None);
}

#[test]
fn a_right_that_is_not_used_lapses_and_a_term_ends_and_nobody_is_late() {
    let over = instant("2023-05-18T00:00:00+08:00");
    let mut right = Held::armed(thirty().right());
    assert_eq!(right.tick(instant("2023-05-17T23:59:59+08:00")), Vec::<&str>::new());
    assert_eq!(right.tick(over), ["Lapsed"]);
    assert!(right.clock().has_lapsed() && right.clock().is_closed());
    assert_eq!(right.tick(over), Vec::<&str>::new());
    let again = right.act(over, over, Act::Rederive { period: Period::CalendarDays(40) });
    assert_eq!(again, Ok(vec![]), "what has lapsed does not come back");
    let mut term = Held::armed(thirty().term());
    assert_eq!(term.tick(over), ["Lapsed"]);
    assert!(!term.clock().has_lapsed());
    let mut used = Held::armed(thirty().right());
    used.tick(over);
    let (posted, entered) = (instant("2023-05-17T17:00:00+08:00"), instant("2023-05-20T09:00:00+08:00"));
    used.act(posted, entered, Act::Meet).unwrap();
    assert_eq!(used.clock().end, Some(End::Met { at: posted, in_time: true }));
    assert!(!used.clock().has_lapsed());
}

pub(crate) fn json(stream: &[Event]) -> String {
    serde_json::to_string(stream).unwrap()
}

#[test]
fn one_instant_is_stored_as_the_same_bytes_in_whichever_offset_it_is_entered() {
    let mut beijing = Held::armed(thirty());
    let mut utc = Held::armed(Terms { start: instant("2023-04-17T06:04:00Z"), ..thirty() });
    beijing.at("2023-04-20T09:00:00+08:00", suspend("a")).unwrap();
    utc.at("2023-04-20T01:00:00Z", suspend("a")).unwrap();
    assert_eq!(json(&beijing.stream), json(&utc.stream));
}

#[test]
fn what_was_done_in_time_but_entered_late_is_in_time() {
    let mut held = Held::armed(thirty());
    let done = instant("2023-05-17T17:00:00+08:00");
    let names = held.act(done, instant("2023-05-20T09:00:00+08:00"), Act::Meet).unwrap();
    assert_eq!(names, ["Breached", "Met"]);
    assert_eq!(held.clock().end, Some(End::Met { at: done, in_time: true }));
}

#[test]
fn what_was_done_late_is_late_and_says_so() {
    let mut held = Held::armed(thirty());
    assert_eq!(held.at("2023-05-18T00:00:00+08:00", Act::Meet).unwrap(), ["Breached", "Met"]);
    assert!(matches!(held.clock().end, Some(End::Met { in_time: false, .. })));
    let mut held = Held::armed(thirty());
    assert_eq!(held.at("2023-05-17T23:59:59+08:00", Act::Meet).unwrap(), ["Met"]);
    assert!(matches!(held.clock().end, Some(End::Met { in_time: true, .. })));
}

#[test]
fn the_last_instant_of_hours_is_in_time() {
    let hours = Terms { period: Period::Hours(24), ..thirty() };
    let mut held = Held::armed(hours.clone());
    assert_eq!(held.at("2023-04-18T14:04:00+08:00", Act::Meet).unwrap(), ["Met"]);
    let mut held = Held::armed(hours);
    assert_eq!(held.tick(instant("2023-04-18T14:04:00+08:00")), Vec::<&str>::new());
    assert_eq!(held.tick(instant("2023-04-18T14:04:00.000001+08:00")), ["Breached"]);
}

#[test]
fn the_holder_is_warned_once_by_share_or_by_what_is_left() {
    for (warn, at) in [
        (Warn::Share(80), "2023-05-11T22:00:48+08:00"),
        (Warn::Left(Period::WorkingDays(3)), "2023-05-15T00:00:00+08:00"),
        (Warn::Left(Period::CalendarDays(1)), "2023-05-17T00:00:00+08:00"),
        (Warn::Left(Period::Hours(4)), "2023-05-17T20:00:00+08:00"),
        (Warn::Left(Period::Years(4)), ALARM),
    ] {
        let mut held = Held::armed(Terms { warn: Some(warn), ..thirty() });
        assert_eq!(held.clock().next(), Some(instant(at)), "{warn:?}");
        assert_eq!(held.tick(instant("2023-05-17T23:00:00+08:00")), ["Warned"], "{warn:?}");
        assert_eq!(held.tick(instant("2023-05-17T23:30:00+08:00")), Vec::<&str>::new());
        assert_eq!(held.tick(instant("2023-06-17T23:30:00+08:00")), ["Breached"]);
    }
    let mut slept = Held::armed(Terms { warn: Some(Warn::Share(80)), ..thirty() });
    assert_eq!(slept.tick(instant("2024-01-01T00:00:00+08:00")), ["Warned", "Breached"]);
}

#[test]
fn suspended_time_is_no_part_of_a_share() {
    let mut held = Held::armed(Terms { warn: Some(Warn::Share(50)), ..thirty() });
    let half = held.clock().until.warn_at.unwrap();
    held.at("2023-04-20T00:00:00+08:00", suspend("a")).unwrap();
    held.at("2023-04-30T00:00:00+08:00", resume("a")).unwrap();
    assert_eq!(held.clock().until.warn_at, Some(half + time::Duration::days(10)));
}

#[test]
fn a_suspended_clock_says_nothing_until_it_resumes() {
    let mut held = Held::armed(Terms { warn: Some(Warn::Share(80)), ..thirty() });
    assert_eq!(held.at("2023-04-20T09:00:00+08:00", suspend("a")).unwrap(), ["Suspended"]);
    assert_eq!(held.clock().next(), None);
    assert_eq!(held.tick(instant("2024-01-01T00:00:00+08:00")), Vec::<&str>::new());
    assert_eq!(held.at("2024-01-02T09:00:00+08:00", resume("a")).unwrap(), ["Resumed"]);
    assert_eq!(held.last_day(), date("2024-01-29"));
}

#[test]
fn a_clock_stands_still_until_the_last_suspension_ends() {
    let mut held = Held::armed(thirty());
    held.at("2023-04-20T09:00:00+08:00", suspend("a")).unwrap();
    held.at("2023-04-23T09:00:00+08:00", suspend("b")).unwrap();
    held.at("2023-04-25T17:00:00+08:00", resume("a")).unwrap();
    assert_eq!(held.clock().next(), None);
    held.at("2023-04-28T17:00:00+08:00", resume("b")).unwrap();
    assert_eq!(held.last_day(), date("2023-05-25"));
}

#[test]
fn a_suspension_on_the_last_day_stops_nothing() {
    let mut held = Held::armed(thirty());
    held.at("2023-05-17T09:00:00+08:00", suspend("a")).unwrap();
    assert_eq!(held.clock().next(), Some(instant("2023-05-18T00:00:00+08:00")));
    assert_eq!(held.tick(instant("2023-05-18T00:00:00+08:00")), ["Breached"]);
}

#[test]
fn a_suspension_entered_late_lifts_the_breach_it_would_have_prevented() {
    let mut held = Held::armed(thirty());
    assert_eq!(held.tick(instant("2023-05-18T08:00:00+08:00")), ["Breached"]);
    let began = instant("2023-05-10T09:00:00+08:00");
    held.act(began, instant("2023-05-18T09:00:00+08:00"), suspend("a")).unwrap();
    assert_eq!(held.clock().over, None);
    held.at("2023-05-20T09:00:00+08:00", resume("a")).unwrap();
    assert_eq!(held.last_day(), date("2023-05-27"));
    let after = held.at("2023-05-28T09:00:00+08:00", suspend("b"));
    assert_eq!(after, Err(Refusal::RunOut { last_day: date("2023-05-27") }));
}

#[test]
fn saying_the_same_twice_changes_nothing() {
    let mut held = Held::armed(thirty());
    held.at("2023-04-20T09:00:00+08:00", suspend("a")).unwrap();
    assert_eq!(held.at("2023-04-21T09:00:00+08:00", suspend("a")).unwrap(), Vec::<&str>::new());
    held.at("2023-04-25T09:00:00+08:00", resume("a")).unwrap();
    assert_eq!(held.at("2023-04-26T09:00:00+08:00", resume("a")).unwrap(), Vec::<&str>::new());
    held.at("2023-04-27T09:00:00+08:00", Act::Meet).unwrap();
    assert_eq!(held.at("2023-04-28T09:00:00+08:00", Act::Meet).unwrap(), Vec::<&str>::new());
    let mut cancelled = Held::armed(thirty());
    cancelled.at("2023-04-20T09:00:00+08:00", Act::Cancel { cause: "no fire".into() }).unwrap();
    let again = cancelled.at("2023-04-20T09:00:00+08:00", Act::Cancel { cause: "no fire".into() });
    assert_eq!(again.unwrap(), Vec::<&str>::new());
}

#[test]
fn an_authority_extends_as_often_as_the_law_allows() {
    let mut held = Held::armed(thirty());
    assert_eq!(held.at("2023-05-16T09:00:00+08:00", extend()).unwrap(), ["Extended"]);
    assert_eq!(held.last_day(), date("2023-06-16"));
    let again = held.at("2023-05-16T10:00:00+08:00", extend());
    assert_eq!(again, Err(Refusal::ExtendedTooOften { most: 1 }));
    let mut late = Held::armed(thirty());
    let refused = late.at("2023-05-18T00:00:00+08:00", extend());
    assert_eq!(refused, Err(Refusal::RunOut { last_day: date("2023-05-17") }));
}

#[test]
fn only_the_last_day_of_all_rolls_when_a_right_is_extended() {
    // 2023-04-01 + 30 = 2023-05-01, a day off; the extension counts from there and not from 2023-05-04.
    let right = Terms { role: Role::Party, start: instant("2023-04-01T09:00:00+08:00"), ..thirty() };
    let mut held = Held::armed(right);
    assert_eq!(held.last_day(), date("2023-05-04"));
    held.at("2023-04-20T09:00:00+08:00", extend()).unwrap();
    assert_eq!(held.last_day(), date("2023-05-31"));
}

#[test]
fn an_extension_can_be_suspended_and_come_during_a_suspension() {
    let mut held = Held::armed(thirty());
    held.at("2023-05-10T09:00:00+08:00", suspend("a")).unwrap();
    held.at("2023-05-12T09:00:00+08:00", extend()).unwrap();
    assert_eq!(held.clock().next(), None);
    held.at("2023-05-20T09:00:00+08:00", resume("a")).unwrap();
    assert_eq!(held.last_day(), date("2023-06-26"));
    held.at("2023-06-20T09:00:00+08:00", suspend("b")).unwrap();
    held.at("2023-06-22T09:00:00+08:00", resume("b")).unwrap();
    assert_eq!(held.last_day(), date("2023-06-28"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let blank = || Refusal::Blank { field: "cause" };
    let mut held = Held::armed(thirty());
    assert_eq!(held.at("2023-04-20T09:00:00+08:00", Act::Cancel { cause: " ".into() }), Err(blank()));
    assert_eq!(
        held.at("2023-04-20T09:00:00+08:00", Act::Arm { terms: thirty() }),
        Err(Refusal::AlreadyRunning)
    );
    assert_eq!(
        held.at("2023-04-20T09:00:00+08:00", resume("a")),
        Err(Refusal::NotSuspended { reference: "a".into() })
    );
    held.at("2023-04-20T09:00:00+08:00", suspend("a")).unwrap();
    assert_eq!(
        held.at("2023-04-20T08:59:59+08:00", resume("a")),
        Err(Refusal::ResumedBeforeSuspended { reference: "a".into() })
    );
    let ahead =
        held.act(instant("2023-04-22T09:00:00+08:00"), instant("2023-04-21T09:00:00+08:00"), resume("a"));
    assert_eq!(ahead, Err(Refusal::NotYet));
    assert_eq!(Held::new().at(ALARM, Act::Meet), Err(Refusal::NotArmed));
    for terms in [
        Terms { period: Period::CalendarDays(0), ..thirty() },
        Terms { period: Period::Years(101), ..thirty() },
        Terms { warn: Some(Warn::Share(100)), ..thirty() },
        Terms { warn: Some(Warn::Left(Period::Hours(0))), ..thirty() },
    ] {
        let refused = Held::new().at(ALARM, Act::Arm { terms });
        assert!(matches!(refused, Err(Refusal::Absurd { .. })), "{refused:?}");
    }
    let nobody = Terms { holder: String::new(), ..thirty() };
    assert_eq!(Held::new().at(ALARM, Act::Arm { terms: nobody }), Err(Refusal::Blank { field: "holder" }));
}

#[test]
fn what_ended_stays_ended() {
    let mut met = Held::armed(thirty());
    met.at("2023-04-20T09:00:00+08:00", Act::Meet).unwrap();
    for act in [suspend("a"), extend(), Act::Cancel { cause: "c".into() }] {
        assert_eq!(met.at("2023-04-21T09:00:00+08:00", act), Err(Refusal::AlreadyMet));
    }
    assert_eq!(met.tick(instant("2024-01-01T00:00:00+08:00")), Vec::<&str>::new());
    let mut cancelled = Held::armed(thirty());
    cancelled.at("2023-04-20T09:00:00+08:00", Act::Cancel { cause: "no fire".into() }).unwrap();
    for act in [suspend("a"), resume("a"), extend(), Act::Meet] {
        let refused = cancelled.at("2023-04-21T09:00:00+08:00", act);
        assert_eq!(refused, Err(Refusal::AlreadyCancelled { cause: "no fire".into() }));
    }
    assert_eq!(cancelled.clock().next(), None);
    let again = Terms { start: instant("2023-05-01T09:00:00+08:00"), ..thirty() };
    assert_eq!(cancelled.at("2023-05-01T09:00:00+08:00", Act::Arm { terms: again }).unwrap(), ["Armed"]);
}

#[test]
fn a_duty_passes_to_another_holder_and_its_time_goes_on() {
    let mut held = Held::armed(thirty());
    let pass = || Act::Pass { holder: "fire.3307".into() };
    assert_eq!(held.at("2023-04-17T18:00:00+08:00", pass()).unwrap(), ["Passed"]);
    assert_eq!((held.clock().terms.holder.as_str(), held.last_day()), ("fire.3307", date("2023-05-17")));
    assert_eq!(held.at("2023-04-18T18:00:00+08:00", pass()).unwrap(), Vec::<&str>::new());
    let nobody = Act::Pass { holder: " ".into() };
    assert_eq!(held.at("2023-04-18T18:00:00+08:00", nobody), Err(Refusal::Blank { field: "holder" }));
    held.at("2023-04-20T09:00:00+08:00", Act::Meet).unwrap();
    assert_eq!(held.at("2023-04-21T09:00:00+08:00", pass()), Err(Refusal::AlreadyMet));
}

#[test]
fn a_clock_may_start_ahead_and_what_is_done_before_is_in_time() {
    let ahead = Terms { start: instant("2023-04-20T00:00:00+08:00"), ..thirty() };
    let mut held = Held::new();
    held.at(ALARM, Act::Arm { terms: ahead }).unwrap();
    assert_eq!(held.last_day(), date("2023-05-20"));
    held.at("2023-04-18T09:00:00+08:00", Act::Meet).unwrap();
    assert!(matches!(held.clock().end, Some(End::Met { in_time: true, .. })));
}

#[test]
fn a_clock_that_stands_still_says_when_it_would_run_out() {
    let calendar = Calendar::builtin();
    let mut held = Held::armed(thirty());
    held.at("2023-04-20T09:00:00+08:00", suspend("a")).unwrap();
    let would = held.clock().runs_out(&calendar, instant("2023-04-25T09:00:00+08:00"));
    held.at("2023-04-25T09:00:00+08:00", resume("a")).unwrap();
    assert_eq!(would, held.clock().until.due);
}

#[test]
fn one_aggregate_holds_several_clocks() {
    let calendar = Calendar::builtin();
    let mut clocks = Clocks::<&str>::default();
    let moment = |at: &str| {
        let at = instant(at);
        Moment { now: at, at, calendar: &calendar, pack: "CN-1" }
    };
    let say = |clocks: &mut Clocks<&'static str>, duty: &'static str, at: &str, act: Act| {
        let events = clocks.decide(&duty, act, &moment(at)).unwrap();
        for (duty, event) in &events {
            clocks.remember(duty, event);
        }
        events.iter().map(|(duty, event)| format!("{duty} {}", event.name())).collect::<Vec<_>>()
    };
    let serve = Terms { period: Period::CalendarDays(7), ..thirty() };
    say(&mut clocks, "determine", ALARM, Act::Arm { terms: thirty() });
    say(&mut clocks, "serve", ALARM, Act::Arm { terms: serve });
    assert_eq!(clocks.next(), Some(instant("2023-04-25T00:00:00+08:00")));
    assert_eq!(
        say(&mut clocks, "determine", "2023-04-26T00:00:00+08:00", Act::Meet),
        ["serve Breached", "determine Met"]
    );
    assert_eq!(clocks.next(), None);
    assert_eq!(clocks.iter().count(), 2);
    assert!(clocks.get(&"serve").unwrap().over.is_some());
}

#[test]
fn clocks_speak_in_the_order_of_their_instants() {
    let mut clocks = Clocks::<u8>::default();
    for (duty, days) in [(1, 20), (2, 10), (3, 15)] {
        let held = Held::armed(Terms { period: Period::CalendarDays(days), ..thirty() });
        clocks.remember(&duty, &held.stream[0]);
    }
    let said: Vec<_> =
        clocks.tick(instant("2024-01-01T00:00:00+08:00")).into_iter().map(|(duty, _)| duty).collect();
    assert_eq!(said, [2, 3, 1]);
}

#[test]
fn a_clock_tells_its_computation() {
    let mut held = Held::armed(thirty());
    let calendar = Calendar::builtin();
    let now = instant("2023-05-01T00:00:00+08:00");
    held.at("2023-04-20T09:00:00+08:00", suspend("a")).unwrap();
    assert!(held.clock().words(&calendar, now).zh.ends_with("；中止中，届满日待恢复后确定"));
    held.at("2023-04-25T09:00:00+08:00", resume("a")).unwrap();
    let zh = held.clock().words(&calendar, now).zh;
    assert_eq!(zh, "30 日：4 月 17 日起，4 月 21 日至 25 日中止，不计 5 日，5 月 22 日届满");
    held.at("2023-05-16T09:00:00+08:00", extend()).unwrap();
    let zh = held.clock().words(&calendar, now).zh;
    assert!(zh.ends_with("；经 fire.3307 批准延长 30日，2023-06-21 届满"), "{zh}");
}

/// The storage format: every shape, as it will be read for ever.
#[test]
fn the_shapes_of_the_events_are_these() {
    let mut held = Held::armed(Terms { warn: Some(Warn::Share(80)), ..thirty() });
    held.at("2023-04-20T09:00:00+08:00", suspend("a")).unwrap();
    held.at("2023-04-25T09:00:00+08:00", resume("a")).unwrap();
    held.at("2023-05-20T09:00:00+08:00", extend()).unwrap();
    held.at("2023-06-01T09:00:00+08:00", Act::Rederive { period: Period::CalendarDays(31) }).unwrap();
    held.at("2024-06-01T09:00:00+08:00", Act::Cancel { cause: "c".into() }).unwrap();
    let mut met = Held::armed(thirty());
    met.at("2023-04-17T18:00:00+08:00", Act::Pass { holder: "fire.3307".into() }).unwrap();
    met.at("2023-04-20T09:00:00+08:00", Act::Meet).unwrap();
    let mut right = Held::armed(thirty().right());
    right.tick(instant("2023-06-01T09:00:00+08:00"));
    let version = Calendar::builtin().version().to_owned();
    let stream: Vec<_> = held.stream.iter().chain(&met.stream[1..]).chain(&right.stream).collect();
    let lines: Vec<_> = stream.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    let text = lines.join("\n").replace(&version, "CAL") + "\n";
    assert_eq!(text, include_str!("clock_events.jsonl"), "{text}");
    for (line, event) in lines.iter().zip(stream) {
        assert_eq!(&serde_json::from_str::<Event>(line).unwrap(), event);
    }
}
