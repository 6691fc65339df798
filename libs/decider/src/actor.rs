//! Who acts: a person, a service or the clock, of one department, with roles and perhaps a certificate.

use std::{fmt, str::FromStr};

use law::AreaCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Id, text};

/// What kind of organisation a department is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DepartmentKind {
    /// 消防救援机构
    Fire,
    /// 乡镇人民政府、街道办事处
    Town,
    /// 公安机关
    Police,
    /// 应急管理部门
    Emergency,
    /// 人民政府
    Government,
    /// 住房和城乡建设部门
    Housing,
    /// 市场监督管理部门
    Market,
    /// 人民检察院
    Procuratorate,
    /// 财政部门
    Finance,
    /// 发展改革部门
    Reform,
    /// 举报受理中心 (12350, 12345, 96119)
    Hotline,
}

impl DepartmentKind {
    const ALL: [(Self, &'static str, &'static str); 11] = [
        (Self::Fire, "fire", "消防救援机构"),
        (Self::Town, "town", "乡镇（街道）"),
        (Self::Police, "police", "公安机关"),
        (Self::Emergency, "emergency", "应急管理部门"),
        (Self::Government, "government", "人民政府"),
        (Self::Housing, "housing", "住建部门"),
        (Self::Market, "market", "市场监管部门"),
        (Self::Procuratorate, "procuratorate", "检察机关"),
        (Self::Finance, "finance", "财政部门"),
        (Self::Reform, "reform", "发展改革部门"),
        (Self::Hotline, "hotline", "举报受理中心"),
    ];

    /// The word used in department codes and subjects.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, word, _)| word)
    }

    /// The name officials read.
    pub fn zh(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., zh)| zh)
    }
}

/// Why a text is not a department code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read department {0:?}: it must be <kind>.<area>, for example fire.330723 or town.330723103")]
pub struct DepartmentError(pub String);

/// An organisation: its kind and the area it answers for, written `fire.330723`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Department {
    /// What kind of organisation it is.
    pub kind: DepartmentKind,
    /// The area it answers for; its length tells the tier.
    pub area: AreaCode,
}

impl Department {
    /// Reads `<kind>.<area>`.
    pub fn parse(text: &str) -> Result<Self, DepartmentError> {
        let wrong = || DepartmentError(text.chars().take(64).collect());
        let (word, area) = text.split_once('.').ok_or_else(wrong)?;
        let kind = DepartmentKind::ALL.iter().find(|(_, w, _)| *w == word).ok_or_else(wrong)?.0;
        let area = AreaCode::parse(area).map_err(|_| wrong())?;
        Ok(Self { kind, area })
    }
}

impl fmt::Display for Department {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind.as_str(), self.area)
    }
}

impl FromStr for Department {
    type Err = DepartmentError;
    fn from_str(text: &str) -> Result<Self, DepartmentError> {
        Self::parse(text)
    }
}

impl From<Department> for String {
    fn from(department: Department) -> String {
        department.to_string()
    }
}

impl Serialize for Department {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Department {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::parse(deserializer)
    }
}

/// What kind of actor performs a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    /// A natural person with a token.
    Person,
    /// A service reacting to a fact.
    Service,
    /// A deadline that ran out.
    Clock,
}

/// What a person may do in a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// 受理员: receives and routes.
    Clerk,
    /// 网格员: may record clues, never inspect an enterprise.
    Grid,
    /// 执法人员: inspects, investigates.
    Officer,
    /// 法制审核员: reviews legality.
    Legal,
    /// 负责人: approves and decides.
    Head,
    /// 财务人员: approves and instructs payments.
    Finance,
    /// 审计人员: reads everything, writes nothing.
    Auditor,
    /// 系统管理员: rebuilds views, unparks streams.
    Operator,
}

/// Who acts, as the verified token says; never taken from a payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Person, service or clock.
    pub kind: ActorKind,
    /// A pseudonymous reference; never a name.
    pub id: Id,
    /// The organisation it acts for.
    pub department: Department,
    /// What it may do there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// The enforcement certificate's number, where the law wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Id>,
}

impl Actor {
    /// Whether the actor holds the role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the actor acts for a department of this kind.
    pub fn is_of(&self, kind: DepartmentKind) -> bool {
        self.department.kind == kind
    }
}
