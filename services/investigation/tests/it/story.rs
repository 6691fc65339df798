//! The fire at Wuyi through the service's policies: its due dates, and who is told what.

use contracts::{enforcement::v1 as enforcement, hazard::v1 as hazard, outside::v1 as outside};
use decider::{Context, DepartmentKind, Id, Order, OrderError, Role, authority::Certificate};
use investigation::{
    crime::{self, Article, Crime},
    determination::{self, Determination},
    fire::{self, Fire, Rung, Totals},
    inquiry::{self, Inquiry},
};
use law::{AreaCode, Uscc};
use time::{OffsetDateTime, macros::datetime};

use super::desk::{CASE, Desk, before_the_fire, person};

pub(crate) const FIRE: &str = "wuyi-f1";
pub(crate) const INQUIRY: &str = "wuyi-i1";

fn fire_body(area: &str, at: OffsetDateTime) -> Context {
    person(DepartmentKind::Fire, area, &[Role::Officer, Role::Head], at)
}

fn emergency(area: &str, at: OffsetDateTime) -> Context {
    person(DepartmentKind::Emergency, area, &[Role::Officer], at)
}

fn certificate(number: &str) -> Certificate {
    Certificate {
        number: Id::parse(number).unwrap(),
        department: "fire.33".parse().unwrap(),
        from: datetime!(2022-01-01 0:00 +8),
        until: datetime!(2032-01-01 0:00 +8),
    }
}

fn on_fire(desk: &mut Desk, command: fire::Command, cx: &Context) {
    desk.execute(Order::of::<Fire>(FIRE, command), cx).unwrap();
}

fn on_determination(desk: &mut Desk, command: determination::Command, cx: &Context) {
    desk.execute(Order::of::<Determination>(FIRE, command), cx).unwrap();
}

fn on_inquiry(desk: &mut Desk, command: inquiry::Command, cx: &Context) {
    desk.execute(Order::of::<Inquiry>(INQUIRY, command), cx).unwrap();
}

fn on_crime(desk: &mut Desk, command: crime::Command, cx: &Context) {
    desk.execute(Order::of::<Crime>(CASE, command), cx).unwrap();
}

fn refusal(outcome: Result<(), OrderError>) -> String {
    match outcome {
        Err(OrderError::Refused(refused)) => refused.name,
        other => panic!("{other:?}"),
    }
}

fn deaths(deaths: u32) -> fire::Command {
    fire::Command::UpdateCasualties(Totals { deaths, ..Totals::default() })
}

/// From the tip's hazard to eleven dead: alarm, reports upward, levels.
fn burning() -> Desk {
    let mut desk = Desk::default();
    before_the_fire(&mut desk, datetime!(2023-03-20 10:00 +8));
    let alarm = fire::Command::RaiseAlarm {
        premises: "厂房".into(),
        area: AreaCode::parse("330723103").unwrap(),
        unit: Uscc::synthetic(330_723, 1),
        ignited_at: datetime!(2023-04-17 14:01:47 +8),
        unit_knew_at: None,
    };
    on_fire(&mut desk, alarm, &fire_body("330723", datetime!(2023-04-17 14:04 +8)));
    let unit = fire::Command::Report { from: Rung::Unit, to: Rung::County };
    on_fire(&mut desk, unit, &emergency("330723", datetime!(2023-04-17 14:40 +8)));
    on_fire(&mut desk, deaths(1), &fire_body("330723", datetime!(2023-04-17 15:00 +8)));
    on_fire(&mut desk, deaths(3), &fire_body("330723", datetime!(2023-04-17 16:30 +8)));
    let received = outside::AccidentReportReceived {
        fire_id: FIRE.into(),
        from: "county".into(),
        received_at: Some(chassis::timestamp(datetime!(2023-04-17 16:40 +8))),
    };
    desk.hear("emergency", "emergency.3307", &received, datetime!(2023-04-17 16:45 +8));
    on_fire(&mut desk, deaths(11), &fire_body("330723", datetime!(2023-04-18 4:00 +8)));
    desk
}

/// The whole of R10 to R17.
pub(crate) fn told() -> Desk {
    let mut desk = burning();
    inquired(&mut desk);
    transferred(&mut desk);
    determined(&mut desk);
    desk
}

fn inquired(desk: &mut Desk) {
    let formed = |government: &str| outside::InquiryFormed {
        inquiry_id: INQUIRY.into(),
        fire_id: FIRE.into(),
        government: government.into(),
        leader: "副省长".into(),
        members: vec!["emergency.33".into()],
        by_state: false,
    };
    let at = datetime!(2023-04-18 8:00 +8);
    let city = desk.hear("government", "government.3307", &formed("government.3307"), at);
    assert_eq!(city, ["GovernmentBelowTier"]);
    assert_eq!(desk.hear("government", "government.33", &formed("government.33"), at), Vec::<String>::new());
    let extension = |days| outside::InquiryExtensionApproved { inquiry_id: INQUIRY.into(), days };
    let at = datetime!(2023-06-10 9:00 +8);
    assert_eq!(desk.hear("government", "government.33", &extension(61), at), ["ExtensionTooLong"]);
    desk.hear("government", "government.33", &extension(60), at);
    let report = inquiry::Command::SubmitReport { document: "调查报告".into() };
    on_inquiry(desk, report, &emergency("33", datetime!(2023-07-20 9:00 +8)));
    let reply = outside::InquiryReportApproved {
        inquiry_id: INQUIRY.into(),
        level: "major".into(),
        responsible_units: vec![Uscc::synthetic(330_723, 1).to_string()],
    };
    desk.hear("government", "government.33", &reply, datetime!(2023-07-28 9:00 +8));
    on_inquiry(desk, inquiry::Command::Publish, &emergency("33", datetime!(2023-07-30 9:00 +8)));
}

fn transferred(desk: &mut Desk) {
    let at = datetime!(2023-04-18 9:00 +8);
    let team = crime::Command::AppointTeam { officers: vec![certificate("c-1"), certificate("c-2")] };
    on_crime(desk, team, &fire_body("33", at));
    let report = crime::Command::Report { article: Article::FireLiability, document: "移送报告".into() };
    on_crime(desk, report, &fire_body("33", at));
    on_crime(desk, crime::Command::Approve, &fire_body("33", datetime!(2023-04-18 16:00 +8)));
    let send = crime::Command::Send { to: "police.33".parse().unwrap(), document: "移字1".into() };
    on_crime(desk, send, &fire_body("33", datetime!(2023-04-18 17:00 +8)));
    let received = outside::TransferReceived { transfer_id: CASE.into(), receipt: "回执".into() };
    desk.hear("police", "police.33", &received, datetime!(2023-04-18 18:00 +8));
    let decided = outside::TransferDecided { transfer_id: CASE.into(), filed: true, reason: String::new() };
    desk.hear("police", "police.33", &decided, datetime!(2023-04-18 21:00 +8));
    on_crime(desk, crime::Command::HandOver, &fire_body("33", datetime!(2023-04-20 10:00 +8)));
}

fn determined(desk: &mut Desk) {
    use determination::Command;
    let extend = Command::Extend { document: Some("批复".into()) };
    on_determination(desk, extend, &fire_body("33", datetime!(2023-05-10 9:00 +8)));
    let cause = "违规电焊引燃调制漆".to_owned();
    let party = Id::parse("party-1").unwrap();
    let hear = Command::HearParties {
        cause: cause.clone(),
        present: vec![party.clone()],
        absent: vec![],
        disputed: true,
    };
    on_determination(desk, hear, &fire_body("33", datetime!(2023-06-12 9:00 +8)));
    let officers = vec![certificate("c-1"), certificate("c-2")];
    let issue = Command::Issue { document: "认字1".into(), cause, officers, simple: false };
    on_determination(desk, issue, &fire_body("33", datetime!(2023-06-15 9:00 +8)));
    let serve = Command::Serve { by_public_notice: false };
    on_determination(desk, serve, &fire_body("33", datetime!(2023-06-16 9:00 +8)));
    on_determination(desk, Command::RequestReview { party }, &fire_body("33", datetime!(2023-06-28 9:00 +8)));
}

fn day(desk: &Desk, message: &str, due: &str) -> String {
    desk.last(message).body[due]["lastDay"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_statutory_dates_of_wuyi_come_out() {
    let mut desk = burning();
    assert_eq!(day(&desk, "AlarmRaised", "determineBy"), "2023-05-17");
    assert_eq!(day(&desk, "AlarmRaised", "recomputeUntil"), "2023-04-24");
    let unit = desk.public.iter().find(|public| public.kind.ends_with(".ReportDue")).unwrap();
    assert_eq!(unit.body["due"]["at"], "2023-04-17T07:04:00+00:00");
    inquired(&mut desk);
    assert_eq!(day(&desk, "InquiryOpened", "reportBy"), "2023-06-16");
    assert_eq!(day(&desk, "InquiryExtended", "reportBy"), "2023-08-15");
    assert_eq!(day(&desk, "InquiryReported", "replyBy"), "2023-08-04");
    assert_eq!(day(&desk, "InquiryReplied", "evaluateBy"), "2024-07-28");
    determined(&mut desk);
    assert_eq!(day(&desk, "DeterminationExtended", "determineBy"), "2023-06-16");
    assert_eq!(desk.last("DeterminationExtended").body["approvedBy"], "national");
    assert_eq!(day(&desk, "DeterminationServed", "reviewBy"), "2023-07-03");
}

#[test]
fn levels_and_both_jurisdictions_move_as_the_deaths_rise() {
    let desk = burning();
    let field = |message: &str, field: &str| {
        let found = desk.public.iter().filter(|public| public.kind.ends_with(message));
        found.map(|public| public.body[field].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(field(".LevelDetermined", "level"), ["general", "larger", "major"]);
    assert_eq!(field(".JurisdictionMoved", "track"), ["cause", "government", "cause", "government"]);
    assert_eq!(field(".JurisdictionMoved", "to"), ["city", "city", "province", "province"]);
    assert_eq!(field(".Reported", "from"), ["unit", "county"]);
}

#[test]
fn the_determination_moves_with_the_fire_and_the_county_acts_no_more() {
    let mut desk = burning();
    let commission = determination::Command::CommissionAppraisal { appraisal: Id::parse("metal").unwrap() };
    let order = || Order::of::<Determination>(FIRE, commission.clone());
    let now = datetime!(2023-04-19 9:00 +8);
    assert_eq!(refusal(desk.execute(order(), &fire_body("330723", now))), "NotTheBody");
    desk.execute(order(), &fire_body("33", now)).unwrap();
}

#[test]
fn the_four_facts_of_a_hazard_come_from_other_services_and_a_seal_is_one_more() {
    let mut desk = Desk::default();
    before_the_fire(&mut desk, datetime!(2023-03-20 10:00 +8));
    assert_eq!(desk.told(), ["CrimeIndicated"]);
    assert_eq!(desk.last("CrimeIndicated").body["article"], "134a");
    let broken = enforcement::SealBroken { seal_id: "wuyi-s1".into(), unit: String::new() };
    desk.hear("enforcement", "fire.330723", &broken, datetime!(2023-03-21 9:00 +8));
    assert!(desk.log.last().is_some_and(|recorded| recorded.kind == "FactNoted"));
}

#[test]
fn an_order_that_still_runs_is_not_refused() {
    let mut desk = Desk::default();
    let found = hazard::Reinspected {
        hazard_id: "wuyi-h1".into(),
        result: "not-corrected".into(),
        expired: false,
        ..Default::default()
    };
    desk.hear("hazard", "town.330723103", &found, datetime!(2023-03-02 10:00 +8));
    assert_eq!(desk.log, []);
}

#[test]
fn the_dead_are_the_grave_result_beside_a_refused_order() {
    let desk = burning();
    let articles: Vec<_> = desk
        .public
        .iter()
        .filter(|public| public.kind.ends_with(".CrimeIndicated"))
        .map(|public| public.body["article"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(articles, ["134a", "139", "115"]);
}

#[test]
fn a_transfer_is_addressed_to_the_police() {
    let desk = told();
    let sent = desk.last("CriminalTransferSent");
    assert_eq!(sent.to, ["police.33".parse().unwrap()]);
    assert_eq!(desk.last("CriminalTransferAnswered").body["outcome"], "filed");
}

#[test]
fn a_fire_of_a_great_loss_is_not_determined_in_the_simple_procedure() {
    let mut desk = Desk::default();
    before_the_fire(&mut desk, datetime!(2023-03-20 10:00 +8));
    let at = datetime!(2023-04-17 14:04 +8);
    let alarm = fire::Command::RaiseAlarm {
        premises: "厂房".into(),
        area: AreaCode::parse("330723103").unwrap(),
        unit: Uscc::synthetic(330_723, 1),
        ignited_at: at,
        unit_knew_at: None,
    };
    let brigade = fire_body("330723", at);
    on_fire(&mut desk, alarm, &brigade);
    let loss = Totals { direct_loss_fen: 3_000_000_000, ..Totals::default() };
    on_fire(&mut desk, fire::Command::UpdateCasualties(loss), &brigade);
    assert_eq!(desk.last("LevelDetermined").body["level"], "larger");
    let cause = "电焊".to_owned();
    let hear = determination::Command::HearParties {
        cause: cause.clone(),
        present: vec![],
        absent: vec![],
        disputed: false,
    };
    on_determination(&mut desk, hear, &brigade);
    let officers = vec![Certificate { department: "fire.330723".parse().unwrap(), ..certificate("c-3") }];
    let issue = determination::Command::Issue { document: "认字1".into(), cause, officers, simple: true };
    assert_eq!(refusal(desk.execute(Order::of::<Determination>(FIRE, issue), &brigade)), "NotSlight");
}

#[test]
fn a_fact_that_came_twice_changes_nothing() {
    let mut desk = burning();
    let before = desk.log.len();
    let received = outside::AccidentReportReceived {
        fire_id: FIRE.into(),
        from: "county".into(),
        received_at: Some(chassis::timestamp(datetime!(2023-04-17 16:40 +8))),
    };
    desk.hear("emergency", "emergency.3307", &received, datetime!(2023-04-18 5:00 +8));
    assert_eq!(desk.log.len(), before);
}

#[test]
fn a_reply_of_another_government_is_refused() {
    let mut desk = burning();
    inquired(&mut desk);
    let reply = outside::InquiryReportApproved {
        inquiry_id: INQUIRY.into(),
        level: "major".into(),
        ..Default::default()
    };
    let at = datetime!(2023-07-29 9:00 +8);
    assert_eq!(desk.hear("government", "government.3307", &reply, at), ["NotTheGovernment"]);
}

#[test]
fn a_group_that_another_province_tells_of_is_refused() {
    let mut desk = burning();
    let formed = outside::InquiryFormed {
        inquiry_id: INQUIRY.into(),
        fire_id: FIRE.into(),
        government: "government.33".into(),
        by_state: true,
        ..Default::default()
    };
    let at = datetime!(2023-04-18 8:00 +8);
    assert_eq!(desk.hear("government", "government.440106", &formed, at), ["NotToldByTheGovernment"]);
}
