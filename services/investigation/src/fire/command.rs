//! What can be asked of a fire, and when the law says no.

use decider::{Clocked, Context, Decider, Department, DepartmentKind, Role, Winding, clocked};
use law::{
    AreaCode, Level, Role as Side, RuleError, Tier, Uscc, cause_tier,
    clock::{self, Clocks},
    government_tier,
};
use time::OffsetDateTime;

use super::{Duty, Event, Rung, State, Totals, Track, clocks, evolve, state::Raised};
use crate::inquiry::InquiryId;

/// A command for a fire.
#[derive(Debug, Clone)]
pub enum Command {
    /// 接警; the unit's head knew at the alarm unless it is said otherwise.
    RaiseAlarm {
        premises: String,
        area: AreaCode,
        unit: Uscc,
        ignited_at: OffsetDateTime,
        unit_knew_at: Option<OffsetDateTime>,
    },
    /// 事故信息报告, told by the sender's side.
    Report { from: Rung, to: Rung },
    /// 事故信息报告, told by the department that received it.
    NoteReceipt { from: Rung, by: Department, received_at: OffsetDateTime },
    /// 伤亡损失更新; totals.
    UpdateCasualties(Totals),
    /// 火灾扑灭
    Extinguish,
    /// 申报损失, entered by the fire body that the unit declares it to.
    DeclareLoss { unit: Uscc, property_loss_fen: i64, document: String },
    /// 封闭火灾现场
    CloseScene { range: String, demands: Vec<String> },
    /// 解除现场封闭
    ReleaseScene,
    /// A government has formed its inquiry group, for the State Council where it says so; told by that government or
    /// one above it.
    NoteInquiry {
        inquiry: InquiryId,
        by: Department,
        government: Department,
        by_state: bool,
        leader: String,
        members: Vec<String>,
    },
    /// The clocks': what they say by themselves.
    Tick,
    /// Under another calendar or pack.
    Rederive,
}

decider::refusals! {
    /// Why a fire refuses a command.
    pub enum Refusal {
        AlreadyRaised => "", "该火灾已接警", "the alarm has been raised already";
        NotRaised => "", "尚无此火灾", "there is no such fire";
        IgnitedAfterAlarm => "", "起火时间不得晚于接警时间", "a fire does not break out after its alarm";
        BeforeAlarm => "", "行为时间早于接警时间", "the act is dated before the alarm";
        OnlyFireBody => "消防法51", "须由消防救援机构实施", "only a fire rescue body may do this";
        NotAnOfficial => "消防法51", "须由消防救援机构的受理人员、执法人员或者负责人办理", "a clerk, an officer or the head of the fire rescue body does this";
        OutsideArea => "火灾事故调查规定6", "火灾地点不在本单位管辖区域内", "the fire lies outside the department's area";
        NotUpward { from: Rung, to: Rung } => "493号令10", "事故信息应当逐级上报", "reports go upward, not from {from} to {to}";
        NotTheReporter { from: Rung } => "493号令9；493号令10", "本单位不是该级的报告主体", "the department does not report for {from}";
        NegativeLoss => "", "损失不得为负数", "a loss is never negative";
        NotExtinguished => "火灾事故调查规定26", "火灾尚未扑灭，不得申报损失", "losses are declared after the fire is out";
        SceneNotClosed => "火灾事故调查规定17", "现场未封闭", "the scene is not closed";
        SceneAlreadyClosed => "火灾事故调查规定17", "现场已封闭", "the scene is closed already";
        NotAGovernment => "493号令19", "事故调查组由人民政府组织", "a government forms the inquiry group";
        NotToldByTheGovernment => "493号令19", "调查组的成立须由该人民政府或者其上级人民政府告知，国务院调查组由省级人民政府告知", "the government of the group, or one above it, tells of it, and a province's for the State Council";
        GovernmentBelowTier { wanted: Tier } => "国办发〔2017〕87号28；493号令19", "该等级事故应由更高一级人民政府组织调查", "a fire of this level is inquired into by the government of the {wanted} level";
        AlreadyInquired => "493号令19", "已有同级或者上级政府的调查组", "a government of this level or above inquires already";
    }
}

/// The fire's decider.
pub struct Fire;

impl Decider for Fire {
    const NAME: &'static str = "fire";
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

impl Clocked for Fire {
    type Duty = Duty;

    fn rederive() -> Command {
        Command::Rederive
    }

    fn clocks(state: &State) -> Option<&Clocks<Duty>> {
        match state {
            State::Unknown => None,
            State::Raised(raised) => Some(&raised.clocks),
        }
    }

    fn clock(duty: Duty, event: clock::Event) -> Event {
        Event::Clock { duty, event }
    }

    fn wind(state: &State, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Refusal> {
        match state {
            State::Unknown => Ok(()),
            State::Raised(raised) => Ok(clocks::wind(raised, event, winding)?),
        }
    }
}

fn answer(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    match (state, command) {
        (State::Unknown, Command::RaiseAlarm { premises, area, unit, ignited_at, unit_knew_at }) => {
            raise(premises, area, unit, ignited_at, unit_knew_at, cx)
        }
        (State::Unknown, _) => Err(Refusal::NotRaised),
        (State::Raised(_), Command::RaiseAlarm { .. }) => Err(Refusal::AlreadyRaised),
        (State::Raised(raised), command) => handle(raised, command, cx),
    }
}

fn raise(
    premises: String,
    area: AreaCode,
    unit: Uscc,
    ignited_at: OffsetDateTime,
    unit_knew_at: Option<OffsetDateTime>,
    cx: &Context,
) -> Result<Vec<Event>, Refusal> {
    fire_body(&area, cx)?;
    if ignited_at > cx.at {
        return Err(Refusal::IgnitedAfterAlarm);
    }
    let window = cx.rules.period("fire.level.recompute_window")?;
    let determine = cx.rules.period("fire.cause.determine")?;
    let report = cx.rules.period("fire.report.unit")?;
    let alarm = Event::AlarmRaised {
        premises,
        area,
        unit,
        ignited_at,
        alarm_at: cx.at,
        recompute_until: cx.calendar.due(ignited_at, window, Side::Agency),
        determine_by: cx.calendar.due(cx.at, determine, Side::Agency),
    };
    let since = unit_knew_at.unwrap_or(cx.at);
    let due = cx.calendar.due(since, report, Side::Agency);
    Ok(vec![alarm, Event::ReportDue { from: Rung::Unit, since, due }])
}

fn handle(raised: &Raised, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    if cx.at < raised.alarm_at {
        return Err(Refusal::BeforeAlarm);
    }
    match command {
        Command::Report { from, to } => {
            reporter(raised, from, cx)?;
            report(raised, from, to, cx.at, cx)
        }
        Command::NoteReceipt { from, by, received_at } => {
            let to = by.area.tier().filter(|_| by.area.contains(&raised.area)).ok_or(Refusal::OutsideArea)?;
            report(raised, from, to.into(), received_at, cx)
        }
        Command::UpdateCasualties(totals) => update(raised, totals, cx),
        Command::Extinguish => {
            fire_body(&raised.area, cx)?;
            let declare = cx.rules.period("fire.loss.declare")?;
            let declare_loss_by = cx.calendar.due(cx.at, declare, Side::Party);
            let burning = raised.clocks.get(&Duty::DeclareLoss).is_none();
            Ok(once(burning, Event::Extinguished { declare_loss_by }))
        }
        Command::DeclareLoss { unit, property_loss_fen, document } => {
            fire_body(&raised.area, cx)?;
            let clock = raised.clocks.get(&Duty::DeclareLoss).ok_or(Refusal::NotExtinguished)?;
            if property_loss_fen < 0 {
                return Err(Refusal::NegativeLoss);
            }
            let in_time = clock.in_time(cx.at);
            Ok(vec![Event::LossDeclared { unit, property_loss_fen, document, in_time }])
        }
        Command::CloseScene { range, demands } => {
            fire_body(&raised.area, cx)?;
            if raised.scene_closed {
                return Err(Refusal::SceneAlreadyClosed);
            }
            Ok(vec![Event::SceneClosed { range, demands }])
        }
        Command::ReleaseScene => {
            fire_body(&raised.area, cx)?;
            if !raised.scene_closed {
                return Err(Refusal::SceneNotClosed);
            }
            Ok(vec![Event::SceneReleased {}])
        }
        Command::NoteInquiry { inquiry, by, government, by_state, leader, members } => {
            note_inquiry(raised, inquiry, &by, government, by_state, leader, members)
        }
        // The decider has answered these before it asks here.
        Command::RaiseAlarm { .. } | Command::Tick | Command::Rederive => Ok(vec![]),
    }
}

/// A report upward; whoever is told owes the next one as far up as the level wants it.
fn report(
    raised: &Raised,
    from: Rung,
    to: Rung,
    at: OffsetDateTime,
    cx: &Context,
) -> Result<Vec<Event>, Refusal> {
    if to <= from {
        return Err(Refusal::NotUpward { from, to });
    }
    if raised.reported.contains(&(from, to)) {
        return Ok(vec![]);
    }
    let clock = from.duty().and_then(|duty| raised.clocks.get(&duty));
    let in_time = clock.is_none_or(|clock| clock.in_time(at));
    let mut events = vec![Event::Reported { from, to, at, in_time }];
    if to < top(raised.level) && !raised.owes_or_has_done(to) {
        events.push(report_due(to, at, cx)?);
    }
    Ok(events)
}

/// Totals as they are known now; within the window the level and the jurisdictions follow.
fn update(raised: &Raised, totals: Totals, cx: &Context) -> Result<Vec<Event>, Refusal> {
    of_the_area(raised, cx)?;
    if totals.direct_loss_fen < 0 || totals.property_loss_fen < 0 {
        return Err(Refusal::NegativeLoss);
    }
    if raised.totals == Some(totals) {
        return Ok(vec![]);
    }
    let within_window = !raised.recompute_until.is_past(cx.at);
    let mut events = vec![Event::CasualtiesUpdated { totals, within_window }];
    if !within_window {
        return Ok(events);
    }
    let level = Level::of(totals.deaths, totals.serious_injuries, totals.direct_loss_fen, &cx.rules)?;
    if raised.level != Some(level) {
        let inquiry = raised.inquiry.as_ref().map(|(inquiry, _)| inquiry.clone());
        events.push(Event::LevelDetermined { level, before: raised.level, inquiry });
    }
    let cause = cause_tier(totals.deaths, totals.serious_injuries, totals.households, &cx.rules)?;
    let government = government_tier(level, &cx.rules)?;
    events.extend(moved(Track::Cause, raised.cause, cause));
    events.extend(moved(Track::Government, raised.government, government));
    events.extend(newly_owed(raised, level, cx)?);
    Ok(events)
}

/// Jurisdiction only rises: what the lower body did stays valid, and it does not come back.
fn moved(track: Track, from: Tier, to: Tier) -> Option<Event> {
    (to > from).then_some(Event::JurisdictionMoved { track, from, to })
}

/// Those who knew before, but had no one to tell while the level was lower.
fn newly_owed(raised: &Raised, level: Level, cx: &Context) -> Result<Vec<Event>, RuleError> {
    let informed =
        raised.informed.iter().filter(|rung| **rung < top(Some(level)) && !raised.owes_or_has_done(**rung));
    informed.map(|rung| report_due(*rung, cx.at, cx)).collect()
}

fn report_due(from: Rung, since: OffsetDateTime, cx: &Context) -> Result<Event, RuleError> {
    let period = cx.rules.period("fire.report.per_level")?;
    Ok(Event::ReportDue { from, since, due: cx.calendar.due(since, period, Side::Agency) })
}

/// How far up the report goes (493号令 10); a fire not yet graded is a general one.
fn top(level: Option<Level>) -> Rung {
    match level {
        None | Some(Level::General) => Rung::City,
        Some(Level::Larger) => Rung::Province,
        Some(Level::Major | Level::Extreme) => Rung::State,
    }
}

fn note_inquiry(
    raised: &Raised,
    inquiry: InquiryId,
    by: &Department,
    government: Department,
    by_state: bool,
    leader: String,
    members: Vec<String>,
) -> Result<Vec<Event>, Refusal> {
    if government.kind != DepartmentKind::Government {
        return Err(Refusal::NotAGovernment);
    }
    if !government.area.contains(&raised.area) {
        return Err(Refusal::OutsideArea);
    }
    tells_of(by, &government, by_state)?;
    // The State Council has no area code: whoever acts by its authority says so.
    let tier = if by_state { Some(Tier::State) } else { government.area.tier() };
    let tier = tier
        .filter(|tier| *tier >= raised.government)
        .ok_or(Refusal::GovernmentBelowTier { wanted: raised.government })?;
    let supersedes = match &raised.inquiry {
        Some((running, _)) if *running == inquiry => return Ok(vec![]),
        Some((_, running)) if tier <= *running => return Err(Refusal::AlreadyInquired),
        earlier => earlier.as_ref().map(|(running, _)| running.clone()),
    };
    Ok(vec![Event::InquiryNoted {
        inquiry,
        government,
        tier,
        leader,
        members,
        area: raised.area.clone(),
        accident_at: raised.ignited_at,
        level: raised.level.unwrap_or(Level::General),
        supersedes,
    }])
}

/// Whose group it is stands in the message; who sent it is known of the sender alone.
fn tells_of(by: &Department, government: &Department, by_state: bool) -> Result<(), Refusal> {
    let itself_or_above = by.kind == DepartmentKind::Government && by.area.contains(&government.area);
    let for_the_state = !by_state || by.area.tier() == Some(Tier::Province);
    if itself_or_above && for_the_state { Ok(()) } else { Err(Refusal::NotToldByTheGovernment) }
}

/// The sender's side: a unit's report is entered by whoever took it.
fn reporter(raised: &Raised, from: Rung, cx: &Context) -> Result<(), Refusal> {
    of_the_area(raised, cx)?;
    let own = cx.actor.department.area.tier().map(Rung::from);
    if from == Rung::Unit || own == Some(from) { Ok(()) } else { Err(Refusal::NotTheReporter { from }) }
}

/// Whoever has learnt of casualties tells; only a department of another area has no say.
fn of_the_area(raised: &Raised, cx: &Context) -> Result<(), Refusal> {
    let within = cx.actor.department.area.contains(&raised.area);
    if within { Ok(()) } else { Err(Refusal::OutsideArea) }
}

fn fire_body(area: &AreaCode, cx: &Context) -> Result<(), Refusal> {
    if !cx.actor.is_of(DepartmentKind::Fire) {
        return Err(Refusal::OnlyFireBody);
    }
    if !cx.actor.department.area.contains(area) {
        return Err(Refusal::OutsideArea);
    }
    let roles = [Role::Clerk, Role::Officer, Role::Head];
    if roles.iter().any(|role| cx.actor.has(*role)) { Ok(()) } else { Err(Refusal::NotAnOfficial) }
}

fn once(happens: bool, event: Event) -> Vec<Event> {
    if happens { vec![event] } else { vec![] }
}
