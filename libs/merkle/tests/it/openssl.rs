//! Stock `openssl` checks what was signed and what was hashed; nothing of this crate takes part in that.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use merkle::{Frontier, Hash, Hasher, Hex, Note, Signer, Sm3, VerifierKey, cosign};

use crate::{Store, entry, log_key, log_signer, witness_signer};

/// DER of a SubjectPublicKeyInfo for Ed25519 up to the key (RFC 8410).
const ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A folder of its own, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fenghuo-merkle-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

fn openssl(arguments: &[&str], paths: &[&Path], input: &[u8]) -> Output {
    let mut command = Command::new("openssl");
    command.args(arguments).args(paths).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("openssl is installed");
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn digest(function: &str, parts: &[&[u8]]) -> Hash {
    let output = openssl(&["dgst", function, "-binary"], &[], &parts.concat());
    Hash(output.stdout.try_into().unwrap())
}

fn sha256(parts: &[&[u8]]) -> Hash {
    digest("-sha256", parts)
}

fn sm3(parts: &[&[u8]]) -> Hash {
    digest("-sm3", parts)
}

fn verifies(folder: &Folder, key: &VerifierKey, message: &[u8], signature: &[u8]) -> bool {
    let key = folder.file("key.der", &[ED25519.as_slice(), &key.public()].concat());
    let message = folder.file("message", message);
    let signature = folder.file("signature", signature);
    let arguments = ["pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER"];
    let (key, message) = (key.to_str().unwrap(), message.to_str().unwrap());
    let files = ["-inkey", key, "-in", message, "-sigfile"];
    openssl(&[&arguments[..], &files].concat(), &[&signature], &[]).status.success()
}

fn note() -> Note {
    let mut note = Store::of(300).checkpoint(300).sign(&log_signer()).unwrap();
    note.add(cosign(&note, 1_700_000_000, &witness_signer(1)).unwrap());
    note
}

#[test]
fn openssl_verifies_the_signature_of_a_checkpoint() {
    let (folder, note) = (Folder::new("checkpoint"), note());
    let signature = note.signatures()[0].bytes();
    assert!(verifies(&folder, &log_key(), note.text().as_bytes(), signature));
    let changed = note.text().replace("300", "301");
    assert!(!verifies(&folder, &log_key(), changed.as_bytes(), signature));
}

#[test]
fn openssl_verifies_a_cosignature() {
    let (folder, note) = (Folder::new("cosignature"), note());
    let message = format!("cosignature/v1\ntime 1700000000\n{}", note.text());
    let (_time, signature) = note.signatures()[1].bytes().split_at(8);
    assert!(verifies(&folder, witness_signer(1).key(), message.as_bytes(), signature));
}

#[test]
fn openssl_hashes_leaves_and_nodes_with_sm3_alike() {
    // GB/T 32905-2016, annex A.1.
    let known = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
    assert_eq!(Hex(sm3(&[b"abc"]).0).to_string(), known);
    let leaves: Vec<Hash> = (0..5).map(|index| Sm3::leaf(&entry(index))).collect();
    for (index, leaf) in (0..).zip(&leaves) {
        assert_eq!(*leaf, sm3(&[&[0], &entry(index)]));
    }
    let node = |left: &Hash, right: &Hash| sm3(&[&[1], &left.0, &right.0]);
    let [a, b, c, d, e] = leaves[..] else { unreachable!() };
    let root = node(&node(&node(&a, &b), &node(&c, &d)), &e);
    let mut tree = Frontier::<Sm3>::new();
    for leaf in &leaves {
        tree.push(*leaf).unwrap();
    }
    assert_eq!(tree.root(), root);
    assert_ne!(root, Store::of(5).root(5), "another function gives another root");
}

#[test]
fn openssl_climbs_an_inclusion_path_to_the_root() {
    let store = Store::of(300);
    for index in [0, 77, 255, 256, 299] {
        let (mut at, mut last) = (index, 299);
        let mut hash = sha256(&[&[0], &entry(index)]);
        for sibling in store.inclusion(index, 300) {
            while at % 2 == 0 && at == last {
                (at, last) = (at / 2, last / 2);
            }
            let (left, right) = if at % 2 == 1 { (sibling, hash) } else { (hash, sibling) };
            hash = sha256(&[&[1], &left.0, &right.0]);
            (at, last) = (at / 2, last / 2);
        }
        assert_eq!(hash, store.root(300), "{index}");
    }
}
