//! Where the parts of a running system are: a file in its data folder that other commands read.
//!
//! **Invariant**: no secret stands in it. Keys and passwords lie in the folder it names, readable by its owner only.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::error::{Because, Error};

/// The file's name in the data folder.
const FILE: &str = "endpoints.json";

/// Where everything is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The process that runs it.
    pub process: u32,
    /// Its data folder.
    pub data: PathBuf,
    /// gRPC URLs by service name.
    pub services: BTreeMap<String, String>,
    /// URLs of its witnesses by name, where it has some.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub witnesses: BTreeMap<String, String>,
    /// The bus, without a password.
    pub nats_url: String,
    /// The database, without a password.
    pub database_url: String,
    /// The folder of keys and passwords.
    pub keys: PathBuf,
    /// The development endpoint, where the clock is scripted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev_url: Option<String>,
}

impl Endpoints {
    /// The file of a data folder.
    pub fn file(data: &Path) -> PathBuf {
        data.join(FILE)
    }

    /// Reads the file.
    pub fn load(file: &Path) -> Result<Self, Error> {
        let text = match fs::read_to_string(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = file.display();
                return Err(Error::told(
                    format!(
                        "没有找到正在运行的系统：{file} 不存在；请先运行 fenghuo dev，或用 --data、--endpoint 指明"
                    ),
                    format!(
                        "no system runs here: {file} is missing; start `fenghuo dev`, or say where with --data or --endpoint"
                    ),
                ));
            }
            text => text.because(format!("读取 {}", file.display()), format!("read {}", file.display()))?,
        };
        serde_json::from_str(&text)
            .because(format!("读取 {}", file.display()), format!("read {}", file.display()))
    }

    /// Writes the file in one step, so that nobody reads half of it.
    pub(crate) fn store(&self) -> Result<(), Error> {
        let file = Self::file(&self.data);
        let text = serde_json::to_string_pretty(self).because("生成 JSON", "write JSON")?;
        let new = file.with_extension("json.new");
        fs::write(&new, text + "\n")
            .and_then(|()| fs::rename(&new, &file))
            .because(format!("写入 {}", file.display()), format!("write {}", file.display()))
    }

    /// Takes the file away when the system has stopped.
    pub(crate) fn remove(data: &Path) {
        let file = Self::file(data);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(file = %file.display(), %error, "could not remove the file of endpoints");
            }
            _ => {}
        }
    }
}

/// A URL without user and password.
pub(crate) fn without_secrets(url: &str) -> String {
    let hide = |url: &str| match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}{}", path.split('?').next().unwrap_or_default())
        }
        None => url.rsplit_once('@').map_or(url, |(_, host)| host).to_owned(),
    };
    url.split(',').map(hide).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_has_no_secrets() {
        assert_eq!(
            without_secrets("postgres://u:p@h:5432/db?password=x&sslmode=require"),
            "postgres://h:5432/db"
        );
        assert_eq!(without_secrets("nats://a:b@one:1,nats://c:d@two:2"), "nats://one:1,nats://two:2");
        assert_eq!(without_secrets("nats://127.0.0.1:4222"), "nats://127.0.0.1:4222");
        assert_eq!(without_secrets("token@host:4222"), "host:4222");
    }
}
