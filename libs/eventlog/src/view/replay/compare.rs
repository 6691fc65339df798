//! Comparing what was replayed with what lives: whole tables first, by digest or row by row; then, of a table that
//! differs, which rows.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    Living, Order, Parked, Replayed, Scope, Table,
    digest::{self, Side},
    fill::{self, Filler, read_parked},
    shape::{self, Shape, literal, quoted},
};
use crate::{Error, Log};

/// The column by which rows belong to a case.
const CASE_COLUMN: &str = "case_id";

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Its columns have other values.
    Changed,
    /// The living view lacks it.
    Missing,
    /// The living view has it, and no event says so.
    Added,
    /// The table itself has other columns, or stands on one side only.
    Shape,
}

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// How.
    pub kind: Kind,
    /// The columns of its key, with their values.
    pub key: Vec<(String, String)>,
    /// The columns that differ: name, living value, replayed value.
    pub columns: Vec<(String, Option<String>, Option<String>)>,
}

/// Compares in the snapshot that the filler has open. Without a living view, rows are counted all the same.
pub(super) async fn compare(
    log: &Log,
    filler: &mut Filler,
    living: Option<&Living>,
    order: &Order,
    streams: Option<&[i64]>,
) -> Result<Replayed, Error> {
    let schema = match living {
        Some(living) => Some(living_schema(filler, living).await?),
        None => None,
    };
    let mut names = shape::tables(&mut filler.scratch.db, &filler.scratch.schema).await?;
    if let Some(schema) = &schema {
        names.extend(shape::tables(&mut filler.scratch.db, schema).await?);
        names.sort_unstable();
        names.dedup();
    }
    // Which of a case's rows live is asked of both sides at once, on the one connection that sees both.
    let mut beside = match (&schema, &order.scope) {
        (Some(_), Scope::All) if order.has_digests => Some(fill::beside(log, &mut filler.scratch.db).await?),
        _ => None,
    };
    let mut tables = Vec::new();
    for name in names {
        let living = schema.as_deref();
        let pair = Pair { filler: &mut *filler, beside: beside.as_mut(), living, name, order };
        tables.push(pair.compare().await?);
    }
    let (parked, parked_living) = (filler.parked().await?, parked_living(filler, living, streams).await?);
    let (position, events) = (filler.position(), filler.scratch.place.events);
    Ok(Replayed { position, events, living: living.copied(), tables, parked, parked_living })
}

async fn living_schema(filler: &mut Filler, living: &Living) -> Result<String, Error> {
    let statement = format!(
        "select schema_name from {}.view_generations where view = $1 and generation = $2",
        filler.log_schema
    );
    let schema = sqlx::query_scalar(AssertSqlSafe(statement)).bind(filler.view.name());
    Ok(schema.bind(living.generation.cast_signed()).fetch_one(&mut filler.scratch.db).await?)
}

/// What the living view does not show; of a case or a stream, as far as the replay went through the same streams.
async fn parked_living(
    filler: &mut Filler,
    living: Option<&Living>,
    streams: Option<&[i64]>,
) -> Result<Vec<Parked>, Error> {
    let Some(living) = living else { return Ok(Vec::new()) };
    let statement = format!(
        "select stream, position, reason from {log}.view_parked where view = $1 and generation = $2
            and ($3::bigint[] is null or stream in (select name from {log}.streams where stream_id = any($3)))
            order by position",
        log = filler.log_schema
    );
    let rows = sqlx::query_as(AssertSqlSafe(statement))
        .bind(filler.view.name())
        .bind(living.generation.cast_signed())
        .bind(streams)
        .fetch_all(&mut filler.scratch.db)
        .await?;
    read_parked(rows)
}

/// A table on both sides.
struct Pair<'a> {
    filler: &'a mut Filler,
    beside: Option<&'a mut PgConnection>,
    living: Option<&'a str>,
    name: String,
    order: &'a Order,
}

impl Pair<'_> {
    async fn compare(mut self) -> Result<Table, Error> {
        let scratch = self.filler.scratch.schema.clone();
        let own = shape::of(&mut self.filler.scratch.db, &scratch, &self.name).await?;
        let replayed = self.all_rows(&scratch, own.as_ref());
        let Some(living) = self.living else {
            let replayed = self.side(&replayed).await?;
            return Ok(Table {
                name: self.name,
                replayed,
                living: None,
                differing: 0,
                differences: Vec::new(),
            });
        };
        let theirs = shape::of(&mut self.filler.scratch.db, living, &self.name).await?;
        let lives = match (&own, &theirs) {
            (Some(own), Some(_)) => self.living_rows(living, own),
            (_, theirs) => self.all_rows(living, theirs.as_ref()),
        };
        let (replayed, side) = self.sides(&replayed, &lives).await?;
        let (differing, differences) = match (own, theirs) {
            (Some(own), Some(theirs)) if own.columns == theirs.columns => {
                if replayed == side && self.is_identical(living, &own, replayed.rows).await? {
                    (0, Vec::new())
                } else {
                    self.rows(living, &own).await?
                }
            }
            (own, theirs) => (1, vec![shapes(own.as_ref(), theirs.as_ref())]),
        };
        Ok(Table { name: self.name, replayed, living: Some(side), differing, differences })
    }

    async fn side(&mut self, rows: &str) -> Result<Side, sqlx::Error> {
        digest::of(&mut self.filler.scratch.db, rows, self.order.has_digests).await
    }

    async fn sides(&mut self, replayed: &str, lives: &str) -> Result<(Side, Side), sqlx::Error> {
        let (db, has_digests) = (&mut self.filler.scratch.db, self.order.has_digests);
        match self.beside.as_mut() {
            Some(beside) => tokio::try_join!(
                digest::of(db, replayed, has_digests),
                digest::of(beside, lives, has_digests)
            ),
            _ => {
                Ok((digest::of(db, replayed, has_digests).await?, digest::of(db, lives, has_digests).await?))
            }
        }
    }

    /// Whether both sides, of so many rows each, have the same: by their digests, or row by row.
    ///
    /// Rows are held against each other as PostgreSQL keeps them. Those that only look different so are told apart by
    /// whoever lists them.
    async fn is_identical(&mut self, living: &str, shape: &Shape, rows: u64) -> Result<bool, sqlx::Error> {
        if self.order.has_digests {
            return Ok(true);
        }
        if shape.key.is_empty() {
            return Ok(rows == 0);
        }
        let statement = format!(
            "select count(*) from ({left}) l join {right} s on {same} where l *= s",
            left = self.living_rows(living, shape),
            right = self.table(&self.filler.scratch.schema),
            same = same_key("l", "s", &shape.key),
        );
        let db = &mut self.filler.scratch.db;
        let identical: i64 = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(db).await?;
        Ok(identical.cast_unsigned() == rows)
    }

    fn all_rows(&self, schema: &str, shape: Option<&Shape>) -> String {
        match shape {
            Some(_) => format!("select * from {}", self.table(schema)),
            None => "select where false".to_owned(),
        }
    }

    fn table(&self, schema: &str) -> String {
        format!("{}.{}", quoted(schema), quoted(&self.name))
    }

    /// The rows of the living table that the replay must come to: all, or those of a case.
    fn living_rows(&self, living: &str, shape: &Shape) -> String {
        let table = self.table(living);
        if self.order.scope == Scope::All {
            return format!("select * from {table}");
        }
        let same = match &shape.key[..] {
            [] => "l::text = s::text".to_owned(),
            key => same_key("l", "s", key),
        };
        let replayed = self.table(&self.filler.scratch.schema);
        let of_case = match &self.order.scope {
            Scope::Case(case) if shape.columns.iter().any(|(name, _)| name == CASE_COLUMN) => {
                format!(" or l.{CASE_COLUMN} = {}", literal(case.as_str()))
            }
            _ => String::new(),
        };
        format!("select l.* from {table} l where exists (select from {replayed} s where {same}){of_case}")
    }

    /// How many rows differ, and the first of them.
    async fn rows(&mut self, living: &str, shape: &Shape) -> Result<(u64, Vec<Difference>), Error> {
        let (left, right) = (self.living_rows(living, shape), self.table(&self.filler.scratch.schema));
        let (left, right, shape) = if shape.key.is_empty() {
            // Without a key, a row is known by all that is in it, and by how often it is there.
            (copies(&left), copies(&format!("select * from {right}")), keyless())
        } else {
            (left, format!("select * from {right}"), shape.clone())
        };
        let statement = listing(&left, &right, &shape);
        let limit = i64::try_from(self.order.differences_max.max(1)).unwrap_or(i64::MAX);
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(limit)
            .fetch_all(&mut self.filler.scratch.db)
            .await?;
        let total = rows.first().map_or(0, |row| row.0.cast_unsigned());
        let listed = rows.into_iter().take(self.order.differences_max);
        Ok((total, listed.map(|row| difference(row, &shape)).collect()))
    }
}

/// The count of all, which sides have it, the key, the columns on either side.
type Row = (i64, bool, bool, Vec<String>, Vec<Option<String>>, Vec<Option<String>>);

fn same_key(left: &str, right: &str, key: &[String]) -> String {
    let same = key.iter().map(|name| format!("{left}.{0} = {right}.{0}", quoted(name)));
    same.collect::<Vec<_>>().join(" and ")
}

fn listing(left: &str, right: &str, shape: &Shape) -> String {
    let first = quoted(&shape.key[0]);
    let key = shape.key.iter().map(|name| format!("coalesce(l.{0}, s.{0})::text", quoted(name)));
    let columns = |side: &str| {
        let columns = shape.columns.iter().map(|(name, _)| format!("{side}.{}::text", quoted(name)));
        columns.collect::<Vec<_>>().join(", ")
    };
    format!(
        "select count(*) over (), l.{first} is not null, s.{first} is not null, array[{key}], array[{ours}],
            array[{theirs}]
        from ({left}) l full join ({right}) s on {same}
        where l.{first} is null or s.{first} is null or l::text is distinct from s::text
        order by 4 limit $1",
        key = key.collect::<Vec<_>>().join(", "),
        ours = columns("l"),
        theirs = columns("s"),
        same = same_key("l", "s", &shape.key),
    )
}

fn copies(rows: &str) -> String {
    format!("select r::text as \"row\", count(*) as copies from ({rows}) r group by 1")
}

fn keyless() -> Shape {
    let columns = [("row", "text"), ("copies", "bigint")];
    Shape {
        columns: columns.map(|(name, kind)| (name.to_owned(), kind.to_owned())).to_vec(),
        key: vec!["row".to_owned()],
    }
}

fn difference((_, lives, replayed, key, left, right): Row, shape: &Shape) -> Difference {
    let kind = match (lives, replayed) {
        (true, false) => Kind::Added,
        (false, true) => Kind::Missing,
        _ => Kind::Changed,
    };
    let key = shape.key.iter().cloned().zip(key).collect();
    let columns = shape.columns.iter().map(|(name, _)| name.clone()).zip(left).zip(right);
    let columns = columns.map(|((name, left), right)| (name, left, right));
    let columns = columns.filter(|(_, left, right)| left != right).collect();
    Difference { kind, key, columns }
}

fn shapes(own: Option<&Shape>, theirs: Option<&Shape>) -> Difference {
    let columns = vec![("columns".to_owned(), theirs.map(Shape::line), own.map(Shape::line))];
    Difference { kind: Kind::Shape, key: Vec::new(), columns }
}
