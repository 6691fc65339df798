//! A decider with clocks for the tests: a docket whose answer and review have their time.

use decider::{Clocked, Context, Decider, DomainEvent, Order, Winding};
use law::{
    Period, Role,
    clock::{self, Act, Clocks, Moment, Terms},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The row of the pack that gives the clocks their time.
pub const RULE: &str = "penalty.decision_deadline";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Duty {
    Answer,
    Review,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
#[allow(clippy::large_enum_variant, reason = "few of them are ever held")]
pub enum Event {
    Noted {},
    Clock { duty: Duty, event: clock::Event },
}

impl DomainEvent for Event {
    fn name(&self) -> &'static str {
        match self {
            Self::Noted {} => "Noted",
            Self::Clock { .. } => "Clock",
        }
    }
}

#[derive(Debug, Clone)]
pub enum Command {
    Arm { duty: Duty, period: Period },
    Do { duty: Duty, act: Act },
    Note,
    Tick,
    Rederive,
}

decider::refusals! {
    /// Why a docket says no.
    pub enum Refusal {}
}

pub struct Docket;

impl Decider for Docket {
    const NAME: &'static str = "docket";
    type State = Clocks<Duty>;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(clocks: &Clocks<Duty>, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        let moment = Moment { now: cx.now, at: cx.at, calendar: &cx.calendar, pack: cx.rules.version() };
        let events = match command {
            Command::Note => return Ok(vec![Event::Noted {}]),
            Command::Arm { duty, period } => {
                clocks.decide(&duty, Act::Arm { terms: terms(period, cx.at) }, &moment)?
            }
            Command::Do { duty, act } => clocks.decide(&duty, act, &moment)?,
            Command::Tick => clocks.tick(cx.now),
            // The length of a docket's time is its own; only the review's is the pack's.
            Command::Rederive => clocks.rederive(&moment, |clock| match clock.terms.rule.as_str() {
                RULE => cx.rules.period(RULE).ok(),
                _ => Some(clock.terms.period),
            })?,
        };
        Ok(events.into_iter().map(|(duty, event)| Event::Clock { duty, event }).collect())
    }

    fn evolve(mut clocks: Clocks<Duty>, event: &Event) -> Clocks<Duty> {
        if let Event::Clock { duty, event } = event {
            clocks.remember(duty, event);
        }
        clocks
    }

    fn deadline(clocks: &Clocks<Duty>) -> Option<(OffsetDateTime, Command)> {
        clocks.next().map(|at| (at, Command::Tick))
    }
}

impl Clocked for Docket {
    type Duty = Duty;

    fn rederive() -> Command {
        Command::Rederive
    }

    fn clocks(state: &Clocks<Duty>) -> Option<&Clocks<Duty>> {
        Some(state)
    }

    fn clock(duty: Duty, event: clock::Event) -> Event {
        Event::Clock { duty, event }
    }

    fn wind(_: &Clocks<Duty>, _: &Event, _: &mut Winding<'_, Duty>) -> Result<(), Refusal> {
        Ok(())
    }
}

fn terms(period: Period, start: OffsetDateTime) -> Terms {
    // A period that is the pack's own is the pack's wherever the pack goes.
    let rule = if period == Period::CalendarDays(90) { RULE } else { "docket.answer" };
    Terms {
        rule: rule.to_owned(),
        basis: "测试第1条".to_owned(),
        period,
        role: Role::Agency,
        holder: "officer-1".to_owned(),
        start,
        warn: None,
        extensions_max: 3,
        lapses: None,
    }
}

pub fn order(id: &str, command: Command) -> Order {
    Order::of::<Docket>(id, command)
}
