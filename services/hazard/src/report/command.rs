//! What can be asked of a report, and when the law says no.

use decider::{Context, Decider, Department, Id, Role};
use law::{AreaCode, Due, Role as Side};
use time::OffsetDateTime;

use super::{Event, Open, State, evolve};

/// A command for a report.
#[derive(Debug, Clone)]
pub enum Command {
    /// 受理
    Receive {
        reporter_ref: Id,
        channel: Id,
        real_name: bool,
        insider: bool,
        premises: String,
        area: AreaCode,
        category: Id,
    },
    /// 分办
    Route { to: Department },
    /// 核查完毕
    Verify {
        confirmed: bool,
        /// Who verified, where that is not the actor.
        by: Option<Id>,
    },
    /// The clock's: the verification is overdue.
    Breach { due: Due },
}

decider::refusals! {
    /// Why a report refuses a command.
    pub enum Refusal {
        AlreadyReceived => "", "该举报已受理", "the report has been received already";
        NotReceived => "消防监督检查规定17", "尚未受理该举报", "no such report has been received";
        AlreadyVerified => "消防监督检查规定18", "该举报已核查完毕", "the report has been verified already";
        NotAClerk => "", "只有受理人员可以受理、分办举报", "only a clerk receives and routes reports";
        OutsideArea => "行政处罚法22", "隐患地点不在承办单位辖区内", "the place lies outside the department's area";
    }
}

/// Categories that the law wants verified within hours, not days (消防监督检查规定 18(1)).
const URGENT: [&str; 3] = ["exit-blocked", "evacuation-obstructed", "facility-shutdown"];

/// The report's decider.
pub struct Report;

impl Decider for Report {
    const NAME: &'static str = "report";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (
                State::Unknown,
                Command::Receive { reporter_ref, channel, real_name, insider, premises, area, category },
            ) => {
                clerk(cx)?;
                let verify_by = verify_by(&category, cx)?;
                Ok(vec![Event::Received {
                    reporter_ref,
                    channel,
                    real_name,
                    insider,
                    premises,
                    area,
                    category,
                    verify_by,
                }])
            }
            (_, Command::Receive { .. }) => Err(Refusal::AlreadyReceived),
            (State::Unknown, _) => Err(Refusal::NotReceived),
            (State::Open(_), Command::Route { to }) => clerk(cx).map(|()| vec![Event::Routed { to }]),
            (State::Open(_), Command::Verify { confirmed, by }) => {
                Ok(vec![Event::Verified { confirmed, by: by.unwrap_or_else(|| cx.actor.id.clone()) }])
            }
            (State::Closed, Command::Verify { .. } | Command::Route { .. }) => Err(Refusal::AlreadyVerified),
            (State::Open(open), Command::Breach { due }) => Ok(breach(open, due)),
            (State::Closed, Command::Breach { .. }) => Ok(vec![]),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }

    fn deadline(state: &State) -> Option<(OffsetDateTime, Command)> {
        match state {
            State::Open(Open { verify_by: Some(due), .. }) => {
                Some((due.past_from(), Command::Breach { due: due.clone() }))
            }
            State::Open(_) | State::Unknown | State::Closed => None,
        }
    }
}

fn clerk(cx: &Context) -> Result<(), Refusal> {
    if cx.actor.has(Role::Clerk) { Ok(()) } else { Err(Refusal::NotAClerk) }
}

fn verify_by(category: &Id, cx: &Context) -> Result<Due, law::RuleError> {
    let urgent = URGENT.contains(&category.as_str());
    let rule = if urgent { "complaint.fire.verify_urgent" } else { "complaint.fire.verify_other" };
    Ok(cx.calendar.due(cx.at, cx.rules.period(rule)?, Side::Agency))
}

fn breach(open: &Open, due: Due) -> Vec<Event> {
    match &open.verify_by {
        Some(running) if *running == due => vec![Event::VerificationOverdue { due }],
        _ => vec![],
    }
}
