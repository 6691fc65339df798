//! A reward from the report to the payment, one that the budget lets wait, one that nobody claims, and wrong requests.

use contracts::{
    enforcement::v1 as enforcement, hazard::v1 as hazard, outside::v1 as outside, reward::v1 as wire,
};
use decider::{Id, Public, Role};
use reward::claim::{Code, CodeHash};
use time::macros::datetime;
use tonic::Code as GrpcCode;

use super::system::{Command, System, refusal};

const BRIGADE: &str = "fire.330723";
const CODE: &str = "correct-horse-battery-staple";

fn received(report_id: &str) -> Public {
    Public::of(&hazard::ReportReceived {
        report_id: report_id.into(),
        reporter_ref: format!("ref-{report_id}"),
        channel: "hotline-12350".into(),
        real_name: true,
        insider: true,
        premises: "青云路 68 号".into(),
        area: "330723103".into(),
        category: "flammable-storage".into(),
        ..Default::default()
    })
}

fn verified(report_id: &str) -> Public {
    Public::of(&hazard::ReportVerified {
        report_id: report_id.into(),
        confirmed: true,
        verified_by: "inspector".into(),
    })
}

fn fined(report_id: &str, fine_fen: i64) -> Public {
    Public::of(&enforcement::PenaltyDecided {
        penalty_id: format!("p-{report_id}"),
        report_id: report_id.into(),
        fine_fen,
        ..Default::default()
    })
}

fn appropriate(amount_fen: i64) -> Command {
    Command::AppropriateBudget(wire::AppropriateBudget {
        area: "330723".into(),
        fiscal_year: 2023,
        amount_fen,
        document: "budget-2023".into(),
    })
}

fn approve(claim_id: &str) -> Command {
    Command::ApproveClaim(wire::ApproveClaim { claim_id: claim_id.into() })
}

fn issue(claim_id: &str) -> Command {
    let hash = CodeHash::of(&Id::parse(claim_id).unwrap(), &Code(CODE.into())).unwrap();
    Command::IssueCode(wire::IssueCode { claim_id: claim_id.into(), code_hash: hash.into() })
}

fn prove(claim_id: &str, code: &str) -> Command {
    Command::ProveClaim(wire::ProveClaim { claim_id: claim_id.into(), code: code.into() })
}

fn instruct(claim_id: &str) -> Command {
    Command::InstructPayment(wire::InstructPayment { claim_id: claim_id.into() })
}

/// The claim once it is as wanted, which the service's own policies may have to bring about.
async fn claim(system: &System, claim_id: &str, wanted: impl Fn(&wire::Claim) -> bool) -> wire::Claim {
    system
        .until(async || {
            let message = wire::GetClaimRequest { claim_id: claim_id.into(), min_position: 0 };
            let request = system.asking(BRIGADE, Role::Auditor, message);
            let answer = system.door.clone().get_claim(request).await.ok()?;
            answer.into_inner().claim.filter(&wanted)
        })
        .await
}

async fn budget(system: &System, wanted: impl Fn(&wire::Budget) -> bool) -> wire::Budget {
    system
        .until(async || {
            let message = wire::GetBudgetRequest { budget_id: "330723-2023".into(), min_position: 0 };
            let request = system.asking(BRIGADE, Role::Auditor, message);
            let answer = system.door.clone().get_budget(request).await.ok()?;
            answer.into_inner().budget.filter(&wanted)
        })
        .await
}

/// Received, verified and followed by a fine.
async fn reported(system: &System, report_id: &str, fine_fen: i64) {
    system.hear("hazard", "hotline.330723", "clerk", received(report_id)).await;
    system.hear("hazard", "town.330723103", "inspector", verified(report_id)).await;
    system.hear("enforcement", BRIGADE, "enforcement", fined(report_id, fine_fen)).await;
}

/// Approved twice, so that the reporter may claim.
async fn approved(system: &System, report_id: &str) {
    claim(system, report_id, |claim| claim.funds == "reserved").await;
    system.does(BRIGADE, Role::Clerk, issue(report_id)).await;
    system.does(BRIGADE, Role::Finance, approve(report_id)).await;
    assert_eq!(refusal(system.give(BRIGADE, Role::Finance, approve(report_id)).await), "SameApprover");
    system.does(BRIGADE, Role::Head, approve(report_id)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reporter_is_paid_a_share_of_the_fine_from_the_budget() {
    let system = System::start().await;
    system.does(BRIGADE, Role::Finance, appropriate(10_000_000)).await;
    reported(&system, "r-1", 5_000_000).await;
    approved(&system, "r-1").await;
    let notified = claim(&system, "r-1", |claim| claim.state == "notified").await;
    assert_eq!((notified.amount_fen, notified.case_id.as_str()), (750_000, "wuyi"));
    assert_eq!(notified.claim_by.unwrap().last_day, "2023-05-19");
    let wrong = system.give(BRIGADE, Role::Clerk, prove("r-1", "wrong-horse-battery-staple")).await;
    assert_eq!(refusal(wrong), "CodeWrong");
    system.does(BRIGADE, Role::Clerk, prove("r-1", CODE)).await;
    system.does(BRIGADE, Role::Finance, instruct("r-1")).await;
    let paying = claim(&system, "r-1", |claim| claim.state == "paying").await;
    let settled = outside::PaymentSettled {
        claim_id: "r-1".into(),
        instruction: paying.instruction,
        paid: true,
        ..Default::default()
    };
    system.hear("police", "police.330723", "nobody", Public::of(&settled)).await;
    system.hear("finance", "finance.330723", "cashier", Public::of(&settled)).await;
    claim(&system, "r-1", |claim| claim.state == "paid").await;
    let accounts = budget(&system, |budget| budget.posted_fen > 0).await;
    assert_eq!(
        (accounts.appropriated_fen, accounts.posted_fen, accounts.reserved_fen),
        (10_000_000, 750_000, 0)
    );
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_waits_for_money_and_a_reduced_fine_makes_room() {
    let system = System::start().await;
    system.does(BRIGADE, Role::Finance, appropriate(1_000_000)).await;
    reported(&system, "r-1", 5_000_000).await;
    claim(&system, "r-1", |claim| claim.funds == "reserved").await;
    // Another matter, so that both are first.
    let other = hazard::ReportReceived {
        category: "exit-blocked".into(),
        ..serde_json::from_value(received("r-2").body).unwrap()
    };
    system.hear("hazard", "hotline.330723", "clerk", Public::of(&other)).await;
    system.hear("hazard", "town.330723103", "inspector", verified("r-2")).await;
    system.hear("enforcement", BRIGADE, "enforcement", fined("r-2", 2_000_000)).await;
    claim(&system, "r-2", |claim| claim.funds == "queued").await;
    assert_eq!(budget(&system, |budget| budget.queued == 1).await.reserved_fen, 750_000);
    let reduced = enforcement::PenaltyRevised {
        penalty_id: "p-r-1".into(),
        fine_fen: 4_000_000,
        outcome: "reduced".into(),
        ..Default::default()
    };
    system.hear("enforcement", BRIGADE, "enforcement", Public::of(&reduced)).await;
    claim(&system, "r-2", |claim| claim.funds == "reserved").await;
    assert_eq!(claim(&system, "r-1", |claim| claim.amount_fen < 750_000).await.amount_fen, 600_000);
    assert_eq!(budget(&system, |budget| budget.queued == 0).await.reserved_fen, 900_000);
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_first_reporter_is_rewarded() {
    let system = System::start().await;
    for report in ["r-1", "r-2"] {
        system.hear("hazard", "hotline.330723", "clerk", received(report)).await;
        system.clock.set(datetime!(2023-03-20 11:00 +8));
    }
    for report in ["r-2", "r-1"] {
        system.hear("hazard", "town.330723103", "inspector", verified(report)).await;
    }
    claim(&system, "r-1", |claim| claim.state == "open").await;
    let second = claim(&system, "r-2", |claim| claim.state == "excluded").await;
    assert_eq!(second.ground, "not-first");
    let distinguish = wire::DistinguishReport { claim_id: "r-2".into(), document: "note-1".into() };
    system.does(BRIGADE, Role::Officer, Command::DistinguishReport(distinguish)).await;
    let reopened = claim(&system, "r-2", |claim| claim.state == "open").await;
    assert_eq!(reopened.ground, "");
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclaimed_reward_lapses_and_the_year_takes_what_is_left() {
    let system = System::start().await;
    system.does(BRIGADE, Role::Finance, appropriate(1_000_000)).await;
    reported(&system, "r-1", 5_000_000).await;
    approved(&system, "r-1").await;
    system.clock.set(datetime!(2023-05-20 0:00 +8));
    claim(&system, "r-1", |claim| claim.state == "lapsed").await;
    assert_eq!(budget(&system, |budget| budget.reserved_fen == 0).await.appropriated_fen, 1_000_000);
    system.clock.set(datetime!(2024-01-01 0:00 +8));
    let closed = budget(&system, |budget| budget.closed).await;
    assert_eq!((closed.appropriated_fen, closed.returned_fen), (0, 1_000_000));
    let states = wire::ListClaimsRequest { state: "lapsed".into(), ..Default::default() };
    let request = system.asking(BRIGADE, Role::Auditor, states);
    let lapsed = system.door.clone().list_claims(request).await.unwrap().into_inner();
    assert_eq!(lapsed.claims.len(), 1);
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_names_its_field() {
    let system = System::start().await;
    let wrongs = [
        ("approve_claim.claim_id", approve("A b")),
        (
            "issue_code.code_hash",
            Command::IssueCode(wire::IssueCode { claim_id: "r-1".into(), code_hash: "abc".into() }),
        ),
        (
            "exclude_claim.ground",
            Command::ExcludeClaim(wire::ExcludeClaim { claim_id: "r-1".into(), ..Default::default() }),
        ),
        (
            "appropriate_budget.fiscal_year",
            Command::AppropriateBudget(wire::AppropriateBudget {
                area: "330723".into(),
                ..Default::default()
            }),
        ),
        (
            "distinguish_report.claim_id",
            Command::DistinguishReport(wire::DistinguishReport {
                claim_id: "r-9".into(),
                document: "d".into(),
            }),
        ),
    ];
    for (field, command) in wrongs {
        let status = system.give(BRIGADE, Role::Officer, command).await.unwrap_err();
        assert_eq!(status.code(), GrpcCode::InvalidArgument, "{field}");
        assert!(status.message().starts_with(&format!("{field}:")), "{field}: {}", status.message());
    }
    system.stop().await;
}
