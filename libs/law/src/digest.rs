//! Short fingerprints that tell one edition of embedded data from another.

use sha2::{Digest, Sha256};

/// Eight hexadecimal digits: enough to tell editions apart, not a protection against forgery.
pub(crate) fn short<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
