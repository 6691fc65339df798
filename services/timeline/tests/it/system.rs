//! A log with the timeline's view over a PostgreSQL of its own.

use std::{sync::Arc, time::Duration};

use decider::{Actor, DepartmentKind, Fact, harness};
use eventlog::{Log, Options, Request, ScriptedClock, Views, World, migrate};
use law::{Calendar, RulePack};
use serde_json::json;
use servers::{Postgres, PostgresOptions, Scratch};
use time::{OffsetDateTime, macros::datetime};
use timeline::{
    SERVICE, policy,
    view::{EntryRow, Knowledge, Moment, Wanted, story},
};
use uuid::Uuid;

/// When the story of these tests begins.
pub(crate) const START: OffsetDateTime = datetime!(2023-04-17 14:00 +8);

pub(crate) struct System {
    pub(crate) log: Log,
    pub(crate) views: Views,
    pub(crate) clock: ScriptedClock,
    // The server goes before its folder.
    _postgres: Postgres,
    _scratch: Scratch,
}

impl System {
    pub(crate) async fn start() -> Self {
        let scratch = Scratch::new().unwrap();
        let postgres = Postgres::start(scratch.path(), PostgresOptions::default()).await.unwrap();
        let options = Options::new(postgres.url().parse().unwrap(), SERVICE.name);
        migrate(&options).await.unwrap();
        let clock = ScriptedClock::new(START);
        let world = World {
            clock: Arc::new(clock.clone()),
            rules: RulePack::builtin(),
            calendar: Calendar::builtin(),
        };
        let log = Log::open(options, world).await.unwrap();
        let views = Views::start(&log, (SERVICE.views)()).await.unwrap();
        Self { log, views, clock, _postgres: postgres, _scratch: scratch }
    }

    /// The bus brings a fact.
    pub(crate) async fn hear(&self, fact: &Fact) -> u64 {
        let mut position = 0;
        for reaction in policy::react(fact).unwrap() {
            let request = Request {
                command_id: reaction.command_id(fact.id),
                fingerprint: Vec::new(),
                actor: service(),
                at: None,
                case_id: reaction.case_id.clone().or_else(|| fact.case_id.clone()),
                causation: None,
                traceparent: None,
            };
            position = self.log.execute(reaction.order, request).await.unwrap().position;
        }
        position
    }

    /// The places of a story's entries, in order, with how they are known.
    pub(crate) async fn story(&self, wanted: &Wanted<'_>) -> Vec<String> {
        let told = |row: &EntryRow| {
            let how = row.how.as_deref().map(|how| format!(" {how}")).unwrap_or_default();
            format!("{}:{}{how}", row.source, row.position)
        };
        self.rows(wanted).await.iter().map(told).collect()
    }

    pub(crate) async fn rows(&self, wanted: &Wanted<'_>) -> Vec<EntryRow> {
        let head = self.log.head().await.unwrap().position;
        self.views.wait_for("entries", head, Duration::from_secs(30)).await.unwrap();
        story(&mut self.views.read("entries").await.unwrap(), wanted).await.unwrap()
    }

    pub(crate) async fn stop(self) {
        self.views.shutdown().await;
        self.log.shutdown().await;
    }
}

/// The moment that limits nothing.
pub(crate) static NOW: Moment =
    Moment { recorded_by: None, log_position: None, happened_by: None, known: None };

/// What a party knew at an instant, and in no other way of looking back.
pub(crate) fn known(party: &str, at: Option<OffsetDateTime>, told: &[(&str, i64)]) -> Moment {
    let told = told.iter().map(|(log, position)| ((*log).to_owned(), *position)).collect();
    Moment { known: Some(Knowledge { party: party.into(), at, told }), ..Moment::default() }
}

/// Everything of the test's case, as recorded.
pub(crate) fn everything() -> Wanted<'static> {
    Wanted { case_id: "wuyi", happened: false, moment: &NOW, after: None, limit: 100 }
}

/// A fact of the test's case that happened, and was recorded, so many minutes after the start.
pub(crate) fn fact(source: &str, position: u64, department: &str, happened: i64, recorded: i64) -> Fact {
    let minutes = |minutes| START + time::Duration::minutes(minutes);
    Fact {
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{source}{position}").as_bytes()),
        source: source.into(),
        position,
        kind: format!("fenghuo.{source}.v1.Happened"),
        stream: "thing:t-1".into(),
        case_id: Some("wuyi".parse().unwrap()),
        department: department.parse().unwrap(),
        actor: "someone".into(),
        occurred_at: minutes(happened),
        recorded_at: minutes(recorded),
        causation: None,
        to: vec![],
        traceparent: None,
        body: json!({"thingId": "t-1"}),
    }
}

fn service() -> Actor {
    harness::actor(DepartmentKind::Fire, "330723", &[])
}
