//! The specification of a fire, sentence by sentence, on the dates of the fire at Wuyi.

use decider::{
    Context, DepartmentKind, Role,
    harness::{actor, beside_clocks, context, given, woken},
};
use law::{AreaCode, Level, Tier, Uscc, clock};
use time::{
    Duration, OffsetDateTime,
    macros::{date, datetime},
};

use super::*;
use crate::inquiry::InquiryId;

const IGNITION: OffsetDateTime = datetime!(2023-04-17 14:01:47 +8);
const ALARM: OffsetDateTime = datetime!(2023-04-17 14:04 +8);

fn fire_body(area: &str, at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Fire, area, &[Role::Officer]))
}

fn emergency(area: &str, at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Emergency, area, &[Role::Clerk]))
}

fn minutes(count: i64) -> OffsetDateTime {
    ALARM + Duration::minutes(count)
}

fn days(count: i64) -> OffsetDateTime {
    ALARM + Duration::days(count)
}

fn raise() -> Command {
    Command::RaiseAlarm {
        premises: "plant".into(),
        area: AreaCode::parse("330723103").unwrap(),
        unit: Uscc::synthetic(330_723, 1),
        ignited_at: IGNITION,
        unit_knew_at: None,
    }
}

fn raised() -> Vec<Event> {
    given::<Fire>([]).when(raise(), &fire_body("330723", ALARM)).events()
}

fn deaths(deaths: u32) -> Command {
    Command::UpdateCasualties(Totals { deaths, ..Totals::default() })
}

fn after(mut events: Vec<Event>, command: Command, cx: &Context) -> Vec<Event> {
    events.extend(given::<Fire>(events.clone()).when(command, cx).events());
    events
}

fn with_deaths(count: u32) -> Vec<Event> {
    after(raised(), deaths(count), &fire_body("330723", minutes(30)))
}

fn note(government: &str) -> Command {
    Command::NoteInquiry {
        inquiry: InquiryId::parse("wuyi-inquiry").unwrap(),
        by: government.parse().unwrap(),
        government: government.parse().unwrap(),
        by_state: false,
        leader: "vice-governor".into(),
        members: vec!["emergency.33".into()],
    }
}

/// The same group as another department tells of it, perhaps for the State Council.
fn told(by: &str, government: &str, by_state: bool) -> Command {
    let Command::NoteInquiry { inquiry, government, leader, members, .. } = note(government) else {
        panic!()
    };
    Command::NoteInquiry { inquiry, by: by.parse().unwrap(), government, by_state, leader, members }
}

fn dues(events: &[Event]) -> Vec<(Rung, OffsetDateTime)> {
    let due = |event: &Event| match event {
        Event::ReportDue { from, due, .. } => Some((*from, due.at)),
        _ => None,
    };
    events.iter().filter_map(due).collect()
}

fn levels(events: &[Event]) -> Vec<Level> {
    let level = |event: &Event| match event {
        Event::LevelDetermined { level, .. } => Some(*level),
        _ => None,
    };
    events.iter().filter_map(level).collect()
}

fn moves(events: &[Event]) -> Vec<(Track, Tier, Tier)> {
    let moved = |event: &Event| match event {
        Event::JurisdictionMoved { track, from, to } => Some((*track, *from, *to)),
        _ => None,
    };
    events.iter().filter_map(moved).collect()
}

#[test]
fn nothing_is_done_about_a_fire_before_its_alarm() {
    given::<Fire>([]).when(deaths(1), &fire_body("330723", ALARM)).refused(Refusal::NotRaised);
}

#[test]
fn an_alarm_is_raised_once() {
    given::<Fire>(raised()).when(raise(), &fire_body("330723", ALARM)).refused(Refusal::AlreadyRaised);
}

#[test]
fn only_a_fire_body_of_the_place_raises_the_alarm() {
    given::<Fire>([]).when(raise(), &emergency("330723", ALARM)).refused(Refusal::OnlyFireBody);
    let nobody = context(ALARM, actor(DepartmentKind::Fire, "330723", &[]));
    given::<Fire>([]).when(raise(), &nobody).refused(Refusal::NotAnOfficial);
    given::<Fire>([]).when(raise(), &fire_body("330724", ALARM)).refused(Refusal::OutsideArea);
}

#[test]
fn a_fire_does_not_break_out_after_its_alarm() {
    let early = fire_body("330723", datetime!(2023-04-17 14:00 +8));
    given::<Fire>([]).when(raise(), &early).refused(Refusal::IgnitedAfterAlarm);
}

#[test]
fn no_act_is_dated_before_the_alarm() {
    let early = fire_body("330723", datetime!(2023-04-17 14:03 +8));
    given::<Fire>(raised()).when(deaths(1), &early).refused(Refusal::BeforeAlarm);
}

#[test]
fn the_alarm_at_wuyi_sets_its_three_clocks() {
    let events = beside_clocks(raised());
    let [
        Event::AlarmRaised { recompute_until, determine_by, .. },
        Event::ReportDue { from: Rung::Unit, due, .. },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(recompute_until.last_day, date!(2023 - 04 - 24));
    assert_eq!(determine_by.last_day, date!(2023 - 05 - 17));
    assert_eq!(due.at, datetime!(2023-04-17 15:04 +8));
}

#[test]
fn the_unit_s_hour_runs_from_its_knowledge() {
    let Command::RaiseAlarm { premises, area, unit, ignited_at, .. } = raise() else { panic!() };
    let knew = Some(datetime!(2023-04-17 14:03:09 +8));
    let command = Command::RaiseAlarm { premises, area, unit, ignited_at, unit_knew_at: knew };
    let events = given::<Fire>([]).when(command, &fire_body("330723", ALARM)).events();
    assert_eq!(dues(&events), [(Rung::Unit, datetime!(2023-04-17 15:03:09 +8))]);
}

#[test]
fn a_report_within_the_hour_to_the_minute_is_in_time() {
    let report = Command::Report { from: Rung::Unit, to: Rung::County };
    let at =
        |minute| given::<Fire>(raised()).when(report.clone(), &emergency("330723", minutes(minute))).facts();
    assert!(matches!(at(60)[0], Event::Reported { in_time: true, .. }));
    assert!(matches!(at(61)[0], Event::Reported { in_time: false, .. }));
}

#[test]
fn a_report_not_made_is_a_breach_right_after_the_hour() {
    let warned = woken::<Fire>(raised());
    let standing = given::<Fire>(warned.clone());
    assert_eq!(standing.deadline(), Some(datetime!(2023-04-17 15:04:00.000001 +8)));
    let Some(Event::ReportDue { due, .. }) = beside_clocks(raised()).pop() else { panic!() };
    let cx = fire_body("330723", due.past_from());
    let said = standing.when(Command::Tick, &cx).events();
    let event = clock::Event::Breached { due };
    assert_eq!(said, [Event::Clock { duty: Duty::UnitReport, event }]);
    assert_eq!(given::<Fire>([warned, said].concat()).when(Command::Tick, &cx).events(), []);
}

#[test]
fn who_has_an_hour_to_report_is_warned_after_forty_eight_minutes() {
    assert_eq!(given::<Fire>(raised()).deadline(), Some(datetime!(2023-04-17 14:52 +8)));
    let Some(Event::Clock { duty, event: clock::Event::Warned { at, holder, .. } }) =
        woken::<Fire>(raised()).pop()
    else {
        panic!()
    };
    assert_eq!((duty, at), (Duty::UnitReport, datetime!(2023-04-17 14:52 +8)));
    assert_eq!(holder, Uscc::synthetic(330_723, 1).to_string());
    let report = Command::Report { from: Rung::Unit, to: Rung::County };
    let told = after(raised(), report, &emergency("330723", minutes(20)));
    assert!(
        given::<Fire>(told).deadline() > Some(datetime!(2023-04-17 14:52 +8)),
        "nobody is warned of what is done"
    );
}

#[test]
fn a_report_entered_after_its_breach_is_judged_by_when_it_was_made() {
    let Some(Event::ReportDue { due, .. }) = beside_clocks(raised()).pop() else { panic!() };
    let events = after(raised(), Command::Tick, &fire_body("330723", due.past_from()));
    let report = Command::Report { from: Rung::Unit, to: Rung::County };
    let late = given::<Fire>(events.clone()).when(report.clone(), &emergency("330723", minutes(90))).facts();
    assert!(matches!(late[0], Event::Reported { in_time: false, .. }));
    let timely = given::<Fire>(events).when(report, &emergency("330723", minutes(50))).facts();
    assert!(matches!(timely[0], Event::Reported { in_time: true, .. }));
}

#[test]
fn a_report_told_by_its_receiver_later_was_made_when_it_was_received() {
    let by = "emergency.330723".parse().unwrap();
    let receipt = Command::NoteReceipt { from: Rung::Unit, by, received_at: minutes(50) };
    let told = given::<Fire>(raised()).when(receipt, &emergency("330723", minutes(90))).events();
    let met = clock::Event::Met { at: minutes(50), in_time: true };
    let met = Event::Clock { duty: Duty::UnitReport, event: met };
    assert!(told.contains(&met), "{told:?}");
}

#[test]
fn a_general_fire_is_reported_up_to_the_city() {
    let events = after(
        raised(),
        Command::Report { from: Rung::Unit, to: Rung::County },
        &emergency("330723", minutes(40)),
    );
    assert_eq!(dues(&events).last(), Some(&(Rung::County, minutes(160))));
    let city = Command::Report { from: Rung::County, to: Rung::City };
    let events = given::<Fire>(events).when(city, &emergency("330723", minutes(160))).facts();
    assert_eq!(
        events,
        [Event::Reported { from: Rung::County, to: Rung::City, at: minutes(160), in_time: true }]
    );
}

#[test]
fn a_major_fire_is_reported_up_to_the_state_council() {
    let mut events = with_deaths(11);
    let chain = [
        (Rung::Unit, Rung::County, "330723"),
        (Rung::County, Rung::City, "330723"),
        (Rung::City, Rung::Province, "3307"),
    ];
    for (step, (from, to, area)) in (1..).zip(chain) {
        events = after(events, Command::Report { from, to }, &emergency(area, minutes(40 * step)));
        assert_eq!(dues(&events).last(), Some(&(to, minutes(40 * step + 120))));
    }
    let last = Command::Report { from: Rung::Province, to: Rung::State };
    let events = given::<Fire>(events).when(last, &emergency("33", minutes(200))).events();
    assert_eq!(dues(&events), []);
}

#[test]
fn a_city_that_was_told_owes_the_province_when_the_level_rises() {
    let mut events = with_deaths(1);
    events = after(
        events,
        Command::Report { from: Rung::Unit, to: Rung::County },
        &emergency("330723", minutes(40)),
    );
    events = after(
        events,
        Command::Report { from: Rung::County, to: Rung::City },
        &emergency("330723", minutes(50)),
    );
    let risen = given::<Fire>(events).when(deaths(3), &fire_body("330723", minutes(300))).events();
    assert_eq!(dues(&risen), [(Rung::City, minutes(420))]);
}

#[test]
fn reports_go_upward_from_whoever_owes_them() {
    let down = Command::Report { from: Rung::City, to: Rung::County };
    given::<Fire>(raised())
        .when(down, &emergency("3307", minutes(5)))
        .refused(Refusal::NotUpward { from: Rung::City, to: Rung::County });
    let foreign = Command::Report { from: Rung::City, to: Rung::Province };
    given::<Fire>(raised())
        .when(foreign, &emergency("330723", minutes(5)))
        .refused(Refusal::NotTheReporter { from: Rung::City });
    let elsewhere = Command::Report { from: Rung::Unit, to: Rung::County };
    given::<Fire>(raised()).when(elsewhere, &emergency("330724", minutes(5))).refused(Refusal::OutsideArea);
}

#[test]
fn the_same_report_told_by_both_sides_is_one_report() {
    let events = after(
        raised(),
        Command::Report { from: Rung::Unit, to: Rung::County },
        &emergency("330723", minutes(40)),
    );
    let by = "emergency.330723".parse().unwrap();
    let receipt = Command::NoteReceipt { from: Rung::Unit, by, received_at: minutes(41) };
    given::<Fire>(events).when(receipt, &emergency("330723", minutes(42))).then([]);
}

#[test]
fn the_level_follows_the_deaths_and_both_jurisdictions_follow_their_own_ladders() {
    let mut events = raised();
    for (step, count) in (1..).zip([0, 1, 3, 11]) {
        events = after(events, deaths(count), &fire_body("330723", minutes(step)));
    }
    assert_eq!(levels(&events), [Level::General, Level::Larger, Level::Major]);
    assert_eq!(
        moves(&events),
        [
            (Track::Cause, Tier::County, Tier::City),
            (Track::Government, Tier::County, Tier::City),
            (Track::Cause, Tier::City, Tier::Province),
            (Track::Government, Tier::City, Tier::Province),
        ]
    );
}

#[test]
fn one_death_is_the_city_s_cause_and_the_county_s_inquiry() {
    assert_eq!(moves(&with_deaths(1)), [(Track::Cause, Tier::County, Tier::City)]);
}

#[test]
fn a_total_corrected_downward_lowers_the_level_but_not_the_jurisdiction() {
    let lower = given::<Fire>(with_deaths(11)).when(deaths(2), &fire_body("330723", days(1))).events();
    assert_eq!(levels(&lower), [Level::General]);
    assert_eq!(moves(&lower), []);
}

#[test]
fn equal_totals_say_nothing_new() {
    given::<Fire>(with_deaths(3)).when(deaths(3), &fire_body("330723", days(1))).then([]);
}

#[test]
fn a_death_after_the_seventh_day_is_recorded_and_moves_nothing() {
    let last = fire_body("330723", datetime!(2023-04-24 23:59:59 +8));
    assert_eq!(levels(&given::<Fire>(with_deaths(2)).when(deaths(3), &last).events()), [Level::Larger]);
    let late = fire_body("330723", datetime!(2023-04-25 0:00 +8));
    let totals = Totals { deaths: 3, ..Totals::default() };
    given::<Fire>(with_deaths(2))
        .when(deaths(3), &late)
        .then([Event::CasualtiesUpdated { totals, within_window: false }]);
}

#[test]
fn a_loss_is_never_negative() {
    let totals = Totals { direct_loss_fen: -1, ..Totals::default() };
    given::<Fire>(raised())
        .when(Command::UpdateCasualties(totals), &fire_body("330723", ALARM))
        .refused(Refusal::NegativeLoss);
}

#[test]
fn losses_are_declared_within_seven_days_of_extinction() {
    let cx = |at| fire_body("330723", at);
    let declare = |fen| Command::DeclareLoss {
        unit: Uscc::synthetic(330_723, 1),
        property_loss_fen: fen,
        document: "inventory".into(),
    };
    given::<Fire>(raised()).when(declare(1), &cx(days(1))).refused(Refusal::NotExtinguished);
    let out = after(raised(), Command::Extinguish, &cx(datetime!(2023-04-18 4:00 +8)));
    given::<Fire>(out.clone()).when(declare(-1), &cx(days(2))).refused(Refusal::NegativeLoss);
    let in_time = |at| match &given::<Fire>(out.clone()).when(declare(1), &cx(at)).facts()[..] {
        [Event::LossDeclared { in_time, .. }] => *in_time,
        other => panic!("{other:?}"),
    };
    assert!(in_time(datetime!(2023-04-25 23:00 +8)));
    assert!(!in_time(datetime!(2023-04-26 0:00 +8)));
}

#[test]
fn a_unit_declares_its_loss_to_the_fire_body_of_the_place() {
    let out = after(raised(), Command::Extinguish, &fire_body("330723", minutes(100)));
    let declare = || Command::DeclareLoss {
        unit: Uscc::synthetic(330_723, 1),
        property_loss_fen: 1,
        document: "inventory".into(),
    };
    let fire = || given::<Fire>(out.clone());
    fire().when(declare(), &emergency("330723", days(1))).refused(Refusal::OnlyFireBody);
    fire().when(declare(), &fire_body("440106", days(1))).refused(Refusal::OutsideArea);
    let nobody = context(days(1), actor(DepartmentKind::Fire, "330723", &[]));
    fire().when(declare(), &nobody).refused(Refusal::NotAnOfficial);
    given::<Fire>(raised()).when(Command::Extinguish, &nobody).refused(Refusal::NotAnOfficial);
}

#[test]
fn a_fire_is_put_out_once() {
    let cx = fire_body("330723", minutes(100));
    given::<Fire>(after(raised(), Command::Extinguish, &cx)).when(Command::Extinguish, &cx).then([]);
}

#[test]
fn a_scene_is_released_by_a_fire_body_after_it_was_closed() {
    let cx = fire_body("330723", days(1));
    let close = Command::CloseScene { range: "the whole plant".into(), demands: vec!["keep out".into()] };
    given::<Fire>(raised()).when(Command::ReleaseScene, &cx).refused(Refusal::SceneNotClosed);
    given::<Fire>(raised()).when(close.clone(), &emergency("330723", days(1))).refused(Refusal::OnlyFireBody);
    let closed = after(raised(), close.clone(), &cx);
    given::<Fire>(closed.clone()).when(close, &cx).refused(Refusal::SceneAlreadyClosed);
    given::<Fire>(closed).when(Command::ReleaseScene, &cx).then([Event::SceneReleased {}]);
}

#[test]
fn a_major_fire_is_inquired_into_by_the_province_and_by_nobody_below() {
    let cx = fire_body("330723", days(1));
    let refused = |government| given::<Fire>(with_deaths(11)).when(note(government), &cx);
    refused("government.3307").refused(Refusal::GovernmentBelowTier { wanted: Tier::Province });
    refused("government.32").refused(Refusal::OutsideArea);
    refused("emergency.33").refused(Refusal::NotAGovernment);
    let noted = given::<Fire>(with_deaths(11)).when(note("government.33"), &cx).facts();
    assert!(matches!(noted[..], [Event::InquiryNoted { tier: Tier::Province, supersedes: None, .. }]));
}

#[test]
fn the_state_council_s_group_is_formed_by_its_authority() {
    let cx = fire_body("330723", days(1));
    let extreme = with_deaths(30);
    let refused = Refusal::GovernmentBelowTier { wanted: Tier::State };
    given::<Fire>(extreme.clone()).when(note("government.33"), &cx).refused(refused);
    let noted = given::<Fire>(extreme).when(told("government.33", "government.33", true), &cx).facts();
    assert!(matches!(noted[..], [Event::InquiryNoted { tier: Tier::State, .. }]));
}

#[test]
fn a_group_is_told_of_by_its_own_government_or_one_above_it() {
    let cx = fire_body("330723", days(1));
    let fire = || given::<Fire>(with_deaths(11));
    for other in ["government.440106", "government.3307", "fire.33", "police.33"] {
        let told = told(other, "government.33", false);
        fire().when(told, &cx).refused(Refusal::NotToldByTheGovernment);
    }
    given::<Fire>(with_deaths(1)).when(told("government.33", "government.330723", false), &cx).facts();
    let extreme = || given::<Fire>(with_deaths(30));
    extreme()
        .when(told("government.440106", "government.33", true), &cx)
        .refused(Refusal::NotToldByTheGovernment);
    extreme()
        .when(told("government.330723", "government.330723", true), &cx)
        .refused(Refusal::NotToldByTheGovernment);
}

#[test]
fn a_higher_government_takes_an_inquiry_over_and_a_second_of_the_same_level_is_refused() {
    let cx = fire_body("330723", days(1));
    let city = after(with_deaths(3), note("government.3307"), &cx);
    given::<Fire>(city.clone()).when(note("government.3307"), &cx).then([]);
    let Command::NoteInquiry { leader, members, .. } = note("government.33") else { panic!() };
    let second = |government: &str| Command::NoteInquiry {
        inquiry: InquiryId::parse("second").unwrap(),
        by: government.parse().unwrap(),
        government: government.parse().unwrap(),
        by_state: false,
        leader: leader.clone(),
        members: members.clone(),
    };
    given::<Fire>(city.clone()).when(second("government.3307"), &cx).refused(Refusal::AlreadyInquired);
    let noted = given::<Fire>(city).when(second("government.33"), &cx).facts();
    assert!(
        matches!(&noted[..], [Event::InquiryNoted { supersedes: Some(first), .. }] if first.as_str() == "wuyi-inquiry")
    );
}

#[test]
fn an_inquiry_is_told_when_the_level_changes() {
    let cx = fire_body("330723", days(1));
    let events = after(with_deaths(10), note("government.33"), &cx);
    let risen = given::<Fire>(events).when(deaths(30), &cx).events();
    assert!(risen.iter().any(|event| matches!(event, Event::LevelDetermined { inquiry: Some(_), .. })));
}
