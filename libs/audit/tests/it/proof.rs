//! Receipts: one event's place in the log, checked without the log.

use audit::{ProofError, prove, sealed_at};
use merkle::{Receipt, Sha256, Statement};

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn every_event_gets_a_receipt_that_is_checked_by_itself() {
    let place = Place::sealed(270, 135).await;
    for position in [1, 2, 135, 256, 257, 270] {
        let text = prove(&place.tiles(), position).unwrap().to_string();
        let receipt: Receipt = text.parse().unwrap();
        let entry = receipt.extra.clone().unwrap();
        let accepted = receipt.verify::<Sha256>(&entry, &policy()).unwrap();
        assert_eq!((accepted.checkpoint.size(), receipt.index + 1), (270, position));
        let leaf = Statement::parse(&entry).unwrap();
        assert_eq!(sealed_at(&place.tiles(), leaf.event_id).unwrap(), Some(position));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sealed_has_no_receipt() {
    let place = Place::sealed(5, 5).await;
    for position in [0, 6, u64::MAX] {
        assert!(matches!(prove(&place.tiles(), position), Err(ProofError::NotSealed(_))), "{position}");
    }
    assert_eq!(sealed_at(&place.tiles(), uuid::Uuid::nil()).unwrap(), None);
    let empty = Place::new().await;
    assert!(matches!(prove(&empty.tiles(), 1), Err(ProofError::NoCheckpoint)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_of_another_event_is_refused() {
    let place = Place::sealed(9, 9).await;
    let (one, other) = (prove(&place.tiles(), 3).unwrap(), prove(&place.tiles(), 4).unwrap());
    assert!(one.verify::<Sha256>(&other.extra.unwrap(), &policy()).is_err());
}
