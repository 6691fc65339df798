//! `fenghuo play`: any case, written down in a file, played on a running development system.

mod command;
mod door;
mod matching;
mod run;
mod scenario;
mod yaml;

pub use command::{PlayArgs, run};
pub use run::{PlayError, Player, Tally, note};
pub use scenario::{Deed, Expect, Scenario, Step};
pub use yaml::Mistake;

/// The built-in case: the factory fire at Wuyi, 2023-04-17.
pub const WUYI: &str = include_str!("../scenarios/wuyi-2023-0417.yaml");

#[cfg(test)]
mod tests;
