//! Who may connect to the bus of an all-in-one system, and what each may do there: the permission matrix.
//!
//! **Invariant**: a service or department publishes facts below its own subject only, and nobody deletes,
//! purges or changes a stream.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    fs,
    path::Path,
};

use bus::{Credentials, OUTSIDE, Source};
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Because, Error},
    keys, services,
};

/// The file of passwords in the folder of keys.
const FILE: &str = "nats.json";
const PASSWORD_LENGTH: usize = 32;
/// The service that listens to every outside department, and makes their streams.
pub(super) const KEEPER: &str = "timeline";

/// A user of the bus.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Every user of the bus, by the name of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logins(BTreeMap<String, Login>);

impl Logins {
    /// The passwords of this folder, generated at the first call. Somebody else's server has users of its own:
    /// there, everybody connects as its address says.
    pub(super) fn load_or_generate(folder: &Path, external: Option<&str>) -> Result<Self, Error> {
        if let Some(url) = external {
            let login = user_in(url);
            return Ok(Self(names().map(|name| (name.to_owned(), login.clone())).collect()));
        }
        let file = folder.join(FILE);
        let mut logins = if file.exists() { load(&file)? } else { BTreeMap::new() };
        let known = logins.len();
        for name in names() {
            logins.entry(name.to_owned()).or_insert_with(|| generate(name));
        }
        if logins.len() > known {
            store(&file, &logins)?;
        }
        Ok(Self(logins))
    }

    /// The login of a service or outside department.
    pub fn of(&self, name: &str) -> Option<&Login> {
        self.0.get(name)
    }

    /// The same as the bus wants it; nothing for a server that asks nobody.
    pub(super) fn credentials(&self, name: &str) -> Option<Credentials> {
        let login = self.of(name).filter(|login| !login.user.is_empty())?;
        Some(Credentials { user: login.user.clone(), password: login.password.clone() })
    }

    /// Outside departments and their logins.
    pub(super) fn outside(&self) -> impl Iterator<Item = (&str, &Login)> {
        OUTSIDE.into_iter().filter_map(|name| self.of(name).map(|login| (name, login)))
    }

    /// The `authorization` block of nats-server's configuration.
    pub(super) fn configuration(&self) -> String {
        let mut text = String::from("authorization {\n  users = [\n");
        for (name, login) in &self.0 {
            let publish = serde_json::Value::from(publishes(name));
            let subscribe = serde_json::Value::from(vec![format!("_INBOX_{}.>", login.user)]);
            // A JSON string is also a string of the configuration language.
            let _ = writeln!(
                text,
                "    {{ user: \"{}\", password: \"{}\", permissions: {{ publish: {publish}, subscribe: {subscribe} }} }}",
                login.user, login.password
            );
        }
        text.push_str("  ]\n}\n");
        text
    }
}

/// What a user may publish: facts of its own, questions about its own stream, and the reading of what it listens to.
fn publishes(name: &str) -> Vec<String> {
    let Ok(own) = Source::parse(name) else {
        return Vec::new();
    };
    let stream = own.stream();
    if own.is_outside() {
        return vec![own.subjects(), format!("$JS.API.STREAM.INFO.{stream}")];
    }
    let mut allowed = vec![
        own.subjects(),
        "$JS.API.INFO".to_owned(),
        "$JS.API.STREAM.INFO.*".to_owned(),
        format!("$JS.API.STREAM.CREATE.{stream}"),
    ];
    allowed.extend(direct_gets(&stream));
    for source in hears(name) {
        let Ok(source) = Source::parse(source) else {
            continue;
        };
        let stream = source.stream();
        allowed.extend(direct_gets(&stream));
        allowed.extend([
            format!("$JS.API.CONSUMER.CREATE.{stream}.{name}"),
            format!("$JS.API.CONSUMER.CREATE.{stream}.{name}.>"),
            format!("$JS.API.CONSUMER.INFO.{stream}.{name}"),
            format!("$JS.API.CONSUMER.DELETE.{stream}.{name}"),
            format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"),
            format!("$JS.API.CONSUMER.UNPIN.{stream}.{name}"),
            format!("$JS.ACK.{stream}.{name}.>"),
        ]);
        // Departments do not make their own streams: who makes a stream could have it copy those of others.
        if source.is_outside() && name == KEEPER {
            allowed.push(format!("$JS.API.STREAM.CREATE.{stream}"));
        }
    }
    allowed
}

fn direct_gets(stream: &str) -> [String; 2] {
    [format!("$JS.API.DIRECT.GET.{stream}"), format!("$JS.API.DIRECT.GET.{stream}.>")]
}

fn hears(name: &str) -> impl Iterator<Item = &'static str> {
    let member = services::ALL.iter().find(|member| member.service.name == name);
    member.into_iter().flat_map(|member| member.service.hears())
}

fn names() -> impl Iterator<Item = &'static str> {
    services::names().chain(OUTSIDE)
}

fn generate(name: &str) -> Login {
    let password = Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LENGTH);
    Login { user: name.to_owned(), password }
}

fn user_in(url: &str) -> Login {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    Login { user: user.to_owned(), password: password.to_owned() }
}

fn load(file: &Path) -> Result<BTreeMap<String, Login>, Error> {
    let (zh, en) = (format!("读取 {}", file.display()), format!("read {}", file.display()));
    let text = fs::read_to_string(file).because(zh.clone(), en.clone())?;
    serde_json::from_str(&text).because(zh, en)
}

fn store(file: &Path, logins: &BTreeMap<String, Login>) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(logins).because("生成 JSON", "write JSON")?;
    // A new service may have joined an old folder: the file is replaced, every known password kept.
    if file.exists() {
        fs::remove_file(file).because("更新总线口令", "update the passwords of the bus")?;
    }
    keys::create(file, &text, 0o600)
}
