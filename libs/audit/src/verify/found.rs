//! What is wrong and where, in words for the one who has to act on it.

use std::fmt;

use merkle::Statement;
use serde::Serialize;
use uuid::Uuid;

/// Where something was found: a position, and the stream it was sealed in, where these are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
}

impl Place {
    pub(super) fn position(position: u64) -> Self {
        Self { position: Some(position), stream: None }
    }

    pub(super) fn at(position: u64, sealed: Option<&Statement>) -> Self {
        Self { position: Some(position), stream: sealed.map(|sealed| sealed.stream.clone()) }
    }
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    #[serde(flatten)]
    pub place: Place,
    #[serde(flatten)]
    pub what: What,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// No checkpoint is published.
    NoCheckpoint,
    /// No checkpoint is published that enough witnesses have cosigned.
    NoFinal,
    /// A checkpoint is not what the policy accepts, or contradicts itself.
    BadCheckpoint { by: String, why: String },
    /// Somebody holds a signed checkpoint of more events than there are.
    RolledBack { by: String, known: u64, size: u64 },
    /// The published checkpoint was never stored.
    Unrecorded { size: u64 },
    /// The tree is not the one that was signed: it was changed between two sizes.
    Rewritten { by: String, after: u64, size: u64 },
    /// A bundle of entries is not there.
    BundleMissing { tile: String, first: u64, last: u64 },
    /// A bundle ends too early.
    BundleCut { tile: String },
    /// A tile of hashes is not there.
    TileMissing { tile: String },
    /// A tile of hashes ends too early.
    TileCut { tile: String },
    /// A hash in a tile is not that of the entry.
    WrongLeafHash { tile: String },
    /// A hash in a tile is not that of the hashes below it.
    WrongTileHash { tile: String, first: u64, last: u64 },
    /// An entry is no statement.
    NoStatement,
    /// An entry is of another log.
    OtherLog,
    /// A sealed event is not in the database, or stands elsewhere.
    EventMissing { now_at: Option<i64> },
    /// Another event stands where the sealed one belongs.
    OtherEvent { sealed: Uuid, stored: Uuid, now_at: Option<i64> },
    /// A position has more than one event.
    EventTwice,
    /// An event is not as it was sealed.
    Field { field: String, sealed: String, stored: String },
}

impl Found {
    /// 中文
    pub fn zh(&self) -> String {
        let Place { position, stream } = &self.place;
        let position = position.map(|position| format!("位置 {position}")).unwrap_or_default();
        let stream = stream.as_ref().map(|stream| format!("（{stream}）")).unwrap_or_default();
        let colon = if position.is_empty() { "" } else { "：" };
        format!("{position}{stream}{colon}{}", self.what.zh())
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.place.position {
            write!(f, "position {position}")?;
        }
        if let Some(stream) = &self.place.stream {
            write!(f, " ({stream})")?;
        }
        if self.place.position.is_some() {
            write!(f, ": ")?;
        }
        self.what.fmt(f)
    }
}

impl What {
    fn zh(&self) -> String {
        match self {
            Self::NoCheckpoint => "没有已公布的检查点".to_owned(),
            Self::NoFinal => "没有达到见证联署数的检查点".to_owned(),
            Self::BadCheckpoint { by, why } => format!("检查点（{by}）不可信：{why}"),
            Self::RolledBack { by, known, size } => {
                format!("日志被回退：检查点（{by}）签有 {known} 个事件，现只有 {size} 个")
            }
            Self::Unrecorded { size } => format!("已公布的 {size} 个事件的检查点，数据库中没有记录"),
            Self::Rewritten { by, after, size } => {
                let first = after + 1;
                format!("位置 {first} 至 {size} 之间被改写：与检查点（{by}）所签不符")
            }
            Self::BundleMissing { tile, first, last } => {
                format!("位置 {first} 至 {last} 的审计叶文件 {tile} 不存在")
            }
            Self::BundleCut { tile } => format!("审计叶文件 {tile} 残缺"),
            Self::TileMissing { tile } => format!("哈希瓦片 {tile} 不存在"),
            Self::TileCut { tile } => format!("哈希瓦片 {tile} 残缺"),
            Self::WrongLeafHash { tile } => format!("瓦片 {tile} 中的哈希与审计叶不符"),
            Self::WrongTileHash { tile, first, last } => {
                format!("瓦片 {tile} 中位置 {first} 至 {last} 的哈希与下层不符")
            }
            Self::NoStatement => "审计叶无法读取".to_owned(),
            Self::OtherLog => "审计叶属于另一日志".to_owned(),
            Self::EventMissing { now_at: None } => "事件已被删除".to_owned(),
            Self::EventMissing { now_at: Some(at) } => format!("事件不在此处，现在位置 {at}"),
            Self::OtherEvent { sealed, stored, now_at: None } => {
                format!("此处应为事件 {sealed}（已不存在），现为 {stored}")
            }
            Self::OtherEvent { sealed, stored, now_at: Some(at) } => {
                format!("此处应为事件 {sealed}（现在位置 {at}），现为 {stored}")
            }
            Self::EventTwice => "同一位置有多个事件".to_owned(),
            Self::Field { field, sealed, stored } => {
                format!("字段 {field} 被改动：封存时为 {sealed}，现为 {stored}")
            }
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCheckpoint => write!(f, "no checkpoint is published"),
            Self::NoFinal => write!(f, "no checkpoint with its quorum of witnesses is published"),
            Self::BadCheckpoint { by, why } => write!(f, "checkpoint ({by}) cannot be trusted: {why}"),
            Self::RolledBack { by, known, size } => {
                write!(f, "rolled back: checkpoint ({by}) signs {known} events, there are {size}")
            }
            Self::Unrecorded { size } => {
                write!(f, "the published checkpoint of {size} events is not recorded in the database")
            }
            Self::Rewritten { by, after, size } => {
                let first = after + 1;
                write!(f, "rewritten between positions {first} and {size}: not what checkpoint ({by}) signs")
            }
            Self::BundleMissing { tile, first, last } => {
                write!(f, "the leaves of positions {first} to {last} are missing: {tile}")
            }
            Self::BundleCut { tile } => write!(f, "the file of leaves {tile} ends here"),
            Self::TileMissing { tile } => write!(f, "the tile of hashes {tile} is missing"),
            Self::TileCut { tile } => write!(f, "the tile of hashes {tile} is cut"),
            Self::WrongLeafHash { tile } => write!(f, "the hash in {tile} is not that of the leaf"),
            Self::WrongTileHash { tile, first, last } => {
                write!(
                    f,
                    "the hash over positions {first} to {last} in {tile} is not that of the level below"
                )
            }
            Self::NoStatement => write!(f, "the leaf cannot be read"),
            Self::OtherLog => write!(f, "the leaf is of another log"),
            Self::EventMissing { now_at: None } => write!(f, "the event was deleted"),
            Self::EventMissing { now_at: Some(at) } => {
                write!(f, "the event is not here but at position {at}")
            }
            Self::OtherEvent { sealed, stored, now_at: None } => {
                write!(f, "event {sealed}, now nowhere, belongs here; {stored} is here")
            }
            Self::OtherEvent { sealed, stored, now_at: Some(at) } => {
                write!(f, "event {sealed}, now at position {at}, belongs here; {stored} is here")
            }
            Self::EventTwice => write!(f, "the position has more than one event"),
            Self::Field { field, sealed, stored } => {
                write!(f, "{field} was changed: sealed {sealed}, now {stored}")
            }
        }
    }
}
