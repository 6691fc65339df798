//! Appends to several streams at once, all or none, with checks of streams that need not be written.

use decider::{Actor, StreamName};
use eventlog::{Expected, SeveralError, Violation};

use crate::{
    append::{self, Done, Proposal, Refused},
    door::Door,
    name,
};

/// Why an append to several streams did not happen.
#[derive(Debug)]
pub(crate) enum Several {
    /// These of the checks do not hold.
    Violated(Vec<Violation>),
    /// As for an append to one.
    Refused(Refused),
}

impl From<Refused> for Several {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl Door {
    /// Appends, if the actor may everywhere and the checks hold; tells for each proposal what came of it.
    pub(crate) async fn append_several(
        &self,
        actor: &Actor,
        mut proposals: Vec<Proposal>,
        checks: &[(&str, Expected)],
    ) -> Result<Vec<Done>, Several> {
        // One stream is the log's own way to append, which shares its commit with others.
        if let ([proposal], [] | [_]) = (&proposals[..], checks)
            && checks.iter().all(|(stream, _)| *stream == proposal.stream)
            && let Some(proposal) = proposals.pop()
        {
            let expected = checks.first().map_or(Expected::Any, |(_, expected)| *expected);
            return self.append_one(actor, Proposal { expected, ..proposal }).await;
        }
        proposals.iter().try_for_each(|proposal| self.admit(actor, proposal))?;
        let appends = proposals.iter().map(|proposal| self.prepare(actor, proposal));
        let appends = appends.collect::<Result<Vec<_>, _>>()?;
        let checks = checks.iter().map(|(stream, expected)| (name::stored(stream), *expected));
        let checks = checks.collect::<Vec<(StreamName, Expected)>>();
        match self.log().append_all(appends, &checks).await {
            Ok(appended) => Ok(appended.into_iter().map(append::done).collect()),
            Err(SeveralError::Violated(violations)) => Err(Several::Violated(violations)),
            Err(SeveralError::Append(error)) => Err(append::refused(error).into()),
        }
    }

    async fn append_one(&self, actor: &Actor, proposal: Proposal) -> Result<Vec<Done>, Several> {
        match self.append(actor, proposal).await {
            Ok(done) => Ok(vec![done]),
            Err(Refused::Conflict { actual, .. }) => {
                Err(Several::Violated(vec![Violation { check: 0, actual }]))
            }
            Err(refused) => Err(refused.into()),
        }
    }
}
