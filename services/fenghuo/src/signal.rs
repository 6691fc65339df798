//! The order to stop: SIGINT or SIGTERM once in good order, twice at once.

use std::process;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Because, Error};

/// What a shell reports for a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// The signals that mean "stop".
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From here on, the signals wait to be asked for.
    pub(crate) fn listen() -> Result<Self, Error> {
        let on = |kind| signal(kind).because("等待停止信号", "listen for the signal to stop");
        Ok(Self { interrupt: on(SignalKind::interrupt())?, terminate: on(SignalKind::terminate())? })
    }

    /// Returns at the next of them.
    pub(crate) async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// A second Ctrl-C ends the process at once; what was acknowledged is durable, and watchdogs end the children.
    pub(crate) fn hurry_from_now(&self) {
        tokio::spawn(async {
            let Ok(mut again) = Self::listen() else { return };
            again.received().await;
            process::exit(INTERRUPTED);
        });
    }
}
