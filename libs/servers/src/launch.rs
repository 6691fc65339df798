//! Starting a server on free ports, which somebody else may take first.

use std::time::Duration;

use crate::error::Error;

/// Starts before it is given up.
const LAUNCHES_MAX: usize = 5;
/// Time between two of them.
const PAUSE: Duration = Duration::from_millis(20);

/// Longest wait for one answer of a server that is starting.
const ANSWER_WAIT: Duration = Duration::from_secs(1);

/// What a server answers, unless that takes too long: somebody else may hold its port and never answer, while the server
/// has ended for that.
pub(crate) async fn soon<T>(answer: impl Future<Output = Option<T>>) -> Option<T> {
    tokio::time::timeout(ANSWER_WAIT, answer).await.ok().flatten()
}

/// A server that can be started.
pub(crate) trait Launch: Send {
    /// What it says, among other things, of a port that is taken.
    const TAKEN: &'static str;

    /// Starts it once.
    fn launch_once(&mut self) -> impl Future<Output = Result<(), Error>> + Send;

    /// Takes other ports, unless these were asked for or are known to others.
    fn take_other_ports(&mut self) -> Result<(), Error>;

    /// Starts it, again where a port was taken.
    fn launch(&mut self) -> impl Future<Output = Result<(), Error>> + Send {
        async {
            for _ in 1..LAUNCHES_MAX {
                match self.launch_once().await {
                    Err(Error::Ended { server, said, .. }) if said.contains(Self::TAKEN) => {
                        tracing::warn!(server, "a port was taken, and the server is started again");
                        self.take_other_ports()?;
                        tokio::time::sleep(PAUSE).await;
                    }
                    result => return result,
                }
            }
            self.launch_once().await
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A stopped server whose port somebody takes, and who never answers there, starts on another.
    pub(crate) async fn leaves_a_taken_port<S: Launch>(server: &mut S, port: fn(&mut S) -> &mut u16) {
        let taker = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = taker.local_addr().unwrap().port();
        *port(server) = taken;
        server.launch().await.unwrap();
        assert_ne!(*port(server), taken);
    }
}
