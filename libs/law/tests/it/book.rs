//! The book of rules: what is in force when, whatever the order in which versions arrive.

use law::{Adoption, Book, Calendar, Kind, RulePack, Status};
use time::OffsetDateTime;

use crate::instant;

/// Invented: the State Council has said nothing about 2027.
const FILE_2027: &str = include_str!("../../../../tests/data/2027-invented.json");
const CLOSURES: &str = r#"{"area": "330723", "edition": "2027-1", "basis": "某政发〔2027〕1号",
  "closed": [{"date": "2027-08-11", "reason": "防台风停工"}]}"#;

fn from() -> OffsetDateTime {
    instant("2026-12-01T00:00:00+08:00")
}

fn adoption(id: &str, text: &str, days: i64) -> Adoption {
    Adoption {
        id: id.to_owned(),
        kind: Kind::Calendar,
        version: String::new(),
        effective_from: from() + time::Duration::days(days),
        file: format!("{id}.json"),
        text: text.to_owned(),
        allowed: vec![],
    }
}

fn book() -> Book {
    Book::new(RulePack::builtin(), Calendar::builtin())
}

fn at(book: &Book, days: i64) -> String {
    book.at(from() + time::Duration::days(days)).calendar.version().to_owned()
}

#[test]
fn a_version_is_in_force_from_its_instant_on() {
    let book = book().with(adoption("year", FILE_2027, 0)).unwrap();
    let builtin = Calendar::builtin();
    assert_eq!(book.at(from() - time::Duration::NANOSECOND).calendar.version(), builtin.version());
    assert!(at(&book, 0).starts_with("CN-2015..2027@"));
}

#[test]
fn a_calendar_is_found_by_its_version_whenever_it_is_in_force() {
    let (builtin, book) = (Calendar::builtin(), book().with(adoption("year", FILE_2027, 9)).unwrap());
    let adopted = at(&book, 9);
    for version in [builtin.version(), &adopted] {
        assert_eq!(book.calendar(version).map(Calendar::version), Some(version));
    }
    assert!(book.calendar("another").is_none());
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let (year, closures) = (adoption("year", FILE_2027, 0), adoption("closures", CLOSURES, 3));
    let one = book().with(year.clone()).unwrap().with(closures.clone()).unwrap();
    // Closures of a year whose notice is not known are refused, so they cannot come first.
    let error = book().with(closures.clone()).unwrap_err();
    assert!(error.to_string().starts_with("closures.json:2: 2027-08-11 is in a year"), "{error}");
    let later = adoption("later", &FILE_2027.replace("invented-for-tests", "invented-again"), 5);
    let other = book().with(later.clone()).unwrap().with(year).unwrap().with(closures).unwrap();
    let one = one.with(later).unwrap();
    for days in [-1, 0, 3, 5, 9] {
        assert_eq!(at(&one, days), at(&other, days), "{days}");
    }
}

#[test]
fn a_known_version_and_a_bad_one_change_nothing() {
    let book = book().with(adoption("year", FILE_2027, 0)).unwrap();
    let again = book.with(adoption("year", FILE_2027, 9)).unwrap();
    assert_eq!(again.adopted().count(), 1);
    assert!(book.with(adoption("bad", "{}", 0)).is_err());
}

#[test]
fn what_came_since_a_decision_is_told_oldest_first() {
    let book = book().with(adoption("year", FILE_2027, 0)).unwrap();
    let book = book.with(adoption("closures", CLOSURES, 3)).unwrap();
    let rules = RulePack::builtin();
    let since = |calendar: &str, days| {
        let states = book.since(rules.version(), calendar, from() + time::Duration::days(days));
        states.iter().map(|state| state.from.unwrap()).collect::<Vec<_>>()
    };
    let (old, middle, new) = (at(&book, -1), at(&book, 0), at(&book, 3));
    assert!(since(&old, -1).is_empty());
    assert_eq!(since(&old, 2), [from()]);
    assert_eq!(since(&old, 3), [from(), from() + time::Duration::days(3)]);
    assert_eq!(since(&middle, 3), [from() + time::Duration::days(3)]);
    assert!(since(&new, 9).is_empty());
    assert!(since("another program's", 9).is_empty(), "whose, and whether older, is not known");
    assert!(book.knows(rules.version(), &old) && !book.knows(rules.version(), "another program's"));
}

#[test]
fn what_configuration_allows_holds_for_a_later_pack_and_what_a_signature_allows_does_not() {
    let text = include_str!("../../data/pack/cn.json").replace("\"90\"", "\"91\"");
    let pack = Adoption { kind: Kind::Pack, ..adoption("pack", &text, 0) };
    let unverified = |pack: &RulePack| {
        pack.rows().find(|row| row.status == Status::Memory).map(|row| row.id.clone()).unwrap()
    };
    let id = unverified(&RulePack::builtin());
    let named = RulePack::builtin().with_allowed(std::slice::from_ref(&id));
    let book = Book::new(std::sync::Arc::new(named), Calendar::builtin()).with(pack.clone()).unwrap();
    assert!(book.at(from()).rules.row(&id).is_ok());
    let signed = RulePack::parse(include_str!("../../data/pack/cn.json"), &[&id]).unwrap();
    let book = Book::new(std::sync::Arc::new(signed), Calendar::builtin()).with(pack).unwrap();
    assert!(book.at(from()).rules.row(&id).is_err());
}
