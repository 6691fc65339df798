//! What can be asked of a certificate, and when the law says no.

use decider::{Context, Decider, Department, DepartmentKind, Role, authority::Certificate};

use super::{Event, State, evolve};

/// A command for a certificate.
#[derive(Debug, Clone)]
pub enum Command {
    /// 发证; the number is the certificate's id.
    Issue { certificate: Certificate },
    /// 收回、注销
    Withdraw { cause: String },
}

decider::refusals! {
    /// Why a certificate refuses a command.
    pub enum Refusal {
        NumberUsed => "行政处罚法42", "该执法证号已使用，不得重复核发", "the number was used before; a new certificate has a new number";
        NotIssued => "行政处罚法42", "没有该执法证", "there is no such certificate";
        NotTheRegistrar { department: Department } => "行政处罚法42", "执法证由 {department}、其上级同类机关或者人民政府的负责人核发、收回", "the head of {department}, of a body of its kind above it or of the government issues and withdraws its certificates";
        EmptyTerm => "", "执法证有效期为空", "the certificate would never be valid";
    }
}

/// The certificate's decider.
pub struct Certification;

impl Decider for Certification {
    const NAME: &'static str = "certificate";
    type State = State;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command, cx: &Context) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (State::Unknown, Command::Issue { certificate }) => {
                registrar(&certificate.department, cx)?;
                if certificate.from >= certificate.until {
                    return Err(Refusal::EmptyTerm);
                }
                Ok(vec![Event::Issued { certificate }])
            }
            (State::Issued(known), Command::Issue { certificate }) if *known == certificate => Ok(vec![]),
            (_, Command::Issue { .. }) => Err(Refusal::NumberUsed),
            (State::Unknown, Command::Withdraw { .. }) => Err(Refusal::NotIssued),
            (State::Issued(certificate), Command::Withdraw { cause }) => {
                registrar(&certificate.department, cx)?;
                Ok(vec![Event::Withdrawn { at: cx.at, cause }])
            }
            (State::Withdrawn, Command::Withdraw { .. }) => Ok(vec![]),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        evolve(state, event)
    }
}

/// The unit's own head answers for its officers, and so do the heads of the bodies of its kind above it and of the
/// government; another department of the same place does not.
fn registrar(department: &Department, cx: &Context) -> Result<(), Refusal> {
    let answers = cx.actor.is_of(department.kind) || cx.actor.is_of(DepartmentKind::Government);
    if cx.actor.has(Role::Head) && answers && cx.actor.department.area.contains(&department.area) {
        Ok(())
    } else {
        Err(Refusal::NotTheRegistrar { department: department.clone() })
    }
}
