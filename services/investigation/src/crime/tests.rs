//! The specification of a criminal transfer, sentence by sentence.

use decider::{
    Context, Decider, Department, DepartmentKind, Id, Role,
    authority::Certificate,
    harness::{Given, actor, beside_clocks, context, given, woken},
};
use law::{AreaCode, clock};
use time::{
    Duration, OffsetDateTime,
    macros::{date, datetime},
};

use super::*;
use crate::fire::{FireId, Totals};

const DAY: OffsetDateTime = datetime!(2023-04-18 9:00 +8);

fn brigade(at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Fire, "330723", &[Role::Officer]))
}

fn head(at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Fire, "330723", &[Role::Head]))
}

fn hours(count: i64) -> OffsetDateTime {
    DAY + Duration::hours(count)
}

fn police() -> Department {
    "police.330723".parse().unwrap()
}

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn note(subject: &str, grounds: &[Ground]) -> Command {
    note_in("330723103", subject, grounds)
}

fn note_in(area: &str, subject: &str, grounds: &[Ground]) -> Command {
    let area = AreaCode::parse(area).unwrap();
    Command::NoteFacts { subject: id(subject), grounds: grounds.to_vec(), area }
}

fn harm(totals: Totals) -> Command {
    harm_in("330723", totals)
}

fn harm_in(area: &str, totals: Totals) -> Command {
    let area = AreaCode::parse(area).unwrap();
    Command::NoteHarm { fire: FireId::parse("wuyi").unwrap(), totals, area }
}

fn deaths(deaths: u32) -> Command {
    harm(Totals { deaths, ..Totals::default() })
}

fn story(events: Vec<Event>, commands: impl IntoIterator<Item = (Command, Context)>) -> Vec<Event> {
    commands.into_iter().fold(events, |mut events, (command, cx)| {
        events.extend(given::<Crime>(events.clone()).when(command, &cx).events());
        events
    })
}

fn after(events: Vec<Event>) -> Given<Crime> {
    given::<Crime>(events)
}

const FOUR: [Ground; 4] =
    [Ground::MajorDetermined, Ground::OrderServed, Ground::OrderExpired, Ground::NotExecuted];

fn indicated() -> Vec<Event> {
    story(vec![], [(note("h-1", &FOUR), brigade(DAY))])
}

fn certificate(number: &str, cx: &Context) -> Certificate {
    Certificate {
        number: id(number),
        department: cx.actor.department.clone(),
        from: datetime!(2022-01-01 0:00 +8),
        until: datetime!(2024-01-01 0:00 +8),
    }
}

fn team(cx: &Context) -> Command {
    Command::AppointTeam { officers: vec![certificate("c-1", cx), certificate("c-2", cx)] }
}

fn report() -> Command {
    Command::Report { article: Article::DangerousOperation, document: "1".into() }
}

fn send(to: &str) -> Command {
    Command::Send { to: to.parse().unwrap(), document: "2".into() }
}

fn answer(filed: bool, at: OffsetDateTime) -> Command {
    Command::Answer { filed, reason: "reason".into(), by: police(), at }
}

fn teamed() -> Vec<Event> {
    story(indicated(), [(team(&head(DAY)), head(DAY))])
}

fn reported() -> Vec<Event> {
    story(teamed(), [(report(), brigade(DAY))])
}

fn approved() -> Vec<Event> {
    story(reported(), [(Command::Approve, head(hours(24)))])
}

fn sent() -> Vec<Event> {
    story(approved(), [(send("police.330723"), brigade(hours(48)))])
}

fn answered(filed: bool) -> Vec<Event> {
    story(sent(), [(answer(filed, hours(72)), brigade(hours(72)))])
}

fn articles(events: &[Event]) -> Vec<(Article, bool)> {
    let article = |event: &Event| match event {
        Event::Indicated { article, early_warning, .. } => Some((*article, *early_warning)),
        _ => None,
    };
    events.iter().filter_map(article).collect()
}

#[test]
fn refusing_to_rectify_is_a_crime_with_all_four_facts_of_one_hazard() {
    assert_eq!(articles(&indicated()), [(Article::DangerousOperation, false)]);
    for missing in FOUR {
        let three: Vec<_> = FOUR.into_iter().filter(|ground| *ground != missing).collect();
        let events =
            story(vec![], [(note("h-1", &three), brigade(DAY)), (note("h-2", &[missing]), brigade(DAY))]);
        assert_eq!(articles(&events), [], "{missing} of another hazard does not count");
    }
}

#[test]
fn the_same_fact_again_says_nothing_new() {
    after(indicated()).when(note("h-1", &FOUR), &brigade(DAY)).then([]);
    let death = story(vec![], [(deaths(1), brigade(DAY))]);
    after(death).when(deaths(1), &brigade(DAY)).then([]);
}

#[test]
fn a_broken_seal_alone_is_no_crime_of_these() {
    assert_eq!(articles(&story(vec![], [(note("s-1", &[Ground::SealBroken]), brigade(DAY))])), []);
}

#[test]
fn a_death_is_an_early_warning_and_a_full_indication_beside_a_refused_order() {
    let warned = story(vec![], [(deaths(1), brigade(DAY))]);
    assert_eq!(articles(&warned), [(Article::FireLiability, true), (Article::NegligentFire, true)]);
    let refused = note("h-1", &[Ground::OrderServed, Ground::NotExecuted]);
    let full = after(warned).when(refused, &brigade(DAY)).events();
    assert_eq!(articles(&full), [(Article::FireLiability, false)]);
}

#[test]
fn fire_liability_wants_a_million_yuan_and_half_a_million_only_warns() {
    let refused = note("h-1", &[Ground::OrderServed, Ground::NotExecuted]);
    let with_loss = |yuan: i64| {
        let loss = harm(Totals { direct_loss_fen: yuan * 100, ..Totals::default() });
        articles(&story(vec![], [(refused.clone(), brigade(DAY)), (loss, brigade(DAY))]))
    };
    assert_eq!(with_loss(499_999), []);
    assert_eq!(with_loss(500_000), [(Article::FireLiability, true), (Article::NegligentFire, true)]);
    assert_eq!(with_loss(1_000_000), [(Article::FireLiability, false), (Article::NegligentFire, true)]);
}

#[test]
fn three_serious_injuries_or_ten_households_reach_a_threshold() {
    let of = |serious_injuries, households| {
        articles(&story(
            vec![],
            [(harm(Totals { serious_injuries, households, ..Totals::default() }), brigade(DAY))],
        ))
    };
    assert_eq!(of(2, 9), []);
    assert_eq!(of(3, 0), [(Article::FireLiability, true), (Article::NegligentFire, true)]);
    assert_eq!(of(0, 10), [(Article::NegligentFire, true)]);
}

#[test]
fn a_team_has_two_officers_of_an_agency_and_something_to_look_at() {
    let cx = head(DAY);
    given::<Crime>([]).when(team(&cx), &cx).refused(Refusal::NothingKnown);
    let noted = story(vec![], [(note("h-1", &FOUR[..2]), cx.clone())]);
    after(noted).when(team(&cx), &cx).refused(Refusal::NothingKnown);
    let one = Command::AppointTeam { officers: vec![certificate("c-1", &cx)] };
    after(indicated()).when(one, &cx).refused(Refusal::TooFewOfficers { shown: 1, wanted: 2 });
    let old = head(datetime!(2024-01-01 0:00 +8));
    after(indicated()).when(team(&old), &old).refused(Refusal::CertificateInvalid { number: id("c-1") });
    let town = context(DAY, actor(DepartmentKind::Town, "330723103", &[Role::Officer]));
    after(indicated()).when(team(&town), &town).refused(Refusal::NotAnAgency);
}

#[test]
fn the_head_of_an_agency_of_the_place_appoints_the_team() {
    let by = |kind, area| context(DAY, actor(kind, area, &[Role::Head]));
    after(indicated()).when(team(&brigade(DAY)), &brigade(DAY)).refused(Refusal::NotAppointedByTheHead);
    for area in ["440106", "330724", "32"] {
        let cx = by(DepartmentKind::Fire, area);
        after(indicated()).when(team(&cx), &cx).refused(Refusal::OutsideArea);
        let nobody_s = story(vec![], [(deaths(1), brigade(DAY))]);
        after(nobody_s).when(Command::Close { penalty: None }, &cx).refused(Refusal::OutsideArea);
    }
    for cx in [by(DepartmentKind::Fire, "33"), by(DepartmentKind::Emergency, "3307")] {
        after(indicated()).when(team(&cx), &cx).facts();
    }
}

#[test]
fn of_several_who_told_of_a_case_the_narrow_ones_say_where_it_lies() {
    let of = |area| context(DAY, actor(DepartmentKind::Fire, area, &[Role::Head]));
    let appoint = |told: &[Command], area| {
        let cx = of(area);
        let events = story(vec![], told.iter().map(|command| (command.clone(), brigade(DAY))));
        after(events).when(team(&cx), &cx)
    };
    let deaths = Totals { deaths: 1, ..Totals::default() };
    let (town, province) = (note_in("330723103", "h-1", &FOUR), harm_in("33", deaths));
    appoint(std::slice::from_ref(&province), "330723").facts();
    appoint(&[town.clone(), province.clone()], "330723").facts();
    appoint(&[town.clone(), province], "330724").refused(Refusal::OutsideArea);
    appoint(&[town, harm_in("330724", deaths)], "330724").facts();
}

#[test]
fn where_a_case_lies_was_not_said_of_old() {
    let old = |event| match event {
        Event::FactNoted { subject, ground, .. } => Event::FactNoted { subject, ground, area: None },
        other => other,
    };
    let cx = head(DAY);
    after(indicated().into_iter().map(old).collect()).when(team(&cx), &cx).facts();
}

#[test]
fn the_team_reports_what_is_indicated_to_its_principal() {
    after(indicated()).when(report(), &brigade(DAY)).refused(Refusal::NoTeam);
    let elsewhere = context(DAY, actor(DepartmentKind::Fire, "3307", &[Role::Officer]));
    after(teamed()).when(report(), &elsewhere).refused(Refusal::NotTheAgency);
    after(teamed()).when(report(), &head(DAY)).refused(Refusal::NotAnOfficer);
    let negligent = Command::Report { article: Article::NegligentFire, document: "1".into() };
    after(teamed())
        .when(negligent, &brigade(DAY))
        .refused(Refusal::NotIndicated { article: Article::NegligentFire });
    after(reported()).when(report(), &brigade(DAY)).refused(Refusal::TransferPending);
    after(sent())
        .when(report(), &brigade(DAY))
        .refused(Refusal::AlreadyTransferred { article: Article::DangerousOperation });
}

#[test]
fn the_principal_decides_within_three_days() {
    let Some(Event::ReportedToPrincipal { decide_by, .. }) = beside_clocks(reported()).pop() else {
        panic!()
    };
    assert_eq!(decide_by.last_day, date!(2023 - 04 - 21));
    after(teamed()).when(Command::Approve, &head(DAY)).refused(Refusal::NotReported);
    after(reported()).when(Command::Approve, &brigade(DAY)).refused(Refusal::NotThePrincipal);
    let late = after(reported()).when(Command::Approve, &head(datetime!(2023-04-22 0:00 +8))).facts();
    assert!(matches!(late[..], [Event::Approved { in_time: false, .. }]));
    let warned = woken::<Crime>(reported());
    assert_eq!(after(warned.clone()).deadline(), Some(datetime!(2023-04-22 0:00 +8)));
    let said = after(warned).when(Command::Tick, &head(datetime!(2023-04-22 0:00 +8))).events();
    let event = clock::Event::Breached { due: decide_by };
    assert_eq!(said, [Event::Clock { duty: Duty::Decide, event }]);
}

#[test]
fn a_transfer_that_is_declined_with_its_reason_is_not_sent() {
    let decline = Command::Decline { reason: "no refusal".into() };
    let declined = story(reported(), [(decline, head(hours(1)))]);
    after(declined).when(send("police.330723"), &brigade(hours(2))).refused(Refusal::NotApproved);
}

#[test]
fn the_team_sends_objects_and_hands_over() {
    after(approved()).when(send("police.330723"), &head(hours(48))).refused(Refusal::NotAnOfficer);
    after(answered(false)).when(Command::Object, &head(hours(80))).refused(Refusal::NotAnOfficer);
    after(answered(true)).when(Command::HandOver, &head(hours(80))).refused(Refusal::NotAnOfficer);
}

#[test]
fn what_is_approved_goes_to_the_police_of_the_same_level_within_24_hours() {
    after(reported()).when(send("police.330723"), &brigade(DAY)).refused(Refusal::NotApproved);
    for wrong in ["police.3307", "police.330723103", "police.330724", "procuratorate.330723"] {
        after(approved()).when(send(wrong), &brigade(hours(25))).refused(Refusal::NotSameLevelPolice);
    }
    let in_time = |at| match &after(approved()).when(send("police.330723"), &brigade(at)).facts()[..] {
        [Event::Sent { in_time, answer_by, .. }] => (*in_time, answer_by.last_day),
        other => panic!("{other:?}"),
    };
    assert_eq!(in_time(hours(48)), (true, date!(2023 - 04 - 23)));
    assert!(!in_time(hours(48) + Duration::MICROSECOND).0);
}

#[test]
fn the_police_answer_within_three_days_of_their_receipt() {
    let receive = |by: Department| Command::Receive { receipt: "slip".into(), by, at: hours(72) };
    after(approved()).when(receive(police()), &brigade(hours(50))).refused(Refusal::NotSent);
    after(sent())
        .when(receive("fire.330723".parse().unwrap()), &brigade(hours(50)))
        .refused(Refusal::NotThePolice);
    let received = story(sent(), [(receive(police()), brigade(hours(72)))]);
    let Some(Event::Received { answer_by, .. }) = beside_clocks(received.clone()).pop() else { panic!() };
    assert_eq!(answer_by.last_day, date!(2023 - 04 - 24));
    after(received.clone()).when(receive(police()), &brigade(hours(73))).then([]);
    let late =
        after(received).when(answer(true, datetime!(2023-04-25 0:00 +8)), &brigade(hours(200))).facts();
    assert!(matches!(late[..], [Event::Answered { in_time: false, .. }]));
}

#[test]
fn only_the_police_to_whom_it_was_sent_receive_and_answer_it() {
    for other in ["police.440106", "police.3307", "police.330724"] {
        let other: Department = other.parse().unwrap();
        let receive = Command::Receive { receipt: "slip".into(), by: other.clone(), at: hours(50) };
        after(sent()).when(receive, &brigade(hours(50))).refused(Refusal::SentToOtherPolice);
        let refuse = Command::Answer { filed: false, reason: "reason".into(), by: other, at: hours(50) };
        after(sent()).when(refuse.clone(), &brigade(hours(50))).refused(Refusal::SentToOtherPolice);
        let objected = story(answered(false), [(Command::Object, brigade(hours(80)))]);
        after(objected).when(refuse, &brigade(hours(90))).refused(Refusal::SentToOtherPolice);
    }
}

#[test]
fn only_the_police_answer_what_was_sent() {
    after(approved()).when(answer(true, hours(50)), &brigade(hours(50))).refused(Refusal::NotSent);
    let other = Command::Answer {
        filed: true,
        reason: String::new(),
        by: "fire.330723".parse().unwrap(),
        at: hours(50),
    };
    after(sent()).when(other, &brigade(hours(50))).refused(Refusal::NotThePolice);
    after(answered(true)).when(answer(true, hours(80)), &brigade(hours(80))).refused(Refusal::NotSent);
}

#[test]
fn what_is_filed_is_handed_over_within_three_days() {
    let Some(Event::Answered { hand_over_by: Some(due), object_by: None, .. }) =
        beside_clocks(answered(true)).pop()
    else {
        panic!()
    };
    assert_eq!(due.last_day, date!(2023 - 04 - 24));
    after(sent()).when(Command::HandOver, &brigade(hours(80))).refused(Refusal::NotFiled);
    after(answered(false)).when(Command::HandOver, &brigade(hours(80))).refused(Refusal::NotFiled);
    after(answered(true))
        .when(Command::HandOver, &brigade(hours(80)))
        .then([Event::HandedOver { in_time: true }]);
}

#[test]
fn what_is_not_filed_is_objected_to_once_within_three_days() {
    let Some(Event::Answered { object_by: Some(due), .. }) = beside_clocks(answered(false)).pop() else {
        panic!()
    };
    assert_eq!(due.last_day, date!(2023 - 04 - 24));
    after(answered(true)).when(Command::Object, &brigade(hours(80))).refused(Refusal::NotRefused);
    after(answered(false))
        .when(Command::Object, &brigade(datetime!(2023-04-25 0:00 +8)))
        .refused(Refusal::ObjectionTooLate { last_day: date!(2023 - 04 - 24) });
    let objected = story(answered(false), [(Command::Object, brigade(hours(80)))]);
    let again = story(objected, [(answer(false, hours(100)), brigade(hours(100)))]);
    after(again).when(Command::Object, &brigade(hours(101))).refused(Refusal::AlreadyObjected);
}

#[test]
fn an_objection_that_succeeds_is_a_filing() {
    let objected = story(answered(false), [(Command::Object, brigade(hours(80)))]);
    let filed = story(objected, [(answer(true, hours(100)), brigade(hours(100)))]);
    after(filed).when(Command::HandOver, &brigade(hours(101))).events();
}

#[test]
fn a_penalty_never_replaces_the_transfer() {
    let with = |penalty: Option<&str>| Command::Close { penalty: penalty.map(id) };
    for events in [teamed(), reported(), approved(), sent(), answered(true)] {
        let replaced = after(events.clone()).when(with(Some("p-1")), &head(hours(80)));
        replaced.refused(Refusal::PenaltyDoesNotReplaceTransfer);
        after(events).when(with(None), &head(hours(80))).refused(Refusal::TransferPending);
    }
    let penalty = Some(id("p-1"));
    after(answered(false)).when(with(Some("p-1")), &head(hours(80))).then([Event::Closed { penalty }]);
    after(answered(false)).when(with(None), &brigade(hours(80))).refused(Refusal::NotThePrincipal);
}

#[test]
fn a_closed_matter_opens_again_with_a_new_indication() {
    let closed = story(answered(false), [(Command::Close { penalty: None }, head(hours(80)))]);
    after(closed.clone()).when(Command::Close { penalty: None }, &head(hours(81))).then([]);
    let cx = head(hours(90));
    let again = story(closed, [(deaths(1), cx.clone()), (team(&cx), cx)]);
    after(again)
        .when(Command::Report { article: Article::FireLiability, document: "3".into() }, &brigade(hours(90)))
        .events();
}

/// The clock of the agency's objection, after these events.
fn window(events: &[Event]) -> clock::Clock {
    let State::Open(open) = events.iter().fold(State::default(), Crime::evolve) else { panic!() };
    open.clocks.get(&Duty::Object).unwrap().clone()
}

#[test]
fn the_time_to_object_is_the_agency_s_right_and_lapses() {
    let clock = window(&answered(false));
    assert_eq!((clock.terms.holder.as_str(), clock.terms.lapses), ("fire.330723", Some(clock::Lapse::Right)));
    let objected = story(answered(false), [(Command::Object, brigade(hours(80)))]);
    assert!(matches!(window(&objected).end, Some(clock::End::Met { in_time: true, .. })));
    let over = brigade(datetime!(2023-04-25 0:00 +8));
    assert!(window(&story(answered(false), [(Command::Tick, over)])).has_lapsed());
    let closed = story(answered(false), [(Command::Close { penalty: None }, head(hours(80)))]);
    assert!(matches!(window(&closed).end, Some(clock::End::Cancelled { .. })));
}

#[test]
fn another_pack_moves_an_open_objection_once_and_a_used_one_never() {
    let text = include_str!("../../../../libs/law/data/pack/cn.json");
    let (from, to) = (r#""transfer.objection", "value": "3""#, r#""transfer.objection", "value": "5""#);
    let rules = law::RulePack::parse(text.replacen(from, to, 1).as_str(), &[]).unwrap();
    let longer = Context { rules: rules.into(), ..brigade(hours(78)) };
    let anew = after(answered(false)).when(Command::Rederive, &longer).events();
    let [Event::Clock { duty: Duty::Object, event: clock::Event::Rederived { new: Some(new), .. } }] =
        &anew[..]
    else {
        panic!("{anew:?}")
    };
    assert_eq!(new.due.last_day, date!(2023 - 04 - 26));
    let events = [answered(false), anew].concat();
    assert_eq!(after(events.clone()).when(Command::Rederive, &longer).events(), []);
    after(events).when(Command::Object, &brigade(datetime!(2023-04-26 23:59 +8))).facts();
    let objected = story(answered(false), [(Command::Object, brigade(hours(77)))]);
    assert_eq!(after(objected).when(Command::Rederive, &longer).events(), []);
}
