//! What a replay came to, for people and for programs.

use eventlog::replay::{Difference, Kind, Replayed, Table};
use serde_json::{Value, json};

use super::evidence::{Aside, Evidence, Part, Verdict};
use crate::{
    error::{Because, Error},
    shell::Shell,
};

/// Prints everything.
pub(super) fn tell(
    evidence: &Evidence,
    replayed: &Replayed,
    as_json: bool,
    shell: Shell,
) -> Result<(), Error> {
    if as_json {
        let mut whole = serde_json::to_value(evidence).because("生成 JSON", "write JSON")?;
        whole["differences"] = differences(replayed);
        return shell.json(&whole);
    }
    summary(evidence, shell)?;
    for table in &replayed.tables {
        listed(table, shell)?;
    }
    Ok(())
}

/// The error that stands for a difference; equal, or nothing to compare with, is none.
pub(super) fn verdict(evidence: &Evidence) -> Result<(), Error> {
    if evidence.verdict != Verdict::Different {
        return Ok(());
    }
    let differing: u64 = evidence.tables.iter().map(|table| table.differing).sum();
    Err(Error::different(
        format!("不一致：现用视图与其事件不符，{differing} 行不同"),
        format!("different: the living view is not what its events say; {differing} rows differ"),
    ))
}

/// What the signed document says.
pub(super) fn summary(evidence: &Evidence, shell: Shell) -> Result<(), Error> {
    let Evidence { service, view, events, to_position, .. } = evidence;
    let part = part(&evidence.scope, shell);
    shell.line(shell.pick(
        &format!("{service} 的视图 {view}{part}：重放 {events} 个事件，至位置 {to_position}"),
        &format!("view {view} of {service}{part}: {events} events replayed, up to position {to_position}"),
    ))?;
    if let (Some(origin), Some(checkpoint)) = (&evidence.origin, &evidence.checkpoint) {
        let size = checkpoint.size;
        shell.line(shell.pick(
            &format!("  日志 {origin}，已签检查点含 {size} 个事件"),
            &format!("  log {origin}, signed checkpoint of {size} events"),
        ))?;
    }
    for table in &evidence.tables {
        let (name, rows) = (&table.name, table.replayed.rows);
        let digest = |comma| table.replayed.sha256.as_ref().map(|sha256| format!("{comma}SHA-256 {sha256}"));
        shell.line(shell.pick(
            &format!("  表 {name}：{rows} 行{}", digest("，").unwrap_or_default()),
            &format!("  table {name}: {rows} rows{}", digest(", ").unwrap_or_default()),
        ))?;
    }
    aside(&evidence.parked, shell.pick("重放中搁置", "parked by the replay"), shell)?;
    aside(&evidence.parked_living, shell.pick("现用视图搁置", "parked by the living view"), shell)?;
    conclusion(evidence, shell)
}

fn conclusion(evidence: &Evidence, shell: Shell) -> Result<(), Error> {
    match (&evidence.verdict, &evidence.living) {
        (Verdict::Equal, Some(living)) => shell.line(shell.pick(
            &format!("一致：现用视图（第 {} 代）与其事件相符", living.generation),
            &format!("equal: the living view (generation {}) is what its events say", living.generation),
        )),
        (Verdict::Different, _) => Ok(()),
        _ => shell.line(shell.pick(
            "现用视图不在此位置，不作比较",
            "the living view is not at this position: nothing to compare with",
        )),
    }
}

fn part(scope: &Part, shell: Shell) -> String {
    match scope {
        Part::All => String::new(),
        Part::Case(case) => format!("{} {case}", shell.pick("，案件", ", case")),
        Part::Stream(stream) => format!("{} {stream}", shell.pick("，流", ", stream")),
    }
}

fn aside(aside: &Aside, title: &str, shell: Shell) -> Result<(), Error> {
    if aside.total > 0 {
        shell.line(format_args!("  {title}: {}", aside.total))?;
    }
    aside.first.iter().try_for_each(|event| {
        shell.line(format_args!("    @{} {}: {}", event.position, event.stream, event.reason))
    })
}

fn listed(table: &Table, shell: Shell) -> Result<(), Error> {
    for difference in &table.differences {
        shell.line(format_args!("  {} {}", table.name, line(difference, shell)))?;
    }
    let more = table.differing - table.differences.len() as u64;
    if more == 0 {
        return Ok(());
    }
    let name = &table.name;
    shell.line(
        shell.pick(&format!("  {name} 另有 {more} 行不同"), &format!("  {name}: {more} more rows differ")),
    )
}

fn line(difference: &Difference, shell: Shell) -> String {
    let key = difference.key.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
    let key = key.join(" ");
    let (living, replayed) = (shell.pick("现用", "living"), shell.pick("重放", "replayed"));
    let columns = difference.columns.iter().map(|(name, left, right)| {
        format!("{name}: {living} {}, {replayed} {}", value(left.as_ref()), value(right.as_ref()))
    });
    match difference.kind {
        Kind::Added => format!("{key}: {}", shell.pick("现用视图多出此行", "is in the living view only")),
        Kind::Missing => {
            format!("{key}: {}", shell.pick("现用视图缺少此行", "is missing in the living view"))
        }
        Kind::Changed => format!("{key}: {}", columns.collect::<Vec<_>>().join("; ")),
        Kind::Shape => columns.collect::<Vec<_>>().join("; "),
    }
}

fn value(value: Option<&String>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| format!("{value:?}"))
}

fn differences(replayed: &Replayed) -> Value {
    let of = |table: &Table| {
        let name = table.name.clone();
        table.differences.iter().map(move |difference| one(&name, difference)).collect::<Vec<_>>()
    };
    replayed.tables.iter().flat_map(of).collect()
}

fn one(table: &str, difference: &Difference) -> Value {
    let kind = match difference.kind {
        Kind::Changed => "changed",
        Kind::Missing => "missing",
        Kind::Added => "added",
        Kind::Shape => "shape",
    };
    let key: serde_json::Map<_, _> =
        difference.key.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let columns: Vec<_> = difference
        .columns
        .iter()
        .map(|(name, living, replayed)| json!({"column": name, "living": living, "replayed": replayed}))
        .collect();
    json!({"table": table, "kind": kind, "key": key, "columns": columns})
}
