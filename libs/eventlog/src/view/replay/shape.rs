//! The tables of a schema: their columns and keys, as the catalog has them.

use std::fmt::Write as _;

use sqlx::PgConnection;

use super::scratch::OWN;

/// A table as the catalog describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// Names and types, in their order.
    pub(super) columns: Vec<(String, String)>,
    /// The columns of the primary key, in its order.
    pub(super) key: Vec<String>,
}

impl Shape {
    /// The columns as one line, for people.
    pub(super) fn line(&self) -> String {
        self.columns.iter().fold(String::new(), |mut line, (name, kind)| {
            let comma = if line.is_empty() { "" } else { ", " };
            let _ = write!(line, "{comma}{name} {kind}");
            line
        })
    }
}

/// The names of a view's tables, in their order.
pub(super) async fn tables(db: &mut PgConnection, schema: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select relname::text from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = relnamespace
            where nspname = $1 and relkind in ('r', 'p') and not relispartition and relname <> all($2)
            order by relname collate \"C\"",
    )
    .bind(schema)
    .bind(OWN.map(str::to_owned).to_vec())
    .fetch_all(db)
    .await
}

/// What a table looks like; `None` if there is none of that name.
pub(super) async fn of(
    db: &mut PgConnection,
    schema: &str,
    table: &str,
) -> Result<Option<Shape>, sqlx::Error> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select attname::text, format_type(atttypid, atttypmod) from pg_catalog.pg_attribute
            where attrelid = to_regclass(format('%I.%I', $1, $2)) and attnum > 0 and not attisdropped
            order by attnum",
    )
    .bind(schema)
    .bind(table)
    .fetch_all(&mut *db)
    .await?;
    let key: Vec<String> = sqlx::query_scalar(
        "select attname::text from pg_catalog.pg_index i
            cross join unnest(indkey::smallint[]) with ordinality as k (attnum, place)
            join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
            where indrelid = to_regclass(format('%I.%I', $1, $2)) and indisprimary order by place",
    )
    .bind(schema)
    .bind(table)
    .fetch_all(db)
    .await?;
    Ok((!columns.is_empty()).then_some(Shape { columns, key }))
}

/// A name as it may stand in a statement, whatever is in it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as it may stand in a statement, whatever is in it.
pub(super) fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
