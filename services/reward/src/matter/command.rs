//! What can be asked of a matter: to enter reports, to hear what became of them, and who was first.

use decider::{Context, Decider, Id, Role};
use law::AreaCode;
use time::OffsetDateTime;

use super::{
    Event, State, evolve,
    state::{Entry, Standing},
};

/// A command for a matter.
#[derive(Debug, Clone)]
pub enum Command {
    /// A report was received.
    Enter { claim: Id, area: AreaCode, received_at: OffsetDateTime },
    /// A report was verified.
    Conclude { claim: Id, confirmed: bool },
    /// 认定为另一事项
    Distinguish { claim: Id, document: String },
}

decider::refusals! {
    /// Why a matter refuses a command.
    pub enum Refusal {
        NotEntered => "", "该事项下尚无此举报", "the matter has no such report";
        NotACorroborator => "", "该举报不是在后举报", "the report was not ranked behind another one";
        NotAnOfficer => "", "须由执法人员办理", "only an officer may do this";
        OutsideArea => "安监总财〔2018〕19号（谁受理、谁奖励）", "该举报不在本单位辖区内", "the report lies outside the department's area";
    }
}

/// The matter's decider.
pub struct Matter;

impl Decider for Matter {
    const NAME: &'static str = "matter";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Enter { claim, .. } if state.entry(&claim).is_some() => Ok(vec![]),
            Command::Enter { claim, area, received_at } => {
                Ok(vec![Event::Entered { claim, area, received_at }])
            }
            Command::Conclude { claim, confirmed } => conclude(state, claim, confirmed),
            Command::Distinguish { claim, document } => distinguish(state, claim, document, cx),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }
}

fn conclude(state: &State, claim: Id, confirmed: bool) -> Result<Vec<Event>, Refusal> {
    let entry = state.entry(&claim).ok_or(Refusal::NotEntered)?;
    if entry.standing != Standing::Pending {
        return Ok(vec![]);
    }
    let concluded = if confirmed { Event::Confirmed { claim } } else { Event::Dismissed { claim } };
    let after = evolve(state.clone(), &concluded);
    Ok([concluded].into_iter().chain(rank(&after)).collect())
}

/// The first accepted and verified report is rewarded, so nobody is first while an earlier report is open.
fn rank(state: &State) -> Vec<Event> {
    let mut first = state.first.clone();
    let mut ranked = vec![];
    for Entry { claim, standing, .. } in &state.entries {
        match (standing, &first) {
            (Standing::Pending, None) => break,
            (Standing::Confirmed, None) => {
                ranked.push(Event::FirstDetermined { claim: claim.clone() });
                first = Some(claim.clone());
            }
            (Standing::Confirmed, Some(first)) => {
                ranked.push(Event::CorroboratorDetermined { claim: claim.clone(), first: first.clone() });
            }
            (Standing::Pending, Some(_))
            | (Standing::Dismissed | Standing::First | Standing::Corroborator, _) => {}
        }
    }
    ranked
}

fn distinguish(state: &State, claim: Id, document: String, cx: &Context) -> Result<Vec<Event>, Refusal> {
    let entry = state.entry(&claim).ok_or(Refusal::NotEntered)?;
    if !cx.actor.department.area.contains(&entry.area) {
        return Err(Refusal::OutsideArea);
    }
    if !cx.actor.has(Role::Officer) {
        return Err(Refusal::NotAnOfficer);
    }
    if entry.standing != Standing::Corroborator {
        return Err(Refusal::NotACorroborator);
    }
    Ok(vec![Event::FoundDistinct { claim, document, by: cx.actor.id.clone() }])
}
