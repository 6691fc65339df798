//! Prints a case's timeline while it grows: each step, and everything that it has led to in every department.

use std::collections::HashSet;

use contracts::timeline::v1::{Clock, GetTimelineRequest, LogPosition};
use decider::CaseId;

use crate::{
    client::Client,
    error::Error,
    play::{Deed, Expect, Step, note},
    shell::Shell,
    system::System,
    timeline::{self, Table},
};

/// Tells one case.
pub(super) struct Teller<'a> {
    system: &'a System,
    client: Client,
    case: CaseId,
    shell: Shell,
    table: Table,
    told: HashSet<(String, u64)>,
}

impl<'a> Teller<'a> {
    /// Prints the head of the table.
    pub(super) fn begin(system: &'a System, case: CaseId, shell: Shell) -> Result<Self, Error> {
        let (client, table) = (system.client(), Table::growing(shell.lang));
        shell.line(table.header())?;
        Ok(Self { system, client, case, shell, table, told: HashSet::new() })
    }

    /// Prints the entries that are new, by the clock of their logs; waits until the timeline knows of them.
    pub(super) async fn catch_up(&mut self) -> Result<(), Error> {
        let heads = self.system.heads().await?;
        let listened = heads.into_iter().filter(|(log, position)| *log != "timeline" && *position > 0);
        let request = GetTimelineRequest {
            case_id: self.case.to_string(),
            clock: Clock::Recorded.into(),
            min_positions: listened
                .map(|(log, position)| LogPosition { log: log.to_owned(), position })
                .collect(),
            ..Default::default()
        };
        let story = timeline::read(&self.client, request).await?;
        // What a department did internally stands in its own log; here it would only fill the page.
        let public = story.entries.into_iter().filter(|entry| !entry.private).collect();
        for entry in timeline::causes_first(public, timeline::Clock::Recorded) {
            if self.told.insert((entry.source.clone(), entry.position)) {
                self.shell.line(self.table.row(&entry))?;
            }
        }
        Ok(())
    }

    /// A step is told by its note; a refusal leaves no event, so the note has to say it.
    pub(super) fn announce(&self, step: &Step) -> Result<(), Error> {
        let note = note(step, self.shell.lang);
        let refusal = match &step.deed {
            Some(Deed::Command(command)) => match &command.expect {
                Expect::Refused { name, article } => Some((name, article.as_deref().unwrap_or_default())),
                Expect::Accepted(_) | Expect::Invalid(_) => None,
            },
            Some(Deed::Message(_)) | None => None,
        };
        match refusal {
            None if note.is_empty() => Ok(()),
            None => self.shell.line(format_args!("-- {}: {note}", step.id)),
            Some((name, article)) => self.shell.line(self.shell.pick(
                &format!("-- {}：{note}（拒绝：{name} {article}）", step.id),
                &format!("-- {}: {note} (refused: {name} {article})", step.id),
            )),
        }
    }
}
