//! The specification of a seal, sentence by sentence (invariants 8, 9 and 13 of the law).

use decider::{
    Context, DepartmentKind, Id, Refusal as _, Role,
    authority::Certificate,
    harness::{actor, beside_clocks, context, given, woken},
};
use law::{AreaCode, Period, Uscc, clock};
use proptest::prelude::*;
use time::{
    Duration, OffsetDateTime,
    macros::{date, datetime},
};

use super::*;

const DAY: OffsetDateTime = datetime!(2023-03-13 10:00 +8);

fn brigade(at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Fire, "330723", &[Role::Officer]))
}

fn two(cx: &Context) -> Vec<Certificate> {
    ["c-1", "c-2"]
        .map(|number| Certificate {
            number: Id::parse(number).unwrap(),
            department: cx.actor.department.clone(),
            from: datetime!(2022-01-01 0:00 +8),
            until: datetime!(2027-01-01 0:00 +8),
        })
        .to_vec()
}

/// What is asked for, apart from who asks.
#[derive(Clone)]
struct Asked {
    document: &'static str,
    evidence: Vec<&'static str>,
    panel: usize,
    days: u32,
    inspected: Option<OffsetDateTime>,
    emergency: bool,
}

const USUAL: Asked =
    Asked { document: "f-1", evidence: vec![], panel: 3, days: 30, inspected: None, emergency: false };

fn usual() -> Asked {
    Asked { evidence: vec!["photo-1"], ..USUAL }
}

fn order(asked: Asked, cx: &Context) -> Command {
    Command::Order {
        unit: Uscc::synthetic(330_723, 1),
        premises: "plant".into(),
        area: AreaCode::parse("330723103").unwrap(),
        document: asked.document.into(),
        evidence: asked.evidence.into_iter().map(|piece| Id::parse(piece).unwrap()).collect(),
        officers: two(cx),
        panel: (0..asked.panel).map(|office| format!("office-{office}")).collect(),
        inspected: asked.inspected,
        period: Period::CalendarDays(asked.days),
        emergency: asked.emergency,
    }
}

fn sealed(asked: Asked) -> Vec<Event> {
    let cx = brigade(DAY);
    given::<Seal>([]).when(order(asked, &cx), &cx).events()
}

fn after(mut events: Vec<Event>, command: Command, cx: &Context) -> Vec<Event> {
    events.extend(given::<Seal>(events.clone()).when(command, cx).events());
    events
}

fn lift(at: OffsetDateTime) -> (Command, Context) {
    let cx = brigade(at);
    (Command::Lift { officers: two(&cx) }, cx)
}

#[test]
fn a_town_never_seals() {
    let cx = context(DAY, actor(DepartmentKind::Town, "330723103", &[Role::Officer, Role::Head]));
    let refusal = Refusal::CoerciveMeasureNotDelegable;
    assert_eq!(refusal.article(), "行政强制法17");
    given::<Seal>([]).when(order(usual(), &cx), &cx).refused(refusal.clone());
    given::<Seal>(sealed(usual())).when(order(usual(), &cx), &cx).refused(refusal.clone());
    given::<Seal>(sealed(usual())).when(Command::Serve, &cx).refused(refusal);
}

#[test]
fn nobody_but_a_fire_body_seals() {
    let cx = context(DAY, actor(DepartmentKind::Emergency, "330723", &[Role::Officer]));
    given::<Seal>([]).when(order(usual(), &cx), &cx).refused(Refusal::OnlyFireBody);
    let clerk = context(DAY, actor(DepartmentKind::Fire, "330723", &[Role::Clerk]));
    given::<Seal>([]).when(order(usual(), &clerk), &clerk).refused(Refusal::NotAnOfficer);
    let neighbour = context(DAY, actor(DepartmentKind::Fire, "330724", &[Role::Officer]));
    given::<Seal>([]).when(order(usual(), &neighbour), &neighbour).refused(Refusal::OutsideArea);
}

#[test]
fn a_seal_needs_two_different_officers() {
    let cx = brigade(DAY);
    let Command::Order {
        unit,
        premises,
        area,
        document,
        evidence,
        officers,
        panel,
        inspected,
        period,
        emergency,
    } = order(usual(), &cx)
    else {
        panic!()
    };
    let officers = vec![officers[0].clone(), officers[0].clone()];
    let command = Command::Order {
        unit,
        premises,
        area,
        document,
        evidence,
        officers,
        panel,
        inspected,
        period,
        emergency,
    };
    given::<Seal>([]).when(command, &cx).refused(Refusal::TooFewOfficers { shown: 1, wanted: 2 });
}

#[test]
fn a_seal_lasts_thirty_days_at_most_and_never_rolls() {
    let cx = brigade(DAY);
    let [Event::Ordered { until, authority, .. }] = &beside_clocks(sealed(usual()))[..] else { panic!() };
    assert_eq!((until.last_day, authority.to_string()), (date!(2023 - 04 - 12), "fire.330723".to_owned()));
    given::<Seal>([])
        .when(order(Asked { days: 31, ..usual() }, &cx), &cx)
        .refused(Refusal::TooLong { until: date!(2023 - 04 - 12) });
    // The thirtieth day, 2026-10-01, is a holiday.
    let cx = brigade(datetime!(2026-09-01 10:00 +8));
    let events = given::<Seal>([]).when(order(usual(), &cx), &cx).facts();
    assert!(matches!(&events[..], [Event::Ordered { until, .. }] if until.last_day == date!(2026 - 10 - 01)));
}

#[test]
fn a_seal_is_decided_by_collective_study_on_evidence() {
    let cx = brigade(DAY);
    given::<Seal>([])
        .when(order(Asked { panel: 1, ..usual() }, &cx), &cx)
        .refused(Refusal::NoCollectiveStudy);
    given::<Seal>([]).when(order(USUAL, &cx), &cx).refused(Refusal::NoEvidence);
}

#[test]
fn the_decision_is_served_within_three_working_days_of_the_inspection() {
    let inspected = Some(datetime!(2023-03-10 16:00 +8));
    let [Event::Ordered { serve_by, .. }] = &beside_clocks(sealed(Asked { inspected, ..usual() }))[..] else {
        panic!()
    };
    assert_eq!(serve_by.last_day, date!(2023 - 03 - 15));
    let at = datetime!(2023-03-17 0:00 +8);
    let warned = woken::<Seal>(sealed(usual()));
    let standing = given::<Seal>(warned.clone());
    assert_eq!(standing.deadline(), Some(at));
    let [Event::Ordered { serve_by, .. }] = &beside_clocks(sealed(usual()))[..] else { panic!() };
    let said = standing.when(Command::Tick, &brigade(at)).events();
    let event = clock::Event::Breached { due: serve_by.clone() };
    assert_eq!(said, [Event::Clock { duty: Duty::Serve, event }]);
    let late: Vec<_> = warned.into_iter().chain(said).collect();
    assert_eq!(given::<Seal>(late.clone()).when(Command::Tick, &brigade(at)).events(), []);
    given::<Seal>(late).when(Command::Serve, &brigade(at)).then([Event::Served { in_time: false }]);
    let served = after(sealed(usual()), Command::Serve, &brigade(DAY));
    given::<Seal>(served).when(Command::Serve, &brigade(DAY)).then([]);
    let cx = brigade(DAY);
    let later = Asked { inspected: Some(DAY + Duration::HOUR), ..usual() };
    given::<Seal>([]).when(order(later, &cx), &cx).refused(Refusal::InspectedLater);
}

#[test]
fn an_emergency_seal_is_decided_collectively_within_24_hours_or_lifted() {
    let emergency = || sealed(Asked { panel: 0, emergency: true, ..usual() });
    let [Event::Ordered { regularise_by: Some(due), .. }] = &beside_clocks(emergency())[..] else { panic!() };
    assert_eq!(due.at, datetime!(2023-03-14 10:00 +8));
    let panel = vec!["office-a".to_owned(), "office-b".to_owned()];
    let study = |upheld| Command::Regularise { panel: panel.clone(), upheld };
    let on_time = brigade(due.at);
    given::<Seal>(emergency())
        .when(study(true), &on_time)
        .then([Event::Regularised { panel: panel.clone(), in_time: true }]);
    given::<Seal>(emergency()).when(study(false), &on_time).then([Event::Lifted { cause: Cause::NotUpheld }]);
    let alone = Command::Regularise { panel: vec!["office-a".into()], upheld: true };
    given::<Seal>(emergency()).when(alone, &on_time).refused(Refusal::NoCollectiveStudy);
    given::<Seal>(sealed(usual())).when(study(true), &on_time).refused(Refusal::NotAnEmergency);
    assert_eq!(given::<Seal>(woken::<Seal>(emergency())).deadline(), Some(due.past_from()));
    let late = brigade(due.past_from());
    given::<Seal>(emergency())
        .when(study(true), &late)
        .then([Event::Regularised { panel: panel.clone(), in_time: false }]);
}

#[test]
fn a_broken_seal_is_told_once_while_it_holds() {
    let at = brigade(datetime!(2023-03-25 10:00 +8));
    let breaking = Command::RecordBreaking { finding: "torn".into() };
    let broken = after(sealed(usual()), breaking.clone(), &at);
    assert!(matches!(beside_clocks(broken.clone()).pop(), Some(Event::Broken { .. })));
    given::<Seal>(broken).when(breaking.clone(), &at).then([]);
    let over = brigade(datetime!(2023-04-13 0:00 +8));
    given::<Seal>(sealed(usual())).when(breaking.clone(), &over).refused(Refusal::NotSealed);
    given::<Seal>([]).when(breaking, &at).refused(Refusal::NotSealed);
}

#[test]
fn the_body_that_sealed_lifts_the_seal() {
    let (command, cx) = lift(datetime!(2023-03-25 10:00 +8));
    given::<Seal>(sealed(usual()))
        .when(command.clone(), &cx)
        .then([Event::Lifted { cause: Cause::Corrected }]);
    let city = context(cx.at, actor(DepartmentKind::Fire, "3307", &[Role::Officer]));
    given::<Seal>(sealed(usual())).when(command, &city).refused(Refusal::NotTheSealingBody);
}

#[test]
fn a_lifted_seal_leaves_no_clock_open() {
    let (command, cx) = lift(datetime!(2023-03-14 10:00 +8));
    let events = given::<Seal>(sealed(usual())).when(command, &cx).events();
    let ended = |duty| {
        let cancelled = clock::Event::Cancelled { cause: "lifted".into(), at: cx.at };
        events.contains(&Event::Clock { duty, event: cancelled })
    };
    assert!(ended(Duty::Serve) && ended(Duty::Term), "{events:?}");
}

#[test]
fn a_seal_ends_by_itself_at_the_end_of_its_term() {
    let served = after(sealed(usual()), Command::Serve, &brigade(DAY));
    let standing = given::<Seal>(served);
    let end = datetime!(2023-04-13 0:00 +8);
    assert_eq!(standing.deadline(), Some(end));
    let over = standing.when(Command::Tick, &brigade(end)).then([Event::Lifted { cause: Cause::TermEnded }]);
    assert_eq!(over.deadline(), None);
    assert_eq!(over.when(Command::Tick, &brigade(end)).events(), []);
}

#[test]
fn a_place_is_sealed_again_only_by_a_new_decision_on_new_evidence() {
    let cx = brigade(datetime!(2023-03-25 10:00 +8));
    let again = Asked { document: "f-2", evidence: vec!["photo-1", "photo-2"], ..usual() };
    given::<Seal>(sealed(usual()))
        .when(order(again.clone(), &cx), &cx)
        .refused(Refusal::AlreadySealed { until: date!(2023 - 04 - 12) });
    let (command, at) = lift(datetime!(2023-03-20 10:00 +8));
    let lifted = after(sealed(usual()), command, &at);
    given::<Seal>(lifted.clone())
        .when(order(usual(), &cx), &cx)
        .refused(Refusal::DocumentUsed { document: "f-1".into() });
    given::<Seal>(lifted.clone())
        .when(order(Asked { document: "f-2", ..usual() }, &cx), &cx)
        .refused(Refusal::NoNewEvidence);
    assert!(matches!(
        beside_clocks(after(lifted, order(again, &cx), &cx)).last(),
        Some(Event::Ordered { .. })
    ));
}

#[test]
fn a_term_that_is_over_does_not_wait_for_the_clock() {
    let cx = brigade(datetime!(2023-04-13 0:00 +8));
    let again = Asked { document: "f-2", evidence: vec!["photo-2"], ..usual() };
    let events = given::<Seal>(sealed(usual())).when(order(again, &cx), &cx).facts();
    assert!(matches!(&events[..], [Event::Lifted { cause: Cause::TermEnded }, Event::Ordered { .. }]));
}

proptest! {
    /// Invariant 13: no seal is longer than thirty days, and each rests on something no earlier one rested on.
    #[test]
    fn however_often_a_place_is_sealed_no_seal_is_long_or_old(
        asked in prop::collection::vec((0_usize..4, prop::collection::vec(0_usize..6, 0..3), 1_u32..40, 0_i64..40), 1..12),
    ) {
        const DOCUMENTS: [&str; 4] = ["f-1", "f-2", "f-3", "f-4"];
        const PIECES: [&str; 6] = ["e-1", "e-2", "e-3", "e-4", "e-5", "e-6"];
        let mut history: Vec<(Event, OffsetDateTime)> = vec![];
        let mut at = DAY;
        for (document, pieces, days, gap) in asked {
            at += Duration::days(gap);
            let cx = brigade(at);
            let evidence = pieces.into_iter().map(|piece| PIECES[piece]).collect();
            let command = order(Asked { document: DOCUMENTS[document], evidence, days, ..usual() }, &cx);
            let state = history.iter().fold(State::default(), |state, (event, _)| evolve(state, event));
            if let Ok(events) = <Seal as decider::Decider>::decide(&state, command, &cx) {
                history.extend(events.into_iter().map(|event| (event, at)));
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        let mut free_from = DAY;
        for (event, at) in &history {
            if let Event::Ordered { document, evidence, until, .. } = event {
                prop_assert!(until.at <= *at + Duration::days(31), "ends with the thirtieth day after");
                prop_assert!(*at >= free_from, "no seal upon a seal");
                prop_assert!(seen.insert((*document).clone()));
                prop_assert!(evidence.iter().any(|piece| !seen.contains(piece.as_str())));
                seen.extend(evidence.iter().map(ToString::to_string));
                free_from = until.at;
            }
        }
    }
}
