//! Receipts: one file that proves one entry, and proves nothing else.

use merkle::{Receipt, ReceiptError, ReceiptFault, Sha256, cosign, proof::InclusionError};

use crate::{Store, entry, log_signer, policy, witness_signer};

fn receipt(index: u64, size: u64) -> Receipt {
    let store = Store::of(size);
    let mut note = store.checkpoint(size).sign(&log_signer()).unwrap();
    for number in 1..=2 {
        note.add(cosign(&note, 1_700_000_000, &witness_signer(number)).unwrap());
    }
    let path = store.inclusion(index, size);
    Receipt { extra: Some(entry(index)), index, path, checkpoint: note.to_string() }
}

#[test]
fn a_receipt_is_written_as_the_document_says() {
    let receipt = receipt(2, 3);
    let expected = format!(
        "c2sp.org/tlog-proof@v1\nextra ZW50cnkgMiB4eA==\nindex 2\n{}\n\n{}",
        receipt.path[0], receipt.checkpoint
    );
    assert_eq!((receipt.to_string(), expected.parse()), (expected.clone(), Ok(receipt)));
}

#[test]
fn a_receipt_without_extra_or_path_is_one_too() {
    let receipt = Receipt { extra: None, ..receipt(0, 1) };
    assert!(receipt.to_string().starts_with("c2sp.org/tlog-proof@v1\nindex 0\n\nlog.example/hazard\n1\n"));
    assert_eq!(receipt.to_string().parse(), Ok(receipt.clone()));
    receipt.verify::<Sha256>(&entry(0), &policy(2)).unwrap();
}

#[test]
fn a_receipt_proves_its_entry_and_no_other() {
    let receipt = receipt(77, 300);
    let accepted = receipt.verify::<Sha256>(&entry(77), &policy(2)).unwrap();
    assert_eq!(accepted.checkpoint.size(), 300);
    let wrong = receipt.verify::<Sha256>(&entry(78), &policy(2)).unwrap_err();
    assert!(matches!(wrong, ReceiptError::Path(InclusionError::WrongRoot { .. })));
    let beyond = Receipt { index: 300, ..receipt.clone() };
    let wrong = beyond.verify::<Sha256>(&entry(77), &policy(2)).unwrap_err();
    assert!(matches!(wrong, ReceiptError::Path(InclusionError::NoSuchLeaf { .. })));
    assert!(matches!(receipt.verify::<Sha256>(&entry(77), &policy(3)), Err(ReceiptError::Checkpoint(_))));
}

#[test]
fn a_changed_byte_anywhere_but_in_the_extra_data_is_refused() {
    let text = receipt(5, 11).to_string();
    let extra = text.find("extra ").unwrap() + 6..text.find("\nindex").unwrap();
    for at in (0..text.len()).filter(|at| !extra.contains(at)) {
        let mut changed = text.clone().into_bytes();
        changed[at] ^= 1;
        let read = String::from_utf8(changed).ok().and_then(|text| text.parse::<Receipt>().ok());
        let proved = read.and_then(|receipt| receipt.verify::<Sha256>(&entry(5), &policy(2)).ok());
        assert_eq!(proved, None, "byte {at}");
    }
}

#[test]
fn a_file_that_is_no_receipt_is_refused_with_the_reason() {
    let fault = |text: &str| text.parse::<Receipt>().unwrap_err();
    let hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    assert_eq!(fault("c2sp.org/tlog-proof@v2\nindex 0\n\n"), ReceiptFault::NoHeader);
    assert_eq!(fault("c2sp.org/tlog-proof@v1\nindex 0\n"), ReceiptFault::NoCheckpoint);
    for line in ["extra", "extra !", "index", "index 01", "index -1", "Index 1", "index 1 "] {
        let text = format!("c2sp.org/tlog-proof@v1\n{line}\n\na");
        assert_eq!(fault(&text), ReceiptFault::BadLine { line: 2 }, "{line}");
    }
    let wrong = format!("c2sp.org/tlog-proof@v1\nindex 1\n{hash}AAAA\n\na");
    assert_eq!(fault(&wrong), ReceiptFault::BadLine { line: 4 });
    let twice = "c2sp.org/tlog-proof@v1\nextra AA==\nextra AA==\nindex 1\n\na";
    assert_eq!(fault(twice), ReceiptFault::BadLine { line: 3 });
    let long = format!("c2sp.org/tlog-proof@v1\nindex 1\n{}\na", hash.repeat(65));
    assert_eq!(fault(&long), ReceiptFault::TooLong);
}
