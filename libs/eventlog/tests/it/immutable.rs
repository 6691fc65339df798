//! What was recorded stays: update, delete and truncate are refused to everyone.

use eventlog::{AppendError, Expected};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::support::*;

const CHANGES: [&str; 3] = ["update {} set kind = 'Other'", "delete from {}", "truncate {}"];

/// The database's words when a statement is refused.
async fn refusal(db: &mut PgConnection, statement: String) -> String {
    let answer = sqlx::query(AssertSqlSafe(statement.clone())).execute(db).await;
    answer.expect_err(&format!("{statement} was not refused")).to_string()
}

#[tokio::test]
async fn the_owner_cannot_change_or_remove_events() {
    let log = fresh_log().await;
    fill(&log, 3).await;
    let mut db = owner(&log).await.acquire().await.unwrap();
    for table in ["events", "events_p0"] {
        for change in CHANGES {
            let words = refusal(&mut db, change.replace("{}", table)).await;
            assert!(words.contains("append-only"), "{words}");
        }
    }
    // Not even where nothing matches, and not under the guise of replication.
    assert!(refusal(&mut db, "delete from events where false".to_owned()).await.contains("append-only"));
    sqlx::query("set session_replication_role = replica").execute(&mut *db).await.unwrap();
    for table in ["events", "events_p0"] {
        let words = refusal(&mut db, format!("delete from {table}")).await;
        assert!(words.contains("append-only"), "{words}");
    }
    assert_in_order(&log, 3).await;
}

#[tokio::test]
async fn the_app_role_has_no_right_to_change_events() {
    let log = fresh_log().await;
    fill(&log, 3).await;
    let connect = log
        .options()
        .connect
        .clone()
        .options([("search_path", log.options().schema.as_str()), ("role", "fenghuo_app")]);
    let mut db = PgConnection::connect_with(&connect).await.unwrap();
    for table in ["events", "events_p0"] {
        for change in CHANGES {
            let words = refusal(&mut db, change.replace("{}", table)).await;
            assert!(words.contains("permission denied"), "{words}");
        }
    }
    for statement in [
        "delete from commands",
        "update head set log_id = gen_random_uuid()",
        "alter table events disable trigger all",
        "drop table events",
        "insert into events_p0 select * from events",
    ] {
        refusal(&mut db, statement.to_owned()).await;
    }
}

#[tokio::test]
async fn a_running_log_has_the_rights_of_the_app_role_only() {
    let log = fresh_log().await;
    log.append(append(&stream("a"), Expected::NoStream, 1)).await.unwrap();
    // Without the role's right the append fails, although the session's user is the owner and may do everything.
    sqlx::query("revoke insert on events from fenghuo_app").execute(&owner(&log).await).await.unwrap();
    let refused = log.append(append(&stream("a"), Expected::Any, 1)).await;
    assert!(matches!(refused, Err(AppendError::Database(_))), "{refused:?}");
}
