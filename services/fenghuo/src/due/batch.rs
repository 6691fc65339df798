//! Many questions at once: a line in, a date out, fast enough to compare with another implementation.

use std::io::{BufRead, BufWriter, Write};

use law::{Calendar, Period, Role};

use super::{Start, shown};
use crate::{
    error::{Because, Error, Text},
    shell::written,
};

/// Answers line by line. The first line that is wrong ends it, and what was answered before stands.
pub(super) fn answer(
    input: impl BufRead,
    output: impl Write,
    calendar: &Calendar,
    role: Role,
) -> Result<(), Error> {
    let mut output = BufWriter::with_capacity(64 << 10, output);
    for (index, line) in input.lines().enumerate() {
        let number = index + 1;
        let line = line.because(format!("读取第 {number} 行"), format!("read line {number}"))?;
        match answer_one(line.trim_end_matches('\r'), calendar, role) {
            Ok(date) => written(writeln!(output, "{date}"))?,
            Err(reason) => {
                written(output.flush())?;
                let what = Text::new(format!("第 {number} 行"), format!("line {number}"));
                return Err(Error::Caused { what, source: reason.into() });
            }
        }
    }
    written(output.flush())
}

fn answer_one(line: &str, calendar: &Calendar, role: Role) -> Result<String, String> {
    let mut columns = line.split('\t');
    let (Some(from), Some(period)) = (columns.next(), columns.next()) else {
        return Err(format!("{line:?} is not FROM<tab>PERIOD<tab>ROLE"));
    };
    let from = from.parse::<Start>().map_err(|error| error.to_string())?;
    let period = period.parse::<Period>().map_err(|error| error.to_string())?;
    let role = match columns.next() {
        Some(text) => text.parse::<Role>().map_err(|error| error.to_string())?,
        None => role,
    };
    match columns.next() {
        Some(further) => Err(format!("a fourth column {further:?}: FROM<tab>PERIOD<tab>ROLE is wanted")),
        None => Ok(shown(&from.due(calendar, period, role), period)),
    }
}

#[cfg(test)]
mod tests {
    use decider::Lang;

    use super::*;

    fn asked(input: &str) -> (String, Result<(), Error>) {
        let mut output = Vec::new();
        let result = answer(input.as_bytes(), &mut output, &Calendar::builtin(), Role::Agency);
        (String::from_utf8(output).unwrap(), result)
    }

    #[test]
    fn every_line_is_answered_by_a_date() {
        let (dates, result) = asked(
            "2026-09-24\t5 working days\tagency\n2026-02-02\t15 calendar days\tparty\r\n2026-02-02\t15日\n2023-04-17T14:04\t1 hour\tparty\n",
        );
        result.unwrap();
        assert_eq!(dates, "2026-10-09\n2026-02-24\n2026-02-17\n2023-04-17T15:04:00+08:00\n");
    }

    #[test]
    fn a_wrong_line_is_named_and_what_came_before_stands() {
        for wrong in [
            "2026-13-01\t1 day\tparty",
            "2026-01-01\t1 fortnight\tparty",
            "2026-01-01\t1 day\tnobody",
            "",
            "x",
        ] {
            let (dates, result) = asked(&format!("2026-01-05\t1 working day\tparty\n{wrong}\n"));
            assert_eq!(dates, "2026-01-06\n");
            let line = result.unwrap_err().line(Lang::En);
            assert!(line.starts_with("line 2: "), "{line}");
        }
    }
}
