//! The table that a bench prints, in the reader's language, and the same as JSON.

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::{
    Effort, Measured,
    figures::{Crowd, Row},
    machine::Machine,
};
use crate::{error::Error, shell::Shell};

/// Between two columns.
const GAP: &str = "  ";
const COLUMNS: usize = 9;

/// Prints what was measured.
pub(super) fn print(
    effort: &Effort,
    machine: &Machine,
    measured: &Measured,
    shell: Shell,
) -> Result<(), Error> {
    let Measured { server, rows } = measured;
    if effort.json {
        return shell.json(&json!({
            "rows": rows, "rounds": effort.rounds, "seconds": effort.seconds.as_secs_f64(),
            "machine": machine, "server": server,
        }));
    }
    let Machine { at, processor, cores, load } = machine;
    let processor = processor.as_deref().unwrap_or("?");
    let load = load.map_or_else(|| "?".to_owned(), |load| load.to_string());
    let (rounds, seconds) = (effort.rounds, effort.seconds.as_secs_f64());
    shell.line(shell.pick(
        &format!("{at}，{cores} 核 {processor}，开始前负载 {load}；{server}"),
        &format!("{at}, {cores} cores of {processor}, load {load} before the start; {server}"),
    ))?;
    shell.line(shell.pick(
        &format!("{rounds} 轮的中位数，每次测量至少 {seconds} 秒，与裸基线轮流"),
        &format!(
            "medians of {rounds} rounds, {seconds} s at least each, taking turns with the bare baseline"
        ),
    ))?;
    lines(rows, shell).iter().try_for_each(|line| shell.line(line))?;
    worst(rows, shell).iter().try_for_each(|line| shell.line(line))?;
    arrivals(rows, shell).iter().try_for_each(|line| shell.line(line))?;
    crowds(rows, shell).iter().try_for_each(|line| shell.line(line))
}

fn lines(rows: &[Row], shell: Shell) -> Vec<String> {
    let mut table = vec![heads(shell)];
    table.extend(rows.iter().map(|row| cells(row, shell)));
    let width = |column: usize| table.iter().map(|line| line[column].width()).max().unwrap_or_default();
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    table.iter().map(|line| aligned(line, widths)).collect()
}

/// The first column begins at the left, figures end at the right.
fn aligned(line: &[String; COLUMNS], widths: [usize; COLUMNS]) -> String {
    let cells = line.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
        let space = " ".repeat(width.saturating_sub(cell.width()));
        if column == 0 { format!("{cell}{space}") } else { format!("{space}{cell}") }
    });
    cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
}

fn heads(shell: Shell) -> [String; COLUMNS] {
    [
        ("项目", "case"),
        ("客户端", "clients"),
        ("事件/秒", "events/s"),
        ("p50 毫秒", "p50 ms"),
        ("p99 毫秒", "p99 ms"),
        ("裸基线/秒", "raw/s"),
        ("裸 p50", "raw p50"),
        ("裸 p99", "raw p99"),
        ("比值", "ratio"),
    ]
    .map(|(zh, en)| shell.pick(zh, en).to_owned())
}

fn cells(row: &Row, shell: Shell) -> [String; COLUMNS] {
    let number = |value: Option<f64>, decimals: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
    };
    let raw = match row.raw_clients {
        Some(clients) => format!("{} (@{clients})", number(row.raw_events_per_s, 0)),
        None => number(row.raw_events_per_s, 0),
    };
    [
        title(row.case, shell).to_owned(),
        row.clients.to_string(),
        number(Some(row.events_per_s), 0),
        number(Some(row.p50_ms), 2),
        number(Some(row.p99_ms), 2),
        raw,
        number(row.raw_p50_ms.filter(|_| row.raw_clients.is_none()), 2),
        number(row.raw_p99_ms.filter(|_| row.raw_clients.is_none()), 2),
        number(row.ratio, 2),
    ]
}

/// What a case is called.
fn title(case: &str, shell: Shell) -> &str {
    match case {
        "append" => shell.pick("逐个追加", "append one by one"),
        "append10" => shell.pick("十个一批追加", "append ten at once"),
        "race" => shell.pick("争同一个流", "race on one stream"),
        "load100" => shell.pick("读取百事件的流", "load a stream of 100"),
        "follow" => shell.pick("跟随全日志", "follow the whole log"),
        "e2e" => shell.pick("跨服务（稳定速率）", "across services, steady"),
        "e2e-max" => shell.pick("跨服务（最大持续）", "across services, most sustained"),
        "rebuild" => shell.pick("重建视图", "rebuild a view"),
        "sealed" => shell.pick("追加，同时封存", "append while it is sealed"),
        "behind" => shell.pick("检查点落后", "checkpoint behind the head"),
        "subscribe" => shell.pick("订阅", "subscribe"),
        "subscribe-slow" => shell.pick("订阅（另有一个不读取者）", "subscribe, beside one who does not read"),
        "replay" => shell.pick("重放并比较视图（对照跟随）", "replay and compare a view (raw: follow)"),
        "shadow" => shell.pick("按另一规则推演", "tell cases again"),
        other => other,
    }
}

/// For waits of which none may be too long: the longest.
fn worst(rows: &[Row], shell: Shell) -> Vec<String> {
    let told = |row: &Row| {
        let (title, clients, worst) = (title(row.case, shell), row.clients, row.worst_ms?);
        let line = shell
            .pick(
                &format!("{title}（{clients} 个客户端）：最长 {worst:.0} 毫秒"),
                &format!("{title}, {clients} clients: {worst:.0} ms at most"),
            )
            .to_owned();
        Some(line)
    };
    rows.iter().filter_map(told).collect()
}

/// For what was sent from one service to another: whether all of it arrived.
fn arrivals(rows: &[Row], shell: Shell) -> Vec<String> {
    let told = |row: &Row| {
        let (sent, missed) = row.sent.zip(row.missed)?;
        let title = title(row.case, shell);
        let line = shell
            .pick(
                &format!("{title}：共发送 {sent}，遗漏 {missed}"),
                &format!("{title}: {sent} sent, {missed} missed"),
            )
            .to_owned();
        Some(line)
    };
    rows.iter().filter_map(told).collect()
}

/// For what many listened to: how fast the log grew, and how the process did.
fn crowds(rows: &[Row], shell: Shell) -> Vec<String> {
    let told = |row: &Row| {
        let Crowd { appends_per_s, grown_mib } = row.crowd?;
        let title = title(row.case, shell);
        let line = shell
            .pick(
                &format!("{title}：每秒追加 {appends_per_s:.0}，内存增长 {grown_mib:.1} MiB"),
                &format!("{title}: {appends_per_s:.0} appends/s, memory grew by {grown_mib:.1} MiB"),
            )
            .to_owned();
        Some(line)
    };
    rows.iter().filter_map(told).collect()
}
