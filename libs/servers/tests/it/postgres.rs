//! PostgreSQL: what survives what, who may connect, and who may share a folder.

use std::fs;
use std::path::Path;

use servers::{Error, Postgres, PostgresOptions, Scratch};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Row};

pub(crate) async fn connect(postgres: &Postgres) -> PgConnection {
    PgConnection::connect(&postgres.url()).await.unwrap()
}

async fn write_one(postgres: &Postgres) {
    let mut connection = connect(postgres).await;
    sqlx::query("create table if not exists kept (n int)").execute(&mut connection).await.unwrap();
    sqlx::query("insert into kept values (1)").execute(&mut connection).await.unwrap();
}

async fn count(postgres: &Postgres) -> i64 {
    let row = sqlx::query("select count(*) from kept").fetch_one(&mut connect(postgres).await).await.unwrap();
    row.get(0)
}

async fn setting(postgres: &Postgres, name: &str) -> String {
    let mut connection = connect(postgres).await;
    let query = sqlx::query("select current_setting($1)").bind(name);
    query.fetch_one(&mut connection).await.unwrap().get(0)
}

async fn start(folder: &Path) -> Postgres {
    Postgres::start(folder, PostgresOptions::default()).await.unwrap()
}

#[tokio::test]
async fn a_commit_survives_stop_restart_kill_and_a_second_start() {
    let scratch = Scratch::new().unwrap();
    let folder = scratch.path().join("below").join("postgres");
    let mut postgres = start(&folder).await;
    let url = postgres.url();
    write_one(&postgres).await;

    postgres.restart().await.unwrap();
    write_one(&postgres).await;
    assert_eq!(postgres.url(), url, "a restart keeps port and password");

    postgres.kill();
    assert_eq!(postgres.pid(), None);
    postgres.restart().await.unwrap();
    assert_eq!(count(&postgres).await, 2);

    postgres.stop().await;
    drop(postgres);
    assert_eq!(count(&start(&folder).await).await, 2);
}

#[tokio::test]
async fn it_is_durable_speaks_utf_8_and_sorts_by_code_point() {
    let scratch = Scratch::new().unwrap();
    let settings = vec![("work_mem".to_owned(), "5MB".to_owned())];
    let options = PostgresOptions { settings, ..Default::default() };
    let postgres = Postgres::start(scratch.path(), options).await.unwrap();
    for (name, value) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("server_encoding", "UTF8"),
        ("listen_addresses", "127.0.0.1"),
        ("work_mem", "5MB"),
    ] {
        assert_eq!(setting(&postgres, name).await, value, "{name}");
    }
    let mut connection = connect(&postgres).await;
    let query = sqlx::query("select 'Z' < 'a', '乙' > 'a', upper('é')");
    let row = query.fetch_one(&mut connection).await.unwrap();
    assert_eq!((row.get(0), row.get(1), row.get::<String, _>(2)), (true, true, "É".to_owned()));
}

#[tokio::test]
async fn tcp_asks_for_the_password_and_the_private_socket_does_not() {
    let scratch = Scratch::new().unwrap();
    let postgres = start(scratch.path()).await;
    let user = || PgConnectOptions::new_without_pgpass().username("fenghuo").database("postgres");

    let tcp = user().host("127.0.0.1").port(postgres.port()).password("wrong");
    let refused = PgConnection::connect_with(&tcp).await.unwrap_err();
    assert!(refused.to_string().contains("password authentication failed"), "{refused}");

    let socket = user().port(postgres.port()).socket(postgres.socket_folder());
    PgConnection::connect_with(&socket).await.unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(postgres.socket_folder()).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn two_owners_do_not_share_a_folder() {
    let scratch = Scratch::new().unwrap();
    let _first = start(scratch.path()).await;
    let second = Postgres::start(scratch.path(), PostgresOptions::default()).await;
    assert!(matches!(second, Err(Error::InUse { .. })), "{second:?}");
}

#[tokio::test]
async fn a_deep_folder_gets_its_socket_elsewhere() {
    let scratch = Scratch::new().unwrap();
    let postgres = start(&scratch.path().join("deep".repeat(30))).await;
    assert!(!postgres.socket_folder().starts_with(scratch.path()));
    assert!(postgres.socket_folder().is_dir());
}

#[tokio::test]
async fn a_taken_port_is_an_error_only_if_it_was_asked_for() {
    let scratch = Scratch::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = Some(taken.local_addr().unwrap().port());
    let refused = Postgres::start(scratch.path(), PostgresOptions { port, ..Default::default() }).await;
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("could not bind"), "{said}");
}

#[tokio::test]
async fn a_setting_that_does_not_exist_is_told_in_the_servers_own_words() {
    let scratch = Scratch::new().unwrap();
    let settings = vec![("no_such_setting".to_owned(), "1".to_owned())];
    let refused = Postgres::start(scratch.path(), PostgresOptions { settings, ..Default::default() }).await;
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("unrecognized configuration parameter"), "{said}");
}

#[tokio::test]
async fn a_half_made_data_folder_is_made_anew() {
    let scratch = Scratch::new().unwrap();
    fs::create_dir(scratch.path().join("data.new")).unwrap();
    fs::write(scratch.path().join("data.new").join("PG_VERSION"), "15").unwrap();
    write_one(&start(scratch.path()).await).await;
}
