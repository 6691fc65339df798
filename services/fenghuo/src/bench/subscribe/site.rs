//! A new log with an open door.

use std::{net::SocketAddr, sync::Arc};

use decider::ActorKind;
use door::Access;
use eventlog::Log;

use crate::{
    bench::{sample, stage::Stage},
    doorway::Opened,
    error::Error,
};

/// A log, and where its door is.
pub(super) struct Site {
    pub(super) log: Log,
    pub(super) address: String,
    door: Opened,
}

impl Site {
    pub(super) async fn open(stage: &Stage, schema: &str) -> Result<Self, Error> {
        let log = stage.new_log(schema).await?;
        let anybody = decider::Actor { kind: ActorKind::Service, ..sample::actor() };
        let tokens = Arc::new(|_: &str| Err("there are no tokens here".to_owned()));
        let access = Access { anonymous: Some(anybody), ..Access::read_only(tokens) };
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let door = Opened::at(loopback, &log, access, None, None).await?;
        let address = format!("http://{}", door.advertised);
        Ok(Self { log, address, door })
    }

    pub(super) async fn close(self) {
        self.door.close().await;
        self.log.shutdown().await;
    }
}
