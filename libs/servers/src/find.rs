//! Where the server programs are: the first of configuration, PATH, usual folders and `.tools` that is new enough.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// A server program that was found and asked for its version.
#[derive(Debug, Clone)]
pub struct Program {
    pub path: PathBuf,
    pub version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
}

/// What tells one server from the other while searching.
struct Wanted {
    server: &'static str,
    file: &'static str,
    minimum: Version,
    minimum_text: &'static str,
    variable: &'static str,
    /// What installs it.
    installed_by: &'static str,
    /// Makes the program tell its version.
    version: &'static str,
    /// Programs that must lie beside the found one.
    beside: &'static [&'static str],
    /// Below the tools folder.
    tool: &'static str,
}

/// Older servers lack what the event log's migrations use.
const POSTGRES: Wanted = Wanted {
    server: "PostgreSQL",
    file: "postgres",
    minimum: Version { major: 15, minor: 0 },
    minimum_text: "15",
    variable: "FENGHUO_POSTGRES_BIN (a folder)",
    installed_by: "make install",
    version: "--version",
    beside: &["initdb"],
    // Unpacked by scripts/install, or a link to where it was.
    tool: "postgresql/bin",
};

/// Older servers silently drop configuration that they do not know, consumer filters among it.
const NATS: Wanted = Wanted {
    server: "nats-server",
    file: "nats-server",
    minimum: Version { major: 2, minor: 14 },
    minimum_text: "2.14",
    variable: "FENGHUO_NATS_SERVER (a file)",
    installed_by: "make install",
    version: "--version",
    beside: &[],
    tool: "bin",
};

/// Older ones heed no conditions on writes.
const SEAWEEDFS: Wanted = Wanted {
    server: "SeaweedFS",
    file: "weed",
    minimum: Version { major: 4, minor: 0 },
    minimum_text: "4.0",
    variable: "FENGHUO_SEAWEEDFS (a file)",
    installed_by: "make test",
    version: "version",
    beside: &[],
    tool: "bin",
};

const POSTGRES_VERSIONED: [&str; 3] = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
const USUAL: [&str; 3] = ["/opt/homebrew/bin", "/usr/local/bin", "/usr/sbin"];

/// The `postgres` program; `initdb` lies beside it.
pub fn postgres() -> Result<Program, Error> {
    let configured =
        env::var_os("FENGHUO_POSTGRES_BIN").map(|folder| PathBuf::from(folder).join(POSTGRES.file));
    search(&POSTGRES, configured, &postgres_folders())
}

/// The `nats-server` program.
pub fn nats_server() -> Result<Program, Error> {
    let configured = env::var_os("FENGHUO_NATS_SERVER").map(PathBuf::from);
    search(&NATS, configured, &USUAL.map(PathBuf::from))
}

/// The `weed` program of SeaweedFS.
pub fn seaweedfs() -> Result<Program, Error> {
    let configured = env::var_os("FENGHUO_SEAWEEDFS").map(PathBuf::from);
    search(&SEAWEEDFS, configured, &USUAL.map(PathBuf::from))
}

/// A configured program is taken or refused, never passed over in silence.
fn search(wanted: &Wanted, configured: Option<PathBuf>, usual: &[PathBuf]) -> Result<Program, Error> {
    let candidates = match configured {
        Some(path) => vec![path],
        None => path_folders()
            .chain(usual.iter().cloned())
            .chain(tools_folders().map(|tools| tools.join(wanted.tool)))
            .map(|folder| folder.join(wanted.file))
            .filter(|path| path.is_file())
            .collect(),
    };
    first_suitable(wanted, &candidates)
}

fn first_suitable(wanted: &Wanted, candidates: &[PathBuf]) -> Result<Program, Error> {
    let mut refused = Vec::new();
    for candidate in candidates {
        match examine(wanted, candidate) {
            Ok(program) => return Ok(program),
            Err(reason) => refused.push(format!("{}: {reason}", candidate.display())),
        }
    }
    Err(Error::NotFound {
        server: wanted.server,
        minimum: wanted.minimum_text,
        variable: wanted.variable,
        installed_by: wanted.installed_by,
        refused,
    })
}

/// Links are followed first: `initdb` finds its files beside the real program.
fn examine(wanted: &Wanted, candidate: &Path) -> Result<Program, String> {
    let path = candidate.canonicalize().map_err(|error| error.to_string())?;
    if let Some(missing) = wanted.beside.iter().find(|name| !path.with_file_name(name).is_file()) {
        return Err(format!("no {missing} beside it"));
    }
    let answer = Command::new(&path).arg(wanted.version).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let version = Version::read(&text).ok_or("does not tell its version")?;
    if version < wanted.minimum {
        return Err(format!("version {}.{} is too old", version.major, version.minor));
    }
    Ok(Program { path, version })
}

impl Version {
    /// Reads the first number of texts such as `postgres (PostgreSQL) 15.18 (Debian …)` and `nats-server: v2.15.1`.
    fn read(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(|word| {
            let mut parts = word.trim_start_matches('v').split('.');
            let major = parts.next()?.parse().ok()?;
            let minor = parts.next().map_or(Some(0), leading_number)?;
            Some(Self { major, minor })
        })
    }
}

/// `19beta1` and `0-rc.1` are numbers with a remark.
fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

fn path_folders() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

/// `/usr/lib/postgresql/*/bin` and Homebrew's `postgresql@*/bin`, the newest first.
fn postgres_folders() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = POSTGRES_VERSIONED
        .iter()
        .filter_map(|parent| std::fs::read_dir(parent).ok())
        .flat_map(|entries| entries.flatten())
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let major = name.trim_start_matches("postgresql@").parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// The configured tools folder, else every `.tools` above the working folder and above this program.
fn tools_folders() -> impl Iterator<Item = PathBuf> {
    let folders = match env::var_os("FENGHUO_TOOLS") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => [env::current_dir(), env::current_exe()]
            .into_iter()
            .flatten()
            .flat_map(|start| start.ancestors().map(|above| above.join(".tools")).collect::<Vec<_>>())
            .filter(|tools| tools.is_dir())
            .collect(),
    };
    folders.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use crate::Scratch;

    /// A program that only tells a version.
    fn pretender(scratch: &Scratch, version: &str) -> PathBuf {
        let path = scratch.path().join(format!("nats-server-{version}"));
        fs::write(&path, format!("#!/bin/sh\necho nats-server: v{version}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn the_search_goes_on_after_a_server_that_is_too_old() {
        let scratch = Scratch::new().unwrap();
        let (old, new) = (pretender(&scratch, "2.9.10"), pretender(&scratch, "2.14.0"));
        let found = first_suitable(&NATS, &[old, new.clone()]).unwrap();
        assert_eq!(found.path, new.canonicalize().unwrap());
    }

    #[test]
    fn a_refusal_names_what_was_found_and_how_to_install() {
        let scratch = Scratch::new().unwrap();
        let refusal = first_suitable(&NATS, &[pretender(&scratch, "2.9.10")]).unwrap_err().to_string();
        assert!(refusal.contains("version 2.9 is too old"), "{refusal}");
        assert!(refusal.contains("make install"), "{refusal}");
    }

    #[test]
    fn a_version_is_read_from_what_the_servers_print() {
        let read = |text| Version::read(text).map(|version| (version.major, version.minor));
        assert_eq!(read("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some((15, 18)));
        assert_eq!(read("postgres (PostgreSQL) 18.6"), Some((18, 6)));
        assert_eq!(read("nats-server: v2.9.10\n"), Some((2, 9)));
        assert_eq!(read("version 8000GB 4.48 pypi linux amd64"), Some((4, 48)));
        assert_eq!(read("nats-server: v2.15.1-RC.1"), Some((2, 15)));
        assert_eq!(read("no version at all"), None);
    }
}
