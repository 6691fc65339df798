//! What the receiving department shows: a row for every copy.

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError, Views, genesis};
use sqlx::PgConnection;

use super::actors::Event;

/// The view's name.
pub(super) const VIEW: &str = "copies";

/// Keeps the rows. Nothing keeps a number from being shown twice.
pub(super) struct Shown;

#[async_trait]
impl View for Shown {
    fn name(&self) -> &'static str {
        VIEW
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table copies (
             position bigint not null,
             number   bigint not null,
             constraint copies_pkey primary key (position)
         )"
    }

    async fn apply(&self, event: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        self.apply_batch(std::slice::from_ref(event), tx).await
    }

    async fn apply_batch(&self, events: &[Recorded], tx: &mut PgConnection) -> Result<(), ViewError> {
        let (mut positions, mut numbers) = (Vec::new(), Vec::new());
        for recorded in events.iter().filter(|recorded| recorded.stream.category() != genesis::CATEGORY) {
            let Event::Noted { number, .. } = recorded.event()?;
            positions.push(recorded.position.cast_signed());
            numbers.push(number.cast_signed());
        }
        sqlx::query("insert into copies (position, number) select * from unnest($1::bigint[], $2::bigint[])")
            .bind(positions)
            .bind(numbers)
            .execute(tx)
            .await?;
        Ok(())
    }
}

/// Everything shown from a number on, each with its position.
pub(super) async fn shown(views: &Views, first: u64) -> Result<Vec<(u64, u64)>, eventlog::Error> {
    let mut read = views.read(VIEW).await?;
    let rows: Vec<(i64, i64)> = sqlx::query_as("select number, position from copies where number >= $1")
        .bind(first.cast_signed())
        .fetch_all(&mut *read)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(number, position)| (number.cast_unsigned(), position.cast_unsigned()))
        .collect())
}
