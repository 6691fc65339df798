//! A listing from the penalty to the end of its term, one whose penalty falls, and wrong requests.

use contracts::{credit::v1 as wire, enforcement::v1 as enforcement};
use decider::{Public, Role};
use law::Uscc;
use time::macros::datetime;
use tonic::Code;

use super::system::{Command, System, refusal};

const EMERGENCY: &str = "emergency.33";
const BRIGADE: &str = "fire.330723";

fn unit() -> String {
    Uscc::synthetic(330_723, 1).to_string()
}

fn penalty(level: &str) -> Public {
    Public::of(&enforcement::PenaltyDecided {
        penalty_id: "p-114".into(),
        unit: unit(),
        item: "safety-114".into(),
        authority: EMERGENCY.into(),
        fine_fen: 500_000_000,
        accident_level: level.into(),
        act: "wuyi-2023-0417".into(),
        ..Default::default()
    })
}

fn review() -> Command {
    let opinion = "lawful".into();
    Command::ReviewLegality(wire::ReviewLegality { listing_id: "p-114".into(), passed: true, opinion })
}

fn notice() -> Command {
    Command::ServePriorNotice(wire::ServePriorNotice {
        listing_id: "p-114".into(),
        document: "notice-1".into(),
        reasons: "a major accident".into(),
        measures: vec!["more inspections".into()],
    })
}

fn decide() -> Command {
    Command::DecideListing(wire::DecideListing {
        listing_id: "p-114".into(),
        list: true,
        document: "decision-1".into(),
        assessment: String::new(),
    })
}

fn publish() -> Command {
    let platforms = vec!["credit-china".into()];
    Command::PublishListing(wire::PublishListing { listing_id: "p-114".into(), platforms })
}

fn remove() -> Command {
    Command::RemoveEarly(wire::RemoveEarly {
        listing_id: "p-114".into(),
        document: "removal-1".into(),
        duties_performed: true,
        harm_removed: true,
        commitment: "commitment-1".into(),
    })
}

fn propose(listing_id: &str, instrument: &str) -> Command {
    Command::ProposeListing(wire::ProposeListing {
        listing_id: listing_id.into(),
        unit: unit(),
        ground: "concealed-accident".into(),
        legal_form: "ministry-rule".into(),
        instrument: instrument.into(),
        penalty_ids: vec!["p-114".into()],
        ..Default::default()
    })
}

/// The listing once it is in this state, which the service's own policies may have to bring about.
async fn listing(system: &System, state: &str) -> wire::Listing {
    system
        .until(async || {
            let message = wire::GetListingRequest { listing_id: "p-114".into(), min_position: 0 };
            let request = system.asking(BRIGADE, Role::Auditor, message);
            let answer = system.door.clone().get_listing(request).await.ok()?;
            answer.into_inner().listing.filter(|listing| listing.state == state)
        })
        .await
}

async fn check(system: &System, min_position: u64) -> wire::CheckUnitResponse {
    let request =
        system.asking(BRIGADE, Role::Auditor, wire::CheckUnitRequest { unit: unit(), min_position });
    system.door.clone().check_unit(request).await.unwrap().into_inner()
}

/// Listed and published; tells at which position.
async fn published(system: &System) -> u64 {
    system.hear("enforcement", EMERGENCY, "head-1", penalty("major")).await;
    listing(system, "proposed").await;
    system.does(EMERGENCY, Role::Legal, review()).await;
    system.does(EMERGENCY, Role::Officer, notice()).await;
    assert_eq!(refusal(system.give(EMERGENCY, Role::Head, decide()).await), "DefenceWindowOpen");
    system.clock.set(datetime!(2023-10-30 10:00 +8));
    system.does(EMERGENCY, Role::Head, decide()).await;
    system.does(EMERGENCY, Role::Officer, publish()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_major_accident_lists_its_unit_until_its_term_ends() {
    let system = System::start().await;
    let position = published(&system).await;
    let checked = check(&system, position).await;
    assert!(checked.listed);
    let listing_now = &checked.listings[0];
    assert_eq!(listing_now.case_id, "wuyi");
    assert_eq!(listing_now.until.as_ref().unwrap().last_day, "2026-10-30");
    assert_eq!(listing_now.removable_from.as_ref().unwrap().last_day, "2024-10-30");
    assert_eq!(refusal(system.give(EMERGENCY, Role::Head, remove()).await), "RemovalTooEarly");
    system.clock.set(datetime!(2024-10-31 10:00 +8));
    let position = system.does(EMERGENCY, Role::Head, remove()).await;
    assert!(!check(&system, position).await.listed);
    let cheated = Command::RevokeRemoval(wire::RevokeRemoval {
        listing_id: "p-114".into(),
        document: "revocation-1".into(),
        finding: "false evidence".into(),
    });
    system.does(EMERGENCY, Role::Head, cheated).await;
    listing(&system, "published").await;
    system.clock.set(datetime!(2026-10-31 10:00 +8));
    listing(&system, "term-ended").await;
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_whose_penalty_falls_has_no_effect_and_is_withdrawn() {
    let system = System::start().await;
    published(&system).await;
    let revoked = enforcement::PenaltyRevised {
        penalty_id: "p-114".into(),
        outcome: "revoked".into(),
        unit: unit(),
        ..Default::default()
    };
    system.hear("enforcement", EMERGENCY, "head-1", Public::of(&revoked)).await;
    listing(&system, "suspended").await;
    assert!(!check(&system, 0).await.listed);
    let withdraw = wire::WithdrawListing { listing_id: "p-114".into(), document: "withdrawal-1".into() };
    system.does(EMERGENCY, Role::Head, Command::WithdrawListing(withdraw)).await;
    listing(&system, "withdrawn").await;
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_are_found_by_unit_and_state() {
    let system = System::start().await;
    published(&system).await;
    let position = system.does(EMERGENCY, Role::Officer, propose("l-2", "order-11")).await;
    let ask = |unit: String, state: &str| {
        let message = wire::ListListingsRequest {
            min_position: position,
            unit,
            state: state.into(),
            page_size: 1,
            ..Default::default()
        };
        system.asking(BRIGADE, Role::Auditor, message)
    };
    let mut door = system.door.clone();
    let newest = door.list_listings(ask(unit(), "")).await.unwrap().into_inner();
    assert_eq!(newest.listings[0].listing_id, "l-2");
    assert!(!newest.next_page_token.is_empty());
    let published = door.list_listings(ask(unit(), "published")).await.unwrap().into_inner();
    assert_eq!(published.listings[0].listing_id, "p-114");
    let other = Uscc::synthetic(330_723, 2).to_string();
    assert!(door.list_listings(ask(other, "")).await.unwrap().into_inner().listings.is_empty());
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_list_is_refused_and_a_wrong_request_names_its_field() {
    let system = System::start().await;
    system.hear("enforcement", EMERGENCY, "head-1", penalty("")).await;
    system
        .until(async || {
            let answer = system.give(BRIGADE, Role::Officer, propose("l-1", "order-11")).await;
            Some(refusal(answer)).filter(|name| name == "FireBodyMayNotList")
        })
        .await;
    let elsewhere = system.give("emergency.3307", Role::Officer, propose("l-1", "order-11")).await;
    assert_eq!(refusal(elsewhere), "NotThePenalisingAuthority");
    let wrong = |change: fn(&mut wire::ProposeListing)| {
        let Command::ProposeListing(mut message) = propose("l-1", "order-11") else { unreachable!() };
        change(&mut message);
        Command::ProposeListing(message)
    };
    let wrongs = [
        ("propose_listing.listing_id", wrong(|m| m.listing_id = "A b".into())),
        ("propose_listing.unit", wrong(|m| m.unit = "1".into())),
        ("propose_listing.ground", wrong(|m| m.ground = "because".into())),
        ("propose_listing.penalty_ids", wrong(|m| m.penalty_ids = vec!["p-0".into()])),
    ];
    for (field, command) in wrongs {
        let status = system.give(EMERGENCY, Role::Officer, command).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{field}");
        assert!(status.message().starts_with(&format!("{field}:")), "{field}: {}", status.message());
    }
    system.stop().await;
}
