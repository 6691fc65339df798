//! What holds of every claim, whatever is asked of it and in whatever order.

use std::collections::BTreeSet;

use decider::{
    Actor, Context, Decider, DepartmentKind, Id, Role,
    harness::{actor, context},
};
use law::AreaCode;
use proptest::prelude::*;
use time::{Duration, OffsetDateTime, macros::datetime};

use super::*;
use crate::budget::BudgetKey;

const START: OffsetDateTime = datetime!(2023-02-01 10:00 +8);
const CODE: &str = "correct-horse-battery-staple";

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn person(name: &str, at: OffsetDateTime) -> Context {
    let roles = [Role::Clerk, Role::Officer, Role::Finance, Role::Head];
    context(at, Actor { id: id(name), ..actor(DepartmentKind::Fire, "330723", &roles) })
}

fn command() -> impl Strategy<Value = Command> {
    let budget = BudgetKey { area: AreaCode::parse("330723").unwrap(), fiscal_year: 2023 };
    let text = || "t".to_owned();
    let fine = (prop::sample::select(vec!["p-1", "p-2"]), 0_i64..400_000_000);
    prop_oneof![
        1 => Just(Command::Verify { confirmed: true, by: id("a") }),
        1 => Just(Command::Open),
        1 => Just(Command::RankBehind { first: id("report-0") }),
        1 => Just(Command::Exclude { ground: Exclusion::Staff, document: text() }),
        1 => Just(Command::DeclareJoint { signatories: vec![id("ref-1"), id("ref-2"), id("ref-3")], document: text() }),
        3 => fine.prop_map(|(penalty, fine_fen)| Command::NoteFine { penalty: id(penalty), fine_fen }),
        1 => (0_i64..60_000).prop_map(|amount_fen| Command::SetAmount { amount_fen }),
        1 => Just(Command::RequestFunds),
        3 => Just(Command::ConfirmReserved { budget: budget.clone(), amount_fen: 30_000_000 }),
        1 => Just(Command::Queue { budget }),
        2 => Just(Command::IssueCode { code_hash: CodeHash::of(&id("report-1"), &Code(CODE.into())).unwrap() }),
        6 => Just(Command::Approve),
        4 => Just(Command::Prove { code: Code(CODE.into()) }),
        6 => Just(Command::InstructPayment),
        1 => (1_u32..4, any::<bool>()).prop_map(move |(attempt, paid)| Command::Settle {
            instruction: instruction(&id("report-1"), attempt),
            paid,
            reason: text()
        }),
        4 => Just(Command::ReportPaymentUnknown { reason: text() }),
        1 => any::<bool>().prop_map(move |paid| Command::ReconcilePayment { paid, document: text() }),
    ]
}

fn step() -> impl Strategy<Value = (Command, &'static str, i64)> {
    (command(), prop::sample::select(vec!["a", "b", "c", "d"]), 0_i64..12)
}

/// Who did what, in order, with the clock running between the steps; the report comes first, and mostly its
/// verification, so that the depth is reached.
fn history(steps: Vec<(Command, &'static str, i64)>) -> Vec<(String, Event)> {
    let report = Report {
        id: id("report-1"),
        reporter_ref: id("ref-1"),
        real_name: true,
        insider: false,
        area: AreaCode::parse("330723103").unwrap(),
        matter: id("matter-1"),
        received_at: START,
    };
    let mut happened = vec![];
    let mut state = State::Unknown;
    let mut give = |command: Command, cx: &Context| {
        for event in Claim::decide(&state, command, cx).unwrap_or_default() {
            state = Claim::evolve(std::mem::take(&mut state), &event);
            happened.push((cx.actor.id.to_string(), event));
        }
        Claim::deadline(&state)
    };
    let mut deadline = give(Command::Note(report), &person("a", START));
    let prelude = [Command::Verify { confirmed: true, by: id("a") }, Command::Open].map(|c| (c, "a", 0));
    let mut now = START;
    for (command, name, days) in prelude.into_iter().chain(steps) {
        now += Duration::days(days);
        while let Some((due, run_out)) = deadline.take().filter(|(due, _)| *due <= now) {
            deadline = give(run_out, &person("clock", due));
        }
        deadline = give(command, &person(name, now));
    }
    happened
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Invariant 22, first half: the share of the fine stays within its bounds.
    #[test]
    fn a_share_of_the_fine_lies_within_its_bounds(steps in prop::collection::vec(step(), 1..40)) {
        for (_, event) in history(steps) {
            match event {
                Event::AmountComputed { amount_fen, rule: Rule::ShareOfFine, .. } => {
                    prop_assert!((300_000..=30_000_000).contains(&amount_fen));
                }
                Event::AmountComputed { amount_fen, rule: Rule::LocalTable, .. } => {
                    prop_assert!((5_000..=50_000).contains(&amount_fen));
                }
                _ => {}
            }
        }
    }

    /// Invariant 22, last part: what is split is what is paid.
    #[test]
    fn joint_shares_conserve_the_sum(amount_fen in 0_i64..=50_000_000, count in 1_usize..40) {
        let signatories: Vec<Id> = (0..count).map(|n| id(&format!("ref-{n}"))).collect();
        let shares = split(amount_fen, &signatories);
        prop_assert_eq!(shares.iter().map(|share| share.amount_fen).sum::<i64>(), amount_fen);
        let least = shares.iter().map(|share| share.amount_fen).min().unwrap();
        prop_assert!(shares[1..].iter().all(|share| share.amount_fen == least));
        prop_assert!(shares[0].amount_fen - least < i64::try_from(count).unwrap());
    }

    /// Two approvals by two persons, neither of them the verifier, before anything is paid; one payment.
    #[test]
    fn a_reward_is_paid_once_after_two_approvals_by_others(steps in prop::collection::vec(step(), 1..60)) {
        let mut approvals = BTreeSet::new();
        let mut under_way: Option<(Id, i64)> = None;
        let mut unknown = false;
        let mut ended = 0;
        for (who, event) in history(steps) {
            match event {
                Event::ApprovedFirst { by } => {
                    prop_assert_ne!(by.as_str(), "a");
                    prop_assert_eq!(by.as_str(), who);
                    approvals = BTreeSet::from([by]);
                }
                Event::ApprovedSecond { by } => {
                    prop_assert_ne!(by.as_str(), "a");
                    prop_assert!(approvals.insert(by));
                }
                Event::AmountWithdrawn {} | Event::Excluded { .. } => approvals.clear(),
                Event::PaymentInstructed { instruction, amount_fen, shares, .. } => {
                    prop_assert_eq!(approvals.len(), 2);
                    prop_assert!(under_way.is_none() && !unknown && ended == 0);
                    prop_assert_eq!(shares.iter().map(|share| share.amount_fen).sum::<i64>(), amount_fen);
                    under_way = Some((instruction, amount_fen));
                }
                Event::PaymentUnknown { .. } => unknown = true,
                Event::PaymentFailed { .. } => {
                    under_way = None;
                    unknown = false;
                }
                Event::PaymentConfirmed { instruction, amount_fen, .. } => {
                    prop_assert_eq!(under_way.take(), Some((instruction, amount_fen)));
                    unknown = false;
                    ended += 1;
                }
                Event::Lapsed { .. } => ended += 1,
                _ => {}
            }
            prop_assert!(ended <= 1);
        }
    }

    /// A reward that has been approved never grows, and follows the fines down until money is under way.
    #[test]
    fn an_approved_reward_never_grows(steps in prop::collection::vec(step(), 1..60)) {
        let mut approved = false;
        let mut amount = 0;
        for (_, event) in history(steps) {
            match event {
                Event::ApprovedFirst { .. } => approved = true,
                Event::AmountWithdrawn {} | Event::Excluded { .. } => approved = false,
                Event::AmountComputed { amount_fen, .. } => {
                    prop_assert!(!approved);
                    amount = amount_fen;
                }
                Event::AmountReduced { amount_fen, .. } => {
                    prop_assert!(amount_fen < amount);
                    amount = amount_fen;
                }
                Event::PaymentInstructed { amount_fen, .. } => prop_assert_eq!(amount_fen, amount),
                _ => {}
            }
        }
    }

    /// Invariant 24: the case service holds no cash. Nothing leaves except through an instruction to finance.
    #[test]
    fn nothing_is_paid_except_by_an_instruction(steps in prop::collection::vec(step(), 1..60)) {
        let happened = history(steps);
        let instructed: BTreeSet<Id> = happened.iter().filter_map(|(_, event)| match event {
            Event::PaymentInstructed { instruction, .. } => Some(instruction.clone()),
            _ => None,
        }).collect();
        for (_, event) in &happened {
            if let Event::PaymentConfirmed { instruction, .. } = event {
                prop_assert!(instructed.contains(instruction));
            }
        }
    }
}
