//! What happens to a claim. Names here are the storage format: never rename, retype or reuse.

use std::{fmt, str::FromStr};

use decider::Id;
use law::{AreaCode, Due, clock};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use time::OffsetDateTime;

use crate::budget::BudgetKey;

/// Shortest code that proves anything: the hash is public to auditors, so a short code could be found by trying.
const CODE_CHARS_MIN: usize = 16;

/// Why a report is not rewarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Exclusion {
    /// 匿名且无法联系
    Anonymous,
    /// 非最先举报
    NotFirst,
    /// 查无实据
    NotConfirmed,
    /// 举报前已掌握
    KnownBefore,
    /// 监管人员及其近亲属
    Staff,
    /// 自造隐患
    SelfMade,
}

/// Where an amount comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Rule {
    /// A share of the fines in force for the reported act.
    ShareOfFine,
    /// Set by an officer within the local table, where no fine was imposed.
    LocalTable,
}

/// A period that the clock watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Duty {
    /// The reporter's right to claim; it lapses.
    Claim,
    /// The authority's duty to notify.
    Notify,
}

/// What one signatory of a joint report is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub reporter_ref: Id,
    pub amount_fen: i64,
}

/// The code that proves a claim. It is never stored and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(pub String);

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// The SHA-256 of `<claim id>:<code>`, in hexadecimal: all that is ever stored of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeHash(String);

/// Why a text is not a code's hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the hash of a claim code: it must be 64 of 0-9, a-f")]
pub struct CodeHashError;

impl CodeHash {
    /// The hash of a claim's code; `None` for one that is too short to prove anything.
    pub fn of(claim: &Id, code: &Code) -> Option<Self> {
        let long_enough = code.0.chars().count() >= CODE_CHARS_MIN;
        long_enough.then(|| Self(hex(&Sha256::digest(format!("{claim}:{}", code.0)))))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl FromStr for CodeHash {
    type Err = CodeHashError;
    fn from_str(text: &str) -> Result<Self, CodeHashError> {
        let is_hash = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if is_hash { Ok(Self(text.to_owned())) } else { Err(CodeHashError) }
    }
}

impl TryFrom<String> for CodeHash {
    type Error = CodeHashError;
    fn try_from(text: String) -> Result<Self, CodeHashError> {
        text.parse()
    }
}

impl From<CodeHash> for String {
    fn from(hash: CodeHash) -> String {
        hash.0
    }
}

/// An event of a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 举报受理, as the hazard department published it.
    Noted {
        /// The report, and so this claim's id.
        report: Id,
        /// A random reference; never a name.
        reporter_ref: Id,
        real_name: bool,
        insider: bool,
        area: AreaCode,
        /// What was reported: reports of one matter have one reward.
        matter: Id,
        /// When the hazard department's log learnt of it: who was first goes by this.
        #[serde(with = "time::serde::rfc3339")]
        received_at: OffsetDateTime,
    },
    /// 举报核查完毕
    Verified { confirmed: bool, by: Id, matter: Id },
    /// 奖励申请建立
    Opened {
        report: Id,
        reporter_ref: Id,
        /// Only where the parameter may be used.
        notify_by: Option<Due>,
    },
    /// 不予奖励
    Excluded { ground: Exclusion, document: Option<String> },
    /// 联名举报
    JointlyReported { signatories: Vec<Id>, document: String },
    /// 罚款决定或者变更
    FineNoted { penalty: Id, fine_fen: i64 },
    /// 奖励金额核定
    AmountComputed { amount_fen: i64, rule: Rule, fine_fen: i64, uplift_fen: i64 },
    /// 奖励金额核减
    AmountReduced { amount_fen: i64, fine_fen: i64, budget: BudgetKey },
    /// 罚款全部撤销，金额失效
    AmountWithdrawn {},
    /// 申请预留
    FundsRequested { budget: BudgetKey, amount_fen: i64 },
    /// 已预留
    FundsReserved { budget: BudgetKey, amount_fen: i64 },
    /// 预算不足，排队
    FundsQueued { budget: BudgetKey },
    /// 不再需要预留
    FundsReleased { budget: BudgetKey },
    /// 发放领奖码
    CodeIssued { code_hash: CodeHash },
    /// 初审
    ApprovedFirst { by: Id },
    /// 终审
    ApprovedSecond { by: Id },
    /// 领奖通知
    ReporterNotified { claim_by: Due },
    /// 领奖码核验通过
    Proved {},
    /// 支付指令
    PaymentInstructed { instruction: Id, attempt: u32, amount_fen: i64, payee: Id, shares: Vec<Share> },
    /// 支付成功
    PaymentConfirmed { instruction: Id, amount_fen: i64, budget: BudgetKey },
    /// 支付失败
    PaymentFailed { instruction: Id, reason: String },
    /// 支付结果不明
    PaymentUnknown { instruction: Id, reason: String },
    /// 支付对账
    PaymentReconciled { instruction: Id, paid: bool, document: String },
    /// 领奖期限届满，视为放弃
    Lapsed { due: Due },
    /// What happened to a duty's clock.
    Clock { duty: Duty, event: clock::Event },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
