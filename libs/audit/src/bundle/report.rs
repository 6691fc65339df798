//! The page that a person reads: the case's timeline, how to verify it, and what that does not show.
//!
//! **Invariant**: whatever stands in an event is text here, never markup, and nothing is loaded from anywhere.

mod text;

use std::fmt::Write as _;

use merkle::{Hasher, Hex, Sha256, Statement};
use time::{
    OffsetDateTime, UtcOffset,
    macros::{format_description, offset},
};

use super::{Contents, Event, Log};
use text::{HEAD, LIMITS, VERIFYING, escaped};

/// Where officials' clocks are.
const BEIJING: UtcOffset = offset!(+8);

/// The page.
pub(super) fn html(contents: &Contents) -> String {
    let case = escaped(&contents.case);
    let mut page = format!(
        "{HEAD}<title>{case}</title>\n</head>\n<body>\n<h1>案件审计包 <span>Audit bundle</span> {case}</h1>\n"
    );
    let events = contents.logs.iter().map(|log| log.events.len()).sum::<usize>();
    let logs = contents.logs.len();
    let _ =
        writeln!(page, "<p>{logs} 个日志，{events} 个事件。 <span>{logs} logs, {events} events.</span></p>");
    page.push_str(&sealed(contents));
    page.push_str(VERIFYING);
    page.push_str(&timeline(contents));
    page.push_str(LIMITS);
    page.push_str("</body>\n</html>\n");
    page
}

/// The checkpoints under which the events stand.
fn sealed(contents: &Contents) -> String {
    let mut part = String::from(
        "<h2>日志与检查点 <span>Logs and checkpoints</span></h2>\n<table>\n<tr><th>日志<br>log</th><th>名称<br>origin</th>\
         <th>本案事件<br>events of the case</th><th>全部<br>all</th><th>树根<br>root</th><th>公钥<br>keys</th>\
         <th>全部审计叶<br>all leaves</th></tr>\n",
    );
    for log in &contents.logs {
        let mut head = log.checkpoint.lines().skip(1).map(escaped);
        let (size, root) = (head.next().unwrap_or_default(), head.next().unwrap_or_default());
        let keys = log.keys.iter().map(|key| escaped(&key.to_string())).collect::<Vec<_>>().join("<br>");
        let leaves = if log.leaves.is_some() { "有 <span>here</span>" } else { "无 <span>not here</span>" };
        let (name, origin, events) = (escaped(&log.name), escaped(log.origin()), log.events.len());
        let _ = writeln!(
            part,
            "<tr><td>{name}<td>{origin}<td>{events}<td>{size}<td class=h>{root}<td class=h>{keys}<td>{leaves}</tr>"
        );
    }
    part + "</table>\n"
}

/// All events in the order in which they were recorded, in whatever log.
fn timeline(contents: &Contents) -> String {
    let with_log = |log| move |event| row(log, event);
    let mut rows: Vec<Row> =
        contents.logs.iter().flat_map(|log| log.events.iter().filter_map(with_log(log))).collect();
    rows.sort_by_key(|row| (row.statement.recorded_at, row.log.name.clone(), row.event.position));
    let mut part = String::from(
        "<h2>全过程 <span>Timeline</span></h2>\n<table>\n<tr><th>发生<br>happened</th><th>记录<br>recorded</th>\
         <th>部门<br>department</th><th>日志:位置<br>log:position</th><th>流#版本<br>stream#revision</th>\
         <th>事件<br>event</th><th>审计叶哈希<br>leaf hash</th></tr>\n",
    );
    for row in &rows {
        part.push_str(&row.html());
    }
    part + "</table>\n"
}

struct Row<'a> {
    log: &'a Log,
    event: &'a Event,
    statement: Statement,
}

/// None where the leaf is no statement, which a bundle that is verified does not have.
fn row<'a>(log: &'a Log, event: &'a Event) -> Option<Row<'a>> {
    Some(Row { log, event, statement: Statement::parse(&event.leaf).ok()? })
}

impl Row<'_> {
    fn html(&self) -> String {
        let Statement { occurred_at, recorded_at, department, actor, stream, revision, kind, cause, .. } =
            &self.statement;
        let (happened, recorded) = (instant(*occurred_at), instant(*recorded_at));
        let cause = cause.as_ref().map(|cause| format!("{}:{}", cause.origin, cause.position));
        let cause = cause.map(|cause| format!("<br>← {}", escaped(&cause))).unwrap_or_default();
        let hash = Hex::<32>::from(Sha256::leaf(&self.event.leaf));
        format!(
            "<tr><td>{happened}<td>{recorded}<td>{}<br><i>{}</i><td>{}:{}{cause}<td>{}#{revision}\
             <td><details><summary>{}</summary><pre>{}</pre></details><td class=h>{hash}</tr>\n",
            escaped(department),
            escaped(actor),
            escaped(&self.log.name),
            self.event.position,
            escaped(stream),
            escaped(kind),
            escaped(&String::from_utf8_lossy(&self.event.data)),
        )
    }
}

fn instant(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let local = at.checked_to_offset(BEIJING).unwrap_or(at);
    local.format(&format).unwrap_or_default()
}
