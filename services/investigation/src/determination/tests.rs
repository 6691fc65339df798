//! The specification of a cause determination, sentence by sentence, on the dates of the fire at Wuyi.

use decider::{
    Context, Decider, DepartmentKind, Id, Role,
    authority::Certificate,
    harness::{Given, actor, beside_clocks, closing, context, given, woken},
};
use law::{AreaCode, Tier, clock};
use time::{
    Date, OffsetDateTime,
    macros::{date, datetime},
};

use super::*;
use crate::fire::Totals;

const ALARM: OffsetDateTime = datetime!(2023-04-17 14:04 +8);
const MAY_10: OffsetDateTime = datetime!(2023-05-10 10:00 +8);

fn body(area: &str, at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Fire, area, &[Role::Officer, Role::Head]))
}

fn opened() -> Vec<Event> {
    let open = Command::Open { area: AreaCode::parse("330723103").unwrap(), alarm_at: ALARM };
    given::<Determination>([]).when(open, &body("330723", ALARM)).events()
}

fn story(events: Vec<Event>, commands: impl IntoIterator<Item = (Command, Context)>) -> Vec<Event> {
    commands.into_iter().fold(events, |mut events, (command, cx)| {
        events.extend(given::<Determination>(events.clone()).when(command, &cx).events());
        events
    })
}

fn certificate(number: &str, cx: &Context) -> Certificate {
    Certificate {
        number: Id::parse(number).unwrap(),
        department: cx.actor.department.clone(),
        from: datetime!(2022-01-01 0:00 +8),
        until: datetime!(2024-01-01 0:00 +8),
    }
}

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn hear(cause: &str) -> Command {
    Command::HearParties { cause: cause.into(), present: vec![id("p-1")], absent: vec![], disputed: false }
}

fn issue(cx: &Context) -> Command {
    let officers = vec![certificate("c-1", cx), certificate("c-2", cx)];
    Command::Issue { document: "1".into(), cause: "welding slag".into(), officers, simple: false }
}

fn issue_simple(cx: &Context) -> Command {
    let officers = vec![certificate("c-1", cx)];
    Command::Issue { document: "1".into(), cause: "welding slag".into(), officers, simple: true }
}

fn heard() -> Vec<Event> {
    story(opened(), [(hear("welding slag"), body("330723", MAY_10))])
}

fn issued() -> Vec<Event> {
    let cx = body("330723", MAY_10);
    story(heard(), [(issue(&cx), cx)])
}

fn served() -> Vec<Event> {
    story(issued(), [(Command::Serve { by_public_notice: false }, body("330723", MAY_10))])
}

fn request() -> Command {
    Command::RequestReview { party: id("p-1") }
}

fn accept() -> Command {
    Command::AcceptReview { document: None }
}

fn requested() -> Vec<Event> {
    story(served(), [(request(), body("330723", datetime!(2023-05-20 9:00 +8)))])
}

fn accepted() -> Vec<Event> {
    story(requested(), [(accept(), body("3307", datetime!(2023-05-22 9:00 +8)))])
}

fn decide(outcome: Outcome) -> Command {
    Command::DecideReview { outcome, document: None }
}

fn after(events: Vec<Event>) -> Given<Determination> {
    given::<Determination>(events)
}

fn moved(to: Tier) -> Vec<Event> {
    let at = datetime!(2023-04-17 18:00 +8);
    story(opened(), [(Command::Move { to, at }, body("330723", at))])
}

#[test]
fn nothing_is_determined_before_an_alarm() {
    let cx = body("330723", ALARM);
    given::<Determination>([]).when(issue(&cx), &cx).refused(Refusal::NotOpened);
    let early = body("330723", datetime!(2023-04-17 14:03 +8));
    after(opened()).when(hear("slag"), &early).refused(Refusal::BeforeAlarm);
}

#[test]
fn a_determination_is_opened_once() {
    let open = Command::Open { area: AreaCode::parse("330723103").unwrap(), alarm_at: ALARM };
    after(opened()).when(open, &body("330723", ALARM)).refused(Refusal::AlreadyOpened);
}

#[test]
fn thirty_days_from_the_alarm_end_on_17_may_and_a_missed_one_is_a_breach() {
    let Some(Event::Opened { determine_by, .. }) = beside_clocks(opened()).pop() else { panic!() };
    assert_eq!(determine_by.last_day, date!(2023 - 05 - 17));
    let warned = woken::<Determination>(opened());
    assert_eq!(after(warned.clone()).deadline(), Some(datetime!(2023-05-18 0:00 +8)));
    let said = after(warned).when(Command::Tick, &body("330723", datetime!(2023-05-18 0:00 +8))).events();
    let event = clock::Event::Breached { due: determine_by };
    assert_eq!(said, [Event::Clock { duty: Duty::Determine, event }]);
}

#[test]
fn the_next_higher_body_extends_it_to_16_june_and_no_other_does() {
    let extend = Command::Extend { document: None };
    let events = after(opened()).when(extend.clone(), &body("3307", MAY_10)).facts();
    let [Event::Extended { determine_by, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(determine_by.last_day, date!(2023 - 06 - 16));
    for wrong in ["330723", "33"] {
        after(opened()).when(extend.clone(), &body(wrong, MAY_10)).refused(Refusal::NotTheNextHigherBody);
    }
    after(opened()).when(extend.clone(), &body("3308", MAY_10)).refused(Refusal::OutsideArea);
    let emergency = context(MAY_10, actor(DepartmentKind::Emergency, "3307", &[Role::Head]));
    after(opened()).when(extend.clone(), &emergency).refused(Refusal::OnlyFireBody);
    let officer = context(MAY_10, actor(DepartmentKind::Fire, "3307", &[Role::Officer]));
    after(opened()).when(extend, &officer).refused(Refusal::NotTheHead);
}

#[test]
fn above_the_province_the_national_body_s_approval_is_recorded_with_its_document() {
    let extend = |document: Option<&str>| Command::Extend { document: document.map(str::to_owned) };
    let province = || after(moved(Tier::Province));
    province().when(extend(None), &body("33", MAY_10)).refused(Refusal::NationalDocumentMissing);
    province().when(extend(Some("7")), &body("3307", MAY_10)).refused(Refusal::NotTheNextHigherBody);
    let events = province().when(extend(Some("7")), &body("33", MAY_10)).facts();
    let [Event::Extended { approved_by, determine_by }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((approved_by.tier, determine_by.last_day), (Tier::State, date!(2023 - 06 - 16)));
}

#[test]
fn it_is_extended_once_and_only_while_it_runs() {
    let extend = Command::Extend { document: None };
    let extended = story(opened(), [(extend.clone(), body("3307", MAY_10))]);
    after(extended).when(extend.clone(), &body("3307", MAY_10)).refused(Refusal::AlreadyExtended);
    after(opened())
        .when(extend, &body("3307", datetime!(2023-05-18 0:00 +8)))
        .refused(Refusal::PeriodOver { last_day: date!(2023 - 05 - 17) });
}

#[test]
fn appraisals_that_overlap_are_left_out_once() {
    let appraisal = |name: &str, from: OffsetDateTime| {
        (Command::CommissionAppraisal { appraisal: id(name) }, body("330723", from))
    };
    let back = |name: &str, to: OffsetDateTime| {
        (Command::ReturnAppraisal { appraisal: id(name) }, body("330723", to))
    };
    let events = story(
        opened(),
        [
            appraisal("metal", datetime!(2023-04-20 9:00 +8)),
            appraisal("paint", datetime!(2023-04-25 9:00 +8)),
            back("metal", datetime!(2023-04-30 9:00 +8)),
        ],
    );
    assert_eq!(after(events.clone()).deadline(), None, "the clock stands still");
    let events = story(events, [back("paint", datetime!(2023-05-05 9:00 +8))]);
    let Some(Event::AppraisalReturned { determine_by, .. }) = beside_clocks(events.clone()).pop() else {
        panic!()
    };
    assert_eq!(determine_by.last_day, date!(2023 - 06 - 01), "15 days from 20 April to 5 May, not 20");
    let warned = woken::<Determination>(events);
    assert_eq!(after(warned).deadline(), Some(datetime!(2023-06-02 0:00 +8)));
}

/// Appraisals as (name, commissioned, returned), when the determination is made, and when it was due by then.
#[test]
fn the_thirty_days_under_overlapping_appraisals_end_where_the_table_says() {
    type Row = (&'static [(&'static str, u8, u8)], Date, bool);
    // Days are those of April 2023 and on: 35 is 5 May.
    let rows: &[Row] = &[
        (&[], date!(2023 - 05 - 17), false),
        (&[("a", 20, 30)], date!(2023 - 05 - 27), false),
        (&[("a", 20, 30), ("b", 25, 35)], date!(2023 - 06 - 01), false),
        (&[("a", 20, 35), ("b", 25, 30)], date!(2023 - 06 - 01), false),
        (&[("a", 20, 30), ("b", 30, 35)], date!(2023 - 06 - 01), false),
        (&[("a", 20, 25), ("b", 30, 35)], date!(2023 - 05 - 27), false),
        (&[("a", 20, 25), ("b", 20, 25), ("c", 20, 25)], date!(2023 - 05 - 22), false),
        (&[("a", 20, 20)], date!(2023 - 05 - 17), false),
        (&[("a", 20, 30), ("b", 25, 35)], date!(2023 - 07 - 01), true),
    ];
    for (appraisals, last_day, extended) in rows {
        let day = |day: u8| ALARM + time::Duration::days(i64::from(day) - 17);
        let mut acts: Vec<_> = appraisals
            .iter()
            .flat_map(|(name, from, to)| {
                let commission = Command::CommissionAppraisal { appraisal: id(name) };
                let back = Command::ReturnAppraisal { appraisal: id(name) };
                [(day(*from), 0, commission), (day(*to), 1, back)]
            })
            .collect();
        acts.sort_by_key(|(at, order, _)| (*at, *order));
        let acts = acts.into_iter().map(|(at, _, command)| (command, body("330723", at)));
        let mut events = story(opened(), acts);
        if *extended {
            events = story(events, [(Command::Extend { document: None }, body("3307", MAY_10))]);
        }
        let events = woken::<Determination>(events);
        let end = last_day.next_day().unwrap().midnight().assume_offset(time::macros::offset!(+8));
        assert_eq!(after(events.clone()).deadline(), Some(end), "{appraisals:?}");
        let late = after(events).when(Command::Tick, &body("330723", end)).events();
        let [Event::Clock { duty: Duty::Determine, event: clock::Event::Breached { due } }] = &late[..]
        else {
            panic!("{late:?}")
        };
        assert_eq!(due.last_day, *last_day, "{appraisals:?}");
    }
}

#[test]
fn the_body_is_warned_after_four_fifths_of_the_time_that_counts() {
    let metal = id("metal");
    let out = (Command::CommissionAppraisal { appraisal: metal.clone() }, datetime!(2023-04-20 9:00 +8));
    let back = (Command::ReturnAppraisal { appraisal: metal }, datetime!(2023-04-25 9:00 +8));
    assert_eq!(after(opened()).deadline(), Some(datetime!(2023-05-11 22:00:48 +8)));
    let events = story(opened(), [out, back].map(|(command, at)| (command, body("330723", at))));
    assert_eq!(after(events.clone()).deadline(), Some(datetime!(2023-05-16 22:00:48 +8)), "five days later");
    let warned = woken::<Determination>(events);
    let Some(Event::Clock { duty: Duty::Determine, event: clock::Event::Warned { due, holder, .. } }) =
        warned.last()
    else {
        panic!("{warned:?}")
    };
    assert_eq!((due.last_day, holder.as_str()), (date!(2023 - 05 - 22), "fire.330723"));
    assert_eq!(after(warned).deadline(), Some(datetime!(2023-05-23 0:00 +8)), "once");
}

#[test]
fn nobody_is_warned_of_a_party_s_right_nor_of_what_was_done() {
    let window = window(&served());
    assert_eq!((window.terms.warn, window.until.warn_at), (None, None));
    assert_eq!(after(served()).deadline(), Some(window.until.due.at));
}

#[test]
fn a_determination_that_moves_up_is_the_higher_body_s_to_make() {
    let holder = |events: Vec<Event>| match events.iter().fold(State::default(), Determination::evolve) {
        State::Open(open) => open.determining().unwrap().terms.holder.clone(),
        State::Unknown => panic!(),
    };
    assert_eq!(holder(opened()), "fire.330723");
    assert_eq!(holder(moved(Tier::City)), "fire.3307");
    assert_eq!(holder(moved(Tier::State)), "fire.national");
}

#[test]
fn under_another_pack_an_open_clock_is_computed_anew_once_and_a_met_one_never() {
    let longer = |at| {
        let pack = law::RulePack::builtin();
        let text = include_str!("../../../../libs/law/data/pack/cn.json");
        let text = text.replacen(
            r#""fire.cause.determine", "value": "30""#,
            r#""fire.cause.determine", "value": "31""#,
            1,
        );
        let rules = law::RulePack::parse(text.as_str(), &[]).unwrap();
        assert_ne!(rules.version(), pack.version());
        Context { rules: rules.into(), ..body("330723", at) }
    };
    let anew = after(opened()).when(Command::Rederive, &longer(MAY_10)).events();
    let [Event::Clock { duty: Duty::Determine, event: clock::Event::Rederived { old, new: Some(new), .. } }] =
        &anew[..]
    else {
        panic!("{anew:?}")
    };
    assert_eq!((old.due.last_day, new.due.last_day), (date!(2023 - 05 - 17), date!(2023 - 05 - 18)));
    let again = after([opened(), anew].concat()).when(Command::Rederive, &longer(MAY_10)).events();
    assert_eq!(again, []);
    let closed = story(issued(), [(Command::Serve { by_public_notice: false }, body("330723", MAY_10))]);
    assert_eq!(after(closed).when(Command::Rederive, &longer(MAY_10)).events(), []);
    assert_eq!(after(opened()).when(Command::Rederive, &body("330723", MAY_10)).events(), []);
}

#[test]
fn an_appraisal_that_nobody_commissioned_does_not_return() {
    let back = |name: &str| Command::ReturnAppraisal { appraisal: id(name) };
    after(opened())
        .when(back("metal"), &body("330723", MAY_10))
        .refused(Refusal::AppraisalUnknown { appraisal: id("metal") });
    let commissioned =
        story(opened(), [(Command::CommissionAppraisal { appraisal: id("metal") }, body("330723", MAY_10))]);
    after(commissioned.clone())
        .when(back("metal"), &body("330723", datetime!(2023-05-09 9:00 +8)))
        .refused(Refusal::ReturnedBeforeCommissioned);
    let returned = story(commissioned.clone(), [(back("metal"), body("330723", MAY_10))]);
    after(returned).when(back("metal"), &body("330723", MAY_10)).then([]);
    after(commissioned)
        .when(Command::CommissionAppraisal { appraisal: id("metal") }, &body("330723", MAY_10))
        .then([]);
}

#[test]
fn the_body_that_has_jurisdiction_acts_and_what_was_done_before_it_moved_stays_valid() {
    let commission = |name: &str| Command::CommissionAppraisal { appraisal: id(name) };
    let now = datetime!(2023-04-18 9:00 +8);
    let city = moved(Tier::City);
    after(city.clone()).when(commission("metal"), &body("330723", now)).refused(Refusal::NotTheBody);
    after(city.clone()).when(commission("metal"), &body("3307", now)).events();
    let before = body("330723", datetime!(2023-04-17 17:00 +8));
    after(city).when(commission("metal"), &before).events();
}

#[test]
fn jurisdiction_never_moves_down() {
    let at = datetime!(2023-04-19 9:00 +8);
    after(moved(Tier::Province)).when(Command::Move { to: Tier::City, at }, &body("330723", at)).then([]);
}

#[test]
fn the_parties_are_heard_on_this_very_cause_first() {
    let cx = body("330723", MAY_10);
    after(opened()).when(issue(&cx), &cx).refused(Refusal::PartiesNotHeard);
    let other = story(opened(), [(hear("arson"), cx.clone())]);
    after(other).when(issue(&cx), &cx).refused(Refusal::CauseNotExplained);
}

#[test]
fn two_different_investigators_of_the_body_with_valid_certificates_determine() {
    let cx = body("330723", MAY_10);
    let with = |officers| Command::Issue {
        document: "1".into(),
        cause: "welding slag".into(),
        officers,
        simple: false,
    };
    let twice = vec![certificate("c-1", &cx), certificate("c-1", &cx)];
    after(heard()).when(with(twice), &cx).refused(Refusal::TooFewOfficers { shown: 1, wanted: 2 });
    let foreign = vec![certificate("c-1", &cx), certificate("c-2", &body("3307", MAY_10))];
    after(heard()).when(with(foreign), &cx).refused(Refusal::CertificateInvalid { number: id("c-2") });
    let clerk = context(MAY_10, actor(DepartmentKind::Fire, "330723", &[Role::Clerk]));
    after(heard()).when(issue(&cx), &clerk).refused(Refusal::NotAnOfficer);
}

#[test]
fn it_is_determined_once_and_in_time_on_the_last_day() {
    let cx = body("330723", MAY_10);
    after(issued()).when(issue(&cx), &cx).refused(Refusal::AlreadyIssued);
    after(issued()).when(hear("arson"), &cx).refused(Refusal::AlreadyIssued);
    let in_time = |at| {
        let cx = body("330723", at);
        match &after(heard()).when(issue(&cx), &cx).facts()[..] {
            [Event::Issued { in_time, .. }] => *in_time,
            other => panic!("{other:?}"),
        }
    };
    assert!(in_time(datetime!(2023-05-17 23:59 +8)));
    assert!(!in_time(datetime!(2023-05-18 0:00 +8)));
}

#[test]
fn it_is_served_within_seven_days_and_reviewable_for_fifteen() {
    let Some(Event::Issued { serve_by: Some(serve_by), .. }) = beside_clocks(issued()).pop() else {
        panic!()
    };
    assert_eq!(serve_by.last_day, date!(2023 - 05 - 17));
    let cx = body("330723", MAY_10);
    after(heard()).when(Command::Serve { by_public_notice: false }, &cx).refused(Refusal::NotIssued);
    after(served()).when(Command::Serve { by_public_notice: false }, &cx).refused(Refusal::AlreadyServed);
    let Some(Event::Served { review_by: Some(review_by), in_time: true, .. }) = beside_clocks(served()).pop()
    else {
        panic!()
    };
    assert_eq!(review_by.last_day, date!(2023 - 05 - 25));
}

#[test]
fn service_by_public_notice_takes_effect_after_twenty_days() {
    let events =
        after(issued()).when(Command::Serve { by_public_notice: true }, &body("330723", MAY_10)).facts();
    let [Event::Served { deemed_by: Some(deemed), review_by: Some(review_by), .. }] = &events[..] else {
        panic!()
    };
    assert_eq!(deemed.last_day, date!(2023 - 05 - 30));
    assert_eq!(review_by.last_day, date!(2023 - 06 - 14));
}

#[test]
fn the_simple_procedure_wants_no_casualties_and_no_dispute() {
    let cx = body("330723", MAY_10);
    let hurt = story(heard(), [(Command::NoteCasualties, cx.clone())]);
    after(hurt.clone()).when(issue_simple(&cx), &cx).refused(Refusal::NotSimple);
    after(hurt).when(Command::NoteCasualties, &cx).then([]);
    let disputed = Command::HearParties {
        cause: "welding slag".into(),
        present: vec![],
        absent: vec![id("p-1")],
        disputed: true,
    };
    let disputed = story(opened(), [(disputed, cx.clone())]);
    after(disputed).when(issue_simple(&cx), &cx).refused(Refusal::NotSimple);
}

#[test]
fn the_simple_procedure_wants_slight_harm() {
    let cx = body("330723", MAY_10);
    let noted = |totals| story(heard(), [(Command::NoteHarm { totals }, cx.clone())]);
    let loss = |yuan: i64| Totals { direct_loss_fen: yuan * 100, ..Totals::default() };
    let property = Totals { property_loss_fen: 50_000_000, ..Totals::default() };
    let homeless = Totals { households: 10, ..Totals::default() };
    for grave in [loss(30_000_000), loss(500_000), property, homeless] {
        after(noted(grave)).when(issue_simple(&cx), &cx).refused(Refusal::NotSlight);
        after(noted(grave)).when(issue(&cx), &cx).facts();
    }
    after(noted(loss(499_999))).when(issue_simple(&cx), &cx).facts();
    let corrected = story(noted(loss(600_000)), [(Command::NoteHarm { totals: loss(60_000) }, cx.clone())]);
    after(corrected.clone()).when(issue_simple(&cx), &cx).facts();
    after(corrected).when(Command::NoteHarm { totals: loss(60_000) }, &cx).then([]);
}

#[test]
fn a_simple_determination_is_one_investigator_s_filed_within_two_days_and_never_reviewed() {
    let cx = body("330723", MAY_10);
    let events = story(heard(), [(issue_simple(&cx), cx.clone())]);
    let Some(Event::Issued { file_by: Some(file_by), serve_by: None, .. }) =
        beside_clocks(events.clone()).pop()
    else {
        panic!()
    };
    assert_eq!(file_by.last_day, date!(2023 - 05 - 12));
    after(events.clone()).when(request(), &cx).refused(Refusal::SimpleNotReviewable);
    let filed = after(events).when(Command::File, &cx).then([Event::Filed { in_time: true }]);
    filed.when(Command::File, &cx).then([]);
    after(issued()).when(Command::File, &cx).refused(Refusal::NothingToFile);
}

#[test]
fn a_review_is_asked_for_within_fifteen_days_of_service() {
    after(issued()).when(request(), &body("330723", MAY_10)).refused(Refusal::NotServed);
    after(served())
        .when(request(), &body("330723", datetime!(2023-05-26 0:00 +8)))
        .refused(Refusal::ReviewTooLate { last_day: date!(2023 - 05 - 25) });
    let events = after(served()).when(request(), &body("330723", datetime!(2023-05-25 23:59 +8))).facts();
    let [Event::ReviewRequested { accept_by, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(accept_by.last_day, date!(2023 - 06 - 01));
    after(requested())
        .when(request(), &body("330723", datetime!(2023-05-21 9:00 +8)))
        .refused(Refusal::ReviewPending);
}

#[test]
fn the_next_higher_body_accepts_and_has_the_file_in_ten_days_and_decides_in_thirty() {
    let at = datetime!(2023-05-22 9:00 +8);
    after(served()).when(accept(), &body("3307", at)).refused(Refusal::ReviewNotRequested);
    after(requested()).when(accept(), &body("330723", at)).refused(Refusal::NotTheNextHigherBody);
    let Some(Event::ReviewAccepted { file_by, decide_by, .. }) = beside_clocks(accepted()).pop() else {
        panic!()
    };
    assert_eq!(file_by.last_day, date!(2023 - 06 - 01));
    assert_eq!(decide_by.last_day, date!(2023 - 06 - 21));
}

#[test]
fn an_application_refused_on_its_ground_leaves_room_for_another_party() {
    let at = datetime!(2023-05-22 9:00 +8);
    let refuse = Command::RefuseReview { ground: Ground::NotAParty, document: None };
    let refused = story(requested(), [(refuse, body("3307", at))]);
    assert!(window(&refused).is_running());
    after(refused.clone()).when(Command::RequestReview { party: id("p-2") }, &body("330723", at)).events();
    after(refused)
        .when(request(), &body("330723", datetime!(2023-05-26 0:00 +8)))
        .refused(Refusal::ReviewTooLate { last_day: date!(2023 - 05 - 25) });
}

#[test]
fn an_application_refused_after_the_window_or_for_good_opens_none() {
    let refuse = |ground| Command::RefuseReview { ground, document: None };
    let late = body("3307", datetime!(2023-05-27 9:00 +8));
    let refused = story(requested(), [(refuse(Ground::NotAParty), late)]);
    assert!(window(&refused).end.is_some());
    let in_time = body("3307", datetime!(2023-05-22 9:00 +8));
    let refused = story(requested(), [(refuse(Ground::AlreadyReviewed), in_time)]);
    assert!(window(&refused).end.is_some());
}

/// The clock of the parties' window, after these events.
fn window(events: &[Event]) -> clock::Clock {
    let State::Open(open) = events.iter().fold(State::default(), Determination::evolve) else { panic!() };
    open.clocks.get(&Duty::RequestReview).unwrap().clone()
}

#[test]
fn the_time_to_ask_for_a_review_is_the_parties_right_and_lapses() {
    let clock = window(&served());
    assert_eq!((clock.terms.role, clock.terms.holder.as_str()), (law::Role::Party, "parties"));
    assert!(matches!(window(&requested()).end, Some(clock::End::Met { in_time: true, .. })));
    let over = body("330723", datetime!(2023-05-26 0:00 +8));
    let silent = story(served(), [(Command::Tick, over)]);
    assert!(window(&silent).has_lapsed());
    assert!(matches!(
        silent.last(),
        Some(Event::Clock { duty: Duty::RequestReview, event: clock::Event::Lapsed { .. } })
    ));
    let suit = Command::NoteSuit { court: "county-court".into() };
    let sued = story(served(), [(suit, body("330723", MAY_10))]);
    assert!(matches!(window(&sued).end, Some(clock::End::Cancelled { .. })));
}

#[test]
fn after_a_public_notice_the_window_runs_from_the_day_on_which_that_takes_effect() {
    let events =
        after(issued()).when(Command::Serve { by_public_notice: true }, &body("330723", MAY_10)).events();
    let clock = window(&[issued(), events].concat());
    assert_eq!(clock.terms.start, datetime!(2023-05-30 0:00 +8));
    assert_eq!(clock.until.due.last_day, date!(2023 - 06 - 14));
}

#[test]
fn another_calendar_moves_an_open_review_window_once_and_a_used_or_lapsed_one_never() {
    let cx = closing("2023-05-25", &body("330723", datetime!(2023-05-24 9:00 +8)));
    let anew = after(served()).when(Command::Rederive, &cx).events();
    let [Event::Clock { duty: Duty::RequestReview, event: clock::Event::Rederived { old, new, holder, .. } }] =
        &anew[..]
    else {
        panic!("{anew:?}")
    };
    let new = new.as_ref().unwrap();
    assert_eq!((old.due.last_day, new.due.last_day), (date!(2023 - 05 - 25), date!(2023 - 05 - 26)));
    assert_eq!((holder.as_str(), new.due.rolled), ("parties", true));
    let events = [served(), anew.clone()].concat();
    assert_eq!(after(events.clone()).when(Command::Rederive, &cx).events(), []);
    after(events).when(request(), &body("330723", datetime!(2023-05-26 23:59 +8))).facts();
    let over = closing("2023-05-25", &body("330723", datetime!(2023-05-26 0:00 +8)));
    let lapsed = story(served(), [(Command::Tick, body("330723", datetime!(2023-05-26 0:00 +8)))]);
    for closed in [requested(), lapsed] {
        assert_eq!(after(closed).when(Command::Rederive, &over).events(), []);
    }
}

#[test]
fn the_original_body_returns_the_file_once() {
    let cx = body("330723", datetime!(2023-06-02 0:00 +8));
    after(requested()).when(Command::ReturnFile, &cx).refused(Refusal::ReviewNotAccepted);
    let late =
        after(accepted()).when(Command::ReturnFile, &cx).then([Event::FileReturned { in_time: false }]);
    late.when(Command::ReturnFile, &cx).then([]);
}

#[test]
fn a_review_is_held_once() {
    let at = datetime!(2023-05-23 9:00 +8);
    after(requested()).when(decide(Outcome::Upheld), &body("3307", at)).refused(Refusal::ReviewNotAccepted);
    let upheld = story(accepted(), [(decide(Outcome::Upheld), body("3307", at))]);
    after(upheld).when(request(), &body("330723", at)).refused(Refusal::AlreadyReviewed);
}

#[test]
fn what_is_sent_back_is_determined_again_within_fifteen_days_and_not_reviewed_again() {
    let at = datetime!(2023-06-01 9:00 +8);
    let cx = body("330723", at);
    let back = story(accepted(), [(decide(Outcome::Redetermine), body("3307", at))]);
    let Some(Event::ReviewDecided { redetermine_by: Some(due), .. }) = beside_clocks(back.clone()).pop()
    else {
        panic!()
    };
    assert_eq!(due.last_day, date!(2023 - 06 - 16));
    after(back.clone()).when(issue(&cx), &cx).refused(Refusal::PartiesNotHeard);
    let again = story(back, [(hear("welding slag"), cx.clone()), (issue(&cx), cx.clone())]);
    assert!(matches!(
        beside_clocks(again.clone()).pop(),
        Some(Event::Issued { again: true, in_time: true, .. })
    ));
    let served = story(again, [(Command::Serve { by_public_notice: false }, cx.clone())]);
    assert!(matches!(beside_clocks(served.clone()).pop(), Some(Event::Served { review_by: None, .. })));
    after(served).when(request(), &cx).refused(Refusal::AlreadyReviewed);
}

fn acting(kind: DepartmentKind, area: &str, role: Role, at: OffsetDateTime) -> Context {
    context(at, actor(kind, area, &[role]))
}

#[test]
fn an_application_and_a_suit_are_entered_by_officials_of_the_body_or_the_next_higher_one() {
    let at = datetime!(2023-05-20 9:00 +8);
    let suit = || Command::NoteSuit { court: "county-court".into() };
    let by = |kind, area, role| acting(kind, area, role, at);
    for (cx, refusal) in [
        (by(DepartmentKind::Town, "440106001", Role::Grid), Refusal::OnlyFireBody),
        (by(DepartmentKind::Police, "330723", Role::Officer), Refusal::OnlyFireBody),
        (by(DepartmentKind::Fire, "440106", Role::Officer), Refusal::OutsideArea),
        (by(DepartmentKind::Fire, "33", Role::Officer), Refusal::NotTheBody),
        (by(DepartmentKind::Fire, "330723", Role::Grid), Refusal::NotAnOfficial),
    ] {
        after(served()).when(request(), &cx).refused(refusal.clone());
        after(accepted()).when(suit(), &cx).refused(refusal);
    }
    for area in ["330723", "3307"] {
        after(served()).when(request(), &by(DepartmentKind::Fire, area, Role::Clerk)).facts();
        after(accepted()).when(suit(), &by(DepartmentKind::Fire, area, Role::Legal)).facts();
    }
    after(opened()).when(suit(), &by(DepartmentKind::Fire, "3307", Role::Officer)).facts();
}

#[test]
fn what_the_body_owes_is_done_by_its_officials() {
    let at = datetime!(2023-05-22 9:00 +8);
    let nobody = context(at, actor(DepartmentKind::Fire, "330723", &[]));
    let cx = body("330723", MAY_10);
    let simple = story(heard(), [(issue_simple(&cx), cx)]);
    after(simple).when(Command::File, &nobody).refused(Refusal::NotAnOfficial);
    after(issued()).when(Command::Serve { by_public_notice: false }, &nobody).refused(Refusal::NotAnOfficial);
    after(accepted()).when(Command::ReturnFile, &nobody).refused(Refusal::NotAnOfficial);
}

#[test]
fn an_appraisal_is_returned_to_an_investigator_of_the_body() {
    let commission = Command::CommissionAppraisal { appraisal: id("a-1") };
    let commissioned = story(opened(), [(commission, body("330723", MAY_10))]);
    let back = || Command::ReturnAppraisal { appraisal: id("a-1") };
    for (cx, refusal) in [
        (acting(DepartmentKind::Fire, "440106", Role::Officer, MAY_10), Refusal::OutsideArea),
        (acting(DepartmentKind::Fire, "3307", Role::Officer, MAY_10), Refusal::NotTheBody),
        (acting(DepartmentKind::Fire, "330723", Role::Clerk, MAY_10), Refusal::NotAnOfficer),
    ] {
        after(commissioned.clone()).when(back(), &cx).refused(refusal);
    }
}

#[test]
fn a_review_is_accepted_refused_and_concluded_by_the_head_of_the_reviewing_body() {
    let officer = acting(DepartmentKind::Fire, "3307", Role::Officer, datetime!(2023-05-22 9:00 +8));
    after(requested()).when(accept(), &officer).refused(Refusal::NotTheReviewingHead);
    let refuse = Command::RefuseReview { ground: Ground::NotAParty, document: None };
    after(requested()).when(refuse, &officer).refused(Refusal::NotTheReviewingHead);
    after(accepted()).when(decide(Outcome::Upheld), &officer).refused(Refusal::NotTheReviewingHead);
}

#[test]
fn a_suit_ends_the_review() {
    let at = datetime!(2023-05-24 9:00 +8);
    let suit = Command::NoteSuit { court: "county-court".into() };
    let ended = story(accepted(), [(suit.clone(), body("330723", at))]);
    assert!(matches!(
        beside_clocks(ended.clone()).pop(),
        Some(Event::SuitAccepted { review_ended: true, .. })
    ));
    assert_eq!(after(ended.clone()).deadline(), None);
    after(ended.clone()).when(decide(Outcome::Upheld), &body("3307", at)).refused(Refusal::SuitPending);
    after(ended.clone()).when(accept(), &body("3307", at)).refused(Refusal::SuitPending);
    after(ended).when(suit.clone(), &body("330723", at)).then([]);
    let before = story(served(), [(suit, body("330723", at))]);
    after(before).when(request(), &body("330723", at)).refused(Refusal::SuitPending);
}
