//! `fenghuo timeline`: a case's story, in either clock, as of a moment, as one party knew it then.

use clap::{Args, ValueEnum};
use contracts::timeline::v1::{self as wire, timeline_service_client::TimelineServiceClient};
use decider::{CaseId, Role};
use tonic::Status;

use crate::{
    client::{Authorized, Client, Reach, operator},
    due::Start,
    error::Error,
    moment::{Moment, MomentArgs, moment},
    shell::Shell,
};

mod json;
mod order;
mod table;

pub(crate) use order::causes_first;
pub use table::Table;

const EXAMPLE: &str = "\
示例 / Examples:
  fenghuo timeline wuyi-2023-0417
  fenghuo timeline wuyi-2023-0417 --as-of '2023-04-17 15:00' --known-to emergency.330723
  fenghuo timeline wuyi-2023-0417 --clock happened --json
  fenghuo timeline wuyi-2023-0417 --happened-by '2023-04-17 15:00' --recorded-by '2023-04-17 16:00'
  fenghuo timeline --recorded-by 2023-04-17   # lists the cases, as of then";

/// Entries asked for at once, and how often.
const PAGE_SIZE: u32 = 1_000;
const PAGES_MAX: usize = 1_000;

/// Print a case's story across departments; without a case, list the cases
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct TimelineArgs {
    /// The case
    #[arg(value_name = "CASE")]
    case: Option<CaseId>,
    /// Only what had happened or was recorded by then, by the clock of --clock: 2023-04-17, 2023-04-17T14:04 (Beijing time) or RFC 3339
    #[arg(long, value_name = "TIME", conflicts_with_all = ["recorded_by", "happened_by"])]
    as_of: Option<Start>,
    #[command(flatten)]
    back: MomentArgs,
    /// Only what stands in the timeline's own log up to and with this position
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    up_to: u64,
    /// Which clock orders the story, and which one --as-of means
    #[arg(long, value_enum, default_value_t)]
    clock: Clock,
    /// Leave out what departments did internally and only told the existence of
    #[arg(long)]
    public: bool,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
    /// The system that is asked
    #[command(flatten)]
    reach: Reach,
}

/// Which of an event's two times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Clock {
    /// When it happened, as claimed
    Happened,
    /// When its department recorded it
    #[default]
    Recorded,
}

/// A case's entries, in the order of the clock; where that is equal, by source and position.
pub struct Story {
    pub entries: Vec<wire::Entry>,
    /// How far the timeline's own log is told.
    pub position: u64,
    /// Some entries wait for an operator and are missing.
    pub incomplete: bool,
}

/// Prints a story, or the list of cases.
pub async fn run(args: TimelineArgs, shell: Shell) -> Result<(), Error> {
    let client = args.reach.find().await?;
    let Some(case) = &args.case else {
        return list(&client, &args, shell).await;
    };
    let request = ask(&client, case, &args).await?;
    let mut story = read(&client, request).await?;
    story.entries.retain(|entry| !(args.public && entry.private));
    if args.json {
        return shell.json(&json::story(case, &args, &story));
    }
    if story.incomplete {
        shell.note(shell.pick(
            "注意：有条目无法读取，等待处理",
            "note: some entries cannot be read and wait for an operator",
        ));
    }
    if story.entries.is_empty() {
        return nothing(case, &args, shell);
    }
    let entries = order::causes_first(story.entries, args.clock);
    let table = Table::fitting(&entries, args.moment().known.is_some(), shell.lang);
    shell.line(table.header())?;
    entries.iter().try_for_each(|entry| shell.line(table.row(entry)))
}

/// Reads a story to its end.
pub async fn read(client: &Client, mut request: wire::GetTimelineRequest) -> Result<Story, Error> {
    let mut door = door(client)?;
    let mut story = Story { entries: Vec::new(), position: 0, incomplete: false };
    request.page_size = PAGE_SIZE;
    for _ in 0..PAGES_MAX {
        let page = door.get_timeline(request.clone()).await.map_err(failed)?.into_inner();
        let freshness = page.freshness.unwrap_or_default();
        story.position = story.position.max(freshness.position);
        story.incomplete |= freshness.parked;
        story.entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            return Ok(story);
        }
        request.page_token = page.next_page_token;
    }
    Err(Error::told("案卷过长，请用 --as-of 缩小范围", "the story is too long; narrow it with --as-of"))
}

impl TimelineArgs {
    /// As of when, and in whose eyes.
    fn moment(&self) -> Moment {
        let as_of = self.as_of.map(moment);
        let read = self.back.read(as_of);
        match self.clock {
            Clock::Happened => Moment { happened_by: read.happened_by.or(as_of), ..read },
            Clock::Recorded => Moment { recorded_by: read.recorded_by.or(as_of), ..read },
        }
    }

    async fn asked(&self, client: &Client) -> Result<Option<wire::Moment>, Error> {
        self.moment().asked(client, self.up_to).await.map(Some)
    }
}

async fn ask(client: &Client, case: &CaseId, args: &TimelineArgs) -> Result<wire::GetTimelineRequest, Error> {
    let clock = match args.clock {
        Clock::Happened => wire::Clock::Happened,
        Clock::Recorded => wire::Clock::Recorded,
    };
    Ok(wire::GetTimelineRequest {
        case_id: case.to_string(),
        clock: clock.into(),
        moment: args.asked(client).await?,
        ..Default::default()
    })
}

fn nothing(case: &CaseId, args: &TimelineArgs, shell: Shell) -> Result<(), Error> {
    if args.moment().is_now() && args.up_to == 0 {
        return Err(Error::told(
            format!("没有案件 {case} 的记录"),
            format!("nothing is recorded of case {case}"),
        ));
    }
    shell.note(shell.pick("届时尚无记录", "nothing yet at that moment"));
    Ok(())
}

async fn list(client: &Client, args: &TimelineArgs, shell: Shell) -> Result<(), Error> {
    let mut door = door(client)?;
    let mut request = wire::ListCasesRequest { moment: args.asked(client).await?, ..Default::default() };
    for _ in 0..PAGES_MAX {
        let page = door.list_cases(request.clone()).await.map_err(failed)?.into_inner();
        for case in &page.cases {
            if args.json {
                shell.json(&json::case(case))?
            } else {
                shell.line(table::case(case, shell.lang))?
            }
        }
        if page.next_page_token.is_empty() {
            return Ok(());
        }
        request.page_token = page.next_page_token;
    }
    Ok(())
}

fn door(client: &Client) -> Result<TimelineServiceClient<Authorized>, Error> {
    client.acting("timeline", &operator(Role::Auditor)).map(TimelineServiceClient::new)
}

fn failed(status: Status) -> Error {
    Error::answer("timeline", status)
}
