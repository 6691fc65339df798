//! Statutory time and rules of Chinese fire-safety administration, as pure functions over versioned data.
//!
//! **Invariant:** nothing here reads a clock, the network or the disk. The same versions of calendar and
//! pack give the same answer for ever, so an event that carries both versions can be recomputed.

mod area;
mod basis;
mod book;
mod calendar;
pub mod clock;
mod digest;
mod due;
mod level;
mod money;
mod pack;
mod period;
mod ratio;
mod selftest;
mod shanghai;
mod source;
mod suspension;
mod uscc;
mod words;

pub use area::{AreaCode, AreaError, AreaLevel};
pub use basis::{BasisError, Instrument};
pub use book::{Adoption, AdoptionError, Book, InForce, Kind};
pub use calendar::{Calendar, CalendarError, CalendarFault, DayKind};
pub use due::{Deadline, Due, Latest, Role, RoleError};
pub use level::{Level, Tier, cause_tier, government_tier};
pub use money::{late_fee, reward_base};
pub use pack::{
    Allowance, AllowanceError, Change, Cited, DayType, Edition, FieldChange, Keys, Lighter, LighterError,
    LighterOf, PackError, PackFault, Row, RuleError, RulePack, Signer, Statement, Status, Unit, Value, What,
    Which, lighter_of,
};
pub use period::{Period, PeriodError};
pub use ratio::{Ratio, RatioError};
pub use selftest::{Check, selftest, selftest_in_force};
pub use shanghai::{end_of_day, shanghai_date, start_of_day};
pub use source::{BadFile, Fault, Source, Unreadable};
pub use suspension::{Suspension, Suspensions, union_of_suspensions};
pub use uscc::{Uscc, UsccError};
pub use words::Words;
