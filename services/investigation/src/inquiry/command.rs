//! What can be asked of an inquiry, and when the law says no.

use decider::{Clocked, Context, Decider, Department, DepartmentKind, Id, Role, Winding, clocked};
use law::{
    AreaCode, Level, Period, Role as Side, Tier, Uscc,
    clock::{self, Clock, Clocks, Extension},
};
use time::{Date, OffsetDateTime};

use super::{Duty, Event, InquiryId, Stage, State, clocks, evolve, state::Open};
use crate::fire::FireId;

/// A command for an inquiry.
#[derive(Debug, Clone)]
pub enum Command {
    /// 成立事故调查组, as the fire has noted it.
    Form {
        fire: FireId,
        area: AreaCode,
        government: Department,
        tier: Tier,
        leader: String,
        members: Vec<String>,
        accident_at: OffsetDateTime,
        level: Level,
    },
    /// The accident's level changed.
    NoteLevel { level: Level },
    /// 人民政府批准延长, when it did so by its own date.
    Extend { days: u32, by: Department, at: OffsetDateTime },
    /// 委托技术鉴定
    CommissionAppraisal { appraisal: Id },
    /// 鉴定结束
    ReturnAppraisal { appraisal: Id },
    /// 提交事故调查报告
    SubmitReport { document: String },
    /// 人民政府批复, when it did so by its own date.
    Reply { level: Level, responsible_units: Vec<Uscc>, by: Department, at: OffsetDateTime },
    /// 公布调查报告
    Publish,
    /// 整改落实情况评估
    Evaluate { document: String },
    /// A higher government has taken the inquiry over.
    Supersede { by: InquiryId },
    /// The clocks': what they say by themselves.
    Tick,
    /// Under another calendar or pack.
    Rederive,
}

decider::refusals! {
    /// Why an inquiry refuses a command.
    pub enum Refusal {
        AlreadyFormed => "", "该事故调查组已成立", "the inquiry group has been formed already";
        NotFormed => "493号令19", "尚未成立事故调查组", "no inquiry group has been formed";
        TakenOver => "493号令20", "事故调查已由上级人民政府接管", "a higher government has taken the inquiry over";
        NotTheGovernment => "493号令29；493号令32", "须由组织事故调查的人民政府作出", "only the government that inquires may do this";
        NotOfTheGroup => "493号令22", "本单位不是该级事故调查组的组成部门", "the department has no part in this inquiry group";
        NotAMember => "493号令22、23", "须由事故调查组成员办理", "a member of the inquiry group does this";
        NoDays => "493号令29", "延长期限须为正数", "an extension by no day is none";
        ExtensionTooLong { wanted: u32, left: u32 } => "493号令29", "申请延长 {wanted} 日，至多还可延长 {left} 日", "an extension by {wanted} days was wanted, {left} days are left";
        PeriodOver { last_day: Date } => "493号令29", "调查期限已于 {last_day} 届满，不得再延长", "the time ran out on {last_day} and cannot be extended any more";
        AppraisalUnknown { appraisal: Id } => "493号令27", "没有委托过鉴定 {appraisal}", "no appraisal {appraisal} was commissioned";
        ReturnedBeforeCommissioned => "493号令27", "鉴定不得早于委托结束", "an appraisal does not end before it begins";
        AlreadyReported => "493号令29", "事故调查报告已提交", "the report has been submitted already";
        NotReported => "493号令32", "事故调查报告尚未提交", "the report has not been submitted";
        AlreadyReplied => "493号令32", "已批复", "the government has replied already";
        NotReplied => "493号令32；493号令34", "人民政府尚未批复", "the government has not replied yet";
    }
}

/// The inquiry's decider.
pub struct Inquiry;

impl Decider for Inquiry {
    const NAME: &'static str = "inquiry";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        match &command {
            Command::Tick => clocked::tick::<Self>(state, cx),
            Command::Rederive => clocked::rederive::<Self>(state, cx),
            Command::Extend { at, .. } | Command::Reply { at, .. } => {
                let cx = Context { at: *at, ..cx.clone() };
                clocked::act::<Self>(state, &cx, |state| answer(state, command, &cx))
            }
            _ => clocked::act::<Self>(state, cx, |state| answer(state, command, cx)),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }

    fn deadline(state: &State) -> Option<(OffsetDateTime, Command)> {
        Self::clocks(state)?.next().map(|at| (at, Command::Tick))
    }
}

impl Clocked for Inquiry {
    type Duty = Duty;

    fn rederive() -> Command {
        Command::Rederive
    }

    fn clocks(state: &State) -> Option<&Clocks<Duty>> {
        match state {
            State::Open(open) => Some(&open.clocks),
            State::Unknown | State::Superseded => None,
        }
    }

    fn clock(duty: Duty, event: clock::Event) -> Event {
        Event::Clock { duty, event }
    }

    fn wind(state: &State, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Refusal> {
        match state {
            State::Unknown => Ok(()),
            State::Open(open) => Ok(clocks::wind(open, event, winding)?),
            State::Superseded => Ok(winding.cancel_all("superseded")?),
        }
    }
}

fn answer(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    match (state, command) {
        (
            State::Unknown,
            Command::Form { fire, area, government, tier, leader, members, accident_at, level },
        ) => {
            let period = cx.rules.period("fire.gov.report")?;
            let report_by = cx.calendar.due(accident_at, period, Side::Agency);
            Ok(vec![Event::Formed {
                fire,
                area,
                government,
                tier,
                leader,
                members,
                accident_at,
                level,
                report_by,
            }])
        }
        (State::Unknown, _) => Err(Refusal::NotFormed),
        (State::Open(_), Command::Form { .. }) => Err(Refusal::AlreadyFormed),
        (State::Open(open), command) => handle(open, command, cx).map(|event| event.into_iter().collect()),
        (State::Superseded, Command::Supersede { .. } | Command::NoteLevel { .. }) => Ok(vec![]),
        (State::Superseded, _) => Err(Refusal::TakenOver),
    }
}

fn handle(open: &Open, command: Command, cx: &Context) -> Result<Option<Event>, Refusal> {
    match command {
        Command::NoteLevel { level } => Ok((level != open.level).then_some(Event::LevelNoted { level })),
        Command::Extend { days, by, at: _ } => extend(open, days, by, cx).map(Some),
        Command::CommissionAppraisal { appraisal } => {
            group(open, cx)?;
            inquiring(open)?;
            let new = !open.appraisals.contains_key(&appraisal);
            Ok(new.then_some(Event::AppraisalCommissioned { appraisal, at: cx.at }))
        }
        Command::ReturnAppraisal { appraisal } => return_appraisal(open, appraisal, cx),
        Command::SubmitReport { document } => submit(open, document, cx).map(Some),
        Command::Reply { level, responsible_units, by, at: _ } => {
            reply(open, level, responsible_units, by, cx).map(Some)
        }
        Command::Publish => {
            group(open, cx)?;
            replied(open)?;
            Ok((open.stage == Stage::Replied).then_some(Event::Published {}))
        }
        Command::Evaluate { document } => {
            group(open, cx)?;
            replied(open)?;
            let in_time = open.in_time(Duty::Evaluate, cx.at);
            Ok((!open.evaluated).then_some(Event::Evaluated { document, in_time }))
        }
        Command::Supersede { by } => Ok(Some(Event::Superseded { by })),
        // The decider has answered these before it asks here.
        Command::Form { .. } | Command::Tick | Command::Rederive => Ok(None),
    }
}

fn extend(open: &Open, days: u32, by: Department, cx: &Context) -> Result<Event, Refusal> {
    the_government(open, &by)?;
    inquiring(open)?;
    if days == 0 {
        return Err(Refusal::NoDays);
    }
    let left = cx.rules.period("fire.gov.report_extend")?.count().saturating_sub(open.extended_days());
    if days > left {
        return Err(Refusal::ExtensionTooLong { wanted: days, left });
    }
    let mut clock = open.reporting().cloned().ok_or(Refusal::NotFormed)?;
    if !clock.in_time(cx.at) {
        return Err(Refusal::PeriodOver { last_day: clock.until.due.last_day });
    }
    let period = Period::CalendarDays(days);
    clock.extensions.push(Extension { by: by.to_string(), document: String::new(), period });
    let report_by = clock.runs_out(&cx.calendar, cx.at);
    Ok(Event::Extended { days, approved_by: by, report_by })
}

fn return_appraisal(open: &Open, appraisal: Id, cx: &Context) -> Result<Option<Event>, Refusal> {
    group(open, cx)?;
    let Some(known) = open.appraisals.get(&appraisal) else {
        return Err(Refusal::AppraisalUnknown { appraisal });
    };
    if known.returned {
        return Ok(None);
    }
    if cx.at < known.since {
        return Err(Refusal::ReturnedBeforeCommissioned);
    }
    let resumed = clock::Event::Resumed { reference: appraisal.to_string(), at: cx.at, until: None };
    let clock = Clock::evolve(open.reporting().cloned(), &resumed).ok_or(Refusal::NotFormed)?;
    let report_by = clock.runs_out(&cx.calendar, cx.at);
    Ok(Some(Event::AppraisalReturned { appraisal, at: cx.at, report_by }))
}

fn submit(open: &Open, document: String, cx: &Context) -> Result<Event, Refusal> {
    group(open, cx)?;
    inquiring(open)?;
    let reply_by = cx.calendar.due(cx.at, cx.rules.period(clocks::reply_rule(open.level))?, Side::Agency);
    Ok(Event::ReportSubmitted { document, in_time: open.in_time(Duty::Report, cx.at), reply_by })
}

fn reply(
    open: &Open,
    level: Level,
    responsible_units: Vec<Uscc>,
    by: Department,
    cx: &Context,
) -> Result<Event, Refusal> {
    the_government(open, &by)?;
    match open.stage {
        Stage::Inquiring => return Err(Refusal::NotReported),
        Stage::Reported => {}
        Stage::Replied | Stage::Published => return Err(Refusal::AlreadyReplied),
    }
    let evaluate = cx.rules.period("fire.gov.rectify_evaluate")?;
    Ok(Event::Replied {
        government: by,
        level,
        responsible_units,
        in_time: open.in_time(Duty::Reply, cx.at),
        evaluate_by: cx.calendar.due(cx.at, evaluate, Side::Agency),
    })
}

fn inquiring(open: &Open) -> Result<(), Refusal> {
    if open.stage == Stage::Inquiring { Ok(()) } else { Err(Refusal::AlreadyReported) }
}

fn replied(open: &Open) -> Result<(), Refusal> {
    if open.stage >= Stage::Replied { Ok(()) } else { Err(Refusal::NotReplied) }
}

fn the_government(open: &Open, by: &Department) -> Result<(), Refusal> {
    if *by == open.government { Ok(()) } else { Err(Refusal::NotTheGovernment) }
}

/// A department of the government that inquires; the State Council's group is kept by the province's.
fn group(open: &Open, cx: &Context) -> Result<(), Refusal> {
    let department = &cx.actor.department;
    let member = matches!(
        department.kind,
        DepartmentKind::Government | DepartmentKind::Emergency | DepartmentKind::Fire
    );
    let tier = department.area.tier() == Some(open.tier.min(Tier::Province));
    if !member || !tier || !department.area.contains(&open.area) {
        return Err(Refusal::NotOfTheGroup);
    }
    let roles = [Role::Clerk, Role::Officer, Role::Legal, Role::Head];
    if roles.iter().any(|role| cx.actor.has(*role)) { Ok(()) } else { Err(Refusal::NotAMember) }
}
