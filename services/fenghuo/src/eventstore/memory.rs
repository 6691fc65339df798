//! The memory of a service: its log as it is, opened to be read and for nothing else.
//!
//! **Invariant**: neither the schema nor the log is changed, whoever asks and whatever the database would allow.

use std::{fs, path::Path};

use eventlog::{Log, World};
use servers::Postgres;

use super::start_postgres;
use crate::{
    endpoints::without_secrets,
    error::{Because, Error},
    services, system,
};

/// The database of a system on this machine. One that runs is asked where it is; of one that rests, the database alone
/// is started.
pub(super) async fn database(data: &Path) -> Result<(String, Option<Postgres>), Error> {
    let folder = data.display();
    if !data.join("postgres").is_dir() {
        return Err(Error::told(
            format!("{folder} 中没有系统的数据；请用 --data 或 --database-url 指明"),
            format!("there is no data of a system in {folder}; say where with --data or --database-url"),
        ));
    }
    match start_postgres(data).await {
        Ok(postgres) => Ok((postgres.url(), Some(postgres))),
        Err(servers::Error::InUse { .. }) => {
            let file = system::database_url_file(&data.join("keys"));
            let url = fs::read_to_string(&file)
                .because(format!("读取 {}", file.display()), format!("read {}", file.display()))?;
            Ok((url.trim().to_owned(), None))
        }
        Err(error) => Err(error).because("启动 PostgreSQL", "start PostgreSQL"),
    }
}

/// Opens the log of a service that has run on this database before.
pub(super) async fn open(database_url: &str, service: &str, world: World) -> Result<Log, Error> {
    let name = services::find(service)?.service.name;
    let shown = without_secrets(database_url);
    let options = system::log_options(database_url, name)?;
    Log::open(options, world)
        .await
        .because(format!("打开 {name} 在 {shown} 的日志"), format!("open the log of {name} at {shown}"))
}
