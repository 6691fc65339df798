//! Numbers and bytes as the C2SP documents write them, with one spelling for each.

use base64::{Engine, prelude::BASE64_STANDARD};

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Padded standard base64 (RFC 4648, section 4); what is spelt in any other way is not read.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok()
}

/// A decimal number without sign and without leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
