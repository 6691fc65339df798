//! `fenghuo bench shadow`: past cases told again under another rule pack, against a bare read of the same rows.

use std::{sync::Arc, time::Instant};

use decider::{
    Context, Decider, DepartmentKind, DomainEvent, Id, Refused, Role, StreamName,
    harness::{actor, context},
};
use eventlog::{Append, Direction, EventData, Expected, Log};
use futures::{StreamExt, TryStreamExt, stream};
use hazard::report::{Command, Report, State};
use law::{AreaCode, Calendar, RulePack, Source};
use time::{Date, Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{
    Effort, Measured,
    figures::{Figures, Measurement, Row, median},
    follow, sample,
    stage::{BEFORE, Stage},
};
use crate::{
    error::{Because, Error},
    law::shadow::telling::{Telling, Under},
    shell::Shell,
};

/// The log of the bench, and so its schema.
const LOG: &str = "bench";
const APPENDS_AT_ONCE: usize = 256;
/// The rule that differs, by which every case has another last day.
const RULES: (&str, &str) = (
    r#""id": "complaint.fire.verify_other", "value": "3""#,
    r#""id": "complaint.fire.verify_other", "value": "5""#,
);

/// Measures passes over the whole log.
pub(super) async fn measure(effort: &Effort, cases: u64, shell: Shell) -> Result<Measured, Error> {
    let stage = Stage::start(shell).await?;
    let pool = stage.pool(1).await?;
    let server = stage.durable(&pool).await?;
    let log = stage.new_log(LOG).await?;
    shell.note(shell.pick(&format!("写入 {cases} 个案件……"), &format!("writing {cases} cases …")));
    stream::iter(0..cases)
        .map(|number| {
            let log = log.clone();
            async move { log.append(case(number)?).await.map(drop).because("准备案件", "prepare cases") }
        })
        .buffer_unordered(APPENDS_AT_ONCE)
        .try_for_each(|()| async { Ok(()) })
        .await?;
    sqlx::query("vacuum analyze bench.events").execute(&pool).await.because("整理数据库", "tidy up")?;
    let events = log.head().await.because("读取日志位置", "read the log's head")?.position - BEFORE;
    let under = under()?;
    let (mut ours_rounds, mut raw_rounds) = (Vec::new(), Vec::new());
    for round in 1..=effort.rounds {
        shell.note(format_args!("{} {round}/{}", shell.pick("轮次", "round"), effort.rounds));
        if round % 2 == 1 {
            ours_rounds.push(ours(&log, cases, &under, effort).await?);
            raw_rounds.push(follow::raw(&pool, events, effort.seconds).await?);
        } else {
            raw_rounds.push(follow::raw(&pool, events, effort.seconds).await?);
            ours_rounds.push(ours(&log, cases, &under, effort).await?);
        }
    }
    log.shutdown().await;
    pool.close().await;
    stage.stop().await;
    let row = Row::beside("shadow", 1, median(&ours_rounds), median(&raw_rounds));
    Ok(Measured { server, rows: vec![row] })
}

fn under() -> Result<Under, Error> {
    let text = RulePack::builtin_text().replace(RULES.0, RULES.1);
    let rules =
        RulePack::parse(Source { name: "bench", text: &text }, &[]).because("读取规则包", "read the pack")?;
    Ok(Under { rules: Arc::new(rules), calendar: Calendar::builtin(), days: Date::MIN..=Date::MAX })
}

/// A report that is verified after six days, which are four working days or more.
fn case(number: u64) -> Result<Append, Error> {
    let received = datetime!(2026-03-02 08:00 +8) + Duration::minutes(number.cast_signed() % 100_000);
    let verified = received + Duration::days(6);
    let id = |text: &str| Id::parse(text).expect("a literal id");
    let receive = Command::Receive {
        reporter_ref: id("ref-1"),
        channel: id("hotline-12350"),
        real_name: true,
        insider: false,
        premises: "plant".into(),
        area: AreaCode::parse("330723103").expect("a literal area"),
        category: id("flammable-storage"),
    };
    let (mut state, mut events) = (State::default(), Vec::new());
    for (command, at) in [(receive, received), (Command::Verify { confirmed: true, by: None }, verified)] {
        let decided = Report::decide(&state, command, &clerk(at)).map_err(|no| Refused::of(&no));
        for event in decided.because("决定案件", "decide a case")? {
            state = Report::evolve(state, &event);
            let data = serde_json::to_vec(&event).because("生成事件", "write an event")?;
            let (id, kind) = (Uuid::now_v7(), event.name().to_owned());
            events.push(EventData { id, kind, data: data.into(), tags: Vec::new() });
        }
    }
    let stream = StreamName::new(Report::NAME, &number.to_string());
    Ok(Append::new(stream, Expected::NoStream, events, sample::meta(), received))
}

fn clerk(at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Hotline, "330723", &[Role::Clerk, Role::Officer]))
}

/// A wait is one pass.
async fn ours(log: &Log, cases: u64, under: &Under, effort: &Effort) -> Result<Figures, Error> {
    let mut measured = Measurement::default();
    while measured.elapsed < effort.seconds || measured.events == 0 {
        let begin = Instant::now();
        let mut telling = Telling::new(under, hazard::SERVICE.aggregates);
        let mut events = log.read_all(BEFORE + 1, u64::MAX, Direction::Forwards);
        while let Some(event) = events.try_next().await.because("读取日志", "read the log")? {
            telling.tell(&chassis::log_event(&event)).because("推演事件", "tell an event")?;
        }
        measured.events += telling.events;
        let found = telling.end().differing.len() as u64;
        measured.elapsed += begin.elapsed();
        measured.waits.push(begin.elapsed());
        if found != cases {
            return Err(Error::told(
                format!("{cases} 个案件中只发现 {found} 个不同"),
                format!("only {found} of {cases} cases were found to differ"),
            ));
        }
    }
    Ok(measured.figures())
}
