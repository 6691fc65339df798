//! `fenghuo audit export`: every row is what the log holds, and an export that was killed goes on as if nothing was.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use eventlog::sqlx::{Connection, PgConnection, Row as _};
use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};
use serde_json::Value;
use servers::Scratch;
use sha2::{Digest, Sha256};

use crate::{
    audit::{SCENARIO, sealed},
    dev::Dev,
    program::{err, fenghuo, out, run},
};

/// Rows of an export or of a table: text by the name of its column.
type Rows = Vec<BTreeMap<String, String>>;

const SERVICE: &str = "enforcement";
const KILLED_MAX: Duration = Duration::from_secs(30);

fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

/// The parts that the manifest names, each with the hash that it tells.
fn parts(folder: &Path) -> Vec<Vec<u8>> {
    let manifest = manifest(folder);
    let part = |part: &Value| {
        let bytes = fs::read(folder.join(part["file"].as_str().unwrap())).unwrap();
        let hash = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            (part["sha256"].as_str(), part["bytes"].as_u64()),
            (Some(&hash[..]), Some(bytes.len() as u64))
        );
        bytes
    };
    manifest["parts"].as_array().unwrap().iter().map(part).collect()
}

fn of_lines(folder: &Path) -> Rows {
    let text = String::from_utf8(parts(folder).concat()).unwrap();
    let row = |line: &str| {
        let row: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
        row.into_iter()
            .map(|(name, value)| (name, value.as_str().map_or(value.to_string(), str::to_owned)))
            .collect()
    };
    text.lines().map(row).collect()
}

fn of_parquet(folder: &Path) -> Rows {
    let manifest = manifest(folder);
    let mut rows = Rows::new();
    for part in manifest["parts"].as_array().unwrap() {
        let file = File::open(folder.join(part["file"].as_str().unwrap())).unwrap();
        for row in SerializedFileReader::new(file).unwrap().get_row_iter(None).unwrap() {
            let text = |field: &Field| match field {
                Field::Str(text) => text.clone(),
                Field::Long(number) | Field::TimestampMicros(number) => number.to_string(),
                other => panic!("{other:?}"),
            };
            rows.push(
                row.unwrap().get_column_iter().map(|(name, field)| (name.clone(), text(field))).collect(),
            );
        }
    }
    rows
}

/// What the log holds, in the words of Parquet; of all, or of a case.
async fn of_log(data: &Path, case: Option<&str>) -> Rows {
    let url = fs::read_to_string(data.join("keys/database-url")).unwrap();
    let mut db = PgConnection::connect(url.trim()).await.unwrap();
    let rows = eventlog::sqlx::query(
        "select e.position::text, s.name, e.version::text, e.id::text, e.kind,
                (extract(epoch from e.occurred_at) * 1000000)::bigint::text,
                (extract(epoch from e.recorded_at) * 1000000)::bigint::text,
                convert_from(e.data, 'utf8'), convert_from(e.meta, 'utf8'),
                encode(sha256(e.data), 'hex'), encode(sha256(e.meta), 'hex')
            from enforcement.events e join enforcement.streams s using (stream_id)
            where $1::text is null or convert_from(e.meta, 'utf8')::json ->> 'case_id' = $1 order by e.position",
    );
    const COLUMNS: [&str; 11] = [
        "position",
        "stream",
        "version",
        "id",
        "type",
        "occurred_at",
        "recorded_at",
        "data",
        "meta",
        "data_sha256",
        "meta_sha256",
    ];
    let rows = rows.bind(case).fetch_all(&mut db).await.unwrap();
    let row = |row: &eventlog::sqlx::postgres::PgRow| {
        COLUMNS.iter().enumerate().map(|(at, name)| ((*name).to_owned(), row.get(at))).collect()
    };
    rows.iter().map(row).collect()
}

/// The same instants as counts of microseconds.
fn in_micros(mut rows: Rows) -> Rows {
    for row in &mut rows {
        for name in ["occurred_at", "recorded_at"] {
            let text = row.get_mut(name).unwrap();
            let at =
                time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap();
            *text = (at.unix_timestamp_nanos() / 1_000).to_string();
        }
    }
    rows
}

fn arguments<'a>(data: &'a str, folder: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["--lang", "en", "audit", "export", "--data", data, "-o", folder], more].concat()
}

fn export(data: &Path, folder: &Path, more: &[&str]) -> String {
    let output = run(&arguments(data.to_str().unwrap(), folder.to_str().unwrap(), more));
    assert!(output.status.success(), "{}", err(&output));
    out(&output)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_what_the_log_holds_and_a_killed_export_goes_on() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data");
    let _dev = Dev::start(&data);
    let played = run(&["play", SCENARIO, "--data", data.to_str().unwrap()]);
    assert!(played.status.success(), "{}", err(&played));
    sealed(&data, SERVICE);
    let truth = of_log(&data, None).await;
    assert!(truth.len() > 10, "{}", truth.len());
    the_log_begins_when_the_case_does(&truth);

    let whole = scratch.path().join("parquet");
    let said = export(&data, &whole, &["--service", SERVICE, "--format", "parquet", "--part-events", "7"]);
    assert!(said.contains("under a signed checkpoint of"), "{said}");
    assert!(of_parquet(&whole.join(SERVICE)) == truth, "Parquet");
    let lines = scratch.path().join("lines");
    let by_line = ["--service", SERVICE, "--part-events", "1"];
    export(&data, &lines, &by_line);
    assert!(in_micros(of_lines(&lines.join(SERVICE))) == truth, "JSON Lines");
    let told = manifest(&lines.join(SERVICE));
    let checkpoint = fs::read_to_string(data.join("audit").join(SERVICE).join("checkpoint")).unwrap();
    assert_eq!(told["checkpoint"].as_str(), Some(&checkpoint[..]));
    assert_eq!((told["events"].as_u64(), told["complete"].as_bool()), (Some(truth.len() as u64), Some(true)));

    let killed = scratch.path().join("killed");
    kill_in_the_middle(&data, &killed, &by_line);
    export(&data, &killed, &by_line);
    assert!(parts(&killed.join(SERVICE)) == parts(&lines.join(SERVICE)), "the same bytes as in one go");
    assert_eq!(manifest(&killed.join(SERVICE)), told);

    a_case_is_in_every_log(&data, &scratch.path().join("case")).await;
    what_was_changed_or_is_of_another_is_refused(&data, &lines, &by_line);
}

/// The clock stood at today when the log was opened, and at an instant of the case when something happened.
fn the_log_begins_when_the_case_does(truth: &Rows) {
    let recorded = |row: usize| truth[row]["recorded_at"].parse::<i64>().unwrap();
    assert_eq!((truth[0]["type"].as_str(), truth[0]["stream"].as_str()), ("$genesis", "$genesis:log"));
    assert_eq!(recorded(0) + 1, recorded(1), "in microseconds");
    let today = time::OffsetDateTime::now_utc() - time::Duration::days(365);
    assert!(i128::from(recorded(0)) < today.unix_timestamp_nanos() / 1_000, "{}", truth[0]["recorded_at"]);
}

async fn a_case_is_in_every_log(data: &Path, folder: &Path) {
    let case = "wuyi-2023-0417";
    let said = export(data, folder, &["--case", case]);
    assert_eq!(said.lines().count(), 6, "{said}");
    let found = in_micros(of_lines(&folder.join(SERVICE)));
    assert!(!found.is_empty() && found == of_log(data, Some(case)).await);
}

fn what_was_changed_or_is_of_another_is_refused(data: &Path, folder: &Path, arguments_before: &[&str]) {
    let again = |more: &[&str]| run(&arguments(data.to_str().unwrap(), folder.to_str().unwrap(), more));
    assert!(again(arguments_before).status.success(), "what is complete is looked at, and left");
    let other = again(&["--service", SERVICE, "--part-events", "2"]);
    assert!(err(&other).contains("another export was begun"), "{}", err(&other));
    let part = folder.join(SERVICE).join("part-00002.jsonl");
    let mut bytes = fs::read(&part).unwrap();
    bytes[20] ^= 1;
    fs::write(&part, bytes).unwrap();
    let changed = again(arguments_before);
    assert!(err(&changed).contains("is not what the manifest says"), "{}", err(&changed));
}

/// Ends an export without warning when it has written some parts and not all.
fn kill_in_the_middle(data: &Path, folder: &Path, more: &[&str]) {
    let mut child = fenghuo()
        .args(arguments(data.to_str().unwrap(), folder.to_str().unwrap(), more))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let give_up = Instant::now() + KILLED_MAX;
    while !folder.join(SERVICE).join("part-00003.jsonl").exists() {
        assert!(Instant::now() < give_up, "the export wrote nothing");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(manifest(&folder.join(SERVICE))["complete"], false, "it was killed in the middle");
}

/// As a superuser could, past every trigger.
async fn tamper(data: &Path, position: i64) {
    let url = fs::read_to_string(data.join("keys/database-url")).unwrap();
    let mut db = PgConnection::connect(url.trim()).await.unwrap();
    let changes = format!(
        "alter table enforcement.events disable trigger events_append_only;
         update enforcement.events set kind = kind || 'X' where position = {position};
         alter table enforcement.events enable always trigger events_append_only"
    );
    eventlog::sqlx::raw_sql(eventlog::sqlx::AssertSqlSafe(changes)).execute(&mut db).await.unwrap();
}

#[tokio::test]
async fn what_was_changed_is_found_by_case_and_by_position_and_is_not_exported() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data");
    let _dev = Dev::start(&data);
    let data_text = data.to_str().unwrap();
    let played = run(&["play", SCENARIO, "--data", data_text]);
    assert!(played.status.success(), "{}", err(&played));
    let head = sealed(&data, SERVICE)["size"].as_u64().unwrap();
    let audit =
        |arguments: &[&str]| run(&[&["--lang", "en", "audit"], arguments, &["--data", data_text]].concat());
    let whole = audit(&["verify", "--case", "wuyi-2023-0417"]);
    assert!(whole.status.success(), "{}{}", out(&whole), err(&whole));
    assert_eq!(
        out(&whole).matches("signed checkpoints verified").count(),
        6,
        "in every log: {}",
        out(&whole)
    );

    // In the middle, and of the case; positions beside it are as they were.
    let of_case = of_log(&data, Some("wuyi-2023-0417")).await;
    let place: u64 = of_case[of_case.len() / 2]["position"].parse().unwrap();
    tamper(&data, place.cast_signed()).await;
    let (before, at, after) = ((place - 1).to_string(), place.to_string(), (place + 1).to_string());
    let range = |from: &str, to: &str| audit(&["verify", "--service", SERVICE, "--from", from, "--to", to]);
    assert!(range("1", &before).status.success());
    assert!(range(&after, &head.to_string()).status.success());
    for found in [range(&at, &at), audit(&["verify", "--case", "wuyi-2023-0417"])] {
        assert_eq!(found.status.code(), Some(1), "{}", out(&found));
        assert!(out(&found).contains(&format!("position {place}")), "{}", out(&found));
    }
    assert_eq!(range("0", "1").status.code(), Some(2));

    let to = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    for subject in [["--service", SERVICE], ["--case", "wuyi-2023-0417"]] {
        let exported = audit(&[&["export", "-o", &to(subject[0])], &subject[..]].concat());
        assert_eq!(exported.status.code(), Some(1), "{}", out(&exported));
        let why = format!("position {place} is not as it was sealed");
        assert!(err(&exported).contains(&why), "{}", err(&exported));
    }

    // The leaves of one log do not cover the events of another.
    let (tiles, key) = (data.join("audit/reward"), data.join("keys/audit-reward.vkey"));
    let other = ["--tiles", tiles.to_str().unwrap(), "--vkey", key.to_str().unwrap()];
    let exported = audit(&[&["export", "--service", "hazard", "-o", &to("other")], &other[..]].concat());
    assert!(err(&exported).contains("position 1 is not as it was sealed"), "{}", err(&exported));
    let verified = audit(&["verify", "--service", "hazard", "--vkey", key.to_str().unwrap()]);
    assert_eq!(verified.status.code(), Some(2), "{}", out(&verified));
    let private = data.join("keys/audit-hazard.key");
    let verified = audit(&["verify", "--service", "hazard", "--vkey", private.to_str().unwrap()]);
    assert!(err(&verified).contains("this is a private key"), "{}", err(&verified));

    for asked in [
        &["verify", "--case", "nobody-knows"][..],
        &["export", "--case", "nobody-knows", "-o", &to("nothing")],
        &["readings", "nobody-knows"],
        &["queries", "run", "--all", "--case", "nobody-knows"],
    ] {
        let answer = audit(asked);
        assert_eq!(answer.status.code(), Some(1), "{asked:?}: {}", out(&answer));
        assert!(err(&answer).contains("no log has events of case nobody-knows"), "{}", err(&answer));
    }
}
