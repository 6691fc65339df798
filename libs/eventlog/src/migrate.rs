//! Bringing a schema up to date. Safe when many replicas start at once.

use sqlx::{AssertSqlSafe, Connection, PgConnection, migrate::Migrator};

use crate::{Error, Options};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Creates the log's schema, or brings it up to date, and gives the app role its rights.
pub async fn migrate(options: &Options) -> Result<(), Error> {
    options.check()?;
    // `pg_temp` last, so that no temporary table can stand in for one of ours in a security definer function.
    let path = [("search_path", format!("{},pg_temp", options.schema))];
    let mut db = PgConnection::connect_with(&options.connect.clone().options(path)).await?;
    lock(&mut db, &options.schema).await?;
    create_schema(&mut db, &options.schema).await?;
    MIGRATIONS.run(&mut db).await.map_err(|error| Error::Migrate(Box::new(error)))?;
    sqlx::query("select prepare_partitions($1)")
        .bind(options.partition_size.cast_signed())
        .execute(&mut db)
        .await?;
    if prepare_role(&mut db, &options.app_role).await? {
        sqlx::query("select grant_to($1)").bind(&options.app_role).execute(&mut db).await?;
    }
    Ok(db.close().await?)
}

/// Whether running connections may take the app role and it may work in the schema.
pub(crate) async fn has_role(db: &mut PgConnection, role: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from pg_roles where rolname = $1 and pg_has_role(current_user, oid, 'member')
            and has_schema_privilege(oid, current_schema(), 'usage'))",
    )
    .bind(role)
    .fetch_one(db)
    .await
}

/// One migration of a schema at a time; the lock ends with the connection.
async fn lock(db: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_lock(hashtextextended($1, 1))").bind(schema).execute(db).await.map(drop)
}

async fn create_schema(db: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    // `Options::check` has made sure that the name is a plain identifier.
    sqlx::raw_sql(AssertSqlSafe(format!("create schema if not exists {schema}"))).execute(db).await.map(drop)
}

/// Creates the role where that is allowed; whether it can be taken. Roles belong to the whole server, so others
/// may be creating it just now.
async fn prepare_role(db: &mut PgConnection, role: &str) -> Result<bool, Error> {
    let statement = format!(
        "do $$ begin
            create role {role} nologin;
        exception when duplicate_object or unique_violation or insufficient_privilege then null;
        end $$;
        do $$ begin
            if not pg_has_role(session_user, '{role}', 'member') then grant {role} to session_user; end if;
        exception when undefined_object or insufficient_privilege or unique_violation or internal_error then null;
        end $$"
    );
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *db).await?;
    Ok(sqlx::query_scalar(
        "select exists (select from pg_roles where rolname = $1 and pg_has_role(session_user, oid, 'member'))",
    )
    .bind(role)
    .fetch_one(db)
    .await?)
}
