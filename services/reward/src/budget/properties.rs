//! What holds of every budget, whatever is asked of it and in whatever order.

use std::collections::{BTreeMap, BTreeSet};

use decider::{
    Decider, DepartmentKind, Id, Role,
    harness::{actor, context},
};
use law::AreaCode;
use proptest::prelude::*;
use time::macros::datetime;

use super::*;

fn id(n: u8) -> Id {
    Id::parse(&format!("c-{n}")).unwrap()
}

fn key() -> BudgetKey {
    BudgetKey { area: AreaCode::parse("330723").unwrap(), fiscal_year: 2023 }
}

fn command() -> impl Strategy<Value = Option<Command>> {
    let document = || "d".to_owned();
    prop_oneof![
        1 => (1_i64..5_000).prop_map(move |amount_fen| Some(Command::Appropriate {
            key: key(),
            amount_fen,
            document: document()
        })),
        1 => (1_i64..2_000).prop_map(move |amount_fen| Some(Command::TopUp { amount_fen, document: document() })),
        1 => (1_i64..2_000).prop_map(move |amount_fen| Some(Command::Cut { amount_fen, document: document() })),
        4 => (0_u8..8, 1_i64..1_500).prop_map(|(n, amount_fen)| Some(Command::Reserve {
            key: key(),
            claim: id(n),
            amount_fen
        })),
        1 => (0_u8..8, 1_i64..1_500).prop_map(|(n, amount_fen)| Some(Command::Reduce { claim: id(n), amount_fen })),
        2 => (0_u8..8).prop_map(|n| Some(Command::Release { claim: id(n) })),
        2 => (0_u8..8, 1_i64..1_500).prop_map(|(n, amount_fen)| Some(Command::Post { claim: id(n), amount_fen })),
        // The clock.
        1 => Just(None),
    ]
}

/// Books kept from the events alone, so that a slip of the state shows.
#[derive(Default)]
struct Books {
    appropriated: i64,
    posted: BTreeMap<Id, i64>,
    reserved: BTreeMap<Id, i64>,
    waiting: Vec<Id>,
    closed: bool,
}

impl Books {
    fn keep(&mut self, event: &Event) {
        match event {
            Event::Appropriated { amount_fen, .. } | Event::ToppedUp { amount_fen, .. } => {
                self.appropriated += amount_fen;
            }
            Event::Cut { amount_fen, .. } => self.appropriated -= amount_fen,
            Event::Reserved { claim, amount_fen, .. } => {
                self.waiting.retain(|waiting| waiting != claim);
                self.reserved.insert(claim.clone(), *amount_fen);
            }
            Event::ReservationRefused { claim, .. } => {
                if !self.waiting.contains(claim) {
                    self.waiting.push(claim.clone());
                }
            }
            Event::ReservationReduced { claim, amount_fen } => {
                if let Some(held) = self.reserved.get_mut(claim) {
                    if self.closed {
                        self.appropriated -= *held - amount_fen;
                    }
                    *held = *amount_fen;
                }
            }
            Event::Dequeued { claim } | Event::TurnedOver { claim, .. } => {
                self.waiting.retain(|waiting| waiting != claim);
            }
            Event::Released { claim, amount_fen } => {
                assert_eq!(self.reserved.remove(claim), Some(*amount_fen));
                if self.closed {
                    self.appropriated -= amount_fen;
                }
            }
            Event::Posted { claim, amount_fen, released_fen } => {
                assert_eq!(self.reserved.remove(claim), Some(amount_fen + released_fen));
                assert_eq!(self.posted.insert(claim.clone(), *amount_fen), None, "posted once");
                if self.closed {
                    self.appropriated -= released_fen;
                }
            }
            Event::YearClosed { returned_fen, .. } => {
                self.closed = true;
                self.appropriated -= returned_fen;
            }
            Event::Opened { .. } => {}
        }
    }

    fn committed(&self) -> i64 {
        self.posted.values().sum::<i64>() + self.reserved.values().sum::<i64>()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// What is posted and reserved never exceeds what is appropriated, at every version; who waits is served in
    /// the order of the log; a closed year keeps exactly what it owes; a claim is posted once.
    #[test]
    fn a_budget_never_promises_what_it_has_not(commands in prop::collection::vec(command(), 1..60)) {
        let cx = context(
            datetime!(2023-02-01 10:00 +8),
            actor(DepartmentKind::Finance, "330723", &[Role::Finance]),
        );
        let mut state = State::Unknown;
        let mut books = Books::default();
        for command in commands {
            let run_out = || Budget::deadline(&state).map(|(_, command)| command);
            let Some(command) = command.or_else(run_out) else { continue };
            for event in Budget::decide(&state, command, &cx).unwrap_or_default() {
                if let Event::Reserved { claim, .. } = &event {
                    let head = books.waiting.first();
                    prop_assert!(head.is_none_or(|head| head == claim), "{claim} overtook {head:?}");
                }
                state = Budget::evolve(state, &event);
                books.keep(&event);
                let State::Open(open) = &state else { unreachable!("an event opens it") };
                prop_assert!(books.committed() <= books.appropriated, "after {event:?}");
                prop_assert_eq!(open.appropriated_fen.unwrap_or(0), books.appropriated);
                prop_assert_eq!(open.posted_fen + open.reserved_fen(), books.committed());
                if books.closed {
                    prop_assert_eq!(books.committed(), books.appropriated);
                }
            }
            if let State::Open(open) = &state {
                let fits = open.queue.first().is_some_and(|(_, fen)| *fen <= open.available_fen());
                prop_assert!(!fits, "the head of the queue is served as soon as it fits");
                let queued: BTreeSet<_> = open.queue.iter().map(|(claim, _)| claim).collect();
                prop_assert_eq!(queued.len(), open.queue.len());
            }
        }
    }
}
