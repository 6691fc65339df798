//! The replayed rows, one after the other, for whoever wants to keep or compare them elsewhere.

use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use sqlx::AssertSqlSafe;
use tokio::sync::mpsc;

use super::shape::{self, quoted};
use crate::{Error, Log, connect};

/// Rows that wait for their reader.
const AHEAD: usize = 100;

type Lines = mpsc::Sender<Result<String, Error>>;

/// The rows of a table as JSON, in the order of its key.
pub(super) fn read(log: Log, schema: String, table: String) -> BoxStream<'static, Result<String, Error>> {
    let (lines, ahead) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        if let Err(error) = send(&log, &schema, &table, &lines).await {
            // Nobody reads on: nobody wants to know.
            let _ = lines.send(Err(error)).await;
        }
    });
    stream::unfold(ahead, async |mut ahead| ahead.recv().await.map(|line| (line, ahead))).boxed()
}

async fn send(log: &Log, schema: &str, table: &str, lines: &Lines) -> Result<(), Error> {
    let mut db = connect::connect(&log.inner.session).await?;
    sqlx::raw_sql("set statement_timeout = 0; set timezone = 'UTC'").execute(&mut db).await?;
    let shape = shape::of(&mut db, schema, table).await?;
    let key = shape.map(|shape| shape.key).unwrap_or_default();
    let key = if key.is_empty() { vec!["r".to_owned()] } else { key };
    let order = key.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let statement =
        format!("select to_jsonb(r)::text from {}.{} r order by {order}", quoted(schema), quoted(table));
    let mut rows = sqlx::query_scalar(AssertSqlSafe(statement)).fetch(&mut db);
    while let Some(row) = rows.try_next().await? {
        if lines.send(Ok(row)).await.is_err() {
            break;
        }
    }
    Ok(())
}
