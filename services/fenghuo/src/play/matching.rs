//! Whether what came is what had to come: part of the data, compared as text, the difference named by its path.

use serde_json::Value;

/// The first difference between what was wanted and what is there; `None` if all that was wanted is there.
///
/// Objects may hold more than was wanted; lists must be as long. Scalars are compared as text, for a scenario
/// does not tell 5 from "5".
pub(super) fn difference(wanted: &Value, found: &Value) -> Option<String> {
    compare("", wanted, found)
}

fn compare(path: &str, wanted: &Value, found: &Value) -> Option<String> {
    match (wanted, found) {
        (Value::Null, _) if path.is_empty() => None,
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            compare(&path, value, found.get(key).unwrap_or(&Value::Null))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let pairs = wanted.iter().zip(found).enumerate();
            pairs
                .into_iter()
                .find_map(|(index, (wanted, found))| compare(&format!("{path}[{index}]"), wanted, found))
        }
        (wanted, found) if text(wanted).is_some() && text(wanted) == text(found) => None,
        (wanted, found) => Some(format!("{path}: {wanted} was wanted, {found} is there")),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn part_of_the_data_is_enough() {
        let found = json!({"due": {"last_day": "2023-05-17", "rolled": false}, "n": 5});
        assert_eq!(difference(&json!({"due": {"last_day": "2023-05-17"}}), &found), None);
        assert_eq!(difference(&json!({"n": "5"}), &found), None);
        assert_eq!(difference(&Value::Null, &found), None);
    }

    #[test]
    fn a_difference_is_named_by_its_path() {
        let found = json!({"due": {"last_day": "2023-05-16"}, "list": [1, 2]});
        let text = difference(&json!({"due": {"last_day": "2023-05-17"}}), &found).unwrap();
        assert!(text.starts_with("due.last_day:"), "{text}");
        assert!(difference(&json!({"list": ["1"]}), &found).is_some());
        assert!(difference(&json!({"missing": "x"}), &found).is_some());
    }
}
