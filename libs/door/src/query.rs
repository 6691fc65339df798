//! What a client asks to read, in our own words.

use eventlog::Direction;
use tonic::Status;

use crate::{
    filter::Filter,
    ids::Form,
    refusal,
    wire::event_store::client::{
        StreamIdentifier,
        streams::{self as wire, all_streams, one_stream, read_request as request},
    },
};

/// A read or a subscription.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) source: Source,
    pub(crate) direction: Direction,
    pub(crate) amount: Amount,
    pub(crate) show: Show,
    /// Whether the client wants to hear where a stream begins and ends.
    pub(crate) tells_ends: bool,
}

/// Where the events come from.
#[derive(Debug)]
pub(crate) enum Source {
    One { stream: String, from: From },
    All { from: From, filter: Option<Filter> },
}

/// Where to begin: a revision of a stream, or a position of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Start,
    At(u64),
    End,
}

/// How much is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    /// At most so many events that there are.
    Count(u64),
    /// All that are and will be.
    Subscription,
}

/// How events are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Show {
    pub(crate) form: Form,
    pub(crate) resolve_links: bool,
}

impl Query {
    /// Reads a request.
    pub(crate) fn read(request: wire::ReadRequest) -> Result<Self, Status> {
        let options = request.options.ok_or_else(|| refusal::invalid("the request has no options"))?;
        let amount = match options.amount {
            Some(request::options::Amount::Count(count)) => Amount::Count(count),
            Some(request::options::Amount::Subscription(_)) => Amount::Subscription,
            None => return Err(refusal::invalid("the request says neither count nor subscription")),
        };
        let direction = match options.direction() {
            request::Direction::Forwards => Direction::Forwards,
            request::Direction::Backwards => Direction::Backwards,
        };
        if amount == Amount::Subscription && direction == Direction::Backwards {
            return Err(refusal::invalid("a subscription goes forwards"));
        }
        let form = match options.uuid_form.and_then(|form| form.form) {
            Some(request::uuid_form::Form::Halves(_)) => Form::Halves,
            Some(request::uuid_form::Form::Text(_)) | None => Form::Text,
        };
        let tells_ends = options.control.is_some_and(|control| control.compatibility >= 1);
        let filter = match options.choice {
            Some(request::options::Choice::Filter(filter)) => Some(Filter::read(filter)?),
            Some(request::options::Choice::NoFilter(_)) | None => None,
        };
        let source = source(options.one, options.all, filter)?;
        let show = Show { form, resolve_links: options.resolve_links };
        Ok(Self { source, direction, amount, show, tells_ends })
    }
}

fn source(
    one: Option<wire::OneStream>,
    all: Option<wire::AllStreams>,
    filter: Option<Filter>,
) -> Result<Source, Status> {
    match (one, all, filter) {
        (Some(one), None, None) => {
            Ok(Source::One { stream: stream_name(one.stream.as_ref())?, from: revision(one.from) })
        }
        (Some(_), None, Some(_)) => Err(refusal::invalid("only $all is filtered")),
        (None, Some(all), filter) => Ok(Source::All { from: position(all.from), filter }),
        _ => Err(refusal::invalid("the request names neither one stream nor $all, or both")),
    }
}

/// A stream's name, which is text and not empty.
pub(crate) fn stream_name(stream: Option<&StreamIdentifier>) -> Result<String, Status> {
    let name = stream.map_or(&[][..], |stream| &stream.name);
    match str::from_utf8(name) {
        Ok("") => Err(refusal::invalid("the stream has no name")),
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Err(refusal::invalid("the stream's name is not UTF-8")),
    }
}

fn revision(from: Option<one_stream::From>) -> From {
    match from {
        None | Some(one_stream::From::Start(_)) => From::Start,
        Some(one_stream::From::Revision(revision)) => at(revision),
        Some(one_stream::From::End(_)) => From::End,
    }
}

fn position(from: Option<all_streams::From>) -> From {
    match from {
        None | Some(all_streams::From::Start(_)) => From::Start,
        Some(all_streams::From::Position(position)) if position.prepare == u64::MAX => From::End,
        Some(all_streams::From::Position(position)) => at(position.commit),
        Some(all_streams::From::End(_)) => From::End,
    }
}

/// The largest number means the end too.
fn at(number: u64) -> From {
    if number == u64::MAX { From::End } else { From::At(number) }
}
