//! `fenghuo witness`: another department's word that a log it watches only ever grew.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use chassis::telemetry::Telemetry;
use clap::Args;
use tokio_util::sync::CancellationToken;
use witness::{Witness, http};

use crate::{
    audit, doorway,
    error::{Because, Error},
    shell::Shell,
    signal::Signals,
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo audit keygen --witness --origin witness.example.gov.cn --out keys/witness.key
  fenghuo witness --listen 0.0.0.0:7443 --state /var/lib/witness --key keys/witness.key --log hazard.vkey";

/// Run a witness: it cosigns the checkpoints of logs that only ever grew
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct WitnessArgs {
    /// Address to listen on
    #[arg(long, env = "FENGHUO_WITNESS_LISTEN", default_value = "127.0.0.1:7443", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Folder of the witness's memory: the last checkpoint of each log; never restore it from an older backup
    #[arg(long, env = "FENGHUO_WITNESS_STATE", value_name = "DIR")]
    state: PathBuf,
    /// File with the witness's private key, as `audit keygen --witness` writes it
    #[arg(long, env = "FENGHUO_WITNESS_KEY", value_name = "FILE")]
    key: PathBuf,
    /// Public key (NAME+ID+KEY) of a log to watch over, or a file with it; several, two of a log that changes its key
    #[arg(
        long = "log",
        env = "FENGHUO_WITNESS_LOGS",
        value_name = "VKEY",
        value_delimiter = ',',
        required = true
    )]
    logs: Vec<String>,
}

/// Witnesses until told to stop.
pub async fn run(args: WitnessArgs, shell: Shell) -> Result<(), Error> {
    let mut signals = Signals::listen()?;
    let telemetry = Telemetry::start("fenghuo-witness", None).because("启动遥测", "start telemetry")?;
    let keys = args.logs.iter().map(|text| audit::verifier(text)).collect::<Result<_, _>>()?;
    let witness = Witness::open(&args.state, audit::key(&args.key)?, keys);
    let witness = Arc::new(witness.because("启动见证服务", "begin to witness")?);
    let listener = doorway::listen(args.listen).await?;
    let address = listener.local_addr().because("读取监听地址", "read the listening address")?;
    for log in witness.logs() {
        shell.line(shell.pick(&format!("见证 {log}"), &format!("witness of {log}")))?;
    }
    shell.line(format_args!("http://{address}"))?;
    let stop = CancellationToken::new();
    let serving = tokio::spawn(http::serve(listener, witness, stop.clone()));
    signals.received().await;
    signals.hurry_from_now();
    stop.cancel();
    let served = serving.await.because("停止见证服务", "stop witnessing");
    telemetry.shutdown();
    served
}
