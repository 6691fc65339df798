//! The specification of a listing, sentence by sentence.

use decider::{
    Actor, ActorKind, Context, DepartmentKind, Id, Role,
    harness::{actor, beside_clocks, closing, context, given},
};
use law::{RulePack, Uscc, clock};
use time::{
    OffsetDateTime,
    macros::{date, datetime},
};

use super::*;

const NOTICED: OffsetDateTime = datetime!(2023-11-01 10:00 +8);
const DECIDED: OffsetDateTime = datetime!(2023-11-15 10:00 +8);
const EVERY_ROLE: [Role; 3] = [Role::Officer, Role::Legal, Role::Head];

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

/// A person of the department that imposed the penalty.
fn person(roles: &[Role]) -> Actor {
    actor(DepartmentKind::Emergency, "33", roles)
}

fn at(at: OffsetDateTime) -> Context {
    context(at, person(&EVERY_ROLE))
}

/// This service, reacting to the fact of a penalty.
fn policy() -> Context {
    context(NOTICED, Actor { kind: ActorKind::Service, id: id("credit"), ..person(&[]) })
}

fn proposal(form: &str, instrument: &str, authority: &str, penalised_by: &str) -> Proposal {
    Proposal {
        party: Party { unit: Uscc::parse("91110000600037341L").unwrap(), person: None },
        authority: authority.parse().unwrap(),
        ground: Ground::MajorAccident,
        form: id(form),
        instrument: id(instrument),
        penalties: vec![Penalty { id: id("p-114"), authority: penalised_by.parse().unwrap() }],
    }
}

fn propose() -> Command {
    Command::Propose(proposal("ministry-rule", ORDER_11, "emergency.33", "emergency.33"))
}

fn review() -> Command {
    Command::ReviewLegality { passed: true, opinion: "lawful".into() }
}

fn notice() -> Command {
    Command::ServePriorNotice {
        document: "notice".into(),
        reasons: "major accident".into(),
        measures: vec!["more inspections".into()],
    }
}

fn waive() -> Command {
    Command::WaiveDefence { document: "waiver".into() }
}

fn receive() -> Command {
    Command::ReceiveDefence { document: "defence".into() }
}

fn decide() -> Command {
    Command::Decide { list: true, document: "decision".into(), assessment: None }
}

fn publish() -> Command {
    Command::Publish { platforms: vec!["credit-china".into()] }
}

fn remove() -> Command {
    Command::RemoveEarly {
        document: "removal".into(),
        duties_performed: true,
        harm_removed: true,
        commitment: Some("commitment".into()),
    }
}

fn revoke() -> Command {
    Command::RevokeRemoval { document: "revocation".into(), finding: "false evidence".into() }
}

fn invalidate() -> Command {
    Command::InvalidateBasis { penalty: id("p-114") }
}

/// The events of a story, by giving the commands in order.
fn story(commands: impl IntoIterator<Item = (Command, Context)>) -> Vec<Event> {
    commands.into_iter().fold(vec![], |events, (command, cx)| after(events, command, &cx))
}

fn after(mut events: Vec<Event>, command: Command, cx: &Context) -> Vec<Event> {
    events.extend(given::<Listing>(events.clone()).when(command, cx).events());
    events
}

fn proposed() -> Vec<Event> {
    story([(propose(), policy())])
}

fn noticed() -> Vec<Event> {
    story([(propose(), policy()), (review(), at(NOTICED)), (notice(), at(NOTICED))])
}

fn listed() -> Vec<Event> {
    after(after(noticed(), waive(), &at(NOTICED)), decide(), &at(DECIDED))
}

fn removed() -> Vec<Event> {
    after(listed(), remove(), &at(datetime!(2024-11-16 0:00 +8)))
}

/// Runs the clock once, as the deadline worker does.
fn run_out(events: Vec<Event>) -> Vec<Event> {
    let state = events.iter().fold(State::Unknown, evolve);
    let (due, command) = <Listing as decider::Decider>::deadline(&state).unwrap();
    after(events, command, &at(due))
}

#[test]
fn a_list_rests_on_a_law_a_regulation_or_a_rule_and_on_no_notice() {
    let notice = proposal("notice", "district-notice", "emergency.33", "emergency.33");
    given::<Listing>([])
        .when(Command::Propose(notice), &policy())
        .refused(Refusal::NoLegalBasis { form: id("notice") });
}

#[test]
fn order_11_is_a_ministry_rule_and_nothing_more() {
    let law = proposal("law", ORDER_11, "emergency.33", "emergency.33");
    given::<Listing>([])
        .when(Command::Propose(law), &policy())
        .refused(Refusal::BasisMisnamed { instrument: id(ORDER_11) });
}

#[test]
fn a_fire_brigade_does_not_list_under_order_11() {
    let fire = proposal("ministry-rule", ORDER_11, "fire.330723", "fire.330723");
    given::<Listing>([]).when(Command::Propose(fire), &policy()).refused(Refusal::FireBodyMayNotList);
}

#[test]
fn another_department_does_not_list_under_order_11() {
    let police = proposal("ministry-rule", ORDER_11, "police.330723", "police.330723");
    given::<Listing>([]).when(Command::Propose(police), &policy()).refused(Refusal::OnlyEmergencyDepartment);
}

#[test]
fn a_fire_brigade_may_list_under_a_local_regulation() {
    let fire = proposal("local-regulation", "zj-credit-regulation", "fire.330723", "fire.330723");
    assert_eq!(given::<Listing>([]).when(Command::Propose(fire), &policy()).events().len(), 1);
}

#[test]
fn order_11_does_not_cover_fire_safety_as_such() {
    let mut fire = proposal("ministry-rule", ORDER_11, "emergency.33", "emergency.33");
    fire.ground = Ground::EndangeredFireSafety;
    given::<Listing>([])
        .when(Command::Propose(fire), &policy())
        .refused(Refusal::GroundNotInInstrument { ground: Ground::EndangeredFireSafety });
}

#[test]
fn who_did_not_punish_does_not_list() {
    let other = proposal("ministry-rule", ORDER_11, "emergency.3307", "emergency.33");
    given::<Listing>([]).when(Command::Propose(other), &policy()).refused(Refusal::NotThePenalisingAuthority);
    let neighbour = context(NOTICED, actor(DepartmentKind::Emergency, "3307", &EVERY_ROLE));
    given::<Listing>([]).when(propose(), &neighbour).refused(Refusal::NotThePenalisingAuthority);
}

#[test]
fn a_listing_without_a_penalty_is_not_proposed() {
    let mut bare = proposal("ministry-rule", ORDER_11, "emergency.33", "emergency.33");
    bare.penalties.clear();
    given::<Listing>([]).when(Command::Propose(bare), &policy()).refused(Refusal::NoPenalty);
}

#[test]
fn a_person_proposes_only_as_an_officer() {
    let clerk = context(NOTICED, person(&[Role::Clerk]));
    given::<Listing>([]).when(propose(), &clerk).refused(Refusal::NotAnOfficer);
}

#[test]
fn a_listing_is_proposed_once() {
    given::<Listing>(proposed()).when(propose(), &policy()).refused(Refusal::AlreadyProposed);
    given::<Listing>([]).when(review(), &at(NOTICED)).refused(Refusal::NotProposed);
}

#[test]
fn the_proposer_does_not_review() {
    let events = story([(propose(), at(NOTICED))]);
    given::<Listing>(events).when(review(), &at(NOTICED)).refused(Refusal::ReviewerIsProposer);
}

#[test]
fn only_a_legal_reviewer_of_the_authority_reviews() {
    let head = context(NOTICED, person(&[Role::Head]));
    given::<Listing>(proposed()).when(review(), &head).refused(Refusal::NotLegalReviewer);
    let neighbour = context(NOTICED, actor(DepartmentKind::Emergency, "3307", &EVERY_ROLE));
    given::<Listing>(proposed()).when(review(), &neighbour).refused(Refusal::NotThePenalisingAuthority);
}

#[test]
fn a_notice_states_reasons_and_measures() {
    let bare = Command::ServePriorNotice { document: "n".into(), reasons: " ".into(), measures: vec![] };
    given::<Listing>(proposed()).when(bare, &at(NOTICED)).refused(Refusal::NoticeIncomplete);
}

#[test]
fn a_notice_is_served_once() {
    given::<Listing>(noticed()).when(notice(), &at(NOTICED)).refused(Refusal::AlreadyNotified);
}

#[test]
fn the_defence_has_five_working_days() {
    let Some(Event::PriorNoticeServed { defend_by, .. }) = beside_clocks(noticed()).pop() else { panic!() };
    assert_eq!(defend_by.last_day, date!(2023 - 11 - 08));
}

#[test]
fn the_defence_lapses_when_its_window_closes() {
    let standing = given::<Listing>(noticed());
    assert_eq!(standing.deadline(), Some(datetime!(2023-11-09 0:00 +8)));
    assert!(matches!(beside_clocks(run_out(noticed())).last(), Some(Event::DefenceLapsed { .. })));
}

#[test]
fn a_defence_after_the_window_is_too_late_and_one_posted_in_time_is_not() {
    let lapsed = run_out(noticed());
    given::<Listing>(lapsed.clone())
        .when(receive(), &at(datetime!(2023-11-09 0:00 +8)))
        .refused(Refusal::DefenceWindowClosed { last_day: date!(2023 - 11 - 08) });
    given::<Listing>(lapsed)
        .when(receive(), &at(datetime!(2023-11-08 23:59 +8)))
        .then([Event::DefenceReceived { document: "defence".into() }]);
}

#[test]
fn a_defence_is_given_once_and_only_after_the_notice() {
    given::<Listing>(proposed()).when(receive(), &at(NOTICED)).refused(Refusal::NotNotified);
    let events = after(noticed(), waive(), &at(NOTICED));
    given::<Listing>(events).when(receive(), &at(NOTICED)).refused(Refusal::DefenceEnded);
}

#[test]
fn nothing_is_decided_before_the_notice() {
    let events = after(proposed(), review(), &at(NOTICED));
    given::<Listing>(events).when(decide(), &at(DECIDED)).refused(Refusal::NotNotified);
}

#[test]
fn nothing_is_decided_while_the_defence_may_still_come() {
    given::<Listing>(noticed())
        .when(decide(), &at(datetime!(2023-11-08 23:59 +8)))
        .refused(Refusal::DefenceWindowOpen { last_day: date!(2023 - 11 - 08) });
}

#[test]
fn a_decision_is_not_dated_back_into_the_window() {
    given::<Listing>(run_out(noticed()))
        .when(decide(), &at(datetime!(2023-11-07 10:00 +8)))
        .refused(Refusal::DefenceWindowOpen { last_day: date!(2023 - 11 - 08) });
}

#[test]
fn a_decision_after_the_window_records_the_lapse_that_the_clock_has_not() {
    let events = given::<Listing>(noticed()).when(decide(), &at(DECIDED)).facts();
    assert!(matches!(events[..], [Event::DefenceLapsed { .. }, Event::Listed { .. }]));
}

#[test]
fn a_defence_that_was_received_is_answered_in_the_decision() {
    let events = after(noticed(), receive(), &at(NOTICED));
    given::<Listing>(events.clone()).when(decide(), &at(DECIDED)).refused(Refusal::DefenceNotAssessed);
    let answered =
        Command::Decide { list: true, document: "d".into(), assessment: Some("rejected: …".into()) };
    assert_eq!(given::<Listing>(events).when(answered, &at(DECIDED)).facts().len(), 1);
}

#[test]
fn nothing_is_decided_without_a_passed_review() {
    let events = story([(propose(), policy()), (notice(), at(NOTICED)), (waive(), at(NOTICED))]);
    given::<Listing>(events.clone()).when(decide(), &at(DECIDED)).refused(Refusal::ReviewMissing);
    let failed = Command::ReviewLegality { passed: false, opinion: "thin evidence".into() };
    given::<Listing>(after(events, failed, &at(NOTICED)))
        .when(decide(), &at(DECIDED))
        .refused(Refusal::ReviewMissing);
}

#[test]
fn the_head_of_the_penalising_department_decides() {
    let officer = context(DECIDED, person(&[Role::Officer]));
    given::<Listing>(noticed()).when(decide(), &officer).refused(Refusal::NotTheHead);
    let other = context(DECIDED, actor(DepartmentKind::Emergency, "3307", &[Role::Head]));
    given::<Listing>(noticed()).when(decide(), &other).refused(Refusal::NotThePenalisingAuthority);
}

#[test]
fn order_11_does_not_list_before_it_is_in_force() {
    let early = datetime!(2023-08-01 10:00 +8);
    let events =
        story([(propose(), policy()), (review(), at(early)), (notice(), at(early)), (waive(), at(early))]);
    given::<Listing>(events)
        .when(decide(), &at(datetime!(2023-09-30 23:59 +8)))
        .refused(Refusal::NotInForce { instrument: id(ORDER_11), from: date!(2023 - 10 - 01) });
}

#[test]
fn a_local_list_has_no_verified_term_before_the_repair_measure_of_2026() {
    let local = proposal("local-regulation", "zj-credit-regulation", "fire.330723", "fire.330723");
    let fire = |at| context(at, actor(DepartmentKind::Fire, "330723", &EVERY_ROLE));
    let events = story([
        (Command::Propose(local), policy()),
        (review(), fire(NOTICED)),
        (notice(), fire(NOTICED)),
        (waive(), fire(NOTICED)),
    ]);
    given::<Listing>(events.clone())
        .when(decide(), &fire(datetime!(2026-03-31 10:00 +8)))
        .refused(Refusal::NotInForce { instrument: id("zj-credit-regulation"), from: date!(2026 - 04 - 01) });
    let events = given::<Listing>(events).when(decide(), &fire(datetime!(2026-04-01 10:00 +8))).facts();
    let [Event::Listed { until, removable_from, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((until.last_day, removable_from.last_day), (date!(2029 - 04 - 01), date!(2027 - 04 - 01)));
}

#[test]
fn a_listing_runs_three_years_and_may_be_removed_after_one() {
    let Some(Event::Listed { until, removable_from, publish_by, .. }) = beside_clocks(listed()).pop() else {
        panic!()
    };
    assert_eq!(until.last_day, date!(2026 - 11 - 15));
    assert_eq!(removable_from.last_day, date!(2024 - 11 - 15));
    assert_eq!(publish_by, None);
}

#[test]
fn not_listing_ends_the_matter() {
    let spare = Command::Decide { list: false, document: "decision".into(), assessment: None };
    let events = after(noticed(), spare, &at(DECIDED));
    given::<Listing>(events).when(decide(), &at(DECIDED)).refused(Refusal::AlreadyEnded);
}

#[test]
fn a_decision_is_made_once() {
    given::<Listing>(listed()).when(decide(), &at(DECIDED)).refused(Refusal::AlreadyDecided);
}

#[test]
fn nothing_is_published_before_the_decision() {
    given::<Listing>(noticed()).when(publish(), &at(DECIDED)).refused(Refusal::NotDecided);
}

#[test]
fn a_publication_carries_its_shortest_and_longest_term() {
    let Some(Event::Published { removable_from, until, .. }) = after(listed(), publish(), &at(DECIDED)).pop()
    else {
        panic!()
    };
    assert_eq!((removable_from.last_day, until.last_day), (date!(2024 - 11 - 15), date!(2026 - 11 - 15)));
}

#[test]
fn a_listing_is_published_once() {
    given::<Listing>(after(listed(), publish(), &at(DECIDED))).when(publish(), &at(DECIDED)).then([]);
}

#[test]
fn nothing_is_published_after_the_term() {
    given::<Listing>(listed())
        .when(publish(), &at(datetime!(2026-11-16 0:00 +8)))
        .refused(Refusal::AlreadyEnded);
}

#[test]
fn a_persons_record_is_not_published() {
    let mut personal = proposal("ministry-rule", ORDER_11, "emergency.33", "emergency.33");
    personal.party.person = Some(id("person-7f3a"));
    let events = story([
        (Command::Propose(personal), policy()),
        (review(), at(NOTICED)),
        (notice(), at(NOTICED)),
        (waive(), at(NOTICED)),
        (decide(), at(DECIDED)),
    ]);
    given::<Listing>(events).when(publish(), &at(DECIDED)).refused(Refusal::PersonsAreNotPublished);
}

#[test]
fn a_listing_is_not_removed_before_month_twelve_is_over() {
    given::<Listing>(listed())
        .when(remove(), &at(datetime!(2024-11-15 23:59 +8)))
        .refused(Refusal::RemovalTooEarly { last_day: date!(2024 - 11 - 15) });
}

#[test]
fn the_refusal_of_an_early_removal_names_its_instrument() {
    use decider::Refusal as _;
    let refusal = Refusal::RemovalTooEarly { last_day: date!(2024 - 11 - 15) };
    assert_eq!(refusal.article(), "应急管理部令11号");
}

#[test]
fn an_early_removal_needs_duties_performed_harm_removed_and_a_commitment() {
    let cx = at(datetime!(2024-11-16 0:00 +8));
    let remove = |duties_performed, harm_removed, commitment: Option<&str>| Command::RemoveEarly {
        document: "removal".into(),
        duties_performed,
        harm_removed,
        commitment: commitment.map(Into::into),
    };
    let standing = || given::<Listing>(listed());
    standing().when(remove(false, true, Some("c")), &cx).refused(Refusal::DutiesNotPerformed);
    standing().when(remove(true, false, Some("c")), &cx).refused(Refusal::HarmNotRemoved);
    standing().when(remove(true, true, None), &cx).refused(Refusal::CommitmentMissing);
    assert_eq!(standing().when(remove(true, true, Some("c")), &cx).facts().len(), 1);
}

#[test]
fn only_what_is_listed_is_removed() {
    given::<Listing>(noticed()).when(remove(), &at(DECIDED)).refused(Refusal::NotDecided);
    given::<Listing>(removed())
        .when(remove(), &at(datetime!(2025-01-06 10:00 +8)))
        .refused(Refusal::NotListed);
}

#[test]
fn cheating_restores_the_listing_for_the_rest_of_its_term() {
    let events = after(removed(), revoke(), &at(datetime!(2025-01-06 10:00 +8)));
    let Some(Event::RemovalRevoked { until, .. }) = beside_clocks(events.clone()).pop() else { panic!() };
    assert_eq!(until.last_day, date!(2026 - 11 - 15));
    assert_eq!(given::<Listing>(events).deadline(), Some(datetime!(2026-11-16 0:00 +8)));
}

#[test]
fn what_was_not_removed_is_not_restored() {
    given::<Listing>(listed()).when(revoke(), &at(DECIDED)).refused(Refusal::NotRemoved);
}

#[test]
fn nothing_is_restored_after_the_term() {
    given::<Listing>(removed())
        .when(revoke(), &at(datetime!(2026-11-16 0:00 +8)))
        .refused(Refusal::TermOver { last_day: date!(2026 - 11 - 15) });
}

#[test]
fn a_listing_ends_by_itself_after_three_years() {
    let waited = run_out(listed());
    assert_eq!(given::<Listing>(waited.clone()).deadline(), Some(datetime!(2026-11-16 0:00 +8)));
    let events = run_out(waited);
    assert!(matches!(beside_clocks(events.clone()).pop(), Some(Event::TermEnded { .. })));
    given::<Listing>(events).when(publish(), &at(DECIDED)).refused(Refusal::AlreadyEnded);
}

#[test]
fn a_listing_whose_penalty_is_revoked_has_no_effect_at_once_and_is_withdrawn_in_three_working_days() {
    let revoked = datetime!(2024-01-03 10:00 +8);
    let events = after(listed(), invalidate(), &at(revoked));
    let Some(Event::Suspended { withdraw_by, .. }) = beside_clocks(events.clone()).pop() else { panic!() };
    assert_eq!(withdraw_by.last_day, date!(2024 - 01 - 08));
    given::<Listing>(events.clone()).when(publish(), &at(revoked)).refused(Refusal::NotListed);
    let withdraw = Command::Withdraw { document: "withdrawal".into() };
    let events = after(events, withdraw, &at(revoked));
    assert!(matches!(beside_clocks(events.clone()).pop(), Some(Event::Withdrawn { .. })));
    assert_eq!(given::<Listing>(events).deadline(), None);
}

#[test]
fn a_listing_that_is_not_withdrawn_in_time_is_a_breach() {
    let warned = run_out(after(listed(), invalidate(), &at(datetime!(2024-01-03 10:00 +8))));
    let events = run_out(warned);
    assert!(matches!(
        events.last(),
        Some(Event::Clock { duty: Duty::Withdraw, event: clock::Event::Breached { .. } })
    ));
    assert_eq!(given::<Listing>(events).deadline(), None);
}

#[test]
fn a_proposal_whose_penalty_is_revoked_ends() {
    let events = after(noticed(), invalidate(), &at(NOTICED));
    assert!(matches!(beside_clocks(events.clone()).pop(), Some(Event::Withdrawn { document: None, .. })));
    given::<Listing>(events).when(invalidate(), &at(NOTICED)).then([]);
}

#[test]
fn another_penalty_that_is_revoked_changes_nothing() {
    let other = Command::InvalidateBasis { penalty: id("p-1") };
    given::<Listing>(listed()).when(other, &at(DECIDED)).then([]);
}

#[test]
fn a_listing_whose_basis_stands_is_not_withdrawn() {
    let withdraw = Command::Withdraw { document: "withdrawal".into() };
    given::<Listing>(listed()).when(withdraw, &at(DECIDED)).refused(Refusal::NotSuspended);
}

#[test]
fn the_duty_to_publish_is_watched_where_configuration_allows_its_parameter() {
    let rules = RulePack::builtin().with_allowed(&["credit.worksafety.publish".to_owned()]);
    let allowed = Context { rules: rules.into(), ..at(DECIDED) };
    let events = after(after(noticed(), waive(), &at(NOTICED)), decide(), &allowed);
    let Some(Event::Listed { publish_by: Some(due), .. }) = beside_clocks(events.clone()).pop() else {
        panic!()
    };
    assert_eq!(due.last_day, date!(2023 - 12 - 13));
    let warned = run_out(events);
    let events = run_out(warned);
    assert!(matches!(
        events.last(),
        Some(Event::Clock { duty: Duty::Publish, event: clock::Event::Breached { .. } })
    ));
}

#[test]
fn a_clock_that_runs_no_more_changes_nothing() {
    assert_eq!(given::<Listing>(listed()).when(Command::Tick, &at(DECIDED)).events(), []);
}

fn clock_of(events: &[Event], duty: Duty) -> clock::Clock {
    let State::Open(open) = events.iter().fold(State::Unknown, evolve) else { panic!() };
    open.clocks.get(&duty).unwrap().clone()
}

#[test]
fn another_calendar_moves_an_open_defence_once_and_one_that_is_over_never() {
    let cx = closing("2023-11-08", &at(datetime!(2023-11-06 10:00 +8)));
    let anew = given::<Listing>(noticed()).when(Command::Rederive, &cx).events();
    let [Event::Clock { duty: Duty::Defence, event: clock::Event::Rederived { new: Some(new), .. } }] =
        &anew[..]
    else {
        panic!("{anew:?}")
    };
    assert_eq!(new.due.last_day, date!(2023 - 11 - 09));
    let events = [noticed(), anew].concat();
    assert_eq!(given::<Listing>(events).when(Command::Rederive, &cx).events(), []);
    let over = closing("2023-11-08", &at(datetime!(2023-11-10 10:00 +8)));
    assert_eq!(given::<Listing>(run_out(noticed())).when(Command::Rederive, &over).events(), []);
}

#[test]
fn the_least_time_on_the_list_is_the_party_s_and_follows_the_pack_while_it_runs() {
    let clock = clock_of(&listed(), Duty::Wait);
    assert_eq!(
        (clock.terms.holder.as_str(), clock.terms.lapses),
        ("91110000600037341L", Some(clock::Lapse::Term))
    );
    let text = include_str!("../../../../libs/law/data/pack/cn.json");
    let (from, to) = (
        r#""credit.worksafety.early_removal_min", "value": "12""#,
        r#""credit.worksafety.early_removal_min", "value": "6""#,
    );
    let rules = std::sync::Arc::new(RulePack::parse(text.replacen(from, to, 1).as_str(), &[]).unwrap());
    let shorter = |instant| Context { rules: rules.clone(), ..at(instant) };
    let anew = after(listed(), Command::Rederive, &shorter(datetime!(2024-01-05 9:00 +8)));
    assert_eq!(clock_of(&anew, Duty::Wait).until.due.last_day, date!(2024 - 05 - 15));
    assert_eq!(after(anew.clone(), Command::Rederive, &shorter(datetime!(2024-01-06 9:00 +8))), anew);
    let early = datetime!(2024-05-16 0:00 +8);
    given::<Listing>(listed())
        .when(remove(), &at(early))
        .refused(Refusal::RemovalTooEarly { last_day: date!(2024 - 11 - 15) });
    given::<Listing>(anew).when(remove(), &at(early)).facts();
    let over = datetime!(2024-11-16 0:00 +8);
    let waited = run_out(listed());
    assert!(clock_of(&waited, Duty::Wait).is_closed());
    assert_eq!(after(waited.clone(), Command::Rederive, &shorter(over)), waited);
}

#[test]
fn nothing_of_a_person_is_in_the_least_time_on_the_list() {
    let mut personal = proposal("ministry-rule", ORDER_11, "emergency.33", "emergency.33");
    personal.party.person = Some(id("person-7f3a"));
    let events = story([
        (Command::Propose(personal), policy()),
        (review(), at(NOTICED)),
        (notice(), at(NOTICED)),
        (waive(), at(NOTICED)),
        (decide(), at(DECIDED)),
    ]);
    assert_eq!(clock_of(&events, Duty::Wait).terms.holder, "person");
}
