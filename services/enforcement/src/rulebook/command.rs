//! What can be asked of a proposed version, and when the answer is no.

use std::sync::Arc;

use decider::{ActorKind, Context, Decider, DepartmentKind, Role};
use law::{Adoption, AdoptionError, InForce, Kind};
use time::OffsetDateTime;

use super::{Counted, Differences, Draft, Event, Proposal, State, evolve};

/// Longest file, as it stands inside an event. With everything around it, an event and a message hold twice as much.
pub const TEXT_BYTES_MAX: usize = 128 << 10;
/// Most differences that are listed.
const LINES_MAX: usize = 200;

/// A command for a proposed version.
#[derive(Debug, Clone)]
pub enum Command {
    /// 提出
    Propose { proposal: Box<Proposal> },
    /// 试算; what was counted comes from the log, which no decision sees.
    DryRun { counted: Vec<Counted> },
    /// 批准
    Approve,
    /// 撤回
    Withdraw { cause: String },
    /// Its instant has come.
    TakeEffect,
}

decider::refusals! {
    /// Why a proposed version refuses a command.
    pub enum Refusal {
        NotTheLegalOffice => "", "须由消防救援机构法制审核员提出、试算", "the legal reviewers of a fire department propose and try out";
        NotTheHead => "", "须由消防救援机构负责人批准", "the head of a fire department approves";
        SecondPersonWanted => "", "提出人不得批准自己的提案", "who proposed it cannot approve it";
        NotTriedOut => "", "批准前须先试算", "it is tried out before it is approved";
        AlreadyProposed => "", "该编号已有提案", "there is a proposal of this id";
        NotProposed => "", "没有该提案", "there is no such proposal";
        NoLongerProposed => "", "提案已批准、施行或者撤回", "the proposal is approved, in force or withdrawn";
        InForceAlready => "", "已经施行，不得撤回；请另行采用新的版本", "it is in force; adopt another version instead";
        InThePast { effective_from: String } => "", "施行时间 {effective_from} 已过", "it would take effect at {effective_from}, which has passed";
        TooLong { bytes: usize } => "", "文件过大（{bytes} 字节）", "the file is too long ({bytes} bytes)";
        BadFile { zh: String, en: String } => "", "{zh}", "{en}";
        NothingNew { version: String } => "", "与现行版本 {version} 相同", "it says what is in force already: {version}";
    }
}

/// The decider of a proposed version.
pub struct Adopting;

impl Decider for Adopting {
    const NAME: &'static str = "rulebook";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Unknown, Command::Propose { proposal }) => propose(*proposal, cx),
            (_, Command::Propose { .. }) => Err(Refusal::AlreadyProposed),
            (State::Approved(proposal, from), Command::TakeEffect) => Ok(take_effect(proposal, *from, cx)),
            (_, Command::TakeEffect) => Ok(vec![]),
            (State::Unknown, _) => Err(Refusal::NotProposed),
            (State::Proposed(draft), Command::DryRun { counted }) => try_out(draft, counted, cx),
            (State::Proposed(draft), Command::Approve) => approve(draft, cx),
            (State::Proposed(_) | State::Approved(..), Command::Withdraw { cause }) => {
                legal(cx).or_else(|_| head(cx))?;
                Ok(vec![Event::Withdrawn { cause }])
            }
            (State::Adopted, Command::Withdraw { .. }) => Err(Refusal::InForceAlready),
            (State::Withdrawn, Command::Withdraw { .. }) => Ok(vec![]),
            (State::Approved(..) | State::Adopted | State::Withdrawn, _) => Err(Refusal::NoLongerProposed),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }

    fn deadline(state: &State) -> Option<(OffsetDateTime, Command)> {
        match state {
            State::Approved(_, from) => Some((*from, Command::TakeEffect)),
            State::Unknown | State::Proposed(_) | State::Adopted | State::Withdrawn => None,
        }
    }
}

fn propose(proposal: Proposal, cx: &Context) -> Result<Vec<Event>, Refusal> {
    legal(cx)?;
    let bytes = serde_json::to_vec(&proposal.text).map_or(usize::MAX, |json| json.len());
    if bytes > TEXT_BYTES_MAX {
        return Err(Refusal::TooLong { bytes });
    }
    if let Some(from) = proposal.effective_from {
        not_past(from, cx)?;
    }
    let next = in_force(cx).with(&adoption(&proposal, cx.now)).map_err(bad_file)?;
    let (now, version) = match proposal.kind {
        Kind::Pack => (cx.rules.version(), next.rules.version()),
        Kind::Calendar => (cx.calendar.version(), next.calendar.version()),
    };
    let version = version.to_owned();
    if now == version {
        return Err(Refusal::NothingNew { version });
    }
    Ok(vec![Event::Proposed { proposal, version, by: cx.actor.id.clone() }])
}

fn try_out(draft: &Draft, counted: Vec<Counted>, cx: &Context) -> Result<Vec<Event>, Refusal> {
    legal(cx).or_else(|_| head(cx))?;
    let now = in_force(cx);
    let next = now.with(&adoption(&draft.proposal, cx.now)).map_err(bad_file)?;
    let mut lines = now.differences(&next);
    let more = lines.len().saturating_sub(LINES_MAX) as u64;
    lines.truncate(LINES_MAX);
    Ok(vec![Event::DryRun { differences: Differences { lines, more }, counted }])
}

fn approve(draft: &Draft, cx: &Context) -> Result<Vec<Event>, Refusal> {
    head(cx)?;
    if cx.actor.id == draft.by {
        return Err(Refusal::SecondPersonWanted);
    }
    if !draft.is_tried {
        return Err(Refusal::NotTriedOut);
    }
    let effective_from = draft.proposal.effective_from.unwrap_or(cx.now);
    not_past(effective_from, cx)?;
    // What is in force may have changed since it was proposed.
    in_force(cx).with(&adoption(&draft.proposal, effective_from)).map_err(bad_file)?;
    let mut events = vec![Event::Approved { by: cx.actor.id.clone(), effective_from }];
    if effective_from <= cx.now {
        events.extend(take_effect(&draft.proposal, effective_from, cx));
    }
    Ok(events)
}

/// A file that fits no longer, because of what came into force since, does not take effect and says why.
fn take_effect(proposal: &Proposal, from: OffsetDateTime, cx: &Context) -> Vec<Event> {
    if cx.now < from {
        return vec![];
    }
    let mut adoption = adoption(proposal, from);
    match in_force(cx).with(&adoption) {
        Ok(next) => {
            adoption.version = match proposal.kind {
                Kind::Pack => next.rules.version().to_owned(),
                Kind::Calendar => next.calendar.version().to_owned(),
            };
            vec![Event::Adopted { adoption }]
        }
        Err(error) => vec![Event::Withdrawn { cause: error.to_string() }],
    }
}

fn adoption(proposal: &Proposal, effective_from: OffsetDateTime) -> Adoption {
    let rows = proposal.allowance.iter().flat_map(|allowance| &allowance.statement.rows);
    Adoption {
        id: proposal.id.to_string(),
        kind: proposal.kind,
        version: String::new(),
        effective_from,
        file: proposal.file.clone(),
        text: proposal.text.clone(),
        allowed: rows.cloned().collect(),
    }
}

fn in_force(cx: &Context) -> InForce {
    InForce { from: None, rules: Arc::clone(&cx.rules), calendar: Arc::clone(&cx.calendar) }
}

fn not_past(effective_from: OffsetDateTime, cx: &Context) -> Result<(), Refusal> {
    if effective_from < cx.now {
        return Err(Refusal::InThePast { effective_from: effective_from.to_string() });
    }
    Ok(())
}

fn bad_file(error: AdoptionError) -> Refusal {
    Refusal::BadFile { zh: error.zh(), en: error.to_string() }
}

fn legal(cx: &Context) -> Result<(), Refusal> {
    if is_person_of_fire(cx) && cx.actor.has(Role::Legal) { Ok(()) } else { Err(Refusal::NotTheLegalOffice) }
}

fn head(cx: &Context) -> Result<(), Refusal> {
    if is_person_of_fire(cx) && cx.actor.has(Role::Head) { Ok(()) } else { Err(Refusal::NotTheHead) }
}

fn is_person_of_fire(cx: &Context) -> bool {
    cx.actor.kind == ActorKind::Person && cx.actor.is_of(DepartmentKind::Fire)
}
