//! `fenghuo clocks`: the statutory clocks of a case across all services, as of a moment.

use clap::Args;
use contracts::clock::v1::{self as wire, clock_service_client::ClockServiceClient};
use decider::{CaseId, Lang, Role};
use pbjson_types::Timestamp;
use time::OffsetDateTime;
use tonic::Code;

use crate::{
    client::{Client, Reach, operator},
    due::Start,
    error::Error,
    moment::{Informed, Moment, MomentArgs, moment},
    shell::Shell,
};

mod json;
mod line;

pub(crate) use self::{
    json::clock as clock_json,
    line::{duty, holder, local, until},
};

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo clocks wuyi-2023-0417
  fenghuo clocks wuyi-2023-0417 --at '2023-05-18 00:00'
  fenghuo clocks wuyi-2023-0417 --happened-by '2023-05-18 00:00' --known-to emergency.33
  fenghuo clocks wuyi-2023-0417 --json";

/// Print the statutory clocks of a case: duty, state, date, basis, holder and the computation in words
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct ClocksArgs {
    /// The case
    #[arg(value_name = "CASE")]
    case: CaseId,
    /// As they stood then, and from what was recorded by then unless told otherwise: 2023-04-17, 2023-04-17T14:04 (Beijing time) or RFC 3339
    #[arg(long, value_name = "TIME")]
    at: Option<Start>,
    #[command(flatten)]
    back: MomentArgs,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Prints the clocks of a case.
pub async fn run(args: ClocksArgs, shell: Shell) -> Result<(), Error> {
    let client = args.reach.find().await?;
    let at = args.at.map(moment);
    let clocks = read(&client, &args.case, at, &args.back.read(at)).await?;
    if args.json {
        let clocks = clocks.iter().map(json::clock).collect::<Vec<_>>();
        return shell.json(&serde_json::json!({"case": args.case, "clocks": clocks}));
    }
    if clocks.is_empty() {
        return Err(nothing(&args.case));
    }
    clocks.iter().try_for_each(|clock| {
        shell.line(line::head(clock, shell.lang))?;
        line::below(clock, shell.lang).into_iter().try_for_each(|below| shell.line(below))
    })
}

pub(crate) fn nothing(case: &CaseId) -> Error {
    Error::told(format!("案件 {case} 没有期限"), format!("case {case} has no clocks"))
}

/// The clocks of a case in every service, in the order of their starts.
pub(crate) async fn read(
    client: &Client,
    case: &CaseId,
    at: Option<OffsetDateTime>,
    back: &Moment,
) -> Result<Vec<wire::ClockState>, Error> {
    let informed = match &back.known {
        Some((party, known_by)) => Some((Informed::find(client, party, *known_by).await?, *known_by)),
        None => None,
    };
    let asked = wire::ListClocksRequest {
        case_id: case.to_string(),
        at: at.map(chassis::timestamp),
        recorded_by: back.recorded_by.map(chassis::timestamp),
        happened_by: back.happened_by.map(chassis::timestamp),
        ..Default::default()
    };
    let mut clocks = Vec::new();
    for service in client.endpoints().services.keys() {
        let mut request = asked.clone();
        if let Some((informed, known_by)) = &informed {
            known(&mut request, service, informed, *known_by);
        }
        let mut door = client.acting(service, &operator(Role::Auditor)).map(ClockServiceClient::new)?;
        match door.list_clocks(request).await {
            Ok(answer) => clocks.extend(answer.into_inner().clocks),
            // The timeline has no clocks of its own.
            Err(status) if status.code() == Code::Unimplemented => {}
            Err(status) => return Err(Error::answer(service, status)),
        }
    }
    clocks.sort_by_key(|clock| {
        let started = clock.started_at.as_ref().map(|at| (at.seconds, at.nanos));
        (started, clock.stream.clone(), clock.duty.clone())
    });
    Ok(clocks)
}

/// A party knows the clocks of its own services as they were recorded, those of others as far as it had been told.
fn known(
    request: &mut wire::ListClocksRequest,
    service: &str,
    informed: &Informed,
    known_by: Option<OffsetDateTime>,
) {
    if !informed.own.contains(&service) {
        request.log_position = Some(informed.told.get(service).copied().unwrap_or_default());
    } else if let Some(by) = known_by.map(chassis::timestamp) {
        let earlier = |at: &Timestamp| (at.seconds, at.nanos) < (by.seconds, by.nanos);
        request.recorded_by = request.recorded_by.take().filter(earlier).or(Some(by));
    }
}

/// Chinese, or the word itself.
pub(crate) fn state(clock: &wire::ClockState, lang: Lang) -> &str {
    if lang == Lang::En {
        return match (clock.state.as_str(), clock.late) {
            ("met", _) if clock.kind == "right" => "used",
            ("met", true) => "met late",
            ("lapsed", _) => "right lapsed",
            (word, _) => word,
        };
    }
    match (clock.state.as_str(), clock.late) {
        ("running", _) => "计算中",
        ("warned", _) => "已预警",
        ("suspended", _) => "中止中",
        ("met", _) if clock.kind == "right" => "已行使",
        ("met", false) => "按期履行",
        ("met", true) => "逾期履行",
        ("breached", _) => "已届满未办",
        ("lapsed", _) => "期限届满，权利消灭",
        ("over", _) => "已届满",
        ("cancelled", _) => "已终止",
        (word, _) => word,
    }
}
