//! PostgreSQL and nats-server as children: started together, looked after, restarted when they die, stopped last.

use std::{path::Path, sync::Arc, time::Duration};

use servers::{Nats, NatsOptions, Postgres, PostgresOptions};
use tokio::{
    sync::{Mutex, MutexGuard},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{Logins, SystemOptions};
use crate::error::{Because, Error};

/// How often the children are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Longest wait between two tries to restart a child.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(5);

/// The children; a server of somebody else's is none of ours.
#[derive(Debug)]
pub struct Servers {
    /// PostgreSQL.
    pub postgres: Option<Postgres>,
    /// nats-server.
    pub nats: Option<Nats>,
}

/// Looks after the children.
pub(super) struct Supervisor {
    servers: Arc<Mutex<Servers>>,
    database_url: String,
    nats_url: String,
    task: JoinHandle<()>,
    stop: CancellationToken,
}

/// For owners that do not stop it: whoever removes the folder next finds nobody at work in it.
impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Ok(mut servers) = self.servers.try_lock() {
            drop((servers.nats.take(), servers.postgres.take()));
        }
    }
}

impl Supervisor {
    /// Starts what nobody else provides.
    pub(super) async fn start(
        folder: &Path,
        options: &SystemOptions,
        logins: &Logins,
    ) -> Result<Self, Error> {
        let (postgres, nats) = tokio::try_join!(postgres(folder, options), nats(folder, options, logins))?;
        let given = |url: &Option<String>| url.clone().unwrap_or_default();
        let database_url = postgres.as_ref().map_or_else(|| given(&options.database_url), Postgres::url);
        let nats_url = nats.as_ref().map_or_else(|| given(&options.nats_url), Nats::url);
        let servers = Arc::new(Mutex::new(Servers { postgres, nats }));
        let stop = CancellationToken::new();
        let task = tokio::spawn(look_after(Arc::clone(&servers), stop.clone()));
        Ok(Self { servers, database_url, nats_url, task, stop })
    }

    pub(super) fn database_url(&self) -> &str {
        &self.database_url
    }

    pub(super) fn nats_url(&self) -> &str {
        &self.nats_url
    }

    pub(super) async fn servers(&self) -> MutexGuard<'_, Servers> {
        self.servers.lock().await
    }

    /// The bus first: nobody publishes any more, and the database may still answer whoever reads.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        if let Err(error) = (&mut self.task).await {
            tracing::warn!(%error, "the supervisor ended badly");
        }
        let mut servers = self.servers.lock().await;
        if let Some(nats) = &mut servers.nats {
            nats.stop().await;
        }
        if let Some(postgres) = &mut servers.postgres {
            postgres.stop().await;
        }
    }
}

async fn postgres(folder: &Path, options: &SystemOptions) -> Result<Option<Postgres>, Error> {
    if options.database_url.is_some() {
        return Ok(None);
    }
    let settings = PostgresOptions { settings: options.postgres_settings.clone(), ..Default::default() };
    let started = Postgres::start(&folder.join("postgres"), settings).await;
    started.map(Some).because("启动 PostgreSQL", "start PostgreSQL")
}

async fn nats(folder: &Path, options: &SystemOptions, logins: &Logins) -> Result<Option<Nats>, Error> {
    if options.nats_url.is_some() {
        return Ok(None);
    }
    let settings = NatsOptions { configuration: logins.configuration(), ..Default::default() };
    let started = Nats::start(&folder.join("nats"), settings).await;
    started.map(Some).because("启动 nats-server", "start nats-server")
}

/// Restarts a child that has died, on the same port and data. Services wait for it meanwhile.
async fn look_after(servers: Arc<Mutex<Servers>>, stop: CancellationToken) {
    let mut wait = LOOK_EVERY;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        let restarted = tokio::select! {
            // A restart that is cut off leaves a child that is ended by being dropped.
            () = stop.cancelled() => return,
            restarted = revive(&servers) => restarted,
        };
        wait = if restarted { LOOK_EVERY } else { (wait * 2).min(RETRY_WAIT_MAX) };
    }
}

/// Whether every child runs now.
async fn revive(servers: &Mutex<Servers>) -> bool {
    let mut servers = servers.lock().await;
    let mut all = true;
    if let Some(postgres) = &mut servers.postgres
        && !postgres.is_running()
    {
        tracing::warn!("PostgreSQL has ended and is started again");
        all &= told("PostgreSQL", postgres.restart().await);
    }
    if let Some(nats) = &mut servers.nats
        && !nats.is_running()
    {
        tracing::warn!("nats-server has ended and is started again");
        all &= told("nats-server", nats.restart().await);
    }
    all
}

fn told(server: &str, restarted: Result<(), servers::Error>) -> bool {
    match restarted {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(server, %error, "could not start a server again");
            false
        }
    }
}
