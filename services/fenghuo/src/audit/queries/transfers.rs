//! 移送无答复: what was handed to the police or another department, and was answered late or not at all.
//!
//! **Invariant**: whether an answer was in time is judged by the instants, never by what the answer says of itself.

use std::{collections::BTreeMap, rc::Rc};

use enforcement::penalty;
use hazard::{hazard as hazards, report};
use investigation::{crime, determination, inquiry};
use law::{Due, clock};
use time::OffsetDateTime;

use super::{
    query::{Finding, Query, Record, Wrong, who},
    seen::{Place, Said, Seen},
};
use crate::due::beijing;

/// What is asked of another department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ask {
    Verification,
    Supervision,
    Filing,
    CrimeFiling,
    CrimeObjection,
    ReviewAcceptance,
    ReviewFile,
    GovernmentReply,
}

impl Ask {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Verification => ("消防监督检查规定18", "分办举报的核查", "verification of a routed report"),
            Self::Supervision => {
                ("消防法55", "报告政府的重大火灾隐患", "a major hazard reported to the government")
            }
            Self::Filing => ("行政处罚法54", "移交立案的隐患", "a hazard referred for a penalty"),
            Self::CrimeFiling => ("国令310号8", "移送公安机关的案件", "a case transferred to the police"),
            Self::CrimeObjection => ("国令310号9", "提请公安机关复议", "an objection put to the police"),
            Self::ReviewAcceptance => ("火灾事故调查规定36", "复核申请", "an application for review"),
            Self::ReviewFile => {
                ("火灾事故调查规定37", "复核调卷", "the file called for by the reviewing body")
            }
            Self::GovernmentReply => {
                ("493号令32", "提交政府批复的调查报告", "an inquiry report handed to the government")
            }
        }
    }
}

/// What an event does to a transfer.
enum Turn<'a> {
    /// To whom, where the event says so, and until when, where the law says so.
    Asks(Ask, Option<String>, Option<&'a Due>),
    /// Another department is to answer.
    Goes(Ask, String),
    /// The time moves, or stands still.
    Runs(Ask, Option<&'a Due>),
    Answers(Ask),
}

/// Until when an answer is owed.
enum Until {
    /// The law sets no time; an answer is owed all the same.
    Open,
    Due(Due),
    StandsStill,
}

impl Until {
    fn is_past(&self, at: OffsetDateTime) -> bool {
        match self {
            Self::Open => true,
            Self::Due(due) => due.is_past(at),
            Self::StandsStill => false,
        }
    }
}

/// A transfer that waits for its answer.
struct Waiting {
    place: Rc<Place>,
    to: Option<String>,
    until: Until,
}

#[derive(Default)]
pub(super) struct Transfers {
    waiting: BTreeMap<(&'static str, String, Ask), Waiting>,
    late: Vec<Finding>,
}

impl Query for Transfers {
    fn see(&mut self, seen: &Seen) {
        for turn in turns(&seen.said) {
            self.turn(&seen.place, turn);
        }
    }

    fn findings(&self, _record: &Record, as_of: OffsetDateTime) -> Vec<Finding> {
        let open = self.waiting.iter().filter(|((.., ask), waiting)| is_handed_over(*ask, waiting));
        let open = open.filter(|(_, waiting)| waiting.until.is_past(as_of));
        let open = open.map(|((.., ask), waiting)| unanswered(*ask, waiting));
        self.late.iter().cloned().chain(open).collect()
    }
}

impl Transfers {
    fn turn(&mut self, place: &Rc<Place>, turn: Turn<'_>) {
        let key = |ask| (place.service, place.stream.clone(), ask);
        match turn {
            Turn::Asks(ask, to, due) => {
                let until = due.cloned().map_or(Until::Open, Until::Due);
                self.waiting.entry(key(ask)).or_insert(Waiting { place: Rc::clone(place), to, until });
            }
            Turn::Goes(ask, to) => {
                if let Some(waiting) = self.waiting.get_mut(&key(ask)) {
                    waiting.to = Some(to);
                }
            }
            Turn::Runs(ask, due) => {
                if let Some(waiting) = self.waiting.get_mut(&key(ask)) {
                    waiting.until = due.cloned().map_or(Until::StandsStill, Until::Due);
                }
            }
            Turn::Answers(ask) => {
                let answered = self.waiting.remove(&key(ask));
                self.late.extend(answered.and_then(|waiting| answered_late(ask, place, &waiting)));
            }
        }
    }
}

/// A report that its own department keeps is no transfer.
fn is_handed_over(ask: Ask, waiting: &Waiting) -> bool {
    ask != Ask::Verification || waiting.to.is_some()
}

fn unanswered(ask: Ask, waiting: &Waiting) -> Finding {
    let (article, zh, en) = ask.words();
    let (until_zh, until_en) = match &waiting.until {
        Until::Due(due) => {
            let at = beijing(due.at);
            (format!("，期限已于 {at} 届满"), format!(", which was due by {at}"))
        }
        Until::Open | Until::StandsStill => (String::new(), String::new()),
    };
    let wrong =
        Wrong::new(article, format!("{zh}至今无答复{until_zh}"), format!("{en} has no answer{until_en}"));
    let mut finding = wrong.at(&waiting.place);
    finding.who = match &waiting.to {
        Some(to) => format!("{} → {to}", who(&waiting.place)),
        None => who(&waiting.place),
    };
    finding
}

fn answered_late(ask: Ask, place: &Rc<Place>, waiting: &Waiting) -> Option<Finding> {
    let Until::Due(due) = &waiting.until else { return None };
    if !due.is_past(place.occurred_at) || !is_handed_over(ask, waiting) {
        return None;
    }
    let (article, zh, en) = ask.words();
    let at = beijing(due.at);
    let zh = format!("{zh}逾期答复，期限为 {at}");
    Some(Wrong::new(article, zh, format!("{en} was answered late, after {at}")).at(place))
}

fn turns(said: &Said) -> Vec<Turn<'_>> {
    match said {
        Said::Report(event) => of_report(event),
        Said::Hazard(event) => of_hazard(event),
        Said::Penalty(event) => of_penalty(event),
        Said::Crime(event) => of_crime(event),
        Said::Determination(event) => of_determination(event),
        Said::Inquiry(event) => of_inquiry(event),
        _ => vec![],
    }
}

fn of_report(event: &report::Event) -> Vec<Turn<'_>> {
    use report::Event;
    match event {
        Event::Received { verify_by, .. } => vec![Turn::Asks(Ask::Verification, None, Some(verify_by))],
        Event::Verified { .. } => vec![Turn::Answers(Ask::Verification)],
        Event::Clock { duty: report::Duty::Verify, event } => runs(Ask::Verification, event),
        Event::Routed { to } => vec![Turn::Goes(Ask::Verification, to.to_string())],
    }
}

fn of_hazard(event: &hazards::Event) -> Vec<Turn<'_>> {
    use hazards::Event;
    match event {
        Event::ReportedToGovernment { government } => {
            vec![Turn::Asks(Ask::Supervision, Some(government.to_string()), None)]
        }
        Event::ListedForSupervision { .. } | Event::Closed {} => vec![Turn::Answers(Ask::Supervision)],
        _ => vec![],
    }
}

fn of_penalty(event: &penalty::Event) -> Vec<Turn<'_>> {
    use penalty::Event;
    match event {
        Event::Referred { .. } => vec![Turn::Asks(Ask::Filing, None, None)],
        Event::Filed { .. } | Event::ActTaken { .. } | Event::Dismissed { .. } => {
            vec![Turn::Answers(Ask::Filing)]
        }
        _ => vec![],
    }
}

fn of_crime(event: &crime::Event) -> Vec<Turn<'_>> {
    use crime::{Duty, Event};
    match event {
        Event::Sent { to, answer_by, .. } => {
            vec![Turn::Asks(Ask::CrimeFiling, Some(to.to_string()), Some(answer_by))]
        }
        Event::Received { answer_by, .. } => vec![Turn::Runs(Ask::CrimeFiling, Some(answer_by))],
        Event::Objected { answer_by } => vec![Turn::Asks(Ask::CrimeObjection, None, Some(answer_by))],
        Event::Answered { .. } => vec![Turn::Answers(Ask::CrimeFiling), Turn::Answers(Ask::CrimeObjection)],
        Event::Clock { duty: Duty::Answer, event } => runs(Ask::CrimeFiling, event),
        Event::Clock { duty: Duty::AnswerObjection, event } => runs(Ask::CrimeObjection, event),
        _ => vec![],
    }
}

fn of_determination(event: &determination::Event) -> Vec<Turn<'_>> {
    use determination::{Duty, Event};
    match event {
        Event::ReviewRequested { accept_by, .. } => {
            vec![Turn::Asks(Ask::ReviewAcceptance, None, Some(accept_by))]
        }
        Event::ReviewAccepted { file_by, .. } => {
            vec![Turn::Answers(Ask::ReviewAcceptance), Turn::Asks(Ask::ReviewFile, None, Some(file_by))]
        }
        Event::ReviewRefused { .. } => vec![Turn::Answers(Ask::ReviewAcceptance)],
        Event::FileReturned { .. } => vec![Turn::Answers(Ask::ReviewFile)],
        // A suit ends a review, and what was asked within it.
        Event::SuitAccepted { review_ended: true, .. } => {
            vec![Turn::Answers(Ask::ReviewAcceptance), Turn::Answers(Ask::ReviewFile)]
        }
        Event::Clock { duty: Duty::AnswerReview, event } => runs(Ask::ReviewAcceptance, event),
        Event::Clock { duty: Duty::ReturnFile, event } => runs(Ask::ReviewFile, event),
        _ => vec![],
    }
}

fn of_inquiry(event: &inquiry::Event) -> Vec<Turn<'_>> {
    use inquiry::{Duty, Event};
    match event {
        Event::ReportSubmitted { reply_by, .. } => {
            vec![Turn::Asks(Ask::GovernmentReply, None, Some(reply_by))]
        }
        Event::Replied { .. } | Event::Superseded { .. } => vec![Turn::Answers(Ask::GovernmentReply)],
        Event::Clock { duty: Duty::Reply, event } => runs(Ask::GovernmentReply, event),
        _ => vec![],
    }
}

/// Only what moves the time: that it ran out, or was met, is for the instants to say.
fn runs(ask: Ask, event: &clock::Event) -> Vec<Turn<'_>> {
    use clock::Event;
    match event {
        Event::Suspended { .. }
        | Event::Resumed { .. }
        | Event::Extended { .. }
        | Event::Rederived { .. } => event.moves().map(|due| Turn::Runs(ask, due)).into_iter().collect(),
        _ => vec![],
    }
}
