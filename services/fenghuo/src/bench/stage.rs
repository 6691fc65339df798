//! The servers of a bench: their own, on a folder that is thrown away, as durable as in production.

use std::{path::PathBuf, sync::Arc};

use bus::Bus;
use eventlog::{Log, SystemClock, World, sqlx::postgres::PgConnectOptions};
use law::{Calendar, RulePack};
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, Scratch};
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::{
    error::{Because, Error},
    shell::Shell,
};

/// What every log begins with stands before the events of a bench, and is not measured.
pub(super) const BEFORE: u64 = 1;

/// With less, appends of some seconds bring a checkpoint of the database on, and whoever is measured meanwhile pays for
/// what others have written.
const WAL_MAX: &str = "8GB";

/// PostgreSQL, and a bus if it was asked for.
pub(super) struct Stage {
    postgres: Postgres,
    nats: Option<Nats>,
    // Last, so that the folder outlives its servers.
    scratch: Scratch,
}

impl Stage {
    pub(super) async fn start(shell: Shell) -> Result<Self, Error> {
        shell.note(shell.pick("启动 PostgreSQL……", "starting PostgreSQL …"));
        let scratch = Scratch::new().because("创建临时文件夹", "create a temporary folder")?;
        let settings = vec![("max_wal_size".to_owned(), WAL_MAX.to_owned())];
        let options = PostgresOptions { settings, ..PostgresOptions::default() };
        let postgres = Postgres::start(&scratch.path().join("postgres"), options)
            .await
            .because("启动 PostgreSQL", "start PostgreSQL")?;
        Ok(Self { postgres, nats: None, scratch })
    }

    /// A new log in a schema of this name.
    pub(super) async fn new_log(&self, schema: &str) -> Result<Log, Error> {
        eventlog::migrate(&self.options(schema)?).await.because("创建日志", "create a log")?;
        self.log(schema).await
    }

    /// Opens a log as a process does that has just started: it remembers nothing.
    pub(super) async fn log(&self, schema: &str) -> Result<Log, Error> {
        let world =
            World { clock: Arc::new(SystemClock), rules: RulePack::builtin(), calendar: Calendar::builtin() };
        Log::open(self.options(schema)?, world).await.because("打开日志", "open a log")
    }

    /// So many connections, all of them made.
    pub(super) async fn pool(&self, connections: u32) -> Result<PgPool, Error> {
        PgPoolOptions::new()
            .max_connections(connections)
            .min_connections(connections)
            .test_before_acquire(false)
            .connect_with(self.connect()?)
            .await
            .because("连接数据库", "connect to the database")
    }

    /// A connection to the bus, which is started by the first.
    pub(super) async fn bus(&mut self, shell: Shell) -> Result<Bus, Error> {
        let nats = match self.nats.take() {
            Some(nats) => nats,
            None => {
                shell.note(shell.pick("启动 nats-server……", "starting nats-server …"));
                Nats::start(&self.scratch.path().join("nats"), NatsOptions::default())
                    .await
                    .because("启动 nats-server", "start nats-server")?
            }
        };
        let options = bus::Options::new(nats.url(), "bench");
        self.nats = Some(nats);
        Bus::connect(options).await.because("连接总线", "connect to the bus")
    }

    /// PostgreSQL's version and settings, as long as they make a commit durable: figures without that mean nothing.
    pub(super) async fn durable(&self, pool: &PgPool) -> Result<String, Error> {
        let (version, wal_max, settings, off): (String, String, String, i64) = sqlx::query_as(
            "select current_setting('server_version'), current_setting('max_wal_size'), string_agg(name || '=' || setting, ' ' order by name),
                count(*) filter (where setting <> 'on')
                from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit')",
        )
        .fetch_one(pool)
        .await
        .because("查询数据库设置", "ask for the database's settings")?;
        if off > 0 {
            return Err(Error::told(
                format!("数据库不保证落盘：{settings}"),
                format!("the database does not make commits durable: {settings}"),
            ));
        }
        let number = version.split(' ').next().unwrap_or_default();
        Ok(format!("PostgreSQL {number} {settings} max_wal_size={wal_max}"))
    }

    /// Ends the servers in good order.
    pub(super) async fn stop(mut self) {
        if let Some(mut nats) = self.nats.take() {
            nats.stop().await;
        }
        self.postgres.stop().await;
    }

    /// A folder of this name that is thrown away with the rest.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn options(&self, schema: &str) -> Result<eventlog::Options, Error> {
        Ok(eventlog::Options::new(self.connect()?, schema))
    }

    fn connect(&self) -> Result<PgConnectOptions, Error> {
        self.postgres.url().parse().because("读取数据库地址", "read the database URL")
    }
}
