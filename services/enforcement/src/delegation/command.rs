//! What can be asked of a delegation, and when the law says no.

use decider::{
    Context, Decider, Department, DepartmentKind, Id, Role,
    authority::{Certificate, Delegation, Model, check_officers},
};
use law::RuleError;
use time::OffsetDateTime;

use super::{Basis, BasisKind, Event, Party, State, evolve, state::Draft};
use crate::penalty::Norm;

/// A command for a delegation.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a command is made once and used once")]
pub enum Command {
    /// 拟定; `staff` are the delegate's certified officers.
    Draft { delegation: Delegation, basis: Basis, staff: Vec<Certificate> },
    /// 签订, by the party the actor belongs to.
    Sign,
    /// 公布, by the party the actor belongs to.
    Publish,
    /// 中止
    Suspend { cause: String },
    /// 恢复
    Resume,
    /// 收回
    Revoke { cause: String },
    /// The clock's: the term is over.
    Expire,
}

decider::refusals! {
    /// Why a delegation refuses a command.
    pub enum Refusal {
        AlreadyDrafted => "", "该委托已拟定", "the delegation has been drafted already";
        NotDrafted => "", "尚无此委托", "there is no such delegation";
        NoLegalBasis { kind: BasisKind } => "行政处罚法20", "委托须以法律、法规、规章为依据，{kind} 不能作为依据", "a delegation rests on a law, regulation or rule; {kind} is none";
        NoProvincialDecision { kind: BasisKind } => "行政处罚法24", "赋权须有省级决定，{kind} 不能作为依据", "an assignment rests on a decision of the province; {kind} is none";
        SubDelegation { delegator: Department } => "行政处罚法20", "{delegator} 不享有该项权力，受委托组织不得再委托", "{delegator} does not hold the power, and a delegate may not delegate it on";
        NotFitToReceive { delegate: Department } => "行政处罚法21", "{delegate} 不得接受委托", "{delegate} cannot be delegated to";
        StaffNotCertified => "行政处罚法21", "受委托组织没有足够的具有执法资格的人员", "the delegate has too few certified officers";
        CoerciveMeasureNotDelegable { item: Id } => "行政强制法17", "行政强制措施权不得委托（{item}）", "coercive measures cannot be delegated ({item})";
        NotOwnPower { item: Id } => "行政处罚法20", "事项 {item} 不在委托机关法定权限内", "item {item} is not within the delegator's own powers";
        OutsideArea => "行政处罚法22", "委托区域超出委托机关或者受委托组织的辖区", "the delegated area lies outside the delegator's or the delegate's area";
        NoMatters => "行政处罚法20", "委托书须载明具体事项", "a delegation states its matters";
        NoTerm => "行政处罚法20", "委托书须载明期限", "a delegation states its term";
        TermOver => "行政处罚法20", "委托期限已届满", "the term is over";
        NotAParty => "行政处罚法20", "只有委托机关、受委托组织可以办理", "only the delegator and the delegate may do this";
        NotTheHead => "行政处罚法20", "须由负责人办理", "only the head may do this";
        NotSigned => "行政处罚法20", "双方尚未签订，不得公布", "it is published only after both have signed";
        NotTheDelegator => "行政处罚法20", "只有委托机关可以中止、恢复、收回", "only the delegator suspends, resumes and revokes";
        NotInForce => "行政处罚法20", "委托未生效", "the delegation is not in force";
        NotSuspended => "", "委托未中止", "the delegation is not suspended";
        AlreadyEnded => "", "委托已终止", "the delegation has ended";
    }
}

/// What the law calls coercive measures; no such item stands on a list of 委托.
const COERCIVE: [&str; 5] = ["seal", "temporary-seal", "seizure", "forced-demolition", "detention"];

/// The delegation's decider.
pub struct Delegating;

impl Decider for Delegating {
    const NAME: &'static str = "delegation";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Unknown, Command::Draft { delegation, basis, staff }) => {
                draft(delegation, basis, &staff, cx)
            }
            (_, Command::Draft { .. }) => Err(Refusal::AlreadyDrafted),
            (State::Ended, Command::Expire) | (State::Draft(_) | State::Unknown, Command::Expire) => {
                Ok(vec![])
            }
            (State::Unknown, _) => Err(Refusal::NotDrafted),
            (State::Ended, _) => Err(Refusal::AlreadyEnded),
            (State::Draft(draft), Command::Sign) => sign(draft, cx),
            (State::Draft(draft), Command::Publish) => publish(draft, cx),
            (State::Draft(draft), Command::Revoke { cause }) => {
                delegator(&draft.delegation, cx)?;
                Ok(vec![Event::Revoked { at: cx.at, cause }])
            }
            (State::Draft(_), Command::Suspend { .. } | Command::Resume) => Err(Refusal::NotInForce),
            (State::InForce(..) | State::Suspended(..), Command::Sign | Command::Publish) => Ok(vec![]),
            (State::InForce(delegation, _), Command::Suspend { cause }) => {
                delegator(delegation, cx)?;
                Ok(vec![Event::Suspended { at: cx.at, cause }])
            }
            (State::InForce(..), Command::Resume) => Err(Refusal::NotSuspended),
            (State::InForce(delegation, _), Command::Revoke { cause }) => {
                delegator(delegation, cx)?;
                Ok(vec![Event::Revoked { at: cx.at, cause }])
            }
            (State::InForce(delegation, _), Command::Expire) => Ok(expire(delegation, delegation.until, cx)),
            (State::Suspended(..), Command::Suspend { .. }) => Ok(vec![]),
            (State::Suspended(delegation, basis, _), Command::Resume) => resume(delegation, basis, cx),
            (State::Suspended(delegation, _, since), Command::Revoke { cause }) => {
                delegator(delegation, cx)?;
                Ok(vec![Event::Revoked { at: *since, cause }])
            }
            (State::Suspended(delegation, _, since), Command::Expire) => Ok(expire(delegation, *since, cx)),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }

    fn deadline(state: &State) -> Option<(OffsetDateTime, Command)> {
        match state {
            State::InForce(delegation, _) | State::Suspended(delegation, ..) => {
                Some((delegation.until, Command::Expire))
            }
            State::Unknown | State::Draft(_) | State::Ended => None,
        }
    }
}

fn draft(
    delegation: Delegation,
    basis: Basis,
    staff: &[Certificate],
    cx: &Context,
) -> Result<Vec<Event>, Refusal> {
    party(&delegation, cx)?;
    rests_on(delegation.model, basis.kind, cx)?;
    // The kinds that hold powers and the kinds that may receive them are disjoint: no chain can form.
    if !Norm::holds_powers(delegation.delegator.kind) {
        return Err(Refusal::SubDelegation { delegator: delegation.delegator });
    }
    if delegation.delegate.kind != DepartmentKind::Town {
        return Err(Refusal::NotFitToReceive { delegate: delegation.delegate });
    }
    if delegation.from >= delegation.until {
        return Err(Refusal::NoTerm);
    }
    matters(&delegation)?;
    let inside = |department: &Department| department.area.contains(&delegation.area);
    if !inside(&delegation.delegator) || !inside(&delegation.delegate) {
        return Err(Refusal::OutsideArea);
    }
    check_officers(staff, &delegation.delegate, cx.at, "penalty.officers_min", &cx.rules)?
        .map_err(|_| Refusal::StaffNotCertified)?;
    Ok(vec![Event::Drafted { delegation, basis }])
}

fn rests_on(model: Model, kind: BasisKind, cx: &Context) -> Result<(), Refusal> {
    match model {
        Model::Entrusted if carries(kind, cx)? => Ok(()),
        Model::Entrusted => Err(Refusal::NoLegalBasis { kind }),
        Model::Assigned if kind == BasisKind::ProvincialDecision => Ok(()),
        Model::Assigned => Err(Refusal::NoProvincialDecision { kind }),
    }
}

fn carries(kind: BasisKind, cx: &Context) -> Result<bool, RuleError> {
    Ok(cx.rules.list("delegation.legal_basis_required")?.contains(&kind.to_string()))
}

fn matters(delegation: &Delegation) -> Result<(), Refusal> {
    if delegation.items.is_empty() {
        return Err(Refusal::NoMatters);
    }
    let coercive = |item: &&Id| COERCIVE.iter().any(|word| item.as_str().starts_with(word));
    match delegation.items.iter().find(coercive) {
        Some(item) if delegation.model == Model::Entrusted => {
            return Err(Refusal::CoerciveMeasureNotDelegable { item: item.clone() });
        }
        _ => {}
    }
    let foreign = |item: &&Id| Norm::of(item).is_some_and(|norm| norm.holder != delegation.delegator.kind);
    match delegation.items.iter().find(foreign) {
        Some(item) => Err(Refusal::NotOwnPower { item: item.clone() }),
        None => Ok(()),
    }
}

fn sign(draft: &Draft, cx: &Context) -> Result<Vec<Event>, Refusal> {
    let by = party(&draft.delegation, cx)?;
    head(cx)?;
    Ok(if draft.signed.contains(&by) { vec![] } else { vec![Event::Signed { by }] })
}

fn publish(draft: &Draft, cx: &Context) -> Result<Vec<Event>, Refusal> {
    let by = party(&draft.delegation, cx)?;
    head(cx)?;
    if draft.signed.len() < 2 {
        return Err(Refusal::NotSigned);
    }
    if draft.published.contains_key(&by) {
        return Ok(vec![]);
    }
    if cx.at >= draft.delegation.until {
        return Err(Refusal::TermOver);
    }
    let published = Event::Published { by, at: cx.at };
    let Some(first) = draft.published.values().max() else {
        return Ok(vec![published]);
    };
    // In force once both have published, and not before the day the paper names.
    let from = draft.delegation.from.max(*first).max(cx.at);
    let delegation = Delegation { from, ..draft.delegation.clone() };
    Ok(vec![published, Event::CameIntoForce { delegation, basis: draft.basis.clone() }])
}

fn resume(suspended: &Delegation, basis: &Basis, cx: &Context) -> Result<Vec<Event>, Refusal> {
    delegator(suspended, cx)?;
    if cx.at >= suspended.until {
        return Err(Refusal::TermOver);
    }
    let delegation = Delegation {
        version: suspended.version.saturating_add(1),
        from: suspended.from.max(cx.at),
        ..suspended.clone()
    };
    Ok(vec![Event::Resumed { delegation, basis: basis.clone() }])
}

fn expire(delegation: &Delegation, at: OffsetDateTime, cx: &Context) -> Vec<Event> {
    if cx.now >= delegation.until { vec![Event::Expired { at }] } else { vec![] }
}

fn party(delegation: &Delegation, cx: &Context) -> Result<Party, Refusal> {
    if cx.actor.department == delegation.delegator {
        Ok(Party::Delegator)
    } else if cx.actor.department == delegation.delegate {
        Ok(Party::Delegate)
    } else {
        Err(Refusal::NotAParty)
    }
}

fn delegator(delegation: &Delegation, cx: &Context) -> Result<(), Refusal> {
    if cx.actor.department != delegation.delegator {
        return Err(Refusal::NotTheDelegator);
    }
    head(cx)
}

fn head(cx: &Context) -> Result<(), Refusal> {
    if cx.actor.has(Role::Head) { Ok(()) } else { Err(Refusal::NotTheHead) }
}
