//! What can be asked of a hazard case, and when the law says no.

use decider::{
    Clocked, Context, Decider, Department, DepartmentKind, Id, Role, Winding,
    authority::{Certificate, Delegation, Flaw, check_delegation, check_officers},
    clocked,
};
use law::{
    AreaCode, Due, Period, Role as Side, Uscc,
    clock::{self, Clocks},
    end_of_day, shanghai_date,
};
use time::{Date, OffsetDateTime};

use super::{
    Duty, Event, Outcome, State, clocks, evolve,
    state::{Major, Open, Stage},
};

/// A command for a hazard case.
#[derive(Debug, Clone)]
pub enum Command {
    /// 立案
    Open {
        premises: String,
        area: AreaCode,
        unit: Uscc,
        category: Id,
        report: Option<Id>,
        reporter_ref: Option<Id>,
    },
    /// 监督检查; certificates and delegation as the register of authority knows them.
    Inspect {
        officers: Vec<Certificate>,
        delegation: Option<Delegation>,
        item: Option<Id>,
        findings: Vec<String>,
    },
    /// 责令限期改正
    OrderRectification {
        document: String,
        items: Vec<String>,
        period: Period,
        /// What the acting department has been delegated, as the register knows it.
        delegations: Vec<Delegation>,
    },
    /// 复查
    Reinspect {
        officers: Vec<Certificate>,
        outcome: Outcome,
        on_application: bool,
        /// What the acting department has been delegated, as the register knows it.
        delegations: Vec<Delegation>,
    },
    /// 重大火灾隐患判定
    DetermineMajor { elements: Vec<String>, panel: Vec<String> },
    /// 送达整改通知书
    ServeMajorNotice { document: String, period: Period },
    /// 书面报告政府
    ReportToGovernment { government: Department },
    /// 挂牌督办
    ListForSupervision {
        leader: String,
        until: Date,
        /// The government that has ordered it by a message of its own; without one the actor's department.
        by: Option<Department>,
    },
    /// 摘牌
    Delist { consent: String },
    /// 销号
    Close,
    /// The clocks': what they say by themselves.
    Tick,
    /// Under another calendar or pack.
    Rederive,
}

decider::refusals! {
    /// Why a hazard case refuses a command.
    pub enum Refusal {
        AlreadyOpened => "", "该隐患已立案", "the hazard has been opened already";
        NotOpened => "", "尚无此隐患", "there is no such hazard";
        AlreadyClosed => "", "该隐患已销号", "the hazard has been closed already";
        NotAClerk => "", "只有受理人员、执法人员或者负责人可以立案", "only a clerk, an officer or a head opens a case";
        GridWorkerMayNotInspect => "国办发〔2024〕54号", "网格员不得实施涉企行政检查，只能作为线索上报", "a grid worker may not inspect an enterprise; the finding is a clue";
        NotAnOfficer => "行政处罚法42", "须由具有行政执法资格的执法人员实施", "only a certified officer may do this";
        TooFewOfficers { shown: usize, wanted: i64 } => "消防监督检查规定14；行政处罚法42", "执法人员不得少于 {wanted} 人，现有有效证件 {shown} 份", "not fewer than {wanted} officers are needed, {shown} valid certificates were shown";
        CertificateInvalid { number: Id } => "行政处罚法42", "执法证 {number} 当日无效或不属于本单位", "certificate {number} was not valid that day or belongs to another unit";
        DelegationMissing => "行政处罚法20", "乡镇（街道）检查须有生效的委托或赋权", "a town needs a delegation in force";
        DelegationNotInForce => "行政处罚法20", "委托或赋权在行为时未生效或已终止", "the delegation was not in force at the act";
        NotTheDelegate => "行政处罚法20", "该委托不属于本单位", "the delegation is another unit's";
        ItemNotDelegated { item: Id } => "行政处罚法20", "事项 {item} 不在委托清单内", "item {item} is not on the delegated list";
        OutsideArea => "行政处罚法22", "地点不在管辖或受委托的区域内", "the place lies outside the area";
        NotASupervisor => "消防法53", "消防监督检查由消防救援机构、公安派出所或者受委托、被赋权的单位实施", "only the fire rescue body, the police or a unit with a delegation inspects for fire safety";
        NotTheInspector => "消防监督检查规定19、20", "须由实施检查的单位或者当地消防救援机构办理", "only whoever inspected, or the fire rescue body of the place, goes on with the case";
        NotInspected => "消防监督检查规定19", "未经检查不得责令改正或者判定", "nothing is ordered or determined before an inspection";
        NothingFound => "消防监督检查规定19", "检查未发现违法行为，不得责令改正或者判定", "the inspection found nothing to correct or to determine";
        NotOrdered => "消防监督检查规定20", "尚未责令限期改正", "no order has been served";
        OrderStillRunning { last_day: Date } => "消防监督检查规定20", "改正期限至 {last_day} 届满，期满前仅可依当事人申请复查", "the order runs until {last_day}; before that only the party's application allows a re-inspection";
        OnlyFireBody => "消防监督检查规定21", "重大火灾隐患由消防救援机构集体研究判定", "only the fire rescue body determines a major hazard";
        NoCollectiveStudy => "消防监督检查规定21", "判定重大火灾隐患须集体研究", "a major hazard is determined by collective study";
        NotMajor => "消防法55", "尚未判定为重大火灾隐患", "the hazard has not been determined to be major";
        NoticeNotServed => "消防监督检查规定21", "整改通知书尚未送达", "the rectification notice has not been served";
        NotReported => "消防法55", "尚未书面报告人民政府", "the government has not been told in writing";
        NotTheGovernment => "消防法55", "须由隐患所在地的人民政府受理书面报告", "the report goes to a government of the place";
        NotTheGovernmentTold => "消防法55", "挂牌督办、摘牌须由接到书面报告的人民政府或者其上级人民政府决定", "only the government that was told, or one above it, lists a hazard and agrees to its delisting";
        NoOffice => "", "操作人在本单位没有相应岗位", "the actor holds no office that does this";
        NotListed => "", "未挂牌督办", "the hazard is not listed for supervision";
        NotCorrected => "消防监督检查规定20", "经复查尚未改正，不得销号或者摘牌", "not corrected on re-inspection, so neither closed nor delisted";
        StillListed => "", "挂牌督办尚未摘牌", "the hazard is still listed for supervision";
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::TooFewOfficers { shown, wanted } => Self::TooFewOfficers { shown, wanted },
            Flaw::CertificateInvalid { number } => Self::CertificateInvalid { number },
            Flaw::DelegationNotInForce => Self::DelegationNotInForce,
            Flaw::NotTheDelegate => Self::NotTheDelegate,
            Flaw::ItemNotDelegated { item } => Self::ItemNotDelegated { item },
            Flaw::OutsideArea => Self::OutsideArea,
        }
    }
}

/// The roles in which somebody speaks for a department.
const OFFICES: [Role; 3] = [Role::Clerk, Role::Officer, Role::Head];

/// The hazard case's decider.
pub struct Hazard;

impl Decider for Hazard {
    const NAME: &'static str = "hazard";
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

impl Clocked for Hazard {
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
        Ok(clocks::wind(event, winding)?)
    }
}

fn answer(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    match (state, command) {
        (State::Unknown, Command::Open { premises, area, unit, category, report, reporter_ref }) => {
            opener(&area, cx)?;
            Ok(vec![Event::Opened { premises, area, unit, category, report, reporter_ref }])
        }
        (State::Unknown, _) => Err(Refusal::NotOpened),
        (State::Open(_), Command::Open { .. }) => Err(Refusal::AlreadyOpened),
        (State::Open(open), command) => handle(open, command, cx).map(|event| event.into_iter().collect()),
        (State::Closed, Command::Close) => Ok(vec![]),
        (State::Closed, _) => Err(Refusal::AlreadyClosed),
    }
}

fn handle(open: &Open, command: Command, cx: &Context) -> Result<Option<Event>, Refusal> {
    match command {
        Command::Inspect { officers, delegation, item, findings } => {
            inspect(open, officers, delegation, item, findings, cx).map(Some)
        }
        Command::OrderRectification { document, items, period, delegations } => {
            order(open, document, items, period, &delegations, cx).map(Some)
        }
        Command::Reinspect { officers, outcome, on_application, delegations } => {
            reinspect(open, officers, outcome, on_application, &delegations, cx).map(Some)
        }
        Command::DetermineMajor { elements, panel } => determine(open, elements, panel, cx).map(Some),
        Command::ServeMajorNotice { document, period } => {
            fire_body(open, cx)?;
            not_listed(open)?;
            if open.major < Major::Determined {
                return Err(Refusal::NotMajor);
            }
            let due = cx.calendar.due(cx.at, period, Side::Party);
            Ok(Some(Event::MajorNoticeServed { document, due, unit: open.unit.clone() }))
        }
        Command::ReportToGovernment { government } => report_up(open, government, cx).map(Some),
        Command::ListForSupervision { leader, until, by } => {
            if open.major < Major::Reported {
                return Err(Refusal::NotReported);
            }
            government(open, by.as_ref(), cx)?;
            Ok((open.major == Major::Reported)
                .then(|| Event::ListedForSupervision { leader, due: fixed(until, cx) }))
        }
        Command::Delist { consent } => delist(open, consent, cx).map(Some),
        Command::Close => close(open, cx).map(Some),
        // The decider has answered these before it asks here.
        Command::Open { .. } | Command::Tick | Command::Rederive => Ok(None),
    }
}

fn inspect(
    open: &Open,
    officers: Vec<Certificate>,
    delegation: Option<Delegation>,
    item: Option<Id>,
    findings: Vec<String>,
    cx: &Context,
) -> Result<Event, Refusal> {
    officer(cx)?;
    check_officers(&officers, &cx.actor.department, cx.at, "inspection.officers_min", &cx.rules)??;
    match (&delegation, &item) {
        (Some(delegation), Some(item)) => {
            check_delegation(delegation, &cx.actor.department, item, &open.area, cx.at)?;
        }
        _ => own_power(open, cx)?,
    }
    let serve = cx.rules.period("inspection.correction_order_serve")?;
    let opinion = cx.rules.period("hazard.major.opinion")?;
    Ok(Event::Inspected {
        serve_by: (!findings.is_empty()).then(|| cx.calendar.due(cx.at, serve, Side::Agency)),
        opinion_by: cx.calendar.due(cx.at, opinion, Side::Agency),
        officers,
        delegation,
        item,
        findings,
        report: open.report.clone(),
    })
}

fn order(
    open: &Open,
    document: String,
    items: Vec<String>,
    period: Period,
    delegations: &[Delegation],
    cx: &Context,
) -> Result<Event, Refusal> {
    officer(cx)?;
    if open.stage == Stage::Reported {
        return Err(Refusal::NotInspected);
    }
    if !open.found {
        return Err(Refusal::NothingFound);
    }
    power_to_go_on(open, delegations, cx)?;
    let due = cx.calendar.due(cx.at, period, Side::Party);
    let reinspect = cx.rules.period("inspection.reinspect")?;
    // The period has run out at 24:00 of its last day, so that day is the start day, which is not counted.
    let reinspect_by = cx.calendar.due_from_date(due.last_day, reinspect, Side::Agency);
    Ok(Event::RectificationOrdered { document, items, due, reinspect_by, unit: open.unit.clone() })
}

fn reinspect(
    open: &Open,
    officers: Vec<Certificate>,
    outcome: Outcome,
    on_application: bool,
    delegations: &[Delegation],
    cx: &Context,
) -> Result<Event, Refusal> {
    officer(cx)?;
    check_officers(&officers, &cx.actor.department, cx.at, "inspection.officers_min", &cx.rules)??;
    let expired = match &open.stage {
        Stage::Ordered(due) if due.is_past(cx.at) => true,
        Stage::Ordered(_) if on_application => false,
        Stage::Ordered(due) => {
            return Err(Refusal::OrderStillRunning { last_day: due.last_day });
        }
        // A hazard found again uncorrected may be looked at again.
        Stage::Reinspected(Outcome::NotCorrected | Outcome::PartlyCorrected) => true,
        Stage::Reported | Stage::Inspected | Stage::Reinspected(Outcome::Corrected) => {
            return Err(Refusal::NotOrdered);
        }
    };
    power_to_go_on(open, delegations, cx)?;
    Ok(Event::Reinspected {
        officers,
        outcome,
        expired,
        document: open.document.clone(),
        unit: open.unit.clone(),
        premises: open.premises.clone(),
        area: open.area.clone(),
        report: open.report.clone(),
        reporter_ref: open.reporter_ref.clone(),
    })
}

fn determine(open: &Open, elements: Vec<String>, panel: Vec<String>, cx: &Context) -> Result<Event, Refusal> {
    fire_body(open, cx)?;
    not_listed(open)?;
    let Some(opinion_by) = &open.opinion_by else {
        return Err(Refusal::NotInspected);
    };
    if !open.found {
        return Err(Refusal::NothingFound);
    }
    if panel.len() < 2 {
        return Err(Refusal::NoCollectiveStudy);
    }
    let current = cx.rules.in_force("hazard.major.standard", shanghai_date(cx.at))?;
    let standard = if current { "hazard.major.standard" } else { "hazard.major.standard_2017" };
    let notice = cx.rules.period("hazard.major.notice_serve")?;
    Ok(Event::MajorDetermined {
        standard: cx.rules.text(standard)?.to_owned(),
        elements,
        panel,
        in_time: !opinion_by.is_past(cx.at),
        notice_by: cx.calendar.due(cx.at, notice, Side::Agency),
        unit: open.unit.clone(),
    })
}

fn report_up(open: &Open, government: Department, cx: &Context) -> Result<Event, Refusal> {
    let reporter = [DepartmentKind::Fire, DepartmentKind::Emergency];
    if !reporter.contains(&cx.actor.department.kind) {
        return Err(Refusal::OnlyFireBody);
    }
    within(&open.area, cx)?;
    officer_or_head(cx)?;
    not_listed(open)?;
    match open.major {
        Major::No => Err(Refusal::NotMajor),
        Major::Determined => Err(Refusal::NoticeNotServed),
        _ if government.kind != DepartmentKind::Government || !government.area.contains(&open.area) => {
            Err(Refusal::NotTheGovernment)
        }
        _ => Ok(Event::ReportedToGovernment { government }),
    }
}

/// What leads to a listing is not begun again under one: the case would come out of it without a delisting.
fn not_listed(open: &Open) -> Result<(), Refusal> {
    if open.major == Major::Listed { Err(Refusal::StillListed) } else { Ok(()) }
}

fn delist(open: &Open, consent: String, cx: &Context) -> Result<Event, Refusal> {
    if open.major != Major::Listed {
        return Err(Refusal::NotListed);
    }
    government(open, None, cx)?;
    match open.stage {
        Stage::Reinspected(Outcome::Corrected) => Ok(Event::Delisted { consent }),
        _ => Err(Refusal::NotCorrected),
    }
}

fn close(open: &Open, cx: &Context) -> Result<Event, Refusal> {
    officer_or_head(cx)?;
    inspector(open, cx)?;
    match (open.major, &open.stage) {
        (Major::Listed, _) => Err(Refusal::StillListed),
        (_, Stage::Reinspected(Outcome::Corrected)) => Ok(Event::Closed {}),
        (_, Stage::Inspected) if !open.found => Ok(Event::Closed {}),
        _ => Err(Refusal::NotCorrected),
    }
}

/// A day that a government has set, not a period that the law computes.
fn fixed(last_day: Date, cx: &Context) -> Due {
    Due {
        at: end_of_day(last_day),
        last_day,
        rolled: false,
        provisional: false,
        calendar: cx.calendar.version().to_owned(),
    }
}

fn officer(cx: &Context) -> Result<(), Refusal> {
    if cx.actor.has(Role::Officer) {
        return Ok(());
    }
    // Before the notice of 2024 the same act failed for want of a certificate.
    let barred = cx.rules.in_force("inspection.enterprise.gridworker_allowed", shanghai_date(cx.at))?;
    Err(if cx.actor.has(Role::Grid) && barred {
        Refusal::GridWorkerMayNotInspect
    } else {
        Refusal::NotAnOfficer
    })
}

fn officer_or_head(cx: &Context) -> Result<(), Refusal> {
    if cx.actor.has(Role::Head) || cx.actor.has(Role::Officer) { Ok(()) } else { Err(Refusal::NotAnOfficer) }
}

/// Whoever may open a case on a place.
fn opener(place: &AreaCode, cx: &Context) -> Result<(), Refusal> {
    if !OFFICES.iter().any(|role| cx.actor.has(*role)) {
        return Err(Refusal::NotAClerk);
    }
    within(place, cx)
}

fn within(place: &AreaCode, cx: &Context) -> Result<(), Refusal> {
    if cx.actor.department.area.contains(place) { Ok(()) } else { Err(Refusal::OutsideArea) }
}

/// Whoever inspects in its own right.
fn own_power(open: &Open, cx: &Context) -> Result<(), Refusal> {
    match cx.actor.department.kind {
        DepartmentKind::Fire | DepartmentKind::Police => within(&open.area, cx),
        DepartmentKind::Town => Err(Refusal::DelegationMissing),
        _ => Err(Refusal::NotASupervisor),
    }
}

/// Whoever inspected; and the fire body of the place, which answers for what it has delegated.
fn inspector(open: &Open, cx: &Context) -> Result<(), Refusal> {
    if open.inspected_by.as_ref() == Some(&cx.actor.department) {
        return Ok(());
    }
    if !cx.actor.is_of(DepartmentKind::Fire) {
        return Err(Refusal::NotTheInspector);
    }
    within(&open.area, cx)
}

/// The power under which it was inspected must be there at what follows, too.
fn power_to_go_on(open: &Open, delegations: &[Delegation], cx: &Context) -> Result<(), Refusal> {
    inspector(open, cx)?;
    let acting = &cx.actor.department;
    let Some(item) = open.item.as_ref().filter(|_| open.inspected_by.as_ref() == Some(acting)) else {
        return own_power(open, cx);
    };
    let mut flaw = Refusal::DelegationMissing;
    for delegation in delegations.iter().rev() {
        match check_delegation(delegation, acting, item, &open.area, cx.at) {
            Ok(()) => return Ok(()),
            Err(found) => flaw = found.into(),
        }
    }
    Err(flaw)
}

/// The government that was told, or one above it: the sender of a message, or whoever holds an office there.
fn government(open: &Open, sender: Option<&Department>, cx: &Context) -> Result<(), Refusal> {
    let by = sender.unwrap_or(&cx.actor.department);
    let told = open.government.as_ref().is_some_and(|told| by.area.contains(&told.area));
    if by.kind != DepartmentKind::Government || !told {
        return Err(Refusal::NotTheGovernmentTold);
    }
    if sender.is_some() || OFFICES.iter().any(|role| cx.actor.has(*role)) {
        Ok(())
    } else {
        Err(Refusal::NoOffice)
    }
}

/// An officer or a head of the fire body of the place.
fn fire_body(open: &Open, cx: &Context) -> Result<(), Refusal> {
    if !cx.actor.is_of(DepartmentKind::Fire) {
        return Err(Refusal::OnlyFireBody);
    }
    within(&open.area, cx)?;
    officer_or_head(cx)
}
