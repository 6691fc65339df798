//! A deployed service with witnesses as processes of their own: finality, a witness that dies, and a restored backup.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use decider::{Actor, ActorKind, Department, Id, Meta, StreamName};
use eventlog::{Append, EventData, Expected, Log, Options, SystemClock, World};
use serde_json::Value;
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, Scratch};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::program::{err, fenghuo, out, run};

const WAIT_MAX: Duration = Duration::from_secs(60);

/// A process that says where it listens; killed when dropped.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    fn start_with(arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut command = fenghuo();
        command.args(arguments).envs(settings.iter().copied()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.map_while(Result::ok).find(|line| line.contains("http://")).unwrap();
        Self { child, url: line.split_whitespace().last().unwrap().to_owned() }
    }

    fn end(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A department's machine: database, bus, keys, tiles; and two witnesses elsewhere.
struct Site {
    postgres: Postgres,
    nats: Nats,
    scratch: Scratch,
    witnesses: Vec<Process>,
}

impl Site {
    async fn start() -> Self {
        let scratch = Scratch::new().unwrap();
        let postgres =
            Postgres::start(&scratch.path().join("postgres"), PostgresOptions::default()).await.unwrap();
        let nats = Nats::start(&scratch.path().join("nats"), NatsOptions::default()).await.unwrap();
        let mut site = Self { postgres, nats, scratch, witnesses: Vec::new() };
        assert!(run(&["keys", "generate", "--out", &site.at("keys")]).status.success());
        site.keygen("log.example/hazard", "audit.key", &[]);
        for number in ["0", "1"] {
            let (name, file) = (format!("witness.example/{number}"), format!("witness-{number}.key"));
            site.keygen(&name, &file, &["--witness"]);
            let witness = site.witness(number, "127.0.0.1:0");
            site.witnesses.push(witness);
        }
        assert!(run(&["migrate", "hazard", "--database-url", &site.postgres.url()]).status.success());
        site
    }

    fn at(&self, name: &str) -> String {
        self.scratch.path().join(name).display().to_string()
    }

    fn keygen(&self, name: &str, file: &str, more: &[&str]) {
        let keygen = ["audit", "keygen", "--origin", name, "--out", &self.at(file)];
        let made = run(&[&keygen[..], more].concat());
        assert!(made.status.success(), "{}", err(&made));
    }

    fn witness(&self, number: &str, listen: &str) -> Process {
        let (state, key) = (self.at(&format!("witness-{number}")), self.at(&format!("witness-{number}.key")));
        let log = self.at("audit.vkey");
        Process::start(&["witness", "--listen", listen, "--state", &state, "--key", &key, "--log", &log])
    }

    fn serve(&self) -> Process {
        let peers: Vec<String> = (0..2)
            .map(|number| {
                let key = fs::read_to_string(self.at(&format!("witness-{number}.vkey"))).unwrap();
                format!("{}={}", self.witnesses[number].url, key.trim())
            })
            .collect();
        let (database, bus, keys) = (self.postgres.url(), self.nats.url(), self.at("keys/keys.json"));
        let (tiles, key) = (self.at("tiles"), self.at("audit.key"));
        Process::start(&[
            "serve",
            "hazard",
            "--database-url",
            &database,
            "--nats-url",
            &bus,
            "--keys",
            &keys,
            "--department",
            "fire.330723",
            "--audit-tiles",
            &tiles,
            "--audit-key",
            &key,
            "--audit-sm3",
            "--witness",
            &peers[0],
            "--witness",
            &peers[1],
            "--witness-quorum",
            "2",
        ])
    }

    async fn append(&self, count: usize) {
        let options = Options::new(self.postgres.url().parse().unwrap(), "hazard");
        let world = World {
            clock: Arc::new(SystemClock),
            rules: law::RulePack::builtin(),
            calendar: law::Calendar::builtin(),
        };
        let log = Log::open(options, world).await.unwrap();
        for _ in 0..count {
            let data = r#"{"type":"Happened","data":{}}"#;
            let event = EventData {
                id: Uuid::now_v7(),
                kind: "Happened".to_owned(),
                data: data.into(),
                tags: Vec::new(),
            };
            let stream = StreamName::new("thing", "1");
            let append = Append::new(stream, Expected::Any, vec![event], meta(), OffsetDateTime::now_utc());
            log.append(append).await.unwrap();
        }
        log.shutdown().await;
    }

    /// What `view status` says, as text or JSON.
    fn status(&self, serving: &Process, more: &[&str]) -> String {
        let token = self.scratch.path().join("token");
        if !token.exists() {
            let key = self.at("keys/signing.pem");
            let who = ["token", "--department", "fire.33", "--role", "auditor", "--id", "a-1", "--key", &key];
            fs::write(&token, out(&run(&who))).unwrap();
        }
        let (endpoint, token) = (format!("hazard={}", serving.url), token.display().to_string());
        let status = ["--lang", "en", "view", "status", "--service", "hazard"];
        let asked = run(&[&status[..], &["--endpoint", &endpoint, "--token-file", &token], more].concat());
        assert!(asked.status.success(), "{}", err(&asked));
        out(&asked)
    }

    fn until(&self, serving: &Process, holds: impl Fn(&Value) -> bool) -> Value {
        let give_up = Instant::now() + WAIT_MAX;
        loop {
            let status: Value = serde_json::from_str(&self.status(serving, &["--json"])).unwrap();
            let sealed = status[0]["sealed"].clone();
            if holds(&sealed) {
                return sealed;
            }
            assert!(Instant::now() < give_up, "{status}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Looks once at what is published, with the memory of earlier looks.
    fn watch(&self, tiles: &str) -> (Option<i32>, String) {
        let file = |name: &str| self.at(name);
        let (key, state) = (file("audit.vkey"), file("seen"));
        let (one, other) = (file("witness-0.vkey"), file("witness-1.vkey"));
        let command = format!("printf '%s' \"$FENGHUO_ALARM\" > {}", file("alarm"));
        let watched = run(&[
            "--lang",
            "en",
            "audit",
            "watch",
            "--once",
            "--tiles",
            tiles,
            "--vkey",
            &key,
            "--state",
            &state,
            "--witness",
            &one,
            "--witness",
            &other,
            "--quorum",
            "2",
            "--on-alarm",
            &command,
        ]);
        (watched.status.code(), out(&watched) + &err(&watched))
    }
}

#[tokio::test]
async fn a_deployed_witness_takes_its_settings_from_the_environment_and_says_that_it_answers() {
    let scratch = Scratch::new().unwrap();
    let at = |name: &str| scratch.path().join(name).display().to_string();
    let keygen = |origin: &str, file: &str, more: &[&str]| {
        let made = run(&[&["audit", "keygen", "--origin", origin, "--out", file], more].concat());
        assert!(made.status.success(), "{}", err(&made));
        out(&made).trim().to_owned()
    };
    keygen("witness.example/0", &at("witness.key"), &["--witness"]);
    let logs = ["hazard", "credit"].map(|log| keygen(&format!("log.example/{log}"), &at(log), &[]));
    let settings = [
        ("FENGHUO_WITNESS_LISTEN", "127.0.0.1:0"),
        ("FENGHUO_WITNESS_STATE", &at("memory/below")),
        ("FENGHUO_WITNESS_KEY", &at("witness.key")),
        ("FENGHUO_WITNESS_LOGS", &logs.join(",")),
    ];
    let witness = Process::start_with(&["witness"], &settings);
    let health = format!("{}/healthz", witness.url);
    let answer = ::witness::http::Client::new(WAIT_MAX).get(&health).await.unwrap();
    assert_eq!(answer.status, 200);
    witness.end();
}

fn meta() -> Meta {
    let actor = Actor {
        kind: ActorKind::Service,
        id: Id::parse("hazard").unwrap(),
        department: Department::parse("fire.330723").unwrap(),
        roles: Vec::new(),
        certificate: None,
    };
    Meta { rules: "r1".to_owned(), calendar: "c1".to_owned(), ..Meta::by(actor) }
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// Puts a copy in the place of what is there.
fn put_back(copy: PathBuf, place: &Path) {
    fs::remove_dir_all(place).unwrap();
    fs::rename(copy, place).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_is_killed_delays_finality_only_and_a_restored_backup_is_not_signed() {
    let mut site = Site::start().await;
    site.append(10).await;
    let serving = site.serve();
    site.until(&serving, |sealed| sealed["final"]["size"] == 11);
    let published =
        Process::start(&["audit", "publish", "--listen", "127.0.0.1:0", "--tiles", &site.at("tiles")]);
    let base = published.url.trim_end_matches("/checkpoint");
    let (code, said) = site.watch(base);
    assert_eq!((code, said.contains("11 events believed, final at 11")), (Some(0), true), "{said}");

    let address = site.witnesses[1].url.trim_start_matches("http://").to_owned();
    drop(site.witnesses.pop());
    site.append(5).await;
    let sealed = site.until(&serving, |sealed| {
        sealed["size"] == 16 && !sealed["final"]["witnesses"][1]["troubled_since"].is_null()
    });
    assert_eq!((&sealed["final"]["size"], &sealed["state"]), (&11.into(), &"sealing".into()));
    let text = site.status(&serving, &[]);
    assert!(text.contains("audit-final: at size 11, head 16 (2 of 2 witnesses needed)"), "{text}");
    assert!(text.contains("witness witness.example/1 does not sign since 20"), "{text}");
    let witness = site.witness("1", &address);
    site.witnesses.push(witness);
    site.until(&serving, |sealed| sealed["final"]["size"] == 16 && sealed["sm3"]["size"] == 16);
    assert!(site.status(&serving, &[]).contains("SM3 shadow: at size 16, head 16\n"));
    serving.end();

    // A backup of everything that the department has, then history goes on.
    let (data, tiles) = (site.scratch.path().join("postgres"), site.scratch.path().join("tiles"));
    let kept = |name: &str| site.scratch.path().join(format!("kept-{name}"));
    let (kept_data, kept_tiles) = (kept("postgres"), kept("tiles"));
    site.postgres.stop().await;
    copy(&data, &kept_data);
    copy(&tiles, &kept_tiles);
    site.postgres.restart().await.unwrap();
    site.append(5).await;
    let serving = site.serve();
    site.until(&serving, |sealed| sealed["final"]["size"] == 21);
    assert_eq!(site.watch(base).0, Some(0));
    serving.end();

    site.postgres.stop().await;
    put_back(kept_data, &data);
    put_back(kept_tiles, &tiles);
    site.postgres.restart().await.unwrap();
    site.append(9).await;
    let serving = site.serve();
    let sealed = site.until(&serving, |sealed| sealed["state"] == "refused");
    let why = sealed["reason"].as_str().unwrap();
    assert!(why.contains("holds 21 events, all that is known here ends at 16"), "{why}");
    assert_eq!(sealed["size"], 16, "nothing was signed");
    let (code, said) = site.watch(base);
    assert_eq!((code, said.contains("ALARM log.example/hazard: rolled back: 21")), (Some(1), true), "{said}");
    assert!(fs::read_to_string(site.at("alarm")).unwrap().starts_with("rolled back: 21"));
}
