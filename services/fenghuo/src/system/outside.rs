//! The streams of departments outside the services: there before anybody writes to them or listens.

use bus::{Bus, OUTSIDE, Source, StreamError};

use super::logins::{KEEPER, Logins};
use crate::error::{Because, Error};

/// The system's own view of the bus.
pub(super) struct Outside {
    bus: Bus,
}

impl Outside {
    /// Makes the streams that are not there yet.
    pub(super) async fn open(nats_url: &str, logins: &Logins) -> Result<Self, Error> {
        let mut options = bus::Options::new(nats_url, "system");
        options.credentials = logins.credentials(KEEPER);
        let bus = Bus::connect(options).await.because("连接总线", "connect to the bus")?;
        let outside = Self { bus };
        for name in OUTSIDE {
            outside.ensure(name, 1).await?;
        }
        Ok(outside)
    }

    /// Makes a department's stream if it is not there; a new one begins at `first`.
    pub(super) async fn ensure(&self, department: &str, first: u64) -> Result<(), Error> {
        let made = self.bus.ensure_stream(&source(department)?, first).await;
        made.map(drop).because(format!("建立 {department} 的流"), format!("make the stream of {department}"))
    }

    /// How many messages a department has published.
    pub(super) async fn last(&self, department: &str) -> Result<u64, Error> {
        match self.bus.extent(&source(department)?).await {
            Ok(extent) => Ok(extent.last),
            Err(StreamError::Missing(_)) => Ok(0),
            Err(error) => Err(error)
                .because(format!("查询 {department} 的流"), format!("ask the stream of {department}")),
        }
    }
}

fn source(name: &str) -> Result<Source, Error> {
    Source::parse(name).because("读取部门名称", "read the name of a department")
}
