//! `fenghuo audit publish`: what a log publishes, over HTTP, out of its folder and never out of its database.

use std::{net::SocketAddr, sync::Arc};

use ::audit::Publish;
use clap::Args;
use tokio_util::sync::CancellationToken;
use witness::http;

use super::place::Where;
use crate::{
    doorway,
    error::{Because, Error},
    shell::Shell,
    signal::Signals,
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit publish --tiles /srv/audit/hazard --listen 0.0.0.0:8080
  fenghuo audit publish --service hazard";

/// What `audit publish` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct PublishArgs {
    #[command(flatten)]
    place: Where,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
}

pub(super) async fn run(args: PublishArgs, shell: Shell) -> Result<(), Error> {
    let mut signals = Signals::listen()?;
    let tiles = args.place.tiles()?;
    let listener = doorway::listen(args.listen).await?;
    let address = listener.local_addr().because("读取监听地址", "read the listening address")?;
    shell.line(format_args!("http://{address}/checkpoint"))?;
    let stop = CancellationToken::new();
    let serving = tokio::spawn(http::serve(listener, Arc::new(Publish(tiles)), stop.clone()));
    signals.received().await;
    signals.hurry_from_now();
    stop.cancel();
    serving.await.because("停止提供文件", "stop serving the files")
}
