//! A line from a message's body: amounts in yuan, dates of law as dates, words as officials read them.

use decider::{Department, Lang};
use law::end_of_day;
use serde_json::{Map, Value};
use time::{
    OffsetDateTime, UtcOffset,
    format_description::well_known::Rfc3339,
    macros::{format_description, offset},
};

use super::{
    department,
    field::{FIELDS, Form, SILENT},
    word::word,
};

const SHANGHAI: UtcOffset = offset!(+8);
/// Entries of a list that a summary names before it only counts the rest.
const LIST_LEN_MAX: usize = 3;

/// The fields of a body that matter to a reader; empty for a private event.
pub fn summary(kind: &str, body: &Value, lang: Lang) -> String {
    let Value::Object(body) = body else {
        return String::new();
    };
    let known = FIELDS.iter().filter_map(|(name, zh, en, form)| {
        let label = pick(lang, zh, en);
        let value = body.get(*name);
        if value.is_some() || speaks_by_silence(kind, name) {
            written(label, value, *form, lang)
        } else {
            None
        }
    });
    // A field that this version does not know is shown rather than hidden.
    let unknown = body
        .iter()
        .filter(|(name, _)| FIELDS.iter().all(|(known, ..)| known != name))
        .filter_map(|(name, value)| written(name, Some(value), Form::Plain, lang));
    known.chain(unknown).collect::<Vec<_>>().join(pick(lang, "，", ", "))
}

fn speaks_by_silence(kind: &str, field: &str) -> bool {
    let kind = kind.strip_prefix("fenghuo.").unwrap_or(kind);
    SILENT.contains(&(kind, field))
}

fn written(label: &str, value: Option<&Value>, form: Form, lang: Lang) -> Option<String> {
    let text = match form {
        Form::Hidden => return None,
        Form::Flag(yes, no) => {
            let [zh, en] = if value.and_then(Value::as_bool) == Some(true) { yes } else { no };
            pick(lang, zh, en).to_owned()
        }
        Form::Fen => yuan(value.and_then(integer).unwrap_or(0), lang),
        Form::Count(unit) => {
            let number = value.and_then(integer).unwrap_or(0);
            if lang == Lang::Zh && !unit.is_empty() { format!("{number} {unit}") } else { number.to_string() }
        }
        Form::Plain => plain(value?, lang),
    };
    let parts = [label, &text].into_iter().filter(|part| !part.is_empty());
    (!text.is_empty()).then(|| parts.collect::<Vec<_>>().join(" "))
}

/// A value by its shape.
fn plain(value: &Value, lang: Lang) -> String {
    match value {
        Value::Object(fields) => due(fields).unwrap_or_else(|| value.to_string()),
        Value::Array(items) => list(items, lang),
        Value::String(text) => instant(text).unwrap_or_else(|| name(text, lang)),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A date of law: the last day, and the minute where the period is of hours.
fn due(fields: &Map<String, Value>) -> Option<String> {
    let day = fields.get("lastDay")?.as_str()?;
    let at = fields.get("at").and_then(Value::as_str).and_then(|at| OffsetDateTime::parse(at, &Rfc3339).ok());
    let whole_day = chassis::date(day).ok().map(end_of_day);
    match at {
        Some(at) if Some(at) != whole_day => Some(local(at)),
        _ => Some(day.to_owned()),
    }
}

fn list(items: &[Value], lang: Lang) -> String {
    let named = items.iter().take(LIST_LEN_MAX).map(|item| plain(item, lang)).collect::<Vec<_>>();
    let rest = items.len().saturating_sub(LIST_LEN_MAX);
    let text = named.join(pick(lang, "、", "; "));
    match (rest, lang) {
        (0, _) => text,
        (_, Lang::Zh) => format!("{text} 等 {} 项", items.len()),
        (rest, Lang::En) => format!("{text} and {rest} more"),
    }
}

fn instant(text: &str) -> Option<String> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(local)
}

/// An instant in Shanghai, to the minute, or to the second where it has seconds.
fn local(at: OffsetDateTime) -> String {
    let at = at.to_offset(SHANGHAI);
    let minute = format_description!("[year]-[month]-[day] [hour]:[minute]");
    let second = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let text = if at.second() == 0 { at.format(minute) } else { at.format(second) };
    text.unwrap_or_else(|_| at.to_string())
}

fn name(text: &str, lang: Lang) -> String {
    if text.parse::<Department>().is_ok() {
        return match lang {
            Lang::Zh => format!("{}（{text}）", department(text, lang)),
            Lang::En => format!("{} ({text})", department(text, lang)),
        };
    }
    word(text, lang).unwrap_or_else(|| text.to_owned())
}

/// Fen as yuan with thousands apart: `7,500.00 元`.
fn yuan(fen: i64, lang: Lang) -> String {
    let (whole, rest) = (fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if fen < 0 { "-" } else { "" };
    match lang {
        Lang::Zh => format!("{sign}{grouped}.{rest:02} 元"),
        Lang::En => format!("{sign}{grouped}.{rest:02} yuan"),
    }
}

/// Protobuf's JSON writes 64-bit integers as strings.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn pick<'a>(lang: Lang, zh: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}
