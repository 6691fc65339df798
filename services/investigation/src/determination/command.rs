//! What can be asked of a cause determination, and when the law says no.

mod issue;
mod review;

use decider::{
    Clocked, Context, Decider, DepartmentKind, Id, Role, Winding,
    authority::{Certificate, Flaw},
    clocked,
};
use law::{
    AreaCode, Role as Side, Tier,
    clock::{self, Clock, Clocks, Extension},
};
use time::{Date, OffsetDateTime};

use super::{
    Duty, Event, Ground, Higher, Outcome, State, clocks, evolve,
    state::{Open, Stage},
};
use crate::fire::Totals;

/// A command for a cause determination.
#[derive(Debug, Clone)]
pub enum Command {
    /// The alarm was raised: the clock runs.
    Open { area: AreaCode, alarm_at: OffsetDateTime },
    /// The fire's jurisdiction moved upward.
    Move { to: Tier, at: OffsetDateTime },
    /// Somebody was hurt.
    NoteCasualties,
    /// The harm of the fire as it is known now.
    NoteHarm { totals: Totals },
    /// 委托鉴定
    CommissionAppraisal { appraisal: Id },
    /// 鉴定结束
    ReturnAppraisal { appraisal: Id },
    /// 上一级消防救援机构批准延长; the document is the national body's, which has no account here.
    Extend { document: Option<String> },
    /// 听取当事人意见
    HearParties { cause: String, present: Vec<Id>, absent: Vec<Id>, disputed: bool },
    /// 火灾事故认定; certificates as the register of authority knows them.
    Issue { document: String, cause: String, officers: Vec<Certificate>, simple: bool },
    /// 简易调查认定书备案
    File,
    /// 送达; by public notice where nothing else is possible.
    Serve { by_public_notice: bool },
    /// 申请复核
    RequestReview { party: Id },
    /// 受理复核
    AcceptReview { document: Option<String> },
    /// 不予受理复核
    RefuseReview { ground: Ground, document: Option<String> },
    /// 提交书面说明和案卷
    ReturnFile,
    /// 复核结论
    DecideReview { outcome: Outcome, document: Option<String> },
    /// 法院受理诉讼
    NoteSuit { court: String },
    /// The clocks': what they say by themselves.
    Tick,
    /// Under another calendar or pack.
    Rederive,
}

decider::refusals! {
    /// Why a cause determination refuses a command.
    pub enum Refusal {
        AlreadyOpened => "", "该火灾的认定已开始", "the determination has been opened already";
        NotOpened => "火灾事故调查规定18", "尚未接警，无从认定", "without an alarm there is nothing to determine";
        BeforeAlarm => "火灾事故调查规定18", "行为时间早于接警时间", "the act is dated before the alarm";
        OnlyFireBody => "消防法51", "火灾事故认定由消防救援机构作出", "only a fire rescue body determines a cause";
        OutsideArea => "火灾事故调查规定6", "火灾地点不在本单位管辖区域内", "the fire lies outside the department's area";
        NotTheBody => "火灾事故调查规定6", "本机构对该火灾的认定无管辖权", "another level of the fire rescue body has this fire";
        NotTheNextHigherBody => "火灾事故调查规定18；火灾事故调查规定35", "须由有管辖权机构的上一级消防救援机构办理", "only the next higher fire rescue body may do this";
        NationalDocumentMissing => "火灾事故调查规定18；火灾事故调查规定35", "记录国家消防救援机构的行为须载明其文书", "an act of the national body is recorded with its document only";
        NotTheHead => "火灾事故调查规定18", "须由机构负责人批准", "only the head of the body approves this";
        NotAnOfficer => "火灾事故调查规定14", "须由火灾事故调查人员实施", "only an investigator may do this";
        NotAnOfficial => "火灾事故调查规定13、32、35、36、37", "须由本机构的受理人员、调查人员、法制人员或者负责人办理", "a clerk, an investigator, a legal officer or the head of the body does this";
        TooFewOfficers { shown: usize, wanted: i64 } => "火灾事故调查规定14", "火灾事故调查人员不得少于 {wanted} 人，现有有效证件 {shown} 份", "not fewer than {wanted} investigators are needed, {shown} valid certificates were shown";
        CertificateInvalid { number: Id } => "火灾事故调查规定14", "执法证 {number} 当日无效或不属于本机构", "certificate {number} was not valid that day or belongs to another body";
        AppraisalUnknown { appraisal: Id } => "", "没有委托过鉴定 {appraisal}", "no appraisal {appraisal} was commissioned";
        ReturnedBeforeCommissioned => "", "鉴定不得早于委托结束", "an appraisal does not end before it begins";
        AlreadyExtended => "火灾事故调查规定18", "认定期限只能延长一次", "the time is extended once only";
        PeriodOver { last_day: Date } => "火灾事故调查规定18", "认定期限已于 {last_day} 届满，不得再延长", "the time ran out on {last_day} and cannot be extended any more";
        AlreadyIssued => "火灾事故调查规定18", "已作出火灾事故认定", "the determination has been issued already";
        PartiesNotHeard => "火灾事故调查规定31", "认定前应当向当事人说明并听取意见", "the parties are heard before the determination";
        CauseNotExplained => "火灾事故调查规定31", "认定的起火原因与向当事人说明的不一致", "this is not the cause that was explained to the parties";
        NotSimple => "火灾事故调查规定12", "有人员伤亡或者当事人有异议的，不适用简易程序", "casualties or a dispute exclude the simple procedure";
        NotSlight => "火灾事故调查规定12", "火灾等级高于一般或者损害达到涉嫌犯罪标准的，不适用简易程序", "a fire above the general level, or one whose harm points to a crime, excludes the simple procedure";
        NothingToFile => "火灾事故调查规定13", "只有简易认定须备案", "only a simple determination is filed";
        NotIssued => "火灾事故调查规定32", "尚未作出火灾事故认定", "nothing has been determined yet";
        AlreadyServed => "火灾事故调查规定32", "认定书已送达", "the determination has been served already";
        NotServed => "火灾事故调查规定35", "认定书尚未送达", "the determination has not been served";
        SimpleNotReviewable => "火灾事故调查规定36", "适用简易程序作出的认定不予复核", "a simple determination is not reviewed";
        ReviewTooLate { last_day: Date } => "火灾事故调查规定35", "复核申请期限已于 {last_day} 届满", "a review could be asked for until {last_day}";
        AlreadyReviewed => "火灾事故调查规定35", "复核以一次为限", "a determination is reviewed once only";
        ReviewPending => "火灾事故调查规定36", "已有复核申请在办", "a review is pending already";
        SuitPending => "火灾事故调查规定36；火灾事故调查规定38", "法院已受理诉讼", "a court has accepted a suit";
        NotTheReviewingHead => "火灾事故调查规定36；火灾事故调查规定38", "复核的受理和结论由复核机构负责人决定", "the head of the reviewing body answers an application and concludes";
        ReviewNotRequested => "火灾事故调查规定36", "没有待答复的复核申请", "no application for review waits for an answer";
        ReviewNotAccepted => "火灾事故调查规定38", "复核尚未受理或者已经结束", "no accepted review is running";
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::TooFewOfficers { shown, wanted } => Self::TooFewOfficers { shown, wanted },
            Flaw::CertificateInvalid { number } => Self::CertificateInvalid { number },
            // A determination is never delegated, so its check meets none of these.
            Flaw::DelegationNotInForce
            | Flaw::NotTheDelegate
            | Flaw::ItemNotDelegated { .. }
            | Flaw::OutsideArea => Self::OutsideArea,
        }
    }
}

/// The determination's decider.
pub struct Determination;

impl Decider for Determination {
    const NAME: &'static str = "determination";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Tick => clocked::tick::<Self>(state, cx),
            Command::Rederive => clocked::rederive::<Self>(state, cx),
            // Jurisdiction moved when the fire said so.
            Command::Move { at, .. } => {
                let cx = Context { at, ..cx.clone() };
                clocked::act::<Self>(state, &cx, |state| answer(state, command, &cx))
            }
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

impl Clocked for Determination {
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

fn answer(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
    match (state, command) {
        (State::Unknown, Command::Open { area, alarm_at }) => {
            let period = cx.rules.period("fire.cause.determine")?;
            let determine_by = cx.calendar.due(alarm_at, period, Side::Agency);
            Ok(vec![Event::Opened { area, alarm_at, tier: Tier::County, determine_by }])
        }
        (State::Unknown, _) => Err(Refusal::NotOpened),
        (State::Open(_), Command::Open { .. }) => Err(Refusal::AlreadyOpened),
        (State::Open(open), _) if cx.at < open.alarm_at => Err(Refusal::BeforeAlarm),
        (State::Open(open), command) => handle(open, command, cx).map(|event| event.into_iter().collect()),
    }
}

fn handle(open: &Open, command: Command, cx: &Context) -> Result<Option<Event>, Refusal> {
    match command {
        Command::Move { to, at } => {
            let from = open.tiers.last().map_or(Tier::County, |(_, tier)| *tier);
            Ok((to > from).then_some(Event::Moved { from, to, at }))
        }
        Command::NoteCasualties => Ok((!open.casualties).then_some(Event::CasualtiesNoted {})),
        Command::NoteHarm { totals } => Ok((totals != open.harm).then_some(Event::HarmNoted { totals })),
        Command::CommissionAppraisal { appraisal } => commission(open, appraisal, cx),
        Command::ReturnAppraisal { appraisal } => return_appraisal(open, appraisal, cx),
        Command::Extend { document } => extend(open, document, cx).map(Some),
        Command::HearParties { cause, present, absent, disputed } => {
            officer_of_the_body(open, cx)?;
            investigating(open)?;
            Ok(Some(Event::PartiesHeard { cause, present, absent, disputed }))
        }
        Command::Issue { document, cause, officers, simple } => {
            issue::issue(open, document, cause, officers, simple, cx).map(Some)
        }
        Command::File => issue::file(open, cx),
        Command::Serve { by_public_notice } => issue::serve(open, by_public_notice, cx).map(Some),
        Command::RequestReview { party } => review::request(open, party, cx).map(Some),
        Command::AcceptReview { document } => review::accept(open, document, cx).map(Some),
        Command::RefuseReview { ground, document } => review::refuse(open, ground, document, cx).map(Some),
        Command::ReturnFile => review::return_file(open, cx),
        Command::DecideReview { outcome, document } => {
            review::conclude(open, outcome, document, cx).map(Some)
        }
        Command::NoteSuit { court } => review::note_suit(open, court, cx),
        // The decider has answered these before it asks here.
        Command::Open { .. } | Command::Tick | Command::Rederive => Ok(None),
    }
}

fn commission(open: &Open, appraisal: Id, cx: &Context) -> Result<Option<Event>, Refusal> {
    officer_of_the_body(open, cx)?;
    investigating(open)?;
    let new = !open.appraisals.contains_key(&appraisal);
    Ok(new.then_some(Event::AppraisalCommissioned { appraisal, at: cx.at }))
}

fn return_appraisal(open: &Open, appraisal: Id, cx: &Context) -> Result<Option<Event>, Refusal> {
    officer_of_the_body(open, cx)?;
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
    let clock = Clock::evolve(open.determining().cloned(), &resumed).ok_or(Refusal::NotOpened)?;
    let determine_by = clock.runs_out(&cx.calendar, cx.at);
    Ok(Some(Event::AppraisalReturned { appraisal, at: cx.at, determine_by }))
}

fn extend(open: &Open, document: Option<String>, cx: &Context) -> Result<Event, Refusal> {
    let approved_by = higher_body(open, open.tier_at(cx.at), document, cx)?;
    if !cx.actor.has(Role::Head) {
        return Err(Refusal::NotTheHead);
    }
    let mut clock = open.determining().cloned().ok_or(Refusal::NotOpened)?;
    if clock.end.is_some() {
        return Err(Refusal::AlreadyIssued);
    }
    if !clock.extensions.is_empty() {
        return Err(Refusal::AlreadyExtended);
    }
    if !clock.in_time(cx.at) {
        return Err(Refusal::PeriodOver { last_day: clock.until.due.last_day });
    }
    let period = cx.rules.period("fire.cause.extend")?;
    clock.extensions.push(Extension { by: String::new(), document: String::new(), period });
    let determine_by = clock.runs_out(&cx.calendar, cx.at);
    Ok(Event::Extended { approved_by, determine_by })
}

/// Nothing is added to a determination once it is issued, unless a review wants it anew.
fn investigating(open: &Open) -> Result<(), Refusal> {
    match (&open.stage, &open.review) {
        (Stage::Investigating, _) | (_, super::Review::Redetermine(_)) => Ok(()),
        (Stage::Issued(_) | Stage::Served(..), _) => Err(Refusal::AlreadyIssued),
    }
}

fn officer_of_the_body(open: &Open, cx: &Context) -> Result<(), Refusal> {
    body(open, open.tier_at(cx.at), cx)?;
    if cx.actor.has(Role::Officer) { Ok(()) } else { Err(Refusal::NotAnOfficer) }
}

/// The fire body of one tier, in whose area the fire lies.
fn body(open: &Open, tier: Tier, cx: &Context) -> Result<(), Refusal> {
    fire_body(open, cx)?;
    if cx.actor.department.area.tier() == Some(tier) { Ok(()) } else { Err(Refusal::NotTheBody) }
}

fn higher_body(open: &Open, than: Tier, document: Option<String>, cx: &Context) -> Result<Higher, Refusal> {
    fire_body(open, cx)?;
    let (tier, acts) = next_higher(than);
    if cx.actor.department.area.tier() != Some(acts) {
        return Err(Refusal::NotTheNextHigherBody);
    }
    if tier == Tier::State && document.is_none() {
        return Err(Refusal::NationalDocumentMissing);
    }
    Ok(Higher { tier, recorded_by: cx.actor.department.clone(), document })
}

/// The next higher body, and the one that acts for it here: the national one has no account.
fn next_higher(than: Tier) -> (Tier, Tier) {
    match than {
        Tier::County => (Tier::City, Tier::City),
        Tier::City => (Tier::Province, Tier::Province),
        Tier::Province | Tier::State => (Tier::State, Tier::Province),
    }
}

/// What comes from outside is entered where it arrives: by the body whose determination it is, or the next higher one.
fn entering(open: &Open, cx: &Context) -> Result<(), Refusal> {
    fire_body(open, cx)?;
    let own = match &open.stage {
        Stage::Investigating => open.tier_at(cx.at),
        Stage::Issued(issued) | Stage::Served(issued) => issued.tier,
    };
    let (_, higher) = next_higher(own);
    match cx.actor.department.area.tier() {
        Some(tier) if tier == own || tier == higher => official(cx),
        _ => Err(Refusal::NotTheBody),
    }
}

fn official(cx: &Context) -> Result<(), Refusal> {
    let roles = [Role::Clerk, Role::Officer, Role::Legal, Role::Head];
    if roles.iter().any(|role| cx.actor.has(*role)) { Ok(()) } else { Err(Refusal::NotAnOfficial) }
}

fn fire_body(open: &Open, cx: &Context) -> Result<(), Refusal> {
    if !cx.actor.is_of(DepartmentKind::Fire) {
        return Err(Refusal::OnlyFireBody);
    }
    if cx.actor.department.area.contains(&open.area) { Ok(()) } else { Err(Refusal::OutsideArea) }
}
