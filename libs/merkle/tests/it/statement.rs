//! Statements: one spelling, no content, nothing larger than a leaf.

use merkle::{
    Hasher, Hex, Sha256, Statement,
    statement::{Cause, StatementError, VERSION},
};
use proptest::prelude::*;
use time::macros::datetime;
use uuid::Uuid;

/// The spelling is for ever: whoever changes this line changes what every log has sealed.
const GOLDEN: &str = concat!(
    r#"{"actor":"person:7f3a","attachments":["#,
    r#""0303030303030303030303030303030303030303030303030303030303030303"],"#,
    r#""case":"wuyi-2023-0417","cause":{"leaf":"0404040404040404040404040404040404040404040404040404040404040404","#,
    r#""origin":"log.example/hazard","position":17},"#,
    r#""data_sha256":"0202020202020202020202020202020202020202020202020202020202020202","#,
    r#""department":"330723-消防","#,
    r#""event_id":"00000000-0000-0000-0000-00000000002a","#,
    r#""meta_sha256":"0606060606060606060606060606060606060606060606060606060606060606","#,
    r#""occurred_at":"2025-09-26T02:00:00.5Z","#,
    r#""origin":"log.example/enforcement","recorded_at":"2025-09-26T02:00:01.000002Z","revision":3,"#,
    r#""salt":"05050505050505050505050505050505","schema":"penalty/1","#,
    r#""stream":"penalty:p-1","type":"Referred","v":1}"#,
);

pub(crate) fn statement() -> Statement {
    Statement {
        v: VERSION,
        origin: "log.example/enforcement".to_owned(),
        stream: "penalty:p-1".to_owned(),
        case: Some("wuyi-2023-0417".to_owned()),
        revision: 3,
        event_id: Uuid::from_u128(42),
        kind: "Referred".to_owned(),
        schema: "penalty/1".to_owned(),
        occurred_at: datetime!(2025-09-26 10:00:00.5 +8),
        recorded_at: datetime!(2025-09-26 02:00:01.000002 UTC),
        department: "330723-消防".to_owned(),
        actor: "person:7f3a".to_owned(),
        data_sha256: Hex([2; 32]),
        meta_sha256: Hex([6; 32]),
        attachments: vec![Hex([3; 32])],
        cause: Some(Cause {
            origin: "log.example/hazard".to_owned(),
            position: 17,
            leaf: Some(Hex([4; 32])),
        }),
        salt: Hex([5; 16]),
    }
}

#[test]
fn a_statement_has_one_spelling() {
    assert_eq!(String::from_utf8(statement().canonical().unwrap()).unwrap(), GOLDEN);
    assert_eq!(Statement::parse(GOLDEN.as_bytes()).unwrap().canonical().unwrap(), GOLDEN.as_bytes());
    assert_eq!(statement().leaf::<Sha256>().unwrap(), Sha256::leaf(GOLDEN.as_bytes()));
}

#[test]
fn a_statement_without_case_cause_or_attachments_is_one_too() {
    let plain = Statement { case: None, cause: None, attachments: vec![], ..statement() };
    let entry = plain.canonical().unwrap();
    assert!(String::from_utf8_lossy(&entry).contains(r#""attachments":[],"data_sha256""#));
    assert_eq!(Statement::parse(&entry).unwrap(), plain);
}

#[test]
fn another_spelling_of_the_same_is_refused() {
    let others = [
        GOLDEN.replace(r#","v":1"#, r#", "v":1"#),
        GOLDEN.replace(r#""revision":3,"#, "").replace(r#""v":1"#, r#""v":1,"revision":3"#),
        GOLDEN.replace("person", r"p\u0065rson"),
        GOLDEN.replace("02:00:00.5Z", "10:00:00.5+08:00"),
        GOLDEN.replace("02:00:00.5Z", "02:00:00.50Z"),
        GOLDEN.replace(r#""v":1"#, r#""v":1.0"#),
        GOLDEN.replace("00000000-0000-0000-0000-00000000002a", "00000000-0000-0000-0000-00000000002A"),
        GOLDEN.replace(r#""cause":{"#, r#""cause":{"cause":1,"#),
        GOLDEN.replace(r#""v":1"#, r#""v":1,"w":1"#),
        GOLDEN.replace(r#""v":1"#, r#""v":1,"v":1"#),
        GOLDEN.replace("02020202020202020202", "0202020202020202020"),
        GOLDEN.replace("0303", "03AA"),
        format!("{GOLDEN}\n"),
        GOLDEN.replace(r#""salt":"05050505050505050505050505050505","#, ""),
    ];
    for other in others {
        assert!(Statement::parse(other.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn what_cannot_be_said_exactly_is_not_said() {
    let largest = Statement { revision: (1 << 53) - 1, ..statement() };
    assert_eq!(Statement::parse(&largest.canonical().unwrap()).unwrap(), largest);
    let larger = Statement { revision: 1 << 53, ..statement() };
    assert!(matches!(larger.canonical(), Err(StatementError::InexactNumber { number }) if number == 1 << 53));
    let mut cause = statement();
    cause.cause.as_mut().unwrap().position = u64::MAX;
    assert!(matches!(cause.canonical(), Err(StatementError::InexactNumber { number: u64::MAX })));
    let future = Statement { v: 2, ..statement() };
    assert!(matches!(future.canonical(), Err(StatementError::UnknownVersion { found: 2 })));
}

#[test]
fn a_time_that_has_no_counterpart_in_utc_is_refused() {
    let text = GOLDEN.replace("2025-09-26T02:00:00.5Z", "9999-12-31T23:59:59-23:59");
    assert!(matches!(Statement::parse(text.as_bytes()), Err(StatementError::Json(_))));
}

#[test]
fn a_statement_fits_into_a_leaf_or_is_refused() {
    let room = 65_535 - statement().canonical().unwrap().len();
    let fill = |length| Statement { schema: format!("penalty/1{}", "x".repeat(length)), ..statement() };
    let largest = fill(room).canonical().unwrap();
    assert_eq!((largest.len(), Statement::parse(&largest).unwrap()), (65_535, fill(room)));
    assert!(matches!(fill(room + 1).canonical(), Err(StatementError::TooLong { found: 65_536 })));
    assert!(matches!(Statement::parse(&vec![b' '; 65_536]), Err(StatementError::TooLong { found: 65_536 })));
}

proptest! {
    #[test]
    fn any_text_comes_back_as_it_was(stream in any::<String>(), actor in any::<String>()) {
        let said = Statement { stream, actor, ..statement() };
        prop_assert_eq!(Statement::parse(&said.canonical().unwrap()).unwrap(), said);
    }

    #[test]
    fn the_canonical_text_is_what_rfc_8785_gives(text in any::<String>(), number in 0_u64..1 << 53, all: bool) {
        let cause = Cause { origin: text.clone(), position: number, leaf: all.then_some(Hex([4; 32])) };
        let cause = (number % 2 == 0).then_some(cause);
        let said = Statement { stream: text.clone(), kind: text, revision: number, cause, ..statement() };
        prop_assert_eq!(serde_json_canonicalizer::to_vec(&said).unwrap(), said.canonical().unwrap());
    }
}
