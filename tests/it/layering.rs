//! Who depends on whom, compared with the drawing in ARCHITECTURE.md.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde::Deserialize;

/// What each library may build on. Whoever wants another edge changes this drawing, which is a visible decision.
const DRAWING: [(&str, &[&str]); 11] = [
    ("law", &[]),
    ("merkle", &[]),
    ("contracts", &[]),
    ("servers", &[]),
    ("decider", &["law"]),
    ("eventlog", &["decider", "law"]),
    ("door", &["decider", "eventlog"]),
    ("witness", &["merkle"]),
    ("audit", &["decider", "eventlog", "merkle", "witness"]),
    ("bus", &["contracts", "decider", "eventlog"]),
    ("chassis", &["audit", "bus", "contracts", "decider", "eventlog", "law"]),
];
/// A service is built on libraries only, never on another service, and never on a driver of servers.
const SERVICE: &[&str] = &["bus", "chassis", "contracts", "decider", "eventlog", "law"];
/// Everything meets here: they may depend on all, and nothing on them.
const TOP: [&str; 2] = ["fenghuo", "system-tests"];
/// Tests may also start servers, and speak of law.
const IN_TESTS: [&str; 2] = ["law", "servers"];
/// What is pure knows none of these, not even through others.
const PURE: [&str; 3] = ["law", "merkle", "decider"];
const IMPURE: [&str; 6] = ["tokio", "sqlx", "tonic", "async-nats", "rand", "eventlog"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

/// Of this machine's platform only: what other platforms need has never been brought here.
fn metadata() -> Metadata {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--offline",
            "--filter-platform",
            &platform(),
        ])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn platform() -> String {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

impl Metadata {
    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Everything that is compiled into a package, itself left out.
    fn closure(&self, name: &str) -> BTreeSet<&str> {
        let names = self.packages.iter().map(|package| (package.id.as_str(), package.name.as_str()));
        let names = names.collect::<BTreeMap<_, _>>();
        let nodes =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect::<BTreeMap<_, _>>();
        let root = self.members().find(|package| package.name == name).unwrap();
        let mut open = vec![root.id.as_str()];
        let mut found = BTreeSet::new();
        while let Some(id) = open.pop() {
            let normal = |edge: &&Edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none());
            for edge in nodes[id].deps.iter().filter(normal) {
                if found.insert(edge.pkg.as_str()) {
                    open.push(&edge.pkg);
                }
            }
        }
        found.into_iter().map(|id| names[id]).collect()
    }
}

/// What a member may depend on; nothing is said of those on top.
fn allowed(package: &Package) -> Option<&'static [&'static str]> {
    if TOP.contains(&package.name.as_str()) {
        return None;
    }
    let drawn = DRAWING.iter().find(|(name, _)| *name == package.name).map(|(_, allowed)| *allowed);
    Some(drawn.unwrap_or_else(|| {
        assert!(package.manifest_path.contains("/services/"), "{} is in no drawing", package.name);
        SERVICE
    }))
}

#[test]
fn members_depend_on_one_another_as_drawn() {
    let metadata = metadata();
    let mut wrong = Vec::new();
    for package in metadata.members() {
        let Some(allowed) = allowed(package) else { continue };
        let own = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
        wrong.extend(
            own.filter(|dependency| {
                let name = dependency.name.as_str();
                let for_tests = dependency.kind.as_deref() == Some("dev") && IN_TESTS.contains(&name);
                !(for_tests || allowed.contains(&name))
            })
            .map(|dependency| format!("{} -> {}", package.name, dependency.name)),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_library_of_the_drawing_exists() {
    let metadata = metadata();
    let members = metadata.members().map(|package| package.name.as_str()).collect::<BTreeSet<_>>();
    let drawn = DRAWING.iter().map(|(name, _)| *name).chain(TOP);
    assert_eq!(drawn.filter(|name| !members.contains(name)).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn what_is_pure_knows_no_runtime_database_network_or_randomness() {
    let metadata = metadata();
    for name in PURE {
        let closure = metadata.closure(name);
        let known = IMPURE.into_iter().filter(|impure| closure.contains(impure)).collect::<Vec<_>>();
        assert_eq!(known, Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn a_deployed_service_carries_no_driver_of_servers() {
    let metadata = metadata();
    for service in fenghuo::services::names() {
        assert!(!metadata.closure(service).contains("servers"), "{service}");
    }
}
