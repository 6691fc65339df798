//! Back-fill from the owner's `LogService.ReadPublic`.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use contracts::log::v1::{ReadPublicRequest, log_service_client::LogServiceClient};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

use super::{Backfill, BackfillError};
use crate::cloudevent::MESSAGE_BYTES_MAX;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest wait for a whole answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Room for the position beside a message.
const FRAME_BYTES_MAX: usize = MESSAGE_BYTES_MAX + 1024;

/// Gives the token of this service, fresh enough to be used now.
pub type TokenProvider = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Asks the services at the other end of these addresses.
#[derive(Clone)]
pub struct GrpcBackfill {
    clients: HashMap<String, LogServiceClient<Channel>>,
    token: TokenProvider,
}

impl GrpcBackfill {
    /// A door for every source whose address is known. Nothing is connected before it is needed.
    pub fn new(
        endpoints: impl IntoIterator<Item = (String, String)>,
        token: TokenProvider,
    ) -> Result<Self, tonic::transport::Error> {
        let client = |(source, url): (String, String)| {
            let endpoint =
                Endpoint::from_shared(url)?.connect_timeout(CONNECT_TIMEOUT).timeout(ANSWER_TIMEOUT);
            let client =
                LogServiceClient::new(endpoint.connect_lazy()).max_decoding_message_size(FRAME_BYTES_MAX);
            Ok((source, client))
        };
        Ok(Self { clients: endpoints.into_iter().map(client).collect::<Result<_, _>>()?, token })
    }

    fn request(&self, from: u64, to: u64) -> Result<Request<ReadPublicRequest>, Status> {
        let mut request = Request::new(ReadPublicRequest { from, to });
        if let Some(token) = (self.token)() {
            let bearer: MetadataValue<Ascii> = format!("Bearer {token}")
                .parse()
                .map_err(|_| Status::internal("the token is not plain text"))?;
            request.metadata_mut().insert("authorization", bearer);
        }
        Ok(request)
    }

    async fn read(&self, source: &str, from: u64, to: u64) -> Result<Option<HashMap<u64, Bytes>>, Status> {
        let Some(client) = self.clients.get(source) else {
            return Ok(None);
        };
        let mut answers = client.clone().read_public(self.request(from, to)?).await?.into_inner();
        let mut found = HashMap::new();
        while let Some(answer) = answers.message().await? {
            if (from..=to).contains(&answer.position) {
                found.insert(answer.position, Bytes::from(answer.message));
            }
        }
        Ok(Some(found))
    }
}

#[async_trait]
impl Backfill for GrpcBackfill {
    async fn fetch(&self, source: &str, from: u64, to: u64) -> Result<HashMap<u64, Bytes>, BackfillError> {
        match self.read(source, from, to).await {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(BackfillError::NoLog(source.to_owned())),
            Err(status) => {
                Err(BackfillError::Unavailable { owner: source.to_owned(), source: Box::new(status) })
            }
        }
    }
}
