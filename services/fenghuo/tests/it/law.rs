//! `fenghuo law`: calendars and packs from files, refused by line, and the self-test.

use std::{fs, path::PathBuf};

use servers::Scratch;

use crate::program::{err, out, run};

const YEAR: &str = r#"{
  "year": 2027,
  "papers": ["https://www.gov.cn/zhengce/zhengceku/202611/content_7099999.htm"],
  "days": [
    {"name": "元旦", "date": "2027-01-01", "isOffDay": true},
    {"name": "元旦", "date": "2027-01-03", "isOffDay": false}
  ]
}
"#;

struct Folder(Scratch);

impl Folder {
    fn new() -> Self {
        Self(Scratch::new().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

#[test]
fn the_self_test_holds_and_tells_its_versions() {
    let output = run(&["law", "selftest"]);
    assert!(output.status.success(), "{}{}", out(&output), err(&output));
    assert!(out(&output).contains("CN-2015..2026@"), "{}", out(&output));
    assert!(out(&run(&["law", "selftest", "--lang", "zh"])).contains("通过"));
}

#[test]
fn a_year_is_shown_with_its_days_and_notices() {
    let output = run(&["law", "calendar", "show", "2026", "--lang", "zh"]);
    let text = out(&output);
    assert!(text.starts_with("2026 年：248 个工作日，117 个休息日\n"), "{text}");
    assert!(
        text.contains("2026-10-01..2026-10-07  放假 国庆节") && text.contains("content_7047091"),
        "{text}"
    );
    let unknown = out(&run(&["law", "calendar", "show", "2027", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&unknown).unwrap();
    assert_eq!((&json["provisional"], &json["working_days"]), (&true.into(), &261.into()));
}

#[test]
fn a_year_is_imported_into_our_form_and_used() {
    let folder = Folder::new();
    let file = folder.file("2027.json", YEAR);
    let calendars = folder.path("calendars");
    let into = calendars.display().to_string();
    let output = run(&["law", "calendar", "import", &file, "--out", &into]);
    assert!(output.status.success(), "{}", err(&output));
    let ours = calendars.join("2027.json");
    assert!(fs::read_to_string(&ours).unwrap().contains("content_7099999"));
    assert!(!run(&["law", "calendar", "import", &file, "--out", &into]).status.success(), "overwritten");
    let due = ["law", "due", "--from", "2026-12-31", "--period", "1 working day", "--json"];
    let answer =
        |arguments: &[&str]| serde_json::from_str::<serde_json::Value>(&out(&run(arguments))).unwrap();
    let (before, after) =
        (answer(&due), answer(&[&due[..], &["--with", &ours.display().to_string()]].concat()));
    assert_eq!((&before["due"], &before["provisional"]), (&"2027-01-01".into(), &true.into()));
    assert_eq!((&after["due"], &after["provisional"]), (&"2027-01-03".into(), &false.into()));
}

#[test]
fn a_wrong_calendar_is_refused_by_file_line_and_reason() {
    let folder = Folder::new();
    let file = folder.file("bad.json", &YEAR.replace("2027-01-03", "2027-01-01"));
    let output = run(&["law", "calendar", "import", &file]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(err(&output), format!("error: {file}:6: 2027-01-01 is named twice\n"));
    let zh = err(&run(&["law", "calendar", "import", &file, "--lang", "zh"]));
    assert_eq!(zh, format!("错误：{file} 第 6 行：2027-01-01 重复\n"));
}

#[test]
fn the_law_decides_what_ten_days_are() {
    let due = |basis: &str| {
        let output = run(&["law", "due", "--from", "2026-09-24", "--basis", basis, "--days", "10"]);
        (output.status.code(), out(&output).lines().next().map(str::to_owned), err(&output))
    };
    assert_eq!(due("行政强制法54").1.as_deref(), Some("2026-10-15"));
    assert_eq!(due("行政处罚法").1.as_deref(), Some("2026-10-04"));
    let unknown = due("渔业法");
    assert_eq!(unknown.0, Some(2));
    assert!(unknown.2.contains("渔业法"), "{}", unknown.2);
    let rule = ["law", "due", "--from", "2026-09-17", "--rule", "penalty.pay_deadline", "--role", "party"];
    assert_eq!(out(&run(&rule)).lines().next(), Some("2026-10-08"));
    let memory = run(&["law", "due", "--from", "2026-09-17", "--rule", "seal.lift_decide"]);
    assert!(!memory.status.success() && err(&memory).contains("unverified"), "{}", err(&memory));
}

#[test]
fn both_last_days_and_the_words_are_told() {
    let due = ["law", "due", "--from", "2025-09-26", "--period", "3 working days"];
    let zh = out(&run(&[&due[..], &["--lang", "zh"]].concat()));
    assert!(zh.contains("3 个工作日：9 月 26 日起，9 月 28 日调休上班，9 月 30 日届满"), "{zh}");
    let days = ["law", "due", "--from", "2026-02-02", "--period", "15 calendar days", "--json"];
    let json: serde_json::Value = serde_json::from_str(&out(&run(&days))).unwrap();
    assert_eq!((&json["right"], &json["duty"]), (&"2026-02-24".into(), &"2026-02-17".into()));
}

#[test]
fn a_hearing_is_notified_at_the_latest_seven_working_days_before() {
    let due = ["law", "due", "--before", "2026-10-12", "--rule", "penalty.hearing.notice_before"];
    assert_eq!(out(&run(&due)).lines().next(), Some("2026-09-24"));
    let zh = out(&run(&[&due[..], &["--lang", "zh"]].concat()));
    assert!(zh.contains("10 月 12 日前 7 个工作日：") && zh.contains("最迟 9 月 24 日"), "{zh}");
    let json: serde_json::Value =
        serde_json::from_str(&out(&run(&[&due[..], &["--json"]].concat()))).unwrap();
    assert_eq!((&json["latest"], &json["provisional"]), (&"2026-09-24".into(), &false.into()));
}

fn pack(value: &str, unit: &str) -> String {
    format!(
        "{{\"name\": \"T\", \"edition\": \"1\", \"rows\": [\n{{\"id\": \"a\", \"value\": \"{value}\", \"unit\": \"{unit}\", \"trigger\": \"t\", \"article\": \"某法1\", \"effective_from\": \"2026-01-01\", \"status\": \"M\", \"source\": \"s\"}}]}}"
    )
}

#[test]
fn a_pack_is_validated_and_compared() {
    let folder = Folder::new();
    let good = folder.file("good.json", &pack("3", "person"));
    let other = folder.file("other.json", &pack("5", "person"));
    let bad = folder.file("bad.json", &pack("3", "parsec"));
    assert!(out(&run(&["law", "pack", "validate", &good])).contains("1 rows hold"));
    let refused = run(&["law", "pack", "validate", &bad]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(out(&refused), format!("{bad}:2: rule a has the unknown unit \"parsec\"\n"));
    let diff = run(&["law", "pack", "diff", &good, &other]);
    assert!(out(&diff).starts_with("~ a 2026-01-01\n    value: "), "{}", out(&diff));
    let json = out(&run(&["law", "pack", "diff", &good, &other, "--json"]));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["change"], "changed");
    assert_eq!(out(&run(&["law", "pack", "diff", &good, &good])), "");
}

#[test]
fn an_unverified_row_is_signed_for_and_the_signature_is_checked() {
    let folder = Folder::new();
    let keys = folder.path("keys").display().to_string();
    assert!(run(&["keys", "generate", "--out", &keys]).status.success());
    let (key, public) = (format!("{keys}/signing.pem"), format!("{keys}/keys.json"));
    let file = folder.file("pack.json", &pack("3", "person"));
    let sign = |row: &str, until: &str| {
        run(&[
            "law", "pack", "allow", "--pack", &file, "--row", row, "--by", "jurist-1", "--reason", "read",
            "--until", until, "--key", &key,
        ])
    };
    assert!(!sign("b", "2999-12-31").status.success());
    let check = |allowance: &str| {
        let allowance = folder.file("allowance.json", allowance);
        run(&["law", "pack", "validate", &file, "--allowance", &allowance, "--keys", &public])
    };
    let signed = out(&sign("a", "2999-12-31"));
    let accepted = check(&signed);
    assert!(out(&accepted).contains("0 unverified refused, 1 allowed"), "{}", err(&accepted));
    let forged = check(&signed.replace("jurist-1", "jurist-2"));
    assert!(err(&forged).contains("signature does not fit"), "{}", err(&forged));
    let ended = check(&out(&sign("a", "2001-01-01")));
    assert!(err(&ended).contains("ended on 2001-01-01"), "{}", err(&ended));
}
