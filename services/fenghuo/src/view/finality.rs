//! Up to where a log is final, and which of its witnesses are missing; and how far its shadow is.

use contracts::log::v1::{Finality, Shadow, Witness};
use pbjson_types::Timestamp;
use serde_json::{Value, json};
use time::{format_description::well_known::Rfc3339, macros::offset};

use crate::{error::Error, shell::Shell};

pub(super) fn show(finality: &Finality, head: u64, shell: Shell) -> Result<(), Error> {
    let Finality { size, quorum, witnesses, time_stamps } = finality;
    let all = witnesses.len();
    shell.line(shell.pick(
        &format!("  见证终局：至 {size}，日志至 {head}（须 {quorum}/{all} 方联署）"),
        &format!("  audit-final: at size {size}, head {head} ({quorum} of {all} witnesses needed)"),
    ))?;
    for Witness { name, troubled_since, reason, .. } in witnesses.iter().chain(time_stamps) {
        let Some(since) = troubled_since else { continue };
        shell.line(shell.pick(
            &format!("  见证方 {name} 自 {} 起未签：{reason}", told(since)),
            &format!("  witness {name} does not sign since {}: {reason}", told(since)),
        ))?;
    }
    Ok(())
}

pub(super) fn show_shadow(shadow: &Shadow, head: u64, shell: Shell) -> Result<(), Error> {
    let Shadow { size, reason } = shadow;
    let told = shell
        .pick(
            &format!("  SM3 影子树：至 {size}，日志至 {head} {reason}"),
            &format!("  SM3 shadow: at size {size}, head {head} {reason}"),
        )
        .trim_end()
        .to_owned();
    shell.line(told)
}

pub(super) fn as_json(finality: &Finality) -> Value {
    let witness = |witness: &Witness| {
        json!({
            "name": witness.name, "size": witness.size, "reason": witness.reason,
            "troubled_since": witness.troubled_since.as_ref().map(told),
        })
    };
    json!({
        "size": finality.size, "quorum": finality.quorum,
        "witnesses": finality.witnesses.iter().map(witness).collect::<Vec<_>>(),
        "time_stamps": finality.time_stamps.as_ref().map(witness),
    })
}

/// RFC 3339 in Beijing time.
fn told(at: &Timestamp) -> String {
    let at = chassis::from_timestamp(at).ok().and_then(|at| at.checked_to_offset(offset!(+8)));
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}
