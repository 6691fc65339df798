//! Reading is recorded: on a running system with a played case, in the logs of all six services.

use std::{path::Path, time::Instant};

use chassis::reading::PURPOSE;
use contracts::{
    clock::v1::{ListClocksRequest, clock_service_client::ClockServiceClient},
    credit::v1::{CheckUnitRequest, GetListingRequest, credit_service_client::CreditServiceClient},
    enforcement::v1::{
        GetPenaltyRequest, GetSealRequest, enforcement_service_client::EnforcementServiceClient,
    },
    hazard::v1::{GetHazardRequest, hazard_service_client::HazardServiceClient},
    investigation::v1::{
        GetDeterminationRequest, GetFireRequest, GetInquiryRequest, GetTransferRequest,
        investigation_service_client::InvestigationServiceClient,
    },
    reward::v1::{GetClaimRequest, reward_service_client::RewardServiceClient},
    timeline::v1::{GetTimelineRequest, timeline_service_client::TimelineServiceClient},
};
use fenghuo::endpoints::Endpoints;
use serde_json::Value;
use servers::Scratch;
use sqlx::{Connection, PgConnection};
use tonic::{Code, Request, Status, metadata::MetadataValue, transport::Channel};
use tonic_types::StatusExt;

use crate::{
    dev::Dev,
    program::{err, out, run},
};

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/wuyi-2023-0417.yaml");
const CASE: &str = "wuyi-2023-0417";

/// A running system with a played case, and somebody who reads.
struct Office {
    _dev: Dev,
    scratch: Scratch,
    endpoints: Endpoints,
    token: String,
}

impl Office {
    fn open() -> Self {
        let scratch = Scratch::new().unwrap();
        let data = scratch.path().join("data");
        let dev = Dev::start(&data);
        let folder = data.to_str().unwrap();
        let played = run(&["play", SCENARIO, "--data", folder]);
        assert!(played.status.success(), "{}", err(&played));
        let token =
            ["token", "--department", "fire.33", "--role", "officer", "--id", "reader-1", "--data", folder];
        let endpoints = Endpoints::load(&Endpoints::file(&data)).unwrap();
        Self { _dev: dev, endpoints, token: out(&run(&token)).trim().to_owned(), scratch }
    }

    fn data(&self) -> String {
        self.scratch.path().join("data").to_str().unwrap().to_owned()
    }

    async fn channel(&self, service: &str) -> Channel {
        Channel::from_shared(self.endpoints.services[service].clone()).unwrap().connect().await.unwrap()
    }

    fn ask<M>(&self, message: M, purpose: Option<&str>) -> Request<M> {
        let mut request = Request::new(message);
        let bearer = format!("Bearer {}", self.token);
        request.metadata_mut().insert("authorization", bearer.parse().unwrap());
        if let Some(purpose) = purpose {
            request.metadata_mut().insert_bin(PURPOSE, MetadataValue::from_bytes(purpose.as_bytes()));
        }
        request
    }

    async fn hazard(&self, purpose: Option<&str>) -> Result<(), Status> {
        let get = GetHazardRequest { hazard_id: "wuyi-h1".to_owned(), min_position: 0 };
        let mut door = HazardServiceClient::new(self.channel("hazard").await);
        door.get_hazard(self.ask(get, purpose)).await.map(drop)
    }

    /// What `audit readings` tells of the reader.
    fn readings(&self) -> Vec<Value> {
        let told = run(&["audit", "readings", CASE, "--by", "reader-1", "--json", "--data", &self.data()]);
        assert!(told.status.success(), "{}", err(&told));
        out(&told).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn database(&self) -> PgConnection {
        let file = Path::new(&self.data()).join("keys/database-url");
        PgConnection::connect(std::fs::read_to_string(file).unwrap().trim()).await.unwrap()
    }
}

fn told<'a>(readings: &'a [Value], field: &str) -> Vec<&'a str> {
    readings.iter().map(|reading| reading[field].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_a_case_stands_in_the_log_once_for_each_purpose() {
    let office = Office::open();
    assert_eq!(office.readings(), Vec::<Value>::new());

    let nobody = HazardServiceClient::new(office.channel("hazard").await)
        .get_hazard(GetHazardRequest { hazard_id: "wuyi-h1".to_owned(), min_position: 0 })
        .await;
    assert_eq!(nobody.unwrap_err().code(), Code::Unauthenticated);
    let aimless = office.hazard(None).await.unwrap_err();
    assert_eq!(aimless.code(), Code::InvalidArgument);
    let violations = aimless.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, PURPOSE);
    assert_eq!(office.readings(), Vec::<Value>::new(), "nothing was shown");

    office.hazard(Some("案件办理")).await.unwrap();
    office.hazard(Some("案件办理")).await.unwrap();
    assert_eq!(told(&office.readings(), "purpose"), ["案件办理"], "within ten minutes it is one record");
    office.hazard(Some("统计")).await.unwrap();
    let readings = office.readings();
    assert_eq!(told(&readings, "purpose"), ["案件办理", "统计"]);
    assert_eq!(told(&readings, "dossier"), ["hazard:wuyi-h1", "hazard:wuyi-h1"]);
    assert_eq!(told(&readings, "query"), ["GetHazard", "GetHazard"]);
    assert_eq!(told(&readings, "department"), ["fire.33", "fire.33"]);
    assert!(
        readings[0]["shown"].as_u64() > Some(0)
            && readings[0]["shown"].as_u64() < readings[0]["position"].as_u64()
    );

    let unknown = GetHazardRequest { hazard_id: "wuyi-h9".to_owned(), min_position: 0 };
    let mut door = HazardServiceClient::new(office.channel("hazard").await);
    let status = door.get_hazard(office.ask(unknown, Some("统计"))).await.unwrap_err();
    assert_eq!((status.code(), office.readings().len()), (Code::NotFound, 2), "there was nothing to show");

    // The log with readings in it is sealed and in order like any other.
    let begun = Instant::now();
    loop {
        let verified =
            run(&["--lang", "en", "audit", "verify", "--service", "hazard", "--data", &office.data()]);
        assert!(verified.status.success(), "{}{}", out(&verified), err(&verified));
        if out(&verified).contains("; 0 more") {
            break;
        }
        assert!(begun.elapsed().as_secs() < 30, "{}", out(&verified));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_records_who_opens_what() {
    let office = Office::open();
    let why = Some("监督检查");
    let (id, min_position) = (str::to_owned, 0);
    office.hazard(why).await.unwrap();
    let mut door = EnforcementServiceClient::new(office.channel("enforcement").await);
    let get = GetPenaltyRequest { penalty_id: id("wuyi-h1"), min_position };
    door.get_penalty(office.ask(get, why)).await.unwrap();
    door.get_seal(office.ask(GetSealRequest { seal_id: id("wuyi-s1"), min_position }, why)).await.unwrap();
    let mut door = InvestigationServiceClient::new(office.channel("investigation").await);
    door.get_fire(office.ask(GetFireRequest { fire_id: id("wuyi-f1"), min_position }, why)).await.unwrap();
    let get = GetDeterminationRequest { fire_id: id("wuyi-f1"), min_position };
    door.get_determination(office.ask(get, why)).await.unwrap();
    door.get_inquiry(office.ask(GetInquiryRequest { inquiry_id: id("wuyi-i1"), min_position }, why))
        .await
        .unwrap();
    door.get_transfer(office.ask(GetTransferRequest { transfer_id: id(CASE), min_position }, why))
        .await
        .unwrap();
    let mut door = CreditServiceClient::new(office.channel("credit").await);
    door.get_listing(office.ask(GetListingRequest { listing_id: id("wuyi-p2"), min_position }, why))
        .await
        .unwrap();
    let get = CheckUnitRequest { unit: id("Y1330723000000017K"), min_position };
    door.check_unit(office.ask(get, why)).await.unwrap();
    let mut door = RewardServiceClient::new(office.channel("reward").await);
    door.get_claim(office.ask(GetClaimRequest { claim_id: id("wuyi-r1"), min_position }, why)).await.unwrap();
    let mut door = ClockServiceClient::new(office.channel("reward").await);
    let get = ListClocksRequest { case_id: id(CASE), min_position, ..Default::default() };
    door.list_clocks(office.ask(get, why)).await.unwrap();
    let mut door = TimelineServiceClient::new(office.channel("timeline").await);
    let get = GetTimelineRequest { case_id: id(CASE), ..GetTimelineRequest::default() };
    door.get_timeline(office.ask(get, why)).await.unwrap();

    let readings = office.readings();
    let places: Vec<_> = told(&readings, "service").into_iter().zip(told(&readings, "query")).collect();
    let expected = [
        ("hazard", "GetHazard"),
        ("enforcement", "GetPenalty"),
        ("enforcement", "GetSeal"),
        ("investigation", "GetFire"),
        ("investigation", "GetDetermination"),
        ("investigation", "GetInquiry"),
        ("investigation", "GetTransfer"),
        ("credit", "GetListing"),
        ("reward", "GetClaim"),
        ("reward", "ListClocks"),
        ("timeline", "GetTimeline"),
    ];
    assert_eq!(places.len(), expected.len(), "{places:?}");
    assert!(expected.iter().all(|place| places.contains(place)), "{places:?}");
    assert!(told(&readings, "purpose").iter().all(|purpose| *purpose == "监督检查"));

    let mut db = office.database().await;
    let of_a_unit = "select count(*) from credit.events e join credit.streams s using (stream_id)
        where s.name = 'reading:unit.Y1330723000000017K'";
    let count: i64 = sqlx::query_scalar(of_a_unit).fetch_one(&mut db).await.unwrap();
    assert_eq!(count, 1, "a unit that is asked about is recorded, and is no case");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_shown() {
    let office = Office::open();
    office.hazard(Some("案件办理")).await.unwrap();
    let mut db = office.database().await;
    // The log can be read, and takes no reading any more.
    sqlx::query(
        "alter table hazard.events add constraint none check (kind <> 'Opened' or position < 0) not valid",
    )
    .execute(&mut db)
    .await
    .unwrap();
    let refused = office.hazard(Some("另一目的")).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    assert_eq!(told(&office.readings(), "purpose"), ["案件办理"]);
    sqlx::query("alter table hazard.events drop constraint none").execute(&mut db).await.unwrap();
    office.hazard(Some("另一目的")).await.unwrap();
    assert_eq!(
        told(&office.readings(), "purpose"),
        ["案件办理", "另一目的"],
        "a refused reading is not remembered"
    );
}

#[test]
fn the_command_line_states_its_purpose_and_is_recorded_too() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data");
    let _dev = Dev::start(&data);
    let data = data.to_str().unwrap();
    let played = run(&["play", SCENARIO, "--data", data]);
    assert!(played.status.success(), "{}", err(&played));
    for arguments in
        [&["timeline", CASE][..], &["timeline", CASE], &["timeline", CASE, "--purpose", "审计抽查"]]
    {
        let shown = run(&[arguments, &["--data", data]].concat());
        assert!(shown.status.success(), "{}", err(&shown));
    }
    let readings = run(&["--lang", "en", "audit", "readings", CASE, "--data", data]);
    let readings = out(&readings);
    assert!(readings.ends_with(&format!("{CASE}: 2 readings\n")), "{readings}");
    assert!(readings.contains("案件办理 / case handling") && readings.contains("审计抽查"), "{readings}");
    let mut actors = readings.lines().filter_map(|line| line.split("  ").nth(1)?.split('@').next());
    let by = actors.next().unwrap();
    let whole = out(&run(&["--lang", "en", "audit", "readings", "--by", by, "--data", data]));
    assert!(readings.lines().take(2).all(|reading| whole.contains(reading)), "{whole}");
    let nobody = out(&run(&["--lang", "en", "audit", "readings", "--by", "nobody", "--data", data]));
    assert_eq!(nobody, "nobody: 0 readings\n");
}

/// More than the pool has connections: who waits for the record, or for another connection, must not hold one.
const AT_ONCE: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn many_open_a_case_at_once_and_all_are_answered_and_recorded() {
    let office = Office::open();
    let purposes: Vec<String> = (0..AT_ONCE).map(|n| format!("purpose {n}")).collect();
    let opened = futures::future::join_all(purposes.iter().map(|purpose| office.hazard(Some(purpose)))).await;
    assert!(opened.iter().all(Result::is_ok), "{opened:?}");
    assert_eq!(office.readings().len(), AT_ONCE);
}
