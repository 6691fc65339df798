//! The all-in-one system: facts cross departments, nobody speaks for another, services come and go.

use std::time::Duration;

use async_nats::{ConnectOptions, jetstream};
use contracts::{
    enforcement::v1::{
        ExecuteRequest, IssueCertificate, enforcement_service_client::EnforcementServiceClient,
        execute_request::Command,
    },
    envelope::v1::Request,
    hazard::v1::{self as hazard, hazard_service_client::HazardServiceClient},
    log::v1::ReadAllRequest,
};
use decider::{Actor, ActorKind, Department, Id, Role};
use fenghuo::system::{System, SystemOptions};
use futures::TryStreamExt;
use servers::Scratch;
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

const SETTLE_MAX: Duration = Duration::from_secs(60);
const START: OffsetDateTime = datetime!(2023-03-01 09:00 +8);

async fn scripted(scratch: &Scratch) -> System {
    System::start(SystemOptions::new(scratch.path().join("data")).scripted(START)).await.unwrap()
}

/// The head of the brigade certifies an officer.
async fn certify(system: &System, certificate: &str) {
    let head = Actor {
        kind: ActorKind::Person,
        id: Id::parse("head-1").unwrap(),
        department: Department::parse("fire.330723").unwrap(),
        roles: vec![Role::Head],
        certificate: None,
    };
    let mut client = EnforcementServiceClient::new(system.client().acting("enforcement", &head).unwrap());
    let command = IssueCertificate {
        certificate: certificate.to_owned(),
        department: "fire.330723".to_owned(),
        from: Some(chassis::timestamp(START)),
        until: Some(chassis::timestamp(START + time::Duration::days(365))),
    };
    let request = ExecuteRequest {
        request: Some(Request { idempotency_key: Uuid::new_v4().to_string(), ..Request::default() }),
        command: Some(Command::IssueCertificate(command)),
    };
    client.execute(request).await.unwrap();
}

/// The hotline takes a report in.
async fn report(system: &System, id: &str) {
    let clerk = Actor {
        kind: ActorKind::Person,
        id: Id::parse("clerk-1").unwrap(),
        department: Department::parse("hotline.330723").unwrap(),
        roles: vec![Role::Clerk],
        certificate: None,
    };
    let mut client = HazardServiceClient::new(system.client().acting("hazard", &clerk).unwrap());
    let command = hazard::ReceiveReport {
        report_id: id.to_owned(),
        reporter_ref: "7f3a9c51".to_owned(),
        channel: "hotline-12350".to_owned(),
        real_name: true,
        insider: false,
        premises: "plant".to_owned(),
        area: "330723103".to_owned(),
        category: "flammable-storage".to_owned(),
    };
    let request = hazard::ExecuteRequest {
        request: Some(Request { idempotency_key: Uuid::new_v4().to_string(), ..Request::default() }),
        command: Some(hazard::execute_request::Command::ReceiveReport(command)),
    };
    client.execute(request).await.unwrap();
}

/// The kinds of all events of a service's log, behind the one that every log begins with.
async fn kinds(system: &System, service: &str) -> Vec<String> {
    let events = system.node(service).unwrap().log().read_all(2, u64::MAX, eventlog::Direction::Forwards);
    events.map_ok(|event| event.kind).try_collect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_reaches_the_departments_that_listen_and_a_stopped_one_hears_it_later() {
    let _turn = system_tests::turn().await;
    let scratch = Scratch::new().unwrap();
    let mut system = scripted(&scratch).await;
    certify(&system, "zj-0001").await;
    system.settle(SETTLE_MAX).await.unwrap();
    assert_eq!(kinds(&system, "hazard").await, ["CertificateNoted"]);

    let mut log = system.client().log("hazard", Role::Auditor).unwrap();
    let newest = ReadAllRequest { backwards: true, limit: 1, ..ReadAllRequest::default() };
    let newest = log.read_all(newest).await.unwrap().into_inner().message().await.unwrap().unwrap();
    assert_eq!(newest.event.unwrap().kind, "CertificateNoted", "backwards begins at the end");
    assert_eq!(
        kinds(&system, "hazard").await,
        ["CertificateNoted", "Opened"],
        "and that it was read is recorded"
    );

    let address = system.endpoints().services["hazard"].clone();
    system.stop_service("hazard").await.unwrap();
    assert!(system.node("hazard").is_none());
    certify(&system, "zj-0002").await;
    system.settle(SETTLE_MAX).await.unwrap();
    assert_eq!(kinds(&system, "investigation").await.len(), 2);
    system.start_service("hazard").await.unwrap();
    system.settle(SETTLE_MAX).await.unwrap();
    assert_eq!(kinds(&system, "hazard").await, ["CertificateNoted", "Opened", "CertificateNoted"]);
    assert_eq!(system.endpoints().services["hazard"], address);
    system.stop().await.unwrap();

    let again = scripted(&scratch).await;
    assert_eq!(kinds(&again, "timeline").await.len(), 6, "two certificates, issued once and noted twice");
    again.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scripted_clock_is_moved_from_outside_and_recorded_by_every_service() {
    let _turn = system_tests::turn().await;
    let scratch = Scratch::new().unwrap();
    let system = scripted(&scratch).await;
    let later = START + time::Duration::days(3);
    system.client().set_clock(later).await.unwrap();
    assert_eq!(system.now(), later);
    certify(&system, "zj-0001").await;
    system.settle(SETTLE_MAX).await.unwrap();
    for service in ["enforcement", "hazard", "timeline"] {
        let head = system.node(service).unwrap().log().head().await.unwrap();
        assert!(head.recorded_at >= later && head.recorded_at < later + time::Duration::SECOND, "{service}");
    }
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_on_the_way_acts_at_its_own_instant_and_is_heard_of_before_the_clock_moves_on() {
    let _turn = system_tests::turn().await;
    let scratch = Scratch::new().unwrap();
    let system = scripted(&scratch).await;
    // Two reports on two days, to be verified by two different days, both long past when somebody looks.
    report(&system, "r-1").await;
    system.set_clock(START + time::Duration::days(1)).await.unwrap();
    report(&system, "r-2").await;
    system.set_clock(START + time::Duration::days(30)).await.unwrap();
    let log = system.node("hazard").unwrap().log().clone();
    let events =
        log.read_all(1, u64::MAX, eventlog::Direction::Forwards).try_collect::<Vec<_>>().await.unwrap();
    let late = events
        .iter()
        .filter(|event| String::from_utf8_lossy(&event.data).contains(r#""type":"Breached""#))
        .collect::<Vec<_>>();
    assert_eq!(late.len(), 2);
    for event in &late {
        let delay = event.recorded_at - event.occurred_at;
        assert!(delay >= time::Duration::ZERO && delay < time::Duration::SECOND, "{delay}");
    }
    let told = system.node("timeline").unwrap().log().clone();
    let told =
        told.read_all(1, u64::MAX, eventlog::Direction::Forwards).try_collect::<Vec<_>>().await.unwrap();
    assert!(told.len() >= events.len());
    let last = told.last().unwrap();
    assert!(last.recorded_at < late[1].recorded_at + time::Duration::SECOND, "heard of on the same day");
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_real_clock_nobody_is_let_in_and_nobody_moves_time() {
    let _turn = system_tests::turn().await;
    let scratch = Scratch::new().unwrap();
    let system = System::start(SystemOptions::new(scratch.path().join("data"))).await.unwrap();
    assert_eq!(system.endpoints().dev_url, None);
    assert!(system.client().set_clock(START).await.is_err());
    assert!(system.set_clock(START).await.is_err());
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_speaks_for_itself_only_and_nobody_takes_back_what_was_said() {
    let _turn = system_tests::turn().await;
    let scratch = Scratch::new().unwrap();
    let system = scripted(&scratch).await;
    certify(&system, "zj-0001").await;
    let before = system.settle(SETTLE_MAX).await.unwrap();
    for user in ["police", "hazard"] {
        let login = system.logins().of(user).unwrap();
        let bus = ConnectOptions::with_user_and_password(login.user.clone(), login.password.clone())
            .custom_inbox_prefix(format!("_INBOX_{user}"))
            .request_timeout(Some(Duration::from_millis(500)))
            .connect(&system.endpoints().nats_url)
            .await
            .unwrap();
        let forged = bus.request("fenghuo.enforcement.certificate.Issued", "{}".into()).await;
        assert!(forged.is_err(), "{user} forges a fact of enforcement");
        let jetstream = jetstream::new(bus.clone());
        assert!(jetstream.delete_stream("fenghuo-enforcement").await.is_err(), "{user} deletes a stream");
        for order in ["PURGE", "UPDATE", "MSG.DELETE"] {
            let subject = format!("$JS.API.STREAM.{order}.fenghuo-enforcement");
            assert!(bus.request(subject, "{}".into()).await.is_err(), "{user} orders {order}");
        }
        // What others are told or answered is not for everybody's ears.
        for foreign in ["fenghuo.>", "_INBOX_enforcement.>"] {
            let mut heard = bus.subscribe(foreign).await.unwrap();
            bus.flush().await.unwrap();
            certify(&system, &format!("zj-{user}-{}", foreign.len())).await;
            let overheard =
                tokio::time::timeout(Duration::from_millis(500), futures::StreamExt::next(&mut heard));
            assert!(!matches!(overheard.await, Ok(Some(_))), "{user} overhears {foreign}");
        }
    }
    let after = system.settle(SETTLE_MAX).await.unwrap();
    assert_eq!(after["enforcement"], before["enforcement"] + 4, "only what was certified meanwhile");
    system.stop().await.unwrap();
}
