//! A story as a table: departments, both clocks, places and texts, aligned where Chinese takes two columns.

use contracts::timeline::v1::{CaseSummary, Entry, Text};
use decider::Lang;
use pbjson_types::Timestamp;
use time::{macros::format_description, macros::offset};
use unicode_width::UnicodeWidthStr;

/// Columns before the summary, which may be as long as it likes.
const COLUMNS: usize = 6;
/// Widths of a story whose entries are not known yet.
const USUAL: [usize; COLUMNS] = [19, 19, 33, 16, 6, 28];
/// Between two columns.
const GAP: &str = "  ";

/// How a story is laid out.
pub struct Table {
    widths: [usize; COLUMNS],
    known: bool,
    lang: Lang,
}

impl Table {
    /// A table for exactly these entries; `known` adds how the party in question knows of each.
    pub fn fitting(entries: &[Entry], known: bool, lang: Lang) -> Self {
        let mut widths = heads(lang).map(UnicodeWidthStr::width);
        for entry in entries {
            for (width, cell) in widths.iter_mut().zip(cells(entry, lang)) {
                *width = cell.width().max(*width);
            }
        }
        Self { widths, known, lang }
    }

    /// A table for a story that is still being told.
    pub fn growing(lang: Lang) -> Self {
        Self { widths: USUAL, known: false, lang }
    }

    /// The line above the rows.
    pub fn header(&self) -> String {
        let last = self.pick("摘要", "summary");
        self.line(heads(self.lang).map(str::to_owned), last)
    }

    /// The line of an entry.
    pub fn row(&self, entry: &Entry) -> String {
        self.line(cells(entry, self.lang), in_lang(entry.summary.as_ref(), self.lang))
    }

    fn line(&self, cells: [String; COLUMNS], last: &str) -> String {
        let mut line = String::new();
        for (index, (cell, width)) in cells.iter().zip(self.widths).enumerate() {
            // How it is known is asked for by few.
            if index == KNOWN && !self.known {
                continue;
            }
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width())));
            line.push_str(GAP);
        }
        line.push_str(last);
        line.trim_end().to_owned()
    }

    fn pick<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// The line of a case in a list of cases.
pub(super) fn case(case: &CaseSummary, lang: Lang) -> String {
    let unit = match lang {
        Lang::Zh => "条",
        Lang::En => "entries",
    };
    let (first, last) = (local(case.first_occurred_at.as_ref()), local(case.last_recorded_at.as_ref()));
    format!(
        "{}{GAP}{first}{GAP}{last}{GAP}{} {unit}{GAP}{}",
        case.case_id,
        case.entries,
        case.departments.join(" ")
    )
}

const KNOWN: usize = 4;

fn heads(lang: Lang) -> [&'static str; COLUMNS] {
    match lang {
        Lang::Zh => ["发生时间", "记录时间", "部门", "来源:位置", "知悉", "事项"],
        Lang::En => ["happened", "recorded", "department", "source:position", "known", "what"],
    }
}

fn cells(entry: &Entry, lang: Lang) -> [String; COLUMNS] {
    [
        local(entry.occurred_at.as_ref()),
        local(entry.recorded_at.as_ref()),
        format!("{} {}", in_lang(entry.department_name.as_ref(), lang), entry.department),
        format!("{}:{}", entry.source, entry.position),
        known(&entry.known_how, lang).to_owned(),
        in_lang(entry.title.as_ref(), lang).to_owned(),
    ]
}

fn known(how: &str, lang: Lang) -> &str {
    match (how, lang) {
        ("acted", Lang::Zh) => "自办",
        ("addressed", Lang::Zh) => "收件",
        ("answered", Lang::Zh) => "办复",
        ("told", Lang::Zh) => "获知",
        (how, _) => how,
    }
}

fn in_lang(text: Option<&Text>, lang: Lang) -> &str {
    match (text, lang) {
        (Some(text), Lang::Zh) => &text.zh,
        (Some(text), Lang::En) => &text.en,
        (None, _) => "",
    }
}

/// Beijing time, to the second.
fn local(at: Option<&Timestamp>) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    at.and_then(|at| chassis::from_timestamp(at).ok())
        .and_then(|at| at.checked_to_offset(offset!(+8)))
        .and_then(|at| at.format(format).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(zh: &str, position: u64) -> Entry {
        Entry {
            source: "hazard".into(),
            position,
            department: "fire.330723".into(),
            department_name: Some(Text { zh: "消防救援大队".into(), en: "fire rescue brigade".into() }),
            title: Some(Text { zh: zh.into(), en: "inspected".into() }),
            summary: Some(Text {
                zh: "发现 堵塞安全出口".into(), en: "findings exit blocked".into()
            }),
            occurred_at: Some(Timestamp { seconds: 1_681_711_307, nanos: 0 }),
            recorded_at: Some(Timestamp { seconds: 1_681_711_440, nanos: 999 }),
            known_how: "acted".into(),
            ..Default::default()
        }
    }

    #[test]
    fn chinese_takes_two_columns_and_the_table_stays_straight() {
        let entries = [entry("监督检查", 1), entry("判定重大火灾隐患", 12)];
        let table = Table::fitting(&entries, true, Lang::Zh);
        let starts = |line: &str, word: &str| line[..line.find(word).unwrap()].width();
        let lines = [table.header(), table.row(&entries[0]), table.row(&entries[1])];
        assert_eq!(starts(&lines[1], "发现"), starts(&lines[2], "发现"));
        assert_eq!(starts(&lines[0], "摘要"), starts(&lines[1], "发现"));
        assert_eq!(
            lines[1],
            "2023-04-17 14:01:47  2023-04-17 14:04:00  消防救援大队 fire.330723  hazard:1   自办  监督检查          发现 堵塞安全出口"
        );
    }

    #[test]
    fn how_it_is_known_is_shown_on_demand_only() {
        let table = Table::fitting(&[entry("监督检查", 1)], false, Lang::En);
        assert!(!table.row(&entry("监督检查", 1)).contains("acted"));
        assert!(!Table::growing(Lang::Zh).header().contains("知悉"));
    }
}
