//! Signed notes: other implementations' are read, and no byte of one can be changed.

use merkle::{
    Ed25519Signer, KeyType, Note, SignError, Signer, SignerFailed, VerifierKey,
    note::{NoteError, SignatureFault},
};

use crate::{Store, log_key, log_signer, signer, witness_signer};

/// Published with Go's `golang.org/x/mod/sumdb/note`, with the public key in `key.rs`.
const PUBLISHED: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6Ryy\
    BwJnAM=\n\
    — EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc\
    +QQ=\n";

fn published_keys() -> [VerifierKey; 2] {
    let texts = [
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
    ];
    texts.map(|text| text.parse().unwrap())
}

#[test]
fn a_published_note_with_two_signatures_verifies() {
    let note = Note::parse(PUBLISHED.as_bytes()).unwrap();
    for key in published_keys() {
        assert!(note.attested(&key).unwrap().is_some(), "{key}");
    }
    assert_eq!(note.to_string(), PUBLISHED);
}

#[test]
fn a_changed_byte_anywhere_is_refused() {
    let text = Store::of(300).checkpoint(300).sign(&log_signer()).unwrap().to_string();
    for (at, bit) in (0..text.len()).flat_map(|at| [0, 5].map(|bit| (at, bit))) {
        let mut changed = text.clone().into_bytes();
        changed[at] ^= 1 << bit;
        let attested = Note::parse(&changed).map(|note| note.attested(&log_key()).ok().flatten());
        assert!(!matches!(attested, Ok(Some(_))), "byte {at}, bit {bit}");
    }
}

#[test]
fn a_missing_or_added_byte_anywhere_is_refused() {
    let text = Store::of(3).checkpoint(3).sign(&log_signer()).unwrap().to_string();
    for at in 0..text.len() {
        for more in [&b""[..], b"\n", b"A", b" "] {
            let changed =
                [&text.as_bytes()[..at], more, &text.as_bytes()[at + usize::from(more.is_empty())..]]
                    .concat();
            let attested = Note::parse(&changed).map(|note| note.attested(&log_key()).ok().flatten());
            assert!(!matches!(attested, Ok(Some(_))), "{more:?} at byte {at}");
        }
    }
}

#[test]
fn signatures_of_unknown_types_and_keys_are_kept_and_ignored() {
    let mut text = Store::of(3).checkpoint(3).sign(&log_signer()).unwrap().to_string();
    let id = [&log_key().id().0[..3], &[9]].concat();
    text += &format!("— {} {}\n", log_key().name(), base64(&[id.as_slice(), &[7; 3]].concat()));
    text += &format!("— sm2.example {}\n", base64(&[5; 70]));
    let note = Note::parse(text.as_bytes()).unwrap();
    assert!(note.attested(&log_key()).unwrap().is_some());
    assert_eq!((note.signatures().len(), note.to_string()), (3, text));
}

#[test]
fn a_known_key_with_a_wrong_line_spoils_the_note_whatever_its_right_line_says() {
    let (right, other) = (Store::of(3).checkpoint(3), Store::of(4).checkpoint(4));
    let right = right.sign(&log_signer()).unwrap().to_string();
    let other = other.sign(&log_signer()).unwrap().to_string();
    let line = other.lines().last().unwrap();
    for text in [format!("{right}{line}\n"), right.replace("\n\n", &format!("\n\n{line}\n"))] {
        let refused = Note::parse(text.as_bytes()).unwrap().attested(&log_key()).unwrap_err();
        assert_eq!(refused.fault, SignatureFault::Invalid);
    }
    let id = base64(&[log_key().id().0.as_slice(), &[7; 63]].concat());
    let short = format!("{right}— {} {id}\n", log_key().name());
    let refused = Note::parse(short.as_bytes()).unwrap().attested(&log_key()).unwrap_err();
    assert_eq!(refused.fault, SignatureFault::WrongLength);
}

#[test]
fn a_note_that_is_none_is_refused_with_the_reason() {
    let fault = |text: &str| Note::parse(text.as_bytes()).unwrap_err();
    assert_eq!(Note::parse(b"\xff\n").unwrap_err(), NoteError::NotText);
    assert_eq!(fault("a\n\n— b AAAAAAA="), NoteError::NoLastNewline);
    assert_eq!(fault("a\r\n\n— b AAAAAAA=\n"), NoteError::ControlCharacter { at: 1 });
    assert_eq!(fault("a\n— b AAAAAAA=\n"), NoteError::NoSeparator);
    assert_eq!(fault("a\n\n"), NoteError::BadLine { line: 1 });
    for line in [
        "- b AAAAAAA=",
        "—b AAAAAAA=",
        "—  AAAAAAA=",
        "— b+ AAAAAAA=",
        "— b AAAAAA==",
        "— b AAAAAAB=",
        "— b AAAAAAA",
        "— b AAAAAAA= ",
    ] {
        assert_eq!(fault(&format!("a\n\n— b AAAAAAA=\n{line}\n")), NoteError::BadLine { line: 2 }, "{line}");
    }
    let many = "— b AAAAAAA=\n".repeat(101);
    assert_eq!(fault(&format!("a\n\n{many}")), NoteError::TooManySignatures);
    assert_eq!(
        fault(&format!("{}\n\n— b AAAAAAA=\n", "a".repeat(1_000_000))),
        NoteError::TooLong { found: 1_000_017 }
    );
}

#[test]
fn the_last_blank_line_is_the_one_that_counts() {
    let note = Note::parse("a\n\nb\n\n\n— c AAAAAAA=\n".as_bytes()).unwrap();
    assert_eq!(note.text(), "a\n\nb\n\n");
}

#[test]
fn the_same_note_is_signed_with_the_same_bytes() {
    let checkpoint = Store::of(9).checkpoint(9);
    let mut note = checkpoint.sign(&log_signer()).unwrap();
    let once = note.to_string();
    note.sign(&log_signer()).unwrap();
    assert_eq!((note.to_string(), checkpoint.sign(&log_signer()).unwrap().to_string()), (once.clone(), once));
}

#[test]
fn a_key_signs_only_what_it_is_for() {
    let refused = Store::of(9).checkpoint(9).sign(&witness_signer(1)).unwrap_err();
    assert!(matches!(refused, SignError::WrongKey { wanted: KeyType::Ed25519, .. }));
    let note = Store::of(9).checkpoint(9).sign(&log_signer()).unwrap();
    let refused = merkle::cosign(&note, 1, &log_signer()).unwrap_err();
    assert!(matches!(refused, SignError::WrongKey { wanted: KeyType::Cosignature, .. }));
}

/// A provider that fails, or answers with something else.
struct Broken(Ed25519Signer, Option<[u8; 64]>);

impl Signer for Broken {
    fn key(&self) -> &VerifierKey {
        self.0.key()
    }

    fn sign(&self, _message: &[u8]) -> Result<[u8; 64], SignerFailed> {
        self.1.ok_or_else(|| SignerFailed("the module is locked".into()))
    }
}

#[test]
fn a_provider_that_fails_or_errs_publishes_nothing() {
    let checkpoint = Store::of(9).checkpoint(9);
    let failed = checkpoint.sign(&Broken(log_signer(), None)).unwrap_err();
    assert!(matches!(failed, SignError::Failed { .. }));
    let faulty = checkpoint.sign(&Broken(log_signer(), Some([1; 64]))).unwrap_err();
    assert!(matches!(faulty, SignError::Faulty { .. }));
}

#[test]
fn a_signer_never_shows_its_secret() {
    let shown = format!("{:?}", signer("a", KeyType::Ed25519, 77));
    assert!(!shown.contains("77, 77") && !shown.contains("4d4d"), "{shown}");
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(bytes)
}
