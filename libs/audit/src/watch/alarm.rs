//! What a monitor raises the alarm about, in words for people.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

use super::FetchError;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "alarm", rename_all = "kebab-case")]
pub enum Alarm {
    /// Two roots were signed for one size.
    Forked { size: u64 },
    /// What was signed does not begin with what was signed before.
    Rewritten { from: u64, to: u64 },
    /// What is published is smaller than what was.
    RolledBack { known: u64, size: u64 },
    /// A published checkpoint is not what the trusted keys sign.
    BadCheckpoint { file: String, why: String },
    /// No checkpoint is published.
    Gone { known: u64 },
    /// The published tiles do not let it be proved that one checkpoint extends the other.
    Unproved { from: u64, to: u64, why: String },
    /// The published files cannot be read.
    Unreachable { why: String },
    /// No checkpoint has as many witnesses as the policy asks for.
    NoQuorum { why: String },
    /// Witnesses are behind for too long.
    NotFinal {
        final_size: u64,
        size: u64,
        #[serde(with = "time::serde::rfc3339")]
        since: OffsetDateTime,
    },
    /// The log shows no sign of life.
    Stale {
        size: u64,
        #[serde(with = "time::serde::rfc3339")]
        since: OffsetDateTime,
    },
}

impl Alarm {
    pub(super) fn unreachable(error: &FetchError) -> Self {
        Self::Unreachable { why: crate::chain(error) }
    }

    /// 中文
    pub fn zh(&self) -> String {
        match self {
            Self::Forked { size } => format!("分叉：{size} 个事件有两个已签的根，历史被改写"),
            Self::Rewritten { from, to } => {
                format!("改写：{to} 个事件的检查点不以此前所签的 {from} 个事件开头")
            }
            Self::RolledBack { known, size } => format!("回退：曾公布 {known} 个事件，现只公布 {size} 个"),
            Self::BadCheckpoint { file, why } => format!("{file} 不可信：{why}"),
            Self::Gone { known } => format!("没有公布检查点；已知 {known} 个事件"),
            Self::Unproved { from, to, why } => {
                format!("无法证明 {to} 个事件以已知的 {from} 个开头：{why}")
            }
            Self::Unreachable { why } => format!("无法读取已公布的文件：{why}"),
            Self::NoQuorum { why } => format!("见证联署不足：{why}"),
            Self::NotFinal { final_size, size, since } => {
                format!("自 {since} 起未达见证联署数：终局至 {final_size}，已签至 {size}")
            }
            Self::Stale { size, since } => format!("自 {since} 起没有新的检查点或联署（{size} 个事件）"),
        }
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forked { size } => {
                write!(f, "forked: {size} events have two signed roots; history was rewritten")
            }
            Self::Rewritten { from, to } => {
                write!(
                    f,
                    "rewritten: the checkpoint of {to} events does not begin with the {from} signed before"
                )
            }
            Self::RolledBack { known, size } => {
                write!(f, "rolled back: {known} events were published, now {size} are")
            }
            Self::BadCheckpoint { file, why } => write!(f, "{file} cannot be trusted: {why}"),
            Self::Gone { known } => write!(f, "no checkpoint is published; {known} events are known"),
            Self::Unproved { from, to, why } => {
                write!(f, "it is not proved that {to} events begin with the {from} known: {why}")
            }
            Self::Unreachable { why } => write!(f, "what is published cannot be read: {why}"),
            Self::NoQuorum { why } => write!(f, "too few witnesses: {why}"),
            Self::NotFinal { final_size, size, since } => {
                write!(f, "without its quorum since {since}: final at {final_size}, signed up to {size}")
            }
            Self::Stale { size, since } => {
                write!(f, "no new checkpoint or cosignature since {since} ({size} events)")
            }
        }
    }
}
