//! A witness cosigns what extends all it has seen, and says over HTTP why not.

use merkle::{
    Checkpoint, Hash, Hasher, Note, Sha256,
    note::Attested,
    proof::ConsistencyError,
    witness::{
        AddCheckpoint, Advance, Head, Known, Refusal, RequestError, consider, cosignatures, latest_size,
    },
};

use crate::{ORIGIN, Store, hashes, leaves, log_key, log_signer, naive, witness_signer};

fn note(size: u64) -> Note {
    Store::of(size).checkpoint(size).sign(&log_signer()).unwrap()
}

fn request(old: u64, new: u64) -> AddCheckpoint {
    let proof = if old <= new { Store::of(new).consistency(old, new) } else { Vec::new() };
    AddCheckpoint::new(old, proof, note(new)).unwrap()
}

fn head(size: u64) -> Head {
    Head { size, root: naive::root(&leaves(size)) }
}

fn known(head: Option<Head>) -> Known {
    Known { keys: vec![log_key()], head }
}

fn answer(request: &AddCheckpoint, known: &Known) -> Result<Advance, Refusal> {
    consider::<Sha256>(request, Some(known))
}

fn status(request: &AddCheckpoint, known: &Known) -> u16 {
    answer(request, known).unwrap_err().status()
}

/// A checkpoint that the log signed, whatever tree it claims.
fn claimed(size: u64, root: Hash) -> Note {
    Checkpoint::new(ORIGIN, size, root).unwrap().sign(&log_signer()).unwrap()
}

#[test]
fn a_first_checkpoint_of_a_known_log_is_cosigned_without_proof() {
    let advance = answer(&request(0, 300), &known(None)).unwrap();
    assert_eq!(advance, Advance { origin: ORIGIN.to_owned(), before: None, after: head(300) });
    let needless = AddCheckpoint::new(0, vec![hashes("any")], note(300)).unwrap();
    assert_eq!(answer(&needless, &known(None)), Err(Refusal::NeedlessProof { found: 1 }));
    assert_eq!(status(&needless, &known(None)), 422);
}

#[test]
fn a_checkpoint_that_extends_the_last_is_cosigned() {
    for (old, new) in [(1, 2), (8, 300), (256, 257), (299, 300), (300, 300)] {
        let advance = answer(&request(old, new), &known(Some(head(old)))).unwrap();
        assert_eq!((advance.before, advance.after), (Some(head(old)), head(new)), "{old} to {new}");
    }
}

#[test]
fn the_cosignature_in_the_answer_is_the_witnesses_own() {
    let mut note = request(0, 3).note().clone();
    let body = format!("{}\n", merkle::cosign(&note, 77, &witness_signer(1)).unwrap());
    cosignatures(&body).unwrap().into_iter().for_each(|line| note.add(line));
    let attested = note.attested(merkle::Signer::key(&witness_signer(1))).unwrap();
    assert_eq!(attested, Some(Attested { time: Some(77) }));
}

#[test]
fn an_unknown_log_is_not_found() {
    let refusal = consider::<Sha256>(&request(0, 3), None).unwrap_err();
    assert_eq!((refusal.status(), refusal), (404, Refusal::UnknownLog { origin: ORIGIN.to_owned() }));
}

#[test]
fn a_checkpoint_without_a_right_signature_is_forbidden() {
    let other = Known {
        keys: vec![merkle::Signer::key(&crate::signer(ORIGIN, merkle::KeyType::Ed25519, 9)).clone()],
        head: None,
    };
    assert_eq!(status(&request(0, 3), &other), 403);
    let forged = request(0, 3).to_string().replace("\n3\n", "\n4\n");
    let forged = AddCheckpoint::parse(forged.as_bytes()).unwrap();
    assert_eq!(status(&forged, &known(None)), 403);
}

#[test]
fn a_stale_client_is_told_the_latest_size() {
    for (old, new) in [(0, 400), (299, 400), (301, 400), (0, 200)] {
        let refusal = answer(&request(old, new), &known(Some(head(300)))).unwrap_err();
        assert_eq!((refusal.status(), refusal.content_type()), (409, "text/x.tlog.size"), "{old} to {new}");
        assert_eq!((refusal.body().as_str(), latest_size(&refusal.body())), ("300\n", Some(300)));
    }
    assert_eq!((latest_size("300"), latest_size("0300\n")), (None, None));
}

#[test]
fn a_rollback_is_refused() {
    assert_eq!(
        answer(&request(300, 200), &known(Some(head(300)))),
        Err(Refusal::Backwards { old: 300, new: 200 })
    );
    assert_eq!(status(&request(300, 200), &known(Some(head(300)))), 400);
}

#[test]
fn another_root_of_the_same_size_is_a_conflict() {
    let fork = AddCheckpoint::new(300, vec![], claimed(300, hashes("other"))).unwrap();
    let refusal = answer(&fork, &known(Some(head(300)))).unwrap_err();
    assert_eq!((refusal.status(), refusal.body().as_str()), (409, "300\n"));
    let empty = AddCheckpoint::new(0, vec![], claimed(0, hashes("not empty"))).unwrap();
    assert_eq!(answer(&empty, &known(None)), Err(Refusal::Fork { size: 0 }));
    assert!(
        answer(&AddCheckpoint::new(0, vec![], claimed(0, Sha256::empty())).unwrap(), &known(None)).is_ok()
    );
}

#[test]
fn a_rewritten_log_is_refused_whatever_it_proves() {
    let mut rewritten = leaves(300);
    rewritten[7] = hashes("rewritten");
    let proof = naive::proof(200, &rewritten);
    let request = AddCheckpoint::new(200, proof, claimed(300, naive::root(&rewritten))).unwrap();
    let refusal = answer(&request, &known(Some(head(200)))).unwrap_err();
    assert!(matches!(refusal, Refusal::Inconsistent(ConsistencyError::WrongOldRoot { .. })), "{refusal:?}");
    assert_eq!(refusal.status(), 422);
}

#[test]
fn a_proof_that_is_missing_or_too_long_is_refused() {
    for proof in [vec![], vec![hashes("any"); 30]] {
        let request = AddCheckpoint::new(200, proof, note(300)).unwrap();
        assert_eq!(status(&request, &known(Some(head(200)))), 422);
    }
    let again = AddCheckpoint::new(300, vec![hashes("any")], note(300)).unwrap();
    assert_eq!(status(&again, &known(Some(head(300)))), 422);
}

#[test]
fn a_request_is_written_as_the_document_says() {
    let request = request(2, 3);
    let expected = format!("old 2\n{}\n\n{}", request.proof[0], note(3));
    assert_eq!(
        (request.to_string(), AddCheckpoint::parse(expected.as_bytes())),
        (expected.clone(), Ok(request))
    );
    assert!(self::request(0, 1).to_string().starts_with("old 0\n\nlog.example/hazard\n1\n"));
}

#[test]
fn a_malformed_request_is_refused_with_the_reason() {
    let fault = |body: String| AddCheckpoint::parse(body.as_bytes()).unwrap_err();
    let (note, hash) = (note(3), hashes("any"));
    assert_eq!(AddCheckpoint::parse(b"\xff"), Err(RequestError::NotText));
    assert_eq!(fault("old 0\n".to_owned()), RequestError::NoCheckpoint);
    for old in ["", "old", "old ", "old 01", "old -1", "Old 1", "old 1 "] {
        assert_eq!(fault(format!("{old}\n\n{note}")), RequestError::BadOld, "{old}");
    }
    assert_eq!(fault(format!("old 1\n{hash}\n{hash} \n\n{note}")), RequestError::BadHash { line: 3 });
    let long = format!("old 1\n{}\n{note}", format!("{hash}\n").repeat(64));
    assert_eq!(fault(long), RequestError::ProofTooLong { found: 64 });
    assert!(matches!(fault("old 1\n\na\n".to_owned()), RequestError::Note(_)));
    let text = fault("old 1\n\na\n\n— b AAAAAAA=\n".to_owned());
    assert!(matches!(text, RequestError::Checkpoint(_)));
    assert_eq!(Refusal::from(text).status(), 400);
}
