//! The files that contents are written as; the only place that knows how.

use std::fmt::Write as _;

use merkle::{Note, Receipt, VerifierKey};

use super::{Contents, Event, Files, Log, SCRIPT, manifest, names, report};

impl Contents {
    /// The files of the bundle.
    pub fn files(&self) -> Files {
        let mut files = Files::new();
        files.insert(names::CASE.to_owned(), self.index().into_bytes());
        files.insert(names::SCRIPT.to_owned(), SCRIPT.as_bytes().to_vec());
        files.insert(names::REPORT.to_owned(), report::html(self).into_bytes());
        for log in &self.logs {
            log.write(&mut files);
        }
        let manifest = manifest::write(&files);
        files.insert(names::MANIFEST.to_owned(), manifest);
        files
    }

    /// What the bundle says it is.
    fn index(&self) -> String {
        let mut text = format!("case {}\nmaker {}\n", self.case, self.maker);
        for log in &self.logs {
            let _ = writeln!(text, "log {} {} {}", log.name, log.events.len(), log.origin());
        }
        text
    }
}

impl Log {
    /// The log's name for ever, as its checkpoint has it.
    pub fn origin(&self) -> &str {
        self.checkpoint.lines().next().unwrap_or_default()
    }

    fn write(&self, files: &mut Files) {
        let mut put = |name: &str, bytes: Vec<u8>| {
            files.insert(format!("logs/{}/{name}", self.name), bytes);
        };
        put("checkpoint", self.checkpoint.clone().into_bytes());
        put("checkpoint.body", self.body().to_owned().into_bytes());
        put("keys", lines(&self.keys).into_bytes());
        if let Some(witnesses) = &self.witnesses {
            put("witnesses", format!("quorum {}\n{}", witnesses.quorum, lines(&witnesses.keys)).into_bytes());
            for (key, message) in self.cosigned(&witnesses.keys) {
                put(&format!("cosigned-{}", key.id()), message.into_bytes());
            }
        }
        if let Some(leaves) = &self.leaves {
            put("leaves", leaves.iter().flat_map(|leaf| [leaf.as_slice(), b"\n"].concat()).collect());
        }
        for (name, token) in &self.tokens {
            put(&format!("tokens/{name}"), token.clone());
        }
        for event in &self.events {
            let position = event.position;
            put(&format!("events/{position}.data"), event.data.clone());
            put(&format!("events/{position}.meta"), event.meta.clone());
            put(&format!("events/{position}.leaf"), event.leaf.clone());
            put(&format!("events/{position}.tlog-proof"), self.receipt(event).to_string().into_bytes());
        }
    }

    /// The signed text: OpenSSL verifies Ed25519 over files only.
    fn body(&self) -> &str {
        self.checkpoint.rfind("\n\n").map_or("", |blank| &self.checkpoint[..=blank])
    }

    /// What each witness signed (C2SP tlog-cosignature), for the same reason.
    fn cosigned<'a>(&self, keys: &'a [VerifierKey]) -> Vec<(&'a VerifierKey, String)> {
        let Ok(note) = Note::parse(self.checkpoint.as_bytes()) else { return Vec::new() };
        let message = |key: &'a VerifierKey| {
            let time = note.attested(key).ok()??.time?;
            Some((key, format!("cosignature/v1\ntime {time}\n{}", note.text())))
        };
        keys.iter().filter_map(message).collect()
    }

    /// The leaf stands beside it, where a shell can read it.
    fn receipt(&self, event: &Event) -> Receipt {
        let (index, path) = (event.position.saturating_sub(1), event.path.clone());
        Receipt { extra: None, index, path, checkpoint: self.checkpoint.clone() }
    }
}

fn lines(keys: &[VerifierKey]) -> String {
    keys.iter().fold(String::new(), |text, key| format!("{text}{key}\n"))
}
