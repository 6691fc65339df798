//! Signing keys as text.

use audit::key::{generate, parse};
use merkle::{KeyType, Signer as _};

#[test]
fn a_generated_key_is_read_back_and_signs_as_itself() {
    for kind in [KeyType::Ed25519, KeyType::Cosignature] {
        let (secret, key) = generate("log.example/things", kind).unwrap();
        assert_eq!(parse(&secret).unwrap().key(), &key);
        assert!(secret.starts_with("PRIVATE+KEY+log.example/things+"));
    }
}

#[test]
fn a_changed_key_is_refused_and_not_repeated() {
    let (secret, _) = generate("log.example/things", KeyType::Ed25519).unwrap();
    let end = secret.trim_end();
    let others = [
        String::new(),
        end.replace("things", "other"),
        end.replace("PRIVATE", "PUBLIC"),
        end[..end.len() - 4].to_owned(),
        format!("{}AAAA", &end[..end.len() - 4]),
    ];
    for other in others {
        let error = parse(&other).unwrap_err().to_string();
        assert!(!error.contains(&end[end.len() - 8..]), "{error}");
    }
}
