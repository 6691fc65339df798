//! `fenghuo token`: a bearer token for development, signed with a key that lies on this machine.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use decider::{Actor, ActorKind, Department, Id, Role};
use time::Duration;

use crate::{
    client::{self, Reach},
    error::{Because, Error},
    keys,
    shell::Shell,
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo token --department fire.330723 --role officer --id officer-1 --certificate zj-0001 --ttl 1h
  fenghuo token --department fire.330723 --kind service --id hazard --ttl 365d --key keys/signing.pem";

/// Longest life of a token.
const TTL_DAYS_MAX: i64 = 3_660;

/// Issue a token for a person of a department, or for a service
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct TokenArgs {
    /// The department, as fire.330723 or town.330723103
    #[arg(long)]
    department: Department,
    /// What the person may do there; may be given several times
    #[arg(long = "role", required_unless_present = "kind", value_parser = client::role, value_name = "ROLE")]
    roles: Vec<Role>,
    /// A pseudonymous reference, never a name
    #[arg(long)]
    id: Id,
    /// Who shows it: a person, or a service that asks other services for what it missed
    #[arg(long, value_enum, default_value_t = Kind::Person)]
    kind: Kind,
    /// The enforcement certificate's number
    #[arg(long)]
    certificate: Option<Id>,
    /// How long it is valid: 30m, 1h, 7d
    #[arg(long, default_value = "1h", value_parser = lifetime)]
    ttl: Duration,
    /// The system whose development key signs (its data folder)
    #[arg(long, value_name = "DIR", conflicts_with = "key")]
    data: Option<PathBuf>,
    /// The private key that signs (PKCS#8 PEM)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Person,
    Service,
}

/// Prints the token and nothing else.
pub async fn run(args: TokenArgs, shell: Shell) -> Result<(), Error> {
    let key = match args.key {
        Some(file) => file,
        None => keys::signing_file(&Reach::local(args.data).endpoints()?.keys),
    };
    let actor = Actor {
        kind: match args.kind {
            Kind::Person => ActorKind::Person,
            Kind::Service => ActorKind::Service,
        },
        id: args.id,
        department: args.department,
        roles: args.roles,
        certificate: args.certificate,
    };
    let token = keys::load(&key)?.issue(&actor, args.ttl).because("签发令牌", "issue the token")?;
    shell.line(token)
}

pub(crate) fn lifetime(text: &str) -> Result<Duration, String> {
    let wanted = || format!("{text:?} is no length of time such as 30m, 1h or 7d");
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wanted)?;
    let (number, unit) = text.split_at(split);
    let number = number.parse::<u32>().map_err(|_| wanted())?;
    let length = match unit {
        "s" => Duration::seconds(number.into()),
        "m" => Duration::minutes(number.into()),
        "h" => Duration::hours(number.into()),
        "d" => Duration::days(number.into()),
        _ => return Err(wanted()),
    };
    if length.is_zero() || length > Duration::days(TTL_DAYS_MAX) {
        return Err(format!("{text:?} is not between a second and {TTL_DAYS_MAX} days"));
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        assert_eq!(lifetime("90m"), Ok(Duration::minutes(90)));
        assert_eq!(lifetime("7d"), Ok(Duration::days(7)));
        for wrong in ["", "1", "h", "0h", "1.5h", "-1h", "99999d", "1 h", "1w"] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
    }
}
