//! What a day is, by the law that says "day".

use law::{BasisError, Calendar, Instrument, Period, PeriodError, Role, RulePack, Unit, Value};

use crate::date;

fn days(citation: &str, days: u32) -> Result<Period, BasisError> {
    RulePack::builtin().days_under(citation, days)
}

#[test]
fn ten_days_under_two_laws_give_two_dates() {
    let calendar = Calendar::builtin();
    let last = |citation| {
        calendar.due_from_date(date("2026-09-24"), days(citation, 10).unwrap(), Role::Agency).last_day
    };
    assert_eq!(last("行政强制法54"), date("2026-10-15"));
    assert_eq!(last("行政处罚法"), date("2026-10-04"));
}

#[test]
fn each_law_says_itself_which_days_it_means() {
    for n in 1..=30 {
        let of = |working| if working { Period::WorkingDays(n) } else { Period::CalendarDays(n) };
        assert_eq!(days("行政处罚法64", n), Ok(of([2, 3, 5, 7].contains(&n))), "行政处罚法 {n}");
        assert_eq!(days("行政强制法", n), Ok(of(n <= 10)), "行政强制法 {n}");
        assert_eq!(days("行政复议法30", n), Ok(of([3, 5, 7, 10].contains(&n))), "行政复议法 {n}");
        assert_eq!(days("信访工作条例", n), Ok(of(false)), "信访工作条例 {n}");
        assert_eq!(days("国令310号5", n), Ok(of(false)), "国令310号 {n}");
    }
}

#[test]
fn a_citation_is_read_as_people_write_it() {
    for (citation, name) in [
        ("行政处罚法64,85", "行政处罚法"),
        ("《中华人民共和国行政处罚法》第六十四条", "行政处罚法"),
        ("493号令9", "493号令"),
        ("应急管理部令5号47", "应急管理部令5号"),
        ("浙江省安全生产条例(2016)15", "浙江省安全生产条例"),
        ("火灾事故调查规定26-28", "火灾事故调查规定"),
        ("刑法134之一", "刑法"),
        ("网络安全法23(三)", "网络安全法"),
        ("信用修复管理办法(36号令)", "信用修复管理办法"),
    ] {
        assert_eq!(Instrument::of_citation(citation).unwrap().as_str(), name, "{citation}");
    }
}

#[test]
fn a_law_that_no_rule_rests_on_is_refused() {
    let instrument = Instrument::of_citation("渔业法").unwrap();
    assert_eq!(days("渔业法", 10), Err(BasisError::Unknown { instrument }));
    assert!(days("渔业法", 10).unwrap_err().zh().contains("渔业法"));
    for blank in ["", "  ", "64", "(2016)"] {
        assert_eq!(days(blank, 10), Err(BasisError::Blank { text: blank.into() }));
    }
}

#[test]
fn absurd_lengths_are_refused_under_a_law_too() {
    let text = "行政处罚法".to_owned();
    assert_eq!(days("行政处罚法", 0), Err(PeriodError::Zero { text: text.clone() }.into()));
    assert_eq!(days("行政处罚法", 40_000), Err(PeriodError::TooLong { text }.into()));
}

#[test]
fn the_rows_of_the_pack_agree_with_the_laws_they_cite() {
    let pack = RulePack::builtin();
    for row in pack.rows().filter(|row| row.unit == Unit::Day) {
        let Value::Period(period) = row.value else { panic!("{}", row.id) };
        for law in ["行政处罚法", "行政强制法", "行政复议法"] {
            if Instrument::of_row(row).all(|cited| cited.as_str() == law) {
                assert_eq!(pack.days_under(law, period.count()), Ok(period), "{}", row.id);
            }
        }
    }
}
