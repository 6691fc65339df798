//! The specification of a budget, sentence by sentence.

use decider::{
    Context, Decider, DepartmentKind, Id, Role,
    harness::{actor, context, given},
};
use law::AreaCode;
use time::{OffsetDateTime, macros::datetime};

use super::*;

const DAY: OffsetDateTime = datetime!(2023-02-01 10:00 +8);

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn key() -> BudgetKey {
    BudgetKey { area: AreaCode::parse("330723").unwrap(), fiscal_year: 2023 }
}

fn by(roles: &[Role], area: &str) -> Context {
    context(DAY, actor(DepartmentKind::Finance, area, roles))
}

fn finance() -> Context {
    by(&[Role::Finance], "330723")
}

fn appropriate(amount_fen: i64) -> Command {
    Command::Appropriate { key: key(), amount_fen, document: "d".into() }
}

fn top_up(amount_fen: i64) -> Command {
    Command::TopUp { amount_fen, document: "d".into() }
}

fn cut(amount_fen: i64) -> Command {
    Command::Cut { amount_fen, document: "d".into() }
}

fn reserve(claim: &str, amount_fen: i64) -> Command {
    Command::Reserve { key: key(), claim: id(claim), amount_fen }
}

fn release(claim: &str) -> Command {
    Command::Release { claim: id(claim) }
}

fn post(claim: &str, amount_fen: i64) -> Command {
    Command::Post { claim: id(claim), amount_fen }
}

fn reserved(claim: &str, amount_fen: i64) -> Event {
    Event::Reserved { key: key(), claim: id(claim), amount_fen }
}

fn refused(claim: &str, amount_fen: i64, available_fen: i64) -> Event {
    Event::ReservationRefused { key: key(), claim: id(claim), amount_fen, available_fen }
}

fn story(commands: impl IntoIterator<Item = Command>) -> Vec<Event> {
    commands.into_iter().fold(vec![], |mut events, command| {
        events.extend(given::<Budget>(events.clone()).when(command, &finance()).events());
        events
    })
}

fn year_end(events: &[Event]) -> (OffsetDateTime, Command) {
    Budget::deadline(&events.iter().fold(State::Unknown, evolve)).unwrap()
}

#[test]
fn a_budget_is_appropriated_once() {
    let events = story([appropriate(1_000)]);
    assert!(matches!(
        events[..],
        [Event::Opened { .. }, Event::Appropriated { appropriated_fen: 1_000, .. }]
    ));
    given::<Budget>(events).when(appropriate(1_000), &finance()).refused(Refusal::AlreadyAppropriated);
}

#[test]
fn only_finance_of_the_area_moves_a_budget() {
    given::<Budget>([]).when(appropriate(1), &by(&[Role::Head], "330723")).refused(Refusal::NotFinance);
    given::<Budget>([]).when(appropriate(1), &by(&[Role::Finance], "330726")).refused(Refusal::OutsideArea);
    let events = story([appropriate(1_000)]);
    given::<Budget>(events).when(top_up(1), &by(&[Role::Head], "330723")).refused(Refusal::NotFinance);
}

#[test]
fn an_amount_is_positive_and_not_absurd() {
    given::<Budget>([]).when(appropriate(0), &finance()).refused(Refusal::AmountNotPositive);
    given::<Budget>([]).when(appropriate(i64::MAX), &finance()).refused(Refusal::AmountTooLarge);
    let events = story([appropriate(1_000)]);
    given::<Budget>(events.clone()).when(top_up(i64::MAX), &finance()).refused(Refusal::AmountTooLarge);
    given::<Budget>(events).when(cut(-1), &finance()).refused(Refusal::AmountNotPositive);
}

#[test]
fn what_was_not_appropriated_is_neither_topped_up_nor_cut() {
    given::<Budget>([]).when(top_up(1), &finance()).refused(Refusal::NotAppropriated);
    let waiting = story([reserve("c-1", 400)]);
    given::<Budget>(waiting).when(cut(1), &finance()).refused(Refusal::NotAppropriated);
}

#[test]
fn a_claim_is_reserved_while_the_money_lasts() {
    let events = story([appropriate(1_000)]);
    given::<Budget>(events).when(reserve("c-1", 1_000), &finance()).then([reserved("c-1", 1_000)]);
}

#[test]
fn a_claim_that_does_not_fit_waits() {
    let events = story([appropriate(1_000), reserve("c-1", 700)]);
    given::<Budget>(events).when(reserve("c-2", 400), &finance()).then([refused("c-2", 400, 300)]);
}

#[test]
fn nobody_overtakes_in_the_queue() {
    let events = story([appropriate(1_000), reserve("c-1", 700), reserve("c-2", 400)]);
    given::<Budget>(events).when(reserve("c-3", 100), &finance()).then([refused("c-3", 100, 300)]);
}

#[test]
fn a_claim_waits_for_a_budget_that_is_not_appropriated_yet() {
    let waiting = story([reserve("c-1", 400)]);
    assert_eq!(waiting.last(), Some(&refused("c-1", 400, 0)));
    let events = given::<Budget>(waiting).when(appropriate(1_000), &finance()).events();
    assert_eq!(events.last(), Some(&reserved("c-1", 400)));
}

#[test]
fn a_top_up_serves_the_queue_from_its_head() {
    let events = story([appropriate(100), reserve("c-1", 300), reserve("c-2", 200), reserve("c-3", 50)]);
    let events = given::<Budget>(events).when(top_up(250), &finance()).events();
    assert_eq!(events[1..], [reserved("c-1", 300), reserved("c-3", 50)][..1]);
}

#[test]
fn a_reservation_is_repeated_without_effect() {
    let events = story([appropriate(1_000), reserve("c-1", 700)]);
    given::<Budget>(events).when(reserve("c-1", 700), &finance()).then([]);
    let waiting = story([reserve("c-1", 700)]);
    given::<Budget>(waiting).when(reserve("c-1", 700), &finance()).then([]);
}

#[test]
fn a_larger_amount_replaces_the_smaller_one_or_waits_behind_the_others() {
    let events = story([appropriate(1_000), reserve("c-1", 700)]);
    given::<Budget>(events.clone()).when(reserve("c-1", 900), &finance()).then([reserved("c-1", 900)]);
    given::<Budget>(events)
        .when(reserve("c-1", 1_100), &finance())
        .then([Event::Released { claim: id("c-1"), amount_fen: 700 }, refused("c-1", 1_100, 1_000)]);
}

#[test]
fn a_reduced_claim_lets_the_next_one_in() {
    let events = story([appropriate(1_000), reserve("c-1", 700), reserve("c-2", 400)]);
    given::<Budget>(events)
        .when(Command::Reduce { claim: id("c-1"), amount_fen: 600 }, &finance())
        .then([Event::ReservationReduced { claim: id("c-1"), amount_fen: 600 }, reserved("c-2", 400)]);
}

#[test]
fn a_waiting_claim_that_needs_less_may_fit() {
    let events = story([appropriate(1_000), reserve("c-1", 700), reserve("c-2", 400)]);
    given::<Budget>(events)
        .when(Command::Reduce { claim: id("c-2"), amount_fen: 300 }, &finance())
        .then([Event::ReservationReduced { claim: id("c-2"), amount_fen: 300 }, reserved("c-2", 300)]);
}

#[test]
fn a_released_claim_lets_the_next_one_in() {
    let events = story([appropriate(1_000), reserve("c-1", 700), reserve("c-2", 400)]);
    given::<Budget>(events.clone())
        .when(release("c-1"), &finance())
        .then([Event::Released { claim: id("c-1"), amount_fen: 700 }, reserved("c-2", 400)]);
    given::<Budget>(events).when(release("c-2"), &finance()).then([Event::Dequeued { claim: id("c-2") }]);
}

#[test]
fn nothing_is_released_twice() {
    let events = story([appropriate(1_000), reserve("c-1", 700), release("c-1")]);
    given::<Budget>(events).when(release("c-1"), &finance()).then([]);
    given::<Budget>([]).when(release("c-1"), &finance()).then([]);
}

#[test]
fn a_payment_is_posted_once_and_the_rest_is_released() {
    let events = story([appropriate(1_000), reserve("c-1", 700)]);
    let posted = Event::Posted { claim: id("c-1"), amount_fen: 600, released_fen: 100 };
    given::<Budget>(events)
        .when(post("c-1", 600), &finance())
        .then([posted])
        .when(post("c-1", 600), &finance())
        .then([])
        .when(reserve("c-1", 700), &finance())
        .then([]);
}

#[test]
fn nothing_is_posted_without_a_reservation_or_beyond_it() {
    given::<Budget>([]).when(post("c-1", 1), &finance()).refused(Refusal::NotReserved);
    let events = story([appropriate(1_000), reserve("c-1", 700)]);
    given::<Budget>(events.clone()).when(post("c-2", 1), &finance()).refused(Refusal::NotReserved);
    given::<Budget>(events)
        .when(post("c-1", 701), &finance())
        .refused(Refusal::MoreThanReserved { reserved_fen: 700 });
}

#[test]
fn a_budget_is_not_cut_below_what_is_posted_and_reserved() {
    let events = story([appropriate(1_000), reserve("c-1", 300), post("c-1", 300), reserve("c-2", 400)]);
    given::<Budget>(events.clone())
        .when(cut(301), &finance())
        .refused(Refusal::CutBelowCommitments { committed_fen: 700 });
    let events = given::<Budget>(events).when(cut(300), &finance()).events();
    assert!(matches!(events[..], [Event::Cut { appropriated_fen: 700, .. }]));
}

#[test]
fn the_queue_has_an_end() {
    let full = (0..QUEUE_LEN_MAX).map(|n| reserve(&format!("c-{n}"), 1));
    given::<Budget>(story(full)).when(reserve("one-more", 1), &finance()).refused(Refusal::QueueFull);
}

#[test]
fn the_year_closes_by_itself_and_what_is_left_goes_back() {
    let events = story([appropriate(1_000), reserve("c-1", 700), reserve("c-2", 400)]);
    let (at, command) = year_end(&events);
    assert_eq!(at, datetime!(2024-01-01 0:00 +8));
    let Command::CloseYear { due } = command.clone() else { panic!() };
    let closed = given::<Budget>(events).when(command.clone(), &finance()).then([
        Event::YearClosed { due, returned_fen: 300 },
        Event::TurnedOver { claim: id("c-2"), amount_fen: 400, to: key().next() },
    ]);
    assert_eq!(closed.deadline(), None);
    closed.when(command, &finance()).then([]);
}

#[test]
fn a_closed_year_is_not_changed_but_pays_what_it_reserved() {
    let events = story([appropriate(1_000), reserve("c-1", 700)]);
    let (_, close) = year_end(&events);
    let closed = story_after(events, close);
    given::<Budget>(closed.clone()).when(top_up(1), &finance()).refused(Refusal::YearIsClosed);
    given::<Budget>(closed.clone()).when(appropriate(1), &finance()).refused(Refusal::YearIsClosed);
    given::<Budget>(closed.clone()).when(post("c-1", 700), &finance()).then([Event::Posted {
        claim: id("c-1"),
        amount_fen: 700,
        released_fen: 0,
    }]);
    given::<Budget>(closed).when(reserve("c-2", 1), &finance()).then([Event::TurnedOver {
        claim: id("c-2"),
        amount_fen: 1,
        to: key().next(),
    }]);
}

#[test]
fn a_township_is_paid_by_its_county() {
    let township = AreaCode::parse("330723103").unwrap();
    assert_eq!(BudgetKey::at(&township, DAY).id().as_str(), "330723-2023");
}

fn story_after(mut events: Vec<Event>, command: Command) -> Vec<Event> {
    events.extend(given::<Budget>(events.clone()).when(command, &finance()).events());
    events
}
