//! What a request asks for, field by field, and waiting until it can be answered.

use std::time::Duration;

use chassis::{Node, field, status};
use contracts::timeline::v1 as wire;
use decider::{CaseId, Department, DepartmentError};
use pbjson_types::Timestamp;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use tonic::Status;

use crate::{
    SERVICE,
    view::{EntryRow, Knowledge, Moment, Place, Wanted},
};

const ENTRIES_DEFAULT: i64 = 200;
const ENTRIES_MAX: i64 = 1_000;
pub(super) const CASES_DEFAULT: i64 = 50;
pub(super) const CASES_MAX: i64 = 200;

/// How long a query waits for the bus to bring what its caller has seen elsewhere.
const TOLD_WAIT_MAX: Duration = Duration::from_secs(10);
/// How often it looks.
const TOLD_LOOK_EVERY: Duration = Duration::from_millis(5);

/// A request for a story, read.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) case_id: String,
    happened: bool,
    moment: Moment,
    after: Option<Place>,
    limit: i64,
    pub(super) min_position: u64,
    pub(super) min_positions: Vec<(String, u64)>,
}

impl Asked {
    pub(super) fn of(request: &wire::GetTimelineRequest) -> Result<Self, Status> {
        let clock = wire::Clock::try_from(request.clock)
            .map_err(|_| field::invalid("clock", "must be CLOCK_HAPPENED or CLOCK_RECORDED"))?;
        Ok(Self {
            case_id: field::optional::<CaseId>("case_id", &request.case_id)?
                .map(|case| case.to_string())
                .unwrap_or_default(),
            happened: clock == wire::Clock::Happened,
            moment: moment(request.moment.as_ref())?,
            after: (!request.page_token.is_empty()).then(|| place(&request.page_token)).transpose()?,
            limit: page_size(request.page_size, ENTRIES_DEFAULT, ENTRIES_MAX),
            min_position: request.min_position,
            min_positions: positions("min_positions", &request.min_positions)?,
        })
    }

    pub(super) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            case_id: &self.case_id,
            happened: self.happened,
            moment: &self.moment,
            after: self.after.as_ref(),
            limit: self.limit,
        }
    }

    /// The token of the page after these rows; empty if they are the last.
    pub(super) fn next_page(&self, rows: &[EntryRow]) -> String {
        let full = i64::try_from(rows.len()).is_ok_and(|len| len == self.limit);
        let Some(last) = rows.last().filter(|_| full) else {
            return String::new();
        };
        let at = if self.happened { last.occurred_at } else { last.recorded_at };
        format!("{}.{}.{}", at.unix_timestamp_nanos() / 1_000, last.source, last.position)
    }
}

/// As of when, in whose eyes.
pub(super) fn moment(asked: Option<&wire::Moment>) -> Result<Moment, Status> {
    let Some(asked) = asked else { return Ok(Moment::default()) };
    let instant =
        |name: &str, at: Option<&Timestamp>| at.map(|at| field::instant(name, Some(at))).transpose();
    let position = i64::try_from(asked.log_position)
        .map_err(|_| field::invalid("moment.log_position", "is no position of a log"))?;
    let known = asked.known.as_ref().map(|known| {
        let told = positions("moment.known.told", &known.told)?.into_iter();
        Ok::<_, Status>(Knowledge {
            party: party(&known.party)?,
            at: instant("moment.known.at", known.at.as_ref())?,
            told: told.map(|(log, position)| (log, position.cast_signed())).collect(),
        })
    });
    Ok(Moment {
        recorded_by: instant("moment.recorded_by", asked.recorded_by.as_ref())?,
        log_position: (position > 0).then_some(position),
        happened_by: instant("moment.happened_by", asked.happened_by.as_ref())?,
        known: known.transpose()?,
    })
}

pub(super) fn page_size(asked: u32, default: i64, max: i64) -> i64 {
    if asked == 0 { default } else { i64::from(asked).min(max) }
}

/// Waits until everything up to these positions of other logs is written down here, and tells where.
pub(super) async fn told(node: &Node, wanted: &[(String, u64)]) -> Result<u64, Status> {
    let until = Instant::now() + TOLD_WAIT_MAX;
    for (log, position) in wanted {
        loop {
            let reached = node.log().inbox_position(log).await.map_err(|error| status::of_log(&error))?;
            if reached >= *position {
                break;
            }
            if Instant::now() >= until {
                let text = format!(
                    "the timeline has been told of {log} up to {reached}, not yet {position}; try again"
                );
                return Err(Status::deadline_exceeded(text));
            }
            sleep(TOLD_LOOK_EVERY).await;
        }
    }
    if wanted.is_empty() {
        return Ok(0);
    }
    node.log().head().await.map(|head| head.position).map_err(|error| status::of_log(&error))
}

/// A department, a kind of department, or a service.
fn party(text: &str) -> Result<String, Status> {
    let known = SERVICE.listens_to.contains(&text) || is_kind(text);
    if known {
        return Ok(text.to_owned());
    }
    field::parse::<Department>("moment.known.party", text).map(|department| department.to_string())
}

fn is_kind(word: &str) -> bool {
    let probe: Result<Department, DepartmentError> = format!("{word}.33").parse();
    !word.contains('.') && probe.is_ok()
}

fn positions(name: &str, given: &[wire::LogPosition]) -> Result<Vec<(String, u64)>, Status> {
    let read = |(index, place): (usize, &wire::LogPosition)| {
        let field = format!("{name}[{index}]");
        let known = SERVICE.listens_to.contains(&place.log.as_str()) || place.log == SERVICE.name;
        match i64::try_from(place.position) {
            Ok(_) if known => Ok((place.log.clone(), place.position)),
            Ok(_) => {
                Err(field::invalid(&format!("{field}.log"), "is not a log that the timeline listens to"))
            }
            Err(_) => Err(field::invalid(&format!("{field}.position"), "is no position of a log")),
        }
    };
    given.iter().enumerate().map(read).collect()
}

fn place(token: &str) -> Result<Place, Status> {
    let read = || {
        let (at, rest) = token.split_once('.')?;
        let (source, position) = rest.rsplit_once('.')?;
        let nanos = at.parse::<i128>().ok()?.checked_mul(1_000)?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
        Some(Place { at, source: source.to_owned(), position: position.parse().ok()? })
    };
    read().ok_or_else(|| field::invalid("page_token", "was not given by this service"))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_page_token_leads_back_to_its_place() {
        let at = datetime!(2023-04-17 14:01:47.000002 +8);
        let token = format!("{}.hazard.12", at.unix_timestamp_nanos() / 1_000);
        assert_eq!(place(&token).unwrap(), Place { at, source: "hazard".into(), position: 12 });
        for bad in ["", "x", "1.hazard", "1.hazard.x", "99999999999999999999999999999999999999.a.1"] {
            assert!(place(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_party_is_a_department_a_kind_or_a_service() {
        for good in ["fire.330723", "fire", "police", "enforcement"] {
            assert_eq!(party(good).unwrap(), good);
        }
        assert_eq!(party("fire.330700").unwrap(), "fire.3307");
        for bad in ["", "nobody", "fire.x", "timeline", "fire.33.33"] {
            assert!(party(bad).is_err(), "{bad:?}");
        }
    }
}
