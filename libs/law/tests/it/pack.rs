//! The rule pack: complete, typed, and silent about what nobody verified.

use law::{AreaCode, Period, RuleError, RulePack, Status, Value};

use crate::date;

fn unverified(id: &str) -> RuleError {
    RuleError::Unverified { id: id.into() }
}

#[test]
fn every_row_has_an_article_a_source_and_a_value_of_its_unit() {
    let pack = RulePack::builtin();
    assert_eq!(pack.rows().count(), 235);
    for row in pack.rows() {
        assert!(!row.article.is_empty() && !row.source.is_empty() && !row.trigger.is_empty(), "{}", row.id);
    }
}

#[test]
fn a_row_answers_in_its_own_type() {
    let pack = RulePack::builtin();
    assert_eq!(pack.period("penalty.decision_deadline"), Ok(Period::CalendarDays(90)));
    assert_eq!(pack.period("complaint.fire.verify_other"), Ok(Period::WorkingDays(3)));
    assert_eq!(pack.period("complaint.fire.verify_urgent"), Ok(Period::Hours(24)));
    assert_eq!(pack.period("fire.report.wuxing"), Ok(Period::Minutes(60)));
    assert_eq!(pack.period("coercion.court_application"), Ok(Period::Months(3)));
    assert_eq!(pack.period("credit.worksafety.period"), Ok(Period::Years(3)));
    assert_eq!(pack.fen("reward.max"), Ok(30_000_000));
    assert_eq!(pack.number("penalty.officers_min"), Ok(2));
    assert_eq!(pack.numbers("fine.accident.multiplier"), Ok([2, 5].as_slice()));
    assert_eq!(pack.ratio("reward.ratio").unwrap().to_string(), "0.15");
    assert_eq!(pack.flag("coercion.delegable"), Ok(false));
    assert_eq!(pack.list("delegation.fields").unwrap(), ["matters", "authority", "term"]);
    assert_eq!(pack.text("delegation.act_name"), Ok("delegator"));
    assert_eq!(pack.article("penalty.decision_deadline"), Ok("行政处罚法60"));
    assert_eq!(pack.effective_from("penalty.decision_deadline"), Ok(date("2021-07-15")));
}

#[test]
fn a_rule_is_in_force_from_its_day() {
    let pack = RulePack::builtin();
    assert_eq!(pack.in_force("credit.repair.general_min", date("2026-03-31")), Ok(false));
    assert_eq!(pack.in_force("credit.repair.general_min", date("2026-04-01")), Ok(true));
}

#[test]
fn an_unverified_rule_is_refused_whatever_is_asked_of_it() {
    let pack = RulePack::builtin();
    let ids: Vec<_> =
        pack.rows().filter(|row| row.status == Status::Memory).map(|row| row.id.clone()).collect();
    assert_eq!(ids.len(), 11);
    for id in &ids {
        assert_eq!(pack.row(id).unwrap_err(), unverified(id));
        assert_eq!(pack.period(id).unwrap_err(), unverified(id));
        assert_eq!(pack.fen(id).unwrap_err(), unverified(id));
        assert_eq!(pack.article(id).unwrap_err(), unverified(id));
        assert_eq!(pack.in_force(id, date("2026-01-01")).unwrap_err(), unverified(id));
    }
}

#[test]
fn an_unverified_rule_answers_when_allowed_by_name() {
    let pack = RulePack::builtin().with_allowed(&["seal.lift_decide".to_owned()]);
    assert_eq!(pack.period("seal.lift_decide"), Ok(Period::WorkingDays(3)));
    assert_eq!(pack.period("reward.notice"), Err(unverified("reward.notice")));
    assert_eq!(RulePack::builtin().period("seal.lift_decide"), Err(unverified("seal.lift_decide")));
}

#[test]
fn what_is_allowed_is_part_of_the_version() {
    let pack = RulePack::builtin();
    assert!(pack.version().starts_with("CN-2026-11-22@"), "{}", pack.version());
    let allowed = pack.with_allowed(&["seal.lift_decide".to_owned()]);
    assert!(allowed.version().starts_with(&format!("{}+", pack.version())));
    assert_eq!(allowed.with_allowed(&[]).version(), pack.version());
    assert_eq!(pack.with_allowed(&["reward.ratio".to_owned()]).version(), pack.version());
}

#[test]
fn an_unknown_rule_and_a_wrong_type_are_named() {
    let pack = RulePack::builtin();
    assert_eq!(pack.period("no.such"), Err(RuleError::Unknown { id: "no.such".into() }));
    assert_eq!(
        pack.fen("reward.claim"),
        Err(RuleError::WrongUnit {
            id: "reward.claim".into(),
            wanted: "an amount in CNY",
            found: "day".into()
        })
    );
}

#[test]
fn a_rule_answers_for_its_time_and_its_place() {
    let row = |value: &str, rest: &str| {
        format!(
            r#"{{"id":"a","value":"{value}","unit":"person","trigger":"t","article":"法1",{rest},"status":"V1","source":"s"}}"#
        )
    };
    let rows = [
        row("1", r#""effective_from":"2020-01-01","effective_to":"2023-12-31","local":true"#),
        row("2", r#""effective_from":"2024-01-01","local":true"#),
        row("3", r#""jurisdiction":"33","effective_from":"2022-01-01","local":true"#),
        row("4", r#""jurisdiction":"330700","effective_from":"2022-06-01","effective_to":"2024-06-30""#),
    ];
    let text = format!(r#"{{"name":"CN","edition":"e","rows":[{}]}}"#, rows.join(",\n"));
    let pack = RulePack::parse(&text, &[]).unwrap();
    let value = |day: &str, area: &str| {
        let area = (!area.is_empty()).then(|| AreaCode::parse(area).unwrap());
        pack.applicable("a", date(day), area.as_ref()).map(|row| row.value.clone())
    };
    let is = |number| Ok(Value::Number(number));
    assert_eq!(value("2023-12-31", ""), is(1));
    assert_eq!(value("2024-01-01", ""), is(2));
    assert_eq!(value("2024-01-01", "440100"), is(2));
    assert_eq!(value("2021-12-31", "330106"), is(1));
    assert_eq!(value("2022-01-01", "330106"), is(3));
    assert_eq!(value("2022-06-01", "330723103"), is(4));
    assert_eq!(value("2024-06-30", "330723103"), is(4));
    assert_eq!(value("2024-07-01", "330723103"), is(3));
    let early = date("2019-12-31");
    assert_eq!(value("2019-12-31", ""), Err(RuleError::NotInForce { id: "a".into(), date: early }));
    assert_eq!(pack.number("a"), Ok(2));
}

#[test]
fn the_rules_of_one_place_stay_there() {
    let pack = RulePack::builtin();
    let on = date("2026-11-22");
    let area = |code: &str| AreaCode::parse(code).unwrap();
    let local = "hazard.unannounced_close.wuxing";
    assert!(pack.applicable(local, on, Some(&area("330502001"))).is_ok());
    for elsewhere in [Some(area("330603")), None] {
        let refused = pack.applicable(local, on, elsewhere.as_ref());
        assert_eq!(refused, Err(RuleError::NotInForce { id: local.into(), date: on }));
    }
    assert_eq!(pack.period(local), Ok(Period::CalendarDays(15)));
}
