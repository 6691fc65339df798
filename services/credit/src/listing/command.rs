//! What can be asked of a listing, and when the law says no.

use decider::{ActorKind, Clocked, Context, Decider, Department, DepartmentKind, Id, Role, Winding, clocked};
use law::{
    Due, Role as Side,
    clock::{self, Clocks},
    shanghai_date,
};
use time::{Date, OffsetDateTime};

use super::{
    Basis, Duty, Event, Ground, LegalForm, ORDER_11, Party, State, clocks, evolve,
    state::{Defence, Open, Stage, Term},
};

/// A penalty that a listing rests on, as the enforcement department published it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Penalty {
    pub id: Id,
    pub authority: Department,
}

/// What is proposed.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub party: Party,
    /// Who shall decide.
    pub authority: Department,
    pub ground: Ground,
    /// The word for the form of the instrument, as the proposer claims it; see [`LegalForm`].
    pub form: Id,
    pub instrument: Id,
    /// In the order of their decisions.
    pub penalties: Vec<Penalty>,
}

/// A command for a listing.
#[derive(Debug, Clone)]
pub enum Command {
    /// 拟列入
    Propose(Proposal),
    /// 法制审核
    ReviewLegality { passed: bool, opinion: String },
    /// 送达列入告知书
    ServePriorNotice { document: String, reasons: String, measures: Vec<String> },
    /// 收到陈述、申辩
    ReceiveDefence { document: String },
    /// 书面放弃陈述、申辩
    WaiveDefence { document: String },
    /// 列入决定, or 不予列入决定
    Decide { list: bool, document: String, assessment: Option<String> },
    /// 公示
    Publish { platforms: Vec<String> },
    /// 提前移出
    RemoveEarly { document: String, duties_performed: bool, harm_removed: bool, commitment: Option<String> },
    /// 撤销提前移出, because it was obtained by cheating
    RevokeRemoval { document: String, finding: String },
    /// A penalty that the listing rests on has been revoked.
    InvalidateBasis { penalty: Id },
    /// 撤销列入
    Withdraw { document: String },
    /// The clocks': what they say by themselves.
    Tick,
    /// Under another calendar or pack.
    Rederive,
}

decider::refusals! {
    /// Why a listing refuses a command.
    pub enum Refusal {
        AlreadyProposed => "", "该列入事项已提出", "the listing has been proposed already";
        NotProposed => "", "尚无此列入事项", "there is no such listing";
        AlreadyEnded => "", "该列入事项已终结", "the listing has ended";
        NoLegalBasis { form: Id } => "国办发〔2020〕49号（六）（七）", "{form} 不得作为列入依据，须为法律、行政法规、部门规章或者地方性法规", "{form} is no basis: a law, regulation, ministry rule or local regulation is needed";
        BasisMisnamed { instrument: Id } => "国办发〔2020〕49号（六）", "{instrument} 属于部门规章", "{instrument} is a ministry rule";
        GroundNotInInstrument { ground: Ground } => "应急管理部令11号", "该管理办法未规定列入情形 {ground}", "the instrument has no ground {ground}";
        NoPenalty => "应急管理部令11号", "列入须以已作出的行政处罚为依据", "a listing rests on a penalty that was imposed";
        FireBodyMayNotList => "应急管理部令11号2", "消防救援机构不得依该管理办法列入，由作出处罚的应急管理部门决定", "a fire rescue body cannot list under this order, only the emergency department that imposed the penalty";
        OnlyEmergencyDepartment => "应急管理部令11号2", "仅应急管理部门可依该管理办法列入", "only an emergency department lists under this order";
        NotThePenalisingAuthority => "应急管理部令11号（谁处罚、谁决定、谁负责）", "须由作出行政处罚的部门办理", "the department that imposed the penalty decides, and no other";
        NotAnOfficer => "行政处罚法42", "须由执法人员办理", "only an officer may do this";
        NotLegalReviewer => "行政处罚法58", "须由法制审核人员审核", "only a legal reviewer reviews";
        ReviewerIsProposer => "行政处罚法58", "法制审核人员不得为本案承办人", "who proposed the listing does not review it";
        NotTheHead => "浙江省公共信用信息管理条例28", "须由部门负责人签发", "the head of the department signs";
        ReviewMissing => "行政处罚法58", "未经法制审核通过，不得作出列入决定", "no listing before the legal review has passed";
        NoticeIncomplete => "行政处罚法44", "告知书须载明事由、依据和惩戒措施", "the notice states reasons, basis and measures";
        AlreadyNotified => "", "已送达列入告知书", "the notice has been served already";
        NotNotified => "行政处罚法44、62", "未送达列入告知书", "the prior notice has not been served";
        DefenceWindowOpen { last_day: Date } => "行政处罚法45、62", "陈述、申辩期限至 {last_day} 届满", "the defence may be made until {last_day}";
        DefenceWindowClosed { last_day: Date } => "行政处罚法45", "陈述、申辩期限已于 {last_day} 届满", "the defence was possible until {last_day}";
        DefenceEnded => "", "陈述、申辩程序已结束", "the defence has been received or waived already";
        DefenceNotAssessed => "行政处罚法45", "收到的陈述、申辩须复核并答复", "the defence that was received must be assessed";
        NotInForce { instrument: Id, from: Date } => "", "{instrument} 自 {from} 起施行，作出决定时尚未施行", "{instrument} is in force from {from}, after this decision";
        AlreadyDecided => "", "已作出决定", "the decision has been made";
        NotDecided => "国办发〔2020〕49号（八）", "尚未作出列入决定", "the listing has not been decided";
        PersonsAreNotPublished => "浙江省公共信用信息管理条例15", "自然人信息不予公示", "records of persons are not published";
        NotListed => "", "现未处于列入状态", "the listing is not in force";
        RemovalTooEarly { last_day: Date } => "应急管理部令11号", "列入未满12个月（至 {last_day} 届满），不得提前移出", "no early removal before twelve months are over on {last_day}";
        DutiesNotPerformed => "应急管理部令11号", "行政处罚确定的义务尚未履行", "the duties of the penalty have not been performed";
        HarmNotRemoved => "应急管理部令11号", "危害后果尚未消除", "the harm has not been removed";
        CommitmentMissing => "应急管理部令11号", "未作出信用承诺", "the public commitment is missing";
        NotRemoved => "", "未曾提前移出", "the listing was not removed early";
        TermOver { last_day: Date } => "应急管理部令11号", "列入期限已于 {last_day} 届满", "the term ended on {last_day}";
        NotSuspended => "", "列入依据未失效", "the basis of the listing stands";
    }
}

/// The listing's decider.
pub struct Listing;

impl Decider for Listing {
    const NAME: &'static str = "listing";
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

impl Clocked for Listing {
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

    fn wind(state: &State, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Refusal> {
        Ok(clocks::wind(state, event, winding)?)
    }

    fn run_out(state: &State, duty: &Duty, due: &Due) -> Vec<Event> {
        let State::Open(open) = state else { return vec![] };
        match duty {
            Duty::Defence => vec![Event::DefenceLapsed { due: due.clone() }],
            Duty::Term => vec![Event::TermEnded { party: open.party.clone(), due: due.clone() }],
            Duty::Wait | Duty::Publish | Duty::Withdraw => vec![],
        }
    }
}

fn answer(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    match (state, command) {
        (State::Unknown, Command::Propose(proposal)) => propose(proposal, cx).map(|event| vec![event]),
        (State::Unknown, _) => Err(Refusal::NotProposed),
        (State::Open(_) | State::Closed, Command::Propose(_)) => Err(Refusal::AlreadyProposed),
        (State::Open(open), command) => handle(open, command, cx),
        (State::Closed, Command::InvalidateBasis { .. }) => Ok(vec![]),
        (State::Closed, _) => Err(Refusal::AlreadyEnded),
    }
}

fn propose(proposal: Proposal, cx: &Context) -> Result<Event, Refusal> {
    let Proposal { party, authority, ground, form, instrument, penalties } = proposal;
    let basis = basis(form, instrument)?;
    if basis.instrument.as_str() == ORDER_11 {
        if authority.kind == DepartmentKind::Fire {
            return Err(Refusal::FireBodyMayNotList);
        }
        if authority.kind != DepartmentKind::Emergency {
            return Err(Refusal::OnlyEmergencyDepartment);
        }
        if ground == Ground::EndangeredFireSafety {
            return Err(Refusal::GroundNotInInstrument { ground });
        }
    }
    // Where two accidents count together, the department that punished the second one completes the ground.
    let last = penalties.last().ok_or(Refusal::NoPenalty)?;
    if last.authority != authority {
        return Err(Refusal::NotThePenalisingAuthority);
    }
    // A policy proposes for the authority; a person only for the own one.
    if cx.actor.kind == ActorKind::Person {
        of_authority(&authority, cx)?;
        officer(cx)?;
    }
    let penalties = penalties.into_iter().map(|penalty| penalty.id).collect();
    Ok(Event::Proposed { party, authority, ground, basis, penalties, by: cx.actor.id.clone() })
}

fn basis(form: Id, instrument: Id) -> Result<Basis, Refusal> {
    let known: LegalForm = form.as_str().parse().map_err(|_| Refusal::NoLegalBasis { form })?;
    if instrument.as_str() == ORDER_11 && known != LegalForm::MinistryRule {
        return Err(Refusal::BasisMisnamed { instrument });
    }
    Ok(Basis { form: known, instrument })
}

fn handle(open: &Open, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::ReviewLegality { passed, opinion } => {
            review(open, passed, opinion, cx).map(|event| vec![event])
        }
        Command::ServePriorNotice { document, reasons, measures } => {
            notify(open, document, reasons, measures, cx).map(|event| vec![event])
        }
        Command::ReceiveDefence { document } => {
            may_defend(open, cx)?;
            Ok(vec![Event::DefenceReceived { document }])
        }
        Command::WaiveDefence { document } => {
            may_defend(open, cx)?;
            Ok(vec![Event::DefenceWaived { document }])
        }
        Command::Decide { list: true, document, assessment } => list(open, document, assessment, cx),
        Command::Decide { list: false, document, assessment } => {
            decidable(open, cx)?;
            Ok(vec![Event::NotListed { document, assessment }])
        }
        Command::Publish { platforms } => publish(open, platforms, cx),
        Command::RemoveEarly { document, duties_performed, harm_removed, commitment } => {
            head(open, cx)?;
            removable(open, cx)?;
            if !duties_performed {
                return Err(Refusal::DutiesNotPerformed);
            }
            if !harm_removed {
                return Err(Refusal::HarmNotRemoved);
            }
            let commitment = commitment.ok_or(Refusal::CommitmentMissing)?;
            Ok(vec![Event::RemovedEarly { party: open.party.clone(), document, commitment }])
        }
        Command::RevokeRemoval { document, finding } => {
            head(open, cx)?;
            let until = restorable(open, cx)?;
            Ok(vec![Event::RemovalRevoked { party: open.party.clone(), document, finding, until }])
        }
        Command::InvalidateBasis { penalty } => invalidate(open, penalty, cx),
        Command::Withdraw { document } => {
            head(open, cx)?;
            let Stage::Suspended(_) = open.stage else {
                return Err(Refusal::NotSuspended);
            };
            Ok(vec![withdrawn(open, Some(document))])
        }
        // The decider has answered these before it asks here.
        Command::Propose(_) | Command::Tick | Command::Rederive => Ok(vec![]),
    }
}

fn review(open: &Open, passed: bool, opinion: String, cx: &Context) -> Result<Event, Refusal> {
    undecided(open)?;
    of_authority(&open.authority, cx)?;
    if !cx.actor.has(Role::Legal) {
        return Err(Refusal::NotLegalReviewer);
    }
    if cx.actor.id == open.proposer {
        return Err(Refusal::ReviewerIsProposer);
    }
    Ok(Event::LegallyReviewed { passed, opinion, by: cx.actor.id.clone() })
}

fn notify(
    open: &Open,
    document: String,
    reasons: String,
    measures: Vec<String>,
    cx: &Context,
) -> Result<Event, Refusal> {
    undecided(open)?;
    of_authority(&open.authority, cx)?;
    officer(cx)?;
    if open.due(Duty::Defence).is_some() {
        return Err(Refusal::AlreadyNotified);
    }
    if reasons.trim().is_empty() || measures.is_empty() {
        return Err(Refusal::NoticeIncomplete);
    }
    // Order 11 sends the defence to the rules of the penalty law; days of its own could not be verified. The
    // window is therefore the longest one that law gives after a notice: the five working days in which a
    // hearing may be asked for.
    let window = cx.rules.period("penalty.hearing.request")?;
    let defend_by = cx.calendar.due(cx.at, window, Side::Party);
    Ok(Event::PriorNoticeServed { document, reasons, measures, defend_by })
}

/// What was posted in time is in time (民诉法 期间条), also when the clock has already recorded the lapse.
fn may_defend(open: &Open, cx: &Context) -> Result<(), Refusal> {
    undecided(open)?;
    of_authority(&open.authority, cx)?;
    let defend_by = open.due(Duty::Defence).ok_or(Refusal::NotNotified)?;
    match open.defence {
        Some(Defence::Received | Defence::Waived) => Err(Refusal::DefenceEnded),
        None | Some(Defence::Lapsed) if defend_by.is_past(cx.at) => {
            Err(Refusal::DefenceWindowClosed { last_day: defend_by.last_day })
        }
        None | Some(Defence::Lapsed) => Ok(()),
    }
}

fn list(
    open: &Open,
    document: String,
    assessment: Option<String>,
    cx: &Context,
) -> Result<Vec<Event>, Refusal> {
    decidable(open, cx)?;
    heard(open, cx)?;
    if open.review != Some(true) {
        return Err(Refusal::ReviewMissing);
    }
    if open.defence == Some(Defence::Received) && assessment.is_none() {
        return Err(Refusal::DefenceNotAssessed);
    }
    let (until, removable_from) = term(&open.basis, cx)?;
    Ok(vec![Event::Listed {
        party: open.party.clone(),
        authority: open.authority.clone(),
        document,
        assessment,
        until,
        removable_from,
        publish_by: publish_by(open, cx),
    }])
}

/// Nothing is decided before the notice and the defence, its waiver or the end of its window.
fn heard(open: &Open, cx: &Context) -> Result<(), Refusal> {
    let due = open.due(Duty::Defence).ok_or(Refusal::NotNotified)?;
    match open.defence {
        Some(Defence::Received | Defence::Waived) => Ok(()),
        _ if !due.is_past(cx.at) => Err(Refusal::DefenceWindowOpen { last_day: due.last_day }),
        Some(Defence::Lapsed) | None => Ok(()),
    }
}

/// The term by the rules in force at the decision: Order 11's own, and for other bases those of the severe
/// class of the credit repair measure. Neither is lengthened by a rest day, since both burden the party.
fn term(basis: &Basis, cx: &Context) -> Result<(Due, Due), Refusal> {
    let term = clocks::term_rule(basis);
    let from = cx.rules.effective_from(term)?;
    if shanghai_date(cx.at) < from {
        return Err(Refusal::NotInForce { instrument: basis.instrument.clone(), from });
    }
    let due = |id| Ok::<_, law::RuleError>(cx.calendar.due(cx.at, cx.rules.period(id)?, Side::Agency));
    Ok((due(term)?, due(clocks::wait_rule(basis))?))
}

/// The days to publish within are unverified: the duty is watched only where configuration allows the parameter.
fn publish_by(open: &Open, cx: &Context) -> Option<Due> {
    if open.basis.instrument.as_str() != ORDER_11 || open.party.person.is_some() {
        return None;
    }
    let period = cx.rules.period("credit.worksafety.publish").ok()?;
    Some(cx.calendar.due(cx.at, period, Side::Agency))
}

fn publish(open: &Open, platforms: Vec<String>, cx: &Context) -> Result<Vec<Event>, Refusal> {
    of_authority(&open.authority, cx)?;
    let term = in_force(open)?;
    if open.party.person.is_some() {
        return Err(Refusal::PersonsAreNotPublished);
    }
    let until = runs(open, cx)?;
    if term.published {
        return Ok(vec![]);
    }
    let removable_from = open.due(Duty::Wait).cloned().ok_or(Refusal::NotListed)?;
    Ok(vec![Event::Published { unit: open.party.unit.clone(), platforms, removable_from, until }])
}

fn removable(open: &Open, cx: &Context) -> Result<(), Refusal> {
    in_force(open)?;
    match open.due(Duty::Wait) {
        Some(due) if !due.is_past(cx.at) => Err(Refusal::RemovalTooEarly { last_day: due.last_day }),
        _ => Ok(()),
    }
}

/// A removal that was obtained by cheating is undone for the rest of the term. That the term begins anew
/// could not be verified and is therefore not done.
fn restorable(open: &Open, cx: &Context) -> Result<Due, Refusal> {
    let Stage::RemovedEarly(_) = &open.stage else {
        return Err(Refusal::NotRemoved);
    };
    runs(open, cx)
}

/// The end of the term, if it is still to come.
fn runs(open: &Open, cx: &Context) -> Result<Due, Refusal> {
    let until = open.due(Duty::Term).ok_or(Refusal::NotListed)?;
    if until.is_past(cx.at) { Err(Refusal::TermOver { last_day: until.last_day }) } else { Ok(until.clone()) }
}

/// Without its penalty a listing has no effect from this moment; the withdrawal itself is a written act.
fn invalidate(open: &Open, penalty: Id, cx: &Context) -> Result<Vec<Event>, Refusal> {
    if !open.penalties.contains(&penalty) {
        return Ok(vec![]);
    }
    match open.stage {
        Stage::Undecided => Ok(vec![withdrawn(open, None)]),
        Stage::Suspended(_) => Ok(vec![]),
        Stage::Listed(_) | Stage::RemovedEarly(_) => {
            let period = cx.rules.period("penalty.withdraw_publication")?;
            let withdraw_by = cx.calendar.due(cx.at, period, Side::Agency);
            Ok(vec![Event::Suspended { party: open.party.clone(), penalty, withdraw_by }])
        }
    }
}

fn withdrawn(open: &Open, document: Option<String>) -> Event {
    Event::Withdrawn { party: open.party.clone(), cause: "basis-revoked".to_owned(), document }
}

fn undecided(open: &Open) -> Result<(), Refusal> {
    if open.stage == Stage::Undecided { Ok(()) } else { Err(Refusal::AlreadyDecided) }
}

fn decidable(open: &Open, cx: &Context) -> Result<(), Refusal> {
    undecided(open)?;
    head(open, cx)
}

fn in_force(open: &Open) -> Result<&Term, Refusal> {
    match &open.stage {
        Stage::Listed(term) => Ok(term),
        Stage::Undecided => Err(Refusal::NotDecided),
        Stage::RemovedEarly(_) | Stage::Suspended(_) => Err(Refusal::NotListed),
    }
}

fn of_authority(authority: &Department, cx: &Context) -> Result<(), Refusal> {
    if cx.actor.department == *authority { Ok(()) } else { Err(Refusal::NotThePenalisingAuthority) }
}

fn officer(cx: &Context) -> Result<(), Refusal> {
    if cx.actor.has(Role::Officer) { Ok(()) } else { Err(Refusal::NotAnOfficer) }
}

fn head(open: &Open, cx: &Context) -> Result<(), Refusal> {
    of_authority(&open.authority, cx)?;
    if cx.actor.has(Role::Head) { Ok(()) } else { Err(Refusal::NotTheHead) }
}
