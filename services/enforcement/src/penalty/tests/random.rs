//! Whatever is asked in whatever order: invariants 1, 2, 3, 6, 7 and 25 hold in every history.

use std::collections::BTreeSet;

use decider::Decider as _;
use law::Due;
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use time::Duration;

use super::*;

/// What happened, and when.
type History = Vec<(Event, OffsetDateTime)>;

fn command() -> impl Strategy<Value = Command> {
    let fine = prop::sample::select(vec![5_000_i64, 20_000, 50_000]);
    prop_oneof![
        1 => Just(Command::ConfirmAct),
        2 => (fine.clone(), any::<bool>()).prop_map(|(fine, review)| {
            conclude(fine, if review { &[ReviewGround::Statutory] } else { &[] })
        }),
        2 => any::<bool>().prop_map(|passed| Command::Review { passed, opinion: "o".into() }),
        3 => Just(notify(true)),
        1 => Just(Command::ReceiveDefence { document: "d".into() }),
        1 => any::<bool>().prop_map(waive),
        2 => Just(Command::RequestHearing),
        4 => (10_i64..60).prop_map(|days| Command::NoticeHearing {
            document: "hn".into(), on: DAY.date() + Duration::days(days),
        }),
        4 => Just(Command::CloseHearing { record: "h".into() }),
        6 => fine.clone().prop_map(decide),
        4 => Just(Command::Publish),
        4 => fine.prop_map(|fine| Command::Revise {
            outcome: Outcome::Reduced, fine_fen: fine * YUAN - 1, document: "r".into(),
        }),
        3 => Just(Command::WithdrawPublication { reason: "w".into() }),
    ]
}

/// A command, by which person, how many hours after the last.
fn steps() -> impl Strategy<Value = Vec<(Command, usize, i64)>> {
    prop::collection::vec((command(), 0_usize..3, prop::sample::select(vec![0, 1, 30, 120])), 10..90)
}

fn play(steps: Vec<(Command, usize, i64)>) -> History {
    let cx = officer(DAY);
    let filed = story(vec![(file(&["fire-60-1"], None, None, &cx), cx)]);
    let mut history: History = filed.into_iter().map(|event| (event, DAY)).collect();
    let mut at = DAY;
    for (command, who, hours) in steps {
        at += Duration::hours(hours);
        let state = history.iter().fold(State::Unknown, |state, (event, _)| evolve(state, event));
        // The clock is asked first, as it would be.
        if let Some((due, breach)) = Penalty::deadline(&state).filter(|(due, _)| *due <= at) {
            let events = Penalty::decide(&state, breach, &officer(due)).unwrap();
            history.extend(events.into_iter().map(|event| (event, due)));
        }
        let mut cx = officer(at);
        cx.actor.id = id(["officer", "a", "b"][who]);
        cx.actor.roles = vec![Role::Officer, Role::Legal, Role::Head];
        let state = history.iter().fold(State::Unknown, |state, (event, _)| evolve(state, event));
        if let Ok(events) = Penalty::decide(&state, command, &cx) {
            history.extend(events.into_iter().map(|event| (event, at)));
        }
    }
    history
}

fn decisions(history: &History) -> impl Iterator<Item = usize> {
    (0..history.len()).filter(|place| matches!(history[*place].0, Event::Decided { .. }))
}

fn check(history: &History) {
    assert!(decisions(history).count() <= 1, "one decision a case");
    for place in decisions(history) {
        let (Event::Decided { fine_fen, .. }, at) = &history[place] else { unreachable!() };
        told_and_heard(&history[..place], *fine_fen, *at);
        reviewed(&history[..place]);
        assert!(history[..place].iter().any(|(event, _)| matches!(event, Event::ActClaimed {})));
    }
    withdrawn_in_time_or_told(history);
    heard_after_notice(history);
}

fn heard_after_notice(history: &History) {
    let (mut told, calendar) = (None, law::Calendar::builtin());
    for (event, at) in history {
        match event {
            Event::HearingNoticed { on, .. } => told = Some((*at, *on)),
            Event::HearingClosed { .. } => {
                let (told, on) = told.expect("invariant 6: no hearing without notice");
                let least = calendar.due(told, Period::WorkingDays(7), law::Role::Agency).last_day;
                assert!(
                    least <= on && on <= law::shanghai_date(*at),
                    "invariant 6: noticed seven days before"
                );
            }
            _ => {}
        }
    }
}

fn told_and_heard(before: &[(Event, OffsetDateTime)], fine_fen: i64, at: OffsetDateTime) {
    let notice = before.iter().find_map(|(event, _)| match event {
        Event::NoticeServed { fine_fen, defend_by, hearing_by, .. } => {
            Some((*fine_fen, defend_by, hearing_by))
        }
        _ => None,
    });
    let (noticed_fen, defend_by, hearing_by) = notice.expect("invariant 1: no decision before the notice");
    assert!(fine_fen <= noticed_fen, "invariant 2: a defence never aggravates");
    let waived = |both: bool| {
        before
            .iter()
            .any(|(event, _)| matches!(event, Event::DefenceWaived { hearing, .. } if *hearing || !both))
    };
    assert!(waived(false) || at >= defend_by.at, "invariant 1: no decision within the window");
    let requested = before.iter().rposition(|(event, _)| matches!(event, Event::HearingRequested {}));
    let closed = before.iter().rposition(|(event, _)| matches!(event, Event::HearingClosed { .. }));
    if requested.is_some() && !waived(true) {
        assert!(closed > requested, "invariant 6: no decision before the hearing is closed");
    }
    let hearing_over = |due: &Due| at >= due.at || closed.is_some() || waived(true);
    assert!(hearing_by.as_ref().is_none_or(hearing_over), "invariant 6: a hearing may still be asked for");
}

fn reviewed(before: &[(Event, OffsetDateTime)]) {
    let mut handlers = BTreeSet::new();
    let (mut wanted, mut passed) = (false, false);
    for (event, _) in before {
        match event {
            Event::Filed { handler, .. } => {
                handlers.insert(handler);
            }
            Event::InvestigationConcluded { review, handler, .. } => {
                handlers.insert(handler);
                (wanted, passed) = (!review.is_empty(), false);
            }
            Event::HearingClosed { presider, .. } => {
                assert!(!handlers.contains(presider));
                (wanted, passed) = (true, false);
            }
            Event::LegallyReviewed { passed: yes, reviewer, .. } => {
                assert!(!handlers.contains(reviewer), "invariant 7: by another person");
                passed = *yes;
            }
            _ => {}
        }
    }
    assert!(passed || !wanted, "invariant 7: review passed");
}

fn withdrawn_in_time_or_told(history: &History) {
    let mut running: Option<Due> = None;
    for (event, at) in history {
        match event {
            Event::Revised { withdraw_by: Some(due), .. } => running = Some(due.clone()),
            Event::PublicationWithdrawn { in_time, .. } => {
                let due = running.take().expect("something was to be withdrawn");
                assert_eq!(*in_time, *at < due.at, "invariant 25");
            }
            Event::Published {} => {
                assert!(running.is_none(), "invariant 25: withdrawn before published anew")
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn every_history_keeps_the_law(steps in steps()) {
        check(&play(steps));
    }
}

#[test]
fn the_random_histories_reach_decisions_hearings_and_withdrawals() {
    let mut runner = TestRunner::deterministic();
    let mut reached = [0; 3];
    for _ in 0..Config::default().cases.max(512) {
        let history = play(steps().new_tree(&mut runner).unwrap().current());
        check(&history);
        let has = |wanted: fn(&Event) -> bool| usize::from(history.iter().any(|(event, _)| wanted(event)));
        reached[0] += has(|event| matches!(event, Event::Decided { .. }));
        reached[1] += has(|event| matches!(event, Event::HearingClosed { .. }));
        reached[2] += has(|event| matches!(event, Event::PublicationWithdrawn { .. }));
    }
    assert!(reached.iter().all(|count| *count >= 5), "{reached:?}");
}
