//! A digest over the rows of a table, whatever their order: SHA-256 over the sorted SHA-256 of each row's text.
//!
//! Somebody who rules the database can make rows whose sums or exclusive-ors agree; this takes a collision of SHA-256.
//! Hashes are gathered by their first byte, so that no value comes near PostgreSQL's limit of a gigabyte.

use sqlx::{AssertSqlSafe, PgConnection};

/// A table as one side has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// How many rows.
    pub rows: u64,
    /// In hexadecimal digits, if it was ordered; that of no rows is SHA-256 of nothing.
    pub digest: Option<String>,
}

/// How many rows a query gives, and their digest if it is wanted.
pub(super) async fn of(db: &mut PgConnection, rows: &str, has_digest: bool) -> Result<Side, sqlx::Error> {
    let statement = if has_digest { digest(rows) } else { format!("select count(*), null from ({rows}) r") };
    let (rows, digest): (i64, Option<String>) =
        sqlx::query_as(AssertSqlSafe(statement)).fetch_one(db).await?;
    Ok(Side { rows: rows.cast_unsigned(), digest })
}

fn digest(rows: &str) -> String {
    format!(
        "with hashed as (select sha256(convert_to(r::text, 'UTF8')) as hash from ({rows}) r),
            gathered as (select get_byte(hash, 0) as first, count(*) as rows,
                sha256(string_agg(hash, ''::bytea order by hash)) as hash from hashed group by 1)
        select coalesce(sum(rows), 0)::bigint,
            encode(sha256(coalesce(string_agg(hash, ''::bytea order by first), ''::bytea)), 'hex') from gathered"
    )
}
