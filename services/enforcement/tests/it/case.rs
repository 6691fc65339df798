//! A town's case from delegation to withdrawal, a seal that only the brigade may order, and wrong requests.

use contracts::{enforcement::v1 as wire, hazard::v1 as hazard};
use decider::{Public, Role};
use law::Uscc;
use time::macros::datetime;
use tonic::Code;

use super::system::{Command, START, System};

const TOWN: &str = "town.330723103";
const BRIGADE: &str = "fire.330723";

fn unit() -> String {
    Uscc::synthetic(330_723, 1).to_string()
}

fn draft() -> Command {
    Command::DraftDelegation(wire::DraftDelegation {
        delegation_id: "d-1".into(),
        model: "entrusted".into(),
        delegator: BRIGADE.into(),
        delegate: TOWN.into(),
        items: vec!["fire-60-1".into()],
        area: "330723103".into(),
        basis_kind: "regulation".into(),
        basis: "zhejiang-fire-regulation".into(),
        from: "2023-01-01".into(),
        until: "2023-12-31".into(),
        certificates: vec!["t-1".into(), "t-2".into()],
    })
}

fn sign() -> Command {
    Command::SignDelegation(wire::SignDelegation { delegation_id: "d-1".into() })
}

fn publish_delegation() -> Command {
    Command::PublishDelegation(wire::PublishDelegation { delegation_id: "d-1".into() })
}

/// Certificates of both, and a delegation in force.
async fn delegated(system: &System) -> u64 {
    system.certify(TOWN, &["t-1", "t-2"]).await;
    system.certify(BRIGADE, &["f-1", "f-2"]).await;
    system.does(BRIGADE, Role::Head, draft()).await;
    for department in [BRIGADE, TOWN] {
        system.does(department, Role::Head, sign()).await;
    }
    system.does(BRIGADE, Role::Head, publish_delegation()).await;
    system.does(TOWN, Role::Head, publish_delegation()).await
}

fn file(penalty_id: &str, act: &str) -> wire::FileCase {
    wire::FileCase {
        penalty_id: penalty_id.into(),
        unit: unit(),
        premises: "plant".into(),
        area: "330723103".into(),
        act: act.into(),
        items: vec!["fire-60-1".into()],
        certificates: vec!["t-1".into(), "t-2".into()],
        delegation_id: "d-1".into(),
        ..Default::default()
    }
}

fn conclude(penalty_id: &str) -> Command {
    Command::ConcludeInvestigation(wire::ConcludeInvestigation {
        penalty_id: penalty_id.into(),
        facts: "drums".into(),
        fine_fen: 2_000_000,
        review: vec![],
        ..Default::default()
    })
}

fn notify(penalty_id: &str, hearing: Option<bool>) -> Command {
    Command::ServePriorNotice(wire::ServePriorNotice {
        penalty_id: penalty_id.into(),
        document: "n-1".into(),
        defence: "5 working days".into(),
        hearing,
    })
}

fn decide(penalty_id: &str) -> Command {
    Command::DecidePenalty(wire::DecidePenalty {
        penalty_id: penalty_id.into(),
        document: "x-1".into(),
        fine_fen: 2_000_000,
        panel: vec![],
        delegation_id: "d-1".into(),
    })
}

fn reinspected() -> Public {
    Public::of(&hazard::Reinspected {
        hazard_id: "h-1".into(),
        result: "not-corrected".into(),
        unit: unit(),
        premises: "plant".into(),
        document: "o-1".into(),
        expired: true,
        reporter_ref: "ref-1".into(),
        report_id: "r-1".into(),
        area: "330723103".into(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referred_case_goes_from_the_towns_filing_to_the_withdrawal_of_its_publication() {
    let system = System::start().await;
    let position = delegated(&system).await;
    let delegations = system.delegations(TOWN, position).await;
    assert_eq!(delegations[0].state, "in-force");
    assert_eq!(delegations[0].legal_basis, "regulation zhejiang-fire-regulation");

    system.hear(reinspected()).await;
    assert_eq!(system.penalty("h-1", "referred").await.act, "h-1");
    let referred = wire::FileCase {
        unit: String::new(),
        premises: String::new(),
        area: String::new(),
        ..file("h-1", "")
    };
    system.does(TOWN, Role::Officer, Command::FileCase(referred)).await;
    let claimed = system.penalty("h-1", "claimed").await;
    assert_eq!(claimed.authority, BRIGADE);
    assert_eq!(claimed.department, TOWN);
    assert_eq!(claimed.decide_by.unwrap().last_day, "2023-06-18");
    assert_eq!(claimed.act_on, "2023-03-20", "the day on which it was found uncorrected");
    assert_eq!(claimed.case_id, "wuyi");

    system.does(TOWN, Role::Officer, conclude("h-1")).await;
    system.does(TOWN, Role::Officer, notify("h-1", Some(true))).await;
    let early = system.give(TOWN, Role::Head, decide("h-1")).await.unwrap_err();
    assert_eq!(early.code(), Code::FailedPrecondition);
    assert!(early.message().starts_with("DefenceWindowOpen"), "{}", early.message());

    system.clock.set(datetime!(2023-04-03 10:00 +8));
    system.does(TOWN, Role::Head, decide("h-1")).await;
    let decided = system.penalty("h-1", "decided").await;
    assert_eq!(decided.pay_by.unwrap().last_day, "2023-04-18");
    assert_eq!(decided.defend_by.unwrap().last_day, "2023-03-27");

    let publish = Command::PublishPenalty(wire::PublishPenalty { penalty_id: "h-1".into() });
    system.does(BRIGADE, Role::Officer, publish).await;
    system.clock.set(datetime!(2023-04-27 10:00 +8));
    let revise = Command::RevisePenalty(wire::RevisePenalty {
        penalty_id: "h-1".into(),
        outcome: "reduced".into(),
        fine_fen: 1_000_000,
        document: "v-1".into(),
    });
    system.does(BRIGADE, Role::Head, revise).await;
    let revised = system.penalty("h-1", "reduced").await;
    assert_eq!((revised.publication.as_str(), revised.fine_fen), ("withdrawing", 1_000_000));
    assert_eq!(revised.withdraw_by.unwrap().last_day, "2023-05-05");
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_case_for_the_same_act_is_barred_and_pages_show_both() {
    let system = System::start().await;
    delegated(&system).await;
    for penalty in ["p-1", "p-2"] {
        system.does(TOWN, Role::Officer, Command::FileCase(file(penalty, "drums"))).await;
    }
    system.penalty("p-1", "claimed").await;
    system.penalty("p-2", "barred").await;
    let first = system
        .penalties(wire::ListPenaltiesRequest { page_size: 1, unit: unit(), ..Default::default() })
        .await;
    assert_eq!(first.penalties[0].penalty_id, "p-2");
    let second = system
        .penalties(wire::ListPenaltiesRequest {
            page_size: 1,
            page_token: first.next_page_token,
            ..Default::default()
        })
        .await;
    assert_eq!(second.penalties[0].penalty_id, "p-1");
    let barred =
        system.penalties(wire::ListPenaltiesRequest { state: "barred".into(), ..Default::default() }).await;
    assert_eq!(barred.penalties.len(), 1);
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_withdrawn_a_moment_ago_covers_nothing() {
    let system = System::start().await;
    delegated(&system).await;
    // An instant later: at the very instant of the end, nothing is covered any more either.
    system.clock.set(START + time::Duration::MINUTE);
    let suspend = Command::SuspendDelegation(wire::SuspendDelegation {
        delegation_id: "d-1".into(),
        cause: "staff left".into(),
    });
    system.does(BRIGADE, Role::Head, suspend).await;
    let refused =
        system.give(TOWN, Role::Officer, Command::FileCase(file("p-1", "drums"))).await.unwrap_err();
    assert!(refused.message().starts_with("DelegationNotInForce [行政处罚法20]"), "{}", refused.message());
    let withdraw = Command::WithdrawCertificate(wire::WithdrawCertificate {
        certificate: "f-2".into(),
        cause: "left".into(),
    });
    system.does(BRIGADE, Role::Head, withdraw).await;
    let own = wire::FileCase {
        certificates: vec!["f-1".into(), "f-2".into()],
        delegation_id: String::new(),
        ..file("p-1", "drums")
    };
    let refused = system.give(BRIGADE, Role::Officer, Command::FileCase(own)).await.unwrap_err();
    assert!(refused.message().starts_with("CertificateInvalid"), "{}", refused.message());
    system.stop().await;
}

fn seal(certificates: [&str; 2]) -> Command {
    Command::OrderSeal(wire::OrderSeal {
        seal_id: "s-1".into(),
        unit: unit(),
        premises: "plant".into(),
        area: "330723103".into(),
        document: "f-1".into(),
        evidence: vec!["photo-1".into()],
        certificates: certificates.map(String::from).to_vec(),
        panel: vec!["office-a".into(), "office-b".into()],
        inspected_at: None,
        period: "30 days".into(),
        emergency: false,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_brigade_seals_and_the_town_never_does() {
    let system = System::start().await;
    delegated(&system).await;
    let refused = system.give(TOWN, Role::Officer, seal(["t-1", "t-2"])).await.unwrap_err();
    assert!(
        refused.message().starts_with("CoerciveMeasureNotDelegable [行政强制法17]"),
        "{}",
        refused.message()
    );
    assert_eq!(system.seal("s-1", 0).await.unwrap_err().code(), Code::NotFound);
    let position = system.does(BRIGADE, Role::Officer, seal(["f-1", "f-2"])).await;
    let sealed = system.seal("s-1", position).await.unwrap();
    assert_eq!(sealed.state, "sealed");
    assert_eq!(sealed.until.unwrap().last_day, "2023-04-19");
    let breaking = Command::RecordSealBreaking(wire::RecordSealBreaking {
        seal_id: "s-1".into(),
        finding: "torn".into(),
    });
    let position = system.does(BRIGADE, Role::Officer, breaking).await;
    assert_eq!(system.seal("s-1", position).await.unwrap().state, "broken");
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_names_its_field() {
    let system = System::start().await;
    delegated(&system).await;
    let wrong = [
        (
            "file_case.certificates",
            Command::FileCase(wire::FileCase {
                certificates: vec!["t-1".into(), "nobody".into()],
                ..file("p-1", "drums")
            }),
        ),
        (
            "file_case.delegation_id",
            Command::FileCase(wire::FileCase { delegation_id: "d-2".into(), ..file("p-1", "drums") }),
        ),
        ("file_case.unit", Command::FileCase(wire::FileCase { unit: "x".into(), ..file("p-1", "drums") })),
        ("file_case.act", Command::FileCase(file("p-1", ""))),
        (
            "file_case.act_on",
            Command::FileCase(wire::FileCase { act_on: "20 March".into(), ..file("p-1", "drums") }),
        ),
        ("file_case.penalty_id", Command::FileCase(file("A b", "drums"))),
        ("serve_prior_notice.hearing", notify("p-1", None)),
    ];
    for (field, command) in wrong {
        let status = system.give(TOWN, Role::Officer, command).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{field}");
        assert!(status.message().starts_with(&format!("{field}:")), "{field}: {}", status.message());
    }
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_is_the_same_when_it_is_built_anew() {
    let system = System::start().await;
    delegated(&system).await;
    system.does(TOWN, Role::Officer, Command::FileCase(file("p-1", "drums"))).await;
    system.penalty("p-1", "claimed").await;
    system.does(BRIGADE, Role::Officer, seal(["f-1", "f-2"])).await;
    for view in ["penalties", "register", "seals"] {
        system.shown(view).await;
        let rebuilt = system.running.node.views().rebuild(view, |_| {}).await.unwrap();
        assert_eq!(rebuilt.is_equal(), Some(true), "{view}");
    }
    system.stop().await;
}
