//! The doors of a development system: every log on loopback, to be read without a token.

use std::net::{Ipv4Addr, SocketAddr};

use decider::{Actor, ActorKind, Department, Id, Role};
use door::{Access, Grant};

use crate::{
    doorway::{self, Opened},
    error::Error,
    services,
    shell::Shell,
    system::System,
};

/// Which doors are wanted, if any.
pub(super) struct Doors {
    /// The first port; 0 for free ones.
    pub(super) base: Option<u16>,
    /// Who may append, with a token.
    pub(super) writers: Vec<Grant>,
}

impl Doors {
    /// Opens a door for each service, and tells where.
    pub(super) async fn open(&self, system: &System, shell: Shell) -> Result<Vec<Opened>, Error> {
        let Some(base) = self.base else { return Ok(Vec::new()) };
        let mut doors = Vec::new();
        for (offset, name) in (0..).zip(services::names()) {
            let Some(node) = system.node(name) else { continue };
            let port = if base == 0 { 0 } else { base.saturating_add(offset) };
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let access = doorway::access(&node, system.signer().key_set(), &self.writers);
            let access = Access { anonymous: Some(auditor(node.department())), ..access };
            let door = Opened::at(address, node.log(), access, None, None).await?;
            shell.line(format_args!("  {name:<14} kurrentdb://{}?tls=false", door.advertised))?;
            doors.push(door);
        }
        Ok(doors)
    }
}

/// Whoever comes without a token reads and does nothing else.
fn auditor(department: &Department) -> Actor {
    let id = Id::parse("anonymous").expect("a literal id");
    let department = department.clone();
    Actor { kind: ActorKind::Person, id, department, roles: vec![Role::Auditor], certificate: None }
}
