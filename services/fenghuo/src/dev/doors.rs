//! The doors of a development system: every log read-only, on loopback, without a token.

use std::net::{Ipv4Addr, SocketAddr};

use decider::{Actor, ActorKind, Department, Id, Role};
use door::Access;

use crate::{
    doorway::{self, Opened},
    error::Error,
    services,
    shell::Shell,
    system::System,
};

/// Opens a door for each service on the ports from `base` on, and tells where; none without a base.
pub(super) async fn open(system: &System, base: Option<u16>, shell: Shell) -> Result<Vec<Opened>, Error> {
    let Some(base) = base else { return Ok(Vec::new()) };
    let mut doors = Vec::new();
    for (port, name) in (base..=u16::MAX).zip(services::names()) {
        let Some(node) = system.node(name) else { continue };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let anonymous = Some(auditor(node.department()));
        let access = Access { anonymous, ..Access::read_only(doorway::tokens(system.signer().key_set())) };
        let door = Opened::at(address, node.log(), access, None, None).await?;
        shell.line(format_args!("  {name:<14} kurrentdb://{}?tls=false", door.advertised))?;
        doors.push(door);
    }
    Ok(doors)
}

/// Whoever comes reads and does nothing else.
fn auditor(department: &Department) -> Actor {
    let id = Id::parse("anonymous").expect("a literal id");
    let department = department.clone();
    Actor { kind: ActorKind::Person, id, department, roles: vec![Role::Auditor], certificate: None }
}
