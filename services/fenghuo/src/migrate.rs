//! `fenghuo migrate`: brings a service's schema up to date, before its new version is rolled out.

use clap::Args;

use crate::{
    error::{Because, Error},
    services,
    shell::Shell,
    system,
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo migrate all --database-url postgres://fenghuo@db/fenghuo
  fenghuo migrate hazard";

/// Bring the schema of one service, or of all, up to date
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct MigrateArgs {
    /// A service's name, or "all"
    service: String,
    /// PostgreSQL connection URL; each service keeps to a schema of its own in that database
    #[arg(long, env = "FENGHUO_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: String,
}

/// Migrates.
pub async fn run(args: MigrateArgs, shell: Shell) -> Result<(), Error> {
    let names = match args.service.as_str() {
        "all" => services::names().collect(),
        one => vec![services::find(one)?.service.name],
    };
    for name in names {
        one(&args.database_url, name).await?;
        shell.line(format_args!("{name}: {}", shell.pick("已是最新", "up to date")))?;
    }
    Ok(())
}

/// Migrates one service. Safe while the old code runs, and when many do it at once.
pub(crate) async fn one(database_url: &str, service: &str) -> Result<(), Error> {
    let migrated = eventlog::migrate(&system::log_options(database_url, service)?).await;
    migrated.because(format!("迁移 {service} 的数据库"), format!("migrate the database of {service}"))
}
