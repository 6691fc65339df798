//! A PostgreSQL of our own: made on first use, durable like a production server, gone with its parent.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::User;
use rand::distr::{Alphanumeric, SampleString};
use tokio::process::Command;

use crate::child::Supervised;
use crate::error::{self, Error};
use crate::find::{self, Program};
use crate::home::{self, Home};
use crate::launch::Launch;
use crate::log::Log;
use crate::{Scratch, port};

const SERVER: &str = "PostgreSQL";
const SUPERUSER: &str = "fenghuo";
const DATABASE: &str = "postgres";
const PASSWORD_LENGTH: usize = 32;
/// Six services with a pool each, tests that run side by side, and somebody with psql.
const CONNECTIONS_MAX: &str = "300";
/// What the shortest of the systems' limits leaves for the folder of `.s.PGSQL.65535`.
const SOCKET_FOLDER_BYTES_MAX: usize = 103 - "/.s.PGSQL.65535".len();

/// Recovery after a crash replays what was written since the last checkpoint, which may take a while.
const READY_WAIT: Duration = Duration::from_secs(120);
const STOP_PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Default)]
pub struct PostgresOptions {
    /// A free one where nothing is said.
    pub port: Option<u16>,
    /// Further settings such as `("shared_buffers", "1GB")`.
    pub settings: Vec<(String, String)>,
}

/// Ends with this value: in good order by [`Postgres::stop`], and no less surely when dropped or killed.
#[derive(Debug)]
pub struct Postgres {
    home: Home,
    program: Program,
    user: Option<User>,
    settings: Vec<(String, String)>,
    port: u16,
    port_is_given: bool,
    password: String,
    child: Option<Supervised>,
    socket_folder: PathBuf,
    /// Holds the socket where the home's path is too long for one; outlives the child by its place here.
    _socket_scratch: Option<Scratch>,
}

impl Postgres {
    /// Starts the server that lives in `folder`, after creating its data if there are none.
    pub async fn start(folder: &Path, options: PostgresOptions) -> Result<Self, Error> {
        let program = find::postgres()?;
        let home = Home::claim(folder)?;
        let user = home::unprivileged_user(SERVER, &home.join("data"))?;
        home::reachable(SERVER, &home.join("data"), user.as_ref())?;
        home::reachable(SERVER, &program.path, user.as_ref())?;
        let (socket_folder, socket_scratch) = socket_folder(&home, user.as_ref())?;
        let password = initialize(&home, &program, user.as_ref()).await?;
        let mut postgres = Self {
            port: options.port.map_or_else(port::free, Ok)?,
            port_is_given: options.port.is_some(),
            settings: options.settings,
            home,
            program,
            user,
            password,
            child: None,
            socket_folder,
            _socket_scratch: socket_scratch,
        };
        postgres.launch().await?;
        Ok(postgres)
    }

    /// Over TCP with a password; the user may do everything.
    pub fn url(&self) -> String {
        self.url_of(DATABASE)
    }

    /// The same for another database of this server.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://{SUPERUSER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The private folder of the unix socket, where no password is asked for.
    pub fn socket_folder(&self) -> &Path {
        &self.socket_folder
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Supervised::id)
    }

    /// Whether the server has been started and has not ended since, asked for or not.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.ended().is_none())
    }

    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Ends the server in good order: what was acknowledged is on disk, and connections are closed.
    pub async fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.stop(STOP_PATIENCE).await;
        }
    }

    /// kill -9, for tests of what survives it.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill();
        }
    }

    /// Stops the server if it runs, and starts it on the same port and data.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.stop().await;
        self.port_is_given = true;
        self.launch().await
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-D".into(), self.home.join("data").into()];
        let mut set = |name: &str, value: OsString| {
            let mut setting = OsString::from(format!("{name}="));
            setting.push(value);
            arguments.extend(["-c".into(), setting]);
        };
        set("listen_addresses", "127.0.0.1".into());
        set("port", self.port.to_string().into());
        set("unix_socket_directories", self.socket_folder.clone().into());
        set("max_connections", CONNECTIONS_MAX.into());
        set("cluster_name", "fenghuo".into());
        for (name, value) in &self.settings {
            set(name, value.into());
        }
        arguments
    }

    /// The server writes its state into the eighth line of `postmaster.pid`.
    async fn await_ready(&self, child: &mut Supervised, log: &Log) -> Result<(), Error> {
        let state_file = self.home.join("data").join("postmaster.pid");
        let limit = Instant::now() + READY_WAIT;
        loop {
            if child.ended().is_some() {
                return Err(Error::Ended { server: SERVER, log: log.path(), said: log.tail() });
            }
            if is_ready(&state_file, child.id()) {
                return Ok(());
            }
            if Instant::now() > limit {
                let seconds = READY_WAIT.as_secs();
                return Err(Error::Late { server: SERVER, seconds, log: log.path(), said: log.tail() });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Launch for Postgres {
    const TAKEN: &'static str = "could not bind";

    async fn launch_once(&mut self) -> Result<(), Error> {
        let (log, file) = Log::open(&self.home.folder).await?;
        let mut child = Supervised::spawn(
            &self.program.path,
            &self.arguments(),
            self.user.as_ref(),
            &file,
            // "Fast" in PostgreSQL's words: roll back what is open, write a checkpoint, end.
            Signal::SIGINT,
        )
        .map_err(error::io("start PostgreSQL"))?;
        drop(file);
        self.await_ready(&mut child, &log).await?;
        tracing::info!(port = self.port, process.id = child.id(), "PostgreSQL is ready");
        self.child = Some(child);
        Ok(())
    }

    fn take_other_ports(&mut self) -> Result<(), Error> {
        if !self.port_is_given {
            self.port = port::free()?;
        }
        Ok(())
    }
}

/// The file of an earlier server bears another process id.
fn is_ready(state_file: &Path, process: u32) -> bool {
    let Ok(text) = fs::read_to_string(state_file) else {
        return false;
    };
    let mut lines = text.lines();
    let is_ours = lines.next().is_some_and(|line| line.trim() == process.to_string());
    is_ours && lines.nth(6).is_some_and(|state| state.trim() == "ready")
}

/// In the home if the path is short enough for a socket, else in a folder of its own.
fn socket_folder(home: &Home, user: Option<&User>) -> Result<(PathBuf, Option<Scratch>), Error> {
    let near = home.join("socket");
    let (folder, scratch) = if near.as_os_str().len() <= SOCKET_FOLDER_BYTES_MAX {
        (near, None)
    } else {
        let scratch = Scratch::new()?;
        (scratch.path().join("socket"), Some(scratch))
    };
    home::hand_over(&folder, user)?;
    Ok((folder, scratch))
}

/// Creates the data folder under another name first, so that a half-made one is never taken for whole.
async fn initialize(home: &Home, program: &Program, user: Option<&User>) -> Result<String, Error> {
    let (data, half_made, password_file) = (home.join("data"), home.join("data.new"), home.join("password"));
    if data.is_dir() {
        return fs::read_to_string(&password_file)
            .map_err(error::io(format!("read {}", password_file.display())));
    }
    // Where an earlier parent was killed, its initdb may still be writing.
    let (log, file) = Log::open(&home.folder).await?;
    if half_made.exists() {
        fs::remove_dir_all(&half_made).map_err(error::io(format!("remove {}", half_made.display())))?;
    }
    let password = Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LENGTH);
    home::write_private(&password_file, &password, user)?;
    home::hand_over(&half_made, user)?;

    tracing::info!(folder = %home.folder.display(), "creating a PostgreSQL database cluster");
    let done = initdb(program, &half_made, &password_file, user, &file)?
        .status()
        .await
        .map_err(error::io("run initdb"))?;
    if !done.success() {
        return Err(Error::Ended { server: "initdb", log: log.path(), said: log.tail() });
    }
    fs::rename(&half_made, &data).map_err(error::io(format!("name {}", data.display())))?;
    Ok(password)
}

fn initdb(
    program: &Program,
    data: &Path,
    password_file: &Path,
    user: Option<&User>,
    log: &File,
) -> Result<Command, Error> {
    let output = || log.try_clone().map(Stdio::from).map_err(error::io("give initdb its log"));
    let mut command = Command::new(program.path.with_file_name("initdb"));
    command
        .arg("-D")
        .arg(data)
        .args(["--username", SUPERUSER, "--encoding", "UTF8"])
        .args(["--auth-local", "trust", "--auth-host", "scram-sha-256"])
        .arg("--pwfile")
        .arg(password_file)
        .args(locale(program))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(output()?)
        .stderr(output()?)
        .kill_on_drop(true);
    if let Some(user) = user {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    Ok(command)
}

/// Text sorts by code point everywhere; only from version 17 on without asking the operating system.
fn locale(program: &Program) -> &'static [&'static str] {
    if program.version.major >= 17 {
        &["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    } else if cfg!(target_os = "linux") {
        &["--locale=C.UTF-8"]
    } else {
        &["--locale=C"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::leaves_a_taken_port;
    use crate::scratch::Scratch;

    #[tokio::test]
    async fn a_port_that_somebody_took_first_is_left_to_them() {
        let scratch = Scratch::new().unwrap();
        let mut postgres = Postgres::start(scratch.path(), PostgresOptions::default()).await.unwrap();
        postgres.stop().await;
        leaves_a_taken_port(&mut postgres, |postgres| &mut postgres.port).await;
        postgres.stop().await;
    }
}
