//! Who tells whom what, as a page that is compared: a change of it is a change of architecture.
//!
//! What a service publishes is asked of its `publish` for every event shape ever stored; what it reads is asked of its
//! policies for every message of the published language. Nothing is written down by hand.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use chassis::Service;
use decider::{Department, Fact, Meta, Recorded, StreamName, harness::actor};
use fenghuo::services;
use prost::Message;
use prost_types::FileDescriptorSet;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

/// Set it to write the page anew: `UPDATE_GOLDEN=1 cargo test -p system-tests context_map`.
const UPDATE: &str = "UPDATE_GOLDEN";
const OUTSIDE: &str = "outside";
/// What is told of clocks, in the same words by every service.
const CLOCK: &str = "fenghuo.clock.";

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("context_map.txt")
}

/// The messages of every `events.proto` by package word; those that only stand inside others are left out.
fn language() -> BTreeMap<String, BTreeSet<String>> {
    let set = FileDescriptorSet::decode(contracts::DESCRIPTORS).unwrap();
    let files = set.file.iter().filter(|file| file.name().ends_with("/events.proto"));
    let mut language = BTreeMap::new();
    for file in files {
        let parts =
            file.message_type.iter().flat_map(|message| &message.field).map(|field| field.type_name());
        let parts = parts.collect::<BTreeSet<_>>();
        let own = file.message_type.iter().map(|message| message.name().to_owned());
        let own = own.filter(|name| !parts.contains(format!(".{}.{name}", file.package()).as_str()));
        let word = file.package().split('.').nth(1).unwrap().to_owned();
        language.insert(word, own.collect());
    }
    language
}

/// What becomes of every stored shape: the public messages' full names, or nothing.
fn published(service: &Service) -> BTreeMap<String, BTreeSet<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../services/{}/stored", service.name));
    let mut published = BTreeMap::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (aggregate, kind) = name.split_once('.').unwrap();
        let kind = kind.split('.').next().unwrap();
        let recorded = recorded(&aggregate.to_lowercase(), kind, fs::read(&path).unwrap());
        let public =
            (service.publish)(&recorded).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let known = published.entry(format!("{aggregate}.{kind}")).or_insert_with(BTreeSet::new);
        known.extend(public.map(|public| public.kind));
    }
    published
}

fn recorded(category: &str, kind: &str, data: Vec<u8>) -> Recorded {
    Recorded {
        position: 1,
        stream: StreamName::new(category, "x"),
        version: 1,
        id: Uuid::nil(),
        kind: kind.to_owned(),
        data: Bytes::from(data),
        meta: Meta::by(actor(decider::DepartmentKind::Fire, "330723", &[])).into(),
        occurred_at: OffsetDateTime::UNIX_EPOCH,
        recorded_at: OffsetDateTime::UNIX_EPOCH,
    }
}

/// Whether a service does anything with a message: one without a readable body is refused only by who reads it.
fn reads(service: &Service, source: &str, kind: &str) -> bool {
    let fact = Fact {
        id: Uuid::nil(),
        source: source.to_owned(),
        position: 1,
        kind: kind.to_owned(),
        stream: "x:x".to_owned(),
        case_id: None,
        department: Department::parse("fire.330723").unwrap(),
        actor: "x".to_owned(),
        occurred_at: OffsetDateTime::UNIX_EPOCH,
        recorded_at: OffsetDateTime::UNIX_EPOCH,
        causation: None,
        to: vec![],
        traceparent: None,
        body: Value::from(0),
    };
    let policies = service.policies(source);
    policies.iter().any(|react| !matches!(react(&fact), Ok(reactions) if reactions.is_empty()))
}

/// The services that listen to the source and read the message.
fn listeners(source: &str, kind: &str) -> Vec<&'static str> {
    let listening = services::ALL.iter().map(|member| member.service);
    let listening = listening.filter(|service| service.hears().any(|heard| heard == source));
    listening.filter(|service| reads(service, source, kind)).map(|service| service.name).collect()
}

fn map() -> String {
    let mut page = String::from(
        "Who tells whom what. Written by tests/it/context_map.rs; see there how to update it.\n",
    );
    let line = |page: &mut String, message: &str, listeners: &[String]| {
        let _ = writeln!(page, "  {message:<32} -> {}", listeners.join(", "));
    };
    let mut clocks = BTreeMap::<String, Vec<String>>::new();
    for member in services::ALL {
        let service = member.service;
        let _ = writeln!(page, "\n{} publishes", service.name);
        let published = published(service);
        for kind in published.values().flatten().collect::<BTreeSet<_>>() {
            if kind.starts_with(CLOCK) {
                let heard = listeners(service.name, kind).into_iter().map(str::to_owned);
                clocks.entry(kind.clone()).or_default().extend(heard);
                continue;
            }
            let message = kind.rsplit('.').next().unwrap_or(kind);
            let listeners = listeners(service.name, kind).into_iter().map(str::to_owned).collect::<Vec<_>>();
            line(&mut page, message, &listeners);
        }
        let private =
            published.iter().filter(|(_, public)| public.is_empty()).map(|(event, _)| event.as_str());
        let _ = writeln!(page, "  and keeps to itself: {}", private.collect::<Vec<_>>().join(", "));
    }
    let _ = writeln!(page, "\nevery service with clocks publishes");
    for (kind, mut heard) in clocks {
        heard.sort();
        heard.dedup();
        line(&mut page, kind.rsplit('.').next().unwrap_or(&kind), &heard);
    }
    let _ = writeln!(page, "\ndepartments outside publish");
    for message in &language()[OUTSIDE] {
        let kind = format!("fenghuo.{OUTSIDE}.v1.{message}");
        let mut from = BTreeMap::<&str, Vec<&str>>::new();
        for source in bus::OUTSIDE {
            for listener in listeners(source, &kind) {
                from.entry(listener).or_default().push(source);
            }
        }
        let listeners = from.iter().map(|(listener, sources)| match sources.len() == bus::OUTSIDE.len() {
            true => (*listener).to_owned(),
            false => format!("{listener} (from {})", sources.join(", ")),
        });
        line(&mut page, message, &listeners.collect::<Vec<_>>());
    }
    page
}

#[test]
fn who_tells_whom_what_is_as_drawn() {
    let found = map();
    if env::var_os(UPDATE).is_some() {
        fs::write(page(), &found).unwrap();
    }
    let drawn = fs::read_to_string(page()).unwrap_or_default();
    assert!(
        found == drawn,
        "tests/context_map.txt no longer says who tells whom what. If the change is meant, write it anew with\n\
         UPDATE_GOLDEN=1 cargo test -p system-tests context_map\nand commit it together with its cause.\n\n{}",
        difference(&drawn, &found)
    );
}

/// Lines that only one of both has.
fn difference(drawn: &str, found: &str) -> String {
    let (old, new) = (drawn.lines().collect::<Vec<_>>(), found.lines().collect::<Vec<_>>());
    let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("- {line}"));
    let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+ {line}"));
    gone.chain(come).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_message_of_a_service_is_published_by_it_and_by_nobody_else() {
    let language = language();
    let mut clocks = BTreeSet::new();
    for member in services::ALL {
        let service = member.service;
        let own = format!("fenghuo.{}.v1.", service.name);
        let all = published(service).into_values().flatten();
        // What is told of clocks is everybody's.
        let (of_clocks, published): (BTreeSet<_>, BTreeSet<_>) =
            all.partition(|kind| kind.starts_with(CLOCK));
        clocks.extend(of_clocks);
        let declared =
            language.get(service.name).into_iter().flatten().map(|message| format!("{own}{message}"));
        assert_eq!(published, declared.collect(), "{}", service.name);
    }
    let declared = language["clock"].iter().map(|message| format!("{CLOCK}v1.{message}"));
    assert_eq!(clocks, declared.collect(), "clocks");
}

#[test]
fn who_listens_reads_something() {
    let language = language();
    for member in services::ALL {
        for source in member.service.hears() {
            let package = if bus::OUTSIDE.contains(&source) { OUTSIDE } else { source };
            let mut kinds = language[package].iter().map(|message| format!("fenghuo.{package}.v1.{message}"));
            assert!(
                kinds.any(|kind| reads(member.service, source, &kind)),
                "{} of {source}",
                member.service.name
            );
        }
    }
}

#[test]
fn nobody_reads_what_it_does_not_listen_to() {
    let language = language();
    for member in services::ALL {
        let service = member.service;
        let heard = |package: &str| match package {
            OUTSIDE => service.listens_to.iter().any(|source| bus::OUTSIDE.contains(source)),
            package => service.hears().any(|heard| heard == package),
        };
        for (package, messages) in language.iter().filter(|(package, _)| !heard(package)) {
            let read = messages
                .iter()
                .find(|message| reads(service, package, &format!("fenghuo.{package}.v1.{message}")));
            // The timeline takes whatever comes; its own package is the only one that it does not hear.
            assert!(read.is_none() || service.name == "timeline", "{} reads {read:?}", service.name);
        }
    }
}
