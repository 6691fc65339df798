//! kill -9 of a witness that is being asked: no fork of what it ever answered is cosigned afterwards.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use servers::Scratch;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use witness::{
    Answer, Peer,
    http::{self, Client},
};

use crate::support::*;

/// Where the child keeps its memory; without it, `child` is not a child and does nothing.
const CHILD: &str = "FENGHUO_WITNESS_CHILD";

/// Witnesses for ever, and says where on the first line that begins with "at".
#[test]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let witness = open(Path::new(&folder)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("\nat http://{}", listener.local_addr().unwrap());
        http::serve(listener, Arc::new(witness), CancellationToken::new()).await;
    });
}

fn spawn(folder: &Path) -> (Child, Peer) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::child", "--nocapture"]).env(CHILD, folder);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url =
        lines.map_while(Result::ok).find_map(|line| line.strip_prefix("at ").map(str::to_owned)).unwrap();
    (child, Peer::new(&url, witness_key(), Client::new(Duration::from_secs(2))))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_was_killed_knows_what_it_answered() {
    let scratch = Scratch::new().unwrap();
    let mut cosigned = 0;
    for round in 0..8_u64 {
        let (child, peer) = spawn(scratch.path());
        let mut spawned = Some(child);
        // A fork of what it cosigned before it was killed is refused, whatever was on its way then.
        if cosigned > 0 {
            let fork = MemoryLog::forked_at(cosigned - 1, cosigned, "fork");
            let answer = peer.add_checkpoint(&fork.request(cosigned)).await;
            assert!(matches!(answer, Ok(Answer::Holds(held)) if held >= cosigned), "{answer:?}");
        }
        let begun = cosigned;
        let mut killer = None;
        let mut old = cosigned;
        while let Ok(answer) = peer.add_checkpoint(&MemoryLog::of(old.max(cosigned) + 1).request(old)).await {
            match answer {
                Answer::Cosigned(_) => old = old.max(cosigned) + 1,
                Answer::Holds(held) => old = held,
            }
            cosigned = old;
            // While the next ones are on their way.
            if cosigned >= begun + 3 && killer.is_none() {
                killer = Some(kill(spawned.take().unwrap(), Duration::from_millis(3 * round)));
            }
        }
        killer.expect("it works until it is killed").await.unwrap();
    }
}

fn kill(mut child: Child, after: Duration) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        child.kill().unwrap();
        child.wait().unwrap();
    })
}
