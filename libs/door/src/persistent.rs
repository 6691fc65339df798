//! Persistent subscriptions: there are none, and every way to one is refused by name.

use tonic::{Request, Response, Status, Streaming};

use crate::{
    door::Door,
    out::Answers,
    wire::event_store::client::{
        Empty, persistent_subscriptions::persistent_subscriptions_server::PersistentSubscriptions,
    },
};

#[tonic::async_trait]
impl PersistentSubscriptions for Door {
    type ReadStream = Answers<Empty>;

    async fn list(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.caller(request.metadata())?;
        Ok(Response::new(Empty {}))
    }

    async fn create(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.refuse(&request, "create")
    }

    async fn update(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.refuse(&request, "update")
    }

    async fn delete(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.refuse(&request, "delete")
    }

    async fn read(&self, request: Request<Streaming<Empty>>) -> Result<Response<Self::ReadStream>, Status> {
        self.refuse(&request, "read")
    }

    async fn get_info(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.refuse(&request, "get info of")
    }

    async fn replay_parked(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.refuse(&request, "replay parked events of")
    }

    async fn truncate_parked(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.refuse(&request, "truncate parked events of")
    }

    async fn restart_subsystem(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.refuse(&request, "restart the subsystem of")
    }
}

impl Door {
    fn refuse<T, A>(&self, request: &Request<T>, what: &str) -> Result<Response<A>, Status> {
        self.caller(request.metadata())?;
        let why = "competing consumers have NATS JetStream; here there are catch-up subscriptions";
        Err(Status::unimplemented(format!("{what} persistent subscriptions: not offered; {why}")))
    }
}
