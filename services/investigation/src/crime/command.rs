//! What can be asked of a suspected crime, and when the law says no.

mod indication;

use decider::{
    Clocked, Context, Decider, Department, DepartmentKind, Id, Role, Winding,
    authority::{Certificate, Flaw, check_officers},
    clocked,
};
use law::{
    AreaCode, Role as Side, RuleError,
    clock::{self, Clocks},
};
use time::{Date, OffsetDateTime};

use self::indication::indications;
pub(crate) use self::indication::reaches_a_threshold;
use super::{
    Article, Duty, Event, Ground, State, clocks, evolve,
    state::{Open, Stage},
};
use crate::fire::{FireId, Totals};

/// A command for a suspected crime.
#[derive(Debug, Clone)]
pub enum Command {
    /// Something became known of a hazard or a seal, by a department of this area.
    NoteFacts { subject: Id, grounds: Vec<Ground>, area: AreaCode },
    /// The harm of a fire as it is known now, by a department of this area.
    NoteHarm { fire: FireId, totals: Totals, area: AreaCode },
    /// 指定专案组; certificates as the register of authority knows them.
    AppointTeam { officers: Vec<Certificate> },
    /// 专案组提出移送报告
    Report { article: Article, document: String },
    /// 批准移送
    Approve,
    /// 不批准移送
    Decline { reason: String },
    /// 移送公安机关
    Send { to: Department, document: String },
    /// The police signed the return slip, when they did so by their own date.
    Receive { receipt: String, by: Department, at: OffsetDateTime },
    /// 立案或者不予立案, also on an objection, when they decided so by their own date.
    Answer { filed: bool, reason: String, by: Department, at: OffsetDateTime },
    /// 提请复议
    Object,
    /// 移交涉案物品和材料
    HandOver,
    /// Close the matter, with or without a penalty.
    Close { penalty: Option<Id> },
    /// The clocks': what they say by themselves.
    Tick,
    /// Under another calendar or pack.
    Rederive,
}

decider::refusals! {
    /// Why a suspected crime refuses a command.
    pub enum Refusal {
        NothingKnown => "国令310号3", "没有涉嫌犯罪的事实", "no fact points to a crime";
        NotAnAgency => "国令310号5", "须由县级以上行政执法机关指定专案组", "an agency of county level or above appoints the team";
        OutsideArea => "国令310号5；行政处罚法22", "案件不在本单位管辖区域内", "the case lies outside the agency's area";
        NotAppointedByTheHead => "国令310号5", "专案组由行政执法机关负责人指定", "the head of the agency appoints the team";
        NotTheAgency => "国令310号5", "本单位不是办理该案的行政执法机关", "another agency has this case";
        NotAnOfficer => "国令310号5", "须由专案组人员实施", "only a member of the team may do this";
        NotThePrincipal => "国令310号5", "是否移送由行政执法机关正职负责人决定", "the agency's principal decides on a transfer";
        TooFewOfficers { shown: usize, wanted: i64 } => "国令310号5", "专案组不得少于 {wanted} 人，现有有效证件 {shown} 份", "a team has not fewer than {wanted} officers, {shown} valid certificates were shown";
        CertificateInvalid { number: Id } => "国令310号5", "执法证 {number} 当日无效或不属于本单位", "certificate {number} was not valid that day or belongs to another unit";
        NoTeam => "国令310号5", "尚未指定专案组", "no team has been appointed";
        NotIndicated { article: Article } => "国令310号3", "现有事实不足以涉嫌刑法第 {article} 条", "the facts do not point to article {article}";
        AlreadyTransferred { article: Article } => "国令310号5", "涉嫌刑法第 {article} 条的案件已移送", "the case under article {article} has been transferred already";
        TransferPending => "国令310号5", "移送程序尚未完结", "a transfer is still running";
        NotReported => "国令310号5", "专案组尚未提出移送报告", "the team has not reported";
        NotApproved => "国令310号5", "未经批准不得移送", "nothing is transferred without approval";
        NotSameLevelPolice => "国令310号5", "应当向同级公安机关移送", "a case goes to the police of the same level";
        NotThePolice => "国令310号8", "须由公安机关作出", "only the police may do this";
        SentToOtherPolice => "国令310号8", "案件未移送该公安机关", "the case was sent to other police";
        NotSent => "国令310号8", "案件尚未移送公安机关", "nothing has been sent to the police";
        NotRefused => "国令310号9", "公安机关没有不予立案", "the police have not declined to file";
        ObjectionTooLate { last_day: Date } => "国令310号9", "提请复议期限已于 {last_day} 届满", "an objection was possible until {last_day}";
        AlreadyObjected => "国令310号9", "已提请过复议", "an objection was raised already";
        NotFiled => "国令310号12", "公安机关尚未立案", "the police have not filed the case";
        PenaltyDoesNotReplaceTransfer => "国令310号11；行政处罚法8", "涉嫌犯罪的，不得以行政处罚代替移送", "a penalty does not replace the transfer";
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::TooFewOfficers { shown, wanted } => Self::TooFewOfficers { shown, wanted },
            Flaw::CertificateInvalid { number } => Self::CertificateInvalid { number },
            // A transfer is never delegated, so its check meets none of these.
            Flaw::DelegationNotInForce
            | Flaw::NotTheDelegate
            | Flaw::ItemNotDelegated { .. }
            | Flaw::OutsideArea => Self::NotTheAgency,
        }
    }
}

/// The suspected crime's decider.
pub struct Crime;

impl Decider for Crime {
    const NAME: &'static str = "crime";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        match &command {
            Command::Tick => clocked::tick::<Self>(state, cx),
            Command::Rederive => clocked::rederive::<Self>(state, cx),
            Command::Receive { at, .. } | Command::Answer { at, .. } => {
                let cx = Context { at: *at, ..cx.clone() };
                clocked::act::<Self>(state, &cx, |state| reply(state, command, &cx))
            }
            _ => clocked::act::<Self>(state, cx, |state| reply(state, command, cx)),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }

    fn deadline(state: &State) -> Option<(OffsetDateTime, Command)> {
        Self::clocks(state)?.next().map(|at| (at, Command::Tick))
    }
}

impl Clocked for Crime {
    type Duty = Duty;

    fn rederive() -> Command {
        Command::Rederive
    }

    fn clocks(state: &State) -> Option<&Clocks<Duty>> {
        match state {
            State::Unknown => None,
            State::Open(open) => Some(&open.clocks),
        }
    }

    fn clock(duty: Duty, event: clock::Event) -> Event {
        Event::Clock { duty, event }
    }

    fn wind(state: &State, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Refusal> {
        match state {
            State::Unknown => Ok(()),
            State::Open(open) => Ok(clocks::wind(open, event, winding)?),
        }
    }
}

fn reply(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    match (state, command) {
        (State::Unknown, Command::NoteFacts { subject, grounds, area }) => {
            Ok(note_facts(&Open::default(), &subject, grounds, &area, cx)?)
        }
        (State::Unknown, Command::NoteHarm { fire, totals, area }) => {
            Ok(note_harm(&Open::default(), fire, totals, area, cx)?)
        }
        (State::Unknown, _) => Err(Refusal::NothingKnown),
        (State::Open(open), Command::NoteFacts { subject, grounds, area }) => {
            Ok(note_facts(open, &subject, grounds, &area, cx)?)
        }
        (State::Open(open), Command::NoteHarm { fire, totals, area }) => {
            Ok(note_harm(open, fire, totals, area, cx)?)
        }
        (State::Open(open), command) => handle(open, command, cx).map(|event| event.into_iter().collect()),
    }
}

fn note_facts(
    open: &Open,
    subject: &Id,
    grounds: Vec<Ground>,
    area: &AreaCode,
    cx: &Context,
) -> Result<Vec<Event>, RuleError> {
    let mut facts = open.facts.clone();
    let known = facts.entry(subject.clone()).or_default();
    let new: Vec<_> = grounds.into_iter().filter(|ground| known.insert(*ground)).collect();
    let harm: Vec<_> = open.harm.values().copied().collect();
    let note = |ground| Event::FactNoted { subject: subject.clone(), ground, area: Some(area.clone()) };
    let mut events: Vec<_> = new.into_iter().map(note).collect();
    events.extend(indications(&facts, &harm, &open.indicated, &cx.rules)?);
    Ok(events)
}

fn note_harm(
    open: &Open,
    fire: FireId,
    totals: Totals,
    area: AreaCode,
    cx: &Context,
) -> Result<Vec<Event>, RuleError> {
    if open.harm.get(&fire) == Some(&totals) {
        return Ok(vec![]);
    }
    let mut harm = open.harm.clone();
    harm.insert(fire.clone(), totals);
    let harm: Vec<_> = harm.into_values().collect();
    let mut events = vec![Event::HarmNoted { fire, totals, area: Some(area) }];
    events.extend(indications(&open.facts, &harm, &open.indicated, &cx.rules)?);
    Ok(events)
}

fn handle(open: &Open, command: Command, cx: &Context) -> Result<Option<Event>, Refusal> {
    match command {
        Command::AppointTeam { officers } => appoint(open, officers, cx).map(Some),
        Command::Report { article, document } => report(open, article, document, cx).map(Some),
        Command::Approve => approve(open, cx).map(Some),
        Command::Decline { reason } => {
            let article = decide_on(open, cx)?;
            Ok(Some(Event::Declined { article, reason, in_time: open.in_time(Duty::Decide, cx.at) }))
        }
        Command::Send { to, document } => send(open, to, document, cx).map(Some),
        Command::Receive { receipt, by, at: _ } => receive(open, receipt, &by, cx),
        Command::Answer { filed, reason, by, at: _ } => answer(open, filed, reason, &by, cx).map(Some),
        Command::Object => object(open, cx).map(Some),
        Command::HandOver => {
            the_team(open, cx)?;
            match open.stage {
                Stage::Filed(_) => {
                    Ok(Some(Event::HandedOver { in_time: open.in_time(Duty::HandOver, cx.at) }))
                }
                _ => Err(Refusal::NotFiled),
            }
        }
        Command::Close { penalty } => close(open, penalty, cx),
        // The decider has answered these before it asks here.
        Command::NoteFacts { .. } | Command::NoteHarm { .. } | Command::Tick | Command::Rederive => Ok(None),
    }
}

fn appoint(open: &Open, officers: Vec<Certificate>, cx: &Context) -> Result<Event, Refusal> {
    an_agency(open, cx)?;
    if !cx.actor.has(Role::Head) {
        return Err(Refusal::NotAppointedByTheHead);
    }
    if open.indicated.is_empty() {
        return Err(Refusal::NothingKnown);
    }
    idle(open)?;
    let agency = &cx.actor.department;
    check_officers(&officers, agency, cx.at, "transfer.team_min", &cx.rules)??;
    Ok(Event::TeamAppointed { officers, agency: agency.clone() })
}

fn report(open: &Open, article: Article, document: String, cx: &Context) -> Result<Event, Refusal> {
    the_team(open, cx)?;
    if !open.indicated.contains_key(&article) {
        return Err(Refusal::NotIndicated { article });
    }
    if open.transferred.contains(&article) {
        return Err(Refusal::AlreadyTransferred { article });
    }
    idle(open)?;
    let decide = cx.rules.period("transfer.approve")?;
    let decide_by = cx.calendar.due(cx.at, decide, Side::Agency);
    Ok(Event::ReportedToPrincipal { article, document, decide_by })
}

fn approve(open: &Open, cx: &Context) -> Result<Event, Refusal> {
    let article = decide_on(open, cx)?;
    let send = cx.rules.period("transfer.send")?;
    Ok(Event::Approved {
        article,
        in_time: open.in_time(Duty::Decide, cx.at),
        send_by: cx.calendar.due(cx.at, send, Side::Agency),
    })
}

/// What waits for the principal, if it is the principal who asks.
fn decide_on(open: &Open, cx: &Context) -> Result<Article, Refusal> {
    the_agency(open, cx)?;
    if !cx.actor.has(Role::Head) {
        return Err(Refusal::NotThePrincipal);
    }
    match open.stage {
        Stage::Reported(article) => Ok(article),
        _ => Err(Refusal::NotReported),
    }
}

fn send(open: &Open, to: Department, document: String, cx: &Context) -> Result<Event, Refusal> {
    the_team(open, cx)?;
    let Stage::Approved(article) = open.stage else {
        return Err(Refusal::NotApproved);
    };
    if to.kind != DepartmentKind::Police || to.area != cx.actor.department.area {
        return Err(Refusal::NotSameLevelPolice);
    }
    Ok(Event::Sent {
        article,
        to,
        document,
        in_time: open.in_time(Duty::Send, cx.at),
        answer_by: cx.calendar.due(cx.at, cx.rules.period("transfer.police_review")?, Side::Agency),
    })
}

fn receive(open: &Open, receipt: String, by: &Department, cx: &Context) -> Result<Option<Event>, Refusal> {
    the_police(by)?;
    let Stage::Sent(_) = open.stage else {
        return Err(Refusal::NotSent);
    };
    sent_to(open, by)?;
    let review = cx.rules.period("transfer.police_review")?;
    // Their three days run from the acceptance; until then they were counted from the sending.
    let answer_by = cx.calendar.due(cx.at, review, Side::Agency);
    Ok((!open.received).then_some(Event::Received { receipt, answer_by }))
}

fn answer(open: &Open, filed: bool, reason: String, by: &Department, cx: &Context) -> Result<Event, Refusal> {
    the_police(by)?;
    let duty = match open.stage {
        Stage::Sent(_) => Duty::Answer,
        Stage::Objected(_) => Duty::AnswerObjection,
        _ => return Err(Refusal::NotSent),
    };
    sent_to(open, by)?;
    let hand_over = cx.rules.period("transfer.handover")?;
    let object = cx.rules.period("transfer.objection")?;
    let due = |period| cx.calendar.due(cx.at, period, Side::Agency);
    Ok(Event::Answered {
        filed,
        reason,
        in_time: open.in_time(duty, cx.at),
        hand_over_by: filed.then(|| due(hand_over)),
        object_by: (!filed && !open.objected).then(|| due(object)),
    })
}

fn object(open: &Open, cx: &Context) -> Result<Event, Refusal> {
    the_team(open, cx)?;
    if open.stage != Stage::NotFiled {
        return Err(Refusal::NotRefused);
    }
    if open.objected {
        return Err(Refusal::AlreadyObjected);
    }
    if let Some(clock) = open.clocks.get(&Duty::Object).filter(|clock| !clock.in_time(cx.at)) {
        return Err(Refusal::ObjectionTooLate { last_day: clock.until.due.last_day });
    }
    let decide = cx.rules.period("transfer.objection_decide")?;
    Ok(Event::Objected { answer_by: cx.calendar.due(cx.at, decide, Side::Agency) })
}

/// Closes what is neither pending nor running. A penalty may stand beside a transfer, never in its place.
fn close(open: &Open, penalty: Option<Id>, cx: &Context) -> Result<Option<Event>, Refusal> {
    match open.agency {
        Some(_) => the_agency(open, cx)?,
        None => an_agency(open, cx)?,
    }
    if !cx.actor.has(Role::Head) {
        return Err(Refusal::NotThePrincipal);
    }
    let running = match open.stage {
        Stage::Closed => return Ok(None),
        Stage::Idle | Stage::NotFiled => open.pending(),
        Stage::Reported(_) | Stage::Approved(_) | Stage::Sent(_) | Stage::Filed(_) | Stage::Objected(_) => {
            true
        }
    };
    match (running, &penalty) {
        (false, _) => Ok(Some(Event::Closed { penalty })),
        (true, Some(_)) => Err(Refusal::PenaltyDoesNotReplaceTransfer),
        (true, None) => Err(Refusal::TransferPending),
    }
}

fn idle(open: &Open) -> Result<(), Refusal> {
    match open.stage {
        Stage::Idle | Stage::NotFiled | Stage::Closed => Ok(()),
        Stage::Reported(_) | Stage::Approved(_) | Stage::Sent(_) | Stage::Filed(_) | Stage::Objected(_) => {
            Err(Refusal::TransferPending)
        }
    }
}

/// An agency that may have the case.
fn an_agency(open: &Open, cx: &Context) -> Result<(), Refusal> {
    let agency = &cx.actor.department;
    let enforces = matches!(
        agency.kind,
        DepartmentKind::Fire | DepartmentKind::Emergency | DepartmentKind::Housing | DepartmentKind::Market
    );
    if !enforces || agency.area.tier().is_none() {
        return Err(Refusal::NotAnAgency);
    }
    if open.lies_in(&agency.area) { Ok(()) } else { Err(Refusal::OutsideArea) }
}

fn the_agency(open: &Open, cx: &Context) -> Result<(), Refusal> {
    match &open.agency {
        None => Err(Refusal::NoTeam),
        Some(agency) if *agency == cx.actor.department => Ok(()),
        Some(_) => Err(Refusal::NotTheAgency),
    }
}

fn the_team(open: &Open, cx: &Context) -> Result<(), Refusal> {
    the_agency(open, cx)?;
    if cx.actor.has(Role::Officer) { Ok(()) } else { Err(Refusal::NotAnOfficer) }
}

fn the_police(by: &Department) -> Result<(), Refusal> {
    if by.kind == DepartmentKind::Police { Ok(()) } else { Err(Refusal::NotThePolice) }
}

/// Other police may know of the case, but its clocks are those of the police whom it was sent to.
fn sent_to(open: &Open, by: &Department) -> Result<(), Refusal> {
    if open.police.as_ref() == Some(by) { Ok(()) } else { Err(Refusal::SentToOtherPolice) }
}
