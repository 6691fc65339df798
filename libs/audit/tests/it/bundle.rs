//! Audit bundles: what is made verifies, natively and by the script, and whatever is changed is found by both.

mod cases;
mod flips;
mod forged;
mod made;
mod untrusted;

use std::sync::Arc;

use audit::{
    Connect as _, Sealing, State,
    bundle::{Contents, Event, Files, Log, MAKER, Source, Trust, Witnesses, gather, pack},
};
use decider::{Actor, ActorKind, CaseId, Causation, Department, Id, Meta, StreamName};
use eventlog::{Append, EventData, Expected};
use merkle::{Ed25519Signer, KeyType, Note, Signer, cosign};
use time::OffsetDateTime;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::support::*;

pub(crate) const CASE: &str = "c-1";

/// Deterministic, so that a test can sign as a log does.
pub(crate) fn signer_of(origin: &str, seed: u8, kind: KeyType) -> Ed25519Signer {
    Ed25519Signer::new(origin, kind, ed25519_dalek::SigningKey::from_bytes(&[seed; 32])).unwrap()
}

pub(crate) fn things() -> Ed25519Signer {
    signer_of("log.example/things", 1, KeyType::Ed25519)
}

pub(crate) fn others() -> Ed25519Signer {
    signer_of("log.example/others", 2, KeyType::Ed25519)
}

pub(crate) fn witness() -> Ed25519Signer {
    signer_of("witness.example", 3, KeyType::Cosignature)
}

/// The keys of both logs and of the witness.
pub(crate) fn all_keys() -> Trust {
    let keys = [things(), others(), witness()].iter().map(|signer| signer.key().clone()).collect();
    Trust { keys, ..Trust::default() }
}

fn meta(case: Option<&str>, cause: Option<u64>) -> Meta {
    let actor = Actor {
        kind: ActorKind::Person,
        id: Id::parse("officer-1").unwrap(),
        department: Department::parse("fire.330723").unwrap(),
        roles: Vec::new(),
        certificate: None,
    };
    Meta {
        actor,
        case_id: case.map(|case| CaseId::parse(case).unwrap()),
        causation: cause.map(|position| Causation { log: "things".to_owned(), position }),
        command_id: None,
        traceparent: None,
        rules: "r1".to_owned(),
        calendar: "c1".to_owned(),
    }
}

/// Appends an event whose words would be markup to a careless page.
pub(crate) async fn append(place: &Place, case: Option<&str>, cause: Option<u64>) {
    let head = place.log.head().await.unwrap().position;
    let data =
        format!(r#"{{"type":"Happened","data":{{"n":{head},"text":"<script>alert('火')</script>"}}}}"#);
    let event =
        EventData { id: Uuid::now_v7(), kind: "Happened".to_owned(), data: data.into(), tags: Vec::new() };
    let stream = StreamName::new("thing", &format!("s{}", head % 2));
    let meta = meta(case, cause);
    let append = Append::new(stream, Expected::Any, vec![event], meta, OffsetDateTime::now_utc());
    place.log.append(append).await.unwrap();
}

pub(crate) async fn seal(place: &Place, signer: Ed25519Signer) {
    let head = place.log.head().await.unwrap().position;
    let sealing = Sealing::new(place.folder(), Arc::new(signer));
    let every = std::time::Duration::from_millis(10);
    let mut running = Running::start(place.log.clone(), Sealing { every, ..sealing });
    running.until(|status| status.sealed == head && status.state == State::Sealing).await;
    running.stop().await;
}

pub(crate) fn source(place: &Place, name: &str, signer: &Ed25519Signer, complete: bool) -> Source {
    Source {
        name: name.to_owned(),
        tiles: place.tiles(),
        keys: vec![signer.key().clone()],
        witnesses: None,
        tokens: Vec::new(),
        complete,
    }
}

pub(crate) async fn gathered(place: &Place, source: Source) -> Option<Log> {
    let mut db = place.log.options().read_only().await.unwrap();
    gather(CASE, source, &mut db).await.unwrap()
}

/// One log of eleven events, six of the case, cosigned; one of four, two of the case, both following from the first.
async fn make() -> Contents {
    let (one, two) = (Place::new().await, Place::new().await);
    for case in [Some(CASE), Some(CASE), None, Some("c-2"), Some(CASE), Some(CASE), None] {
        append(&one, case, None).await;
    }
    for case in [Some(CASE), Some("c-2"), Some(CASE)] {
        append(&one, case, None).await;
        append(&two, case, Some(2)).await;
    }
    seal(&one, things()).await;
    seal(&two, others()).await;
    let mut first = gathered(&one, source(&one, "things", &things(), true)).await.unwrap();
    cosigned(&mut first);
    let second = gathered(&two, source(&two, "others", &others(), true)).await.unwrap();
    Contents { case: CASE.to_owned(), maker: MAKER.to_owned(), logs: vec![second, first] }
}

pub(crate) fn cosigned(log: &mut Log) {
    let mut note = Note::parse(log.checkpoint.as_bytes()).unwrap();
    let line = cosign(&note, 1_700_000_000, &witness()).unwrap();
    note.add(line);
    log.checkpoint = note.to_string();
    log.witnesses = Some(Witnesses { quorum: 1, keys: vec![witness().key().clone()] });
}

/// The same for every test; nobody changes it in place.
pub(crate) async fn contents() -> Contents {
    static MADE: OnceCell<Contents> = OnceCell::const_new();
    MADE.get_or_init(make).await.clone()
}

pub(crate) async fn archive() -> Vec<u8> {
    pack(&contents().await.files()).unwrap()
}

pub(crate) fn log<'a>(contents: &'a mut Contents, name: &str) -> &'a mut Log {
    contents.logs.iter_mut().find(|log| log.name == name).unwrap()
}

pub(crate) fn event(log: &mut Log, position: u64) -> &mut Event {
    log.events.iter_mut().find(|event| event.position == position).unwrap()
}

/// What a forger does who knows how the manifest is made.
pub(crate) fn remanifest(files: &mut Files) {
    use sha2::Digest as _;
    files.remove("manifest");
    let line = |(name, bytes): (&String, &Vec<u8>)| {
        let digest: merkle::Hex<32> = merkle::Hex(sha2::Sha256::digest(bytes).into());
        format!("{digest} {} {name}\n", bytes.len())
    };
    let lines: String = files.iter().map(line).collect();
    files.insert("manifest".to_owned(), format!("fenghuo audit bundle v1\n{lines}").into_bytes());
}
