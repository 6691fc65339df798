//! `fenghuo demo`, the first thing that a newcomer does: the whole case, told in order, in two terminals at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::{Child, Stdio},
};

use crate::program::{err, fenghuo, out};

/// Everybody who must be heard of: our five services, and departments outside of them.
const SOURCES: [&str; 8] =
    ["hazard", "enforcement", "investigation", "credit", "reward", "police", "government", "finance"];
/// What the published case and the law's periods come to, each on a line of its own event.
const SAID: [(&str, &str); 11] = [
    ("应报告事故信息", "期限 2023-04-17 15:04"),
    ("确定事故等级", "等级 重大，原等级 较大"),
    ("管辖上移", "管辖 火灾事故认定，自 市级，至 省级"),
    ("管辖上移", "管辖 政府事故调查，自 市级，至 省级"),
    ("接警", "认定期限 2023-05-17"),
    ("延长火灾事故认定期限", "认定期限 2023-06-16"),
    ("事故调查组开展调查", "提交报告期限 2023-06-16"),
    ("延长事故调查期限", "提交报告期限 2023-08-15"),
    ("送达火灾事故认定书", "申请复核期限 2023-07-03"),
    ("列入严重失信主体名单", "最早可移出 2024-10-16"),
    // A delegated seal is out of any scope.
    ("乡镇受委托也不得临时查封", "CoerciveMeasureNotDelegable 行政强制法17"),
];

fn begin() -> Child {
    fenghuo()
        .args(["demo", "--lang", "zh"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn two_demos_at_once_each_tell_the_whole_case_in_order() {
    for child in [begin(), begin()] {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", err(&output));
        let text = out(&output);
        for (event, detail) in SAID {
            let is_said = text.lines().any(|line| line.contains(event) && line.contains(detail));
            assert!(is_said, "{event} {detail} is not in\n{text}");
        }
        assert_in_order(&text);
    }
}

/// Every line of an event has both clocks, a department and a position; positions of a log grow, and so does the time at
/// which the events were recorded.
fn assert_in_order(text: &str) {
    let (mut positions, mut departments, mut before) = (BTreeMap::new(), BTreeSet::new(), String::new());
    for line in text.lines().filter(|line| line.starts_with("202")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (recorded, department, place) = (format!("{} {}", words[2], words[3]), words[5], words[6]);
        let (source, position) = place.split_once(':').unwrap();
        let position: u64 = position.parse().unwrap();
        let last = positions.insert(source.to_owned(), position).unwrap_or(0);
        assert!(position > last, "{line}");
        assert!(recorded >= before, "{line}");
        before = recorded;
        departments.insert(department.to_owned());
    }
    for source in SOURCES {
        assert!(positions.contains_key(source), "nothing of {source} in\n{text}");
    }
    assert!(departments.len() >= 8, "{departments:?}");
}
