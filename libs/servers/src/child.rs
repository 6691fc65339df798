//! A supervised child: signalled, awaited, and ended by a watchdog should this process die without a word.
//!
//! **Invariant**: from the moment the child exists, a watchdog holds the other end of a pipe that only this
//! process keeps open. The kernel closes it however this process ends, kill -9 included.
//!
//! PR_SET_PDEATHSIG would be shorter, but it fires when the *thread* that spawned the child ends, and tests and
//! runtimes end threads all the time; it also exists on Linux only.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};

/// Starts the watchdog, then becomes the server, which therefore has the process id that the parent knows.
///
/// The watchdog is started from a subshell that ends at once, so that it is no child of the server: PostgreSQL
/// takes the violent death of a child for a crash. A word on the pipe means that the server is gone already.
const LAUNCHER: &str = r#"
signal=$1; shift
server=$$
exec 3<&0 </dev/null
( {
    trap '' HUP INT QUIT TERM
    read -r word <&3 && exit 0
    kill -s "$signal" "$server" || exit 0
    tries=100
    while [ "$tries" -gt 0 ]; do
        sleep 0.1
        kill -s 0 "$server" || exit 0
        tries=$((tries - 1))
    done
    kill -s KILL "$server"
} >/dev/null 2>&1 & )
exec 3<&-
exec "$@"
"#;

const POLL: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(crate) struct Supervised {
    child: Child,
    lifeline: Option<ChildStdin>,
    ended: Option<ExitStatus>,
    farewell: Signal,
}

impl Supervised {
    /// `farewell` is the signal that asks this server to end in good order.
    pub(crate) fn spawn(
        program: &Path,
        arguments: &[OsString],
        user: Option<&User>,
        log: &File,
        farewell: Signal,
    ) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", LAUNCHER, "launcher", farewell.as_str().trim_start_matches("SIG")])
            .arg(program)
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            // Ctrl-C in a terminal reaches only this process, which ends its servers when their users are done.
            .process_group(0);
        if let Some(user) = user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        let mut child = command.spawn()?;
        let lifeline = child.stdin.take();
        Ok(Self { child, lifeline, ended: None, farewell })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the child ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
            if self.ended.is_some() {
                self.dismiss_watchdog();
            }
        }
        self.ended
    }

    /// Asks the child to end, and makes it end when it has not after `patience`.
    pub(crate) async fn stop(&mut self, patience: Duration) {
        self.signal(self.farewell);
        let limit = Instant::now() + patience;
        while self.ended().is_none() && Instant::now() < limit {
            tokio::time::sleep(POLL).await;
        }
        if self.ended().is_none() {
            tracing::warn!(process.id = self.id(), "a server did not end in time and is killed");
            self.kill();
        }
    }

    /// Ends the child as a power cut would, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        // Nothing survives SIGKILL, so this wait is short.
        self.ended = self.ended.or_else(|| self.child.wait().ok());
        self.dismiss_watchdog();
    }

    /// A child that was awaited is never signalled: its number may belong to another process by now.
    fn signal(&mut self, signal: Signal) {
        if self.ended().is_some() {
            return;
        }
        let id = i32::try_from(self.id()).expect("process ids fit into pid_t, from which this one came");
        if let Err(error) = kill(Pid::from_raw(id), signal) {
            tracing::warn!(process.id = id, %signal, %error, "could not signal a server");
        }
    }

    /// A watchdog that is gone already leaves a broken pipe behind, which is as good.
    fn dismiss_watchdog(&mut self) {
        if let Some(mut lifeline) = self.lifeline.take() {
            let _ = lifeline.write_all(b"gone\n");
        }
    }
}

/// The last resort for owners that were not stopped: the server ends in good order, or is killed.
impl Drop for Supervised {
    fn drop(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(5);
        self.signal(self.farewell);
        let limit = Instant::now() + PATIENCE;
        while self.ended().is_none() && Instant::now() < limit {
            std::thread::sleep(POLL);
        }
        if self.ended().is_none() {
            self.kill();
        }
    }
}
