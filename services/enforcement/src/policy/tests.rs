//! The whole service in memory: facts in, commands through policies, messages out. One fine per act, in any order.

use std::collections::VecDeque;

use decider::{
    Actor, CaseId, Context, Department, DepartmentKind, Meta, OrderError, Public, Role,
    authority::Certificate,
    harness::{actor, context},
};
use law::Period;
use proptest::prelude::*;
use serde_json::json;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::*;
use crate::publish::publish;

const DAY: OffsetDateTime = datetime!(2023-03-20 10:00 +8);

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

/// A log without a disk: what `advance` has not seen yet waits in a queue.
#[derive(Default)]
struct World {
    log: Vec<Recorded>,
    unseen: VecDeque<Recorded>,
}

impl World {
    fn give(&mut self, order: &Order, cx: &Context) -> Result<(), String> {
        let history: Vec<_> = self.log.iter().filter(|event| event.stream == order.stream).cloned().collect();
        let decision = order.decide(&history, cx).map_err(|error| match error {
            OrderError::Refused(refused) => refused.name,
            other => panic!("{other}"),
        })?;
        for (event, version) in decision.events.into_iter().zip(history.len() as u64 + 1..) {
            let position = self.log.len() as u64 + 1;
            let recorded = Recorded {
                position,
                stream: order.stream.clone(),
                version,
                id: Uuid::from_u128(position.into()),
                kind: event.kind.to_owned(),
                data: event.data,
                meta: meta(cx.actor.clone()).into(),
                occurred_at: cx.at,
                recorded_at: cx.now,
            };
            self.unseen.push_back(recorded.clone());
            self.log.push(recorded);
        }
        Ok(())
    }

    /// One step of the service's own policies. Seeing an event twice is allowed.
    fn advance(&mut self, again: bool) {
        let Some(recorded) = self.unseen.pop_front() else {
            return;
        };
        if again {
            self.unseen.push_front(recorded.clone());
        }
        for reaction in advance(&recorded).unwrap() {
            let cx = context(recorded.occurred_at, recorded.meta.actor.clone());
            self.give(&reaction.order, &cx).expect("policies are never refused");
        }
    }

    fn settle(&mut self) {
        while !self.unseen.is_empty() {
            self.advance(false);
        }
    }

    fn public(&self) -> Vec<Public> {
        self.log.iter().filter_map(|event| publish(event).unwrap()).collect()
    }
}

fn meta(actor: Actor) -> Meta {
    Meta {
        actor,
        case_id: Some(CaseId::parse("case-1").unwrap()),
        causation: None,
        command_id: None,
        traceparent: None,
        rules: String::new(),
        calendar: String::new(),
    }
}

fn person(role: Role, at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Fire, "330723", &[role]))
}

fn subject(act: &str) -> Subject {
    Subject {
        unit: Uscc::synthetic(330_723, 1),
        premises: "plant".into(),
        area: AreaCode::parse("330723103").unwrap(),
        act: id(act),
        report: Some(id("r-1")),
        reporter_ref: Some(id("ref-1")),
    }
}

fn file(subject: Option<Subject>) -> penalty::Command {
    let officers = ["c-1", "c-2"].map(|number| Certificate {
        number: id(number),
        department: "fire.330723".parse::<Department>().unwrap(),
        from: datetime!(2022-01-01 0:00 +8),
        until: datetime!(2027-01-01 0:00 +8),
    });
    penalty::Command::File {
        subject,
        items: vec![id("fire-60-1")],
        officers: officers.to_vec(),
        delegation: None,
        accident_level: None,
        act_on: None,
        found_on: None,
        harm: None,
    }
}

fn conclude() -> penalty::Command {
    penalty::Command::Conclude {
        facts: "f".into(),
        fine_fen: 2_000_000,
        review: vec![],
        act_on: None,
        harm: None,
    }
}

fn notify() -> penalty::Command {
    penalty::Command::ServeNotice { document: "n".into(), defence: Period::WorkingDays(5), hearing: true }
}

fn decide() -> penalty::Command {
    penalty::Command::Decide { document: "x".into(), fine_fen: 2_000_000, panel: vec![], delegation: None }
}

fn revoke() -> penalty::Command {
    penalty::Command::Revise { outcome: Outcome::Revoked, fine_fen: 0, document: "v".into() }
}

fn give(
    world: &mut World,
    penalty: &str,
    command: penalty::Command,
    role: Role,
    at: OffsetDateTime,
) -> Option<String> {
    world.give(&Order::of::<Penalty>(penalty, command), &person(role, at)).err()
}

fn reinspected(result: &str, expired: bool) -> Fact {
    let message = hazard::Reinspected {
        hazard_id: "h-1".into(),
        result: result.into(),
        unit: Uscc::synthetic(330_723, 1).to_string(),
        premises: "plant".into(),
        document: "o-1".into(),
        expired,
        reporter_ref: "ref-1".into(),
        report_id: "r-1".into(),
        area: "330723103".into(),
    };
    Fact {
        id: Uuid::from_u128(7),
        source: "hazard".into(),
        position: 7,
        kind: "fenghuo.hazard.v1.Reinspected".into(),
        stream: "hazard:h-1".into(),
        case_id: Some(CaseId::parse("case-1").unwrap()),
        department: "town.330723103".parse().unwrap(),
        actor: "a".into(),
        occurred_at: DAY,
        recorded_at: DAY,
        causation: None,
        to: vec![],
        traceparent: None,
        body: serde_json::to_value(message).unwrap(),
    }
}

#[test]
fn only_a_hazard_uncorrected_after_its_order_is_referred() {
    for (result, expired) in [("corrected", true), ("partly-corrected", true), ("not-corrected", false)] {
        assert!(react(&reinspected(result, expired)).unwrap().is_empty());
    }
    let reactions = react(&reinspected("not-corrected", true)).unwrap();
    assert_eq!(reactions.len(), 1);
    assert_eq!(reactions[0].order.stream.as_str(), "penalty:h-1");
}

#[test]
fn a_fact_that_cannot_be_read_is_said_so() {
    let mut fact = reinspected("not-corrected", true);
    fact.body["unit"] = json!("nobody");
    assert!(react(&fact).unwrap_err().to_string().contains("unit"));
}

/// A referred case, decided after the window.
fn referred_and_decided() -> World {
    let mut world = World::default();
    for reaction in react(&reinspected("not-corrected", true)).unwrap() {
        world.give(&reaction.order, &person(Role::Officer, DAY)).unwrap();
    }
    assert_eq!(give(&mut world, "h-1", file(None), Role::Officer, DAY), None);
    world.settle();
    assert_eq!(give(&mut world, "h-1", conclude(), Role::Officer, DAY), None);
    assert_eq!(give(&mut world, "h-1", notify(), Role::Officer, DAY), None);
    assert_eq!(give(&mut world, "h-1", decide(), Role::Head, DAY + Duration::days(14)), None);
    world.settle();
    world
}

#[test]
fn a_referred_case_is_decided_and_tells_what_the_reward_needs() {
    let public = referred_and_decided().public();
    let decided = public.iter().find(|public| public.kind.ends_with("PenaltyDecided")).unwrap();
    assert_eq!(decided.body["reportId"], "r-1");
    assert_eq!(decided.body["reporterRef"], "ref-1");
    assert_eq!(decided.body["authority"], "fire.330723");
    assert_eq!(decided.body["fineFen"], "2000000");
    assert_eq!(decided.body["act"], "h-1");
    assert_eq!(decided.body["article"], "消防法60(1)");
}

#[test]
fn what_a_body_deliberates_is_not_made_public() {
    let world = referred_and_decided();
    let kinds: Vec<_> = world.public().into_iter().map(|public| public.kind).collect();
    let names: Vec<_> =
        kinds.iter().filter_map(|kind| kind.strip_prefix("fenghuo.enforcement.v1.")).collect();
    assert_eq!(names, ["CaseFiled", "PriorNoticeServed", "DefenceHeard", "PenaltyDecided"]);
}

#[test]
fn another_case_for_the_same_act_is_told_and_may_not_decide() {
    let mut world = referred_and_decided();
    assert_eq!(give(&mut world, "p-2", file(Some(subject("h-1"))), Role::Officer, DAY), None);
    world.settle();
    give(&mut world, "p-2", conclude(), Role::Officer, DAY);
    give(&mut world, "p-2", notify(), Role::Officer, DAY);
    let refused = give(&mut world, "p-2", decide(), Role::Head, DAY + Duration::days(14));
    assert_eq!(refused.as_deref(), Some("ActHeldByAnother"));
}

#[test]
fn after_a_revocation_a_new_case_may_fine_the_act() {
    let mut world = referred_and_decided();
    let later = DAY + Duration::days(20);
    assert_eq!(give(&mut world, "h-1", revoke(), Role::Head, later), None);
    world.settle();
    assert_eq!(give(&mut world, "p-2", file(Some(subject("h-1"))), Role::Officer, later), None);
    world.settle();
    assert_eq!(give(&mut world, "p-2", conclude(), Role::Officer, later), None);
    assert_eq!(give(&mut world, "p-2", notify(), Role::Officer, later), None);
    assert_eq!(give(&mut world, "p-2", decide(), Role::Head, later + Duration::days(20)), None);
}

/// Which fines stand now, act by act.
fn standing_fines(world: &World) -> Vec<(String, Id)> {
    let mut standing = vec![];
    for recorded in world.log.iter().filter(|recorded| recorded.stream.category() == "penalty") {
        let penalty = recorded.stream.id().to_owned();
        match recorded.event::<penalty::Event>().unwrap() {
            penalty::Event::Decided { subject, .. } => standing.push((penalty, subject.act)),
            penalty::Event::Revised { outcome: Outcome::Revoked, .. } => {
                standing.retain(|(known, _)| *known != penalty);
            }
            _ => {}
        }
        for (index, (_, act)) in standing.iter().enumerate() {
            assert!(standing[..index].iter().all(|(_, other)| other != act), "invariant 3: one fine per act");
        }
    }
    standing
}

proptest! {
    /// Invariant 3, over all interleavings of five cases, two acts and the policies between them.
    #[test]
    fn an_act_is_fined_once_however_cases_and_policies_interleave(
        steps in prop::collection::vec((0_usize..5, 0_usize..9, any::<bool>()), 1..160),
    ) {
        let mut world = World::default();
        for (hours, (case, step, again)) in steps.into_iter().enumerate() {
            let at = DAY + Duration::hours(6 * i64::try_from(hours).unwrap());
            let name = ["p-1", "p-2", "p-3", "p-4", "p-5"][case];
            let act = ["drums", "exit"][case % 2];
            match step {
                0 => give(&mut world, name, file(Some(subject(act))), Role::Officer, at),
                1 => give(&mut world, name, conclude(), Role::Officer, at),
                2 => give(&mut world, name, notify(), Role::Officer, at),
                3 | 4 => give(&mut world, name, decide(), Role::Head, at),
                5 => give(&mut world, name, revoke(), Role::Head, at),
                6 => {
                    let ground = "slight".to_owned();
                    give(&mut world, name, penalty::Command::Dismiss { ground }, Role::Head, at)
                }
                _ => {
                    world.advance(again);
                    None
                }
            };
        }
        standing_fines(&world);
    }
}

#[test]
fn five_cases_for_two_acts_end_in_two_fines() {
    let mut world = World::default();
    let acts = ["drums", "exit"];
    for round in 0..5 {
        for (case, name) in ["p-1", "p-2", "p-3", "p-4", "p-5"].into_iter().enumerate() {
            let at = DAY + Duration::days(round * 15);
            match round {
                0 => give(&mut world, name, file(Some(subject(acts[case % 2]))), Role::Officer, at),
                1 => give(&mut world, name, conclude(), Role::Officer, at),
                2 => give(&mut world, name, notify(), Role::Officer, at),
                _ => give(&mut world, name, decide(), Role::Head, at),
            };
            world.advance(case == 2);
        }
    }
    world.settle();
    assert_eq!(standing_fines(&world).len(), 2);
}
