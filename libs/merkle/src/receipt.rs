//! The proof of one entry in one file, `.tlog-proof` (C2SP tlog-proof).

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::{
    Accepted, Hash, Hasher, Policy, PolicyError,
    codec::{decimal, from_base64, to_base64},
    proof::{InclusionError, verify_inclusion},
};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// The longest path in a tree of 64 bits.
const MAX_PATH: usize = 64;

/// Where an entry is in a log, why that is so, and who says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What the application adds; nothing here proves it. A statement, for one, whose leaf is proved.
    pub extra: Option<Vec<u8>>,
    pub index: u64,
    pub path: Vec<Hash>,
    /// The signed checkpoint as it was published, with cosignatures.
    pub checkpoint: String,
}

/// Why a file is not a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReceiptFault {
    #[error("the first line is not {HEADER:?}")]
    NoHeader,
    #[error("no blank line separates proof and checkpoint")]
    NoCheckpoint,
    #[error("line {line} is malformed")]
    BadLine { line: usize },
    #[error("the path has more than {MAX_PATH} hashes")]
    TooLong,
}

/// Why a receipt does not prove what it is to prove.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReceiptError {
    #[error(transparent)]
    Checkpoint(#[from] PolicyError),
    #[error(transparent)]
    Path(#[from] InclusionError),
}

impl Receipt {
    /// Checks that a log with this policy has this entry at the receipt's index.
    pub fn verify<H: Hasher>(&self, entry: &[u8], policy: &Policy) -> Result<Accepted, ReceiptError> {
        let accepted = policy.accept(self.checkpoint.as_bytes())?;
        let head = &accepted.checkpoint;
        verify_inclusion::<H>(&H::leaf(entry), self.index, head.size(), &self.path, head.root())?;
        Ok(accepted)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for Receipt {
    type Err = ReceiptFault;

    fn from_str(text: &str) -> Result<Self, ReceiptFault> {
        let lines = text.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix('\n'));
        let lines = lines.ok_or(ReceiptFault::NoHeader)?;
        let (lines, checkpoint) = lines.split_once("\n\n").ok_or(ReceiptFault::NoCheckpoint)?;
        let mut lines = (2..).zip(lines.split('\n')).peekable();
        let extra = lines.next_if(|(_, line)| line.starts_with("extra "));
        let extra = extra.map(|line| field(line, "extra ", from_base64)).transpose()?;
        let index = lines.next().ok_or(ReceiptFault::NoCheckpoint)?;
        let index = field(index, "index ", decimal)?;
        let path = lines.take(MAX_PATH + 1).map(|line| field(line, "", |hash| hash.parse().ok()));
        let path: Vec<Hash> = path.collect::<Result<_, _>>()?;
        if path.len() > MAX_PATH {
            return Err(ReceiptFault::TooLong);
        }
        Ok(Self { extra, index, path, checkpoint: checkpoint.to_owned() })
    }
}

fn field<T>(
    (line, text): (usize, &str),
    name: &str,
    value: impl Fn(&str) -> Option<T>,
) -> Result<T, ReceiptFault> {
    text.strip_prefix(name).and_then(value).ok_or(ReceiptFault::BadLine { line })
}
