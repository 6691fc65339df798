//! Files with slips of the pen anywhere: they are read or refused by line, and nothing else happens.

use law::{Calendar, RulePack, Source};
use proptest::prelude::*;

const CLOSED: &str = r#"{"area": "330723", "edition": "1", "basis": "武政办发〔2026〕12号",
  "closed": [{"date": "2026-08-11", "reason": "防台风停工"}]}"#;
const WIDE: &str = r#"{"year": 2027, "papers": ["https://www.gov.cn/content_7099999.htm"],
  "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": true}]}"#;

/// What a slip puts in place of some characters.
const SLIPS: [&str; 12] = ["", "0", "9", "-", "\"", "{", "}", "[", ",", "日", "\n", "null"];

/// The text with some characters replaced, at shares of its length.
fn garbled(text: &str, slips: &[(prop::sample::Index, usize, usize)]) -> String {
    let mut characters: Vec<String> = text.chars().map(String::from).collect();
    for (place, length, slip) in slips {
        let from = place.index(characters.len());
        let to = (from + length).min(characters.len());
        characters.splice(from..to, [SLIPS[*slip].to_owned()]);
    }
    characters.concat()
}

fn slips() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, usize)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, 0..SLIPS.len()), 1..4)
}

proptest! {
    #[test]
    fn a_garbled_calendar_is_read_or_refused_by_line(slips in slips(), form in 0..3_usize) {
        let builtin = Calendar::builtin();
        let text = garbled([WIDE, CLOSED, builtin.file(2026).unwrap()][form], &slips);
        if let Err(error) = builtin.with(&[Source { name: "garbled", text: &text }]) {
            prop_assert!((1..=text.lines().count() + 1).contains(&error.line), "{error}");
            prop_assert_eq!(error.file, "garbled");
        }
    }

}

proptest! {
    // The built-in pack is long, and reading it unoptimised takes its time.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_garbled_pack_is_read_or_refused_by_line(slips in slips()) {
        let text = garbled(include_str!("../../data/pack/cn.json"), &slips);
        let faults = RulePack::faults(Source { name: "garbled", text: &text });
        for fault in &faults {
            prop_assert!((1..=text.lines().count() + 1).contains(&fault.line), "{fault}");
        }
        prop_assert_eq!(RulePack::parse(&text, &[]).is_ok(), faults.is_empty());
    }
}
