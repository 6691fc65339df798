//! Sealing into a bucket of a real object store: the same as into a folder, and nobody's tiles harmed by two writers.

mod conflict;
mod settings;
mod store;

use std::{
    process::{Child, Command, Stdio},
    sync::{Arc, OnceLock},
    time::Duration,
};

use audit::{Bucket, Connect as _, Report, Sealing, Site, State, Tiles, Verify};
use eventlog::fault;
use rusty_s3::{Credentials, S3Action, UrlStyle};
use servers::{Objects, Scratch};
use witness::http::{Answer, Bytes, Client, Method, Question, Session};

use crate::{
    crash::{CHILD, POINTS, died},
    support::*,
};

const BUCKET: &str = "tiles";

/// An object store and who may write to it.
#[derive(Clone, Debug)]
struct At {
    url: String,
    access: String,
    secret: String,
}

impl At {
    async fn of(objects: &Objects) -> Self {
        let (access, secret) = objects.credentials();
        let at = Self { url: objects.url(), access: access.to_owned(), secret: secret.to_owned() };
        let credentials = at.credentials();
        let made = at.bucket().create_bucket(&credentials).sign(SOON).to_string();
        at.ask(Method::PUT, made, "").await;
        at
    }

    /// The one of this test run, in a runtime of its own that outlives every test.
    fn common() -> Self {
        static AT: OnceLock<At> = OnceLock::new();
        let start = || {
            let (tell, told) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                tokio::runtime::Runtime::new().unwrap().block_on(async {
                    let scratch = Scratch::new().unwrap();
                    let objects = Objects::start(scratch.path()).await.unwrap();
                    tell.send(At::of(&objects).await).unwrap();
                    std::future::pending::<()>().await;
                });
            });
            told.recv().unwrap()
        };
        AT.get_or_init(start).clone()
    }

    fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("AWS_ENDPOINT_URL", self.url.clone()),
            ("AWS_ACCESS_KEY_ID", self.access.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.secret.clone()),
        ]
    }

    fn site(&self, text: &str) -> Site {
        let variables = self.variables();
        let var = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        Site::Bucket(Arc::new(Bucket::new(text, var).unwrap()))
    }

    fn credentials(&self) -> Credentials {
        Credentials::new(&self.access, &self.secret)
    }

    fn bucket(&self) -> rusty_s3::Bucket {
        rusty_s3::Bucket::new(self.url.parse().unwrap(), UrlStyle::Path, BUCKET, "us-east-1").unwrap()
    }

    /// Writes whatever is there, as whoever has the keys can.
    async fn overwrite(&self, key: &str, bytes: Vec<u8>) {
        let credentials = self.credentials();
        let url = self.bucket().put_object(Some(&credentials), key).sign(SOON).to_string();
        self.ask(Method::PUT, url, bytes).await;
    }

    async fn ask(&self, method: Method, url: String, body: impl Into<Bytes>) -> Answer {
        let question = Question { method, url, headers: Vec::new(), body: body.into() };
        let answer = Session::new(Client::new(SOON), 1 << 20).ask(&question).await.unwrap();
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer
    }
}

/// A log that is sealed into a prefix of its own.
struct Kept {
    place: Place,
    at: At,
    text: String,
    site: Site,
}

impl Kept {
    async fn new(at: At) -> Self {
        let place = Place::new().await;
        let text = format!("s3://{BUCKET}/logs/{}", place.log.options().schema);
        let site = at.site(&text);
        Self { place, at, text, site }
    }

    async fn common() -> Self {
        Self::new(At::common()).await
    }

    fn tiles(&self) -> Tiles {
        self.site.open()
    }

    fn sealing(&self) -> Sealing {
        Sealing { site: self.site.clone(), lease: Duration::from_secs(2), ..self.place.sealing() }
    }

    fn start(&self) -> Running {
        Running::start(self.place.log.clone(), self.sealing())
    }

    async fn seal_all(&self) {
        let head = self.place.log.head().await.unwrap().position;
        let mut running = self.start();
        running.until(|status| status.sealed == head && status.state == State::Sealing).await;
        running.stop().await;
    }

    async fn sealed(events: u64) -> Self {
        let kept = Self::common().await;
        kept.place.fill(events).await;
        kept.seal_all().await;
        kept
    }

    fn checkpoint(&self) -> Vec<u8> {
        self.tiles().checkpoint().unwrap().expect("a checkpoint is published")
    }

    fn size(&self) -> u64 {
        let note = self.tiles().checkpoint().unwrap();
        note.map_or(0, |note| policy().accept(&note).unwrap().checkpoint.size())
    }

    async fn verify(&self, saved: &[Vec<u8>]) -> Report {
        let saved = saved.iter().enumerate().map(|(n, note)| (format!("saved-{n}"), note.clone()));
        let asked = Verify {
            tiles: self.tiles(),
            policy: policy(),
            saved: saved.collect(),
            scope: audit::Scope::Whole,
        };
        let mut db = self.place.log.options().read_only().await.unwrap();
        asked.run(Some(&mut db), |_, _| {}).await.unwrap()
    }

    /// A process of its own that seals into the same bucket.
    fn spawn(&self, point: &str) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "crash::child", "--nocapture"]).stdout(Stdio::null()).stderr(Stdio::null());
        let (schema, text) = (&self.place.log.options().schema, &self.text);
        command.env(CHILD, format!("{} {schema} {text} none", server_url()));
        command.envs(self.at.variables()).env(fault::VARIABLE, point);
        command.spawn().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_sealed_into_a_bucket_while_it_grows_and_the_next_process_goes_on() {
    let kept = Kept::common().await;
    let mut running = kept.start();
    for _ in 0..5 {
        kept.place.fill(60).await;
    }
    running.until(|status| status.sealed == 300).await;
    running.stop().await;
    let saved = kept.checkpoint();
    kept.place.fill(20).await;
    kept.seal_all().await;
    let report = kept.verify(&[saved]).await;
    assert_eq!((report.found, report.size, report.events), (vec![], 320, 320));
    let list = |folder: &str| kept.tiles().0.list(folder).unwrap();
    assert_eq!(list("tile/entries"), ["tile/entries/000"]);
    assert_eq!((list("tile/0"), list("tile/0/000.p")), (vec!["tile/0/000".to_owned()], vec![]));
    assert!(list("tile/0/001.p").contains(&"tile/0/001.p/64".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_goes_on_over_what_a_killed_one_left_wherever_it_was_killed() {
    let kept = Kept::common().await;
    let mut saved = Vec::new();
    for _ in 0..3 {
        // All of them seal the same events, until one has stored a checkpoint; then there are more.
        for (number, point) in POINTS.iter().enumerate() {
            if matches!(number, 0 | 3) {
                kept.place.fill(60).await;
            }
            assert!(died(kept.spawn(point), SOON).await, "{point} was never reached");
            saved.extend(kept.tiles().checkpoint().unwrap());
        }
    }
    kept.seal_all().await;
    let report = kept.verify(&saved).await;
    assert_eq!((report.found, report.size), (vec![], 360));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_lies_below_the_tree_that_it_follows() {
    let kept = Kept::common().await;
    for sealed in [150, 300] {
        kept.place.fill(150).await;
        let mut running = Running::start(kept.place.log.clone(), Sealing { sm3: true, ..kept.sealing() });
        running.until(|status| status.shadow.as_ref().is_some_and(|shadow| shadow.size == sealed)).await;
        running.stop().await;
    }
    let report = kept.verify(&[]).await;
    assert_eq!((report.found, report.size, report.shadow), (vec![], 300, Some(300)));
    let list = |folder: &str| kept.tiles().0.below("sm3").list(folder).unwrap();
    assert_eq!((list("tile/0"), list("tile/0/000.p")), (vec!["tile/0/000".to_owned()], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_in_an_object_is_found() {
    let kept = Kept::sealed(20).await;
    let name = "tile/entries/000.p/20";
    let mut bytes = kept.tiles().0.read(name).unwrap().unwrap();
    // The length of the eleventh leaf: it is read as another, and nothing after it where it stands.
    let lengths = bytes.as_slice();
    let length = |at: usize| 2 + usize::from(u16::from_be_bytes([lengths[at], lengths[at + 1]]));
    let eleventh = (0..10).fold(0, |at, _| at + length(at));
    bytes[eleventh + 1] ^= 1;
    let key = format!("{}/{name}", kept.text.strip_prefix("s3://tiles/").unwrap());
    kept.at.overwrite(&key, bytes).await;
    let report = kept.verify(&[]).await;
    let places: Vec<_> = report.found.iter().map(|found| found.place.position).collect();
    assert_eq!(places.first(), Some(&Some(11)), "{report:?}");
    assert!(places.is_sorted(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_delays_sealing_and_nothing_else() {
    let scratch = Scratch::new().unwrap();
    let mut objects = Objects::start(scratch.path()).await.unwrap();
    let kept = Kept::new(At::of(&objects).await).await;
    kept.place.fill(20).await;
    let mut running = kept.start();
    running.until(|status| status.sealed == 20).await;
    objects.stop().await;
    kept.place.fill(20).await;
    let is_waiting = |status: &audit::Status| matches!(status.state, State::Waiting(_));
    let State::Waiting(why) = running.until(is_waiting).await.state else { unreachable!("waited for") };
    assert!(why.contains("tile/") || why.contains("checkpoint"), "{why}");
    assert!(why.contains("connect to 127.0.0.1") && !why.contains("Signature"), "{why}");
    kept.place.fill(20).await;
    objects.restart().await.unwrap();
    running.until(|status| status.sealed == 60 && status.state == State::Sealing).await;
    running.stop().await;
    assert_eq!(kept.verify(&[]).await.found, []);
}
