//! Amounts that rules compute, in fen.

use crate::pack::{RuleError, RulePack};

/// The reward for a reported major hazard or violation: a share of the fines in force for the reported act,
/// within the statutory bounds (安监总财〔2018〕19号). Without a fine there is nothing to take a share of and
/// the local table applies instead, so that is an error and not the minimum.
pub fn reward_base(fines_fen_sum: i64, pack: &RulePack) -> Result<i64, RuleError> {
    let ratio = pack.ratio("reward.ratio")?;
    let (min, max) = (pack.fen("reward.min")?, pack.fen("reward.max")?);
    if fines_fen_sum <= 0 {
        return Err(RuleError::NoFine { id: "reward.ratio".to_owned() });
    }
    Ok(ratio.apply_fen(fines_fen_sum).min(max).max(min))
}

/// The add-on fine for late payment (行政处罚法 72): a daily share that stops at the cap, rounded down once.
/// Days on which the accrual paused are for the caller to leave out.
pub fn late_fee(fine_fen: i64, days_late: u32, pack: &RulePack) -> Result<i64, RuleError> {
    let rate = pack.ratio("penalty.late_fee_rate")?;
    let cap = pack.ratio("penalty.late_fee_cap")?;
    let fine = fine_fen.max(0);
    Ok(rate.apply_fen_times(fine, days_late).min(cap.apply_fen(fine)))
}
