//! A small decider for the tests: a ledger that is opened, filled up to a limit, and closed by the clock.

use decider::{Context, Decider, DomainEvent, Order};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// A ledger never holds more than this.
pub const LIMIT: u32 = 1_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    Opened { closes_at: OffsetDateTime },
    Added { amount: u32 },
    Closed {},
}

impl DomainEvent for Event {
    fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "Opened",
            Self::Added { .. } => "Added",
            Self::Closed {} => "Closed",
        }
    }
}

#[derive(Debug, Clone)]
pub enum Command {
    Open {
        hours: i64,
    },
    Add {
        amount: u32,
    },
    Close,
    /// Falls due and is always refused.
    Explode,
}

#[derive(Debug, Clone, Default)]
pub struct State {
    pub closes_at: Option<OffsetDateTime>,
    pub total: u32,
    pub is_closed: bool,
}

decider::refusals! {
    /// Why a ledger says no.
    pub enum Refusal {
        NotOpen => "", "账簿未开", "the ledger is not open";
        Full { left: u32 } => "测试第1条", "只余 {left}", "only {left} are left";
        Impossible => "", "不可能", "this never works";
    }
}

pub struct Ledger;

impl Decider for Ledger {
    const NAME: &'static str = "ledger";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Open { .. } if state.closes_at.is_some() => Ok(vec![]),
            Command::Open { hours } => Ok(vec![Event::Opened { closes_at: cx.at + Duration::hours(hours) }]),
            Command::Close if state.is_closed => Ok(vec![]),
            _ if state.closes_at.is_none() || state.is_closed => Err(Refusal::NotOpen),
            Command::Add { amount } if state.total + amount > LIMIT => {
                Err(Refusal::Full { left: LIMIT - state.total })
            }
            Command::Add { amount } => Ok(vec![Event::Added { amount }]),
            Command::Close => Ok(vec![Event::Closed {}]),
            Command::Explode => Err(Refusal::Impossible),
        }
    }

    fn evolve(mut state: State, event: &Event) -> State {
        match event {
            Event::Opened { closes_at } => state.closes_at = Some(*closes_at),
            Event::Added { amount } => state.total += amount,
            Event::Closed {} => state.is_closed = true,
        }
        state
    }

    /// A ledger of exactly 13 explodes instead of closing, in vain.
    fn deadline(state: &State) -> Option<(OffsetDateTime, Command)> {
        let command = if state.total == 13 { Command::Explode } else { Command::Close };
        state.closes_at.filter(|_| !state.is_closed).map(|at| (at, command))
    }
}

pub fn order(id: &str, command: Command) -> Order {
    Order::of::<Ledger>(id, command)
}
