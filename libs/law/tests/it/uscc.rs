//! Credit codes: the check symbol catches slips.

use law::{Uscc, UsccError};
use proptest::prelude::*;

const VALID: &str = "91110000600037341L";

#[test]
fn the_published_example_is_valid() {
    assert_eq!(Uscc::parse(VALID).unwrap().as_str(), VALID);
    assert_eq!(serde_json::to_string(&Uscc::parse(VALID).unwrap()).unwrap(), format!("\"{VALID}\""));
}

#[test]
fn a_wrong_code_is_refused_with_the_reason() {
    assert_eq!(Uscc::parse("9111"), Err(UsccError::WrongLength { found: 4 }));
    assert_eq!(Uscc::parse("91110000600037341M"), Err(UsccError::BadCheck { found: 'M' }));
    assert_eq!(Uscc::parse("91110000I00037341L"), Err(UsccError::BadCharacter { place: 9, found: 'I' }));
    assert_eq!(Uscc::parse("9111000A600037341L"), Err(UsccError::BadCharacter { place: 8, found: 'A' }));
    assert_eq!(Uscc::parse("91110000600037341l"), Err(UsccError::BadCharacter { place: 18, found: 'l' }));
    assert_eq!(Uscc::parse("烽火0000600037341L00"), Err(UsccError::BadCharacter { place: 1, found: '烽' }));
    assert!(serde_json::from_str::<Uscc>("\"91110000600037341M\"").is_err());
}

proptest! {
    #[test]
    fn a_synthetic_code_is_valid_and_no_enterprise(area in any::<u32>(), n in any::<u32>()) {
        let code = Uscc::synthetic(area, n);
        prop_assert_eq!(Uscc::parse(code.as_str()).unwrap(), code.clone());
        prop_assert!(code.as_str().starts_with("Y1"));
        prop_assert_eq!(Uscc::synthetic(area, n), code);
    }

    #[test]
    fn one_wrong_digit_is_always_found(n in 0..100_000_000_u32, place in 2..16_usize, shift in 1..10_u8) {
        let mut bytes = Uscc::synthetic(330_723, n).as_str().as_bytes().to_vec();
        bytes[place] = b'0' + (bytes[place] - b'0' + shift) % 10;
        let wrong = String::from_utf8(bytes).unwrap();
        let refused = matches!(Uscc::parse(&wrong), Err(UsccError::BadCheck { .. }));
        prop_assert!(refused, "{}", wrong);
    }
}
