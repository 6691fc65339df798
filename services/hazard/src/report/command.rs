//! What can be asked of a report, and when the law says no.

use decider::{Actor, Clocked, Context, Decider, Department, DepartmentKind, Id, Role, Winding, clocked};
use law::{
    AreaCode, Due, Role as Side,
    clock::{self, Clocks},
};
use time::OffsetDateTime;

use super::{Duty, Event, Open, State, evolve};

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
        /// Who inspected the place, where the inspection of a hazard case is the verification.
        by: Option<Actor>,
    },
    /// The clocks': what they say by themselves.
    Tick,
    /// Under another calendar or pack.
    Rederive,
}

decider::refusals! {
    /// Why a report refuses a command.
    pub enum Refusal {
        AlreadyReceived => "", "该举报已受理", "the report has been received already";
        NotReceived => "消防监督检查规定17", "尚未受理该举报", "no such report has been received";
        AlreadyVerified => "消防监督检查规定18", "该举报已核查完毕", "the report has been verified already";
        NotAClerk => "", "只有受理人员可以受理、分办举报", "only a clerk receives and routes reports";
        NotAnOfficer => "消防监督检查规定18", "举报须由执法人员实地核查", "an officer verifies a report on the spot";
        NotTheHolder { holder: String } => "消防监督检查规定18", "该举报由 {holder} 承办，非本单位经办", "the report is with {holder}, not with this department";
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
        match command {
            Command::Tick => clocked::tick::<Self>(state, cx),
            Command::Rederive => clocked::rederive::<Self>(state, cx),
            command => clocked::act::<Self>(state, cx, |state| answer(state, command, cx)),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }

    fn deadline(state: &State) -> Option<(OffsetDateTime, Command)> {
        Self::clocks(state)?.next().map(|at| (at, Command::Tick))
    }
}

impl Clocked for Report {
    type Duty = Duty;

    fn rederive() -> Command {
        Command::Rederive
    }

    fn clocks(state: &State) -> Option<&Clocks<Duty>> {
        match state {
            State::Open(open) => Some(&open.clocks),
            State::Unknown | State::Closed => None,
        }
    }

    fn clock(duty: Duty, event: clock::Event) -> Event {
        Event::Clock { duty, event }
    }

    fn wind(_: &State, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Refusal> {
        match event {
            Event::Received { category, verify_by, .. } => {
                let holder = winding.actor().department.clone();
                let terms = winding.terms(rule(category), Side::Agency, holder)?;
                Ok(winding.arm(Duty::Verify, terms, verify_by)?)
            }
            Event::Routed { to } => Ok(winding.pass(Duty::Verify, to)?),
            Event::Verified { .. } => Ok(winding.meet(Duty::Verify)?),
            Event::Clock { .. } => Ok(()),
        }
    }
}

fn answer(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    match (state, command) {
        (
            State::Unknown,
            Command::Receive { reporter_ref, channel, real_name, insider, premises, area, category },
        ) => {
            clerk(cx)?;
            if !cx.actor.department.area.contains(&area) {
                return Err(Refusal::OutsideArea);
            }
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
        (State::Open(open), Command::Route { to }) => route(open, to, cx).map(|event| vec![event]),
        (State::Open(open), Command::Verify { confirmed, by }) => {
            verify(open, confirmed, by, cx).map(|event| vec![event])
        }
        (State::Closed, Command::Verify { .. } | Command::Route { .. }) => Err(Refusal::AlreadyVerified),
        // The decider has answered these before it asks here.
        (_, Command::Tick | Command::Rederive) => Ok(vec![]),
    }
}

fn route(open: &Open, to: Department, cx: &Context) -> Result<Event, Refusal> {
    clerk(cx)?;
    // What a department gives back, the hotline of the place routes again.
    let hotline = cx.actor.is_of(DepartmentKind::Hotline) && cx.actor.department.area.contains(&open.area);
    if !hotline {
        holder(open, cx)?;
    }
    if !to.area.meets(&open.area) {
        return Err(Refusal::OutsideArea);
    }
    Ok(Event::Routed { to })
}

fn verify(open: &Open, confirmed: bool, by: Option<Actor>, cx: &Context) -> Result<Event, Refusal> {
    match by {
        // The inspection has checked the officers; that it was of this place it cannot know.
        Some(inspector) if inspector.department.area.meets(&open.area) => {
            Ok(Event::Verified { confirmed, by: inspector.id })
        }
        Some(_) => Err(Refusal::OutsideArea),
        None if !cx.actor.has(Role::Officer) => Err(Refusal::NotAnOfficer),
        None => {
            holder(open, cx)?;
            Ok(Event::Verified { confirmed, by: cx.actor.id.clone() })
        }
    }
}

/// Whoever has received the report, or to whom it was routed last: the one whose time runs.
fn holder(open: &Open, cx: &Context) -> Result<(), Refusal> {
    let acting = &cx.actor.department;
    match open.clocks.get(&Duty::Verify).map(|clock| &clock.terms.holder) {
        Some(holder) if *holder != acting.to_string() => {
            Err(Refusal::NotTheHolder { holder: holder.clone() })
        }
        // Before there were clocks nobody was named.
        None if !acting.area.contains(&open.area) => Err(Refusal::OutsideArea),
        _ => Ok(()),
    }
}

fn clerk(cx: &Context) -> Result<(), Refusal> {
    if cx.actor.has(Role::Clerk) { Ok(()) } else { Err(Refusal::NotAClerk) }
}

fn rule(category: &Id) -> &'static str {
    let urgent = URGENT.contains(&category.as_str());
    if urgent { "complaint.fire.verify_urgent" } else { "complaint.fire.verify_other" }
}

fn verify_by(category: &Id, cx: &Context) -> Result<Due, law::RuleError> {
    Ok(cx.calendar.due(cx.at, cx.rules.period(rule(category))?, Side::Agency))
}
