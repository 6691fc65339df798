//! The rules of law as sentences, each proved against the embedded data.

#![allow(clippy::unwrap_used, reason = "clippy sees no test in helpers of an integration test")]

mod allowance;
mod area;
mod basis;
mod book;
mod calendar;
mod calendar_files;
mod clock;
mod clock_again;
mod clock_oracle;
mod clock_shadow;
mod clock_table;
mod deadline;
mod garbled;
mod level;
mod lighter;
mod money;
mod oracle;
mod pack;
mod pack_files;
mod period;
mod selftest;
mod suspension;
mod uscc;
mod words;

use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

fn date(text: &str) -> Date {
    Date::parse(text, format_description!("[year]-[month]-[day]")).unwrap()
}

fn instant(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}
