//! 从旧兼从轻: the lighter of two versions is chosen, and both are recorded.

use law::{Edition, LighterError, LighterOf, RuleError, RulePack, Which, lighter_of};

use crate::date;

fn pack() -> RulePack {
    let row = |id: &str, value: &str, unit: &str, from: &str, to: &str, lighter: &str| {
        format!(
            r#"{{"id":"{id}","value":"{value}","unit":"{unit}","days":"CD","trigger":"t","article":"法{from}","effective_from":"{from}","effective_to":"{to}"{lighter},"status":"V1","source":"s"}}"#
        )
    };
    let (old, new, end) = ("2020-01-01", "2024-01-01", "2030-12-31");
    let (until, lower, higher) = ("2023-12-31", r#","lighter":"lower""#, r#","lighter":"higher""#);
    let rows = [
        row("fine.max", "50000", "CNY", old, until, lower),
        row("fine.max", "30000", "CNY", new, end, lower),
        row("fine.min", "5000", "CNY", old, until, lower),
        row("fine.min", "6000", "CNY", new, end, lower),
        row("pay", "15", "day", old, until, higher),
        row("pay", "10", "day", new, end, higher),
        row("same", "15", "day", old, until, ""),
        row("same", "15", "day", new, end, ""),
        row("untold", "1", "CNY", old, until, ""),
        row("untold", "2", "CNY", new, end, ""),
        row("unlike", "1", "day", old, until, higher),
        row("unlike", "1", "month", new, end, higher).replace("CD", "MO"),
        row("gone", "100", "CNY", old, until, lower),
    ];
    RulePack::parse(&format!(r#"{{"name":"CN","edition":"e","rows":[{}]}}"#, rows.join(",")), &[]).unwrap()
}

fn chosen<S: AsRef<str>>(rules: &[S]) -> Result<Which, LighterError> {
    let pack = pack();
    let on = |day: &str| Edition { pack: &pack, on: date(day), area: None };
    lighter_of(rules, on("2023-06-01"), on("2024-06-01")).map(|choice| choice.chosen)
}

#[test]
fn the_lighter_rule_is_chosen_and_the_old_one_otherwise() {
    assert_eq!(chosen(&["fine.max"]), Ok(Which::New));
    assert_eq!(chosen(&["fine.min"]), Ok(Which::Old));
    assert_eq!(chosen(&["pay"]), Ok(Which::Old));
    assert_eq!(chosen(&["same"]), Ok(Which::Old));
}

#[test]
fn a_norm_is_taken_whole_from_the_edition_whose_first_difference_is_lighter() {
    assert_eq!(chosen(&["fine.max", "fine.min"]), Ok(Which::New));
    assert_eq!(chosen(&["same", "fine.min", "fine.max"]), Ok(Which::Old));
}

#[test]
fn what_is_no_longer_forbidden_is_not_punished() {
    assert_eq!(chosen(&["gone"]), Ok(Which::New));
    assert_eq!(chosen(&["gone", "fine.max"]), Err(LighterError::PartlyRepealed { id: "gone".into() }));
}

#[test]
fn what_cannot_be_compared_is_left_to_a_person() {
    assert_eq!(chosen(&["untold"]), Err(LighterError::NoDirection { id: "untold".into() }));
    assert!(matches!(chosen(&["unlike"]), Err(LighterError::Incomparable { .. })));
    assert_eq!(chosen::<&str>(&[]), Err(LighterError::NoRule));
    let unknown = RuleError::Unknown { id: "no.such".into() };
    assert_eq!(chosen(&["no.such"]), Err(LighterError::Rule(unknown)));
}

#[test]
fn a_choice_by_hand_records_what_either_edition_says_and_holds_between_the_same_words() {
    let pack = pack();
    let on = |day: &str| Edition { pack: &pack, on: date(day), area: None };
    let made =
        |rules: &[&str], new: &str| LighterOf::by_hand(rules, on("2023-06-01"), on(new), Which::Old).unwrap();
    let choice = made(&["untold"], "2024-06-01");
    assert_eq!(
        (choice.old.values.as_slice(), &choice.applied().articles[0]),
        (&["1 CNY".into()][..], &"法2020-01-01".into())
    );
    assert!(choice.is_between_the_same_as(&made(&["untold"], "2025-06-01")));
    assert!(!choice.is_between_the_same_as(&made(&["untold"], "2031-06-01")));
    assert!(!choice.is_between_the_same_as(&made(&["unlike"], "2024-06-01")));
    assert_eq!(made(&["gone"], "2024-06-01").new, None);
}

#[test]
fn both_versions_are_recorded() {
    let pack = pack();
    let on = |day: &str| Edition { pack: &pack, on: date(day), area: None };
    let choice = lighter_of(&["fine.max", "fine.min"], on("2023-06-01"), on("2024-06-01")).unwrap();
    assert_eq!(
        serde_json::to_value(&choice).unwrap(),
        serde_json::json!({
            "rules": ["fine.max", "fine.min"],
            "chosen": "new",
            "old": {"pack": pack.version(), "on": "2023-06-01", "articles": ["法2020-01-01", "法2020-01-01"], "values": ["50000 CNY", "5000 CNY"]},
            "new": {"pack": pack.version(), "on": "2024-06-01", "articles": ["法2024-01-01", "法2024-01-01"], "values": ["30000 CNY", "6000 CNY"]},
        })
    );
}

#[test]
fn every_fine_of_the_pack_says_which_way_is_lighter() {
    let pack = RulePack::builtin();
    let fines = pack.rows().filter(|row| row.id.starts_with("fine.") && !row.id.ends_with("multiplier"));
    for row in fines {
        assert_eq!(row.lighter, Some(law::Lighter::Lower), "{}", row.id);
    }
}
