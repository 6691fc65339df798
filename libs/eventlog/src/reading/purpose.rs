//! For what purpose somebody reads, as callers state it.

/// The metadata in which a caller says for what purpose it reads: UTF-8, hence binary.
pub const METADATA: &str = "fenghuo-purpose-bin";

/// Longest purpose, in characters.
const CHARS_MAX: usize = 200;

/// Why what was stated is no purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is no text.
    #[error("must be UTF-8")]
    NotText,
    /// It is too long, or has several lines.
    #[error("must be at most {CHARS_MAX} characters on one line")]
    NotALine,
}

/// Reads a purpose; nothing where nothing is said.
pub fn parse(stated: &[u8]) -> Result<Option<String>, Malformed> {
    let text = std::str::from_utf8(stated).map_err(|_| Malformed::NotText)?.trim();
    if text.chars().count() > CHARS_MAX || text.chars().any(char::is_control) {
        return Err(Malformed::NotALine);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_is_a_short_line_of_text() {
        assert_eq!(parse("案件办理".as_bytes()).unwrap().as_deref(), Some("案件办理"));
        assert_eq!(parse("案".repeat(200).as_bytes()).unwrap().map(|text| text.chars().count()), Some(200));
        assert_eq!((parse(b"  ").unwrap(), parse(b"").unwrap()), (None, None));
        assert_eq!(parse("案".repeat(201).as_bytes()), Err(Malformed::NotALine));
        assert_eq!(parse(b"two\nlines"), Err(Malformed::NotALine));
        assert_eq!(parse(b"\xff\xfe"), Err(Malformed::NotText));
    }
}
