//! Catch-up subscriptions: what was, then what comes, each event once.

use std::time::Duration;

use door::wire::event_store::client::streams::{
    all_streams::From as InAll,
    one_stream::From as InOne,
    read_request::filter::Window,
    read_response::{CaughtUp, Content},
};
use tonic::Code;

use crate::support::*;

#[tokio::test]
async fn a_subscription_is_confirmed_then_tells_history_then_what_comes() {
    let open = open().await;
    open.appended("a", events(3)).await;
    let mut follower = open.subscribe(all(InAll::Start(NONE)).subscription()).await;
    let history = follower.until_caught_up().await;
    assert!(
        matches!(&history[0], Content::Confirmation(it) if !it.subscription_id.is_empty()),
        "{history:?}"
    );
    assert_eq!(commits(&history), [1, 2, 3, 4]);
    let Some(Content::CaughtUp(CaughtUp { position, stream_revision, .. })) = history.last() else {
        panic!()
    };
    assert_eq!((position.map(|position| position.commit), *stream_revision), (Some(4), None));
    open.appended("b", events(2)).await;
    assert_eq!(follower.commits(2).await, [5, 6]);
}

#[tokio::test]
async fn a_subscription_goes_on_after_the_given_place() {
    let open = open().await;
    open.appended("a", events(4)).await;
    let heard = async |request: door::wire::event_store::client::streams::ReadRequest| {
        commits(&open.subscribe(request.subscription()).await.until_caught_up().await)
    };
    assert_eq!(heard(all(from(3))).await, [4, 5]);
    assert_eq!(heard(all(from(5))).await, [0; 0]);
    assert_eq!(heard(all(InAll::End(NONE))).await, [0; 0]);
    assert_eq!(heard(one("a", InOne::Revision(1))).await, [4, 5]);
    assert_eq!(heard(one("a", InOne::End(NONE))).await, [0; 0]);
    assert_eq!(heard(one("a", InOne::Start(NONE))).await, [2, 3, 4, 5]);
}

#[tokio::test]
async fn a_subscription_to_a_stream_hears_of_that_stream_only() {
    let open = open().await;
    open.appended("a", events(2)).await;
    open.appended("b", events(2)).await;
    let mut follower = open.subscribe(one("a", InOne::Revision(0)).subscription()).await;
    let history = follower.until_caught_up().await;
    let Some(Content::CaughtUp(caught_up)) = history.last() else { panic!() };
    assert_eq!((caught_up.stream_revision, caught_up.position), (Some(1), None));
    assert_eq!(commits(&history), [3]);
    open.appended("b", events(1)).await;
    open.appended("a", events(1)).await;
    assert_eq!(follower.commits(1).await, [7]);
}

#[tokio::test]
async fn a_subscription_waits_for_a_stream_that_does_not_exist_yet() {
    let open = open().await;
    let mut follower = open.subscribe(one("later", InOne::Start(NONE)).subscription()).await;
    let history = follower.until_caught_up().await;
    assert_eq!(history.len(), 2, "nothing between confirmation and caught up: {history:?}");
    let Some(Content::CaughtUp(caught_up)) = history.last() else { panic!() };
    assert_eq!((caught_up.stream_revision, caught_up.position), (None, None));
    open.appended("later", events(1)).await;
    assert_eq!(follower.commits(1).await, [2]);
}

#[tokio::test]
async fn a_filtered_subscription_is_told_how_far_it_is_although_nothing_matches() {
    let open = open().await;
    open.appended("other", events(10)).await;
    let mut filter = by_stream(expression("^mine$", &[]));
    (filter.window, filter.checkpoint_multiplier) = (Some(Window::Max(2)), 2);
    let mut follower = open.subscribe(all(InAll::Start(NONE)).filter(filter).subscription()).await;
    let told = |contents: &[Content]| {
        let checkpoint = |content: &Content| match content {
            Content::Checkpoint(checkpoint) => Some(checkpoint.commit),
            _ => None,
        };
        contents.iter().filter_map(checkpoint).collect::<Vec<_>>()
    };
    let history = follower.until_caught_up().await;
    assert_eq!(told(&history), [4, 8, 11], "one more at the end of history");
    assert_eq!(commits(&history), [0; 0]);
    open.appended("other", events(4)).await;
    assert_eq!(told(&[follower.next().await.unwrap()]), [15]);
    open.appended("mine", events(1)).await;
    assert_eq!(follower.commits(1).await, [16]);
}

#[tokio::test]
async fn an_unfiltered_subscription_hears_of_no_checkpoints() {
    let open = open().await;
    open.appended("a", events(200)).await;
    let history = open.subscribe(all(InAll::Start(NONE)).subscription()).await.until_caught_up().await;
    assert_eq!(history.len(), 203);
}

/// Enough to turn several pages, while others append.
#[tokio::test]
async fn no_event_is_lost_or_repeated_between_history_and_presence() {
    let open = open().await;
    open.appended("a", events(600)).await;
    let writer = async {
        for _ in 0..100 {
            open.appended("a", events(7)).await;
        }
    };
    let whole = async {
        let mut follower = open.subscribe(all(InAll::Start(NONE)).subscription()).await;
        assert_eq!(follower.commits(1301).await, (1..=1301).collect::<Vec<_>>());
    };
    let one_stream = async {
        let mut follower = open.subscribe(one("a", InOne::Revision(99)).subscription()).await;
        assert_eq!(follower.commits(1200).await, (102..=1301).collect::<Vec<_>>());
    };
    tokio::join!(writer, whole, one_stream);
}

/// A client that does not take what it asked for keeps nobody else waiting.
#[tokio::test]
async fn a_slow_subscriber_slows_no_other() {
    let open = open().await;
    let _slow = open.subscribe(all(InAll::Start(NONE)).subscription()).await;
    let mut quick = open.subscribe(all(InAll::Start(NONE)).subscription()).await;
    let heavy = format!("{{\"text\":\"{}\"}}", "火".repeat(20_000));
    for _ in 0..40 {
        open.appended("a", vec![event("Happened", &heavy)]).await;
    }
    assert_eq!(quick.commits(41).await, (1..=41).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_door_that_closes_ends_subscriptions_with_a_reason() {
    let open = open().await;
    let mut follower = open.subscribe(all(InAll::Start(NONE)).subscription()).await;
    follower.until_caught_up().await;
    open.closing.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), follower.next()).await.unwrap();
    assert_eq!(ended.unwrap_err().code(), Code::Unavailable);
}
