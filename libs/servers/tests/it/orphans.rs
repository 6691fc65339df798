//! A parent that dies without a word takes its servers along, and the next one starts where it ended.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, Scratch};
use sqlx::Row;

/// Set for the parent that is to be killed: this very program, run again for the test `parent` alone.
const FOLDER_VARIABLE: &str = "SERVERS_TEST_PARENT";
const WAIT: Duration = Duration::from_secs(60);

/// No test by itself: it starts both servers, tells their process ids, and waits to be killed.
#[tokio::test]
async fn parent() {
    let Some(folder) = env::var_os(FOLDER_VARIABLE).map(PathBuf::from) else {
        return;
    };
    let postgres = Postgres::start(&folder.join("postgres"), PostgresOptions::default()).await.unwrap();
    let nats = Nats::start(&folder.join("nats"), NatsOptions::default()).await.unwrap();
    let mut connection = crate::postgres::connect(&postgres).await;
    sqlx::query("create table kept (n int)").execute(&mut connection).await.unwrap();
    // Named in one step, so that the reader never sees half a list.
    let pids = format!("{} {}", postgres.pid().unwrap(), nats.pid().unwrap());
    fs::write(folder.join("pids.new"), pids).unwrap();
    fs::rename(folder.join("pids.new"), folder.join("pids")).unwrap();
    tokio::time::sleep(WAIT).await;
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + WAIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < limit, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn pids(folder: &Path) -> Option<Vec<Pid>> {
    let text = fs::read_to_string(folder.join("pids")).ok()?;
    Some(text.split(' ').map(|pid| Pid::from_raw(pid.parse().unwrap())).collect())
}

/// A zombie that nobody awaits is dead too; not every machine has an init that awaits orphans.
fn is_alive(pid: Pid) -> bool {
    let is_zombie = fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "));
    kill(pid, None).is_ok() && !is_zombie
}

#[tokio::test]
async fn servers_end_with_a_killed_parent_and_their_data_go_on() {
    let scratch = Scratch::new().unwrap();
    let mut parent = Command::new(env::current_exe().unwrap())
        .args(["--exact", "orphans::parent", "--nocapture"])
        .env(FOLDER_VARIABLE, scratch.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let servers = until("both servers run", || pids(scratch.path()));
    assert!(servers.iter().all(|pid| is_alive(*pid)));

    kill(Pid::from_raw(parent.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    parent.wait().unwrap();

    // The next start waits for what is left of the servers before, and so needs no sleep here.
    let postgres =
        Postgres::start(&scratch.path().join("postgres"), PostgresOptions::default()).await.unwrap();
    let _nats = Nats::start(&scratch.path().join("nats"), NatsOptions::default()).await.unwrap();
    until("the orphans are gone", || servers.iter().all(|pid| !is_alive(*pid)).then_some(()));
    let mut connection = crate::postgres::connect(&postgres).await;
    let row = sqlx::query("select count(*) from kept").fetch_one(&mut connection).await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 0);
}
