//! What can go wrong with a server, each told so that a newcomer knows what to do next.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "found no {server} {minimum} or later{}; `{installed_by}` installs one, or set {variable}",
        listed(.refused)
    )]
    NotFound {
        server: &'static str,
        minimum: &'static str,
        variable: &'static str,
        installed_by: &'static str,
        /// Candidates that were looked at, each with the reason why it will not do.
        refused: Vec<String>,
    },

    #[error("{} is in use by another process; give this one a folder of its own", .folder.display())]
    InUse { folder: PathBuf },

    #[error(
        "{server} runs as user {user} (it refuses to run as root), who cannot pass through {}; \
         choose another folder or `chmod o+x` that one",
        .folder.display()
    )]
    Unreachable { server: &'static str, user: String, folder: PathBuf },

    #[error("{server} refuses to run as root, and there is no user `postgres` or `nobody` to run it as")]
    NoUser { server: &'static str },

    #[error("{server} ended while starting; {} says:\n{said}", .log.display())]
    Ended { server: &'static str, log: PathBuf, said: String },

    #[error("{server} was not ready after {seconds} s; {} says:\n{said}", .log.display())]
    Late { server: &'static str, seconds: u64, log: PathBuf, said: String },

    #[error("{what}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
}

/// Names the attempt that failed, for [`Result::map_err`].
pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
    |source| Error::Io { what: what.into(), source }
}

fn listed(candidates: &[String]) -> String {
    if candidates.is_empty() { String::new() } else { format!(" ({})", candidates.join("; ")) }
}
