//! Appends to several streams: all or none, with checks of streams that are written and of others.

use eventlog::{AppendError, Expected, SeveralError, Violation};

use crate::support::*;

#[tokio::test]
async fn several_streams_move_together_in_the_given_order() {
    let log = fresh_log().await;
    log.append(append(&stream("a"), Expected::NoStream, 2)).await.unwrap();
    let parts = ["a", "b", "a"].map(|name| append(&stream(name), Expected::Any, 2)).to_vec();
    let appended = log.append_all(parts, &[(stream("b"), Expected::NoStream)]).await.unwrap();
    let places = appended.iter().map(|it| (it.version, it.first_position, it.last_position));
    assert_eq!(places.collect::<Vec<_>>(), [(4, 4, 5), (2, 6, 7), (6, 8, 9)]);
    assert_in_order(&log, 8).await;
}

#[tokio::test]
async fn every_check_that_does_not_hold_is_told_and_nothing_is_stored() {
    let log = fresh_log().await;
    log.append(append(&stream("read"), Expected::NoStream, 3)).await.unwrap();
    let checks = [
        (stream("read"), Expected::Exact(3)),
        (stream("read"), Expected::Exact(2)),
        (stream("new"), Expected::Exists),
    ];
    let refused = log.append_all(vec![append(&stream("new"), Expected::Any, 1)], &checks).await;
    let Err(SeveralError::Violated(violations)) = refused else { panic!("{refused:?}") };
    assert_eq!(violations, [Violation { check: 1, actual: 3 }, Violation { check: 2, actual: 0 }]);
    assert_in_order(&log, 3).await;
}

#[tokio::test]
async fn a_repeated_append_to_several_streams_returns_the_original_places() {
    let log = fresh_log().await;
    let parts = ["a", "b"].map(|name| append(&stream(name), Expected::Any, 2)).to_vec();
    let none = [(stream("a"), Expected::NoStream)];
    let first = log.append_all(parts.clone(), &none).await.unwrap();
    let again = log.append_all(parts.clone(), &none).await.unwrap();
    assert!(again.iter().all(|it| it.repeated));
    assert!(first.iter().zip(&again).all(|(it, again)| it.last_position == again.last_position));
    let partly = vec![parts[0].clone(), append(&stream("b"), Expected::Any, 1)];
    let refused = log.append_all(partly, &[]).await;
    assert!(matches!(refused, Err(SeveralError::Append(AppendError::PartialRepeat))), "{refused:?}");
    assert_in_order(&log, 4).await;
}

/// Both ways to append move the same head; readers hear of both, and positions stay contiguous.
#[tokio::test]
async fn appends_to_one_and_to_several_streams_share_the_log() {
    let log = fresh_log().await;
    let mut follower = log.follow(0);
    let single = async {
        for n in 0..50 {
            log.append(append(&stream("single"), Expected::Exact(n), 1)).await.unwrap();
        }
    };
    let several = async {
        for n in 0..50 {
            let parts = ["x", "y"].map(|name| append(&stream(name), Expected::Exact(n), 1)).to_vec();
            log.append_all(parts, &[]).await.unwrap();
        }
    };
    tokio::join!(single, several);
    let seen = take(&mut follower, 151).await;
    assert!(seen.iter().map(|event| event.position).eq(1..=151));
    assert_in_order(&log, 150).await;
}
