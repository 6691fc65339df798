//! An object store of our own that speaks S3 (SeaweedFS, all of it in one process): gone with its parent.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rand::distr::{Alphanumeric, SampleString};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::child::Supervised;
use crate::error::{self, Error};
use crate::find::{self, Program};
use crate::home::{self, Home};
use crate::launch::{self, Launch};
use crate::log::Log;
use crate::port;

const SERVER: &str = "SeaweedFS";
const KEY_LENGTH: usize = 20;

const READY_WAIT: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
/// Master, volumes, files and S3, each once for HTTP and once for gRPC.
const PORTS: usize = 8;

/// Ends with this value, however that goes: at once, because in good order it takes a quarter of a minute, and what it
/// has acknowledged survives.
#[derive(Debug)]
pub struct Objects {
    home: Home,
    program: Program,
    access_key: String,
    secret_key: String,
    ports: [u16; PORTS],
    /// Once it has been told to others.
    ports_are_kept: bool,
    child: Option<Supervised>,
}

impl Objects {
    /// Starts the store that lives in `folder`; it has no bucket at first.
    pub async fn start(folder: &Path) -> Result<Self, Error> {
        let program = find::seaweedfs()?;
        let home = Home::claim(folder)?;
        let key = || Alphanumeric.sample_string(&mut rand::rng(), KEY_LENGTH);
        let (access_key, secret_key) = (key(), key());
        let ports = port::several()?;
        let mut objects =
            Self { home, program, access_key, secret_key, ports, ports_are_kept: false, child: None };
        objects.launch().await?;
        objects.ports_are_kept = true;
        Ok(objects)
    }

    /// Where S3 is spoken.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[6])
    }

    /// The pair of keys that may do everything.
    pub fn credentials(&self) -> (&str, &str) {
        (&self.access_key, &self.secret_key)
    }

    /// Ends the server.
    pub async fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.stop(STOP_PATIENCE).await;
        }
    }

    /// Stops the server if it runs, and starts it on the same ports and data.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.stop().await;
        self.launch().await
    }

    /// Nothing listens beyond this machine, and nothing is told to anybody.
    fn arguments(&self) -> Vec<OsString> {
        let at = |name: &str| self.home.join(name).display().to_string();
        let named = [
            "master.port",
            "master.port.grpc",
            "volume.port",
            "volume.port.grpc",
            "filer.port",
            "filer.port.grpc",
            "s3.port",
            "s3.port.grpc",
        ];
        let ports = named.iter().zip(self.ports).map(|(name, port)| format!("-{name}={port}"));
        let mut arguments = vec![
            "-logtostderr".to_owned(),
            "server".to_owned(),
            format!("-dir={}", at("data")),
            format!("-s3.config={}", at("s3.json")),
            format!("-s3.localSocket={}", at("s3.sock")),
            format!("-filer.localSocket={}", at("filer.sock")),
        ];
        let fixed = "-ip=127.0.0.1 -ip.bind=127.0.0.1 -master.telemetry=false -filer -s3 -s3.iam=false \
            -s3.port.iceberg=0 -s3.port.lance=0 -s3.autoCreateBucket=false -master.electionTimeout=1s \
            -master.volumeSizeLimitMB=64 -volume.minFreeSpace=0";
        arguments.extend(fixed.split_whitespace().map(str::to_owned));
        arguments.extend(ports);
        arguments.into_iter().map(OsString::from).collect()
    }

    async fn await_ready(&self, child: &mut Supervised, log: &Log) -> Result<(), Error> {
        let limit = Instant::now() + READY_WAIT;
        loop {
            if child.ended().is_some() {
                return Err(Error::Ended { server: SERVER, log: log.path(), said: log.tail() });
            }
            if launch::soon(answers(self.ports[6])).await.is_some() {
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

impl Launch for Objects {
    const TAKEN: &'static str = "address already in use";

    async fn launch_once(&mut self) -> Result<(), Error> {
        let (log, file) = Log::open(&self.home.folder).await?;
        home::hand_over(&self.home.join("data"), None)?;
        let identities = json!({ "identities": [{
            "name": "owner", "actions": ["Admin"],
            "credentials": [{ "accessKey": self.access_key, "secretKey": self.secret_key }],
        }] });
        home::write_private(&self.home.join("s3.json"), &identities.to_string(), None)?;
        let mut child =
            Supervised::spawn(&self.program.path, &self.arguments(), None, &file, Signal::SIGKILL)
                .map_err(error::io("start SeaweedFS"))?;
        drop(file);
        self.await_ready(&mut child, &log).await?;
        tracing::info!(port = self.ports[6], process.id = child.id(), "SeaweedFS is ready");
        self.child = Some(child);
        Ok(())
    }

    fn take_other_ports(&mut self) -> Result<(), Error> {
        if !self.ports_are_kept {
            self.ports = port::several()?;
        }
        Ok(())
    }
}

/// Whether somebody speaks HTTP and asks strangers for a signature.
async fn answers(port: u16) -> Option<()> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let question = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    connection.write_all(question.as_bytes()).await.ok()?;
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.ok()?;
    (&answer == b"HTTP/1.1 403").then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::tests::leaves_a_taken_port;
    use crate::scratch::Scratch;

    #[tokio::test]
    async fn a_port_that_somebody_took_first_is_left_to_them() {
        let scratch = Scratch::new().unwrap();
        let mut objects = Objects::start(scratch.path()).await.unwrap();
        objects.stop().await;
        objects.ports_are_kept = false;
        leaves_a_taken_port(&mut objects, |objects| &mut objects.ports[6]).await;
        objects.stop().await;
    }
}
