//! The thirty days of a cause determination under appraisals, case by case (火灾事故调查规定 18).

use law::clock::Act;

use crate::{
    clock::{Held, extend, resume, suspend, thirty},
    date, instant,
};

type Case = (&'static str, &'static [(&'static str, &'static str)], Option<&'static str>);

/// The name, what happened in order (`+a` appraisal a begins, `-a` it ends, `x` extended), and the last day; none
/// where the clock stands still. The alarm is at 2023-04-17 14:04, so the bare period ends on 2023-05-17.
const CASES: &[Case] = &[
    ("no appraisal", &[], Some("2023-05-17")),
    ("one of five days", &[("04-20 09", "+a"), ("04-25 17", "-a")], Some("2023-05-22")),
    ("within a day it takes nothing", &[("04-20 09", "+a"), ("04-20 17", "-a")], Some("2023-05-17")),
    ("over midnight it takes a day", &[("04-20 23", "+a"), ("04-21 00", "-a")], Some("2023-05-18")),
    (
        "two that overlap are a union",
        &[("04-20 09", "+a"), ("04-23 09", "+b"), ("04-25 17", "-a"), ("04-28 17", "-b")],
        Some("2023-05-25"),
    ),
    (
        "one inside the other adds nothing",
        &[("04-20 09", "+a"), ("04-22 09", "+b"), ("04-24 17", "-b"), ("04-28 17", "-a")],
        Some("2023-05-25"),
    ),
    (
        "two that touch on a day lose no day and gain none",
        &[("04-20 09", "+a"), ("04-23 09", "-a"), ("04-23 15", "+b"), ("04-26 09", "-b")],
        Some("2023-05-23"),
    ),
    (
        "three at once count once",
        &[
            ("04-20 09", "+a"),
            ("04-20 10", "+b"),
            ("04-20 11", "+c"),
            ("04-25 17", "-b"),
            ("04-25 17", "-c"),
            ("04-25 17", "-a"),
        ],
        Some("2023-05-22"),
    ),
    (
        "one after the other are a sum",
        &[("04-20 09", "+a"), ("04-25 17", "-a"), ("05-02 09", "+b"), ("05-04 09", "-b")],
        Some("2023-05-24"),
    ),
    ("begun the day before the last", &[("05-16 09", "+a"), ("06-18 09", "-a")], Some("2023-06-19")),
    ("begun on the last day it stops nothing", &[("05-17 09", "+a")], Some("2023-05-17")),
    ("one that lasts leaves the day open", &[("04-20 09", "+a")], None),
    (
        "one of two that lasts leaves the day open",
        &[("04-20 09", "+a"), ("04-21 09", "+b"), ("04-25 09", "-a")],
        None,
    ),
    (
        "in the time that another gave",
        &[("05-10 09", "+a"), ("05-20 09", "-a"), ("05-25 09", "+b"), ("05-26 09", "-b")],
        Some("2023-05-28"),
    ),
    ("extended", &[("05-10 09", "x")], Some("2023-06-16")),
    (
        "extended after an appraisal",
        &[("04-20 09", "+a"), ("04-25 17", "-a"), ("05-20 09", "x")],
        Some("2023-06-21"),
    ),
    (
        "extended before an appraisal",
        &[("05-10 09", "x"), ("06-10 09", "+a"), ("06-15 09", "-a")],
        Some("2023-06-21"),
    ),
    (
        "an appraisal from the old time into the new",
        &[("05-10 09", "x"), ("05-15 09", "+a"), ("05-25 09", "-a")],
        Some("2023-06-26"),
    ),
    (
        "an appraisal begun on the last day of the old time, once extended",
        &[("05-10 09", "x"), ("05-17 09", "+a"), ("05-20 09", "-a")],
        Some("2023-06-19"),
    ),
    (
        "the same appraisal again",
        &[("04-20 09", "+a"), ("04-22 09", "-a"), ("04-26 09", "+a"), ("04-27 09", "-a")],
        Some("2023-05-20"),
    ),
];

#[test]
fn the_thirty_days_under_appraisals_end_where_the_table_says() {
    for (name, happened, last_day) in CASES {
        let mut held = Held::armed(thirty());
        for (when, what) in *happened {
            let at = instant(&format!("2023-{}:00:00+08:00", when.replace(' ', "T")));
            let act = match what.split_at(1) {
                ("+", reference) => suspend(reference),
                ("-", reference) => resume(reference),
                _ => extend(),
            };
            held.act(at, at, act).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        }
        let clock = held.clock();
        let found = (!clock.still).then_some(clock.until.due.last_day);
        assert_eq!(found, last_day.map(date), "{name}");
    }
}

#[test]
fn hours_lose_exactly_the_suspended_time() {
    let hours = law::clock::Terms { period: law::Period::Hours(24), ..thirty() };
    let mut held = Held::armed(hours);
    for (at, act) in [
        ("2023-04-17T18:00:00+08:00", suspend("a")),
        ("2023-04-17T19:00:00+08:00", suspend("b")),
        ("2023-04-17T20:00:00+08:00", resume("a")),
        ("2023-04-17T20:30:00+08:00", resume("b")),
    ] {
        held.at(at, act).unwrap();
    }
    assert_eq!(held.clock().until.due.at, instant("2023-04-18T16:34:00+08:00"));
    assert_eq!(held.at("2023-04-18T16:34:00+08:00", Act::Meet).unwrap(), ["Met"]);
}
