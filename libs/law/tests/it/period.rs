//! Spellings of periods and what is refused.

use law::{Period, PeriodError};

fn parse(text: &str) -> Result<Period, PeriodError> {
    text.parse()
}

#[test]
fn a_period_is_read_in_english_and_in_chinese() {
    for (text, period) in [
        ("3 working days", Period::WorkingDays(3)),
        ("1 working day", Period::WorkingDays(1)),
        ("30 calendar days", Period::CalendarDays(30)),
        ("30 days", Period::CalendarDays(30)),
        ("24 hours", Period::Hours(24)),
        ("1 month", Period::Months(1)),
        ("3 years", Period::Years(3)),
        ("60 minutes", Period::Minutes(60)),
        ("  3  Working  Days ", Period::WorkingDays(3)),
        ("3个工作日", Period::WorkingDays(3)),
        ("3工作日", Period::WorkingDays(3)),
        ("30日", Period::CalendarDays(30)),
        ("30天", Period::CalendarDays(30)),
        ("24小时", Period::Hours(24)),
        ("2个月", Period::Months(2)),
        ("3年", Period::Years(3)),
        ("30分钟", Period::Minutes(30)),
    ] {
        assert_eq!(parse(text), Ok(period), "{text}");
    }
}

#[test]
fn a_period_reads_back_what_it_writes() {
    for period in [
        Period::Minutes(60),
        Period::Hours(1),
        Period::WorkingDays(7),
        Period::CalendarDays(1),
        Period::Months(6),
        Period::Years(100),
    ] {
        assert_eq!(parse(&period.to_string()), Ok(period));
        assert_eq!(parse(&period.zh()), Ok(period));
        let json = serde_json::to_string(&period).unwrap();
        assert_eq!(serde_json::from_str::<Period>(&json).unwrap(), period);
    }
}

#[test]
fn a_refusal_names_what_was_wrong() {
    assert_eq!(parse(" "), Err(PeriodError::Empty));
    assert_eq!(parse("soon"), Err(PeriodError::NoNumber { text: "soon".into() }));
    assert_eq!(parse("-3 days"), Err(PeriodError::Negative { text: "-3 days".into() }));
    assert_eq!(parse("3"), Err(PeriodError::NoUnit { text: "3".into() }));
    assert_eq!(parse("3 fortnights"), Err(PeriodError::UnknownUnit { unit: "fortnights".into() }));
    assert_eq!(parse("1.5 days"), Err(PeriodError::UnknownUnit { unit: ".5 days".into() }));
    assert_eq!(parse("0日"), Err(PeriodError::Zero { text: "0日".into() }));
}

#[test]
fn a_period_of_more_than_a_century_is_refused() {
    for text in ["101 years", "1201 months", "36526 days", "26090 working days", "99999999999999999999 hours"]
    {
        assert_eq!(parse(text), Err(PeriodError::TooLong { text: text.into() }));
    }
    assert!(serde_json::from_str::<Period>("\"101 years\"").is_err());
}
