//! Files of a rule pack: everything wrong is told, each with its line, and two packs are compared.

use law::{Fault, PackFault, RulePack, Source, Status, What, clock::Warn};

use crate::date;

/// One row a line, from line 3 on.
fn pack(rows: &[String]) -> String {
    format!("{{\"name\": \"CN\", \"edition\": \"e\",\n \"rows\": [\n{}]}}", rows.join(",\n"))
}

fn row(id: &str, value: &str, unit: &str, rest: &str) -> String {
    let rest = if rest.is_empty() { String::new() } else { format!(", {rest}") };
    format!(
        r#"{{"id": "{id}", "value": "{value}", "unit": "{unit}", "trigger": "t", "article": "某法1", "effective_from": "2021-07-15", "status": "V1", "source": "s"{rest}}}"#
    )
}

fn good(id: &str) -> String {
    row(id, "3", "day", r#""days": "WD""#)
}

/// The faults with their lines.
fn faults(rows: &[String]) -> Vec<(usize, PackFault)> {
    let text = pack(rows);
    let faults = RulePack::faults(Source { name: "p.json", text: &text });
    for fault in &faults {
        assert!(fault.to_string().starts_with(&format!("p.json:{}: ", fault.line)), "{fault}");
        assert!(fault.zh().starts_with(&format!("p.json 第 {} 行：", fault.line)), "{}", fault.zh());
    }
    faults.into_iter().map(|error| (error.line, error.fault)).collect()
}

fn only(rows: &[String]) -> (usize, PackFault) {
    let mut found = faults(rows);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_good_pack_has_no_fault() {
    assert_eq!(faults(&[good("a"), good("b")]), []);
    assert_eq!(RulePack::faults(Source::from(include_str!("../../data/pack/cn.json"))), []);
}

#[test]
fn a_bad_row_is_told_with_its_line_and_the_reason() {
    let id = || "b".to_owned();
    let bad = |row: String| only(&[good("a"), row]);
    assert_eq!(
        bad(row("b", "3", "parsec", "")),
        (4, PackFault::UnknownUnit { id: id(), unit: "parsec".into() })
    );
    assert_eq!(bad(good("b").replace("某法1", " ")), (4, PackFault::Blank { id: id(), field: "article" }));
    let no_basis = bad(good("b").replace(r#""article": "某法1", "#, ""));
    assert_eq!(no_basis, (4, PackFault::Blank { id: id(), field: "article" }));
    assert_eq!(no_basis.1.zh(), "规则 b 没有法律依据");
    assert!(matches!(bad(row("b", "three", "CNY", "")), (4, PackFault::BadValue { .. })));
    assert!(matches!(bad(row("b", "-3", "day", r#""days": "WD""#)), (4, PackFault::BadValue { .. })));
    assert!(matches!(bad(row("b", "101", "year", "")), (4, PackFault::BadValue { .. })));
    assert!(matches!(bad(row("b", "0", "day", r#""days": "CD""#)), (4, PackFault::BadValue { .. })));
    assert!(matches!(bad(row("b", "3", "day", "")), (4, PackFault::DaysMismatch { .. })));
    assert_eq!(
        bad(row("b", "3", "person", r#""effective_to": "2021-07-14""#)),
        (4, PackFault::EndsBeforeItBegins { id: id(), to: date("2021-07-14") })
    );
    for wrong in [r#""effective_to": "2021-02-30""#, r#""colour": "red""#, r#""lighter": "sideways""#] {
        assert!(matches!(bad(row("b", "3", "person", wrong)), (4, PackFault::Unreadable(_))), "{wrong}");
    }
    assert!(matches!(bad(good("b").replace("V1", "V9")), (4, PackFault::Unreadable(_))));
    assert!(matches!(
        bad(row("b", "3", "person", r#""jurisdiction": "33O7""#)),
        (4, PackFault::Jurisdiction { .. })
    ));
    assert!(matches!(
        bad(row("b", "3", "person", r#""jurisdiction": "330723103""#)),
        (4, PackFault::NoRuleMaker { .. })
    ));
    assert!(matches!(bad("7".to_owned()), (4, PackFault::Unreadable(_))));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let rows = [row("a", "x", "CNY", ""), good("b"), row("c", "3", "parsec", ""), good("b")];
    let lines: Vec<_> = faults(&rows).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [3, 5, 6]);
    let text = pack(&rows);
    assert_eq!(RulePack::parse(&text, &[]).unwrap_err().line, 3);
    assert!(matches!(RulePack::parse("{}", &[]).unwrap_err().fault, PackFault::Unreadable(_)));
    let nameless = pack(&[good("a")]).replace("CN", "");
    assert_eq!(RulePack::parse(&nameless, &[]).unwrap_err().fault, PackFault::Nameless { field: "name" });
    let unknown = RulePack::parse(&pack(&[good("a")]), &["b"]).unwrap_err();
    assert_eq!(unknown.fault, PackFault::AllowedUnknown { id: "b".into() });
}

#[test]
fn one_rule_is_not_in_force_twice_in_one_place() {
    let dated = |from: &str, to: &str| {
        let row = good("a").replace("2021-07-15", from);
        if to.is_empty() {
            row
        } else {
            row.replace("\"status\"", &format!("\"effective_to\": \"{to}\", \"status\""))
        }
    };
    assert_eq!(
        only(&[dated("2020-01-01", ""), dated("2021-01-01", "")]),
        (4, PackFault::Overlap { id: "a".into(), from: date("2021-01-01"), other: 3 })
    );
    assert_eq!(
        only(&[dated("2021-01-01", ""), dated("2020-01-01", "2021-01-01")]),
        (4, PackFault::Overlap { id: "a".into(), from: date("2021-01-01"), other: 3 })
    );
    assert_eq!(faults(&[dated("2020-01-01", "2020-12-31"), dated("2021-01-01", "")]), []);
}

#[test]
fn a_narrower_area_differs_only_where_the_law_lets_it() {
    let nation = |local: &str| row("a", "2", "person", local);
    let city = || row("a", "3", "person", r#""jurisdiction": "3307""#);
    assert_eq!(
        only(&[nation(""), city()]),
        (4, PackFault::NotForTheArea { id: "a".into(), area: "3307".into(), other: 3 })
    );
    assert_eq!(faults(&[nation(r#""local": true"#), city()]), []);
    let province = |local: &str| row("a", "2", "person", &format!(r#""jurisdiction": "33"{local}"#));
    assert_eq!(only(&[city(), province("")]).0, 3);
    assert_eq!(faults(&[city(), province(r#", "local": true"#)]), []);
    let elsewhere = || row("a", "2", "person", r#""jurisdiction": "44""#);
    assert_eq!(faults(&[city(), elsewhere()]), []);
    let before =
        nation(r#""effective_to": "2021-07-15""#).replace("2021-07-15\", \"st", "2020-07-15\", \"st");
    let after = city().replace("2021-07-15", "2021-07-16");
    assert_eq!(faults(&[before, after]), []);
}

#[test]
fn days_agree_with_what_their_law_says_days_are() {
    let says = row("w", "2,3,5,7", "days", r#""days": "WD""#).replace("某法1", "某法85");
    let of = |n: &str, days: &str| row("a", n, "day", &format!(r#""days": "{days}""#));
    let against = |row: String| only(&[says.clone(), row]);
    assert_eq!(
        against(of("7", "CD")),
        (
            4,
            PackFault::DaysAgainstBasis {
                id: "a".into(),
                law: "某法".into(),
                days: 7,
                said: "calendar",
                meant: "working"
            }
        )
    );
    assert!(matches!(against(of("15", "WD")).1, PackFault::DaysAgainstBasis { meant: "calendar", .. }));
    assert_eq!(faults(&[says.clone(), of("7", "WD")]), []);
    assert_eq!(faults(&[says.clone(), of("15", "CD")]), []);
    assert_eq!(faults(&[says.clone(), of("7", "CD").replace("某法1", "另法1")]), []);
    assert_eq!(faults(&[says, of("7", "CD").replace("某法1", "某法1; 另法2")]), []);
}

#[test]
fn two_packs_are_compared_row_by_row() {
    let parse = |rows: &[String]| RulePack::parse(&pack(rows), &[]).unwrap();
    let old = parse(&[good("a"), good("b"), good("c")]);
    let new = parse(&[good("a"), good("b").replace("\"3\"", "\"5\""), good("d")]);
    let changes = old.diff(&new);
    let what: Vec<_> = changes.iter().map(|change| (change.id.as_str(), &change.what)).collect();
    assert_eq!(what.len(), 3);
    assert!(
        matches!(what[0], ("b", What::Changed { fields }) if fields.len() == 1 && fields[0].field == "value")
    );
    assert_eq!(what[1], ("c", &What::Removed { value: "3 working days".into() }));
    assert_eq!(what[2], ("d", &What::Added { value: "3 working days".into() }));
    assert_eq!(old.diff(&old), []);
    let json = serde_json::to_value(&changes[0]).unwrap();
    assert_eq!(json["change"], "changed");
    assert_eq!(json["fields"][0]["old"]["period"], "3 working days");
    assert_eq!(json["fields"][0]["new"]["period"], "5 working days");
}

#[test]
fn a_share_of_a_period_is_whole_hundredths_and_neither_none_nor_all_of_it() {
    let share = |value: &str| faults(&[row("clock.warn.share", value, "of_period", "")]);
    for good in ["0.8", "0.80", "0.01", "0.99"] {
        assert_eq!(share(good), [], "{good}");
    }
    for bad in ["0", "0.005", "0.805", "1", "1.5", "80"] {
        assert!(matches!(share(bad)[..], [(_, PackFault::BadValue { .. })]), "{bad}");
    }
}

#[test]
fn the_house_warns_after_four_fifths_and_says_that_no_law_asks_for_it() {
    let pack = RulePack::builtin();
    assert_eq!(Warn::of_duties(&pack), Ok(Some(Warn::Share(80))));
    let row = pack.row("clock.warn.share").unwrap();
    assert_eq!((row.status, row.article.contains("非法律")), (Status::Computed, true));
    let silent = self::pack(&[good("a")]);
    assert_eq!(Warn::of_duties(&RulePack::parse(silent.as_str(), &[]).unwrap()), Ok(None));
}
