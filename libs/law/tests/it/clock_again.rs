//! Clocks computed again when a calendar or a pack arrives: open ones once, closed ones never.

use law::{
    Calendar, Period, Source,
    clock::{Act, Clocks, Event, Moment, Terms},
};

use crate::{
    clock::{Held, resume, suspend, thirty},
    date, instant,
};

/// 2027 with New Year's Day off, as its notice will at least say.
fn with_2027() -> std::sync::Arc<Calendar> {
    let file = r#"{"year": 2027, "papers": ["p"],
        "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": true}]}"#;
    std::sync::Arc::new(Calendar::builtin().with(&[Source::from(file)]).unwrap())
}

fn over_new_year() -> Terms {
    Terms { period: Period::WorkingDays(5), start: instant("2026-12-28T09:00:00+08:00"), ..thirty() }
}

fn rederive(held: &mut Held, period: Period) -> Vec<&'static str> {
    held.at("2026-12-29T09:00:00+08:00", Act::Rederive { period }).unwrap()
}

#[test]
fn a_new_calendar_moves_an_open_clock_exactly_once() {
    let mut held = Held::armed(over_new_year());
    assert!(held.clock().until.due.provisional);
    assert_eq!(rederive(&mut held, Period::WorkingDays(5)), Vec::<&str>::new());
    held.calendar = with_2027();
    assert_eq!(rederive(&mut held, Period::WorkingDays(5)), ["Rederived"]);
    let Some(Event::Rederived { old, new: Some(new), .. }) = held.stream.last() else { panic!() };
    assert_eq!((old.due.last_day, old.due.provisional), (date("2027-01-04"), true));
    assert_eq!((new.due.last_day, new.due.provisional), (date("2027-01-05"), false));
    assert_eq!(new.due.calendar, held.calendar.version());
    assert_eq!(rederive(&mut held, Period::WorkingDays(5)), Vec::<&str>::new());
}

#[test]
fn a_new_calendar_confirms_what_was_provisional() {
    let mut held = Held::armed(Terms { period: Period::CalendarDays(30), ..over_new_year() });
    held.calendar = with_2027();
    assert_eq!(rederive(&mut held, Period::CalendarDays(30)), ["Rederived"]);
    assert!(!held.clock().until.due.provisional);
}

#[test]
fn a_clock_that_a_calendar_does_not_touch_stays_as_it_is() {
    let mut held = Held::armed(Terms { period: Period::WorkingDays(2), ..over_new_year() });
    held.calendar = with_2027();
    assert_eq!(rederive(&mut held, Period::WorkingDays(2)), Vec::<&str>::new());
}

#[test]
fn a_new_pack_changes_the_period_also_of_a_clock_that_stands_still() {
    let mut held = Held::armed(over_new_year());
    assert_eq!(rederive(&mut held, Period::WorkingDays(3)), ["Rederived"]);
    assert_eq!(held.last_day(), date("2026-12-31"));
    held.at("2026-12-29T10:00:00+08:00", suspend("a")).unwrap();
    assert_eq!(
        held.at("2026-12-30T09:00:00+08:00", Act::Rederive { period: Period::WorkingDays(2) }).unwrap(),
        ["Rederived"]
    );
    held.at("2026-12-31T09:00:00+08:00", resume("a")).unwrap();
    assert_eq!(held.last_day(), date("2027-01-01"));
}

#[test]
fn closed_clocks_are_not_derived_again() {
    let period = Period::WorkingDays(5);
    let at = "2027-03-01T09:00:00+08:00";
    let mut met = Held::armed(over_new_year());
    met.at("2026-12-29T09:00:00+08:00", Act::Meet).unwrap();
    let mut breached = Held::armed(over_new_year());
    breached.tick(instant(at));
    let mut cancelled = Held::armed(over_new_year());
    cancelled.at("2026-12-29T09:00:00+08:00", Act::Cancel { cause: "c".into() }).unwrap();
    for mut held in [met, breached, cancelled] {
        held.calendar = with_2027();
        assert_eq!(held.at(at, Act::Rederive { period }).unwrap(), Vec::<&str>::new());
    }
    // Out of time before the new calendar came: the breach is said first and stays.
    let mut slept = Held::armed(over_new_year());
    slept.calendar = with_2027();
    assert_eq!(slept.at(at, Act::Rederive { period }).unwrap(), ["Breached"]);
}

#[test]
fn all_open_clocks_are_derived_again_at_once() {
    let mut clocks = Clocks::<u8>::default();
    for (duty, days) in [(1, 5), (2, 2), (3, 6)] {
        let held = Held::armed(Terms { period: Period::WorkingDays(days), ..over_new_year() });
        clocks.remember(&duty, &held.stream[0]);
    }
    let (calendar, at) = (with_2027(), instant("2026-12-29T09:00:00+08:00"));
    let moment = Moment { now: at, at, calendar: &calendar, pack: "CN-1" };
    let again = |clocks: &Clocks<u8>| clocks.rederive(&moment, |clock| Some(clock.terms.period)).unwrap();
    let events = again(&clocks);
    assert_eq!(events.iter().map(|(duty, _)| *duty).collect::<Vec<_>>(), [1, 3]);
    for (duty, event) in &events {
        clocks.remember(duty, event);
    }
    assert_eq!(again(&clocks), []);
}
