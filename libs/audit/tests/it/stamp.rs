//! Time stamps by a real service of them: `openssl ts` behind a small server, and `openssl ts -verify` as the judge.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use audit::{Standing, Tsa};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use witness::http::{self, Client, Handler, Reply, Request};

use crate::{support::*, witnessing::*};

const CONFIG: &str = "
[req]
distinguished_name = name
prompt = no
[name]
CN = time.example
[ca]
basicConstraints = critical,CA:TRUE
[stamps]
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = here
[here]
serial = FOLDER/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
";

fn openssl(folder: &Path, arguments: &str) -> std::process::Output {
    Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap()
}

/// A service of time stamps with an authority of its own.
struct OpensslTsa {
    folder: PathBuf,
    is_away: Arc<AtomicBool>,
}

impl OpensslTsa {
    fn new(folder: PathBuf) -> Self {
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("tsa.conf"), CONFIG.replace("FOLDER", folder.to_str().unwrap())).unwrap();
        for step in [
            "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.pem -config tsa.conf -extensions ca",
            "req -new -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -config tsa.conf -subj /CN=stamps",
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile tsa.conf \
             -extensions stamps -out tsa.pem",
        ] {
            let made = openssl(&folder, step);
            assert!(made.status.success(), "{step}: {}", String::from_utf8_lossy(&made.stderr));
        }
        Self { folder, is_away: Arc::default() }
    }
}

impl Handler for OpensslTsa {
    const BODY_BYTES_MAX: usize = 10_000;

    fn answer(&self, request: Request) -> Reply {
        if self.is_away.load(Ordering::SeqCst) {
            return Reply::text(503, "come again");
        }
        fs::write(self.folder.join("query"), &request.body).unwrap();
        let reply = "ts -reply -config tsa.conf -queryfile query -signer tsa.pem -inkey tsa.key -out reply";
        openssl(&self.folder, reply);
        Reply::new(200, "application/timestamp-reply", fs::read(self.folder.join("reply")).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn final_checkpoints_get_tokens_that_openssl_verifies() {
    let place = Place::new().await;
    let one = Witnessing::start(&place, 0).await;
    let folder = place.scratch.path().join("tsa");
    let tsa = OpensslTsa::new(folder.clone());
    let is_away = tsa.is_away.clone();
    is_away.store(true, Ordering::SeqCst);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/tsa", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    tokio::spawn(http::serve(listener, Arc::new(tsa), stop.clone()));
    let mut sealing = witnessed(&place, vec![one.peer()], 1);
    let (every, retry) = (Duration::from_millis(50), Duration::from_millis(20));
    sealing.witnesses.as_mut().unwrap().tsa = Some(Tsa { every, retry, ..Tsa::new(&url, Client::new(SOON)) });

    let mut running = Running::start(place.log.clone(), sealing);
    place.fill(10).await;
    let is_troubled = |status: &audit::Status| {
        let finality = status.finality.as_ref();
        finality.is_some_and(|finality| {
            let tsa = finality.tsa.as_ref().unwrap();
            finality.size == 10
                && matches!(&tsa.standing, Standing::Troubled { why, .. } if why.contains("503"))
        })
    };
    running.until(is_troubled).await;
    is_away.store(false, Ordering::SeqCst);
    let stamped = |size| {
        move |status: &audit::Status| {
            let tsa = status.finality.as_ref().and_then(|finality| finality.tsa.as_ref());
            tsa.is_some_and(|tsa| tsa.size == size && tsa.standing == Standing::Cosigns)
        }
    };
    running.until(stamped(10)).await;
    place.fill(10).await;
    running.until(stamped(20)).await;
    running.stop().await;
    stop.cancel();

    let tokens = place.folder().join("tokens");
    let verify = |token: &str, data: &str| {
        let (token, data) = (tokens.join(token), tokens.join(data));
        let verify = format!("ts -verify -in {} -data {} -CAfile ca.pem", token.display(), data.display());
        openssl(&folder, &verify).status.success()
    };
    assert!(verify("10.tsr", "10.checkpoint"));
    assert!(!verify("10.tsr", "20.checkpoint"));
    let note = fs::read(tokens.join("10.checkpoint")).unwrap();
    assert_eq!(quorum(1, 1).accept(&note).unwrap().checkpoint.size(), 10);
    assert_eq!(place.verify(&[]).await.found, []);
}
