//! A nats-server of our own with JetStream: configured by file, gone with its parent.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rand::distr::{Alphanumeric, SampleString};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;

use crate::child::Supervised;
use crate::error::{self, Error};
use crate::find::{self, Program};
use crate::home::{self, Home};
use crate::launch::{self, Launch};
use crate::log::Log;
use crate::port;

const SERVER: &str = "nats-server";
const NAME_SUFFIX_LENGTH: usize = 8;

const READY_WAIT: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);
const GREETING_BYTES_MAX: u64 = 64 * 1024;

#[derive(Debug, Clone, Default)]
pub struct NatsOptions {
    /// A free one where nothing is said.
    pub port: Option<u16>,
    /// Further configuration in the server's own language, such as an `authorization` block.
    pub configuration: String,
}

/// Ends with this value: in good order by [`Nats::stop`], and no less surely when dropped or killed.
#[derive(Debug)]
pub struct Nats {
    home: Home,
    program: Program,
    configuration: String,
    /// Tells this server from a stranger that took the port.
    name: String,
    port: u16,
    port_is_given: bool,
    child: Option<Supervised>,
}

impl Nats {
    /// Starts the server that lives in `folder`, which keeps its streams there.
    pub async fn start(folder: &Path, options: NatsOptions) -> Result<Self, Error> {
        let program = find::nats_server()?;
        let home = Home::claim(folder)?;
        let suffix = Alphanumeric.sample_string(&mut rand::rng(), NAME_SUFFIX_LENGTH);
        let mut nats = Self {
            home,
            program,
            configuration: options.configuration,
            name: format!("fenghuo-{suffix}"),
            port: options.port.map_or_else(port::free, Ok)?,
            port_is_given: options.port.is_some(),
            child: None,
        };
        nats.launch().await?;
        Ok(nats)
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
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

    /// What JetStream keeps.
    pub fn jetstream_folder(&self) -> PathBuf {
        self.home.join("jetstream")
    }

    /// Ends the server in good order.
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

    /// Loses every stream and consumer, as a burnt disk would, and starts on the same port.
    pub async fn wipe(&mut self) -> Result<(), Error> {
        self.stop().await;
        let folder = self.jetstream_folder();
        fs::remove_dir_all(&folder).map_err(error::io(format!("remove {}", folder.display())))?;
        self.restart().await
    }

    fn configuration_text(&self) -> String {
        // A JSON string is also a string of the configuration language.
        let store = serde_json::Value::from(self.jetstream_folder().to_string_lossy());
        format!(
            "# Written anew at every start.\n\
             server_name: {name}\n\
             listen: \"127.0.0.1:{port}\"\n\
             jetstream {{ store_dir: {store} }}\n\
             {further}\n",
            name = self.name,
            port = self.port,
            further = self.configuration,
        )
    }

    /// The server greets clients only after JetStream has recovered its streams.
    async fn await_ready(&self, child: &mut Supervised, log: &Log) -> Result<(), Error> {
        let limit = Instant::now() + READY_WAIT;
        loop {
            if child.ended().is_some() {
                return Err(Error::Ended { server: SERVER, log: log.path(), said: log.tail() });
            }
            let greeting = launch::soon(greeting(self.port)).await;
            if greeting.is_some_and(|greeting| greeting.server_name == self.name && greeting.jetstream) {
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

impl Launch for Nats {
    const TAKEN: &'static str = "address already in use";

    async fn launch_once(&mut self) -> Result<(), Error> {
        let (log, file) = Log::open(&self.home.folder).await?;
        home::hand_over(&self.jetstream_folder(), None)?;
        let configuration = self.home.join("nats.conf");
        home::write_private(&configuration, &self.configuration_text(), None)?;
        let arguments = [OsString::from("-c"), configuration.into()];
        let mut child = Supervised::spawn(&self.program.path, &arguments, None, &file, Signal::SIGTERM)
            .map_err(error::io("start nats-server"))?;
        drop(file);
        self.await_ready(&mut child, &log).await?;
        tracing::info!(port = self.port, process.id = child.id(), "nats-server is ready");
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

/// The part of a server's `INFO` line that matters here.
#[derive(Deserialize)]
struct Greeting {
    server_name: String,
    #[serde(default)]
    jetstream: bool,
}

/// Nothing, as long as nobody answers in the way of a nats-server.
async fn greeting(port: u16) -> Option<Greeting> {
    let connection = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let mut line = String::new();
    BufReader::new(connection.take(GREETING_BYTES_MAX)).read_line(&mut line).await.ok()?;
    serde_json::from_str(line.strip_prefix("INFO ")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::leaves_a_taken_port;
    use crate::scratch::Scratch;

    #[tokio::test]
    async fn a_port_that_somebody_took_first_is_left_to_them() {
        let scratch = Scratch::new().unwrap();
        let mut nats = Nats::start(scratch.path(), NatsOptions::default()).await.unwrap();
        nats.stop().await;
        leaves_a_taken_port(&mut nats, |nats| &mut nats.port).await;
        nats.stop().await;
    }
}
