//! Checkpoints and the witnesses' signatures over them.

use merkle::{
    Checkpoint, Hasher, Note, Sha256, Signer, VerifierKey,
    checkpoint::CheckpointError,
    cosign,
    note::{Attested, SignatureFault},
};

use crate::{ORIGIN, Store, log_signer, witness_signer};

fn cosigned(time: u64) -> Note {
    let mut note = Store::of(300).checkpoint(300).sign(&log_signer()).unwrap();
    note.add(cosign(&note, time, &witness_signer(1)).unwrap());
    note
}

fn witness() -> VerifierKey {
    witness_signer(1).key().clone()
}

#[test]
fn a_checkpoint_has_three_lines_and_extensions() {
    let text = "log.example/hazard\n300\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\none\ntwo more\n";
    let checkpoint = Checkpoint::new(ORIGIN, 300, Sha256::empty()).unwrap();
    let checkpoint = checkpoint.with_extension("one").unwrap().with_extension("two more").unwrap();
    assert_eq!((text.parse(), checkpoint.to_string().as_str()), (Ok(checkpoint.clone()), text));
}

#[test]
fn a_checkpoint_that_is_none_is_refused_with_the_reason() {
    let fault = |text: &str| text.parse::<Checkpoint>().unwrap_err();
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    for text in ["".to_owned(), "a\n".into(), "a\n1\n".into(), format!("a\n1\n{root}")] {
        assert_eq!(fault(&text), CheckpointError::MissingLine, "{text:?}");
    }
    assert_eq!(fault(&format!("\n1\n{root}\n")), CheckpointError::BadOrigin { origin: String::new() });
    for size in ["", "01", "+1", "-1", "1 ", "0x1", "18446744073709551616", "１"] {
        assert_eq!(
            fault(&format!("a\n{size}\n{root}\n")),
            CheckpointError::BadSize { text: size.to_owned() }
        );
    }
    for bad in ["", "AAAA", &root[..43], &root.replace("FU=", "FV="), &format!("{root} ")] {
        assert_eq!(fault(&format!("a\n1\n{bad}\n")), CheckpointError::BadRoot { text: bad.to_owned() });
    }
    assert_eq!(fault(&format!("a\n1\n{root}\n\n")), CheckpointError::BadExtension { line: String::new() });
    let largest = format!("a\n{}\n{root}\n", u64::MAX).parse::<Checkpoint>().unwrap();
    assert_eq!(largest.size(), u64::MAX);
}

#[test]
fn a_cosignature_says_when() {
    for time in [0, 1_700_000_000, u64::MAX] {
        assert_eq!(cosigned(time).attested(&witness()), Ok(Some(Attested { time: Some(time) })));
    }
}

#[test]
fn a_cosignature_is_the_documents_message_signed_with_the_time_before_it() {
    let note = cosigned(1_700_000_000);
    let message = format!("cosignature/v1\ntime 1700000000\n{}", note.text());
    let signature = witness_signer(1).sign(message.as_bytes()).unwrap();
    let expected = [1_700_000_000_u64.to_be_bytes().as_slice(), &signature].concat();
    assert_eq!(note.signatures()[1].bytes(), expected);
}

#[test]
fn a_changed_time_or_signature_is_refused() {
    let (note, key) = (cosigned(1_700_000_000), witness());
    let line = note.signatures()[1].to_string();
    let bytes = [key.id().0.as_slice(), note.signatures()[1].bytes()].concat();
    for bit in (32..bytes.len() * 8).step_by(3) {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed_line = format!("— {} {}", key.name(), crate::note::base64(&changed));
        let changed = Note::parse(note.to_string().replace(&line, &changed_line).as_bytes()).unwrap();
        assert_eq!(changed.attested(&key).unwrap_err().fault, SignatureFault::Invalid, "{bit}");
    }
}

#[test]
fn a_cosignature_covers_the_extension_lines_too() {
    let note = cosigned(1).to_string();
    let longer = note.replacen("\n\n", "\nmore\n\n", 1);
    assert!(Note::parse(longer.as_bytes()).unwrap().attested(&witness()).is_err());
}

#[test]
fn a_later_cosignature_of_the_same_witness_replaces_the_earlier() {
    let mut note = cosigned(5);
    note.add(cosign(&note, 6, &witness_signer(1)).unwrap());
    note.add(cosign(&note, 6, &witness_signer(2)).unwrap());
    assert_eq!(note.signatures().len(), 3);
    assert_eq!(note.attested(&witness()), Ok(Some(Attested { time: Some(6) })));
}
