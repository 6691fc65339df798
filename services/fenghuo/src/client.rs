//! The way from a command to a running system: where its services are, and in whose name to call them.

use std::time::Duration;

use chassis::{auth::Signer, reading::PURPOSE};
use contracts::{dev::v1 as dev, log::v1::log_service_client::LogServiceClient};
use decider::{Actor, ActorKind, Department, Id, Role};
use time::OffsetDateTime;
use tonic::{
    Request, Status,
    metadata::{Ascii, Binary, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use crate::{
    endpoints::Endpoints,
    error::{Because, Error},
};

mod reach;

pub use reach::Reach;

/// How long a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long a token issued for a call is valid; long enough for a command that waits, too short to be kept.
pub(crate) const TOKEN_LIFETIME: time::Duration = time::Duration::hours(1);

/// For what purpose is read, where nobody says otherwise.
pub const HANDLING: &str = "案件办理 / case handling";

/// A channel that shows a bearer token with every call.
pub type Authorized = InterceptedService<Channel, Bearer>;

/// A running system, and the right to speak to it.
#[derive(Clone)]
pub struct Client {
    endpoints: Endpoints,
    credentials: Credentials,
    purpose: String,
}

/// In whose name calls are made.
#[derive(Clone)]
enum Credentials {
    /// Anybody's: this key is the one that the system believes.
    Signer(Box<Signer>),
    /// One person's.
    Token(String),
}

/// Shows a bearer token, and says for what purpose is read.
#[derive(Clone)]
pub struct Bearer {
    token: MetadataValue<Ascii>,
    purpose: MetadataValue<Binary>,
}

impl Bearer {
    /// What shows this token, and says this purpose.
    pub fn new(token: &str, purpose: &str) -> Result<Self, Error> {
        let mut value = format!("Bearer {token}")
            .parse::<MetadataValue<Ascii>>()
            .because("读取令牌", "read the token")?;
        value.set_sensitive(true);
        Ok(Self { token: value, purpose: MetadataValue::from_bytes(purpose.as_bytes()) })
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.token.clone());
        request.metadata_mut().insert_bin(PURPOSE, self.purpose.clone());
        Ok(request)
    }
}

impl Client {
    /// A client that may act as anybody.
    pub fn signing(endpoints: Endpoints, signer: Signer) -> Self {
        Self { endpoints, credentials: Credentials::Signer(Box::new(signer)), purpose: HANDLING.to_owned() }
    }

    /// A client that acts as the token's holder only.
    pub fn holding(endpoints: Endpoints, token: String) -> Self {
        Self { endpoints, credentials: Credentials::Token(token), purpose: HANDLING.to_owned() }
    }

    /// The same client, reading for this purpose.
    pub fn for_purpose(self, purpose: &str) -> Self {
        Self { purpose: purpose.to_owned(), ..self }
    }

    /// Where everything is.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// A channel to a service; the connection is made when it is first used, and again when it is lost.
    pub fn channel(&self, service: &str) -> Result<Channel, Error> {
        let url = self.endpoints.services.get(service).ok_or_else(|| {
            let known = self.endpoints.services.keys().map(String::as_str).collect::<Vec<_>>();
            Error::usage(
                format!("系统中没有服务 {service:?}；可用：{}", known.join("、")),
                format!("the system has no service {service:?}; known are {}", known.join(", ")),
            )
        })?;
        channel(url)
    }

    /// A channel to a service on which `actor` calls.
    pub fn acting(&self, service: &str, actor: &Actor) -> Result<Authorized, Error> {
        let channel = self.channel(service)?;
        Ok(InterceptedService::new(channel, self.bearer(actor)?))
    }

    /// The log of a service, read (or served) by somebody of this role.
    pub fn log(&self, service: &str, role: Role) -> Result<LogServiceClient<Authorized>, Error> {
        self.acting(service, &operator(role)).map(LogServiceClient::new)
    }

    /// The token that `actor` shows.
    pub fn bearer(&self, actor: &Actor) -> Result<Bearer, Error> {
        match &self.credentials {
            Credentials::Token(token) => Bearer::new(token, &self.purpose),
            Credentials::Signer(signer) => {
                let token = signer.issue(actor, TOKEN_LIFETIME).because("签发令牌", "issue a token")?;
                Bearer::new(&token, &self.purpose)
            }
        }
    }

    /// Moves the system's scripted clock.
    pub async fn set_clock(&self, at: OffsetDateTime) -> Result<(), Error> {
        let url = self.endpoints.dev_url.as_deref().ok_or_else(|| {
            Error::told(
                "系统使用真实时钟，不能拨动；请用 fenghuo dev --clock scripted 启动",
                "the system runs on the real clock, which nobody moves; start it with `fenghuo dev --clock scripted`",
            )
        })?;
        let mut client = dev::dev_service_client::DevServiceClient::new(channel(url)?);
        let request = dev::SetClockRequest { now: Some(chassis::timestamp(at)) };
        client.set_clock(request).await.map_err(|status| Error::answer("dev", status))?;
        Ok(())
    }
}

/// A channel to a URL, connected when first used.
pub(crate) fn channel(url: &str) -> Result<Channel, Error> {
    let endpoint = Endpoint::from_shared(url.to_owned())
        .because(format!("读取地址 {url:?}"), format!("read the address {url:?}"))?;
    Ok(endpoint.connect_timeout(CONNECT_MAX).tcp_nodelay(true).connect_lazy())
}

/// A role as the command line spells it.
pub(crate) fn role(text: &str) -> Result<Role, String> {
    serde_json::from_value(text.into()).map_err(|_| {
        format!(
            "unknown role {text:?}; known are clerk, grid, officer, legal, head, finance, auditor, operator"
        )
    })
}

/// Whoever types commands on the machine of a development system.
pub(crate) fn operator(role: Role) -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: Id::parse("command-line").expect("a literal id"),
        department: Department::parse("fire.33").expect("a literal department"),
        roles: vec![role],
        certificate: None,
    }
}
