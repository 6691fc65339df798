//! Bundles of entries: each with its length in two bytes before it (C2SP tlog-tiles, log entries).

use thiserror::Error;

/// The longest entry whose length two bytes can say.
pub const MAX_ENTRY: usize = u16::MAX as usize;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BundleError {
    #[error("an entry of {found} bytes; at most {MAX_ENTRY} fit")]
    TooLong { found: usize },
    #[error("the bundle ends inside the entry that begins at byte {at}")]
    Cut { at: usize },
}

/// The entries of a bundle, one after another; what follows a fault is not read.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Entries<'a> {
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Puts one more entry at the end of a bundle.
    pub fn put(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::TooLong { found: entry.len() })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
        Ok(())
    }

    fn entry(&self) -> Option<&'a [u8]> {
        let (length, rest) = self.bytes[self.at..].split_first_chunk()?;
        rest.get(..usize::from(u16::from_be_bytes(*length)))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<&'a [u8], BundleError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at == self.bytes.len() {
            return None;
        }
        let Some(entry) = self.entry() else {
            let at = std::mem::replace(&mut self.at, self.bytes.len());
            return Some(Err(BundleError::Cut { at }));
        };
        self.at += 2 + entry.len();
        Some(Ok(entry))
    }
}
