//! What can be asked of a penalty case, and when the law says no.

use decider::{
    Clocked, Context, Decider, Department, Id, Refused, Winding,
    authority::{Certificate, Delegation, Flaw},
    clocked,
    shadow::{Figure, Reckoned},
};
use law::{
    Due, Level, Period, RulePack, Which,
    clock::{self, Clocks},
    shanghai_date,
};
use time::{Date, OffsetDateTime};

use super::{
    Duty, Event, InYuan, Outcome, ReviewGround, State, Subject, clocks, evolve, handling, lighter, settling,
};

/// A command for a penalty case.
#[derive(Debug, Clone)]
pub enum Command {
    /// The policy's: a hazard was found uncorrected after its order had run out.
    Refer { subject: Subject, order: String },
    /// 立案; certificates and delegation as the register knows them.
    File {
        /// None takes what was referred.
        subject: Option<Subject>,
        /// The norms breached.
        items: Vec<Id>,
        officers: Vec<Certificate>,
        delegation: Option<Delegation>,
        accident_level: Option<Level>,
        /// 违法行为发生之日, or when it ended; none takes the day on which it was found.
        act_on: Option<Date>,
        /// 发现之日; none takes the referral's, else that of the filing.
        found_on: Option<Date>,
        /// 危害后果, where the act concerns life, health or financial safety.
        harm: Option<String>,
    },
    /// The policy's: the act is this case's.
    ConfirmAct,
    /// The policy's: the act is another case's.
    DenyAct { holder: Id },
    /// 调查终结; the day of the act where it is another one than was filed, the harm where filing named none.
    Conclude {
        facts: String,
        fine_fen: i64,
        review: Vec<ReviewGround>,
        act_on: Option<Date>,
        harm: Option<String>,
    },
    /// 选定适用的规定, where old and new cannot be compared.
    ChooseEdition { which: Which, reason: String },
    /// 法制审核
    Review { passed: bool, opinion: String },
    /// 行政处罚告知; `defence` is how long the unit has.
    ServeNotice { document: String, defence: Period, hearing: bool },
    /// 收到陈述、申辩
    ReceiveDefence { document: String },
    /// 书面放弃; `hearing` where the paper names the hearing too.
    WaiveDefence { document: String, hearing: bool },
    /// 要求听证
    RequestHearing,
    /// 听证通知; `on` is the day of the hearing.
    NoticeHearing { document: String, on: Date },
    /// 听证结束
    CloseHearing { record: String },
    /// 处罚决定; a town shows its delegation again, as it stands now.
    Decide { document: String, fine_fen: i64, panel: Vec<String>, delegation: Option<Delegation> },
    /// 不予处罚、撤销案件
    Dismiss { ground: String },
    /// 决定公开
    Publish,
    /// 罚款缴纳, as the treasury tells it.
    RecordPayment { amount_fen: i64 },
    /// 决定变更、撤销
    Revise { outcome: Outcome, fine_fen: i64, document: String },
    /// 撤回公开信息
    WithdrawPublication { reason: String },
    /// The clocks': what they say by themselves.
    Tick,
    /// Under another calendar or pack.
    Rederive,
}

decider::refusals! {
    /// Why a penalty case refuses a command.
    pub enum Refusal {
        NoSuchCase => "行政处罚法54", "尚无此案件", "there is no such case";
        SubjectMissing => "行政处罚法54", "没有移送材料的，立案须写明当事人与违法行为", "without a referral, filing states the unit and its act";
        NotTheReferredAct => "行政处罚法54", "立案的当事人或者违法行为与移送的不一致", "the unit or the act is not what was referred";
        AlreadyFiled => "行政处罚法25", "该案已立案", "the case has been filed already";
        NotFiled => "行政处罚法54", "该案尚未立案", "the case has not been filed";
        AlreadyDecided => "行政处罚法57", "该案已作出处罚决定", "the case has been decided already";
        AlreadyDismissed => "", "该案已终结", "the case has been ended without a penalty";
        NotAnOfficer => "行政处罚法42", "须由具有行政执法资格的执法人员实施", "only a certified officer may do this";
        NotTheHead => "行政处罚法57", "须由行政机关负责人决定", "only the head decides this";
        NotTheHandlingUnit => "行政处罚法22", "本单位不是办案单位或者其委托机关", "this unit neither handles the case nor answers for it";
        TooFewOfficers { shown: usize, wanted: i64 } => "行政处罚法42", "执法人员不得少于 {wanted} 人，现有有效证件 {shown} 份", "not fewer than {wanted} officers are needed, {shown} valid certificates were shown";
        CertificateInvalid { number: Id } => "行政处罚法42", "执法证 {number} 当日无效或不属于本单位", "certificate {number} was not valid that day or belongs to another unit";
        DelegationMissing => "行政处罚法20", "乡镇（街道）办案须有生效的委托或赋权", "a town needs a delegation in force";
        DelegationNotInForce => "行政处罚法20", "委托或赋权在行为时未生效或已终止", "the delegation was not in force at the act";
        NotTheDelegate => "行政处罚法20", "该委托不属于本单位", "the delegation is another unit's";
        ItemNotDelegated { item: Id } => "行政处罚法20", "事项 {item} 不在委托清单内", "item {item} is not on the delegated list";
        OutsideArea => "行政处罚法22", "违法行为地不在管辖或受委托的区域内", "the place lies outside the area";
        NoNorm => "行政处罚法38", "没有法定依据的，行政处罚无效", "a penalty without a norm is void";
        UnknownItem { item: Id } => "行政处罚法38", "事项 {item} 不是可以适用的处罚事项", "item {item} is no norm that can be applied";
        NotCompetent { item: Id } => "行政处罚法22", "事项 {item} 不属于本机关的处罚权", "item {item} is not this body's power";
        LevelMissing { item: Id } => "安全生产法114", "事项 {item} 须写明事故等级", "item {item} needs the accident's level";
        LevelWithoutAccident { item: Id } => "安全生产法114", "事项 {item} 与事故等级无关", "item {item} has nothing to do with an accident's level";
        ActNotClaimed => "行政处罚法29", "正在确认该违法行为未被另案处理", "whether another case holds the act is still being asked";
        ActHeldByAnother { holder: Id } => "行政处罚法29", "同一违法行为已由案件 {holder} 处理，不得给予两次以上罚款", "the same act belongs to case {holder}; it is not fined twice";
        FineOutOfRange { min: InYuan, max: InYuan, article: String } => "行政处罚法38", "按照{article}，罚款须在 {min} 元至 {max} 元之间", "by {article} the fine lies between {min} and {max} yuan";
        ActDayMissing { item: Id } => "行政处罚法36", "事项 {item} 须写明违法行为发生之日", "item {item} needs the day of the act";
        ActDayAhead { day: Date } => "行政处罚法36", "违法行为发生之日 {day} 尚未到来", "the act's day, {day}, is yet to come";
        FoundAhead { day: Date } => "行政处罚法36", "违法行为被发现之日 {day} 尚未到来", "the day on which the act was found, {day}, is yet to come";
        FoundTooLate { until: Date } => "行政处罚法36", "违法行为至 {until} 未被发现，不再给予行政处罚", "the act was not found by {until}, so it is punished no more";
        NoLongerForbidden { item: Id } => "行政处罚法37", "作出决定时的规定已不再将事项 {item} 作为违法行为，不予处罚", "the rules of the decision's day no longer forbid item {item}; there is no penalty for it";
        ActRulesUnknown { rule: String } => "行政处罚法37", "规则包中没有违法行为发生时的 {rule}，须由负责人选定适用的规定并说明理由", "no pack knows {rule} as of the day of the act; the head chooses the edition and says why";
        LighterUntold { rule: String } => "行政处罚法37", "规则 {rule} 前后不一，又未载明何者较轻，须由负责人选定适用的规定并说明理由", "{rule} has changed and does not say which way is lighter; the head chooses the edition and says why";
        Incomparable { rule: String, old: String, new: String } => "行政处罚法37", "规则 {rule} 原为 {old}，现为 {new}，无法比较轻重，须由负责人选定适用的规定并说明理由", "{rule} was {old} and is {new}, which cannot be compared; the head chooses the edition and says why";
        PartlyRepealed { rule: String } => "行政处罚法37", "规则 {rule} 所属规定已部分废止，无法比较轻重，须由负责人选定适用的规定并说明理由", "some of the norm with {rule} is no longer in force; the head chooses the edition and says why";
        NothingToChoose => "行政处罚法37", "新旧规定可以比较，依法从旧兼从轻，无须选定", "old and new can be compared: the law chooses, and nobody else";
        EditionUnusable { reason: String } => "行政处罚法37", "选定的规定没有可以适用的罚款幅度：{reason}", "the chosen edition has no range to fine by: {reason}";
        NotConcluded => "行政处罚法54", "调查尚未终结", "the investigation has not been concluded";
        AlreadyNoticed => "行政处罚法44", "已告知，不得变更拟处罚内容", "the unit has been told, so the proposal stands";
        HearingMustBeOffered => "行政处罚法63", "告知书须告知听证权利（听证数额标准未核定或者已达到）", "the notice must tell of the right to a hearing: the threshold is reached, or is not verified";
        NotNoticed => "行政处罚法44、62", "未告知拟处罚的内容及事实、理由、依据，不得作出决定", "no decision before the unit was told what, why and on what basis";
        DefenceWindowOpen { until: Date } => "行政处罚法45、62", "陈述、申辩期限至 {until} 届满，当事人未书面放弃的，不得作出决定", "the unit may defend itself until {until} and has not waived it in writing";
        DefenceTooLate { until: Date } => "行政处罚法45", "陈述、申辩期限已于 {until} 届满", "the time for a defence ran out on {until}";
        NoHearingRight => "行政处罚法63", "告知书未告知听证权利", "the notice gave no right to a hearing";
        HearingTooLate { until: Date } => "行政处罚法64", "要求听证的期限已于 {until} 届满", "the time to ask for a hearing ran out on {until}";
        HearingWaived => "行政处罚法64", "当事人已书面放弃听证", "the unit has waived the hearing in writing";
        HearingWindowOpen { until: Date } => "行政处罚法64", "要求听证的期限至 {until} 届满", "a hearing may be asked for until {until}";
        HearingOpen => "行政处罚法65", "听证尚未结束，不得作出决定", "no decision before the hearing is closed";
        HearingNotRequested => "行政处罚法64", "当事人未要求听证", "no hearing was asked for";
        HearingNoticedLate { by: Date } => "行政处罚法64", "举行听证的七个工作日前须通知当事人，最迟应于 {by} 通知", "the unit is told of the hearing seven working days before it, so by {by}";
        HearingNotNoticed => "行政处罚法64", "未通知当事人听证的时间、地点", "the unit was not told when and where the hearing is held";
        HearingAhead { on: Date } => "行政处罚法64", "听证定于 {on} 举行，尚未到日", "the hearing is on {on}, which is yet to come";
        NoPartInHearings => "行政处罚法64", "听证由行政机关的执法人员、法制审核人员或者负责人组织、主持", "officers, legal reviewers and the head hold hearings, and nobody else";
        PresiderHandledCase => "行政处罚法64", "听证由非本案调查人员主持", "the hearing is presided over by someone who did not investigate the case";
        NotAReviewer => "行政处罚法58", "法制审核须由法制审核人员进行", "only a legal reviewer reviews";
        ReviewerHandledCase => "行政处罚法58", "法制审核人员不得是本案办案人员", "the reviewer has handled the case";
        NotReviewed => "行政处罚法58", "未经法制审核或者审核未通过，不得作出决定", "no decision without a passed legal review";
        NoCollectiveDiscussion => "行政处罚法57", "情节复杂或者重大的，须由负责人集体讨论决定", "a complex or grave case is decided by collective discussion";
        Aggravated { noticed: InYuan } => "行政处罚法45", "不得因当事人陈述、申辩而给予更重的处罚（已告知 {noticed} 元）", "the fine exceeds the {noticed} yuan that the unit was told; a defence never aggravates";
        NotDecided => "行政处罚法57", "尚未作出处罚决定", "the case has not been decided";
        DecisionRevoked => "行政处罚法48", "处罚决定已撤销", "the decision has been revoked";
        NotTheReviser => "行政处罚法48", "只有作出决定的机关、其上级机关或者本级人民政府可以变更、撤销", "only the deciding body, its superior or the government changes a decision";
        NotLess { fine: InYuan } => "行政处罚法48", "变更后的罚款须低于原罚款 {fine} 元", "a reduced fine is less than the {fine} yuan decided";
        PublicationNotWithdrawn => "行政处罚法48", "须先撤回原公开信息", "the old publication is withdrawn first";
        NothingToWithdraw => "行政处罚法48", "没有需要撤回的公开信息", "there is no publication to withdraw";
        NoAmount => "", "缴纳金额须大于零", "a payment is more than nothing";
        Overpaid { outstanding: InYuan } => "行政处罚法67", "缴纳金额超过尚欠罚款 {outstanding} 元", "only {outstanding} yuan of the fine are outstanding";
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

/// The penalty case's decider.
pub struct Penalty;

impl Decider for Penalty {
    const NAME: &'static str = "penalty";
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

impl Reckoned for Penalty {
    /// A fine is the officials' to set, within what the norm allows.
    fn reckon(_state: &State, event: &Event, rules: &RulePack) -> Vec<Figure> {
        let Event::Decided { fine_fen, .. } = event else { return vec![] };
        let within = lighter::retold(event, rules)
            .and_then(|range| range.map_or(Ok(()), |range| handling::within(*fine_fen, range).map(drop)));
        let other = within.map(|()| *fine_fen).map_err(|no| Box::new(Refused::of(&no)));
        vec![Figure { field: "fine_fen", recorded: *fine_fen, other }]
    }
}

impl Clocked for Penalty {
    type Duty = Duty;

    fn rederive() -> Command {
        Command::Rederive
    }

    fn clocks(state: &State) -> Option<&Clocks<Duty>> {
        match state {
            State::Open(open) => Some(&open.case.clocks),
            State::Decided(decided) => Some(&decided.case.clocks),
            State::Unknown | State::Referred(_) | State::Dismissed => None,
        }
    }

    fn clock(duty: Duty, event: clock::Event) -> Event {
        Event::Clock { duty, event }
    }

    fn wind(state: &State, event: &Event, winding: &mut Winding<'_, Duty>) -> Result<(), Refusal> {
        Ok(clocks::wind(state, event, winding)?)
    }

    fn run_out(_: &State, duty: &Duty, due: &Due) -> Vec<Event> {
        match duty {
            Duty::Defend => vec![Event::DefenceLapsed { due: due.clone() }],
            Duty::RequestHearing | Duty::Decide | Duty::Pay | Duty::Publish | Duty::WithdrawPublication => {
                vec![]
            }
        }
    }
}

fn answer(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    let event = match (state, command) {
        (State::Unknown, Command::Refer { subject, order }) => {
            Some(Event::Referred { subject, order, found_on: shanghai_date(cx.at) })
        }
        // What policies and the clock repeat, or send too late, changes nothing.
        (_, Command::Refer { .. }) => None,
        (State::Open(open), Command::ConfirmAct) => handling::confirm(open),
        (State::Open(open), Command::DenyAct { holder }) => handling::deny(open, holder),
        (_, Command::ConfirmAct | Command::DenyAct { .. }) => None,
        (State::Unknown, command @ Command::File { .. }) => Some(handling::file(None, command, cx)?),
        (State::Referred(referral), command @ Command::File { .. }) => {
            Some(handling::file(Some(referral), command, cx)?)
        }
        (_, Command::File { .. }) => return Err(Refusal::AlreadyFiled),
        (State::Unknown, _) => return Err(Refusal::NoSuchCase),
        (State::Referred(referral), Command::Dismiss { ground }) => {
            Some(handling::dismiss_referred(&referral.subject, ground, cx)?)
        }
        (State::Referred(_), _) => return Err(Refusal::NotFiled),
        (State::Open(open), command) => handling::handle(open, command, cx)?,
        (State::Decided(decided), command) => settling::settle(decided, command, cx)?,
        (State::Dismissed, Command::Dismiss { .. }) => None,
        (State::Dismissed, _) => return Err(Refusal::AlreadyDismissed),
    };
    Ok(event.into_iter().collect())
}

/// Whether the actor's unit handles the case or answers for it.
pub(super) fn ours(department: &Department, authority: &Department, cx: &Context) -> Result<(), Refusal> {
    if cx.actor.department == *department || cx.actor.department == *authority {
        Ok(())
    } else {
        Err(Refusal::NotTheHandlingUnit)
    }
}
