//! Errors as gRPC answers: the only place where the one becomes the other.

use std::{collections::HashMap, time::Duration};

use decider::Refused;
use eventlog::{AppendError, ExecuteError};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{auth::TokenError, field};

/// The domain that names of refusals belong to.
const DOMAIN: &str = "fenghuo";

/// FAILED_PRECONDITION with the refusal's name, article and both texts.
pub fn refused(refused: &Refused) -> Status {
    let metadata = HashMap::from([
        ("article".to_owned(), refused.article.clone()),
        ("zh".to_owned(), refused.zh.clone()),
        ("en".to_owned(), refused.en.clone()),
    ]);
    let mut details = ErrorDetails::new();
    details.set_error_info(&refused.name, DOMAIN, metadata);
    details.set_localized_message("zh-CN", &refused.zh);
    let article = if refused.article.is_empty() { String::new() } else { format!(" [{}]", refused.article) };
    let message = format!("{}{article}: {} / {}", refused.name, refused.zh, refused.en);
    Status::with_error_details(Code::FailedPrecondition, message, details)
}

/// The refusal in a status, if it is one: what a client shows to a person.
pub fn refusal_of(status: &Status) -> Option<Refused> {
    let info = status.get_details_error_info().filter(|info| info.domain == DOMAIN)?;
    let text = |key: &str| info.metadata.get(key).cloned().unwrap_or_default();
    Some(Refused { name: info.reason.clone(), article: text("article"), zh: text("zh"), en: text("en") })
}

/// The answer to a command that was not carried out.
pub fn of_execute(error: &ExecuteError) -> Status {
    match error {
        ExecuteError::Refused(refusal) => refused(refusal),
        ExecuteError::Invalid(reason) => field::invalid("command", reason),
        ExecuteError::KeyReused => field::invalid(
            "request.idempotency_key",
            "this key was used for another command; a new command needs a new key",
        ),
        ExecuteError::Contended => Status::aborted("too many commands for one stream at once; try again"),
        ExecuteError::Overloaded { retry_after } => later("the log is busy", *retry_after),
        ExecuteError::Unavailable(_) => Status::unavailable("the database is away; try again"),
        ExecuteError::Closed => Status::unavailable("the service is stopping; try again"),
        ExecuteError::Unreadable { stream, .. } => {
            tracing::error!(stream.name = %stream, %error, "a stored stream cannot be read");
            Status::data_loss(format!("stream {stream} cannot be read; an operator must look at it"))
        }
        ExecuteError::Failed(source) => {
            tracing::error!(%error, %source, "a decision could not be stored");
            Status::internal("what was decided could not be stored; nothing was changed")
        }
    }
}

/// The answer to a reader whom the log could not answer.
pub fn of_log(error: &eventlog::Error) -> Status {
    use eventlog::Error;
    match error {
        Error::Unavailable(_) => Status::unavailable("the database is away; try again"),
        Error::Closed => Status::unavailable("the service is stopping; try again"),
        Error::Stale { position, wanted } => Status::deadline_exceeded(format!(
            "the view has reached position {position}, not yet {wanted}; try again"
        )),
        Error::UnknownView(name) => Status::not_found(format!("no view is called {name}")),
        Error::Leased(name) => Status::aborted(format!("another process works on {name}; try again")),
        Error::Gap { .. } | Error::Corrupt { .. } => {
            tracing::error!(%error, "the log is damaged");
            Status::data_loss(error.to_string())
        }
        Error::Database(_) | Error::Migrate(_) | Error::Name(_) | Error::View { .. } | Error::Replay(_) => {
            tracing::error!(%error, "the log failed");
            Status::internal(error.to_string())
        }
    }
}

/// A dossier is not shown because that it is opened could not be recorded.
pub fn of_reading(error: &AppendError) -> Status {
    match error {
        AppendError::Overloaded { retry_after } => later("the log is busy", *retry_after),
        AppendError::Unavailable(_) | AppendError::Closed => {
            Status::unavailable("that this is read cannot be recorded now, so it is not shown; try again")
        }
        other => {
            tracing::error!(error = %other, "a reading could not be recorded");
            Status::unavailable("that this is read could not be recorded, so it is not shown")
        }
    }
}

/// A database error in a query.
pub fn of_database(error: &sqlx::Error) -> Status {
    tracing::warn!(error = %error, "a query failed");
    Status::unavailable("the database could not answer; try again")
}

/// UNAUTHENTICATED, with what was wrong.
pub fn of_token(error: &TokenError) -> Status {
    Status::unauthenticated(error.to_string())
}

fn later(message: &str, after: Duration) -> Status {
    let mut details = ErrorDetails::new();
    details.set_retry_info(Some(after));
    Status::with_error_details(Code::Unavailable, message, details)
}
