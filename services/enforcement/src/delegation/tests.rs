//! The specification of a delegation, sentence by sentence.

use decider::{
    Context, Decider as _, Department, DepartmentKind, Id, Refusal as _, Role,
    authority::{Certificate, Delegation, Model},
    harness::{actor, context, given},
};
use law::AreaCode;
use proptest::prelude::*;
use time::{OffsetDateTime, macros::datetime};

use super::*;

const DAY: OffsetDateTime = datetime!(2023-01-10 9:00 +8);

fn brigade(at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Fire, "330723", &[Role::Head]))
}

fn town(at: OffsetDateTime) -> Context {
    context(at, actor(DepartmentKind::Town, "330723103", &[Role::Head]))
}

fn delegation() -> Delegation {
    Delegation {
        id: Id::parse("d-1").unwrap(),
        version: 1,
        model: Model::Entrusted,
        delegator: "fire.330723".parse().unwrap(),
        delegate: "town.330723103".parse().unwrap(),
        items: vec![Id::parse("fire-60-1").unwrap()],
        area: AreaCode::parse("330723103").unwrap(),
        from: datetime!(2023-01-01 0:00 +8),
        until: datetime!(2024-01-01 0:00 +8),
    }
}

fn basis(kind: BasisKind) -> Basis {
    Basis { kind, instrument: Id::parse("zhejiang-fire-regulation").unwrap() }
}

fn staff(count: usize) -> Vec<Certificate> {
    (0..count)
        .map(|n| Certificate {
            number: Id::parse(&format!("c-{n}")).unwrap(),
            department: "town.330723103".parse().unwrap(),
            from: datetime!(2022-01-01 0:00 +8),
            until: datetime!(2025-01-01 0:00 +8),
        })
        .collect()
}

fn draft(delegation: Delegation) -> Command {
    Command::Draft { delegation, basis: basis(BasisKind::Regulation), staff: staff(2) }
}

fn drafted() -> Event {
    Event::Drafted { delegation: delegation(), basis: basis(BasisKind::Regulation) }
}

fn story(commands: &[(Command, Context)]) -> Vec<Event> {
    commands.iter().fold(vec![], |mut events, (command, cx)| {
        events.extend(given::<Delegating>(events.clone()).when(command.clone(), cx).events());
        events
    })
}

fn signed() -> Vec<Event> {
    vec![drafted(), Event::Signed { by: Party::Delegator }, Event::Signed { by: Party::Delegate }]
}

fn in_force() -> Vec<Event> {
    story(&[
        (draft(delegation()), brigade(DAY)),
        (Command::Sign, brigade(DAY)),
        (Command::Sign, town(DAY)),
        (Command::Publish, brigade(DAY)),
        (Command::Publish, town(DAY)),
    ])
}

fn suspended() -> Vec<Event> {
    let at = datetime!(2023-06-01 0:00 +8);
    in_force().into_iter().chain([Event::Suspended { at, cause: "staff left".into() }]).collect()
}

#[test]
fn a_delegation_comes_into_force_when_both_have_published() {
    let events = in_force();
    let Some(Event::CameIntoForce { delegation, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(delegation.from, DAY);
    assert_eq!(events.len(), 6);
}

#[test]
fn a_delegation_is_in_force_not_before_either_publication() {
    let late = datetime!(2023-02-01 9:00 +8);
    let events = story(&[
        (draft(delegation()), brigade(DAY)),
        (Command::Sign, brigade(DAY)),
        (Command::Sign, town(DAY)),
        (Command::Publish, brigade(late)),
        (Command::Publish, town(DAY)),
    ]);
    let Some(Event::CameIntoForce { delegation, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(delegation.from, late);
}

#[test]
fn a_normative_document_carries_no_delegation() {
    let kind = BasisKind::NormativeDocument;
    let command = Command::Draft { delegation: delegation(), basis: basis(kind), staff: staff(2) };
    let refusal = Refusal::NoLegalBasis { kind };
    assert_eq!(refusal.article(), "行政处罚法20");
    given::<Delegating>([]).when(command, &brigade(DAY)).refused(refusal);
}

#[test]
fn the_two_models_are_never_mixed() {
    let kind = BasisKind::ProvincialDecision;
    let command = Command::Draft { delegation: delegation(), basis: basis(kind), staff: staff(2) };
    given::<Delegating>([]).when(command, &brigade(DAY)).refused(Refusal::NoLegalBasis { kind });
    let assigned = Delegation { model: Model::Assigned, ..delegation() };
    given::<Delegating>([])
        .when(draft(assigned), &brigade(DAY))
        .refused(Refusal::NoProvincialDecision { kind: BasisKind::Regulation });
}

#[test]
fn an_assignment_rests_on_a_decision_of_the_province() {
    let assigned = Delegation { model: Model::Assigned, ..delegation() };
    let basis = basis(BasisKind::ProvincialDecision);
    let command = Command::Draft { delegation: assigned.clone(), basis: basis.clone(), staff: staff(2) };
    given::<Delegating>([])
        .when(command, &brigade(DAY))
        .then([Event::Drafted { delegation: assigned, basis }]);
}

#[test]
fn a_delegate_does_not_delegate_on() {
    let chain = Delegation {
        delegator: "town.330723103".parse().unwrap(),
        delegate: "town.330723104".parse().unwrap(),
        ..delegation()
    };
    given::<Delegating>([])
        .when(draft(chain.clone()), &town(DAY))
        .refused(Refusal::SubDelegation { delegator: chain.delegator });
}

#[test]
fn only_a_town_receives_a_power() {
    let other = Delegation { delegate: "hotline.330723".parse().unwrap(), ..delegation() };
    given::<Delegating>([])
        .when(draft(other.clone()), &brigade(DAY))
        .refused(Refusal::NotFitToReceive { delegate: other.delegate });
}

#[test]
fn a_delegate_has_two_certified_officers() {
    let command =
        Command::Draft { delegation: delegation(), basis: basis(BasisKind::Regulation), staff: staff(1) };
    given::<Delegating>([]).when(command, &brigade(DAY)).refused(Refusal::StaffNotCertified);
}

#[test]
fn a_coercive_measure_is_never_entrusted() {
    let item = Id::parse("temporary-seal").unwrap();
    let wide = Delegation { items: vec![item.clone()], ..delegation() };
    given::<Delegating>([])
        .when(draft(wide), &brigade(DAY))
        .refused(Refusal::CoerciveMeasureNotDelegable { item });
}

#[test]
fn nobody_delegates_another_bodys_power() {
    let item = Id::parse("safety-114").unwrap();
    let foreign = Delegation { items: vec![item.clone()], ..delegation() };
    given::<Delegating>([]).when(draft(foreign), &brigade(DAY)).refused(Refusal::NotOwnPower { item });
}

#[test]
fn a_delegation_states_matters_term_and_an_area_of_both() {
    let cx = brigade(DAY);
    let nothing = Delegation { items: vec![], ..delegation() };
    given::<Delegating>([]).when(draft(nothing), &cx).refused(Refusal::NoMatters);
    let endless = Delegation { until: delegation().from, ..delegation() };
    given::<Delegating>([]).when(draft(endless), &cx).refused(Refusal::NoTerm);
    let county = Delegation { area: AreaCode::parse("330723").unwrap(), ..delegation() };
    given::<Delegating>([]).when(draft(county), &cx).refused(Refusal::OutsideArea);
}

#[test]
fn a_third_party_neither_drafts_nor_signs() {
    let other = context(DAY, actor(DepartmentKind::Fire, "330724", &[Role::Head]));
    given::<Delegating>([]).when(draft(delegation()), &other).refused(Refusal::NotAParty);
    given::<Delegating>([drafted()]).when(Command::Sign, &other).refused(Refusal::NotAParty);
}

#[test]
fn only_the_head_signs() {
    let officer = context(DAY, actor(DepartmentKind::Fire, "330723", &[Role::Officer]));
    given::<Delegating>([drafted()]).when(Command::Sign, &officer).refused(Refusal::NotTheHead);
}

#[test]
fn nothing_is_published_before_both_have_signed() {
    let one = [drafted(), Event::Signed { by: Party::Delegator }];
    given::<Delegating>(one).when(Command::Publish, &brigade(DAY)).refused(Refusal::NotSigned);
}

#[test]
fn a_delegation_whose_term_is_over_is_not_published() {
    let after = brigade(datetime!(2024-01-01 0:00 +8));
    given::<Delegating>(signed()).when(Command::Publish, &after).refused(Refusal::TermOver);
}

#[test]
fn signing_and_publishing_twice_change_nothing() {
    given::<Delegating>(signed()).when(Command::Sign, &town(DAY)).then([]);
    given::<Delegating>(in_force()).when(Command::Publish, &town(DAY)).then([]);
}

#[test]
fn only_the_delegator_suspends_resumes_and_revokes() {
    let suspend = Command::Suspend { cause: "staff left".into() };
    given::<Delegating>(in_force()).when(suspend, &town(DAY)).refused(Refusal::NotTheDelegator);
    given::<Delegating>(suspended()).when(Command::Resume, &town(DAY)).refused(Refusal::NotTheDelegator);
    let revoke = Command::Revoke { cause: "recalled".into() };
    given::<Delegating>(in_force()).when(revoke, &town(DAY)).refused(Refusal::NotTheDelegator);
}

#[test]
fn a_resumed_delegation_is_a_new_version_from_then_on() {
    let at = datetime!(2023-07-01 9:00 +8);
    let events = given::<Delegating>(suspended()).when(Command::Resume, &brigade(at)).events();
    let [Event::Resumed { delegation, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((delegation.version, delegation.from), (2, at));
}

#[test]
fn what_is_not_in_force_is_neither_suspended_nor_resumed() {
    let suspend = Command::Suspend { cause: "x".into() };
    given::<Delegating>(signed()).when(suspend, &brigade(DAY)).refused(Refusal::NotInForce);
    given::<Delegating>(in_force()).when(Command::Resume, &brigade(DAY)).refused(Refusal::NotSuspended);
    given::<Delegating>([]).when(Command::Sign, &brigade(DAY)).refused(Refusal::NotDrafted);
}

#[test]
fn a_delegation_expires_by_itself_at_the_end_of_its_term() {
    let end = datetime!(2024-01-01 0:00 +8);
    let standing = given::<Delegating>(in_force());
    assert_eq!(standing.deadline(), Some(end));
    standing.when(Command::Expire, &brigade(end)).then([Event::Expired { at: end }]);
    let ended: Vec<_> = in_force().into_iter().chain([Event::Expired { at: end }]).collect();
    given::<Delegating>(ended.clone()).when(Command::Expire, &brigade(end)).then([]);
    given::<Delegating>(ended).when(Command::Sign, &brigade(end)).refused(Refusal::AlreadyEnded);
}

#[test]
fn the_end_of_a_suspended_delegation_does_not_reach_over_its_suspension() {
    let since = datetime!(2023-06-01 0:00 +8);
    let revoke = Command::Revoke { cause: "recalled".into() };
    let later = brigade(datetime!(2023-08-01 9:00 +8));
    given::<Delegating>(suspended())
        .when(revoke, &later)
        .then([Event::Revoked { at: since, cause: "recalled".into() }]);
    let end = brigade(datetime!(2024-01-01 0:00 +8));
    given::<Delegating>(suspended()).when(Command::Expire, &end).then([Event::Expired { at: since }]);
}

fn any_department() -> impl Strategy<Value = Department> {
    prop::sample::select(vec![
        "fire.330723",
        "fire.3307",
        "fire.33",
        "town.330723103",
        "town.330723104",
        "emergency.330723",
        "police.330723",
        "government.33",
        "hotline.330723",
        "housing.330723",
    ])
    .prop_map(|code| code.parse().unwrap())
}

proptest! {
    /// Invariant 10: whatever is drafted in whatever order, no delegate is a delegator.
    #[test]
    fn the_graph_of_delegations_has_depth_one(pairs in prop::collection::vec((any_department(), any_department()), 1..40)) {
        let accepted: Vec<_> = pairs
            .into_iter()
            .filter(|(delegator, delegate)| {
                let items = vec![Id::parse("some-matter").unwrap()];
                let area = delegate.area.clone();
                let staff = staff(2)
                    .into_iter()
                    .map(|c| Certificate { department: delegate.clone(), ..c })
                    .collect();
                let delegation = Delegation {
                    delegator: delegator.clone(), delegate: delegate.clone(), items, area, ..delegation()
                };
                let mut cx = brigade(DAY);
                cx.actor.department = delegator.clone();
                let command = Command::Draft { delegation, basis: basis(BasisKind::Rule), staff };
                Delegating::decide(&State::Unknown, command, &cx)
                    .is_ok()
            })
            .collect();
        for (delegator, _) in &accepted {
            prop_assert!(accepted.iter().all(|(_, delegate)| delegate != delegator));
        }
    }
}
