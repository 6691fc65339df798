//! Reading is recorded: before a dossier is shown, that it is opened stands in the log.
//!
//! **Invariant**: nothing is shown that was not recorded first; where the log cannot be written, nothing is shown.

use decider::StreamName;
use eventlog::reading::{Reader, purpose};
use tonic::{Status, metadata::MetadataMap};

use crate::{Caller, Node, field, status};

/// The metadata in which a caller says for what purpose it reads: UTF-8, hence binary.
pub const PURPOSE: &str = purpose::METADATA;

/// The purpose that a caller states; nothing where it states none.
pub(crate) fn stated(metadata: &MetadataMap) -> Result<Option<String>, Status> {
    let Some(value) = metadata.get_bin(PURPOSE) else { return Ok(None) };
    let bytes = value.to_bytes().map_err(|_| field::invalid(PURPOSE, "must be base64"))?;
    purpose::parse(&bytes).map_err(|error| field::invalid(PURPOSE, error))
}

impl Node {
    /// Records that a caller is shown a dossier, as far as this log went at `shown`. A handler shows it after this.
    pub async fn opened(
        &self,
        caller: &Caller,
        query: &'static str,
        dossier: &StreamName,
        shown: u64,
    ) -> Result<(), Status> {
        let purpose = caller.purpose.clone().ok_or_else(|| {
            field::invalid(PURPOSE, "whoever opens a dossier says for what purpose, in this metadata")
        })?;
        let (actor, traceparent) = (caller.actor.clone(), caller.traceparent.clone());
        let reader = Reader { actor, purpose, traceparent };
        let entered = self.register().enter(&reader, query, dossier, shown).await;
        entered.map_err(|error| status::of_reading(&error))
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, metadata::MetadataValue};

    use super::*;

    #[test]
    fn a_purpose_that_is_none_is_refused_and_one_that_is_not_stated_is_nothing() {
        let mut metadata = MetadataMap::new();
        assert_eq!(stated(&metadata).unwrap(), None);
        metadata.insert_bin(PURPOSE, MetadataValue::from_bytes("案件办理".as_bytes()));
        assert_eq!(stated(&metadata).unwrap().as_deref(), Some("案件办理"));
        metadata.insert_bin(PURPOSE, MetadataValue::from_bytes(b"two\nlines"));
        assert_eq!(stated(&metadata).unwrap_err().code(), Code::InvalidArgument);
    }
}
