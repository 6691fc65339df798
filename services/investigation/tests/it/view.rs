//! The views on a real PostgreSQL: the case of Wuyi as its rows say it stands.

use investigation::{SERVICE, view};
use servers::{Postgres, PostgresOptions, Scratch};
use sqlx::{Connection, PgConnection};

use super::{
    desk::CASE,
    story::{FIRE, INQUIRY, told},
};

/// Shows the whole story to every view, in one schema.
async fn shown(postgres: &Postgres) -> PgConnection {
    let mut connection = PgConnection::connect(&postgres.url()).await.unwrap();
    let story = told();
    for view in (SERVICE.views)() {
        sqlx::raw_sql(view.tables()).execute(&mut connection).await.unwrap();
        for recorded in &story.log {
            view.apply(recorded, &mut connection).await.unwrap();
        }
    }
    connection
}

#[tokio::test]
async fn the_rows_say_how_the_case_stands() {
    let scratch = Scratch::new().unwrap();
    let postgres = Postgres::start(scratch.path(), PostgresOptions::default()).await.unwrap();
    let mut connection = shown(&postgres).await;

    let fire = view::fire(&mut connection, FIRE).await.unwrap().unwrap();
    assert_eq!((fire.level.as_str(), fire.totals.deaths), ("major", 11));
    assert_eq!((fire.cause_tier.as_str(), fire.government_tier.as_str()), ("province", "province"));
    assert_eq!((fire.state.as_str(), fire.inquiry_id.as_deref()), ("burning", Some(INQUIRY)));
    // The county has told the city, which did not tell the province in time: no clock runs any more.
    assert_eq!(fire.duties.keys().collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(view::fires(&mut connection, "major", i64::MAX, 10).await.unwrap().len(), 1);
    assert_eq!(view::fires(&mut connection, "general", i64::MAX, 10).await.unwrap().len(), 0);
    assert_eq!(view::fires(&mut connection, "", fire.raised_position, 10).await.unwrap().len(), 0);

    let determination = view::determination(&mut connection, FIRE).await.unwrap().unwrap();
    assert_eq!((determination.state.as_str(), determination.tier.as_str()), ("review-requested", "province"));
    assert!(determination.extended);
    assert_eq!(determination.determine_by.last_day.to_string(), "2023-06-16");

    let inquiry = view::inquiry(&mut connection, INQUIRY).await.unwrap().unwrap();
    assert_eq!((inquiry.state.as_str(), inquiry.level.as_str()), ("published", "major"));
    assert_eq!(inquiry.report_by.last_day.to_string(), "2023-08-15");
    assert_eq!(inquiry.due.unwrap().last_day.to_string(), "2024-07-28");

    let transfer = view::transfer(&mut connection, CASE).await.unwrap().unwrap();
    assert_eq!((transfer.state.as_str(), transfer.article.as_str()), ("handed-over", "139"));
    assert_eq!(transfer.indications.keys().collect::<Vec<_>>(), ["115", "134a", "139"]);

    let wanted = ["c-1".to_owned(), "c-9".to_owned()];
    let known = view::certificates(&mut connection, &wanted).await.unwrap();
    assert_eq!(known.iter().map(|c| c.number.as_str()).collect::<Vec<_>>(), ["c-1"]);
}
