//! What can be asked of a budget, and when the law says no.

use decider::{Context, Decider, Id, Role};
use law::{Due, end_of_day};
use time::{Date, Month, OffsetDateTime};

use super::{BudgetKey, Event, Open, State, evolve};

/// Most claims that wait for one budget; one decision may have to answer all of them.
pub const QUEUE_LEN_MAX: usize = 500;
/// Largest sum of one budget, so that no sum of accounts can overflow: ten trillion yuan.
const APPROPRIATED_FEN_MAX: i64 = 1_000_000_000_000_000;

/// A command for a budget.
#[derive(Debug, Clone)]
pub enum Command {
    /// 预算批复
    Appropriate { key: BudgetKey, amount_fen: i64, document: String },
    /// 追加预算
    TopUp { amount_fen: i64, document: String },
    /// 核减预算
    Cut { amount_fen: i64, document: String },
    /// A claim needs this much in all.
    Reserve { key: BudgetKey, claim: Id, amount_fen: i64 },
    /// A claim needs less.
    Reduce { claim: Id, amount_fen: i64 },
    /// A claim needs nothing any more.
    Release { claim: Id },
    /// A claim was paid.
    Post { claim: Id, amount_fen: i64 },
    /// The clock's: the fiscal year is over.
    CloseYear { due: Due },
}

decider::refusals! {
    /// Why a budget refuses a command.
    pub enum Refusal {
        NotAppropriated => "", "该年度奖励预算尚未批复", "the budget has not been appropriated";
        AlreadyAppropriated => "", "该年度奖励预算已批复，可以追加", "the budget has been appropriated already; it can be topped up";
        NotFinance => "", "须由财务人员办理", "only finance may do this";
        OutsideArea => "", "该预算不属于本单位辖区", "the budget is another area's";
        AmountNotPositive => "", "金额须大于零", "the amount must be greater than zero";
        AmountTooLarge => "", "金额超过上限", "the amount is too large for a budget";
        CutBelowCommitments { committed_fen: i64 } => "", "核减后不得低于已列支和已预留的 {committed_fen} 分", "the budget cannot be cut below the {committed_fen} fen that are posted and reserved";
        YearIsClosed => "", "该预算年度已结账", "the fiscal year is closed";
        QueueFull => "", "等待预留的申请已达上限", "too many claims wait for this budget";
        NotReserved => "", "该申请没有预留", "nothing is reserved for the claim";
        MoreThanReserved { reserved_fen: i64 } => "", "列支不得超过预留的 {reserved_fen} 分", "no more than the reserved {reserved_fen} fen is posted";
    }
}

/// The budget's decider.
pub struct Budget;

impl Decider for Budget {
    const NAME: &'static str = "budget";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Unknown, command @ (Command::Appropriate { .. } | Command::Reserve { .. })) => {
                open_with(command, cx)
            }
            (
                State::Unknown,
                Command::Reduce { .. } | Command::Release { .. } | Command::CloseYear { .. },
            ) => Ok(vec![]),
            (State::Unknown, Command::Post { .. }) => Err(Refusal::NotReserved),
            (State::Unknown, Command::TopUp { .. } | Command::Cut { .. }) => Err(Refusal::NotAppropriated),
            (State::Open(open), command) => handle(open, command, cx),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }

    fn deadline(state: &State) -> Option<(OffsetDateTime, Command)> {
        let State::Open(open) = state else { return None };
        let due = open.year_end.clone();
        (!open.closed).then(|| (due.past_from(), Command::CloseYear { due }))
    }
}

/// A budget is heard of with its money or with the first claim that waits for it.
fn open_with(command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    let (Command::Appropriate { key, .. } | Command::Reserve { key, .. }) = &command else {
        return Ok(vec![]);
    };
    let opened = Event::Opened { key: key.clone(), year_end: year_end(key, cx) };
    let State::Open(open) = evolve(State::Unknown, &opened) else {
        return Ok(vec![]);
    };
    let events = handle(&open, command, cx)?;
    Ok([opened].into_iter().chain(events).collect())
}

fn handle(open: &Open, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Appropriate { key: _, amount_fen, document } => {
            finance(open, cx)?;
            if open.appropriated_fen.is_some() {
                return Err(Refusal::AlreadyAppropriated);
            }
            let key = open.key.clone();
            let appropriated_fen = positive(amount_fen)?;
            Ok(drained(open, vec![Event::Appropriated { key, amount_fen, appropriated_fen, document }]))
        }
        Command::TopUp { amount_fen, document } => {
            let appropriated = appropriated(open, cx)?;
            let key = open.key.clone();
            let appropriated_fen = positive(appropriated.saturating_add(positive(amount_fen)?))?;
            Ok(drained(open, vec![Event::ToppedUp { key, amount_fen, appropriated_fen, document }]))
        }
        Command::Cut { amount_fen, document } => cut(open, amount_fen, document, cx).map(|event| vec![event]),
        Command::Reserve { claim, amount_fen, .. } => reserve(open, claim, amount_fen),
        Command::Reduce { claim, amount_fen } => Ok(reduce(open, claim, amount_fen)),
        Command::Release { claim } => Ok(release(open, claim)),
        Command::Post { claim, amount_fen } => post(open, claim, amount_fen),
        Command::CloseYear { due } => Ok(close(open, due)),
    }
}

fn cut(open: &Open, amount_fen: i64, document: String, cx: &Context) -> Result<Event, Refusal> {
    let appropriated = appropriated(open, cx)?;
    let committed_fen = open.posted_fen + open.reserved_fen();
    let appropriated_fen = appropriated.saturating_sub(positive(amount_fen)?);
    if appropriated_fen < committed_fen {
        return Err(Refusal::CutBelowCommitments { committed_fen });
    }
    Ok(Event::Cut { key: open.key.clone(), amount_fen, appropriated_fen, document })
}

/// Nobody overtakes: while others wait, a new claim waits behind them, however little it needs.
fn reserve(open: &Open, claim: Id, amount_fen: i64) -> Result<Vec<Event>, Refusal> {
    let held = open.reserved.get(&claim).copied();
    let waiting = open.queue.iter().find(|(waiting, _)| *waiting == claim).map(|(_, fen)| *fen);
    if open.posted.contains(&claim) {
        return Ok(vec![]);
    }
    if held.or(waiting).is_some_and(|before| amount_fen <= before) {
        return Ok(reduce(open, claim, amount_fen));
    }
    if open.closed {
        return Ok(vec![Event::TurnedOver { claim, amount_fen, to: open.key.next() }]);
    }
    let key = open.key.clone();
    let available_fen = open.available_fen() + held.unwrap_or(0);
    if open.queue.is_empty() && amount_fen <= available_fen {
        return Ok(vec![Event::Reserved { key, claim, amount_fen }]);
    }
    if waiting.is_none() && open.queue.len() >= QUEUE_LEN_MAX {
        return Err(Refusal::QueueFull);
    }
    // What was held for a smaller amount goes back first, to those who wait longer.
    let released = held.map(|amount_fen| Event::Released { claim: claim.clone(), amount_fen });
    let refused = Event::ReservationRefused { key, claim, amount_fen, available_fen };
    Ok(drained(open, released.into_iter().chain([refused]).collect()))
}

fn reduce(open: &Open, claim: Id, amount_fen: i64) -> Vec<Event> {
    let waiting = open.queue.iter().find(|(waiting, _)| *waiting == claim).map(|(_, fen)| *fen);
    let held = open.reserved.get(&claim).copied().or(waiting);
    if held.is_none_or(|held| amount_fen >= held) {
        return vec![];
    }
    drained(open, vec![Event::ReservationReduced { claim, amount_fen }])
}

fn release(open: &Open, claim: Id) -> Vec<Event> {
    if let Some(amount_fen) = open.reserved.get(&claim).copied() {
        return drained(open, vec![Event::Released { claim, amount_fen }]);
    }
    if open.queue.iter().any(|(waiting, _)| *waiting == claim) {
        return drained(open, vec![Event::Dequeued { claim }]);
    }
    vec![]
}

fn post(open: &Open, claim: Id, amount_fen: i64) -> Result<Vec<Event>, Refusal> {
    if open.posted.contains(&claim) {
        return Ok(vec![]);
    }
    let reserved_fen = open.reserved.get(&claim).copied().ok_or(Refusal::NotReserved)?;
    if amount_fen > reserved_fen {
        return Err(Refusal::MoreThanReserved { reserved_fen });
    }
    let released_fen = reserved_fen - amount_fen;
    Ok(drained(open, vec![Event::Posted { claim, amount_fen, released_fen }]))
}

/// What is neither spent nor reserved goes back; what waits, waits for the next year's money.
fn close(open: &Open, due: Due) -> Vec<Event> {
    if open.closed || open.year_end != due {
        return vec![];
    }
    let to = open.key.next();
    let turned_over = open.queue.iter().map(|(claim, amount_fen)| Event::TurnedOver {
        claim: claim.clone(),
        amount_fen: *amount_fen,
        to: to.clone(),
    });
    let closed = Event::YearClosed { due, returned_fen: open.available_fen() };
    [closed].into_iter().chain(turned_over).collect()
}

/// The events, and what they let out of the queue: from its head, as far as the money goes.
fn drained(open: &Open, mut events: Vec<Event>) -> Vec<Event> {
    let before = State::Open(Box::new(open.clone()));
    let State::Open(after) = events.iter().fold(before, evolve) else {
        return events;
    };
    if after.closed {
        return events;
    }
    let mut available = after.available_fen();
    for (claim, amount_fen) in &after.queue {
        if *amount_fen > available {
            break;
        }
        available -= amount_fen;
        events.push(Event::Reserved {
            key: after.key.clone(),
            claim: claim.clone(),
            amount_fen: *amount_fen,
        });
    }
    events
}

fn appropriated(open: &Open, cx: &Context) -> Result<i64, Refusal> {
    finance(open, cx)?;
    open.appropriated_fen.ok_or(Refusal::NotAppropriated)
}

fn finance(open: &Open, cx: &Context) -> Result<(), Refusal> {
    if !cx.actor.has(Role::Finance) {
        return Err(Refusal::NotFinance);
    }
    if !cx.actor.department.area.contains(&open.key.area) {
        return Err(Refusal::OutsideArea);
    }
    if open.closed { Err(Refusal::YearIsClosed) } else { Ok(()) }
}

fn positive(fen: i64) -> Result<i64, Refusal> {
    match fen {
        ..=0 => Err(Refusal::AmountNotPositive),
        1..=APPROPRIATED_FEN_MAX => Ok(fen),
        _ => Err(Refusal::AmountTooLarge),
    }
}

/// 31 December: the fiscal year is the calendar year. A day that is named, not a period that runs.
fn year_end(key: &BudgetKey, cx: &Context) -> Due {
    let last_day = Date::from_calendar_date(key.fiscal_year, Month::December, 31).unwrap_or(Date::MAX);
    Due {
        at: end_of_day(last_day),
        last_day,
        rolled: false,
        provisional: false,
        calendar: cx.calendar.version().to_owned(),
    }
}
