//! Migrations: many replicas at once, again and again, and names that are none.

use eventlog::{Error, Log, Options, migrate};
use futures::future::join_all;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn many_replicas_migrate_at_once_and_again() {
    let options = options(server());
    for _ in 0..2 {
        for migrated in join_all((0..8).map(|_| migrate(&options))).await {
            migrated.unwrap();
        }
    }
    let log = Log::open(options, world()).await.unwrap();
    fill(&log, 2).await;
    assert_in_order(&log, 2).await;
}

#[tokio::test]
async fn a_name_that_is_no_identifier_is_refused() {
    for bad in ["", "A", "1a", "a-b", "a;drop schema x", "a_very_long_name_of_a_schema"] {
        let migrated = migrate(&Options::new(server(), bad)).await;
        assert!(matches!(migrated, Err(Error::Name(_))), "{bad}");
    }
}

#[tokio::test]
async fn a_log_that_was_never_migrated_does_not_open() {
    let opened = Log::open(options(server()), world()).await;
    assert!(matches!(opened.map(drop), Err(Error::Database(_))));
}
