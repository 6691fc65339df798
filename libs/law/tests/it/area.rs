//! Area codes: what contains what.

use law::{AreaCode, AreaError, AreaLevel, Tier};

fn area(text: &str) -> AreaCode {
    AreaCode::parse(text).unwrap()
}

#[test]
fn an_area_contains_itself_and_what_lies_in_it() {
    assert!(area("33").contains(&area("330723103")));
    assert!(area("330723").contains(&area("330723103")));
    assert!(area("330723").contains(&area("330723")));
    assert!(!area("330723103").contains(&area("330723")));
    assert!(!area("330723").contains(&area("330781")));
}

#[test]
fn the_length_of_a_code_is_its_level() {
    for (text, level, tier) in [
        ("33", AreaLevel::Province, Some(Tier::Province)),
        ("3307", AreaLevel::City, Some(Tier::City)),
        ("330723", AreaLevel::County, Some(Tier::County)),
        ("330723103", AreaLevel::Township, None),
        ("330723103201", AreaLevel::Village, None),
    ] {
        assert_eq!((area(text).level(), area(text).tier()), (level, tier), "{text}");
    }
}

#[test]
fn trailing_zeroes_name_the_wider_area() {
    assert_eq!(area("330700"), area("3307"));
    assert_eq!(area("330000"), area("33"));
    assert_eq!(area("330723103000").as_str(), "330723103");
    assert!(area("330700").contains(&area("330723")));
}

#[test]
fn an_area_knows_the_wider_ones_around_it() {
    assert_eq!(area("330723103").within(AreaLevel::County), Some(area("330723")));
    assert_eq!(area("330723103").within(AreaLevel::Township), Some(area("330723103")));
    assert_eq!(area("330723").within(AreaLevel::Township), None);
}

#[test]
fn a_wrong_code_is_refused_with_the_reason() {
    assert!(matches!(AreaCode::parse("33072"), Err(AreaError::WrongLength { found: 5, .. })));
    assert!(matches!(AreaCode::parse(""), Err(AreaError::WrongLength { found: 0, .. })));
    assert!(matches!(AreaCode::parse("33O723"), Err(AreaError::NotDigits { .. })));
    assert!(matches!(AreaCode::parse("武义"), Err(AreaError::NotDigits { .. })));
    assert!(matches!(AreaCode::parse("000000"), Err(AreaError::NoProvince { .. })));
    assert!(serde_json::from_str::<AreaCode>("\"3307231\"").is_err());
    assert_eq!(serde_json::to_string(&area("330723")).unwrap(), "\"330723\"");
}

#[test]
fn a_place_meets_the_area_it_is_said_of_more_or_less_exactly() {
    assert!(area("330723").meets(&area("330723103")));
    assert!(area("330723103").meets(&area("330723")));
    assert!(!area("330723103").meets(&area("330723104")));
}
