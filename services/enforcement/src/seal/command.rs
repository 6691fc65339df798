//! What can be asked of a seal, and when the law says no.

use decider::{
    Clocked, Context, Decider, DepartmentKind, Id, Role, Winding,
    authority::{Certificate, Flaw, check_officers},
    clocked,
};
use law::{
    AreaCode, Due, Period, Role as Side, Uscc,
    clock::{self, Clocks},
};
use time::{Date, OffsetDateTime};

use super::{Cause, Duty, Event, State, clocks, evolve, state::Sealed};

/// Below this, a study is not collective.
const PANEL_MIN: usize = 2;

/// A command for a seal.
#[derive(Debug, Clone)]
pub enum Command {
    /// 决定临时查封; a delegation is never shown, because none carries it.
    Order {
        unit: Uscc,
        premises: String,
        area: AreaCode,
        document: String,
        evidence: Vec<Id>,
        officers: Vec<Certificate>,
        /// Offices that took part in the collective study; may be empty in an emergency.
        panel: Vec<String>,
        /// When the place was inspected; the act itself if nothing is said.
        inspected: Option<OffsetDateTime>,
        period: Period,
        emergency: bool,
    },
    /// 补办集体研究决定; not upheld means lifted.
    Regularise { panel: Vec<String>, upheld: bool },
    /// 决定书送达
    Serve,
    /// 发现擅自拆封、使用
    RecordBreaking { finding: String },
    /// 火灾隐患消除后解除
    Lift { officers: Vec<Certificate> },
    /// The clocks': what they say by themselves.
    Tick,
    /// Under another calendar or pack.
    Rederive,
}

decider::refusals! {
    /// Why a seal refuses a command.
    pub enum Refusal {
        CoerciveMeasureNotDelegable => "行政强制法17", "行政强制措施权不得委托，乡镇（街道）不得实施临时查封", "coercive measures cannot be delegated: a town never seals, under whatever delegation";
        OnlyFireBody => "消防法54", "临时查封由消防救援机构实施", "only the fire rescue body seals";
        NotAnOfficer => "行政强制法17", "须由具备资格的行政执法人员实施", "only a qualified officer does this";
        NotTheSealingBody => "行政强制法17", "只有作出查封决定的机关可以办理", "only the body that sealed may do this";
        TooFewOfficers { shown: usize, wanted: i64 } => "行政强制法18；消防监督检查规定14", "执法人员不得少于 {wanted} 人，现有有效证件 {shown} 份", "not fewer than {wanted} officers are needed, {shown} valid certificates were shown";
        CertificateInvalid { number: Id } => "行政强制法18", "执法证 {number} 当日无效或不属于本单位", "certificate {number} was not valid that day or belongs to another unit";
        OutsideArea => "行政处罚法22", "场所不在本机关辖区内", "the place lies outside the body's area";
        NoCollectiveStudy => "消防监督检查规定23", "临时查封须由负责人组织集体研究决定", "a seal is decided by collective study";
        NoEvidence => "消防监督检查规定22", "决定临时查封须有证据", "a seal rests on evidence";
        NoNewEvidence => "消防监督检查规定22", "再次查封须有新的证据并另行作出决定", "to seal again takes a new decision on new evidence";
        DocumentUsed { document: String } => "消防监督检查规定22", "决定书 {document} 已使用，再次查封须另行作出决定", "{document} was used before; to seal again takes a new decision";
        TooLong { until: Date } => "消防监督检查规定22", "临时查封期限最长至 {until}", "a seal lasts at most until {until}";
        InspectedLater => "", "检查时间晚于查封时间", "the inspection is later than the seal";
        AlreadySealed { until: Date } => "消防监督检查规定22", "该场所已查封至 {until}", "the place is sealed until {until} already";
        NotSealed => "", "该场所未被查封", "the place is not sealed";
        NotAnEmergency => "消防监督检查规定23", "该查封不是紧急查封，或者已补办决定", "the seal was no emergency seal, or has been decided since";
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::TooFewOfficers { shown, wanted } => Self::TooFewOfficers { shown, wanted },
            Flaw::CertificateInvalid { number } => Self::CertificateInvalid { number },
            Flaw::OutsideArea => Self::OutsideArea,
            Flaw::DelegationNotInForce | Flaw::NotTheDelegate | Flaw::ItemNotDelegated { .. } => {
                Self::CoerciveMeasureNotDelegable
            }
        }
    }
}

/// The seal's decider.
pub struct Seal;

impl Decider for Seal {
    const NAME: &'static str = "seal";
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

impl Clocked for Seal {
    type Duty = Duty;

    fn rederive() -> Command {
        Command::Rederive
    }

    fn clocks(state: &State) -> Option<&Clocks<Duty>> {
        state.standing.as_ref().map(|sealed| &sealed.clocks)
    }

    fn clock(duty: Duty, event: clock::Event) -> Event {
        Event::Clock { duty, event }
    }

    fn wind(_: &State, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Refusal> {
        Ok(clocks::wind(event, winding)?)
    }

    fn run_out(_: &State, duty: &Duty, _: &Due) -> Vec<Event> {
        match duty {
            Duty::Term => vec![Event::Lifted { cause: Cause::TermEnded }],
            Duty::Regularise | Duty::Serve => vec![],
        }
    }
}

fn answer(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    // Who may not seal is told so whatever else is wrong.
    may_seal(cx)?;
    let event = match (&state.standing, command) {
        (None, command @ Command::Order { .. }) => Some(order(state, command, cx)?),
        (Some(sealed), Command::Order { .. }) => {
            return Err(sealed
                .until()
                .map_or(Refusal::NotSealed, |due| Refusal::AlreadySealed { until: due.last_day }));
        }
        (Some(sealed), command) => {
            if cx.actor.department != sealed.authority {
                return Err(Refusal::NotTheSealingBody);
            }
            handle(sealed, command, cx)?
        }
        (None, _) => return Err(Refusal::NotSealed),
    };
    Ok(event.into_iter().collect())
}

fn may_seal(cx: &Context) -> Result<(), Refusal> {
    match cx.actor.department.kind {
        DepartmentKind::Town => Err(Refusal::CoerciveMeasureNotDelegable),
        DepartmentKind::Fire if cx.actor.has(Role::Officer) || cx.actor.has(Role::Head) => Ok(()),
        DepartmentKind::Fire => Err(Refusal::NotAnOfficer),
        _ => Err(Refusal::OnlyFireBody),
    }
}

fn order(state: &State, command: Command, cx: &Context) -> Result<Event, Refusal> {
    let Command::Order {
        unit,
        premises,
        area,
        document,
        evidence,
        officers,
        panel,
        inspected,
        period,
        emergency,
    } = command
    else {
        return Err(Refusal::NotSealed);
    };
    if !cx.actor.department.area.contains(&area) {
        return Err(Refusal::OutsideArea);
    }
    check_officers(&officers, &cx.actor.department, cx.at, "inspection.officers_min", &cx.rules)??;
    if panel.len() < PANEL_MIN && !emergency {
        return Err(Refusal::NoCollectiveStudy);
    }
    new_decision(state, &document, &evidence)?;
    let inspected = inspected.unwrap_or(cx.at);
    if inspected > cx.at {
        return Err(Refusal::InspectedLater);
    }
    let serve = cx.rules.period("seal.decision_serve")?;
    let regularise = cx.rules.period("seal.emergency_regularise")?;
    let pending = emergency && panel.len() < PANEL_MIN;
    Ok(Event::Ordered {
        unit,
        premises,
        area,
        authority: cx.actor.department.clone(),
        document,
        evidence,
        officers,
        panel,
        period,
        until: until(period, cx)?,
        inspected,
        serve_by: cx.calendar.due(inspected, serve, Side::Agency),
        regularise_by: pending.then(|| cx.calendar.due(cx.at, regularise, Side::Agency)),
    })
}

fn new_decision(state: &State, document: &str, evidence: &[Id]) -> Result<(), Refusal> {
    if evidence.is_empty() {
        return Err(Refusal::NoEvidence);
    }
    if state.documents.contains(document) {
        return Err(Refusal::DocumentUsed { document: document.to_owned() });
    }
    if evidence.iter().all(|piece| state.evidence.contains(piece)) {
        return Err(Refusal::NoNewEvidence);
    }
    Ok(())
}

/// The term burdens the unit, so it never rolls to a later day.
fn until(period: Period, cx: &Context) -> Result<Due, Refusal> {
    let longest = cx.calendar.due(cx.at, cx.rules.period("seal.fire_max")?, Side::Agency);
    let until = cx.calendar.due(cx.at, period, Side::Agency);
    if until.at > longest.at { Err(Refusal::TooLong { until: longest.last_day }) } else { Ok(until) }
}

fn handle(sealed: &Sealed, command: Command, cx: &Context) -> Result<Option<Event>, Refusal> {
    match command {
        Command::Regularise { panel, upheld } => regularise(sealed, panel, upheld, cx).map(Some),
        Command::Serve => {
            let owed = sealed.owed(Duty::Serve);
            Ok(owed.map(|clock| Event::Served { in_time: clock.in_time(cx.at) }))
        }
        Command::RecordBreaking { .. } if sealed.broken => Ok(None),
        Command::RecordBreaking { finding } => Ok(Some(Event::Broken { finding, unit: sealed.unit.clone() })),
        Command::Lift { officers } => {
            check_officers(&officers, &cx.actor.department, cx.at, "inspection.officers_min", &cx.rules)??;
            Ok(Some(Event::Lifted { cause: Cause::Corrected }))
        }
        // The decider has answered these before it asks here.
        Command::Order { .. } | Command::Tick | Command::Rederive => Ok(None),
    }
}

fn regularise(sealed: &Sealed, panel: Vec<String>, upheld: bool, cx: &Context) -> Result<Event, Refusal> {
    let clock = sealed.owed(Duty::Regularise).ok_or(Refusal::NotAnEmergency)?;
    if panel.len() < PANEL_MIN {
        return Err(Refusal::NoCollectiveStudy);
    }
    Ok(if upheld {
        Event::Regularised { panel, in_time: clock.in_time(cx.at) }
    } else {
        Event::Lifted { cause: Cause::NotUpheld }
    })
}
