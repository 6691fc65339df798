//! The services' doors as a scenario sees them: a command is JSON, checked against the published language.

use contracts::{
    credit::v1 as credit, enforcement::v1 as enforcement, envelope::v1 as envelope, hazard::v1 as hazard,
    investigation::v1 as investigation, outside::v1 as outside, reward::v1 as reward,
};
use decider::Public;
use prost::Name;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tonic::{Request, Status, transport::Channel};
use uuid::Uuid;

/// The services that take commands.
pub(super) const SERVICES: [&str; 5] = ["hazard", "enforcement", "investigation", "credit", "reward"];

/// What a command carries beside itself.
pub(super) struct Envelope<'a> {
    pub(super) key: Uuid,
    pub(super) case: Option<&'a str>,
    pub(super) occurred: Option<OffsetDateTime>,
    pub(super) token: &'a str,
}

/// Whether a body is a command of the service.
pub(super) fn check_command(service: &str, body: &Value) -> Result<(), String> {
    let named = body.as_object().is_some_and(|fields| fields.len() == 1);
    if !named {
        return Err("a command is one key, its name, with its fields below".to_owned());
    }
    match service {
        "hazard" => read::<hazard::ExecuteRequest>(body).map(drop),
        "enforcement" => read::<enforcement::ExecuteRequest>(body).map(drop),
        "investigation" => read::<investigation::ExecuteRequest>(body).map(drop),
        "credit" => read::<credit::ExecuteRequest>(body).map(drop),
        "reward" => read::<reward::ExecuteRequest>(body).map(drop),
        other => Err(format!("no service {other:?} takes commands")),
    }
}

/// Gives a command to a service.
pub(super) async fn execute(
    service: &str,
    channel: Channel,
    envelope: &Envelope<'_>,
    body: &Value,
) -> Result<envelope::Outcome, Status> {
    let message = dress(envelope, body)?;
    macro_rules! call {
        ($package:ident, $client:path) => {{
            let message = read::<$package::ExecuteRequest>(&message).map_err(Status::invalid_argument)?;
            let answer = <$client>::new(channel).execute(carry(message, envelope.token)?).await?;
            answer.into_inner().outcome
        }};
    }
    let outcome = match service {
        "hazard" => call!(hazard, hazard::hazard_service_client::HazardServiceClient<_>),
        "enforcement" => {
            call!(enforcement, enforcement::enforcement_service_client::EnforcementServiceClient<_>)
        }
        "investigation" => {
            call!(investigation, investigation::investigation_service_client::InvestigationServiceClient<_>)
        }
        "credit" => call!(credit, credit::credit_service_client::CreditServiceClient<_>),
        "reward" => call!(reward, reward::reward_service_client::RewardServiceClient<_>),
        other => {
            return Err(Status::invalid_argument(format!("no service {other:?} takes commands")));
        }
    };
    outcome.ok_or_else(|| Status::internal("the answer has no outcome"))
}

/// Whether a body is the message of that name, of departments outside the services.
pub(super) fn check_message(kind: &str, body: &Value) -> Result<(), String> {
    message(kind, body).map(drop)
}

/// The public message of that name.
pub(super) fn message(kind: &str, body: &Value) -> Result<Public, String> {
    macro_rules! one_of {
        ($($name:ident),*) => {
            match kind {
                $(stringify!($name) => public::<outside::$name>(body),)*
                other => Err(format!("no message {other:?}; known are {}", [$(stringify!($name)),*].join(", "))),
            }
        };
    }
    one_of!(
        SupervisionOrdered,
        InquiryFormed,
        InquiryExtensionApproved,
        InquiryReportApproved,
        TransferReceived,
        TransferDecided,
        CoerciveMeasuresTaken,
        AccidentReportReceived,
        PaymentSettled
    )
}

fn public<M: Name + Serialize + DeserializeOwned>(body: &Value) -> Result<Public, String> {
    read::<M>(body).map(|message| Public::of(&message))
}

fn read<M: DeserializeOwned>(body: &Value) -> Result<M, String> {
    serde_json::from_value(body.clone()).map_err(|error| error.to_string())
}

/// Puts the envelope around a command.
fn dress(envelope: &Envelope<'_>, body: &Value) -> Result<Value, Status> {
    let mut request = json!({ "idempotencyKey": envelope.key, "caseId": envelope.case.unwrap_or_default() });
    if let Some(at) = envelope.occurred {
        let text = at.format(&Rfc3339).map_err(|error| Status::invalid_argument(error.to_string()))?;
        request["occurredAt"] = Value::String(text);
    }
    let mut message = body.clone();
    message["request"] = request;
    Ok(message)
}

/// A request with its bearer token.
pub(super) fn carry<M>(message: M, token: &str) -> Result<Request<M>, Status> {
    let mut request = Request::new(message);
    let bearer =
        format!("Bearer {token}").parse().map_err(|_| Status::unauthenticated("the token is not text"))?;
    request.metadata_mut().insert("authorization", bearer);
    Ok(request)
}
