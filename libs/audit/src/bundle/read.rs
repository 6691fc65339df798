//! Contents out of a bundle's files. What is redundant is not believed here; it is made anew and compared later.

use std::{collections::BTreeSet, str::FromStr};

use decider::Id;
use merkle::{Receipt, VerifierKey};

use super::{Contents, Event, Fault, Files, Log, What, Witnesses, names};

/// Reads the contents.
pub(super) fn contents(files: &Files) -> Result<Contents, Fault> {
    let name = names::CASE;
    let mut lines = names::lines(name, find(files, name)?)?;
    let wrong = |what: &str| Fault::unreadable(name, what);
    let mut head = |word: &str| lines.next().and_then(|line| line.strip_prefix(word)).map(str::to_owned);
    let case =
        head("case ").filter(|case| Id::parse(case).is_ok()).ok_or_else(|| wrong("it names no case"))?;
    let maker = head("maker ").ok_or_else(|| wrong("it does not say who made it"))?;
    let logs: Vec<Log> = lines.map(|line| log(files, line)).collect::<Result<_, _>>()?;
    Ok(Contents { case, maker, logs })
}

fn log(files: &Files, line: &str) -> Result<Log, Fault> {
    let name = line.strip_prefix("log ").and_then(|rest| rest.split(' ').next());
    let name = name.filter(|name| names::is_log(name));
    let name = name.ok_or_else(|| Fault::unreadable(names::CASE, format!("{line:?}")))?;
    let folder = Folder { files, path: format!("logs/{name}/") };
    let leaves = folder.find("leaves").map(|(at, bytes)| leaves(&at, bytes)).transpose()?;
    Ok(Log {
        name: name.to_owned(),
        checkpoint: folder.text("checkpoint")?.to_owned(),
        keys: keys(&folder.path, folder.text("keys")?.lines())?,
        witnesses: folder.find("witnesses").map(|(at, bytes)| witnesses(&at, bytes)).transpose()?,
        events: folder.positions()?.into_iter().map(|at| folder.event(at)).collect::<Result<_, _>>()?,
        leaves,
        tokens: folder.below("tokens/").map(|(name, token)| (name.to_owned(), token.clone())).collect(),
    })
}

/// The files of one log.
struct Folder<'a> {
    files: &'a Files,
    path: String,
}

impl<'a> Folder<'a> {
    fn find(&self, name: &str) -> Option<(String, &'a [u8])> {
        let at = format!("{}{name}", self.path);
        self.files.get(&at).map(|bytes| (at, bytes.as_slice()))
    }

    fn bytes(&self, name: &str) -> Result<&'a [u8], Fault> {
        find(self.files, &format!("{}{name}", self.path))
    }

    fn text(&self, name: &str) -> Result<&'a str, Fault> {
        names::text(&format!("{}{name}", self.path), self.bytes(name)?)
    }

    fn below(&self, folder: &str) -> impl Iterator<Item = (&'a str, &'a Vec<u8>)> {
        let path = format!("{}{folder}", self.path);
        let files: &'a Files = self.files;
        let below = files.range(path.clone()..);
        below.map_while(move |(name, bytes)| Some((name.strip_prefix(path.as_str())?, bytes)))
    }

    /// The positions of the events, in their order.
    fn positions(&self) -> Result<BTreeSet<u64>, Fault> {
        let position = |(name, _): (&str, _)| {
            let position = name.split('.').next().and_then(names::number);
            position.ok_or_else(|| Fault::new(format!("{}events/{name}", self.path), What::Stranger))
        };
        self.below("events/").map(position).collect()
    }

    fn event(&self, position: u64) -> Result<Event, Fault> {
        let name = |part: &str| format!("events/{position}.{part}");
        let proof = name("tlog-proof");
        let receipt = Receipt::from_str(self.text(&proof)?)
            .map_err(|error| Fault::unreadable(format!("{}{proof}", self.path), error))?;
        Ok(Event {
            position,
            data: self.bytes(&name("data"))?.to_vec(),
            meta: self.bytes(&name("meta"))?.to_vec(),
            leaf: self.bytes(&name("leaf"))?.to_vec(),
            path: receipt.path,
        })
    }
}

fn find<'a>(files: &'a Files, name: &str) -> Result<&'a [u8], Fault> {
    files.get(name).map(Vec::as_slice).ok_or_else(|| Fault::new(name, What::Missing))
}

fn keys<'a>(at: &str, lines: impl Iterator<Item = &'a str>) -> Result<Vec<VerifierKey>, Fault> {
    lines.map(|line| line.parse().map_err(|error| Fault::unreadable(at, error))).collect()
}

fn witnesses(at: &str, bytes: &[u8]) -> Result<Witnesses, Fault> {
    let mut lines = names::lines(at, bytes)?;
    let quorum = lines.next().and_then(|line| names::number(line.strip_prefix("quorum ")?));
    let quorum = quorum.ok_or_else(|| Fault::unreadable(at, "it has no quorum"))?;
    Ok(Witnesses { quorum, keys: keys(at, lines)? })
}

/// Canonical JSON has no line feed, so each line is a leaf.
fn leaves(at: &str, bytes: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
    let bytes = bytes.strip_suffix(b"\n").ok_or_else(|| Fault::new(at, What::Cut))?;
    Ok(bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect())
}
