//! What was found, for people and for programs.

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    query::{Finding, Named},
    run::Answer,
    seen::Unreadable,
};
use crate::{due::beijing, error::Error, shell::Shell};

/// Everything as one JSON value: both languages, exact counts.
pub(super) fn as_json(answer: &Answer) -> Value {
    let of = |(named, found): &(&Named, Vec<Finding>)| {
        let rows: Vec<Value> = found.iter().map(row).collect();
        json!({
            "name": named.name, "zh": named.zh, "en": named.en, "articles": named.articles,
            "count": rows.len(), "findings": rows,
        })
    };
    json!({
        "as_of": rfc3339(answer.as_of),
        "logs": answer.logs,
        "queries": answer.found.iter().map(of).collect::<Vec<_>>(),
        "unreadable": answer.unreadable,
        "count": count(answer),
    })
}

/// How many findings there are.
pub(super) fn count(answer: &Answer) -> usize {
    answer.found.iter().map(|(_, found)| found.len()).sum()
}

fn row(finding: &Finding) -> Value {
    let place = &finding.place;
    json!({
        "case": place.case, "service": place.service, "stream": place.stream, "position": place.position,
        "occurred_at": rfc3339(place.occurred_at), "recorded_at": rfc3339(place.recorded_at),
        "who": finding.who, "article": finding.article,
        "zh": finding.wrong.zh, "en": finding.wrong.en,
    })
}

fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_else(|_| at.to_string())
}

pub(super) fn as_text(answer: &Answer, shell: Shell) -> Result<(), Error> {
    for (named, found) in &answer.found {
        let title = shell.pick(named.zh, named.en);
        shell.line(format_args!("{}  {}  {title}", named.name, found.len()))?;
        found.iter().try_for_each(|finding| shell.line(line(finding, shell)))?;
    }
    answer.unreadable.iter().try_for_each(|event| shell.line(unreadable(event, shell)))?;
    for log in answer.logs.iter().filter(|log| log.foreign > 0) {
        let (service, foreign) = (log.service, log.foreign);
        shell.note(shell.pick(
            &format!("{service}：{foreign} 个事件不属于部门的案卷，未作查询"),
            &format!(
                "{service}: {foreign} events belong to no department's dossier and were not asked about"
            ),
        ));
    }
    let events: u64 = answer.logs.iter().map(|log| log.events).sum();
    let (found, logs, at) = (count(answer), answer.logs.len(), beijing(answer.as_of));
    shell.line(shell.pick(
        &format!("{logs} 个日志、{events} 个事件，截至 {at}：{found} 处"),
        &format!("{logs} logs, {events} events, as of {at}: {found} found"),
    ))
}

fn line(finding: &Finding, shell: Shell) -> String {
    let place = &finding.place;
    let case = place.case.as_deref().unwrap_or("-");
    let wrong = finding.wrong.in_lang(shell.lang);
    let article = if finding.article.is_empty() { String::new() } else { format!(" [{}]", finding.article) };
    format!(
        "    {case}  {} {} #{}  {}  {}  {wrong}{article}",
        place.service,
        place.stream,
        place.position,
        beijing(place.occurred_at),
        finding.who,
    )
}

fn unreadable(event: &Unreadable, shell: Shell) -> String {
    let Unreadable { service, stream, position, reason, .. } = event;
    match shell.lang {
        decider::Lang::Zh => format!("无法读取：{service} {stream} #{position}：{reason}"),
        decider::Lang::En => format!("cannot be read: {service} {stream} #{position}: {reason}"),
    }
}
