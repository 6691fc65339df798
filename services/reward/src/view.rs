//! What this service shows: claims and budgets.

mod budgets;
mod claims;

pub use budgets::{BudgetRow, BudgetsView, budget};
pub use claims::{ClaimRow, ClaimsView, get, list};
