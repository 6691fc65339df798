//! A clock as lines of text.

use contracts::{clock::v1 as wire, envelope::v1::Due};
use decider::Lang;
use pbjson_types::Timestamp;

use super::state;
use crate::due::beijing;

/// What it is, how it stands, until when.
pub(super) fn head(clock: &wire::ClockState, lang: Lang) -> String {
    let until = clock.due.as_ref().map(until).unwrap_or_else(|| "—".to_owned());
    format!("{}  {}  {until}  {}", state(clock, lang), duty(clock, lang), clock.stream)
}

/// Basis, holder, versions, and the computation.
pub(super) fn below(clock: &wire::ClockState, lang: Lang) -> Vec<String> {
    let calendar = clock.due.as_ref().map(|due| due.calendar.as_str()).unwrap_or_default();
    let (basis, rule, holder, pack) = (&clock.legal_basis, &clock.rule, holder(clock, lang), &clock.pack);
    let (zh, words) = (lang == Lang::Zh, if lang == Lang::Zh { &clock.words_zh } else { &clock.words_en });
    let first = if zh {
        format!("    依据 {basis}（{rule}），{holder}，日历 {calendar}，规则包 {pack}")
    } else {
        format!("    basis {basis} ({rule}), {holder}, calendar {calendar}, rule pack {pack}")
    };
    let words = (!words.is_empty()).then(|| format!("    {words}"));
    [Some(first), words].into_iter().flatten().collect()
}

/// A duty as officials call it.
pub(crate) fn duty(clock: &wire::ClockState, lang: Lang) -> String {
    timeline::text::word(&clock.duty, lang).unwrap_or_else(|| clock.duty.clone())
}

/// Whose time it is: who must act, or may.
pub(crate) fn holder(clock: &wire::ClockState, lang: Lang) -> String {
    let who = timeline::text::word(&clock.holder, lang).unwrap_or_else(|| clock.holder.clone());
    let label = match (clock.kind.as_str(), lang) {
        ("right", Lang::Zh) => "权利主体",
        ("right", Lang::En) => "holder of the right",
        ("term", Lang::Zh) => "期限主体",
        (_, Lang::Zh) => "责任主体",
        (_, Lang::En) => "holder",
    };
    format!("{label} {who}")
}

/// A date of law: the last day, and the instant where the period is of hours.
pub(crate) fn until(due: &Due) -> String {
    let whole_day = chassis::date(&due.last_day).ok().map(law::end_of_day);
    match due.at.as_ref().and_then(|at| chassis::from_timestamp(at).ok()) {
        Some(at) if Some(at) != whole_day => beijing(at),
        _ => due.last_day.clone(),
    }
}

/// Beijing time.
pub(crate) fn local(at: Option<&Timestamp>) -> String {
    at.and_then(|at| chassis::from_timestamp(at).ok()).map(beijing).unwrap_or_default()
}
