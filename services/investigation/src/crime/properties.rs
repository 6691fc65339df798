//! Invariants 17 (approved in three days, sent in 24 hours, no penalty instead) and 18 (four facts of one hazard).

use std::collections::{BTreeMap, BTreeSet};

use decider::{
    Context, Decider, DepartmentKind, Id, Role,
    authority::Certificate,
    harness::{actor, context},
};
use law::AreaCode;
use proptest::prelude::*;
use time::{Duration, OffsetDateTime, macros::datetime};

use super::*;

const DAY: OffsetDateTime = datetime!(2023-04-18 9:00 +8);
const GROUNDS: [Ground; 5] = [
    Ground::MajorDetermined,
    Ground::OrderServed,
    Ground::OrderExpired,
    Ground::NotExecuted,
    Ground::SealBroken,
];

fn brigade(at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Fire, "330723", &[Role::Officer, Role::Head]))
}

fn give(state: &mut State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    let events = Crime::decide(state, command, cx)?;
    *state = events.iter().fold(state.clone(), Crime::evolve);
    Ok(events)
}

fn area() -> AreaCode {
    AreaCode::parse("330723103").unwrap()
}

fn hazard(index: usize) -> Id {
    Id::parse(&format!("h-{index}")).unwrap()
}

#[derive(Debug, Clone)]
enum Step {
    Team,
    Report,
    Approve,
    Decline,
    Send,
    Answer(bool),
    Object,
    HandOver,
    Close(bool),
    Breach,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Team),
        3 => Just(Step::Report),
        3 => Just(Step::Approve),
        1 => Just(Step::Decline),
        3 => Just(Step::Send),
        2 => any::<bool>().prop_map(Step::Answer),
        1 => Just(Step::Object),
        1 => Just(Step::HandOver),
        2 => any::<bool>().prop_map(Step::Close),
        1 => Just(Step::Breach),
    ]
}

fn command(step: Step, cx: &Context, state: &State) -> Option<Command> {
    let certificate = |number: &str| Certificate {
        number: Id::parse(number).unwrap(),
        department: cx.actor.department.clone(),
        from: datetime!(2020-01-01 0:00 +8),
        until: datetime!(2030-01-01 0:00 +8),
    };
    Some(match step {
        Step::Team => Command::AppointTeam { officers: vec![certificate("c-1"), certificate("c-2")] },
        Step::Report => Command::Report { article: Article::DangerousOperation, document: "1".into() },
        Step::Approve => Command::Approve,
        Step::Decline => Command::Decline { reason: "reason".into() },
        Step::Send => Command::Send { to: "police.330723".parse().unwrap(), document: "2".into() },
        Step::Answer(filed) => {
            Command::Answer { filed, reason: String::new(), by: "police.330723".parse().unwrap(), at: cx.at }
        }
        Step::Object => Command::Object,
        Step::HandOver => Command::HandOver,
        Step::Close(with) => Command::Close { penalty: with.then(|| hazard(1)) },
        Step::Breach => Crime::deadline(state).filter(|(due, _)| *due <= cx.at)?.1,
    })
}

proptest! {
    #[test]
    fn the_flag_of_134a_rises_once_and_exactly_with_four_facts_of_one_hazard(
        notes in prop::collection::vec((0..3_usize, 0..GROUNDS.len()), 1..40),
    ) {
        let mut state = State::default();
        let mut known: BTreeMap<usize, BTreeSet<Ground>> = BTreeMap::new();
        let mut raised = 0;
        for (subject, ground) in notes {
            let ground = GROUNDS[ground];
            known.entry(subject).or_default().insert(ground);
            let command = Command::NoteFacts { subject: hazard(subject), grounds: vec![ground], area: area() };
            for event in give(&mut state, command, &brigade(DAY)).unwrap() {
                if matches!(event, Event::Indicated { article: Article::DangerousOperation, .. }) {
                    raised += 1;
                }
            }
            let all_four = known.values().any(|facts| GROUNDS[..4].iter().all(|ground| facts.contains(ground)));
            prop_assert_eq!(raised, usize::from(all_four));
        }
    }

    #[test]
    fn a_transfer_is_approved_before_it_is_sent_late_acts_say_so_and_no_penalty_closes_it(
        steps in prop::collection::vec((step(), 0..60_i64), 1..60),
    ) {
        let mut state = State::default();
        let four = Command::NoteFacts { subject: hazard(1), grounds: GROUNDS[..4].to_vec(), area: area() };
        give(&mut state, four, &brigade(DAY)).unwrap();
        let mut at = DAY;
        let (mut decide_by, mut send_by) = (None, None);
        // What the agency must still bring to the police: indicated, neither sent nor declined.
        let mut open = true;
        for (step, hours) in steps {
            at += Duration::hours(hours);
            let cx = brigade(at);
            let Some(command) = command(step, &cx, &state) else { continue };
            let Ok(events) = give(&mut state, command, &cx) else { continue };
            for event in events {
                match event {
                    Event::ReportedToPrincipal { decide_by: due, .. } => {
                        prop_assert_eq!(due.at - at <= Duration::days(4), true);
                        decide_by = Some(due);
                    }
                    Event::Approved { in_time, send_by: due, .. } => {
                        let asked = decide_by.take();
                        prop_assert_eq!(Some(in_time), asked.map(|due| !due.is_past(at)));
                        prop_assert_eq!(due.at, at + Duration::hours(24));
                        send_by = Some(due);
                    }
                    Event::Declined { .. } => {
                        prop_assert!(decide_by.take().is_some());
                        open = false;
                    }
                    Event::Sent { in_time, .. } => {
                        let approved = send_by.take();
                        prop_assert_eq!(Some(in_time), approved.map(|due| !due.is_past(at)));
                        open = false;
                    }
                    Event::Closed { .. } => prop_assert!(!open && decide_by.is_none() && send_by.is_none()),
                    _ => {}
                }
            }
        }
    }
}
