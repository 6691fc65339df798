//! Files of a calendar: both forms read alike, later ones amend, and wrong ones are refused by line.

use law::{Calendar, CalendarFault, DayKind, Period, Role, Source};

use crate::date;

/// A year as the widely used data files have it, with addresses of the notice for ids.
const WIDE_2027: &str = r#"{
  "$schema": "https://example.org/schema.json",
  "$id": "https://example.org/2027.json",
  "year": 2027,
  "papers": ["https://www.gov.cn/zhengce/zhengceku/202611/content_7099999.htm"],
  "days": [
    {"name": "元旦", "date": "2026-12-31", "isOffDay": false},
    {"name": "元旦", "date": "2027-01-01", "isOffDay": true},
    {"name": "元旦", "date": "2027-01-02", "isOffDay": true}
  ]
}"#;

/// The same without the day that a notice cannot give: 2026-12-31 is a Thursday.
fn wide_2027() -> String {
    WIDE_2027.replace("2026-12-31", "2026-12-27")
}

fn fault(name: &str, text: &str) -> (usize, CalendarFault) {
    let error = Calendar::builtin().with(&[Source { name, text }]).unwrap_err();
    assert_eq!(error.file, name);
    assert!(error.to_string().starts_with(&format!("{name}:{}: ", error.line)), "{error}");
    assert!(error.zh().starts_with(&format!("{name} 第 {} 行：", error.line)), "{}", error.zh());
    (error.line, error.fault)
}

#[test]
fn the_widely_used_form_is_read_into_ours() {
    let calendar = Calendar::builtin().with(&[Source::from(&wide_2027())]).unwrap();
    assert_eq!(calendar.years(), 2015..=2027);
    assert_eq!(calendar.notices(2027), ["content_7099999"]);
    assert_eq!(calendar.day(date("2026-12-27")), DayKind::MakeUpDay { holiday: "元旦".into() });
    assert_eq!(calendar.day(date("2027-01-01")), DayKind::RestDay { holiday: "元旦".into() });
    assert_eq!(calendar.day(date("2027-01-04")), DayKind::Weekday);
    let ours = calendar.file(2027).unwrap();
    let again = Calendar::builtin().with(&[Source::from(ours)]).unwrap();
    assert_eq!(again.version(), calendar.version());
    assert_eq!(again.file(2027), Some(ours));
}

#[test]
fn every_year_we_have_survives_the_way_through_the_widely_used_form() {
    let builtin = Calendar::builtin();
    let files: Vec<String> = builtin.years().map(|year| widened(&builtin, year)).collect();
    let sources: Vec<_> = files.iter().map(Source::from).collect();
    let imported = Calendar::parse(&sources).unwrap();
    let mut day = date("2014-12-01");
    while day <= date("2027-01-31") {
        assert_eq!(imported.day(day), builtin.day(day), "{day}");
        day = day.next_day().unwrap();
    }
    for year in builtin.years() {
        assert_eq!(imported.file(year).map(str::trim_end), builtin.file(year).map(str::trim_end));
    }
}

/// One of our files as the wide form would have it.
fn widened(calendar: &Calendar, year: i32) -> String {
    let file: serde_json::Value = serde_json::from_str(calendar.file(year).unwrap()).unwrap();
    let mut days = Vec::new();
    for holiday in file["holidays"].as_array().unwrap() {
        for (field, off) in [("rest", true), ("work", false)] {
            for day in holiday[field].as_array().unwrap() {
                days.push(serde_json::json!({"name": holiday["name"], "date": day, "isOffDay": off}));
            }
        }
    }
    serde_json::json!({"year": year, "papers": file["notices"], "days": days}).to_string()
}

#[test]
fn a_year_that_arrives_makes_its_deadlines_certain() {
    let builtin = Calendar::builtin();
    let due = |calendar: &Calendar| {
        calendar.due_from_date(date("2026-12-30"), Period::WorkingDays(2), Role::Agency)
    };
    assert!(due(&builtin).provisional);
    assert_eq!(due(&builtin).last_day, date("2027-01-01"));
    let known = builtin.with(&[Source::from(&wide_2027())]).unwrap();
    assert!(!due(&known).provisional);
    assert_eq!(due(&known).last_day, date("2027-01-04"));
    assert_ne!(known.version(), builtin.version());
    assert!(known.version().starts_with("CN-2015..2027@"), "{}", known.version());
}

#[test]
fn an_amended_year_replaces_the_one_before() {
    let builtin = Calendar::builtin();
    let amended = builtin.file(2026).unwrap().replace("\"2026-10-07\"]", "\"2026-10-07\", \"2026-10-08\"]");
    let calendar = builtin.with(&[Source::from(&amended)]).unwrap();
    assert_eq!(calendar.day(date("2026-10-08")), DayKind::RestDay { holiday: "国庆节".into() });
    assert_eq!(calendar.years(), builtin.years());
    assert_ne!(calendar.version(), builtin.version());
}

#[test]
fn a_bad_year_is_refused_with_its_line_and_the_reason() {
    let wide = wide_2027();
    let with = |old: &str, new: &str| {
        assert!(wide.contains(old), "{old}");
        fault("2027.json", &wide.replace(old, new))
    };
    let day = |text: &str| date(text);
    assert_eq!(with("2027-01-02", "2027-01-01"), (9, CalendarFault::DateTwice { date: day("2027-01-01") }));
    for impossible in ["2027-02-30", "2027-13-01", "2027-1-2", "tomorrow"] {
        let text = impossible.to_owned();
        assert_eq!(with("2027-01-02", impossible), (9, CalendarFault::ImpossibleDate { text }));
    }
    assert_eq!(
        with("2027-01-02", "2028-01-02"),
        (9, CalendarFault::StrayDate { year: 2027, date: day("2028-01-02") })
    );
    assert_eq!(
        with("2026-12-27", "2026-11-29"),
        (7, CalendarFault::StrayDate { year: 2027, date: day("2026-11-29") })
    );
    assert_eq!(fault("f", WIDE_2027), (7, CalendarFault::WorkedAnyway { date: day("2026-12-31") }));
    assert_eq!(
        with("\"year\": 2027", "\"year\": 2029").1,
        CalendarFault::StrayDate { year: 2029, date: day("2026-12-27") }
    );
    assert_eq!(
        with("\"https://www.gov.cn/zhengce/zhengceku/202611/content_7099999.htm\"", ""),
        (4, CalendarFault::NoNotice { year: 2027 })
    );
    assert_eq!(
        with("\"name\": \"元旦\", \"date\": \"2027-01-01\"", "\"name\": \" \", \"date\": \"2027-01-01\""),
        (8, CalendarFault::Blank { field: "name" })
    );
    assert_eq!(with(": 2027,", ": 99999,"), (4, CalendarFault::YearOutOfRange { year: 99_999 }));
    assert_eq!(with("true", "false").1, CalendarFault::NoRestDay { year: 2027 });
}

#[test]
fn a_notice_may_say_when_work_resumes() {
    let calendar = Calendar::builtin();
    assert!(calendar.file(2020).unwrap().contains("2020-02-03"));
    assert_eq!(calendar.day(date("2020-02-03")), DayKind::Weekday);
}

#[test]
fn what_is_not_of_the_form_is_refused_with_its_line() {
    let wide = wide_2027();
    let unreadable = |old: &str, new: &str, line: usize| {
        assert!(wide.contains(old), "{old}");
        let (found, fault) = fault("2027.json", &wide.replace(old, new));
        assert!(matches!(fault, CalendarFault::Unreadable(_)), "{fault:?}");
        assert_eq!(found, line, "{fault}");
    };
    unreadable("\"papers\"", "\"notes\": 1, \"papers\"", 5);
    unreadable("\"date\": \"2027-01-01\"", "\"date\": \"2027-01-01\", \"color\": 1", 8);
    unreadable("\"isOffDay\": true},", "\"isOffDay\": \"yes\"},", 8);
    unreadable("{\"name\": \"元旦\", \"date\": \"2027-01-02\", \"isOffDay\": true}", "7", 9);
    unreadable("2027,", "\"MMXXVII\",", 4);
    unreadable("  ]\n}", "  ]\n", 11);
}

#[test]
fn our_own_form_is_refused_by_line_too() {
    let builtin = Calendar::builtin();
    let own = builtin.file(2026).unwrap();
    let with = |old: &str, new: &str| fault("2026.json", &own.replacen(old, new, 1));
    assert_eq!(
        with("\"2026-01-03\"", "\"2026-01-02\""),
        (6, CalendarFault::DateTwice { date: date("2026-01-02") })
    );
    assert_eq!(
        with("\"2026-01-04\"", "\"2026-01-06\""),
        (7, CalendarFault::WorkedAnyway { date: date("2026-01-06") })
    );
    assert!(matches!(with("\"work\"", "\"labour\""), (7, CalendarFault::Unreadable(_))));
    assert_eq!(with("[\"content_7047091\"]", "[]").1, CalendarFault::NoNotice { year: 2026 });
    let bare = r#"{"year": 2027, "notices": ["n"], "holidays": []}"#;
    assert_eq!(fault("bare", bare), (1, CalendarFault::NoRestDay { year: 2027 }));
}

#[test]
fn years_leave_no_gap_and_come_once() {
    let next = wide_2027();
    let year_after = next.replace("2027", "2028").replace("2026-12-27", "2027-12-26");
    let builtin = Calendar::builtin();
    let error = builtin.with(&[Source { name: "2028.json", text: &year_after }]).unwrap_err();
    assert_eq!(error.fault, CalendarFault::YearsNotInSequence { previous: 2026, year: 2028 });
    assert_eq!((error.file.as_str(), error.line), ("2028.json", 4));
    let both = builtin.with(&[Source::from(&year_after), Source::from(&next)]).unwrap();
    assert_eq!(both.years(), 2015..=2028);
    let twice = builtin.with(&[Source::from(&next), Source::from(&next)]).unwrap_err();
    assert_eq!(twice.fault, CalendarFault::YearTwice { year: 2027 });
    assert_eq!(Calendar::parse(&[]).unwrap_err().fault, CalendarFault::Empty);
}

const CLOSED: &str = r#"{
  "area": "330723",
  "edition": "2026-1",
  "basis": "武政办发〔2026〕12号",
  "closed": [
    {"date": "2026-08-11", "reason": "防台风停工"},
    {"date": "2026-08-12", "reason": "防台风停工"}
  ]
}"#;

#[test]
fn local_closures_lie_over_the_calendar_with_a_version_of_their_own() {
    let national = Calendar::builtin();
    let local = national.with(&[Source::from(CLOSED)]).unwrap();
    assert!(local.version().starts_with(&format!("{}+330723-2026-1@", national.version())));
    let reason = "防台风停工（武政办发〔2026〕12号）".to_owned();
    assert_eq!(local.day(date("2026-08-11")), DayKind::LocalClosure { reason });
    assert!(!local.is_working_day(date("2026-08-12")));
    let due = |calendar: &Calendar| {
        calendar.due_from_date(date("2026-08-10"), Period::WorkingDays(3), Role::Agency).last_day
    };
    assert_eq!(due(&national), date("2026-08-13"));
    assert_eq!(due(&local), date("2026-08-17"));
    let with_year = local.with(&[Source::from(&wide_2027())]).unwrap();
    assert_eq!(due(&with_year), date("2026-08-17"));
    assert!(with_year.version().ends_with(local.version().split('+').nth(1).unwrap()));
}

#[test]
fn a_bad_closure_is_refused_with_its_line_and_the_reason() {
    let with = |old: &str, new: &str| {
        assert!(CLOSED.contains(old), "{old}");
        fault("wuyi.json", &CLOSED.replace(old, new))
    };
    let (weekend, holiday) = ("2026-08-15", "2026-10-01");
    for off in [weekend, holiday] {
        assert_eq!(with("2026-08-12", off), (7, CalendarFault::OffAnyway { date: date(off) }));
    }
    assert_eq!(with("2026-08-12", "2026-08-11"), (7, CalendarFault::DateTwice { date: date("2026-08-11") }));
    assert_eq!(
        with("2026-08-11", "2027-08-11"),
        (6, CalendarFault::YearUnknown { date: date("2027-08-11") })
    );
    assert_eq!(with("2026-08-12", "2026-08-32").0, 7);
    assert!(matches!(with("330723", "33O723"), (2, CalendarFault::Area(_))));
    assert_eq!(with("武政办发〔2026〕12号", " ").1, CalendarFault::Blank { field: "basis" });
    assert_eq!(
        with("\"2026-08-12\", \"reason\": \"防台风停工\"", "\"2026-08-12\", \"reason\": \"\""),
        (7, CalendarFault::Blank { field: "reason" })
    );
    assert!(matches!(with("\"edition\"", "\"edit\""), (3, CalendarFault::Unreadable(_))));
    let twice = Calendar::builtin().with(&[Source::from(CLOSED), Source::from(CLOSED)]).unwrap_err();
    assert_eq!((twice.line, twice.fault), (6, CalendarFault::OffAnyway { date: date("2026-08-11") }));
}
