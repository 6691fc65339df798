//! Why a bundle is refused: which file, and what is wrong with it.

use std::fmt;

/// The first fault that was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}")]
pub struct Fault {
    /// A file of the bundle, a log, or the bundle itself.
    pub at: String,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// No archive of this form.
    NotCanonical,
    TooLarge,
    UnsafeName,
    /// A file that belongs here is not here.
    Missing,
    /// A file is here that the rest does not account for.
    Stranger,
    /// It does not end with its last line.
    Cut,
    Unreadable {
        why: String,
    },
    /// Not as long as the manifest says.
    Size,
    /// Not the bytes that the manifest names.
    Digest,
    /// Not what the proved contents make of it.
    Derived,
    /// The checkpoint is not what its keys accept.
    Checkpoint {
        why: String,
    },
    /// None of the keys that were given signed.
    KeyNotGiven,
    /// A key was given for a log that is not here.
    NoSuchLog,
    /// Two logs with one name.
    LogTwice,
    NoEvent,
    /// A field of the leaf is not what the event or the bundle says.
    Field {
        field: &'static str,
        leaf: String,
        found: String,
    },
    /// The path does not lead to the signed root.
    Path {
        why: String,
    },
    /// The leaf is not the one among all leaves.
    OtherLeaf,
    /// The leaves are not those under the signed root.
    Leaves,
    /// A leaf names the case, and its event is not here.
    LeftOut {
        position: u64,
    },
    /// The leaves of the whole log were wanted.
    NoLeaves,
}

impl Fault {
    pub(super) fn new(at: impl Into<String>, what: What) -> Self {
        Self { at: at.into(), what }
    }

    pub(super) fn unreadable(at: impl Into<String>, why: impl ToString) -> Self {
        Self::new(at, What::Unreadable { why: why.to_string() })
    }

    /// 中文
    pub fn zh(&self) -> String {
        format!("{}：{}", self.at, self.what.zh())
    }
}

impl What {
    fn zh(&self) -> String {
        match self {
            Self::NotCanonical => "不是规范形式的审计包，或有字节被改动".to_owned(),
            Self::TooLarge => "过大".to_owned(),
            Self::UnsafeName => "文件名不安全".to_owned(),
            Self::Missing => "文件不存在".to_owned(),
            Self::Stranger => "不属于审计包".to_owned(),
            Self::Cut => "残缺".to_owned(),
            Self::Unreadable { why } => format!("无法读取：{why}"),
            Self::Size => "长度与清单不符".to_owned(),
            Self::Digest => "内容与清单的哈希不符".to_owned(),
            Self::Derived => "与审计包其余内容不符".to_owned(),
            Self::Checkpoint { why } => format!("检查点不可信：{why}"),
            Self::KeyNotGiven => "签名者不在给出的公钥之列".to_owned(),
            Self::NoSuchLog => "给出了公钥，但审计包没有这个日志".to_owned(),
            Self::LogTwice => "日志重复".to_owned(),
            Self::NoEvent => "没有事件".to_owned(),
            Self::Field { field, leaf, found } => {
                format!("字段 {field} 被改动：封存时为 {leaf}，现为 {found}")
            }
            Self::Path { why } => format!("路径不通向所签的树根：{why}"),
            Self::OtherLeaf => "与全部审计叶中的不同".to_owned(),
            Self::Leaves => "不是所签树根之下的审计叶".to_owned(),
            Self::LeftOut { position } => format!("位置 {position} 属于本案，但审计包没有该事件"),
            Self::NoLeaves => "没有附全部审计叶".to_owned(),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCanonical => write!(f, "is no bundle in its canonical form, or has a byte changed"),
            Self::TooLarge => write!(f, "is too large"),
            Self::UnsafeName => write!(f, "has an unsafe name"),
            Self::Missing => write!(f, "the file is missing"),
            Self::Stranger => write!(f, "does not belong into the bundle"),
            Self::Cut => write!(f, "is cut"),
            Self::Unreadable { why } => write!(f, "cannot be read: {why}"),
            Self::Size => write!(f, "the size is not what the manifest says"),
            Self::Digest => write!(f, "the content is not what the manifest says"),
            Self::Derived => write!(f, "is not what the rest of the bundle makes of it"),
            Self::Checkpoint { why } => write!(f, "the checkpoint cannot be trusted: {why}"),
            Self::KeyNotGiven => write!(f, "no key that was given has signed it"),
            Self::NoSuchLog => write!(f, "a key was given, and the bundle has no such log"),
            Self::LogTwice => write!(f, "the log is here twice"),
            Self::NoEvent => write!(f, "has no event"),
            Self::Field { field, leaf, found } => {
                write!(f, "{field} was changed: sealed {leaf}, now {found}")
            }
            Self::Path { why } => write!(f, "the path does not lead to the signed root: {why}"),
            Self::OtherLeaf => write!(f, "is not the leaf among all leaves"),
            Self::Leaves => write!(f, "are not the leaves under the signed root"),
            Self::LeftOut { position } => {
                write!(f, "position {position} is of this case, and the bundle lacks the event")
            }
            Self::NoLeaves => write!(f, "the leaves of the whole log are not in the bundle"),
        }
    }
}
