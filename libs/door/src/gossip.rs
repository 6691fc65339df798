//! Who else there is: nobody. One member, the leader, at the advertised address.

use tonic::{Request, Response, Status};

use crate::{
    door::Door,
    ids::{self, Form},
    render,
    wire::event_store::client::{
        Empty,
        gossip::{Endpoint, Member, Members, gossip_server::Gossip, member::State},
    },
};

#[tonic::async_trait]
impl Gossip for Door {
    /// Answered without credentials: clients ask before they show any, and learn nothing but what they dialled.
    async fn read(&self, _: Request<Empty>) -> Result<Response<Members>, Status> {
        let now = self.log().world().clock.now();
        let advertised = self.advertised();
        let member = Member {
            instance_id: Some(ids::write(self.instance(), Form::Text)),
            ticks: i64::try_from(render::ticks(now)).unwrap_or_default(),
            state: State::Leader.into(),
            is_alive: true,
            endpoint: Some(Endpoint { address: advertised.address.clone(), port: advertised.port.into() }),
        };
        Ok(Response::new(Members { members: vec![member] }))
    }
}
