//! Reading the fields of a request: a value, or INVALID_ARGUMENT that names the field and says what is wanted.

use std::{fmt, str::FromStr};

use pbjson_types::Timestamp;
use time::{Date, OffsetDateTime};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Longest free text in a command, in characters.
pub const TEXT_CHARS_MAX: usize = 2_000;
/// Longest list in a command.
pub const LIST_LEN_MAX: usize = 200;

/// A field that is wrong.
pub fn invalid(field: &str, reason: impl fmt::Display) -> Status {
    let reason = reason.to_string();
    let mut details = ErrorDetails::new();
    details.add_bad_request_violation(field, &reason);
    Status::with_error_details(Code::InvalidArgument, format!("{field}: {reason}"), details)
}

/// A field of any type that reads itself from text.
pub fn parse<T: FromStr>(field: &str, text: &str) -> Result<T, Status>
where
    T::Err: fmt::Display,
{
    text.parse().map_err(|error| invalid(field, error))
}

/// A field that may be empty.
pub fn optional<T: FromStr>(field: &str, text: &str) -> Result<Option<T>, Status>
where
    T::Err: fmt::Display,
{
    if text.is_empty() { Ok(None) } else { parse(field, text).map(Some) }
}

/// A text that must say something.
pub fn text(field: &str, text: &str) -> Result<String, Status> {
    match text.trim() {
        "" => Err(invalid(field, "must not be empty")),
        long if long.chars().count() > TEXT_CHARS_MAX => {
            Err(invalid(field, format_args!("must not be longer than {TEXT_CHARS_MAX} characters")))
        }
        zero if zero.contains('\0') => Err(invalid(field, "must not contain NUL")),
        text => Ok(text.to_owned()),
    }
}

/// A list whose every entry reads itself; the entry is named by its index.
pub fn list<T>(
    field: &str,
    texts: &[String],
    read: impl Fn(&str, &str) -> Result<T, Status>,
) -> Result<Vec<T>, Status> {
    if texts.len() > LIST_LEN_MAX {
        return Err(invalid(field, format_args!("must not have more than {LIST_LEN_MAX} entries")));
    }
    texts.iter().enumerate().map(|(index, text)| read(&format!("{field}[{index}]"), text)).collect()
}

/// A date written 2023-05-17.
pub fn date(field: &str, text: &str) -> Result<Date, Status> {
    crate::wire::date(text).map_err(|error| invalid(field, error))
}

/// An instant that must be there.
pub fn instant(field: &str, value: Option<&Timestamp>) -> Result<OffsetDateTime, Status> {
    let value = value.ok_or_else(|| invalid(field, "an instant is wanted"))?;
    crate::wire::from_timestamp(value).map_err(|error| invalid(field, error))
}

/// The refusal of a request without a command, or with one this version does not know.
pub fn no_command() -> Status {
    invalid("command", "a command is wanted, and this one is missing or not known to this version")
}
