//! The specification of a government's inquiry, sentence by sentence, on the dates of the fire at Wuyi.

use decider::{
    Context, Department, DepartmentKind, Id, Role,
    harness::{Given, actor, beside_clocks, context, given, woken},
};
use law::{AreaCode, Level, Tier, Uscc, clock};
use time::{
    OffsetDateTime,
    macros::{date, datetime},
};

use super::*;
use crate::fire::FireId;

const IGNITION: OffsetDateTime = datetime!(2023-04-17 14:01:47 +8);
const JUNE_10: OffsetDateTime = datetime!(2023-06-10 10:00 +8);
const JULY_20: OffsetDateTime = datetime!(2023-07-20 10:00 +8);

fn group(at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Emergency, "33", &[Role::Officer]))
}

fn government() -> Department {
    "government.33".parse().unwrap()
}

fn form(level: Level) -> Command {
    Command::Form {
        fire: FireId::parse("wuyi").unwrap(),
        area: AreaCode::parse("330723103").unwrap(),
        government: government(),
        tier: Tier::Province,
        leader: "vice-governor".into(),
        members: vec!["emergency.33".into()],
        accident_at: IGNITION,
        level,
    }
}

fn formed() -> Vec<Event> {
    given::<Inquiry>([]).when(form(Level::Major), &group(datetime!(2023-04-18 9:00 +8))).events()
}

fn story(events: Vec<Event>, commands: impl IntoIterator<Item = (Command, Context)>) -> Vec<Event> {
    commands.into_iter().fold(events, |mut events, (command, cx)| {
        events.extend(given::<Inquiry>(events.clone()).when(command, &cx).events());
        events
    })
}

fn after(events: Vec<Event>) -> Given<Inquiry> {
    given::<Inquiry>(events)
}

fn extend(days: u32) -> Command {
    Command::Extend { days, by: government(), at: JUNE_10 }
}

fn submit() -> Command {
    Command::SubmitReport { document: "report".into() }
}

fn reply() -> Command {
    let at = datetime!(2023-07-28 10:00 +8);
    Command::Reply {
        level: Level::Major,
        responsible_units: vec![Uscc::synthetic(330_723, 1)],
        by: government(),
        at,
    }
}

fn reported() -> Vec<Event> {
    story(formed(), [(extend(60), group(JUNE_10)), (submit(), group(JULY_20))])
}

/// The service learns of the reply a week after its date, which is the one that counts.
fn replied() -> Vec<Event> {
    story(reported(), [(reply(), group(datetime!(2023-08-05 10:00 +8)))])
}

#[test]
fn nothing_is_inquired_into_before_a_group_is_formed() {
    given::<Inquiry>([]).when(submit(), &group(JUNE_10)).refused(Refusal::NotFormed);
    after(formed()).when(form(Level::Major), &group(JUNE_10)).refused(Refusal::AlreadyFormed);
}

#[test]
fn whoever_has_no_part_in_the_department_s_work_does_none_of_the_group_s() {
    let at = |roles| context(JULY_20, actor(DepartmentKind::Emergency, "33", roles));
    after(formed()).when(submit(), &at(&[])).refused(Refusal::NotAMember);
    after(formed()).when(submit(), &at(&[Role::Grid])).refused(Refusal::NotAMember);
}

#[test]
fn the_report_is_due_sixty_days_from_the_accident_and_not_from_the_forming() {
    let Some(Event::Formed { report_by, .. }) = beside_clocks(formed()).pop() else { panic!() };
    assert_eq!(report_by.last_day, date!(2023 - 06 - 16));
    let warned = woken::<Inquiry>(formed());
    assert_eq!(after(warned.clone()).deadline(), Some(datetime!(2023-06-17 0:00 +8)));
    let said = after(warned).when(Command::Tick, &group(datetime!(2023-06-17 0:00 +8))).events();
    let event = clock::Event::Breached { due: report_by };
    assert_eq!(said, [Event::Clock { duty: Duty::Report, event }]);
}

#[test]
fn the_government_extends_it_by_sixty_days_at_most_to_15_august() {
    let events = after(formed()).when(extend(60), &group(JUNE_10)).facts();
    let [Event::Extended { report_by, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(report_by.last_day, date!(2023 - 08 - 15));
    after(formed())
        .when(extend(61), &group(JUNE_10))
        .refused(Refusal::ExtensionTooLong { wanted: 61, left: 60 });
    after(formed()).when(extend(0), &group(JUNE_10)).refused(Refusal::NoDays);
    let twenty = story(formed(), [(extend(20), group(JUNE_10))]);
    after(twenty.clone())
        .when(extend(41), &group(JUNE_10))
        .refused(Refusal::ExtensionTooLong { wanted: 41, left: 40 });
    let forty = after(twenty).when(extend(40), &group(JUNE_10)).facts();
    assert!(
        matches!(&forty[..], [Event::Extended { report_by, .. }] if report_by.last_day == date!(2023 - 08 - 15))
    );
}

#[test]
fn no_other_government_extends_and_no_ended_period_is_extended() {
    let other = Command::Extend { days: 30, by: "government.3307".parse().unwrap(), at: JUNE_10 };
    after(formed()).when(other, &group(JUNE_10)).refused(Refusal::NotTheGovernment);
    after(formed())
        .when(
            Command::Extend { days: 60, by: government(), at: datetime!(2023-06-17 0:00 +8) },
            &group(JULY_20),
        )
        .refused(Refusal::PeriodOver { last_day: date!(2023 - 06 - 16) });
    after(reported()).when(extend(1), &group(JULY_20)).refused(Refusal::AlreadyReported);
}

#[test]
fn an_appraisal_is_left_out() {
    let metal = Id::parse("metal").unwrap();
    let commission = Command::CommissionAppraisal { appraisal: metal.clone() };
    let back = Command::ReturnAppraisal { appraisal: metal.clone() };
    after(formed())
        .when(back.clone(), &group(JUNE_10))
        .refused(Refusal::AppraisalUnknown { appraisal: metal });
    let running = story(formed(), [(commission, group(datetime!(2023-05-01 9:00 +8)))]);
    assert_eq!(after(running.clone()).deadline(), None, "the clock stands still");
    after(running.clone())
        .when(back.clone(), &group(datetime!(2023-04-30 9:00 +8)))
        .refused(Refusal::ReturnedBeforeCommissioned);
    let returned = story(running, [(back.clone(), group(datetime!(2023-05-11 9:00 +8)))]);
    let warned = woken::<Inquiry>(returned.clone());
    assert_eq!(after(warned).deadline(), Some(datetime!(2023-06-27 0:00 +8)));
    after(returned).when(back, &group(JUNE_10)).then([]);
}

#[test]
fn only_the_group_reports() {
    let city = context(JUNE_10, actor(DepartmentKind::Emergency, "3307", &[]));
    after(formed()).when(submit(), &city).refused(Refusal::NotOfTheGroup);
    let police = context(JUNE_10, actor(DepartmentKind::Town, "330723103", &[]));
    after(formed()).when(submit(), &police).refused(Refusal::NotOfTheGroup);
    after(reported()).when(submit(), &group(JULY_20)).refused(Refusal::AlreadyReported);
}

#[test]
fn a_report_is_in_time_within_the_extension_and_answered_in_fifteen_days() {
    let Some(Event::ReportSubmitted { in_time: true, reply_by, .. }) = beside_clocks(reported()).pop() else {
        panic!()
    };
    assert_eq!(reply_by.last_day, date!(2023 - 08 - 04));
    let late = story(formed(), [(submit(), group(JULY_20))]);
    assert!(matches!(beside_clocks(late.clone()).pop(), Some(Event::ReportSubmitted { in_time: false, .. })));
}

#[test]
fn an_extremely_grave_accident_is_answered_in_thirty_days() {
    let risen = story(formed(), [(Command::NoteLevel { level: Level::Extreme }, group(JUNE_10))]);
    let events = after(risen).when(submit(), &group(datetime!(2023-06-15 9:00 +8))).facts();
    let [Event::ReportSubmitted { reply_by, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(reply_by.last_day, date!(2023 - 07 - 15));
    after(formed()).when(Command::NoteLevel { level: Level::Major }, &group(JUNE_10)).then([]);
}

#[test]
fn the_government_replies_once_and_after_the_report() {
    let cx = group(datetime!(2023-08-05 10:00 +8));
    after(formed()).when(reply(), &cx).refused(Refusal::NotReported);
    let by = "government.3307".parse().unwrap();
    let other = Command::Reply { level: Level::Major, responsible_units: vec![], by, at: JULY_20 };
    after(reported()).when(other, &cx).refused(Refusal::NotTheGovernment);
    after(replied()).when(reply(), &cx).refused(Refusal::AlreadyReplied);
    let Some(Event::Replied { in_time: true, evaluate_by, .. }) = beside_clocks(replied()).pop() else {
        panic!()
    };
    assert_eq!(evaluate_by.last_day, date!(2024 - 07 - 28));
}

#[test]
fn the_report_is_published_after_the_reply_and_evaluated_within_a_year() {
    let day_104 = group(datetime!(2023-07-30 10:00 +8));
    after(reported()).when(Command::Publish, &day_104).refused(Refusal::NotReplied);
    let published = after(replied()).when(Command::Publish, &day_104).then([Event::Published {}]);
    published.when(Command::Publish, &day_104).then([]);
    let evaluate = Command::Evaluate { document: "evaluation".into() };
    after(reported()).when(evaluate.clone(), &day_104).refused(Refusal::NotReplied);
    let late = after(replied()).when(evaluate.clone(), &group(datetime!(2024-07-29 0:00 +8)));
    let standing = late.then([Event::Evaluated { document: "evaluation".into(), in_time: false }]);
    standing.when(evaluate, &group(datetime!(2024-08-01 0:00 +8))).then([]);
}

#[test]
fn an_inquiry_that_a_higher_government_took_over_does_nothing_more() {
    let by = InquiryId::parse("higher").unwrap();
    let over = story(formed(), [(Command::Supersede { by: by.clone() }, group(JUNE_10))]);
    assert_eq!(after(over.clone()).deadline(), None);
    after(over.clone()).when(Command::Supersede { by }, &group(JUNE_10)).then([]);
    after(over).when(submit(), &group(JUNE_10)).refused(Refusal::TakenOver);
}
