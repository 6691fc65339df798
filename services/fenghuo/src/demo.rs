//! `fenghuo demo`: a real case on a throw-away system, its timeline printed as it grows.

use std::time::{Duration, Instant};

use chassis::telemetry::Telemetry;
use clap::Args;
use servers::Scratch;
use time::OffsetDateTime;

use crate::{
    dev,
    error::{Because, Error},
    play::{Player, Scenario, Tally, WUYI},
    shell::Shell,
    signal::Signals,
    system::{System, SystemOptions},
};

mod teller;

use teller::Teller;

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo demo
  fenghuo demo --keep --lang en";

/// How long the last events may be on their way.
const SETTLE_MAX: Duration = Duration::from_secs(30);

/// Play a real fire case across five departments, on a throw-away system
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct DemoArgs {
    /// Leave the system running afterwards, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

/// Plays the built-in case, tells its story, and stops.
pub async fn run(args: DemoArgs, shell: Shell) -> Result<(), Error> {
    let mut signals = Signals::listen()?;
    let telemetry = Telemetry::start("fenghuo-demo", None).because("启动遥测", "start telemetry")?;
    let result = demonstrate(args.keep, &mut signals, shell).await;
    telemetry.shutdown();
    result
}

async fn demonstrate(keep: bool, signals: &mut Signals, shell: Shell) -> Result<(), Error> {
    let began = Instant::now();
    let scenario = Scenario::parse(WUYI).because("读取内置案例", "read the built-in case")?;
    shell.line(shell.pick(&scenario.title.zh, &scenario.title.en))?;
    let scratch = Scratch::new().because("建立临时文件夹", "make a temporary folder")?;
    let options = SystemOptions::new(scratch.path().join("data")).scripted(beginning(&scenario));
    let system = tokio::select! {
        started = Box::pin(System::start(options)) => started?,
        () = signals.received() => return Err(interrupted()),
    };
    let shown = tokio::select! {
        shown = Box::pin(show(&system, &scenario, began, shell)) => shown,
        () = signals.received() => Err(interrupted()),
    };
    match shown {
        Ok(()) if keep => dev::attend(system, signals, shell).await,
        // What is told is why the case did not play, not what else went wrong while stopping.
        shown => {
            let stopped = system.stop().await;
            shown.and(stopped)
        }
    }
}

fn interrupted() -> Error {
    Error::told("演示被中断", "the demonstration was interrupted")
}

async fn show(system: &System, scenario: &Scenario, began: Instant, shell: Shell) -> Result<(), Error> {
    let tally = play(system, scenario, shell).await?;
    summary(system, &tally, began.elapsed(), shell).await
}

/// The clock stands before the first step when the system starts.
fn beginning(scenario: &Scenario) -> OffsetDateTime {
    let first = scenario.steps.iter().find_map(|step| step.at);
    first.unwrap_or_else(OffsetDateTime::now_utc)
}

/// Step by step: what is about to happen, then everything that came of it, in every department.
async fn play(system: &System, scenario: &Scenario, shell: Shell) -> Result<Tally, Error> {
    let endpoint = system.endpoints().dev_url.as_deref().unwrap_or_default();
    let connected = Player::connect(endpoint).await;
    let mut player = connected.because("连接开发系统", "connect to the development system")?;
    let mut teller = Teller::begin(system, scenario.case.clone(), shell)?;
    let mut tally = Tally::default();
    for step in &scenario.steps {
        teller.announce(step)?;
        let played = player.play_step(scenario, step, &mut tally).await;
        played.because("播放案例", "play the case")?;
        teller.catch_up().await?;
    }
    system.settle(SETTLE_MAX).await?;
    teller.catch_up().await?;
    Ok(tally)
}

async fn summary(system: &System, tally: &Tally, elapsed: Duration, shell: Shell) -> Result<(), Error> {
    let heads = system.heads().await?;
    let logs = heads.iter().filter(|(_, position)| **position > 0);
    let logs = logs
        .map(|(name, position)| format!("{name} {position}"))
        .collect::<Vec<_>>()
        .join(shell.pick("、", ", "));
    let Tally { steps, accepted, refused, messages, checked } = tally;
    let seconds = elapsed.as_secs_f64();
    shell.line("")?;
    shell.line(shell.pick(
        &format!("{steps} 步：{accepted} 个命令获准，{refused} 个按预期被拒绝，外部部门 {messages} 条消息，核对 {checked} 项结果"),
        &format!(
            "{steps} steps: {accepted} commands accepted, {refused} refused as the law wants, {messages} messages of outside departments, {checked} results checked"
        ),
    ))?;
    shell.line(shell.pick(&format!("各日志的位置：{logs}"), &format!("positions of the logs: {logs}")))?;
    shell.line(shell.pick(&format!("用时 {seconds:.1} 秒"), &format!("{seconds:.1} s")))
}
