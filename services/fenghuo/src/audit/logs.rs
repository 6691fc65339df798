//! Where the logs of all services are, for an auditor with a right to read.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use audit::{Connect, Stored, read_events};
use clap::Args;
use decider::CaseId;
use sqlx::PgConnection;

use crate::{
    error::{Because, Error},
    law::files,
    services, system,
};

/// Events that are read at once.
const PAGE: u64 = 2_048;

/// Where the logs are.
#[derive(Debug, Args)]
pub(super) struct Logs {
    /// Data folder of a system on this machine
    #[arg(long, default_value = system::DATA, value_name = "DIR")]
    data: PathBuf,
    /// PostgreSQL connection URL of all logs (URL), or of one service's (NAME=URL); a right to read is enough
    #[arg(long, env = "FENGHUO_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Vec<String>,
}

impl Logs {
    /// All of them are wanted: who may act, and whose case a dossier is, may stand in another log than the act.
    pub(super) fn all(&self) -> Result<Vec<(&'static str, eventlog::Options)>, Error> {
        let common = self.common()?;
        let of = |service| {
            let url = self.own(service).or(common.as_deref()).ok_or_else(|| missing(service))?;
            Ok((service, system::log_options(url, service)?))
        };
        services::names().map(of).collect()
    }

    /// The database that is named for one service.
    fn own(&self, service: &str) -> Option<&str> {
        let named = self.database_url.iter().filter_map(|url| url.split_once('='));
        named.into_iter().find(|(name, _)| *name == service).map(|(_, url)| url)
    }

    /// The database of all others: the one that is given, or the system's on this machine.
    fn common(&self) -> Result<Option<String>, Error> {
        let is_one =
            |url: &&String| url.split_once('=').is_some_and(|(name, _)| services::find(name).is_ok());
        match self.database_url.iter().find(|url| !is_one(url)) {
            Some(url) => Ok(Some(url.clone())),
            None if self.database_url.is_empty() => {
                let file = system::database_url_file(&self.data.join("keys"));
                Ok(Some(files::text(&file)?.1.trim().to_owned()))
            }
            None => Ok(None),
        }
    }
}

fn missing(service: &str) -> Error {
    Error::usage(
        format!("需要 {service} 的日志：--database-url {service}=URL"),
        format!("the log of {service} is wanted too: --database-url {service}=URL"),
    )
}

/// Reads a log from its first event to its last, as its table has it, and draws how far it is.
pub(super) async fn read(
    service: &str,
    options: &eventlog::Options,
    mut each: impl FnMut(Stored),
) -> Result<(), Error> {
    let (zh, en) = (&format!("读取 {service} 的日志"), &format!("read the log of {service}"));
    let mut db = options.read_only().await.because(zh, en)?;
    let last = last(&mut db).await.because(zh, en)?;
    let mut after = 0;
    while after < last {
        progress(&format!("{service} {after}/{last}"));
        let page = read_events(&mut db, after, last.min(after + PAGE)).await.because(zh, en)?;
        page.into_iter().for_each(&mut each);
        after += PAGE;
    }
    progress("");
    Ok(())
}

/// The last position that is there, whatever the log's head says.
async fn last(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let last: i64 = sqlx::query_scalar("select coalesce(max(position), 0) from events").fetch_one(db).await?;
    Ok(last.cast_unsigned())
}

/// Draws over the line before; only where somebody watches.
fn progress(text: &str) {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K{text}");
    }
}

/// A case that nobody has heard of is a mistake of whoever asks, and no answer.
pub(super) fn no_events_of(case: &CaseId) -> Error {
    Error::told(format!("没有案件 {case} 的事件"), format!("no log has events of case {case}"))
}
