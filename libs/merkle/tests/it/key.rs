//! Verifier keys: one line of text that is what it says, or nothing.

use std::sync::Arc;

use merkle::{KeyError, KeyType, Note, Renamed, Signer, VerifierKey};

use crate::{log_key, log_signer, witness_signer};

/// Published with Go's `golang.org/x/mod/sumdb/note`.
const PUBLISHED: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

#[test]
fn a_published_key_is_read_and_written() {
    let key: VerifierKey = PUBLISHED.parse().unwrap();
    assert_eq!((key.name(), key.kind()), ("PeterNeumann", KeyType::Ed25519));
    assert_eq!((key.id().to_string().as_str(), key.to_string().as_str()), ("c74f20a3", PUBLISHED));
}

#[test]
fn a_key_of_a_witness_has_another_type_and_so_another_id() {
    let witness = witness_signer(1).key().clone();
    assert_eq!(witness.to_string().parse(), Ok(witness.clone()));
    let same = VerifierKey::new(witness.name(), KeyType::Ed25519, witness.public()).unwrap();
    assert_ne!(same.id(), witness.id());
}

#[test]
fn a_renamed_key_signs_for_its_own_name_only() {
    let renamed = Renamed::new(Arc::new(log_signer()), "log.example/other").unwrap();
    assert_eq!(*renamed.key(), log_key().renamed("log.example/other").unwrap());
    assert_ne!(renamed.key().id(), log_key().id());
    let mut note = Note::unsigned("log.example/other\n".to_owned()).unwrap();
    note.sign(&renamed).unwrap();
    assert!(note.attested(renamed.key()).unwrap().is_some());
    assert_eq!(note.attested(&log_key()), Ok(None));
    assert!(matches!(Renamed::new(Arc::new(log_signer()), "a b"), Err(KeyError::BadName { .. })));
}

#[test]
fn every_changed_byte_of_a_key_is_noticed() {
    let text = log_key().to_string();
    for at in 0..text.len() {
        for byte in (0x20..0x7f).filter(|byte| *byte != text.as_bytes()[at]) {
            let mut changed = text.clone().into_bytes();
            changed[at] = byte;
            let changed = String::from_utf8(changed).unwrap();
            assert!(changed.parse::<VerifierKey>().is_err(), "{changed}");
        }
    }
}

#[test]
fn what_is_no_key_is_refused_with_the_reason() {
    let wrong = |text: &str| text.parse::<VerifierKey>().unwrap_err();
    for text in
        ["", "name", "name+c74f20a3", "name+c74f20a3+", "name+C74F20A3+AR==", "PeterNeumann+c74f20a3+ARpc"]
    {
        assert!(matches!(wrong(text), KeyError::Malformed), "{text}");
    }
    let private = wrong("PRIVATE+KEY+name+c74f20a3+AQ==");
    assert_eq!(private, KeyError::Private);
    assert!(!private.to_string().contains("c74f20a3"), "a secret is not repeated");
    let id = wrong(&PUBLISHED.replace("c74", "c75"));
    assert!(matches!(id, KeyError::WrongId { .. }), "{id:?}");
    let kind = wrong(&PUBLISHED.replace("+ARpc", "+Ahpc"));
    assert!(matches!(kind, KeyError::UnknownType { number: 2, .. }), "{kind:?}");
    for name in ["", "a b", "a+b", "a\u{3000}b", "a\nb", "a\u{1}b"] {
        let refused = VerifierKey::new(name, KeyType::Ed25519, log_key().public());
        assert_eq!(refused, Err(KeyError::BadName { name: name.to_owned() }));
    }
}

#[test]
fn a_key_that_verifies_anything_is_no_key() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let refused = VerifierKey::new("a", KeyType::Ed25519, identity);
    assert_eq!(refused, Err(KeyError::NotAKey { name: "a".to_owned() }));
}
