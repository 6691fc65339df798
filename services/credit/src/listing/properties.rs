//! What holds of every listing, whatever is asked of it and in whatever order.

use decider::{
    Actor, ActorKind, Context, Decider, DepartmentKind, Id, Role,
    harness::{actor, context},
};
use law::{Due, Uscc};
use proptest::prelude::*;
use time::{Duration, OffsetDateTime, macros::datetime};

use super::*;

const START: OffsetDateTime = datetime!(2023-10-09 10:00 +8);

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn cx(at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Emergency, "33", &[Role::Officer, Role::Legal, Role::Head]))
}

fn propose(form: &str) -> Command {
    Command::Propose(Proposal {
        party: Party { unit: Uscc::parse("91110000600037341L").unwrap(), person: None },
        authority: "emergency.33".parse().unwrap(),
        ground: Ground::MajorAccident,
        form: id(form),
        instrument: id("any-instrument"),
        penalties: vec![Penalty { id: id("p-1"), authority: "emergency.33".parse().unwrap() }],
    })
}

fn policy() -> Context {
    let actor = Actor { kind: ActorKind::Service, id: id("credit"), ..cx(START).actor };
    context(START, actor)
}

/// Any command that may be given to a proposed listing.
fn command() -> impl Strategy<Value = Command> {
    let text = || "t".to_owned();
    prop_oneof![
        3 => prop::bool::weighted(0.8).prop_map(move |passed| Command::ReviewLegality { passed, opinion: text() }),
        3 => Just(Command::ServePriorNotice { document: text(), reasons: text(), measures: vec![text()] }),
        3 => Just(Command::ReceiveDefence { document: text() }),
        3 => Just(Command::WaiveDefence { document: text() }),
        3 => prop::bool::weighted(0.9).prop_map(move |list| Command::Decide {
            list,
            document: text(),
            assessment: Some(text())
        }),
        3 => Just(Command::Publish { platforms: vec![text()] }),
        3 => Just(Command::RemoveEarly {
            document: text(),
            duties_performed: true,
            harm_removed: true,
            commitment: Some(text())
        }),
        3 => Just(Command::RevokeRemoval { document: text(), finding: text() }),
        1 => prop::sample::select(vec!["p-1", "p-2"]).prop_map(|p| Command::InvalidateBasis { penalty: id(p) }),
        3 => Just(Command::Withdraw { document: text() }),
    ]
}

/// Gives the commands in order, each some days after the one before, with the clock running between them.
fn history(steps: Vec<(Command, i64)>) -> Vec<(OffsetDateTime, Event)> {
    let order_11 = match propose("ministry-rule") {
        Command::Propose(proposal) => Command::Propose(Proposal { instrument: id(ORDER_11), ..proposal }),
        other => other,
    };
    let mut happened = vec![];
    let mut state = State::Unknown;
    let mut give = |command: Command, cx: &Context| {
        for event in Listing::decide(&state, command, cx).unwrap_or_default() {
            state = Listing::evolve(std::mem::take(&mut state), &event);
            happened.push((cx.at, event));
        }
        Listing::deadline(&state)
    };
    let mut deadline = give(order_11, &policy());
    let mut now = START;
    for (command, days) in steps {
        now += Duration::days(days);
        while let Some((due, run_out)) = deadline.take().filter(|(due, _)| *due <= now) {
            deadline = give(run_out, &cx(due));
        }
        deadline = give(command, &cx(now));
    }
    happened
}

/// A command and the days that pass before it: mostly few, so that windows are hit, sometimes many.
fn step() -> impl Strategy<Value = (Command, i64)> {
    (command(), prop_oneof![4 => 0_i64..6, 1 => 0_i64..400])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Invariant 19.
    #[test]
    fn a_listing_rests_on_one_of_four_forms(form in prop_oneof![
        prop::sample::select(vec!["law", "regulation", "ministry-rule", "local-regulation"]).prop_map(str::to_owned),
        "[a-z0-9][a-z0-9.-]{0,30}",
    ]) {
        let proposed = Listing::decide(&State::Unknown, propose(&form), &policy());
        let is_basis = ["law", "regulation", "ministry-rule", "local-regulation"].contains(&form.as_str());
        prop_assert_eq!(proposed.is_ok(), is_basis);
    }

    /// Invariants 1 and 20: nothing before notice and defence; early removal not before month 12; cheating
    /// restores; the listing ends with its term.
    #[test]
    fn a_listing_keeps_its_order_and_its_term(steps in prop::collection::vec(step(), 1..40)) {
        let mut defend_by: Option<Due> = None;
        let mut heard = false;
        let mut term: Option<(Due, Due)> = None;
        let mut in_force = false;
        for (at, event) in history(steps) {
            match event {
                Event::PriorNoticeServed { defend_by: due, .. } => defend_by = Some(due),
                Event::DefenceReceived { .. } | Event::DefenceWaived { .. } => heard = true,
                Event::Listed { until, removable_from, .. } => {
                    let window = defend_by.clone().expect("a notice came first");
                    prop_assert!(heard || window.is_past(at));
                    term = Some((removable_from, until));
                    in_force = true;
                }
                Event::Published { .. } => prop_assert!(in_force),
                Event::RemovedEarly { .. } => {
                    prop_assert!(in_force && term.as_ref().is_some_and(|(from, _)| from.is_past(at)));
                    in_force = false;
                }
                Event::RemovalRevoked { until, .. } => {
                    prop_assert_eq!(term.as_ref().map(|(_, until)| until), Some(&until));
                    prop_assert!(!in_force && !until.is_past(at));
                    in_force = true;
                }
                Event::TermEnded { due, .. } => {
                    prop_assert_eq!(at, due.past_from());
                    prop_assert!(in_force);
                    in_force = false;
                }
                Event::Suspended { .. } | Event::Withdrawn { .. } => in_force = false,
                _ => {}
            }
        }
    }

    /// Invariant 21.
    #[test]
    fn a_publication_carries_the_dates_of_its_decision(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let happened = history(steps);
        let dates = happened.iter().find_map(|(_, event)| match event {
            Event::Listed { until, removable_from, .. } => Some((removable_from, until)),
            _ => None,
        });
        for (at, event) in &happened {
            if let Event::Published { removable_from, until, .. } = event {
                prop_assert_eq!(Some((removable_from, until)), dates);
                prop_assert!(!until.is_past(*at));
            }
        }
    }
}
