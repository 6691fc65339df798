//! Invariants 15 (appraisals as a union) and 16 (one review, in time, never of a simple one, ended by a suit).

use std::collections::BTreeSet;

use decider::{
    Context, Decider, DepartmentKind, Id, Role,
    authority::Certificate,
    harness::{actor, context},
};
use law::{AreaCode, Suspension, shanghai_date};
use proptest::prelude::*;
use time::{Date, Duration, OffsetDateTime, macros::datetime};

use super::*;

const ALARM: OffsetDateTime = datetime!(2023-04-17 14:04 +8);

fn cx(area: &str, at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Fire, area, &[Role::Officer, Role::Head]))
}

fn give(state: State, command: Command, cx: &Context) -> Result<(State, Vec<Event>), Refusal> {
    let events = Determination::decide(&state, command, cx)?;
    Ok((events.iter().fold(state, Determination::evolve), events))
}

fn open() -> State {
    let command = Command::Open { area: AreaCode::parse("330723103").unwrap(), alarm_at: ALARM };
    give(State::default(), command, &cx("330723", ALARM)).unwrap().0
}

/// Thirty (or sixty) days counted one by one, a day under any appraisal not counted: the oracle.
fn last_day(appraisals: &[Suspension], days: u32) -> Date {
    let suspended: BTreeSet<Date> = appraisals
        .iter()
        .flat_map(|appraisal| {
            let (from, to) = (shanghai_date(appraisal.from), shanghai_date(appraisal.to.unwrap()));
            (1..=(to - from).whole_days()).map(move |day| from + Duration::days(day))
        })
        .collect();
    let (mut day, mut counted) = (shanghai_date(ALARM), 0);
    while counted < days {
        day = day.next_day().unwrap();
        if !suspended.contains(&day) {
            counted += 1;
        }
    }
    day
}

fn instant(hours: i64) -> OffsetDateTime {
    ALARM + Duration::hours(hours)
}

fn name(index: usize) -> Id {
    Id::parse(&format!("a-{index}")).unwrap()
}

/// Appraisals within the first thirty days, of up to twenty days each.
fn appraisals() -> impl Strategy<Value = Vec<Suspension>> {
    let one = (0..29 * 24_i64, 0..20 * 24_i64)
        .prop_map(|(from, length)| Suspension { from: instant(from), to: Some(instant(from + length)) });
    prop::collection::vec(one, 0..6)
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Hear,
    Issue(bool),
    Serve,
    Request,
    Accept,
    Refuse,
    Decide(Outcome),
    Suit,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Hear),
        2 => any::<bool>().prop_map(Step::Issue),
        2 => Just(Step::Serve),
        4 => Just(Step::Request),
        2 => Just(Step::Accept),
        2 => Just(Step::Refuse),
        2 => prop_oneof![Just(Outcome::Upheld), Just(Outcome::Redetermine)].prop_map(Step::Decide),
        1 => Just(Step::Suit),
    ]
}

fn command(step: Step, at: OffsetDateTime) -> (Command, Context) {
    let (own, higher) = (cx("330723", at), cx("3307", at));
    let certificate = |number: &str| Certificate {
        number: Id::parse(number).unwrap(),
        department: own.actor.department.clone(),
        from: datetime!(2020-01-01 0:00 +8),
        until: datetime!(2030-01-01 0:00 +8),
    };
    let officers = vec![certificate("c-1"), certificate("c-2")];
    let (document, cause) = (None, "slag".to_owned());
    match step {
        Step::Hear => (Command::HearParties { cause, present: vec![], absent: vec![], disputed: false }, own),
        Step::Issue(simple) => (Command::Issue { document: "1".into(), cause, officers, simple }, own),
        Step::Serve => (Command::Serve { by_public_notice: false }, own),
        Step::Request => (Command::RequestReview { party: name(1) }, own),
        Step::Accept => (Command::AcceptReview { document }, higher),
        Step::Refuse => (Command::RefuseReview { ground: Ground::NotAParty, document }, higher),
        Step::Decide(outcome) => (Command::DecideReview { outcome, document }, higher),
        Step::Suit => (Command::NoteSuit { court: "court".into() }, own),
    }
}

proptest! {
    #[test]
    fn the_clock_leaves_out_the_union_of_appraisals_and_not_their_sum(appraisals in appraisals(), extended: bool) {
        let mut state = open();
        let mut acts: Vec<_> = appraisals
            .iter()
            .enumerate()
            .flat_map(|(index, appraisal)| {
                [(appraisal.from, 0, name(index)), (appraisal.to.unwrap(), 1, name(index))]
            })
            .collect();
        acts.sort();
        if extended {
            let extend = Command::Extend { document: None };
            state = give(state, extend, &cx("3307", ALARM)).unwrap().0;
        }
        for (at, end, appraisal) in acts {
            let command = if end == 0 {
                Command::CommissionAppraisal { appraisal }
            } else {
                Command::ReturnAppraisal { appraisal }
            };
            state = give(state, command, &cx("330723", at)).unwrap().0;
        }
        let State::Open(open) = &state else { unreachable!("the determination was opened") };
        let clock = open.determining().unwrap();
        prop_assert_eq!(clock.until.due.last_day, last_day(&appraisals, if extended { 60 } else { 30 }));
        prop_assert!(clock.is_running());
    }

    #[test]
    fn a_review_is_held_once_in_time_not_of_a_simple_one_and_not_beside_a_suit(
        simple: bool,
        steps in prop::collection::vec((step(), 0..3 * 24_i64), 1..40),
    ) {
        let (mut state, mut at) = (open(), ALARM);
        // Random steps alone would seldom get as far as a review.
        let start = [Step::Hear, Step::Issue(simple), Step::Serve].map(|step| (step, 1));
        let mut reviews = 0;
        let (mut simple, mut suit, mut reviewed) = (false, false, false);
        let mut review_by = None;
        for (step, hours) in start.into_iter().chain(steps) {
            at += Duration::hours(hours);
            let (command, cx) = command(step, at);
            let Ok((next, events)) = give(state.clone(), command, &cx) else { continue };
            state = next;
            for event in events {
                match event {
                    Event::Issued { simple: now, .. } => simple = now,
                    Event::Served { review_by: due, .. } => review_by = due,
                    Event::ReviewRequested { .. } => {
                        prop_assert!(!simple && !suit && !reviewed);
                        prop_assert!(review_by.as_ref().is_some_and(|due| !due.is_past(at)));
                    }
                    Event::ReviewAccepted { .. } => {
                        prop_assert!(!suit);
                        reviewed = true;
                        reviews += 1;
                    }
                    Event::ReviewRefused { .. } | Event::ReviewDecided { .. } => prop_assert!(!suit),
                    Event::SuitAccepted { .. } => suit = true,
                    _ => {}
                }
            }
            prop_assert!(reviews <= 1);
        }
    }

    #[test]
    fn an_act_before_the_move_stays_the_lower_body_s_and_one_after_it_the_higher_s(hours in 0..200_i64, act in 0..200_i64) {
        let to = law::Tier::City;
        let moved_at = instant(hours);
        let state = give(open(), Command::Move { to, at: moved_at }, &cx("330723", moved_at)).unwrap().0;
        let at = instant(act);
        let commission = Command::CommissionAppraisal { appraisal: name(1) };
        let county = give(state.clone(), commission.clone(), &cx("330723", at)).is_ok();
        let city = give(state, commission, &cx("3307", at)).is_ok();
        prop_assert_eq!((county, city), (at < moved_at, at >= moved_at));
    }
}
