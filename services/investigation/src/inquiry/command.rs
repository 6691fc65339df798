//! What can be asked of an inquiry, and when the law says no.

use decider::{Context, Decider, Department, DepartmentKind, Id};
use law::{AreaCode, Due, Level, Period, Role as Side, RuleError, Suspension, Tier, Uscc, start_of_day};
use time::{Date, OffsetDateTime};

use super::{Duty, Event, InquiryId, Stage, State, evolve, state::Open};
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
    /// The clock's: a duty was not done.
    Breach { duty: Duty, due: Due },
}

decider::refusals! {
    /// Why an inquiry refuses a command.
    pub enum Refusal {
        AlreadyFormed => "", "该事故调查组已成立", "the inquiry group has been formed already";
        NotFormed => "493号令19", "尚未成立事故调查组", "no inquiry group has been formed";
        TakenOver => "493号令20", "事故调查已由上级人民政府接管", "a higher government has taken the inquiry over";
        NotTheGovernment => "493号令29；493号令32", "须由组织事故调查的人民政府作出", "only the government that inquires may do this";
        NotOfTheGroup => "493号令22", "本单位不是该级事故调查组的组成部门", "the department has no part in this inquiry group";
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
        match (state, command) {
            (
                State::Unknown,
                Command::Form { fire, area, government, tier, leader, members, accident_at, level },
            ) => {
                let report_by = report_by(accident_at, 0, &[], cx)?;
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
            (State::Open(open), command) => {
                handle(open, command, cx).map(|event| event.into_iter().collect())
            }
            (
                State::Superseded,
                Command::Breach { .. } | Command::Supersede { .. } | Command::NoteLevel { .. },
            ) => Ok(vec![]),
            (State::Superseded, _) => Err(Refusal::TakenOver),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }

    fn deadline(state: &State) -> Option<(OffsetDateTime, Command)> {
        let State::Open(open) = state else { return None };
        open.duties.next().map(|(duty, due)| (due.past_from(), Command::Breach { duty, due }))
    }
}

fn handle(open: &Open, command: Command, cx: &Context) -> Result<Option<Event>, Refusal> {
    match command {
        Command::NoteLevel { level } => Ok((level != open.level).then_some(Event::LevelNoted { level })),
        Command::Extend { days, by, at } => extend(open, days, by, at, cx).map(Some),
        Command::CommissionAppraisal { appraisal } => {
            group(open, cx)?;
            inquiring(open)?;
            let new = !open.appraisals.contains_key(&appraisal);
            Ok(new.then_some(Event::AppraisalCommissioned { appraisal, at: cx.at }))
        }
        Command::ReturnAppraisal { appraisal } => return_appraisal(open, appraisal, cx),
        Command::SubmitReport { document } => submit(open, document, cx).map(Some),
        Command::Reply { level, responsible_units, by, at } => {
            reply(open, level, responsible_units, by, at, cx).map(Some)
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
        Command::Breach { duty, due } => {
            Ok((open.duties.due(&duty) == Some(&due)).then_some(Event::DutyBreached { duty, due }))
        }
        Command::Form { .. } => Err(Refusal::AlreadyFormed),
    }
}

fn extend(
    open: &Open,
    days: u32,
    by: Department,
    at: OffsetDateTime,
    cx: &Context,
) -> Result<Event, Refusal> {
    the_government(open, &by)?;
    inquiring(open)?;
    if days == 0 {
        return Err(Refusal::NoDays);
    }
    let left = cx.rules.period("fire.gov.report_extend")?.count().saturating_sub(open.extended_days);
    if days > left {
        return Err(Refusal::ExtensionTooLong { wanted: days, left });
    }
    let suspensions = open.suspensions();
    let running = report_by(open.accident_at, open.extended_days, &suspensions, cx)?;
    if running.is_past(at) {
        return Err(Refusal::PeriodOver { last_day: running.last_day });
    }
    let report_by = report_by(open.accident_at, open.extended_days + days, &suspensions, cx)?;
    Ok(Event::Extended { days, approved_by: by, report_by })
}

fn return_appraisal(open: &Open, appraisal: Id, cx: &Context) -> Result<Option<Event>, Refusal> {
    group(open, cx)?;
    let Some(suspension) = open.appraisals.get(&appraisal) else {
        return Err(Refusal::AppraisalUnknown { appraisal });
    };
    if suspension.to.is_some() {
        return Ok(None);
    }
    if cx.at < suspension.from {
        return Err(Refusal::ReturnedBeforeCommissioned);
    }
    let mut appraisals = open.appraisals.clone();
    appraisals.insert(appraisal.clone(), Suspension { from: suspension.from, to: Some(cx.at) });
    let suspensions: Vec<_> = appraisals.into_values().collect();
    let report_by = report_by(open.accident_at, open.extended_days, &suspensions, cx)?;
    Ok(Some(Event::AppraisalReturned { appraisal, at: cx.at, report_by }))
}

fn submit(open: &Open, document: String, cx: &Context) -> Result<Event, Refusal> {
    group(open, cx)?;
    inquiring(open)?;
    let due = report_by(open.accident_at, open.extended_days, &open.suspensions(), cx)?;
    let reply = match open.level {
        Level::Extreme => "fire.gov.reply_extreme",
        Level::General | Level::Larger | Level::Major => "fire.gov.reply",
    };
    let reply_by = cx.calendar.due(cx.at, cx.rules.period(reply)?, Side::Agency);
    Ok(Event::ReportSubmitted { document, in_time: !due.is_past(cx.at), reply_by })
}

fn reply(
    open: &Open,
    level: Level,
    responsible_units: Vec<Uscc>,
    by: Department,
    at: OffsetDateTime,
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
        in_time: open.in_time(Duty::Reply, at),
        evaluate_by: cx.calendar.due(at, evaluate, Side::Agency),
    })
}

/// When the report is due, every appraisal's time left out once however many run together.
fn report_by(
    accident_at: OffsetDateTime,
    extended_days: u32,
    suspensions: &[Suspension],
    cx: &Context,
) -> Result<Due, RuleError> {
    let suspensions = if cx.rules.flag("fire.gov.appraisal_excluded")? { suspensions } else { &[] };
    let period = cx.rules.period("fire.gov.report")?;
    let first = cx.calendar.due_excluding(accident_at, period, Side::Agency, suspensions, cx.at);
    if extended_days == 0 {
        return Ok(first);
    }
    let more = Period::CalendarDays(extended_days);
    // The extension begins where the first period ends, so what was left out there is not left out again.
    let start = start_of_day(first.last_day);
    Ok(cx.calendar.due_excluding(start, more, Side::Agency, suspensions, cx.at))
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
    if member && tier && department.area.contains(&open.area) { Ok(()) } else { Err(Refusal::NotOfTheGroup) }
}
