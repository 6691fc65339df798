//! The self-test holds on what was built in, and tells what does not.

use law::{Calendar, RulePack, Source, selftest};

#[test]
fn every_promise_holds_on_what_was_built_in() {
    for check in selftest(&Calendar::builtin(), &RulePack::builtin()) {
        assert!(check.holds() && check.looked_at > 0, "{check:?}");
    }
}

#[test]
fn a_wrong_calendar_is_found_by_the_worked_examples() {
    let builtin = Calendar::builtin();
    let wrong = builtin.file(2026).unwrap().replace("\"work\": [\"2026-02-14\", ", "\"work\": [");
    assert_ne!(builtin.file(2026), Some(wrong.as_str()));
    let calendar = builtin.with(&[Source::from(&wrong)]).unwrap();
    let checks = selftest(&calendar, &RulePack::builtin());
    let failed: Vec<_> = checks.iter().filter(|check| !check.holds()).map(|check| check.en).collect();
    assert_eq!(failed, ["worked examples of deadlines"]);
    assert!(checks[0].wrong[0].starts_with("2026-02-12 + 3 WD = "), "{:?}", checks[0].wrong);
}
