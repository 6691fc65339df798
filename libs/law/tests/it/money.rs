//! Amounts: shares of fines in whole fen, between their bounds.

use law::{Ratio, RuleError, RulePack, late_fee, reward_base};
use proptest::prelude::*;

fn reward(fines_fen: i64) -> Result<i64, RuleError> {
    reward_base(fines_fen, &RulePack::builtin())
}

fn fee(fine_fen: i64, days: u32) -> i64 {
    late_fee(fine_fen, days, &RulePack::builtin()).unwrap()
}

#[test]
fn a_reward_is_fifteen_percent_of_the_fines() {
    assert_eq!(reward(10_000_000), Ok(1_500_000));
    assert_eq!(reward(10_000_006), Ok(1_500_000));
    assert_eq!(reward(10_000_007), Ok(1_500_001));
}

#[test]
fn a_reward_stays_between_its_bounds() {
    assert_eq!(reward(1), Ok(300_000));
    assert_eq!(reward(2_000_000), Ok(300_000));
    assert_eq!(reward(200_000_000), Ok(30_000_000));
    assert_eq!(reward(i64::MAX), Ok(30_000_000));
}

#[test]
fn without_a_fine_there_is_no_share() {
    assert_eq!(reward(0), Err(RuleError::NoFine { id: "reward.ratio".into() }));
    assert_eq!(reward(-1), Err(RuleError::NoFine { id: "reward.ratio".into() }));
}

#[test]
fn the_late_fee_stops_at_the_fine_on_the_thirty_fourth_day() {
    assert_eq!(fee(500_000, 0), 0);
    assert_eq!(fee(500_000, 1), 15_000);
    assert_eq!(fee(500_000, 33), 495_000);
    assert_eq!(fee(500_000, 34), 500_000);
    assert_eq!(fee(500_000, u32::MAX), 500_000);
}

#[test]
fn a_daily_fee_is_rounded_once_and_not_each_day() {
    assert_eq!(fee(50, 1), 1);
    assert_eq!(fee(50, 2), 3);
}

#[test]
fn a_ratio_is_exact_and_refuses_what_is_not_a_plain_decimal() {
    let ratio: Ratio = "0.15".parse().unwrap();
    assert_eq!((ratio.numerator(), ratio.denominator()), (15, 100));
    assert_eq!("1.00".parse::<Ratio>().unwrap().to_string(), "1.00");
    assert_eq!(ratio.apply_fen(-1), -1);
    for text in ["", ".5", "1.", "-0.1", "1e3", "0.1.2", "15%", "1234567890.1234567"] {
        assert!(text.parse::<Ratio>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn rewards_and_fees_stay_in_bounds(fines in 1..i64::MAX, days in any::<u32>()) {
        prop_assert!((300_000..=30_000_000).contains(&reward(fines).unwrap()));
        prop_assert!((0..=fines).contains(&fee(fines, days)));
        prop_assert!(fee(fines, days) <= fee(fines, days.saturating_add(1)));
    }
}
