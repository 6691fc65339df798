//! The whole service: a department speaks on the bus, and a person reads about it over gRPC.

use std::{sync::Arc, time::Duration};

use bus::{Bus, Outgoing, Source, outside::Publisher};
use chassis::{Running, Settings, auth::Signer};
use contracts::{
    log::v1::{StatusRequest, log_service_client::LogServiceClient},
    outside::v1::{InquiryFormed, SupervisionOrdered},
    timeline::v1::{self as wire, timeline_service_client::TimelineServiceClient},
};
use decider::{DepartmentKind, Order, Public, Role, StreamName, harness};
use eventlog::{
    ScriptedClock, World, migrate,
    rules::{Command, Rules},
};
use law::{Adoption, Calendar, Kind, RulePack};
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, Scratch};
use time::OffsetDateTime;
use timeline::SERVICE;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, transport::Channel};
use uuid::Uuid;

use super::system::START;

const WAIT_MAX: Duration = Duration::from_secs(30);

struct Whole {
    running: Running,
    shutdown: CancellationToken,
    token: String,
    government: Publisher,
    // The servers go before their folders.
    _postgres: Postgres,
    _nats: Nats,
    _scratch: [Scratch; 2],
}

async fn start() -> Whole {
    let scratch = [Scratch::new().unwrap(), Scratch::new().unwrap()];
    let postgres = Postgres::start(scratch[0].path(), PostgresOptions::default()).await.unwrap();
    let nats = Nats::start(scratch[1].path(), NatsOptions::default()).await.unwrap();
    let log = eventlog::Options::new(postgres.url().parse().unwrap(), SERVICE.name);
    migrate(&log).await.unwrap();
    let signer = Signer::generate();
    let clock = Arc::new(ScriptedClock::new(START));
    let settings = Settings {
        log,
        bus: bus::Options::new(nats.url(), SERVICE.name),
        listener: tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(),
        keys: signer.key_set(),
        department: "fire.330723".parse().unwrap(),
        peers: vec![],
        token: None,
        allowance_keys: None,
        selftest_every: chassis::SELFTEST_EVERY,
        sealing: None,
        world: World { clock, rules: RulePack::builtin(), calendar: Calendar::builtin() },
    };
    let shutdown = CancellationToken::new();
    let running = chassis::start(&SERVICE, settings, shutdown.clone()).await.unwrap();
    let reader = harness::actor(DepartmentKind::Fire, "330723", &[Role::Auditor]);
    let token = signer.issue(&reader, time::Duration::hours(1)).unwrap();
    let bus = Bus::connect(bus::Options::new(nats.url(), "government")).await.unwrap();
    let government = Publisher::new(bus, Source::parse("government").unwrap(), 0).unwrap();
    Whole { running, shutdown, token, government, _postgres: postgres, _nats: nats, _scratch: scratch }
}

impl Whole {
    async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.running.address)).unwrap().connect().await.unwrap()
    }

    async fn door(&self) -> TimelineServiceClient<Channel> {
        TimelineServiceClient::new(self.channel().await)
    }

    fn asking<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        let purpose = tonic::metadata::MetadataValue::from_bytes("测试 / test".as_bytes());
        request.metadata_mut().insert_bin(chassis::reading::PURPOSE, purpose);
        request
    }

    /// The government publishes; tells at which position.
    async fn publish(&self, public: Public, case: &str, at: OffsetDateTime) -> u64 {
        let outgoing = Outgoing {
            id: Uuid::new_v4(),
            public,
            stream: StreamName::new("decision", "d-1"),
            case_id: Some(case.parse().unwrap()),
            actor: harness::actor(DepartmentKind::Government, "33", &[]),
            occurred_at: at,
            recorded_at: at,
            causation: None,
            traceparent: None,
        };
        self.government.publish(&outgoing).await.unwrap()
    }

    async fn supervise(&self, case: &str, at: OffsetDateTime) -> u64 {
        let (hazard_id, leader, until) = ("h-1".to_owned(), "副省长".to_owned(), "2023-04-30".to_owned());
        self.publish(Public::of(&SupervisionOrdered { hazard_id, leader, until }), case, at).await
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.running.stopped().await.unwrap();
    }
}

fn seen(position: u64) -> Vec<wire::LogPosition> {
    vec![wire::LogPosition { log: "government".into(), position }]
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_caused_a_fact_reads_it_with_title_and_summary() {
    let whole = start().await;
    whole.supervise("wuyi", START).await;
    let formed = InquiryFormed {
        inquiry_id: "i-1".into(),
        fire_id: "f-1".into(),
        government: "government.33".into(),
        leader: "应急管理厅".into(),
        ..InquiryFormed::default()
    };
    let position = whole.publish(Public::of(&formed), "wuyi", START + time::Duration::hours(1)).await;
    let request = wire::GetTimelineRequest {
        case_id: "wuyi".into(),
        min_positions: seen(position),
        page_size: 1,
        ..Default::default()
    };
    let mut door = whole.door().await;
    let first = door.get_timeline(whole.asking(request.clone())).await.unwrap().into_inner();
    assert_eq!(first.entries.len(), 1);
    let request = wire::GetTimelineRequest { page_token: first.next_page_token, ..request };
    let second = door.get_timeline(whole.asking(request)).await.unwrap().into_inner();
    let entry = &second.entries[0];
    assert_eq!((entry.source.as_str(), entry.position), ("government", position));
    assert_eq!(entry.title.as_ref().unwrap().zh, "成立事故调查组");
    assert_eq!(entry.summary.as_ref().unwrap().zh, "政府 省人民政府（government.33），责任领导 应急管理厅");
    assert_eq!(entry.department_name.as_ref().unwrap().en, "provincial government");
    assert!(!entry.private);
    let cases =
        door.list_cases(whole.asking(wire::ListCasesRequest::default())).await.unwrap().into_inner().cases;
    assert_eq!(
        cases.iter().map(|case| (case.case_id.as_str(), case.entries)).collect::<Vec<_>>(),
        [("wuyi", 2)]
    );
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_hears_what_was_told_and_what_is_told_next_of_its_case() {
    let whole = start().await;
    whole.supervise("wuyi", START).await;
    let last = whole.supervise("other", START).await;
    let mut door = whole.door().await;
    let all =
        wire::GetTimelineRequest { case_id: "wuyi".into(), min_positions: seen(last), ..Default::default() };
    door.get_timeline(whole.asking(all)).await.unwrap();

    let request = wire::FollowTimelineRequest { case_id: "wuyi".into(), after: 0, moment: None };
    let mut told = door.follow_timeline(whole.asking(request)).await.unwrap().into_inner();
    whole.supervise("other", START).await;
    whole.supervise("wuyi", START).await;
    let mut positions = Vec::new();
    let mut resume = 0;
    for _ in 0..2 {
        let message = tokio::time::timeout(WAIT_MAX, told.message()).await.unwrap().unwrap().unwrap();
        let entry = message.entry.unwrap();
        positions.push(entry.position);
        resume = entry.log_position;
    }
    assert_eq!(positions, [1, 4]);

    whole.supervise("wuyi", START).await;
    let request = wire::FollowTimelineRequest { case_id: String::new(), after: resume, moment: None };
    let mut told = door.follow_timeline(whole.asking(request)).await.unwrap().into_inner();
    // The other case's third may have been entered after this case's fourth; nothing is told again.
    let next = loop {
        let message = tokio::time::timeout(WAIT_MAX, told.message()).await.unwrap().unwrap().unwrap();
        match message.entry.unwrap().position {
            3 => {}
            position => break position,
        }
    };
    assert_eq!(next, 5);
    drop(told);
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_of_everything_is_not_told_of_rules_and_stays_on_the_line() {
    let whole = start().await;
    let adoption = Adoption {
        id: "cal-2030".into(),
        kind: Kind::Calendar,
        version: "2030".into(),
        effective_from: START + time::Duration::days(9_999),
        file: "2030.json".into(),
        text: "{}".into(),
        allowed: vec![],
    };
    let request = eventlog::Request {
        command_id: Uuid::new_v4(),
        fingerprint: vec![],
        actor: harness::actor(DepartmentKind::Fire, "33", &[]),
        at: None,
        case_id: None,
        causation: None,
        traceparent: None,
    };
    let order = Order::of::<Rules>("cal-2030", Command::Receive { adoption });
    let outcome = whole.running.node.log().execute(order, request).await.unwrap();
    assert_eq!(outcome.events, [("Received".to_owned(), 2)]);
    whole.supervise("wuyi", START).await;
    let request = wire::FollowTimelineRequest { case_id: String::new(), after: 0, moment: None };
    let mut told = whole.door().await.follow_timeline(whole.asking(request)).await.unwrap().into_inner();
    let first = tokio::time::timeout(WAIT_MAX, told.message()).await.unwrap().unwrap().unwrap();
    assert_eq!(first.entry.unwrap().log_position, 3);
    drop(told);
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_is_answered_as_of_a_moment() {
    let whole = start().await;
    let later = START + time::Duration::hours(1);
    whole.supervise("wuyi", START).await;
    whole.supervise("other", later).await;
    let last = whole.supervise("wuyi", later).await;
    let mut door = whole.door().await;
    let moment = Some(wire::Moment { recorded_by: Some(chassis::timestamp(START)), ..Default::default() });
    let request = wire::GetTimelineRequest {
        case_id: "wuyi".into(),
        moment: moment.clone(),
        min_positions: seen(last),
        ..Default::default()
    };
    let story = door.get_timeline(whole.asking(request)).await.unwrap().into_inner().entries;
    assert_eq!(story.iter().map(|entry| entry.position).collect::<Vec<_>>(), [1]);
    let request = wire::ListCasesRequest { moment: moment.clone(), ..Default::default() };
    let cases = door.list_cases(whole.asking(request)).await.unwrap().into_inner().cases;
    let cases: Vec<_> = cases.iter().map(|case| (case.case_id.as_str(), case.entries)).collect();
    assert_eq!(cases, [("wuyi", 1)]);
    // Of the past there is an end.
    let request = wire::FollowTimelineRequest { case_id: String::new(), after: 0, moment };
    let mut told = door.follow_timeline(whole.asking(request)).await.unwrap().into_inner();
    assert_eq!(told.message().await.unwrap().unwrap().entry.unwrap().position, 1);
    assert_eq!(told.message().await.unwrap(), None);
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_names_its_field_and_a_stranger_hears_nothing() {
    let whole = start().await;
    let mut door = whole.door().await;
    let unknown_log = vec![wire::LogPosition { log: "nobody".into(), position: 1 }];
    let ask = wire::GetTimelineRequest { case_id: "wuyi".into(), ..Default::default() };
    let asked = |moment| wire::GetTimelineRequest { moment: Some(moment), ..ask.clone() };
    let stranger = Some(wire::Knowledge { party: "nobody".into(), ..Default::default() });
    let nobody = Some(wire::Knowledge { told: seen(1), ..Default::default() });
    let wrong = [
        ("case_id", wire::GetTimelineRequest { case_id: "a b".into(), ..ask.clone() }),
        ("clock", wire::GetTimelineRequest { clock: 7, ..ask.clone() }),
        ("moment.known.party", asked(wire::Moment { known: stranger, ..Default::default() })),
        ("moment.known.party", asked(wire::Moment { known: nobody, ..Default::default() })),
        ("moment.log_position", asked(wire::Moment { log_position: u64::MAX, ..Default::default() })),
        ("page_token", wire::GetTimelineRequest { page_token: "x".into(), ..ask.clone() }),
        ("min_positions[0].log", wire::GetTimelineRequest { min_positions: unknown_log, ..ask.clone() }),
    ];
    for (field, request) in wrong {
        let status = door.get_timeline(whole.asking(request)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{field}");
        assert!(status.message().starts_with(&format!("{field}:")), "{field}: {}", status.message());
    }
    assert_eq!(door.get_timeline(ask).await.unwrap_err().code(), Code::Unauthenticated);
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_tells_whose_it_is() {
    let whole = start().await;
    let mut log = LogServiceClient::new(whole.channel().await);
    let status = log.status(whole.asking(StatusRequest {})).await.unwrap().into_inner();
    assert_eq!(status.department, "fire.330723");
    whole.stop().await;
}
