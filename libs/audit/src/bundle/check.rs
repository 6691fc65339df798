//! Proving contents: signatures, leaves, paths, and that nothing of the case was left out.

mod event;
mod leaves;

use std::collections::{BTreeMap, BTreeSet};

use merkle::{Accepted, KeyType, Note, Policy, VerifierKey};

use super::{Contents, Fault, Log, What};

/// Whom a verifier trusts by what came another way than the bundle; nobody, and the bundle only proves that it is
/// consistent.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys of logs and of witnesses. Where there are any, the key of every log must be among them.
    pub keys: Vec<VerifierKey>,
    /// How many witnesses must have cosigned each checkpoint, whatever the bundle's policy says.
    pub quorum: usize,
    /// All leaves of every log must be there.
    pub complete: bool,
}

/// What was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub case: String,
    /// The program that wrote report and script; only its own version knows what they should say.
    pub maker: String,
    pub logs: Vec<LogSummary>,
    pub loose: Vec<Loose>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSummary {
    pub name: String,
    pub origin: String,
    /// Events under the checkpoint.
    pub size: u64,
    /// Events of the case.
    pub events: usize,
    /// All leaves are here, and no other one names the case.
    pub complete: bool,
    /// Witnesses that cosigned.
    pub cosigners: Vec<String>,
    /// Time tokens, which are not verified here.
    pub tokens: usize,
}

/// An event that follows from one that the bundle has neither as an event of the case nor as a leaf of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loose {
    pub log: String,
    pub position: u64,
    pub cause_log: String,
    pub cause_position: u64,
}

impl Trust {
    fn witnesses(&self) -> Vec<VerifierKey> {
        self.keys.iter().filter(|key| key.kind() == KeyType::Cosignature).cloned().collect()
    }

    fn logs(&self) -> impl Iterator<Item = &VerifierKey> {
        self.keys.iter().filter(|key| key.kind() == KeyType::Ed25519)
    }
}

/// Proves all that can be proved, or says what is wrong first.
pub(super) fn check(contents: &Contents, trust: &Trust) -> Result<Summary, Fault> {
    let mut names = BTreeSet::new();
    if let Some(twice) = contents.logs.iter().find(|log| !names.insert(log.name.as_str())) {
        return Err(Fault::new(&twice.name, What::LogTwice));
    }
    let origins: BTreeSet<&str> = contents.logs.iter().map(Log::origin).collect();
    if let Some(key) = trust.logs().find(|key| !origins.contains(key.name())) {
        return Err(Fault::new(key.name(), What::NoSuchLog));
    }
    if contents.logs.iter().all(|log| log.events.is_empty()) {
        return Err(Fault::new("case", What::NoEvent));
    }
    let (mut logs, mut causes) = (Vec::new(), Vec::new());
    for log in &contents.logs {
        logs.push(check_log(&contents.case, log, trust, &mut causes)?);
    }
    let loose = causes.into_iter().filter(|cause| is_loose(contents, cause)).collect();
    Ok(Summary { case: contents.case.clone(), maker: contents.maker.clone(), logs, loose })
}

fn check_log(case: &str, log: &Log, trust: &Trust, causes: &mut Vec<Loose>) -> Result<LogSummary, Fault> {
    let accepted = head(log, trust)?;
    let head = &accepted.checkpoint;
    let mut leaves = BTreeMap::new();
    for event in &log.events {
        let statement = event::check(case, log, event, head)?;
        causes.extend(statement.cause.map(|cause| Loose {
            log: log.name.clone(),
            position: event.position,
            cause_log: cause.origin,
            cause_position: cause.position,
        }));
        leaves.insert(event.position, event.leaf.as_slice());
    }
    match &log.leaves {
        Some(all) => leaves::check(case, &log.name, all, &leaves, head)?,
        None if trust.complete => {
            return Err(Fault::new(format!("logs/{}/leaves", log.name), What::NoLeaves));
        }
        None => {}
    }
    Ok(LogSummary {
        name: log.name.clone(),
        origin: head.origin().to_owned(),
        size: head.size(),
        events: log.events.len(),
        complete: log.leaves.is_some(),
        cosigners: accepted.cosigners.into_iter().map(|cosigner| cosigner.name).collect(),
        tokens: log.tokens.len(),
    })
}

/// The checkpoint, by the bundle's policy, and by what is trusted beside it.
fn head(log: &Log, trust: &Trust) -> Result<Accepted, Fault> {
    let at = format!("logs/{}/checkpoint", log.name);
    let distrusted = |error: &dyn ToString| Fault::new(&at, What::Checkpoint { why: error.to_string() });
    let (witnesses, quorum) = match &log.witnesses {
        Some(witnesses) => (witnesses.keys.clone(), witnesses.quorum),
        None => (Vec::new(), 0),
    };
    let policy =
        Policy::new(log.keys.clone(), witnesses.clone(), quorum).map_err(|error| distrusted(&error))?;
    let mut accepted = policy.accept(log.checkpoint.as_bytes()).map_err(|error| distrusted(&error))?;
    let note = Note::parse(log.checkpoint.as_bytes()).map_err(|error| distrusted(&error))?;
    let has_signed = |key: &VerifierKey| matches!(note.attested(key), Ok(Some(_)));
    if !trust.keys.is_empty() && !log.keys.iter().any(|key| trust.keys.contains(key) && has_signed(key)) {
        return Err(Fault::new(at, What::KeyNotGiven));
    }
    let known = trust.witnesses();
    if !known.is_empty() {
        let counts = |name: &str| known.iter().any(|key| key.name() == name && witnesses.contains(key));
        accepted.cosigners.retain(|cosigner| counts(&cosigner.name));
    }
    let (needed, found) = (quorum.max(trust.quorum), accepted.cosigners.len());
    if found < needed {
        return Err(distrusted(&merkle::PolicyError::TooFewWitnesses { needed, found }));
    }
    Ok(accepted)
}

fn is_loose(contents: &Contents, cause: &Loose) -> bool {
    let Some(log) = contents.logs.iter().find(|log| log.name == cause.cause_log) else { return true };
    log.leaves.is_none() && !log.events.iter().any(|event| event.position == cause.cause_position)
}
