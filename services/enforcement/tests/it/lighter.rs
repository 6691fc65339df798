//! 从旧兼从轻 in the running service: a pack that was adopted after the act makes the fine lighter.

use contracts::enforcement::v1 as wire;
use decider::Role;
use law::{RulePack, Uscc};
use time::{Duration, macros::datetime};

use crate::system::{Command, START, System};

const BRIGADE: &str = "fire.330723";

/// Invented: from 21 March 2023 on the norm allows 1,000 to 10,000 yuan.
fn lighter() -> String {
    let amount = |line: &str, old: &str, new: &str| {
        line.replace(&format!(r#""value": "{old}""#), &format!(r#""value": "{new}""#))
            .replace("2021-04-29", "2023-03-21")
    };
    let line = |line: &str| match line {
        max if max.contains("fine.fire60_unit.max") => amount(max, "50000", "10000"),
        min if min.contains("fine.fire60_unit.min") => amount(min, "5000", "1000"),
        other => other.to_owned(),
    };
    RulePack::builtin_text().lines().map(line).collect::<Vec<_>>().join("\n")
}

async fn adopt(system: &System) {
    let proposal_id = || "p-1".to_owned();
    let propose = Command::ProposeRules(wire::ProposeRules {
        proposal_id: proposal_id(),
        kind: "pack".into(),
        file: "lighter.json".into(),
        text: lighter(),
        effective_from: Some(chassis::timestamp(START + Duration::DAY)),
        allowance: String::new(),
    });
    system.does(BRIGADE, Role::Legal, propose).await;
    let dry_run = Command::DryRunRules(wire::DryRunRules { proposal_id: proposal_id() });
    system.does(BRIGADE, Role::Legal, dry_run).await;
    let approve = Command::ApproveRules(wire::ApproveRules { proposal_id: proposal_id() });
    system.does(BRIGADE, Role::Head, approve).await;
    system.clock.set(START + Duration::DAY);
    let log = system.running.node.log();
    system.until("the pack is in force", || async { log.book().adopted().count() == 1 }).await;
}

fn file() -> Command {
    Command::FileCase(wire::FileCase {
        penalty_id: "h-1".into(),
        unit: Uscc::synthetic(330_723, 1).to_string(),
        premises: "plant".into(),
        area: "330723103".into(),
        act: "drums".into(),
        items: vec!["fire-60-1".into()],
        certificates: vec!["f-1".into(), "f-2".into()],
        act_on: "2023-03-19".into(),
        ..Default::default()
    })
}

fn conclude(fine_fen: i64) -> Command {
    Command::ConcludeInvestigation(wire::ConcludeInvestigation {
        penalty_id: "h-1".into(),
        facts: "drums".into(),
        fine_fen,
        ..Default::default()
    })
}

fn notify() -> Command {
    Command::ServePriorNotice(wire::ServePriorNotice {
        penalty_id: "h-1".into(),
        document: "n-1".into(),
        defence: "5 working days".into(),
        hearing: Some(true),
    })
}

fn decide() -> Command {
    Command::DecidePenalty(wire::DecidePenalty {
        penalty_id: "h-1".into(),
        document: "x-1".into(),
        fine_fen: 1_000_000,
        ..Default::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_of_before_is_fined_by_the_lighter_rule_that_was_adopted_since() {
    let system = System::start().await;
    system.certify(BRIGADE, &["f-1", "f-2"]).await;
    system.does(BRIGADE, Role::Officer, file()).await;
    system.does(BRIGADE, Role::Officer, conclude(2_000_000)).await;
    assert_eq!(system.penalty("h-1", "concluded").await.act_on, "2023-03-19");
    adopt(&system).await;
    let too_much = system.give(BRIGADE, Role::Officer, notify()).await.unwrap_err();
    assert!(too_much.message().starts_with("FineOutOfRange"), "{}", too_much.message());
    system.does(BRIGADE, Role::Officer, conclude(1_000_000)).await;
    system.does(BRIGADE, Role::Officer, notify()).await;
    let choose = Command::ChooseEdition(wire::ChooseEdition {
        penalty_id: "h-1".into(),
        applied: "act-day".into(),
        reason: "w".into(),
    });
    let chosen = system.give(BRIGADE, Role::Head, choose).await.unwrap_err();
    assert!(chosen.message().starts_with("NothingToChoose"), "{}", chosen.message());
    system.clock.set(datetime!(2023-04-03 10:00 +8));
    system.does(BRIGADE, Role::Head, decide()).await;

    let rules = system.penalty("h-1", "decided").await.rules.unwrap();
    assert_eq!(rules.applied, "decision-day");
    let (old, new) = (rules.act_day.unwrap(), rules.decision_day.unwrap());
    assert_eq!((old.on.as_str(), old.values), ("2023-03-19", vec!["50000 CNY".into(), "5000 CNY".into()]));
    assert_eq!((new.on.as_str(), new.values), ("2023-04-03", vec!["10000 CNY".into(), "1000 CNY".into()]));
    assert_eq!(old.pack, RulePack::builtin().version());
    assert_ne!(new.pack, old.pack);
    system.stop().await;
}
