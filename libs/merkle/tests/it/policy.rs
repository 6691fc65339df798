//! Whom a verifier believes: the log, and so many of its witnesses.

use merkle::{KeyType, Note, Policy, PolicyError, PolicyFault, Signer, VerifierKey, cosign};

use crate::{ORIGIN, Store, log_key, log_signer, policy, signer, witness_signer};

fn cosigned_by(witnesses: &[u8]) -> Note {
    let mut note = Store::of(300).checkpoint(300).sign(&log_signer()).unwrap();
    for number in witnesses {
        note.add(cosign(&note, 1_000 + u64::from(*number), &witness_signer(*number)).unwrap());
    }
    note
}

fn refused(quorum: usize, note: &str) -> PolicyError {
    policy(quorum).accept(note.as_bytes()).unwrap_err()
}

fn key(name: &str, kind: KeyType, seed: u8) -> VerifierKey {
    signer(name, kind, seed).key().clone()
}

#[test]
fn a_quorum_of_witnesses_is_enough_and_fewer_are_not() {
    for cosigners in [&[][..], &[1], &[3, 1], &[1, 2, 3], &[1, 2, 9]] {
        let note = cosigned_by(cosigners).to_string();
        let known = cosigners.iter().filter(|number| **number <= 3).count();
        for quorum in 0..=3 {
            let accepted = policy(quorum).accept(note.as_bytes());
            if known >= quorum {
                assert_eq!(accepted.unwrap().cosigners.len(), known);
            } else {
                assert_eq!(
                    accepted.unwrap_err(),
                    PolicyError::TooFewWitnesses { needed: quorum, found: known }
                );
            }
        }
    }
}

#[test]
fn what_is_accepted_is_told_with_the_witnesses_times() {
    let accepted = policy(2).accept(cosigned_by(&[3, 1]).to_string().as_bytes()).unwrap();
    assert_eq!(accepted.checkpoint, Store::of(300).checkpoint(300));
    let told: Vec<_> =
        accepted.cosigners.iter().map(|cosigner| (cosigner.name.as_str(), cosigner.time)).collect();
    assert_eq!(told, [("witness.example/1", 1_001), ("witness.example/3", 1_003)]);
}

#[test]
fn one_witness_repeated_is_one_witness() {
    let note = cosigned_by(&[1]).to_string();
    let line = note.lines().last().unwrap();
    assert_eq!(refused(2, &format!("{note}{line}\n")), PolicyError::TooFewWitnesses { needed: 2, found: 1 });
}

#[test]
fn an_old_witness_line_pasted_under_a_new_checkpoint_is_refused() {
    let mut older = Store::of(200).checkpoint(200).sign(&log_signer()).unwrap();
    older.add(cosign(&older, 1, &witness_signer(2)).unwrap());
    let line = older.signatures()[1].to_string();
    let pasted = format!("{}{line}\n", cosigned_by(&[1]));
    assert!(matches!(refused(1, &pasted), PolicyError::Signature(bad) if bad.name == "witness.example/2"));
}

#[test]
fn witnesses_alone_do_not_speak_for_the_log() {
    let note = cosigned_by(&[1, 2, 3]).to_string();
    let without = note.lines().filter(|line| !line.starts_with(&format!("— {ORIGIN} "))).collect::<Vec<_>>();
    let refused = refused(3, &(without.join("\n") + "\n"));
    assert_eq!(refused, PolicyError::NotSigned { origin: ORIGIN.to_owned() });
}

#[test]
fn a_checkpoint_of_another_log_is_refused_though_the_key_is_right() {
    let other =
        merkle::Checkpoint::new("log.example/credit", 300, *Store::of(300).checkpoint(300).root()).unwrap();
    let note = other.sign(&log_signer()).unwrap().to_string();
    let (expected, found) = (ORIGIN.to_owned(), "log.example/credit".to_owned());
    assert_eq!(refused(0, &note), PolicyError::WrongOrigin { expected, found });
}

#[test]
fn a_changed_byte_anywhere_in_a_note_with_all_witnesses_is_refused() {
    let note = cosigned_by(&[1, 2, 3]).to_string().into_bytes();
    for at in 0..note.len() {
        let mut changed = note.clone();
        changed[at] ^= 1;
        assert!(policy(3).accept(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn a_log_may_change_its_key() {
    let new = signer(ORIGIN, KeyType::Ed25519, 2);
    let keys = vec![log_key(), new.key().clone()];
    let changing = Policy::new(keys, vec![], 0).unwrap();
    let checkpoint = Store::of(3).checkpoint(3);
    for by in [&new, &log_signer()] {
        changing.accept(checkpoint.sign(by).unwrap().to_string().as_bytes()).unwrap();
    }
    let note = checkpoint.sign(&new).unwrap().to_string();
    assert_eq!(refused(0, &note), PolicyError::NotSigned { origin: ORIGIN.to_owned() });
}

#[test]
fn a_policy_that_means_less_than_it_says_is_refused() {
    let log = || vec![log_key()];
    let witness = |seed| key("witness.example/a", KeyType::Cosignature, seed);
    let fault = |log, witnesses, quorum| Policy::new(log, witnesses, quorum).unwrap_err();
    assert_eq!(fault(vec![], vec![], 0), PolicyFault::NoLogKey);
    assert_eq!(fault(log(), vec![witness(7)], 2), PolicyFault::Unreachable { quorum: 2, witnesses: 1 });
    let renamed = key("witness.example/b", KeyType::Cosignature, 7);
    let twice = PolicyFault::SameKey { name: "witness.example/b".to_owned() };
    assert_eq!(fault(log(), vec![witness(7), renamed], 2), twice);
    let itself = PolicyFault::SameKey { name: "witness.example/a".to_owned() };
    assert_eq!(fault(log(), vec![witness(1)], 1), itself);
    let other = vec![log_key(), key("log.example/credit", KeyType::Ed25519, 9)];
    assert!(matches!(fault(other, vec![], 0), PolicyFault::TwoOrigins { .. }));
    assert!(matches!(fault(vec![witness(7)], vec![], 0), PolicyFault::WrongType { .. }));
    assert!(matches!(fault(log(), vec![key("w", KeyType::Ed25519, 8)], 1), PolicyFault::WrongType { .. }));
}
