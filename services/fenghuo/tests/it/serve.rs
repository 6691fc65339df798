//! `fenghuo migrate` and `fenghuo serve` as a deployment uses them: somebody else's servers, keys and tokens as files.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use servers::{Nats, NatsOptions, Postgres, PostgresOptions, Scratch};
use tonic::{Code, transport::Channel};

use crate::program::{err, fenghuo, out, run};

const WAIT_MAX: Duration = Duration::from_secs(60);

/// A running service; killed when dropped.
struct Serving {
    child: Child,
    url: String,
    /// Where its door for auditors' clients is.
    door: String,
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        let mut child = fenghuo().args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let mut last_word = || {
            let line = lines.next().unwrap().unwrap();
            line.split_whitespace().last().unwrap_or_default().to_owned()
        };
        let (url, door) = (last_word(), last_word());
        Self { child, url, door }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the log as an auditor's client would.
async fn read_door(door: &str, token: Option<&str>) -> Result<(), Code> {
    let url = door.replace("kurrentdb://", "http://");
    let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
    crate::eventstore::read(&channel, token.map(|token| format!("Bearer {token}")).as_deref())
        .await
        .map(drop)
        .map_err(|status| status.code())
}

/// Appends as a client would.
async fn write_door(door: &str, stream: &str, token: &str) -> Result<(), Code> {
    let url = door.replace("kurrentdb://", "http://");
    let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
    let written = crate::doors::write(&channel, stream, "Measured", token).await;
    written.map_err(|status| status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_service_is_migrated_served_read_and_drained() {
    let scratch = Scratch::new().unwrap();
    let postgres =
        Postgres::start(&scratch.path().join("postgres"), PostgresOptions::default()).await.unwrap();
    let nats = Nats::start(&scratch.path().join("nats"), NatsOptions::default()).await.unwrap();
    let (database, bus) = (postgres.url(), nats.url());
    let keys = scratch.path().join("keys");
    let keys = keys.to_str().unwrap();
    assert!(run(&["keys", "generate", "--out", keys]).status.success());
    let (public, key) = (format!("{keys}/keys.json"), format!("{keys}/signing.pem"));

    let unmigrated = ["serve", "hazard", "--database-url", &database, "--nats-url", &bus, "--keys", &public];
    let unmigrated = run(&[&unmigrated[..], &["--department", "fire.330723"]].concat());
    assert_eq!(unmigrated.status.code(), Some(1), "a service does not serve a schema that is not there");
    let migrated = run(&["migrate", "hazard", "--database-url", &database]);
    assert!(migrated.status.success(), "{}", err(&migrated));
    assert!(run(&["migrate", "hazard", "--database-url", &database]).status.success(), "again is no harm");

    let serve = ["serve", "hazard", "--database-url", &database, "--nats-url", &bus, "--keys", &public];
    let more =
        ["--department", "fire.330723", "--door-listen", "127.0.0.1:0", "--door-writer", "operator=sensor-"];
    let mut serving = Serving::start(&[&serve[..], &more].concat());
    let token = run(&["token", "--department", "fire.33", "--role", "auditor", "--id", "a-1", "--key", &key]);
    let token_file = scratch.path().join("token");
    fs::write(&token_file, out(&token)).unwrap();
    let endpoint = format!("hazard={}", serving.url);
    let verify = ["log", "verify-order", "--service", "hazard", "--endpoint", &endpoint];
    let verified = run(&[&verify[..], &["--token-file", token_file.to_str().unwrap()]].concat());
    assert!(verified.status.success(), "{}", err(&verified));
    assert_eq!(read_door(&serving.door, None).await, Err(Code::Unauthenticated));
    assert_eq!(read_door(&serving.door, Some(out(&token).trim())).await, Ok(()));
    assert_eq!(write_door(&serving.door, "sensor-1", out(&token).trim()).await, Err(Code::PermissionDenied));
    let writer = ["token", "--department", "fire.33", "--role", "operator", "--id", "o-1", "--key", &key];
    let writer = out(&run(&writer));
    assert_eq!(write_door(&serving.door, "sensor-1", writer.trim()).await, Ok(()));
    assert_eq!(write_door(&serving.door, "other-1", writer.trim()).await, Err(Code::PermissionDenied));
    fs::write(&token_file, "no token").unwrap();
    let unknown = run(&[&verify[..], &["--token-file", token_file.to_str().unwrap()]].concat());
    assert!(err(&unknown).contains("does not accept the token"), "{}", err(&unknown));

    let id = serving.child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    let give_up = Instant::now() + WAIT_MAX;
    let status = loop {
        match serving.child.try_wait().unwrap() {
            Some(status) => break status,
            None => assert!(Instant::now() < give_up, "the service does not end"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(status.success());
}

/// Nothing listens at these addresses: the configuration is refused before anybody is asked.
#[test]
fn a_door_for_writers_to_the_services_own_streams_is_not_opened() {
    let database = "postgres://fenghuo@127.0.0.1:1/nowhere";
    let serve = ["serve", "hazard", "--database-url", database, "--nats-url", "nats://127.0.0.1:1"];
    let serve = [&serve[..], &["--keys", "k", "--department", "fire.330723", "--door-listen", "127.0.0.1:0"]];
    let serve = serve.concat();
    for (writer, why) in [
        ("operator=hazard:", "streams of category hazard hold what the service itself records"),
        ("operator=report:r-1", "category report"),
        ("operator=reading:", "category reading"),
        ("operator=rules:", "category rules"),
        ("operator=$$hazard:", "system streams"),
        ("auditor=sensor-", "an auditor reads everything"),
    ] {
        let refused =
            run(&[&serve[..], &["--door-writer", "operator=sensor-", "--door-writer", writer]].concat());
        assert_eq!(refused.status.code(), Some(2), "{writer}");
        assert!(err(&refused).contains(why), "{}", err(&refused));
        let variable = ("FENGHUO_DOOR_WRITERS", format!("operator=a,{writer}"));
        let listed = fenghuo().args(&serve).env(variable.0, variable.1).output().unwrap();
        assert!(err(&listed).contains(why), "{writer}");
    }
    let dev = run(&["dev", "--door-base", "0", "--door-writer", "operator=claim:"]);
    assert_eq!(dev.status.code(), Some(2));
    assert!(err(&dev).contains("the door of reward cannot let clients append to"), "{}", err(&dev));
}

/// Told before anything is started: neither server is there.
#[test]
fn a_door_that_cannot_be_served_is_refused_first() {
    let serve = ["serve", "hazard", "--database-url", "postgres://fenghuo@127.0.0.1:1/nowhere"];
    let serve = [&serve[..], &["--nats-url", "nats://127.0.0.1:1", "--keys", "k"]].concat();
    let serve = [&serve[..], &["--department", "fire.330723", "--door-listen", "0.0.0.0:0"]].concat();
    let plain = run(&serve);
    assert!(err(&plain).contains("plain text is for loopback only"), "{}", err(&plain));
    let files = ["--door-tls-cert", "/nowhere/door.pem", "--door-tls-key", "/nowhere/door.key"];
    let missing = run(&[&serve[..], &files].concat());
    assert!(err(&missing).contains("/nowhere/door.pem"), "{}", err(&missing));
}

#[test]
fn unverified_rows_are_allowed_by_a_known_signature_that_holds_and_by_nothing_else() {
    let scratch = Scratch::new().unwrap();
    let place = |name: &str| scratch.path().join(name).display().to_string();
    let (jurist, other) = (place("jurist"), place("other"));
    for keys in [&jurist, &other] {
        assert!(run(&["keys", "generate", "--out", keys]).status.success());
    }
    let sign = |name: &str, until: &str| {
        let key = format!("{jurist}/signing.pem");
        let allow = ["law", "pack", "allow", "--row", "seal.lift_decide", "--by", "jurist-1", "--key", &key];
        let signed = run(&[&allow[..], &["--reason", "checked", "--until", until]].concat());
        assert!(signed.status.success(), "{}", err(&signed));
        fs::write(place(name), out(&signed)).unwrap();
    };
    sign("holds.json", "2999-12-31");
    sign("ended.json", "2020-12-31");
    // Nothing listens at these addresses: whoever gets so far has accepted the allowance.
    let database = "postgres://fenghuo@127.0.0.1:1/nowhere";
    let serve = |more: &[&str]| {
        let keys = format!("{other}/keys.json");
        let serve = ["serve", "hazard", "--database-url", database, "--nats-url", "nats://127.0.0.1:1"];
        run(&[&serve[..], &["--keys", &keys, "--department", "fire.330723"], more].concat())
    };
    let (known, unknown) = (format!("{jurist}/keys.json"), format!("{other}/keys.json"));
    let told = |allowance: &str, keys: &str| {
        err(&serve(&["--allowance", &place(allowance), "--allowance-keys", keys]))
    };
    assert!(told("holds.json", &unknown).contains("is not known"), "{}", told("holds.json", &unknown));
    assert!(told("ended.json", &known).contains("the allowance ended on 2020-12-31"));
    assert!(told("holds.json", &known).contains("open the log"), "{}", told("holds.json", &known));
    assert_eq!(serve(&["--allowance", &place("holds.json")]).status.code(), Some(2), "keys are wanted");
    assert_eq!(
        serve(&["--allow-unverified", "seal.lift_decide"]).status.code(),
        Some(2),
        "a name is nothing"
    );
}
