//! The specification of a proposed version, sentence by sentence.

use decider::{
    Actor, Context, Decider as _, DepartmentKind, Id, Lang, Refusal as _, Role,
    harness::{actor, context, given},
};
use law::{Calendar, Kind, RulePack, Source};
use time::{OffsetDateTime, macros::datetime};

use super::*;

const DAY: OffsetDateTime = datetime!(2026-11-20 9:00 +8);
const FROM: OffsetDateTime = datetime!(2026-12-01 0:00 +8);
/// Invented: the State Council has said nothing about 2027.
const FILE_2027: &str = include_str!("../../../../tests/data/2027-invented.json");

fn person(id: &str, role: Role) -> Actor {
    Actor { id: Id::parse(id).unwrap(), ..actor(DepartmentKind::Fire, "330723", &[role]) }
}

fn legal(at: OffsetDateTime) -> Context {
    context(at, person("legal-1", Role::Legal))
}

fn head(at: OffsetDateTime) -> Context {
    context(at, person("head-1", Role::Head))
}

fn proposal() -> Proposal {
    Proposal {
        id: Id::parse("c-1").unwrap(),
        kind: Kind::Calendar,
        file: "2027.json".to_owned(),
        text: FILE_2027.to_owned(),
        effective_from: Some(FROM),
        allowance: None,
    }
}

fn version() -> String {
    Calendar::builtin().with(&[Source::from(FILE_2027)]).unwrap().version().to_owned()
}

fn proposed() -> Event {
    Event::Proposed { proposal: proposal(), version: version(), by: Id::parse("legal-1").unwrap() }
}

fn tried() -> Event {
    Event::DryRun { differences: Differences::default(), counted: vec![] }
}

fn approved() -> Event {
    Event::Approved { by: Id::parse("head-1").unwrap(), effective_from: FROM }
}

fn propose(proposal: Proposal) -> Command {
    Command::Propose { proposal: Box::new(proposal) }
}

#[test]
fn a_year_is_proposed_tried_out_approved_and_takes_effect_at_its_instant() {
    let draft = given::<Adopting>([]).when(propose(proposal()), &legal(DAY)).then([proposed()]);
    assert_eq!(draft.deadline(), None);
    let counted = vec![Counted { service: "enforcement".to_owned(), open: 3, moved: 1 }];
    let events = draft.when(Command::DryRun { counted: counted.clone() }, &legal(DAY)).events();
    let [Event::DryRun { differences, counted: told }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((told, differences.more), (&counted, 0));
    assert!(differences.lines.contains(&"2027-02-08: off (春节)".to_owned()), "{differences:?}");
    assert!(differences.lines.contains(&"2026-12-26: worked (元旦)".to_owned()), "{differences:?}");
    let waiting = given::<Adopting>([proposed(), tried()]).when(Command::Approve, &head(DAY));
    let waiting = waiting.then([approved()]);
    assert_eq!(waiting.deadline(), Some(FROM));
    let events = waiting.when(Command::TakeEffect, &head(FROM)).events();
    let [Event::Adopted { adoption }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((adoption.version.as_str(), adoption.effective_from), (version().as_str(), FROM));
    assert_eq!((adoption.text.as_str(), adoption.id.as_str()), (FILE_2027, "c-1"));
}

#[test]
fn a_proposal_without_an_instant_takes_effect_when_it_is_approved() {
    let now = Proposal { effective_from: None, ..proposal() };
    let told = Event::Proposed { proposal: now, version: version(), by: Id::parse("legal-1").unwrap() };
    let events = given::<Adopting>([told, tried()]).when(Command::Approve, &head(DAY)).events();
    assert!(
        matches!(&events[..], [Event::Approved { effective_from, .. }, Event::Adopted { adoption }]
            if *effective_from == DAY && adoption.effective_from == DAY),
        "{events:?}"
    );
}

#[test]
fn who_proposed_it_cannot_approve_it() {
    let both = Actor { roles: vec![Role::Legal, Role::Head], ..person("legal-1", Role::Head) };
    given::<Adopting>([proposed(), tried()])
        .when(Command::Approve, &context(DAY, both))
        .refused(Refusal::SecondPersonWanted);
}

#[test]
fn nothing_is_approved_that_nobody_has_tried_out() {
    given::<Adopting>([proposed()]).when(Command::Approve, &head(DAY)).refused(Refusal::NotTriedOut);
}

#[test]
fn the_legal_office_proposes_and_a_head_approves() {
    given::<Adopting>([]).when(propose(proposal()), &head(DAY)).refused(Refusal::NotTheLegalOffice);
    let town = context(DAY, actor(DepartmentKind::Town, "330723103", &[Role::Legal, Role::Head]));
    given::<Adopting>([]).when(propose(proposal()), &town).refused(Refusal::NotTheLegalOffice);
    let tried_out = || given::<Adopting>([proposed(), tried()]);
    tried_out().when(Command::Approve, &town).refused(Refusal::NotTheHead);
    let other = context(DAY, person("legal-2", Role::Legal));
    tried_out().when(Command::Approve, &other).refused(Refusal::NotTheHead);
}

#[test]
fn no_version_takes_effect_in_the_past() {
    let late = FROM + time::Duration::SECOND;
    let refused = Refusal::InThePast { effective_from: FROM.to_string() };
    given::<Adopting>([]).when(propose(proposal()), &legal(late)).refused(refused.clone());
    given::<Adopting>([proposed(), tried()]).when(Command::Approve, &head(late)).refused(refused);
}

#[test]
fn a_bad_file_is_refused_with_file_line_and_reason() {
    let twice = FILE_2027.replace("\"2027-01-02\"", "\"2027-01-01\"");
    let pack = "{\"name\": \"CN\", \"edition\": \"e\",\n \"rows\": [\n{\"id\": \"a\", \"value\": \"3\", \
        \"unit\": \"fortnight\", \"trigger\": \"t\", \"article\": \"某法1\", \"effective_from\": \"2021-07-15\", \
        \"status\": \"V1\", \"source\": \"s\"}]}";
    for (kind, text, en, zh) in [
        (Kind::Calendar, twice.as_str(), "2027.json:6: 2027-01-01 is named twice", "2027.json 第 6 行"),
        (Kind::Calendar, "", "2027.json:1: ", "2027.json 第 1 行"),
        (Kind::Pack, pack, "2027.json:3: rule a has the unknown unit \"fortnight\"", "2027.json 第 3 行"),
        (Kind::Pack, FILE_2027, "2027.json:", "2027.json 第"),
    ] {
        let bad = Proposal { kind, text: text.to_owned(), ..proposal() };
        let refusal = Adopting::decide(&State::Unknown, propose(bad), &legal(DAY)).unwrap_err();
        assert_eq!(refusal.name(), "BadFile");
        assert!(refusal.text(Lang::En).starts_with(en), "{}", refusal.text(Lang::En));
        assert!(refusal.text(Lang::Zh).starts_with(zh), "{}", refusal.text(Lang::Zh));
    }
}

#[test]
fn a_file_that_changes_nothing_or_is_too_long_is_refused() {
    let known = Calendar::builtin().file(2026).unwrap().to_owned();
    let version = Calendar::builtin().version().to_owned();
    given::<Adopting>([])
        .when(propose(Proposal { text: known, ..proposal() }), &legal(DAY))
        .refused(Refusal::NothingNew { version });
    let long = Proposal { text: " ".repeat(TEXT_BYTES_MAX), ..proposal() };
    given::<Adopting>([])
        .when(propose(long), &legal(DAY))
        .refused(Refusal::TooLong { bytes: TEXT_BYTES_MAX + 2 });
}

#[test]
fn the_built_in_pack_is_not_too_long_to_be_adopted_again_with_a_change() {
    let text = include_str!("../../../../libs/law/data/pack/cn.json").replace("\"90\"", "\"91\"");
    let pack = Proposal { kind: Kind::Pack, text: text.clone(), ..proposal() };
    let events = given::<Adopting>([]).when(propose(pack), &legal(DAY)).events();
    let version = RulePack::parse(&text, &[]).unwrap().version().to_owned();
    assert!(matches!(&events[..], [Event::Proposed { version: found, .. }] if *found == version));
}

#[test]
fn unverified_rows_of_an_adopted_pack_answer_only_as_far_as_the_allowance_names_them() {
    let text = include_str!("../../../../libs/law/data/pack/cn.json").replace("\"90\"", "\"91\"");
    let pack = RulePack::parse(&text, &[]).unwrap();
    let rows: Vec<String> =
        pack.rows().filter(|row| row.status == law::Status::Memory).map(|row| row.id.clone()).collect();
    let [allowed, refused, ..] = &rows[..] else { panic!("{rows:?}") };
    let adoption = law::Adoption {
        id: "p-1".to_owned(),
        kind: Kind::Pack,
        version: String::new(),
        effective_from: FROM,
        file: "pack.json".to_owned(),
        text,
        allowed: vec![allowed.clone()],
    };
    let book = law::Book::new(RulePack::builtin(), Calendar::builtin()).with(adoption).unwrap();
    let rules = &book.at(FROM).rules;
    assert!(rules.row(allowed).is_ok());
    assert_eq!(rules.row(refused).unwrap_err(), law::RuleError::Unverified { id: refused.clone() });
    assert!(book.at(FROM - time::Duration::SECOND).rules.row(allowed).is_err());
}

#[test]
fn a_proposal_is_withdrawn_until_it_is_in_force() {
    let withdraw = || Command::Withdraw { cause: "corrected".to_owned() };
    let withdrawn = [Event::Withdrawn { cause: "corrected".to_owned() }];
    given::<Adopting>([proposed()]).when(withdraw(), &legal(DAY)).then(withdrawn.clone());
    let gone = given::<Adopting>([proposed(), tried(), approved()]).when(withdraw(), &head(DAY));
    let gone = gone.then(withdrawn);
    assert_eq!(gone.deadline(), None);
    gone.when(withdraw(), &head(DAY)).then([]);
    let adopted =
        given::<Adopting>([proposed(), tried(), approved()]).when(Command::TakeEffect, &head(FROM)).events();
    given::<Adopting>([proposed(), tried(), approved()].into_iter().chain(adopted))
        .when(withdraw(), &head(FROM))
        .refused(Refusal::InForceAlready);
}

#[test]
fn what_is_approved_or_unknown_is_not_proposed_again() {
    given::<Adopting>([proposed()]).when(propose(proposal()), &legal(DAY)).refused(Refusal::AlreadyProposed);
    given::<Adopting>([]).when(Command::Approve, &head(DAY)).refused(Refusal::NotProposed);
    let done = || given::<Adopting>([proposed(), tried(), approved()]);
    done().when(Command::Approve, &head(DAY)).refused(Refusal::NoLongerProposed);
    done().when(Command::DryRun { counted: vec![] }, &legal(DAY)).refused(Refusal::NoLongerProposed);
    done().when(Command::TakeEffect, &head(FROM - time::Duration::SECOND)).then([]);
}
