//! `fenghuo play`: reads a scenario file, plays it, and says what came of each step.

use std::{fs, path::PathBuf};

use clap::Args;

use super::{Player, Scenario, note};
use crate::{
    client::Reach,
    error::{Because, Error},
    shell::Shell,
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo dev --clock scripted &
  fenghuo play my-case.yaml
  fenghuo play my-case.yaml --endpoint http://127.0.0.1:40000
  fenghuo play my-case.yaml --check";

/// Play a case that is written down in a file (docs/scenarios.md says how)
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct PlayArgs {
    /// The scenario file
    file: PathBuf,
    /// Development address that `fenghuo dev --clock scripted` prints
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    endpoint: Option<String>,
    /// Data folder of a system on this machine (default: ./.fenghuo, or the file FENGHUO_ENDPOINTS names)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Only read and check the file
    #[arg(long)]
    check: bool,
}

/// Plays a file.
pub async fn run(args: PlayArgs, shell: Shell) -> Result<(), Error> {
    let file = args.file.display();
    let text = fs::read_to_string(&args.file).because(format!("读取 {file}"), format!("read {file}"))?;
    let scenario =
        Scenario::parse(&text).because(format!("读取案例 {file}"), format!("read the scenario {file}"))?;
    let steps = scenario.steps.len();
    if args.check {
        return shell.line(
            shell.pick(
                &format!("{file}：{steps} 步，格式正确"),
                &format!("{file}: {steps} steps, well formed"),
            ),
        );
    }
    let endpoint = match args.endpoint {
        Some(endpoint) => endpoint,
        None => Reach::local(args.data).endpoints()?.dev_url.ok_or_else(|| {
            Error::told(
                "正在运行的系统用的是真实时钟；请用 fenghuo dev --clock scripted 启动",
                "the system runs on the real clock; start it with `fenghuo dev --clock scripted`",
            )
        })?,
    };
    shell.line(shell.pick(&scenario.title.zh, &scenario.title.en))?;
    let connected = Player::connect(&endpoint).await;
    let mut player = connected.because("连接开发系统", "connect to the development system")?;
    let mut told = Ok(());
    let mut before = |step: &super::Step| {
        let line = format!("{:<24}{}", step.id.as_str(), note(step, shell.lang));
        if told.is_ok() {
            told = shell.line(line.trim_end());
        }
    };
    let played = player.play(&scenario, &mut before).await;
    let tally = played.because("播放案例", "play the case")?;
    told?;
    let super::Tally { accepted, refused, messages, checked, .. } = tally;
    shell.line(shell.pick(
        &format!("{steps} 步全部如所写：{accepted} 个命令获准，{refused} 个按预期被拒绝，{messages} 条外部消息，核对 {checked} 项结果"),
        &format!("{steps} steps came out as written: {accepted} accepted, {refused} refused as expected, {messages} messages, {checked} results checked"),
    ))
}
