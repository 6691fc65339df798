//! The names of a bundle's files.

use super::{Fault, What};

pub(super) const MANIFEST: &str = "manifest";
pub(super) const CASE: &str = "case";
pub(super) const REPORT: &str = "report.html";
pub(super) const SCRIPT: &str = "verify.sh";

/// Longest name of a file; a stranger's bundle cannot name what no file system takes.
const NAME_MAX: usize = 200;

/// A name that can be written below a folder, wherever, and means nothing to a shell.
pub(super) fn is_safe(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte);
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let parts = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    begins && parts && name.len() <= NAME_MAX && name.bytes().all(known)
}

/// The name of a log: a service's.
pub(super) fn is_log(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= 63 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(known)
}

/// A decimal number with one spelling.
pub(super) fn number<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    let number: T = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The text of a file.
pub(super) fn text<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Fault> {
    str::from_utf8(bytes).map_err(|_| Fault::unreadable(name, "it is not UTF-8"))
}

/// The lines of a file, each of which ends.
pub(super) fn lines<'a>(name: &str, bytes: &'a [u8]) -> Result<std::str::Split<'a, char>, Fault> {
    let text = text(name, bytes)?.strip_suffix('\n');
    Ok(text.ok_or_else(|| Fault::new(name, What::Cut))?.split('\n'))
}
