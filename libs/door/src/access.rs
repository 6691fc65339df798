//! Who calls, and what they may append.
//!
//! **Invariant**: an actor comes from a verified token. Without one, a call is answered only where the door stands
//! open on purpose: on loopback, without TLS.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use decider::{Actor, Role, StreamName};
use eventlog::OWN_CATEGORIES;
use tonic::{Status, metadata::MetadataMap};

use crate::reader::Dossiers;

/// Tells who holds a token, or why it is not accepted.
pub type Tokens = Arc<dyn Fn(&str) -> Result<Actor, String> + Send + Sync>;

/// A permission to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Who has it; everybody but auditors, if no role is named.
    pub role: Option<Role>,
    /// What the names of the streams begin with.
    pub prefix: String,
}

impl Grant {
    /// Refuses a grant that would never hold: whoever configured it believes in it.
    pub fn check(&self, reserved: &[String]) -> Result<(), GrantError> {
        let prefix = self.prefix.clone();
        if self.role == Some(Role::Auditor) {
            return Err(GrantError::Auditor { prefix });
        }
        if prefix.starts_with('$') {
            return Err(GrantError::System { prefix });
        }
        match self.prefix.split_once(':') {
            Some((category, _)) if is_reserved(reserved, category) => {
                Err(GrantError::Reserved { prefix, category: category.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

/// Why a permission to append is none that a door may give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It names streams of a department's own.
    #[error(
        "let clients append to {prefix:?}: streams of category {category} hold what the service itself records"
    )]
    Reserved {
        /// What the names would begin with.
        prefix: String,
        /// The category that they all would have.
        category: String,
    },
    /// It names streams of the server's.
    #[error("let clients append to {prefix:?}: system streams are not written by clients")]
    System {
        /// What the names would begin with.
        prefix: String,
    },
    /// It is for auditors.
    #[error("let auditors append to {prefix:?}: an auditor reads everything and changes nothing")]
    Auditor {
        /// What the names would begin with.
        prefix: String,
    },
}

/// Who is let in, to what, and what is recorded of it.
#[derive(Clone)]
pub struct Access {
    /// Verifies tokens.
    pub tokens: Tokens,
    /// Who calls where no token is shown. Heeded on loopback without TLS only.
    pub anonymous: Option<Actor>,
    /// Who may append to what; nobody by default.
    pub grants: Vec<Grant>,
    /// Categories of streams that hold a department's own decisions: no grant reaches them.
    pub reserved: Vec<String>,
    /// The dossiers that the log holds, where it is a service's: that they are opened is recorded.
    pub dossiers: Option<Dossiers>,
}

impl Access {
    /// Whoever shows a token may read, and nobody may append.
    pub fn read_only(tokens: Tokens) -> Self {
        Self { tokens, anonymous: None, grants: Vec::new(), reserved: Vec::new(), dossiers: None }
    }

    /// Who calls: a Bearer token, or Basic credentials whose password is a token of that very user.
    pub(crate) fn caller(&self, metadata: &MetadataMap) -> Result<Actor, Status> {
        let Some(value) = metadata.get("authorization") else {
            return self.anonymous.clone().ok_or_else(|| unauthenticated("credentials are missing"));
        };
        let value = value.to_str().map_err(|_| unauthenticated("the credentials are not legible"))?;
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return (self.tokens)(rest).map_err(unauthenticated);
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(unauthenticated("credentials are Basic or Bearer"));
        }
        let (user, token) = basic(rest).ok_or_else(|| unauthenticated("the credentials are not legible"))?;
        let actor = (self.tokens)(&token).map_err(unauthenticated)?;
        if actor.id.as_str() == user {
            Ok(actor)
        } else {
            Err(unauthenticated("the password is another user's token"))
        }
    }

    /// Whether the actor may append to the stream; if not, why.
    pub(crate) fn check_append(&self, actor: &Actor, stream: &str) -> Result<(), &'static str> {
        let about = stream.strip_prefix("$$").unwrap_or(stream);
        if actor.has(Role::Auditor) {
            return Err("an auditor reads everything and changes nothing");
        }
        if about.starts_with('$') {
            return Err("system streams are not written by clients");
        }
        if StreamName::parse(about).is_some_and(|stream| is_reserved(&self.reserved, stream.category())) {
            return Err("the stream holds a department's own decisions, which clients cannot write");
        }
        let grants =
            |grant: &Grant| grant.role.is_none_or(|role| actor.has(role)) && about.starts_with(&grant.prefix);
        if self.grants.iter().any(grants) {
            Ok(())
        } else {
            Err("the configuration does not allow to append here")
        }
    }
}

fn is_reserved(reserved: &[String], category: &str) -> bool {
    OWN_CATEGORIES.contains(&category) || reserved.iter().any(|reserved| reserved == category)
}

fn basic(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn unauthenticated(why: impl Into<String>) -> Status {
    Status::unauthenticated(why)
}
