//! `fenghuo dev` as a process: it starts, answers, survives its children's deaths and its own, and goes on.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use servers::Scratch;

use crate::program::{err, fenghuo, out, run};

const START_MAX: Duration = Duration::from_secs(120);
const STOP_MAX: Duration = Duration::from_secs(60);

/// A running `fenghuo dev`; killed when dropped.
pub(crate) struct Dev {
    child: Child,
    /// What it said until it was ready.
    pub(crate) said: Vec<String>,
}

impl Dev {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub(crate) fn start_with(data: &Path, arguments: &[&str]) -> Self {
        let mut child = fenghuo()
            .args(["dev", "--clock", "scripted", "--data"])
            .arg(data)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stderr = child.stderr.take().unwrap();
        let (say, heard) = std::sync::mpsc::channel();
        thread::spawn(move || {
            for line in lines.by_ref().map_while(Result::ok) {
                // Nobody listens any more once the system is ready; the pipe is still emptied.
                let _ = say.send(line);
            }
        });
        let errors = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let give_up = Instant::now() + START_MAX;
        let mut said = Vec::new();
        loop {
            match heard.recv_timeout(give_up.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains("tokens:") => return Self { child, said },
                Ok(line) => said.push(line),
                Err(_) => {
                    let _ = child.kill();
                    panic!("fenghuo dev did not start: {}", errors.join().unwrap());
                }
            }
        }
    }

    /// Where the door of a service is, as HOST:PORT.
    pub(crate) fn door(&self, service: &str) -> &str {
        let line =
            self.said.iter().find_map(|line| line.trim().strip_prefix(service)?.split_once("kurrentdb://"));
        line.expect("it says where the door is").1.split('?').next().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        let give_up = Instant::now() + STOP_MAX;
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status,
                None if Instant::now() > give_up => panic!("fenghuo dev does not end"),
                None => thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn head(data: &Path) -> u64 {
    let data = data.to_str().unwrap();
    let output = run(&["view", "status", "--service", "enforcement", "--json", "--data", data]);
    assert!(output.status.success(), "{}", err(&output));
    let status: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    status[0]["head"].as_u64().unwrap()
}

/// Children of a process, by the name of their program.
fn child_named(parent: u32, name: &str) -> Option<String> {
    let output =
        Command::new("ps").args(["-o", "pid=,comm=", "--ppid", &parent.to_string()]).output().unwrap();
    let text = out(&output);
    let line = text.lines().find(|line| line.contains(name))?;
    line.split_whitespace().next().map(str::to_owned)
}

#[test]
fn a_system_answers_stops_cleanly_and_goes_on_where_it_was() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data");
    let mut first = Dev::start(&data);
    assert_eq!(head(&data), 0);

    let second = run(&["dev", "--data", data.to_str().unwrap()]);
    assert_eq!(second.status.code(), Some(1));
    assert!(err(&second).contains("in use by another process"), "{}", err(&second));

    let token = run(&[
        "token",
        "--department",
        "fire.330723",
        "--role",
        "head",
        "--id",
        "head-1",
        "--data",
        data.to_str().unwrap(),
    ]);
    assert!(token.status.success(), "{}", err(&token));
    first.signal("TERM");
    assert!(first.ended().success());
    assert!(!data.join("endpoints.json").exists());
    let nowhere = run(&["view", "status", "--data", data.to_str().unwrap()]);
    assert_eq!(nowhere.status.code(), Some(1));

    let mut again = Dev::start(&data);
    let verified = run(&["log", "verify-order", "--service", "hazard", "--data", data.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", err(&verified));
    again.signal("INT");
    assert!(again.ended().success());
}

#[test]
fn a_child_that_dies_is_started_again() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data");
    let mut dev = Dev::start(&data);
    for server in ["postgres", "nats-server"] {
        let old = child_named(dev.child.id(), server).unwrap();
        assert!(Command::new("kill").args(["-9", &old]).status().unwrap().success());
        let give_up = Instant::now() + START_MAX;
        while child_named(dev.child.id(), server).is_none_or(|new| new == old) {
            assert!(Instant::now() < give_up, "{server} was not started again");
            thread::sleep(Duration::from_millis(50));
        }
        answers_again(&data);
    }
    dev.signal("TERM");
    assert!(dev.ended().success());
}

/// Services recover by themselves, within the time that a restart takes.
fn answers_again(data: &Path) {
    let give_up = Instant::now() + START_MAX;
    loop {
        let output = run(&["view", "status", "--json", "--data", data.to_str().unwrap()]);
        if output.status.success() {
            return;
        }
        assert!(Instant::now() < give_up, "{}", err(&output));
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_system_that_was_killed_goes_on() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data");
    let mut dev = Dev::start(&data);
    dev.signal("KILL");
    assert!(!dev.ended().success());
    let mut again = Dev::start(&data);
    assert_eq!(head(&data), 0);
    again.signal("TERM");
    assert!(again.ended().success());
}

/// Invented: nobody closed on that day.
const CLOSURES: &str = r#"{"area": "330723", "edition": "2023-1", "basis": "某政发〔2023〕1号",
  "closed": [{"date": "2023-05-11", "reason": "防台风停工"}]}"#;

#[test]
fn a_calendar_takes_effect_in_a_running_system_once_two_persons_have_looked_at_it() {
    let scratch = Scratch::new().unwrap();
    let dev = Dev::start(&scratch.path().join("data"));
    let data = scratch.path().join("data").display().to_string();
    let file = scratch.path().join("closures.json");
    std::fs::write(&file, CLOSURES).unwrap();
    let file = file.display().to_string();
    let law = |arguments: &[&str]| run(&[&["law"], arguments, &["--data", data.as_str()]].concat());
    let proposed = law(&["calendar", "adopt", &file, "--id", "c-1"]);
    assert!(proposed.status.success(), "{}", err(&proposed));
    assert!(out(&proposed).starts_with("c-1  proposed  CN-"), "{}", out(&proposed));
    let tried = law(&["rules", "dry-run", "c-1"]);
    assert!(
        out(&tried).contains("2023-05-11: closed") && out(&tried).contains("enforcement: 0"),
        "{}",
        out(&tried)
    );
    let alone = law(&["rules", "approve", "c-1", "--as", "legal-1"]);
    assert_eq!(alone.status.code(), Some(1));
    assert!(err(&alone).contains("SecondPersonWanted"), "{}", err(&alone));
    let approved = law(&["rules", "approve", "c-1"]);
    assert!(out(&approved).contains("+330723-2023-1@"), "{}{}", out(&approved), err(&approved));
    let listed = law(&["rules", "list", "--state", "adopted", "--json"]);
    let row: serde_json::Value = serde_json::from_str(out(&listed).lines().next().unwrap()).unwrap();
    assert_eq!((&row["id"], &row["approved_by"]), (&"c-1".into(), &"head-1".into()));
    let late = law(&["rules", "withdraw", "c-1", "--cause", "mistake"]);
    assert!(err(&late).contains("InForceAlready"), "{}", err(&late));
    drop(dev);
}
