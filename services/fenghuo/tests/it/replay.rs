//! `fenghuo replay` on a system that has played a case: every view is what its events say, and what is not is found.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use servers::Scratch;
use sqlx::{Connection, PgConnection};

use crate::{
    dev::Dev,
    program::{err, fenghuo, out, run},
};

const CASE: &str = "wuyi-2023-0417";
const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/wuyi-2023-0417.yaml");

fn replaying(arguments: &[&str], data: &Path) -> Command {
    let mut command = fenghuo();
    command.args(["--lang", "en", "replay"]).args(arguments).arg("--data").arg(data);
    command
}

fn replay(arguments: &[&str], data: &Path) -> Output {
    replaying(arguments, data).output().unwrap()
}

fn played(scratch: &Scratch) -> (Dev, std::path::PathBuf) {
    let data = scratch.path().join("data");
    let dev = Dev::start(&data);
    let played = run(&["play", SCENARIO, "--data", data.to_str().unwrap()]);
    assert!(played.status.success(), "{}", err(&played));
    (dev, data)
}

/// Every view of every service, as the running system names them.
fn views(data: &Path) -> Vec<(String, String)> {
    let status = run(&["view", "status", "--json", "--data", data.to_str().unwrap()]);
    let status: Value = serde_json::from_str(&out(&status)).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let services = status.as_array().unwrap().iter();
    let of = |service: &Value| {
        let name = text(&service["service"]);
        let views = service["views"].as_array().unwrap().clone();
        views.into_iter().map(move |view| (name.clone(), text(&view["name"]))).collect::<Vec<_>>()
    };
    services.flat_map(of).collect()
}

/// Runs statements as the owner of the database.
fn as_owner(data: &Path, statement: &'static str) -> u64 {
    let url = fs::read_to_string(data.join("keys/database-url")).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut db = PgConnection::connect(url.trim()).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut db).await.unwrap().rows_affected()
    })
}

fn scratch_schemas(data: &Path) -> u64 {
    as_owner(data, "select nspname from pg_namespace where nspname like '%\\_replay\\_%'")
}

#[test]
fn every_view_of_every_service_is_what_its_events_say() {
    let scratch = Scratch::new().unwrap();
    let (_dev, data) = played(&scratch);
    let views = views(&data);
    assert!(views.len() >= 15, "{views:?}");
    for (service, view) in views {
        for part in [&[][..], &["--case", CASE]] {
            let output = replay(&[&[service.as_str(), view.as_str()], part].concat(), &data);
            assert_eq!(output.status.code(), Some(0), "{service} {view}: {}{}", out(&output), err(&output));
            assert!(out(&output).contains("equal: the living view"), "{}", out(&output));
        }
    }
    assert_eq!(scratch_schemas(&data), 0);
}

#[test]
fn a_row_changed_by_hand_is_named_and_the_signed_result_says_so() {
    let scratch = Scratch::new().unwrap();
    let (_dev, data) = played(&scratch);
    let key = scratch.path().join("auditor.key");
    let made =
        run(&["audit", "keygen", "--origin", "auditor.example/replay", "--out", key.to_str().unwrap()]);
    assert!(made.status.success(), "{}", err(&made));
    let vkey = key.with_extension("vkey");
    let (key, vkey) = (key.to_str().unwrap(), vkey.to_str().unwrap());
    let signed = |name: &str| scratch.path().join(name).display().to_string();

    let equal = signed("equal");
    let first = replay(&["hazard", "hazards", "--sign", key, "-o", &equal], &data);
    assert_eq!(first.status.code(), Some(0), "{}", err(&first));
    let checked = run(&["--lang", "en", "replay", "check", &equal, "--key", vkey]);
    assert_eq!(checked.status.code(), Some(0), "{}", err(&checked));
    assert!(out(&checked).starts_with("the signature holds: auditor.example/replay"), "{}", out(&checked));

    assert_eq!(as_owner(&data, "update hazard_hazards_g1.hazards set case_id = 'other'"), 1);
    let different = signed("different");
    let second = replay(&["hazard", "hazards", "--sign", key, "-o", &different], &data);
    assert_eq!(second.status.code(), Some(1), "{}", err(&second));
    let line = format!("case_id: living \"other\", replayed \"{CASE}\"");
    assert!(out(&second).contains("hazards hazard_id=") && out(&second).contains(&line), "{}", out(&second));
    assert!(err(&second).contains("1 rows differ"), "{}", err(&second));
    let checked = run(&["--lang", "en", "replay", "check", &different, "--key", vkey, "--json"]);
    assert_eq!(checked.status.code(), Some(1));
    let evidence: Value = serde_json::from_str(&out(&checked)).unwrap();
    assert_eq!((&evidence["verdict"], &evidence["service"]), (&"different".into(), &"hazard".into()));
    assert_eq!(evidence["to_position"], evidence["living"]["position"]);
    let table = &evidence["tables"][0];
    assert_ne!(table["replayed"]["sha256"], table["living"]["sha256"]);

    let stranger = data.join("keys/audit-hazard.vkey");
    let other = run(&["replay", "check", &equal, "--key", stranger.to_str().unwrap()]);
    assert_eq!(other.status.code(), Some(3), "{}", err(&other));
    let forged = fs::read_to_string(&different).unwrap().replace("\"different\"", "\"equal\"");
    fs::write(&different, forged).unwrap();
    let forged = run(&["replay", "check", &different, "--key", vkey]);
    assert_eq!(forged.status.code(), Some(3), "{}", err(&forged));
}

#[test]
fn rows_deleted_and_added_are_listed_as_json_and_what_cannot_be_asked_is_no_answer() {
    let scratch = Scratch::new().unwrap();
    let (_dev, data) = played(&scratch);
    let entries = as_owner(&data, "delete from timeline_entries_g1.entries where source = 'hazard'");
    assert!(entries > 0);
    as_owner(&data, "insert into timeline_entries_g1.cases values ('made-up', 1, '{}', now(), now(), 1)");
    let output = replay(&["timeline", "entries", "--json", "--differences", "2"], &data);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let told: Value = serde_json::from_str(&out(&output)).unwrap();
    let kinds: Vec<_> = told["differences"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["added", "missing", "missing"]);
    assert_eq!(
        (&told["tables"][0]["differing"], &told["tables"][1]["differing"]),
        (&1.into(), &entries.into())
    );
    assert_eq!(told["differences"][0]["key"]["case_id"], "made-up");

    let unknown = replay(&["timeline", "nothing"], &data);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("known are entries"), "{}", err(&unknown));
    let beyond = replay(&["timeline", "entries", "--at-position", "99999999"], &data);
    assert_eq!(beyond.status.code(), Some(3), "{}", err(&beyond));
}

#[test]
fn a_killed_replay_is_resumed_and_one_of_the_past_tells_what_was() {
    let scratch = Scratch::new().unwrap();
    let (_dev, data) = played(&scratch);
    let begun = ["investigation", "fires", "--page", "2"];
    let killed = replaying(&begun, &data).env("FENGHUO_CRASH_AT", "replay.page@5").output().unwrap();
    assert_eq!(killed.status.code(), None, "it was to die: {}", err(&killed));
    assert_eq!(scratch_schemas(&data), 1);
    let id = err(&killed).lines().find_map(|line| line.strip_prefix("replay ").map(str::to_owned)).unwrap();
    let resumed = replay(&["investigation", "fires", "--resume", &id, "--json"], &data);
    assert_eq!(resumed.status.code(), Some(0), "{}", err(&resumed));
    assert_eq!(scratch_schemas(&data), 0);
    let whole = replay(&["investigation", "fires", "--json"], &data);
    let read = |output: &Output| serde_json::from_str::<Value>(&out(output)).unwrap();
    let (resumed, whole) = (read(&resumed), read(&whole));
    for part in ["tables", "events", "to_position", "verdict", "checkpoint"] {
        assert_eq!(resumed[part], whole[part], "{part}");
    }
    let again = replay(&["investigation", "fires", "--resume", &id], &data);
    assert_eq!(again.status.code(), Some(3), "{}", err(&again));

    // Of the evening of the fire: three dead were known.
    let past = ["investigation", "fires", "--at-time", "2023-04-17", "--rows", "--json", "--keep"];
    let past = replay(&past, &data);
    assert_eq!(past.status.code(), Some(0), "{}", err(&past));
    let lines = out(&past);
    let row: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(row["row"]["totals"]["deaths"], 3, "{row}");
    let told: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(told["verdict"], "nothing-to-compare");
    assert_eq!(scratch_schemas(&data), 1, "it was to be kept");
}
