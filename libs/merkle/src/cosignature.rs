//! Timestamped signatures of witnesses over checkpoints (C2SP tlog-cosignature, cosignature/v1).

use crate::{
    key::{KeyType, VerifierKey},
    note::{Attested, Note, NoteSignature, SignatureFault},
    signer::{SignError, Signer, signed},
};

/// Says at `time`, in seconds since 1970, that this checkpoint is the latest of its log the signer knows, and
/// begins with all it cosigned before. Only [`witness::consider`](crate::witness::consider) may lead here.
pub fn cosign(checkpoint: &Note, time: u64, signer: &dyn Signer) -> Result<NoteSignature, SignError> {
    let signature = signed(signer, KeyType::Cosignature, &message(checkpoint.text(), time))?;
    let bytes = [time.to_be_bytes().as_slice(), &signature].concat();
    Ok(NoteSignature::new(signer.key(), bytes))
}

pub(crate) fn verify(bytes: &[u8], text: &str, key: &VerifierKey) -> Result<Attested, SignatureFault> {
    let (time, signature) = bytes.split_first_chunk().ok_or(SignatureFault::WrongLength)?;
    let time = u64::from_be_bytes(*time);
    let signature = signature.try_into().map_err(|_| SignatureFault::WrongLength)?;
    match key.verifies(&message(text, time), signature) {
        true => Ok(Attested { time: Some(time) }),
        false => Err(SignatureFault::Invalid),
    }
}

fn message(text: &str, time: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}
