//! Ten thousand cases, decided as in life and told again; which of them differ is counted day by day beside it.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use contracts::log::v1::Event;
use decider::{
    Context, Decider, DepartmentKind, DomainEvent, Id, Role, StreamName,
    harness::{actor, context},
    shadow::{Figure, Finding},
};
use hazard::report::{self, Report};
use investigation::determination::{self, Determination};
use law::{AreaCode, Calendar, RulePack, Source};
use rand::{Rng, SeedableRng, rngs::StdRng};
use time::{Date, Duration, OffsetDateTime, macros::datetime};

use super::telling::{Telling, Under};

const CASES: usize = 5_000;
const SEED: u64 = 2026;
const CLOSED: Range<u8> = 10..15;

/// The built-in pack with another value of a rule.
fn with(rule: &str, old: &str, new: &str) -> Arc<RulePack> {
    let row = |value: &str| format!(r#""id": "{rule}", "value": "{value}""#);
    let text = RulePack::builtin_text();
    assert!(text.contains(&row(old)));
    let text = text.replace(&row(old), &row(new));
    Arc::new(RulePack::parse(Source { name: "other.json", text: &text }, &[]).unwrap())
}

/// The built-in calendar, but Wuyi rests from 10 to 14 August 2026.
fn other_calendar() -> Arc<Calendar> {
    let closed: Vec<String> =
        CLOSED.map(|day| format!(r#"{{"date": "2026-08-{day}", "reason": "防台风停工"}}"#)).collect();
    let text = format!(
        r#"{{"area": "330723", "edition": "2026-1", "basis": "武政办发〔2026〕12号", "closed": [{}]}}"#,
        closed.join(",\n")
    );
    Arc::new(Calendar::builtin().with(&[Source { name: "closures.json", text: &text }]).unwrap())
}

/// A log in the making.
#[derive(Default)]
struct Written {
    events: Vec<Event>,
}

impl Written {
    /// Decides one command after the other, each in its context, and what the clock says in between.
    fn case<D: Decider>(&mut self, id: &str, acts: Vec<(D::Command, Context)>)
    where
        D::Refusal: std::fmt::Debug,
    {
        let stream = StreamName::new(D::NAME, id);
        let (mut state, mut version) = (D::State::default(), 0);
        for (command, cx) in acts {
            for event in D::decide(&state, command, &cx).unwrap() {
                version += 1;
                let data = serde_json::to_vec(&event).unwrap();
                self.events.push(Event {
                    position: self.events.len() as u64 + 1,
                    stream: stream.to_string(),
                    version,
                    kind: event.name().to_owned(),
                    data,
                    occurred_at: Some(chassis::timestamp(cx.at)),
                    recorded_at: Some(chassis::timestamp(cx.now)),
                    ..Event::default()
                });
                state = D::evolve(state, &event);
            }
        }
    }
}

/// Days of the calendar from the day after the alarm, without those that an appraisal takes: from the day after it was
/// commissioned through the day it came back.
fn determine_by(alarm: OffsetDateTime, appraisals: &[(OffsetDateTime, OffsetDateTime)], days: u32) -> Date {
    let (mut day, mut left) = (law::shanghai_date(alarm), days);
    while left > 0 {
        day = day.next_day().unwrap();
        let is_out = appraisals
            .iter()
            .any(|(from, to)| law::shanghai_date(*from) < day && day <= law::shanghai_date(*to));
        left -= u32::from(!is_out);
    }
    day
}

/// Working days counted one by one; `closed` days are none.
fn verify_by(received: OffsetDateTime, closed: bool) -> Date {
    let calendar = Calendar::builtin();
    let (mut day, mut left) = (law::shanghai_date(received), 3);
    while left > 0 {
        day = day.next_day().unwrap();
        let shut =
            closed && day.year() == 2026 && day.month() == time::Month::August && CLOSED.contains(&day.day());
        left -= u32::from(calendar.is_working_day(day) && !shut);
    }
    day
}

fn at(rng: &mut StdRng) -> OffsetDateTime {
    datetime!(2026-01-05 08:00 +8) + Duration::minutes(rng.random_range(0..60 * 24 * 300))
}

/// A determination with up to two appraisals that may overlap; says whether 25 days would have made a difference.
fn determination(written: &mut Written, id: &str, rng: &mut StdRng) -> bool {
    let area = AreaCode::parse("330723").unwrap();
    let officer = actor(DepartmentKind::Fire, "330723", &[Role::Officer]);
    let alarm = at(rng);
    let cx = |at| context(at, officer.clone());
    let mut acts = vec![(alarm, determination::Command::Open { area, alarm_at: alarm })];
    let mut appraisals = Vec::new();
    for number in 0..rng.random_range(0..3) {
        let appraisal = Id::parse(&format!("appraisal-{number}")).unwrap();
        let from = alarm + Duration::hours(rng.random_range(1..24 * 20));
        let to = from + Duration::hours(rng.random_range(1..24 * 30));
        acts.push((from, determination::Command::CommissionAppraisal { appraisal: appraisal.clone() }));
        acts.push((to, determination::Command::ReturnAppraisal { appraisal }));
        appraisals.push((from, to));
    }
    // The story ends at any time: before or after the one or the other last day.
    let end = alarm + Duration::hours(rng.random_range(24..24 * 90));
    acts.push((end, determination::Command::Tick));
    acts.sort_by_key(|(at, _)| *at);
    appraisals.retain(|(from, _)| *from <= end);
    let acts = acts.into_iter().take_while(|(at, _)| *at <= end);
    let acts = acts.map(|(at, act)| (act, cx(at))).collect();
    written.case::<Determination>(id, acts);
    let still = appraisals.iter().any(|(_, to)| *to > end);
    // A time that stands still has no last day under either rule; else 25 days are not 30.
    let began_too_late = |days| {
        let ended: Vec<_> = appraisals.iter().copied().filter(|(_, to)| *to <= end).collect();
        let last = determine_by(alarm, &ended, days);
        appraisals.iter().filter(|(_, to)| *to > end).all(|(from, _)| law::shanghai_date(*from) >= last)
    };
    !still || began_too_late(25) || began_too_late(30)
}

/// A report that is verified after some days, or never; says whether the closed days would have made a difference.
fn report(written: &mut Written, id: &str, rng: &mut StdRng) -> bool {
    let clerk = actor(DepartmentKind::Hotline, "330723", &[Role::Clerk, Role::Officer]);
    let received = at(rng);
    let verified = received + Duration::hours(rng.random_range(1..24 * 12));
    let receive = report::Command::Receive {
        reporter_ref: Id::parse("ref-1").unwrap(),
        channel: Id::parse("hotline-12350").unwrap(),
        real_name: true,
        insider: false,
        premises: "plant".into(),
        area: AreaCode::parse("330723103").unwrap(),
        category: Id::parse("flammable-storage").unwrap(),
    };
    let mut acts = vec![(receive, context(received, clerk.clone()))];
    if rng.random_bool(0.7) {
        acts.push((report::Command::Verify { confirmed: true, by: None }, context(verified, clerk)));
    }
    written.case::<Report>(id, acts);
    verify_by(received, false) != verify_by(received, true)
}

fn told(events: &[Event], aggregates: &[decider::Aggregate], under: &Under) -> BTreeSet<String> {
    let mut telling = Telling::new(under, aggregates);
    events.iter().for_each(|event| telling.tell(event).unwrap());
    let outcome = telling.end();
    assert_eq!(outcome.streams, CASES);
    outcome.differing.into_iter().map(|differing| differing.stream).collect()
}

fn under(rules: Arc<RulePack>, calendar: Arc<Calendar>) -> Under {
    Under { rules, calendar, days: Date::MIN..=Date::MAX }
}

fn generate(
    case: impl Fn(&mut Written, &str, &mut StdRng) -> bool,
    name: &str,
) -> (Vec<Event>, BTreeSet<String>) {
    let (mut written, mut rng) = (Written::default(), StdRng::seed_from_u64(SEED));
    let mut differing = BTreeSet::new();
    for number in 0..CASES {
        if case(&mut written, &number.to_string(), &mut rng) {
            differing.insert(format!("{name}:{number}"));
        }
    }
    (written.events, differing)
}

#[test]
fn another_pack_makes_exactly_the_differences_that_counting_days_finds() {
    let (events, expected) = generate(determination, Determination::NAME);
    let rules = with("fire.cause.determine", "30", "25");
    let found = told(&events, investigation::SERVICE.aggregates, &under(rules, Calendar::builtin()));
    assert!(expected.len() > 1_000 && expected.len() < CASES, "{}", expected.len());
    assert_eq!(found.symmetric_difference(&expected).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn another_calendar_makes_exactly_the_differences_that_counting_days_finds() {
    let (events, expected) = generate(report, Report::NAME);
    let found = told(&events, hazard::SERVICE.aggregates, &under(RulePack::builtin(), other_calendar()));
    assert!(expected.len() > 50 && expected.len() < CASES / 2, "{}", expected.len());
    assert_eq!(found.symmetric_difference(&expected).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_rules_of_the_time_make_no_difference() {
    let rules = under(RulePack::builtin(), Calendar::builtin());
    let (events, _) = generate(determination, Determination::NAME);
    assert_eq!(told(&events, investigation::SERVICE.aggregates, &rules), BTreeSet::new());
    let (events, _) = generate(report, Report::NAME);
    assert_eq!(told(&events, hazard::SERVICE.aggregates, &rules), BTreeSet::new());
}

/// What is found in one stream of these stored events.
fn found(
    name: &str,
    stored: &[(&str, &str)],
    aggregates: &[decider::Aggregate],
    rules: Arc<RulePack>,
) -> Vec<Finding> {
    let under = under(rules, Calendar::builtin());
    let mut telling = Telling::new(&under, aggregates);
    for (kind, data) in stored {
        let (stream, kind, data) = (format!("{name}:1"), (*kind).to_owned(), data.as_bytes().to_vec());
        telling.tell(&Event { stream, kind, data, ..Event::default() }).unwrap();
    }
    telling.end().differing.into_iter().flat_map(|differing| differing.findings).collect()
}

#[test]
fn a_reward_is_reckoned_by_the_other_share() {
    let stored = [
        ("FineNoted", include_str!("../../../../reward/stored/Claim.FineNoted.json")),
        ("AmountComputed", include_str!("../../../../reward/stored/Claim.AmountComputed.json")),
    ];
    let told = |rules| found("claim", &stored, reward::SERVICE.aggregates, rules);
    assert_eq!(told(RulePack::builtin()), []);
    let figure = Figure { field: "amount_fen", recorded: 750_000, other: Ok(500_000) };
    let expected = Finding::Figure { event: "AmountComputed".into(), figure };
    assert_eq!(told(with("reward.ratio", "0.15", "0.10")), [expected]);
}

#[test]
fn a_fine_beyond_what_the_other_norm_allows_could_not_have_been_decided() {
    let stored = [("Decided", include_str!("../../../../enforcement/stored/Penalty.Decided.json"))];
    let told = |rules| found("penalty", &stored, enforcement::SERVICE.aggregates, rules);
    assert_eq!(told(RulePack::builtin()), []);
    let findings = told(with("fine.fire60_unit.max", "50000", "10000"));
    let [Finding::Figure { figure: Figure { recorded: 2_000_000, other: Err(refused), .. }, .. }] =
        &findings[..]
    else {
        panic!("{findings:?}")
    };
    assert_eq!((refused.name.as_str(), refused.article.as_str()), ("FineOutOfRange", "行政处罚法38"));
}

#[test]
fn only_cases_that_began_on_the_days_asked_for_are_told() {
    let (events, _) = generate(report, Report::NAME);
    let days = time::macros::date!(2026 - 03 - 01)..=time::macros::date!(2026 - 03 - 31);
    let under = Under { rules: RulePack::builtin(), calendar: Calendar::builtin(), days: days.clone() };
    let mut telling = Telling::new(&under, hazard::SERVICE.aggregates);
    events.iter().for_each(|event| telling.tell(event).unwrap());
    let begun = |event: &&Event| {
        let at = chassis::from_timestamp(event.occurred_at.as_ref().unwrap()).unwrap();
        event.version == 1 && days.contains(&law::shanghai_date(at))
    };
    assert_eq!(telling.end().streams, events.iter().filter(begun).count());
}
