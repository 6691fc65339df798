//! The specification of a claim, sentence by sentence.

use std::sync::Arc;

use decider::{
    Actor, Context, Decider, DepartmentKind, Id, Role,
    harness::{actor, beside_clocks, context, given, woken},
};
use law::{AreaCode, RulePack, clock};
use time::{
    OffsetDateTime,
    macros::{date, datetime},
};

use super::*;
use crate::budget::BudgetKey;

const DAY: OffsetDateTime = datetime!(2023-05-08 10:00 +8);
const CODE: &str = "correct-horse-battery-staple";
/// 50,000 yuan, of which 15 % are 7,500 yuan.
const FINE: i64 = 5_000_000;
const REWARD: i64 = 750_000;

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn by(name: &str, roles: &[Role], at: OffsetDateTime) -> Context {
    let actor = Actor { id: id(name), ..actor(DepartmentKind::Fire, "330723", roles) };
    context(at, actor)
}

fn officer() -> Context {
    by("officer-1", &[Role::Officer], DAY)
}

fn finance() -> Context {
    by("finance-1", &[Role::Finance], DAY)
}

fn head() -> Context {
    by("head-1", &[Role::Head], DAY)
}

fn budget() -> BudgetKey {
    BudgetKey { area: AreaCode::parse("330723").unwrap(), fiscal_year: 2023 }
}

fn report() -> Report {
    Report {
        id: id("report-1"),
        reporter_ref: id("ref-1"),
        real_name: true,
        insider: true,
        area: AreaCode::parse("330723103").unwrap(),
        matter: id("matter-1"),
        received_at: DAY,
    }
}

fn verify() -> Command {
    Command::Verify { confirmed: true, by: id("verifier-1") }
}

fn fine(fine_fen: i64) -> Command {
    Command::NoteFine { penalty: id("p-1"), fine_fen }
}

fn reserved(amount_fen: i64) -> Command {
    Command::ConfirmReserved { budget: budget(), amount_fen }
}

fn issue() -> Command {
    Command::IssueCode { code_hash: CodeHash::of(&id("report-1"), &Code(CODE.into())).unwrap() }
}

fn prove(code: &str) -> Command {
    Command::Prove { code: Code(code.into()) }
}

fn settle(attempt: u32, paid: bool) -> Command {
    let instruction = instruction(&id("report-1"), attempt);
    Command::Settle { instruction, paid, reason: "bank".into() }
}

fn exclude(ground: Exclusion) -> Command {
    Command::Exclude { ground, document: "decision".into() }
}

fn joint(signatories: &[&str]) -> Command {
    Command::DeclareJoint {
        signatories: signatories.iter().map(|s| id(s)).collect(),
        document: "letter".into(),
    }
}

fn after(mut events: Vec<Event>, command: Command, cx: &Context) -> Vec<Event> {
    events.extend(given::<Claim>(events.clone()).when(command, cx).events());
    events
}

fn story(commands: impl IntoIterator<Item = (Command, Context)>) -> Vec<Event> {
    commands.into_iter().fold(vec![], |events, (command, cx)| after(events, command, &cx))
}

fn noted() -> Vec<Event> {
    story([(Command::Note(report()), officer())])
}

fn opened() -> Vec<Event> {
    story([(Command::Note(report()), officer()), (verify(), officer()), (Command::Open, officer())])
}

fn computed() -> Vec<Event> {
    after(opened(), fine(FINE), &officer())
}

fn funded() -> Vec<Event> {
    after(computed(), reserved(REWARD), &officer())
}

fn approved() -> Vec<Event> {
    let coded = after(funded(), issue(), &officer());
    after(after(coded, Command::Approve, &finance()), Command::Approve, &head())
}

fn instructed() -> Vec<Event> {
    after(after(approved(), prove(CODE), &officer()), Command::InstructPayment, &finance())
}

fn unknown() -> Vec<Event> {
    after(instructed(), Command::ReportPaymentUnknown { reason: "time-out".into() }, &finance())
}

/// The last event beside what the clocks say.
fn last(events: &[Event]) -> &Event {
    events.iter().rfind(|event| !matches!(event, Event::Clock { .. })).unwrap()
}

#[test]
fn nothing_is_done_to_a_claim_without_a_report() {
    given::<Claim>([]).when(Command::Approve, &head()).refused(Refusal::NotReported);
    let events = story([(fine(FINE), officer())]);
    given::<Claim>(events).when(Command::Approve, &head()).refused(Refusal::NotReported);
}

#[test]
fn a_fine_that_is_heard_of_before_the_report_counts() {
    let events = story([
        (fine(FINE), officer()),
        (Command::Note(report()), officer()),
        (verify(), officer()),
        (Command::Open, officer()),
    ]);
    assert!(matches!(
        events[..],
        [
            ..,
            Event::AmountComputed { amount_fen: REWARD, .. },
            Event::FundsRequested { amount_fen: REWARD, .. }
        ]
    ));
}

#[test]
fn a_report_is_noted_and_verified_once() {
    given::<Claim>(opened()).when(Command::Note(report()), &officer()).then([]);
    given::<Claim>(opened()).when(verify(), &officer()).then([]);
    given::<Claim>(opened()).when(Command::Open, &officer()).then([]);
}

#[test]
fn a_report_that_is_not_confirmed_is_not_rewarded() {
    let events = after(noted(), Command::Verify { confirmed: false, by: id("v") }, &officer());
    assert_eq!(last(&events), &Event::Excluded { ground: Exclusion::NotConfirmed, document: None });
    given::<Claim>(events).when(Command::Open, &officer()).then([]);
}

#[test]
fn an_anonymous_reporter_whom_nobody_can_reach_is_not_rewarded() {
    let anonymous = Report { real_name: false, ..report() };
    let events =
        story([(Command::Note(anonymous), officer()), (verify(), officer()), (Command::Open, officer())]);
    assert_eq!(last(&events), &Event::Excluded { ground: Exclusion::Anonymous, document: None });
}

#[test]
fn a_later_reporter_is_not_rewarded() {
    let second = Command::RankBehind { first: id("report-0") };
    let events = after(after(noted(), verify(), &officer()), second, &officer());
    assert_eq!(last(&events), &Event::Excluded { ground: Exclusion::NotFirst, document: None });
    given::<Claim>(events)
        .when(Command::Approve, &finance())
        .refused(Refusal::NotRewardable { ground: Exclusion::NotFirst });
}

#[test]
fn a_later_report_that_turns_out_to_be_of_another_matter_is_rewarded() {
    let second = Command::RankBehind { first: id("report-0") };
    let events = after(after(noted(), verify(), &officer()), second, &officer());
    assert!(matches!(last(&after(events, Command::Open, &officer())), Event::Opened { .. }));
}

#[test]
fn an_officer_excludes_with_a_document_and_the_funds_go_back() {
    given::<Claim>(funded()).when(exclude(Exclusion::Staff), &officer()).then([
        Event::Excluded { ground: Exclusion::Staff, document: Some("decision".into()) },
        Event::FundsReleased { budget: budget() },
    ]);
}

#[test]
fn what_follows_from_the_record_is_nobodys_decision() {
    given::<Claim>(opened()).when(exclude(Exclusion::NotFirst), &officer()).refused(Refusal::DecidedByRank);
}

#[test]
fn a_claim_is_excluded_by_an_officer_of_the_area_before_the_payment() {
    given::<Claim>(opened()).when(exclude(Exclusion::Staff), &head()).refused(Refusal::NotAnOfficer);
    let elsewhere = context(DAY, actor(DepartmentKind::Fire, "330726", &[Role::Officer]));
    given::<Claim>(opened()).when(exclude(Exclusion::Staff), &elsewhere).refused(Refusal::OutsideArea);
    given::<Claim>(instructed())
        .when(exclude(Exclusion::Staff), &officer())
        .refused(Refusal::PaymentUnderWay);
}

#[test]
fn the_reward_is_fifteen_per_cent_of_the_fine() {
    assert!(computed().contains(&Event::AmountComputed {
        amount_fen: REWARD,
        rule: Rule::ShareOfFine,
        fine_fen: FINE,
        uplift_fen: 0,
    }));
    assert_eq!(last(&computed()), &Event::FundsRequested { budget: budget(), amount_fen: REWARD });
}

#[test]
fn the_reward_has_a_floor_and_a_cap() {
    let amount = |fen| match &given::<Claim>(opened()).when(fine(fen), &officer()).events()[1] {
        Event::AmountComputed { amount_fen, .. } => *amount_fen,
        other => panic!("{other:?}"),
    };
    assert_eq!(amount(500_000), 300_000);
    assert_eq!(amount(1_000_000_000), 30_000_000);
}

#[test]
fn an_insider_gets_no_uplift_while_no_parameter_gives_the_factor() {
    assert!(RulePack::builtin().row(INSIDER_UPLIFT).is_err());
    assert!(computed().iter().all(|event| !matches!(event, Event::AmountComputed { uplift_fen: 1.., .. })));
}

#[test]
fn an_insider_gets_the_uplift_that_a_pack_states_up_to_its_own_cap() {
    let row = |id: &str, value: &str, unit: &str| {
        format!(
            r#"{{"id":"{id}","value":"{value}","unit":"{unit}","trigger":"t","article":"a",
                "effective_from":"2020-01-01","status":"V1","source":"s"}}"#
        )
    };
    let rows = [
        row("reward.ratio", "0.15", "of_fine"),
        row("reward.min", "3000", "CNY"),
        row("reward.max", "300000", "CNY"),
        row("reward.zj.insider_max", "500000", "CNY"),
        row(INSIDER_UPLIFT, "0.20", "of_fine"),
    ];
    let pack = format!(r#"{{"name":"T","edition":"1","rows":[{}]}}"#, rows.join(","));
    let rules = Arc::new(RulePack::parse(&pack, &[]).unwrap());
    let cx = Context { rules, ..officer() };
    let amount = |fen| match given::<Claim>(opened()).when(fine(fen), &cx).events()[1] {
        Event::AmountComputed { amount_fen, uplift_fen, .. } => (amount_fen, uplift_fen),
        ref other => panic!("{other:?}"),
    };
    assert_eq!(amount(FINE), (900_000, 150_000));
    assert_eq!(amount(1_000_000_000), (36_000_000, 6_000_000));
}

#[test]
fn a_reduced_fine_reduces_the_reward_before_payment_and_keeps_the_approvals() {
    let events = given::<Claim>(approved()).when(fine(4_000_000), &officer()).events();
    assert_eq!(
        last(&events),
        &Event::AmountReduced { amount_fen: 600_000, fine_fen: 4_000_000, budget: budget() }
    );
    let events = after(after(approved(), fine(4_000_000), &officer()), prove(CODE), &officer());
    let events = given::<Claim>(events).when(Command::InstructPayment, &finance()).events();
    assert!(matches!(last(&events), Event::PaymentInstructed { amount_fen: 600_000, .. }));
}

#[test]
fn a_second_fine_raises_the_reward_only_before_the_first_approval() {
    let second = || Command::NoteFine { penalty: id("p-2"), fine_fen: FINE };
    let events = given::<Claim>(funded()).when(second(), &officer()).facts();
    assert!(matches!(events[1], Event::AmountComputed { amount_fen: 1_500_000, .. }));
    let approved = after(funded(), Command::Approve, &finance());
    assert_eq!(given::<Claim>(approved).when(second(), &officer()).events().len(), 1);
}

#[test]
fn a_revoked_fine_withdraws_the_amount_and_everything_that_rested_on_it() {
    let events = after(approved(), fine(0), &officer());
    let told = beside_clocks(events.clone());
    assert!(told.ends_with(&[Event::AmountWithdrawn {}, Event::FundsReleased { budget: budget() }]));
    given::<Claim>(events.clone()).when(prove(CODE), &officer()).refused(Refusal::NotApproved);
    assert_eq!(given::<Claim>(events).deadline(), None);
}

#[test]
fn a_fine_that_falls_while_the_money_is_under_way_counts_if_the_payment_fails() {
    let events = after(instructed(), fine(4_000_000), &officer());
    assert!(matches!(last(&events), Event::FineNoted { .. }));
    let events = given::<Claim>(events).when(settle(1, false), &officer()).facts();
    assert!(matches!(
        events[..],
        [Event::PaymentFailed { .. }, Event::AmountReduced { amount_fen: 600_000, .. }]
    ));
}

#[test]
fn nothing_is_clawed_back_after_payment() {
    let paid = after(instructed(), settle(1, true), &officer());
    given::<Claim>(paid).when(fine(0), &officer()).then([]);
}

#[test]
fn a_known_fine_changes_nothing() {
    given::<Claim>(computed()).when(fine(FINE), &officer()).then([]);
}

#[test]
fn without_a_fine_an_officer_sets_the_amount_within_the_local_table() {
    let set = |amount_fen| Command::SetAmount { amount_fen };
    let outside = Refusal::OutsideLocalTable { min_fen: 5_000, max_fen: 50_000 };
    given::<Claim>(opened()).when(set(4_999), &officer()).refused(outside.clone());
    given::<Claim>(opened()).when(set(50_001), &officer()).refused(outside);
    given::<Claim>(opened()).when(set(20_000), &officer()).then([
        Event::AmountComputed { amount_fen: 20_000, rule: Rule::LocalTable, fine_fen: 0, uplift_fen: 0 },
        Event::FundsRequested { budget: budget(), amount_fen: 20_000 },
    ]);
}

#[test]
fn where_there_is_a_fine_nobody_sets_the_amount() {
    given::<Claim>(computed())
        .when(Command::SetAmount { amount_fen: 20_000 }, &officer())
        .refused(Refusal::FineDecides);
}

#[test]
fn the_local_table_is_used_by_an_officer_before_approval_and_in_its_own_province() {
    let set = || Command::SetAmount { amount_fen: 20_000 };
    given::<Claim>(opened()).when(set(), &head()).refused(Refusal::NotAnOfficer);
    given::<Claim>(noted()).when(set(), &officer()).refused(Refusal::NotVerified);
    let funded = after(after(opened(), set(), &officer()), reserved(20_000), &officer());
    let approved = after(funded, Command::Approve, &finance());
    given::<Claim>(approved).when(set(), &officer()).refused(Refusal::AlreadyApproved);
    let elsewhere = Report { area: AreaCode::parse("410402").unwrap(), ..report() };
    let there = context(DAY, actor(DepartmentKind::Fire, "410402", &[Role::Officer]));
    let events =
        story([(Command::Note(elsewhere), officer()), (verify(), officer()), (Command::Open, officer())]);
    given::<Claim>(events).when(set(), &there).refused(Refusal::NoLocalTable);
}

#[test]
fn funds_are_asked_for_again_only_while_none_are_reserved() {
    given::<Claim>(opened()).when(Command::RequestFunds, &officer()).refused(Refusal::NoAmount);
    given::<Claim>(computed())
        .when(Command::RequestFunds, &officer())
        .then([Event::FundsRequested { budget: budget(), amount_fen: REWARD }]);
    given::<Claim>(funded()).when(Command::RequestFunds, &officer()).then([]);
}

#[test]
fn a_reservation_for_a_claim_that_needs_none_goes_back() {
    let needless = [Event::FundsReleased { budget: budget() }];
    given::<Claim>(opened()).when(reserved(REWARD), &officer()).then(needless.clone());
    let paid = after(instructed(), settle(1, true), &officer());
    given::<Claim>(paid).when(reserved(REWARD), &officer()).then(needless);
}

#[test]
fn a_reservation_for_an_older_smaller_amount_is_not_enough() {
    given::<Claim>(computed()).when(reserved(REWARD - 1), &officer()).then([]);
}

#[test]
fn a_claim_waits_when_the_budget_is_spent() {
    given::<Claim>(computed())
        .when(Command::Queue { budget: budget() }, &officer())
        .then([Event::FundsQueued { budget: budget() }]);
}

#[test]
fn nothing_is_approved_before_amount_and_funds() {
    given::<Claim>(noted()).when(Command::Approve, &finance()).refused(Refusal::NotVerified);
    given::<Claim>(opened()).when(Command::Approve, &finance()).refused(Refusal::NoAmount);
    given::<Claim>(computed()).when(Command::Approve, &finance()).refused(Refusal::NotReserved);
}

#[test]
fn the_verifier_does_not_approve() {
    let verifier = by("verifier-1", &[Role::Head, Role::Finance], DAY);
    given::<Claim>(funded()).when(Command::Approve, &verifier).refused(Refusal::ApproverIsVerifier);
}

#[test]
fn nobody_approves_twice() {
    let coded = after(funded(), issue(), &officer());
    let first = after(coded, Command::Approve, &head());
    given::<Claim>(first).when(Command::Approve, &head()).refused(Refusal::SameApprover);
}

#[test]
fn finance_or_the_head_approves_first_and_the_head_second() {
    given::<Claim>(funded()).when(Command::Approve, &officer()).refused(Refusal::NotAnApprover);
    let coded = after(funded(), issue(), &officer());
    let first = after(coded, Command::Approve, &head());
    given::<Claim>(first).when(Command::Approve, &finance()).refused(Refusal::NotAnApprover);
}

#[test]
fn nobody_is_notified_without_a_code() {
    let first = after(funded(), Command::Approve, &finance());
    given::<Claim>(first).when(Command::Approve, &head()).refused(Refusal::CodeMissing);
}

#[test]
fn the_reporter_has_sixty_days_from_the_notice() {
    let Event::ReporterNotified { claim_by } = last(&approved()).clone() else { panic!() };
    assert_eq!(claim_by.last_day, date!(2023 - 07 - 07));
}

#[test]
fn there_are_two_approvals() {
    given::<Claim>(approved())
        .when(Command::Approve, &by("head-2", &[Role::Head], DAY))
        .refused(Refusal::AlreadyApproved);
}

#[test]
fn a_code_is_issued_by_a_clerk_or_an_officer_until_the_reporter_is_notified() {
    given::<Claim>(funded()).when(issue(), &head()).refused(Refusal::NotAClerk);
    let coded = after(funded(), issue(), &officer());
    given::<Claim>(coded).when(issue(), &officer()).then([]);
    given::<Claim>(approved()).when(issue(), &officer()).refused(Refusal::AlreadyNotified);
}

#[test]
fn no_event_holds_the_code() {
    let stored = serde_json::to_string(&instructed()).unwrap();
    assert!(!stored.contains(CODE));
    assert!(!format!("{:?}", prove(CODE)).contains(CODE));
}

#[test]
fn a_claim_is_proved_with_its_own_code() {
    given::<Claim>(approved())
        .when(prove("wrong-horse-battery-staple"), &officer())
        .refused(Refusal::CodeWrong);
    given::<Claim>(approved()).when(prove("short"), &officer()).refused(Refusal::CodeWrong);
    given::<Claim>(approved())
        .when(prove(CODE), &officer())
        .then([Event::Proved {}])
        .when(prove(CODE), &officer())
        .then([]);
}

#[test]
fn nothing_is_proved_before_the_notice() {
    let coded = after(funded(), issue(), &officer());
    given::<Claim>(coded).when(prove(CODE), &officer()).refused(Refusal::NotApproved);
}

#[test]
fn a_claim_after_the_window_is_too_late() {
    let late = by("officer-1", &[Role::Officer], datetime!(2023-07-08 0:00 +8));
    given::<Claim>(approved()).when(prove(CODE), &late).refused(Refusal::AlreadyEnded);
}

#[test]
fn an_unclaimed_reward_lapses_and_its_funds_go_back() {
    let state = approved().iter().fold(State::Unknown, evolve);
    let (at, command) = Claim::deadline(&state).unwrap();
    assert_eq!(at, datetime!(2023-07-08 0:00 +8));
    let events = after(approved(), command.clone(), &by("clock", &[], at));
    let [.., Event::Lapsed { .. }, Event::FundsReleased { .. }] = &beside_clocks(events.clone())[..] else {
        panic!("{events:?}")
    };
    given::<Claim>(events.clone()).when(command, &by("clock", &[], at)).then([]);
    given::<Claim>(events).when(prove(CODE), &officer()).refused(Refusal::AlreadyEnded);
}

#[test]
fn a_proved_claim_does_not_lapse() {
    assert_eq!(given::<Claim>(after(approved(), prove(CODE), &officer())).deadline(), None);
}

#[test]
fn the_duty_to_notify_is_watched_where_configuration_allows_its_parameter() {
    let rules = RulePack::builtin().with_allowed(&["reward.notice".to_owned()]);
    let allowed = Context { rules: rules.into(), ..officer() };
    let events = woken::<Claim>(after(after(noted(), verify(), &officer()), Command::Open, &allowed));
    let state = events.iter().fold(State::Unknown, evolve);
    let (at, command) = Claim::deadline(&state).unwrap();
    assert_eq!(at, datetime!(2023-05-29 0:00 +8));
    let breached = after(events, command, &by("clock", &[], at));
    assert!(matches!(
        breached.last(),
        Some(Event::Clock { duty: Duty::Notify, event: clock::Event::Breached { .. } })
    ));
    assert_eq!(given::<Claim>(breached).deadline(), None);
}

#[test]
fn a_joint_report_has_two_different_signatories_the_first_being_this_reports() {
    for wrong in [&["ref-1"][..], &["ref-1", "ref-1"], &["ref-2", "ref-1"]] {
        given::<Claim>(opened()).when(joint(wrong), &officer()).refused(Refusal::NotJoint);
    }
    let first = after(funded(), Command::Approve, &finance());
    given::<Claim>(first).when(joint(&["ref-1", "ref-2"]), &officer()).refused(Refusal::AlreadyApproved);
}

#[test]
fn a_joint_reward_is_split_equally_with_the_remainder_to_the_first_signatory_who_is_paid() {
    let shares = split(100, &[id("ref-1"), id("ref-2"), id("ref-3")]);
    assert_eq!(shares.iter().map(|share| share.amount_fen).collect::<Vec<_>>(), [34, 33, 33]);
    let joint = after(computed(), joint(&["ref-1", "ref-2"]), &officer());
    let coded = after(after(joint, reserved(REWARD), &officer()), issue(), &officer());
    let approved = after(after(coded, Command::Approve, &finance()), Command::Approve, &head());
    let paying = after(after(approved, prove(CODE), &officer()), Command::InstructPayment, &finance());
    let Event::PaymentInstructed { payee, shares, .. } = last(&paying) else { panic!() };
    assert_eq!((payee.as_str(), shares.len()), ("ref-1", 2));
}

#[test]
fn nothing_is_paid_before_the_claim_is_proved() {
    given::<Claim>(opened()).when(Command::InstructPayment, &finance()).refused(Refusal::NoAmount);
    given::<Claim>(funded()).when(Command::InstructPayment, &finance()).refused(Refusal::NotApproved);
    given::<Claim>(approved()).when(Command::InstructPayment, &finance()).refused(Refusal::NotProved);
    let proved = after(approved(), prove(CODE), &officer());
    given::<Claim>(proved).when(Command::InstructPayment, &officer()).refused(Refusal::NotFinance);
}

#[test]
fn a_payment_is_instructed_once() {
    let Event::PaymentInstructed { instruction: given_id, attempt: 1, .. } = last(&instructed()).clone()
    else {
        panic!()
    };
    assert_eq!(given_id, instruction(&id("report-1"), 1));
    given::<Claim>(instructed()).when(Command::InstructPayment, &finance()).then([]);
    let paid = after(instructed(), settle(1, true), &officer());
    given::<Claim>(paid).when(Command::InstructPayment, &finance()).then([]);
}

#[test]
fn a_payment_that_failed_is_instructed_again_under_another_id() {
    let failed = after(instructed(), settle(1, false), &officer());
    let again = after(failed, Command::InstructPayment, &finance());
    let Event::PaymentInstructed { instruction: second, attempt: 2, .. } = last(&again) else { panic!() };
    assert_ne!(*second, instruction(&id("report-1"), 1));
}

#[test]
fn a_payment_whose_outcome_is_unknown_is_never_tried_again_blindly() {
    given::<Claim>(unknown())
        .when(Command::InstructPayment, &finance())
        .refused(Refusal::PaymentOutcomeUnknown);
    given::<Claim>(unknown()).when(Command::ReportPaymentUnknown { reason: "r".into() }, &finance()).then([]);
}

#[test]
fn a_reconciled_payment_is_known() {
    let reconcile = |paid| Command::ReconcilePayment { paid, document: "statement".into() };
    let events = given::<Claim>(unknown()).when(reconcile(true), &finance()).facts();
    assert!(matches!(events[..], [Event::PaymentReconciled { .. }, Event::PaymentConfirmed { .. }]));
    let events = given::<Claim>(unknown()).when(reconcile(false), &finance()).facts();
    assert!(matches!(events[..], [Event::PaymentReconciled { .. }, Event::PaymentFailed { .. }]));
    given::<Claim>(instructed()).when(reconcile(true), &finance()).refused(Refusal::OutcomeKnown);
}

#[test]
fn an_unknown_payment_may_still_be_answered() {
    let events = given::<Claim>(unknown()).when(settle(1, true), &officer()).facts();
    assert!(matches!(events[..], [Event::PaymentConfirmed { amount_fen: REWARD, .. }]));
}

#[test]
fn an_answer_about_another_instruction_is_refused_and_a_repeated_one_changes_nothing() {
    let other = instruction(&id("report-1"), 7);
    given::<Claim>(instructed())
        .when(settle(7, true), &officer())
        .refused(Refusal::OtherInstruction { instruction: other.clone() });
    let paid = after(instructed(), settle(1, true), &officer());
    given::<Claim>(paid.clone()).when(settle(1, true), &officer()).then([]);
    given::<Claim>(paid)
        .when(settle(7, true), &officer())
        .refused(Refusal::OtherInstruction { instruction: other });
}

#[test]
fn what_was_not_instructed_is_not_unknown() {
    given::<Claim>(approved())
        .when(Command::ReportPaymentUnknown { reason: "r".into() }, &finance())
        .refused(Refusal::NothingInstructed);
}
