//! The rulebook over gRPC: a file takes effect in the running service, once two persons have looked at it.

use contracts::enforcement::v1 as wire;
use decider::Role;
use law::Calendar;
use time::{Duration, macros::datetime};
use tonic::Code;

use crate::system::{Command, START, System};

const BRIGADE: &str = "fire.330723";
/// Invented: nobody closed on that day.
const CLOSURES: &str = r#"{"area": "330723", "edition": "2023-1", "basis": "某政发〔2023〕1号",
  "closed": [{"date": "2023-05-11", "reason": "防台风停工"}]}"#;

fn propose(text: &str) -> Command {
    Command::ProposeRules(wire::ProposeRules {
        proposal_id: "c-1".into(),
        kind: "calendar".into(),
        file: "closures.json".into(),
        text: text.into(),
        effective_from: Some(chassis::timestamp(START + Duration::DAY)),
        allowance: String::new(),
    })
}

fn dry_run() -> Command {
    Command::DryRunRules(wire::DryRunRules { proposal_id: "c-1".into() })
}

fn approve() -> Command {
    Command::ApproveRules(wire::ApproveRules { proposal_id: "c-1".into() })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_calendar_is_in_force_at_its_instant_without_a_restart() {
    let system = System::start().await;
    system.does(BRIGADE, Role::Legal, propose(CLOSURES)).await;
    system.does(BRIGADE, Role::Legal, dry_run()).await;
    let position = system.does(BRIGADE, Role::Head, approve()).await;
    let [row] = &system.rules(position).await[..] else { panic!("one proposal") };
    assert_eq!((row.state.as_str(), row.proposed_by.as_str()), ("approved", "fire-legal"));
    assert_eq!(row.differences, ["2023-05-11: closed (防台风停工（某政发〔2023〕1号）)"]);
    let log = system.running.node.log();
    let version = || log.book().at(START + Duration::DAY).calendar.version().to_owned();
    assert_eq!(version(), Calendar::builtin().version());
    system.clock.set(START + Duration::DAY);
    system.until("the calendar is in force", || async { version().contains("330723-2023-1") }).await;
    system.certify(BRIGADE, &["f-1"]).await;
    let head = log.head().await.unwrap().position;
    let last = log.read_all(head, 1, eventlog::Direction::Forwards);
    let last: Vec<_> = futures::StreamExt::collect(last).await;
    assert_eq!(last[0].as_ref().unwrap().meta.calendar, version(), "each decision names what it went by");
    system
        .until("it is listed", || async {
            system.rules(0).await.first().is_some_and(|row| row.state == "adopted")
        })
        .await;
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_alone_changes_no_law_and_a_bad_file_is_told_by_line() {
    let system = System::start().await;
    let bad = system
        .give(BRIGADE, Role::Legal, propose(&CLOSURES.replace("2023-05-11", "2023-05-41")))
        .await
        .unwrap_err();
    assert_eq!(bad.code(), Code::FailedPrecondition);
    assert!(bad.message().contains("closures.json:2: \"2023-05-41\" is no date"), "{}", bad.message());
    system.does(BRIGADE, Role::Legal, propose(CLOSURES)).await;
    let early = system.give(BRIGADE, Role::Head, approve()).await.unwrap_err();
    assert!(early.message().starts_with("NotTriedOut"), "{}", early.message());
    system.does(BRIGADE, Role::Legal, dry_run()).await;
    let alone = system.both(BRIGADE, "fire-legal", approve()).await.unwrap_err();
    assert!(alone.message().starts_with("SecondPersonWanted"), "{}", alone.message());
    system.clock.set(datetime!(2023-04-01 0:00 +8));
    let late = system.give(BRIGADE, Role::Head, approve()).await.unwrap_err();
    assert!(late.message().starts_with("InThePast"), "{}", late.message());
    system.stop().await;
}
