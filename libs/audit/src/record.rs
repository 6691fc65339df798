//! What was signed, and who may sign, as the log's own database has it.
//!
//! **Invariant**: whoever stores a checkpoint names the epoch of its lease; a later lease has a higher epoch, so a
//! process that was taken for dead cannot store any more.

use std::time::Duration;

use merkle::Hash;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::leaf::Salts;

/// A signed checkpoint as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) size: u64,
    pub(crate) root: Vec<u8>,
    pub(crate) note: String,
}

type Row = (i64, Vec<u8>, String);

impl Checkpoint {
    fn read((size, root, note): Row) -> Self {
        Self { size: size.cast_unsigned(), root, note }
    }

    pub(crate) fn root(&self) -> Option<Hash> {
        self.root.as_slice().try_into().ok().map(Hash)
    }
}

/// The largest checkpoint.
pub(crate) async fn last(db: &mut PgConnection) -> Result<Option<Checkpoint>, sqlx::Error> {
    let row: Option<Row> =
        sqlx::query_as("select size, root, note from checkpoints order by size desc limit 1")
            .fetch_optional(db)
            .await?;
    Ok(row.map(Checkpoint::read))
}

/// The signed note of the smallest checkpoint that covers a position; of the largest, if none does.
pub async fn covering(db: &mut PgConnection, position: u64) -> Result<Option<String>, sqlx::Error> {
    let note = sqlx::query_scalar("select note from checkpoints where size >= $1 order by size limit 1")
        .bind(position.cast_signed())
        .fetch_optional(&mut *db)
        .await?;
    match note {
        Some(note) => Ok(Some(note)),
        None => Ok(last(db).await?.map(|last| last.note)),
    }
}

/// The checkpoints larger than `after`, the smallest first, at most `limit`.
pub(crate) async fn page(
    db: &mut PgConnection,
    after: u64,
    limit: u32,
) -> Result<Vec<Checkpoint>, sqlx::Error> {
    let rows: Vec<Row> =
        sqlx::query_as("select size, root, note from checkpoints where size > $1 order by size limit $2")
            .bind(after.cast_signed())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(Checkpoint::read).collect())
}

/// The notes of checkpoints larger than `after` that had their quorum, the smallest first, at most `limit`.
pub(crate) async fn page_of_final(
    db: &mut PgConnection,
    after: u64,
    limit: u32,
) -> Result<Vec<(u64, String)>, sqlx::Error> {
    let rows: Vec<(i64, String)> =
        sqlx::query_as("select size, note from cosigned where size > $1 order by size limit $2")
            .bind(after.cast_signed())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|(size, note)| (size.cast_unsigned(), note)).collect())
}

/// The size of the largest checkpoint that had its quorum.
pub(crate) async fn last_final(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let size: Option<i64> = sqlx::query_scalar("select max(size) from cosigned").fetch_one(db).await?;
    Ok(size.map_or(0, i64::cast_unsigned))
}

/// The right to seal, until it runs out or is taken over.
#[derive(Debug)]
pub(crate) struct Lease {
    epoch: i64,
    length: Duration,
    salts: Salts,
}

impl Lease {
    /// Takes the lease if nobody holds one that has not run out.
    pub(crate) async fn take(
        db: &mut PgConnection,
        owner: Uuid,
        length: Duration,
    ) -> Result<Option<Self>, sqlx::Error> {
        let row: Option<(i64, Vec<u8>)> = sqlx::query_as(
            "update sealing set epoch = epoch + 1, owner = $1,
                leased_until = clock_timestamp() + make_interval(secs => $2)
                where leased_until < clock_timestamp() or owner = $1
                returning epoch, salt_key",
        )
        .bind(owner)
        .bind(length.as_secs_f64())
        .fetch_optional(db)
        .await?;
        Ok(row.map(|(epoch, key)| Self { epoch, length, salts: Salts::new(&key) }))
    }

    /// What leaves are salted with, the same under every lease.
    pub(crate) fn salts(&self) -> &Salts {
        &self.salts
    }

    /// Keeps the lease; `false` if it is lost.
    pub(crate) async fn renew(&self, db: &mut PgConnection) -> Result<bool, sqlx::Error> {
        let renewed = sqlx::query(
            "update sealing set leased_until = clock_timestamp() + make_interval(secs => $2) where epoch = $1",
        )
        .bind(self.epoch)
        .bind(self.length.as_secs_f64())
        .execute(db)
        .await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// Stores a checkpoint under the lease; `false` if it is lost. The size's second root is an error.
    pub(crate) async fn store(
        &self,
        db: &mut PgConnection,
        checkpoint: &Checkpoint,
    ) -> Result<bool, sqlx::Error> {
        let stored = sqlx::query(
            "with held as (
                update sealing set leased_until = clock_timestamp() + make_interval(secs => $2)
                    where epoch = $1 returning epoch)
            insert into checkpoints (size, epoch, root, note) select $3, epoch, $4, $5 from held",
        )
        .bind(self.epoch)
        .bind(self.length.as_secs_f64())
        .bind(checkpoint.size.cast_signed())
        .bind(&checkpoint.root)
        .bind(&checkpoint.note)
        .execute(db)
        .await?;
        Ok(stored.rows_affected() == 1)
    }

    /// Stores a checkpoint with its witnesses' lines under the lease; `false` if it is lost.
    pub(crate) async fn store_final(
        &self,
        db: &mut PgConnection,
        size: u64,
        note: &str,
    ) -> Result<bool, sqlx::Error> {
        let stored = sqlx::query(
            "with held as (
                update sealing set leased_until = clock_timestamp() + make_interval(secs => $2)
                    where epoch = $1 returning epoch)
            insert into cosigned (size, note) select $3, $4 from held",
        )
        .bind(self.epoch)
        .bind(self.length.as_secs_f64())
        .bind(size.cast_signed())
        .bind(note)
        .execute(db)
        .await?;
        Ok(stored.rows_affected() == 1)
    }

    /// Gives the lease back, so that others need not wait until it runs out.
    pub(crate) async fn release(&self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query("update sealing set leased_until = '-infinity', owner = null where epoch = $1")
            .bind(self.epoch)
            .execute(db)
            .await
            .map(drop)
    }
}
