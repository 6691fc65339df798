//! What can be asked of a claim, and when the law says no.

mod amount;
mod payment;

pub use amount::{INSIDER_UPLIFT, split};
pub use payment::instruction;

use std::collections::BTreeSet;

use decider::{
    Clocked, Context, Decider, Id, Role, Winding, clocked,
    shadow::{Figure, Reckoned},
};
use law::{
    AreaCode, Due, Role as Side, RulePack,
    clock::{self, Clocks},
};
use time::OffsetDateTime;

use self::amount::{by_local_table, reassess, reckon, request, within_local_table};
use super::{
    Code, CodeHash, Duty, Event, Exclusion, State, clocks, evolve,
    state::{Funds, Open, Payment, Report, Stage},
};
use crate::budget::BudgetKey;

/// A command for a claim.
#[derive(Debug, Clone)]
pub enum Command {
    /// A report was received.
    Note(Report),
    /// The report was verified, by this person.
    Verify { confirmed: bool, by: Id },
    /// The report is the first of its matter.
    Open,
    /// Another report of the matter was first.
    RankBehind { first: Id },
    /// 不予奖励, by an officer's decision
    Exclude { ground: Exclusion, document: String },
    /// 联名举报
    DeclareJoint { signatories: Vec<Id>, document: String },
    /// A fine was decided or revised; nothing is left of a revoked one.
    NoteFine { penalty: Id, fine_fen: i64 },
    /// 按地方标准核定
    SetAmount { amount_fen: i64 },
    /// 再次申请预留
    RequestFunds,
    /// The budget has reserved.
    ConfirmReserved { budget: BudgetKey, amount_fen: i64 },
    /// The budget has put it in its queue.
    Queue { budget: BudgetKey },
    /// 发放领奖码
    IssueCode { code_hash: CodeHash },
    /// 审批: the first, then the second
    Approve,
    /// 核验领奖码
    Prove { code: Code },
    /// 支付指令
    InstructPayment,
    /// The finance department's answer.
    Settle { instruction: Id, paid: bool, reason: String },
    /// 支付结果不明
    ReportPaymentUnknown { reason: String },
    /// 支付对账
    ReconcilePayment { paid: bool, document: String },
    /// The clocks': what they say by themselves.
    Tick,
    /// Under another calendar or pack.
    Rederive,
}

decider::refusals! {
    /// Why a claim refuses a command.
    pub enum Refusal {
        NotReported => "", "尚无此举报", "there is no such report";
        AlreadyEnded => "", "该奖励已发放或者失效", "the reward was paid or has lapsed";
        NotVerified => "安监总财〔2018〕19号", "举报尚未核查属实并确定先后", "the report has not been verified and ranked";
        NotRewardable { ground: Exclusion } => "安监总财〔2018〕19号", "该举报不予奖励（{ground}）", "the report is not rewarded: {ground}";
        DecidedByRank => "安监总财〔2018〕19号", "该情形由系统依登记认定", "this ground follows from the record and is nobody's decision";
        OutsideArea => "安监总财〔2018〕19号（谁受理、谁奖励）", "该举报不在本单位辖区内", "the report lies outside the department's area";
        NotAnOfficer => "", "须由执法人员办理", "only an officer may do this";
        NotAClerk => "", "须由受理人员或者执法人员办理", "only a clerk or an officer may do this";
        NotFinance => "", "须由财务人员办理", "only finance may do this";
        NotAnApprover => "", "初审须由财务人员或者负责人、终审须由负责人作出", "finance or the head approves first, the head second";
        ApproverIsVerifier => "", "核查人不得审批", "who verified the report does not approve";
        SameApprover => "", "两次审批须由不同的人作出", "the two approvals are by two persons";
        AlreadyApproved => "", "审批已完成", "both approvals have been given";
        NotJoint => "安监总财〔2012〕63号13", "联名举报须有两名以上不同的举报人，且首位为本举报登记人", "a joint report has two or more different signatories, the first being this report's";
        FineDecides => "安监总财〔2018〕19号", "已有罚款，奖励按罚款比例计算", "there is a fine, and the reward is a share of it";
        NoLocalTable => "浙江省消防安全有奖举报办法", "当地没有可适用的奖励标准", "no local table is known for this area";
        OutsideLocalTable { min_fen: i64, max_fen: i64 } => "浙江省消防安全有奖举报办法", "奖励金额须在 {min_fen} 分至 {max_fen} 分之间", "the amount must lie between {min_fen} and {max_fen} fen";
        NoAmount => "", "奖励金额尚未核定", "the amount has not been determined";
        NotReserved => "", "预算尚未预留", "the budget has not reserved the amount";
        CodeMissing => "", "尚未发放领奖码", "no claim code has been issued";
        AlreadyNotified => "", "领奖通知已发出", "the reporter has been notified";
        NotApproved => "", "尚未完成审批", "the two approvals are missing";
        CodeWrong => "", "领奖码不符", "the code is not this claim's";
        NotProved => "", "领奖人尚未核验", "the claimant has not been proved";
        NothingInstructed => "", "没有进行中的支付", "no payment is under way";
        PaymentUnderWay => "", "支付已发出", "a payment is under way";
        PaymentOutcomeUnknown => "", "支付结果不明，须先对账，不得重复支付", "the outcome of the payment is unknown: reconcile first, never pay again blindly";
        OtherInstruction { instruction: Id } => "", "{instruction} 不是进行中的支付", "{instruction} is not the payment under way";
        OutcomeKnown => "", "没有结果不明的支付", "no payment has an unknown outcome";
    }
}

/// The claim's decider.
pub struct Claim;

impl Decider for Claim {
    const NAME: &'static str = "claim";
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

impl Clocked for Claim {
    type Duty = Duty;

    fn rederive() -> Command {
        Command::Rederive
    }

    fn clocks(state: &State) -> Option<&Clocks<Duty>> {
        match state {
            State::Open(open) => Some(&open.clocks),
            State::Unknown | State::Closed { .. } => None,
        }
    }

    fn clock(duty: Duty, event: clock::Event) -> Event {
        Event::Clock { duty, event }
    }

    fn wind(state: &State, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Refusal> {
        match state {
            State::Open(open) => Ok(clocks::wind(open, event, winding)?),
            State::Unknown | State::Closed { .. } => Ok(winding.cancel_all("closed")?),
        }
    }

    fn run_out(state: &State, duty: &Duty, due: &Due) -> Vec<Event> {
        let State::Open(open) = state else { return vec![] };
        match duty {
            Duty::Claim => [Event::Lapsed { due: due.clone() }].into_iter().chain(release(open)).collect(),
            Duty::Notify => vec![],
        }
    }
}

impl Reckoned for Claim {
    fn reckon(state: &State, event: &Event, rules: &RulePack) -> Vec<Figure> {
        match state {
            State::Open(open) => reckon(open, event, rules).into_iter().collect(),
            State::Unknown | State::Closed { .. } => vec![],
        }
    }
}

fn answer(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    match (state, command) {
        // A fine may be heard of before the report.
        (State::Unknown, command @ (Command::Note(_) | Command::NoteFine { .. })) => {
            handle(&Open::default(), command, cx)
        }
        (State::Unknown, _) => Err(Refusal::NotReported),
        (State::Open(open), command) => handle(open, command, cx),
        (State::Closed { .. }, Command::ConfirmReserved { budget, .. }) => {
            Ok(vec![Event::FundsReleased { budget }])
        }
        (State::Closed { paid: Some(_) }, Command::InstructPayment) => Ok(vec![]),
        (State::Closed { paid }, Command::Settle { instruction, .. })
            if paid.as_ref() != Some(&instruction) =>
        {
            Err(Refusal::OtherInstruction { instruction })
        }
        (
            State::Closed { .. },
            Command::Note(_)
            | Command::Verify { .. }
            | Command::Open
            | Command::RankBehind { .. }
            | Command::NoteFine { .. }
            | Command::Queue { .. }
            | Command::Settle { .. },
        ) => Ok(vec![]),
        (State::Closed { .. }, _) => Err(Refusal::AlreadyEnded),
    }
}

fn handle(open: &Open, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Note(report) => Ok(note(open, report)),
        Command::Verify { confirmed, by } => verify(open, confirmed, by),
        Command::Open => rewardable(open, cx),
        Command::RankBehind { first: _ } if open.stage == Stage::Verified => {
            Ok(vec![Event::Excluded { ground: Exclusion::NotFirst, document: None }])
        }
        Command::RankBehind { .. } => Ok(vec![]),
        Command::Exclude { ground, document } => exclude(open, ground, document, cx),
        Command::DeclareJoint { signatories, document } => declare_joint(open, signatories, document, cx),
        Command::NoteFine { penalty, fine_fen } => note_fine(open, penalty, fine_fen, cx),
        Command::SetAmount { amount_fen } => set_amount(open, amount_fen, cx),
        Command::RequestFunds => request_funds(open, cx),
        Command::ConfirmReserved { budget, amount_fen } => Ok(confirm_reserved(open, budget, amount_fen)),
        Command::Queue { budget } => {
            Ok(open.amount.map(|_| Event::FundsQueued { budget }).into_iter().collect())
        }
        Command::IssueCode { code_hash } => issue_code(open, code_hash, cx),
        Command::Approve => approve(open, cx),
        Command::Prove { code } => prove(open, &code, cx),
        Command::InstructPayment => payment::instruct(open, cx),
        Command::Settle { instruction, paid, reason } => payment::settle(open, instruction, paid, reason, cx),
        Command::ReportPaymentUnknown { reason } => payment::unknown(open, reason, cx),
        Command::ReconcilePayment { paid, document } => payment::reconcile(open, paid, document, cx),
        // The decider has answered these before it asks here.
        Command::Tick | Command::Rederive => Ok(vec![]),
    }
}

fn note(open: &Open, report: Report) -> Vec<Event> {
    if open.report.is_some() {
        return vec![];
    }
    let Report { id, reporter_ref, real_name, insider, area, matter, received_at } = report;
    vec![Event::Noted { report: id, reporter_ref, real_name, insider, area, matter, received_at }]
}

fn verify(open: &Open, confirmed: bool, by: Id) -> Result<Vec<Event>, Refusal> {
    let report = open.report.as_ref().ok_or(Refusal::NotReported)?;
    if open.stage != Stage::Reported {
        return Ok(vec![]);
    }
    let verified = Event::Verified { confirmed, by, matter: report.matter.clone() };
    let excluded =
        (!confirmed).then_some(Event::Excluded { ground: Exclusion::NotConfirmed, document: None });
    Ok([verified].into_iter().chain(excluded).collect())
}

/// The first report of a matter is rewarded, unless nobody can be reached (anonymous without contact).
fn rewardable(open: &Open, cx: &Context) -> Result<Vec<Event>, Refusal> {
    let report = open.report.as_ref().ok_or(Refusal::NotReported)?;
    match open.stage {
        Stage::Verified | Stage::Excluded(Exclusion::NotFirst) => {}
        Stage::Reported | Stage::Rewardable | Stage::Excluded(_) => return Ok(vec![]),
    }
    if !report.real_name {
        return Ok(vec![Event::Excluded { ground: Exclusion::Anonymous, document: None }]);
    }
    // The days to notify within are unverified: the duty is watched only where configuration allows the parameter.
    let notify = cx.rules.period("reward.notice").ok();
    let opened = Event::Opened {
        report: report.id.clone(),
        reporter_ref: report.reporter_ref.clone(),
        notify_by: notify.map(|period| cx.calendar.due(cx.at, period, Side::Agency)),
    };
    then_reassess(open, opened, cx)
}

fn exclude(open: &Open, ground: Exclusion, document: String, cx: &Context) -> Result<Vec<Event>, Refusal> {
    of_area(open, cx)?;
    officer(cx)?;
    match ground {
        Exclusion::KnownBefore | Exclusion::Staff | Exclusion::SelfMade => {}
        Exclusion::Anonymous | Exclusion::NotFirst | Exclusion::NotConfirmed => {
            return Err(Refusal::DecidedByRank);
        }
    }
    if open.payment != Payment::None {
        return Err(Refusal::PaymentUnderWay);
    }
    if let Stage::Excluded(_) = open.stage {
        return Ok(vec![]);
    }
    let excluded = Event::Excluded { ground, document: Some(document) };
    Ok([excluded].into_iter().chain(release(open)).collect())
}

fn declare_joint(
    open: &Open,
    signatories: Vec<Id>,
    document: String,
    cx: &Context,
) -> Result<Vec<Event>, Refusal> {
    of_area(open, cx)?;
    officer(cx)?;
    let report = open.report.as_ref().ok_or(Refusal::NotReported)?;
    let distinct = signatories.iter().collect::<BTreeSet<_>>().len();
    if signatories.len() < 2
        || distinct != signatories.len()
        || signatories.first() != Some(&report.reporter_ref)
    {
        return Err(Refusal::NotJoint);
    }
    if !open.approvals.is_empty() {
        return Err(Refusal::AlreadyApproved);
    }
    Ok(vec![Event::JointlyReported { signatories, document }])
}

fn note_fine(open: &Open, penalty: Id, fine_fen: i64, cx: &Context) -> Result<Vec<Event>, Refusal> {
    let fine_fen = fine_fen.max(0);
    if open.fines.get(&penalty) == Some(&fine_fen) {
        return Ok(vec![]);
    }
    then_reassess(open, Event::FineNoted { penalty, fine_fen }, cx)
}

fn set_amount(open: &Open, amount_fen: i64, cx: &Context) -> Result<Vec<Event>, Refusal> {
    let report = of_area(open, cx)?;
    officer(cx)?;
    is_rewardable(open)?;
    if open.fines_fen() > 0 {
        return Err(Refusal::FineDecides);
    }
    if !open.approvals.is_empty() {
        return Err(Refusal::AlreadyApproved);
    }
    if !AreaCode::parse("33").is_ok_and(|zhejiang| zhejiang.contains(&report.area)) {
        return Err(Refusal::NoLocalTable);
    }
    within_local_table(amount_fen, &cx.rules)?;
    Ok(by_local_table(open, amount_fen, cx))
}

fn request_funds(open: &Open, cx: &Context) -> Result<Vec<Event>, Refusal> {
    of_area(open, cx)?;
    officer(cx)?;
    let amount = open.amount.ok_or(Refusal::NoAmount)?;
    if open.is_funded() || open.funds == Funds::Queued {
        return Ok(vec![]);
    }
    Ok(request(open, amount.fen, cx).into_iter().collect())
}

/// A reservation that came too late for its claim goes back; one for an older, smaller amount is not enough.
fn confirm_reserved(open: &Open, budget: BudgetKey, amount_fen: i64) -> Vec<Event> {
    match open.amount {
        None => vec![Event::FundsReleased { budget }],
        Some(amount) if amount_fen < amount.fen => vec![],
        Some(_) => vec![Event::FundsReserved { budget, amount_fen }],
    }
}

fn issue_code(open: &Open, code_hash: CodeHash, cx: &Context) -> Result<Vec<Event>, Refusal> {
    of_area(open, cx)?;
    if !cx.actor.has(Role::Clerk) && !cx.actor.has(Role::Officer) {
        return Err(Refusal::NotAClerk);
    }
    if open.notified {
        return Err(Refusal::AlreadyNotified);
    }
    if open.code_hash.as_ref() == Some(&code_hash) {
        return Ok(vec![]);
    }
    Ok(vec![Event::CodeIssued { code_hash }])
}

fn approve(open: &Open, cx: &Context) -> Result<Vec<Event>, Refusal> {
    of_area(open, cx)?;
    is_rewardable(open)?;
    if open.amount.is_none() {
        return Err(Refusal::NoAmount);
    }
    if !open.is_funded() {
        return Err(Refusal::NotReserved);
    }
    let by = cx.actor.id.clone();
    if open.verifier.as_ref() == Some(&by) {
        return Err(Refusal::ApproverIsVerifier);
    }
    match open.approvals.as_slice() {
        [] if cx.actor.has(Role::Finance) || cx.actor.has(Role::Head) => {
            Ok(vec![Event::ApprovedFirst { by }])
        }
        [] => Err(Refusal::NotAnApprover),
        [first] if *first == by => Err(Refusal::SameApprover),
        [_] if !cx.actor.has(Role::Head) => Err(Refusal::NotAnApprover),
        [_] if open.code_hash.is_none() => Err(Refusal::CodeMissing),
        [_] => {
            // The notice goes out with the second approval, so the reporter's period runs from here.
            let period = cx.rules.period("reward.claim")?;
            let claim_by = cx.calendar.due(cx.at, period, Side::Party);
            Ok(vec![Event::ApprovedSecond { by }, Event::ReporterNotified { claim_by }])
        }
        _ => Err(Refusal::AlreadyApproved),
    }
}

fn prove(open: &Open, code: &Code, cx: &Context) -> Result<Vec<Event>, Refusal> {
    let report = of_area(open, cx)?;
    if !open.notified {
        return Err(Refusal::NotApproved);
    }
    if open.proved {
        return Ok(vec![]);
    }
    let shown = CodeHash::of(&report.id, code);
    if shown.is_none() || shown != open.code_hash {
        return Err(Refusal::CodeWrong);
    }
    Ok(vec![Event::Proved {}])
}

fn then_reassess(open: &Open, event: Event, cx: &Context) -> Result<Vec<Event>, Refusal> {
    let State::Open(after) = evolve(State::Open(Box::new(open.clone())), &event) else {
        return Ok(vec![event]);
    };
    let reassessed = reassess(&after, cx)?;
    Ok([event].into_iter().chain(reassessed).collect())
}

fn release(open: &Open) -> Option<Event> {
    let budget = open.budget.clone().filter(|_| open.funds != Funds::None)?;
    Some(Event::FundsReleased { budget })
}

fn is_rewardable(open: &Open) -> Result<(), Refusal> {
    match open.stage {
        Stage::Rewardable => Ok(()),
        Stage::Reported | Stage::Verified => Err(Refusal::NotVerified),
        Stage::Excluded(ground) => Err(Refusal::NotRewardable { ground }),
    }
}

fn of_area<'a>(open: &'a Open, cx: &Context) -> Result<&'a Report, Refusal> {
    let report = open.report.as_ref().ok_or(Refusal::NotReported)?;
    if cx.actor.department.area.contains(&report.area) { Ok(report) } else { Err(Refusal::OutsideArea) }
}

fn officer(cx: &Context) -> Result<(), Refusal> {
    if cx.actor.has(Role::Officer) { Ok(()) } else { Err(Refusal::NotAnOfficer) }
}
