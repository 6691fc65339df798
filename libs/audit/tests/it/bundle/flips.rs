//! Every byte counts: whichever is flipped, the bundle is refused.

use std::{env, fs, time::Instant};

use audit::bundle::{Files, SCRIPT, Trust, pack, verify};

use super::*;
use crate::shell::{Extracted, last_line};

/// How many flips the script is asked about in an ordinary run; each takes it some 20 ms.
const SCRIPT_FLIPS: usize = 400;
/// Set to anything, it makes the script try every byte of the bundle, which takes some quarter of an hour.
const EVERY_BYTE: &str = "FENGHUO_TEST_EVERY_BYTE";

#[tokio::test(flavor = "multi_thread")]
async fn a_flip_of_any_byte_of_the_archive_is_found() {
    let archive = archive().await;
    let halves = [0..archive.len() / 2, archive.len() / 2..archive.len()];
    std::thread::scope(|scope| {
        for range in halves {
            let mut archive = archive.clone();
            scope.spawn(move || {
                for at in range {
                    archive[at] ^= flip(at);
                    assert!(verify(&archive, &Trust::default()).is_err(), "byte {at}");
                    archive[at] ^= flip(at);
                }
            });
        }
    });
    println!("{} flips of the archive, all found", archive.len());
}

/// Every bit has its turn.
fn flip(at: usize) -> u8 {
    1 << (at % 8)
}

/// A bundle as small as can be: the fewer bytes, the sooner all were tried.
async fn small() -> Files {
    let mut contents = contents().await;
    contents.logs.retain(|log| log.name == "others");
    contents.files()
}

/// Its own bytes too: a script that one flipped bit has damaged may say anything, but it does not end well.
#[tokio::test(flavor = "multi_thread")]
async fn the_script_finds_a_flip_of_any_byte_of_any_file() {
    let files = small().await;
    let folder = Extracted::new(&files);
    assert!(folder.verify(&[]).status.success());
    let total: usize = files.values().map(Vec::len).sum();
    let stride = if env::var_os(EVERY_BYTE).is_some() { 1 } else { total.div_ceil(SCRIPT_FLIPS) };
    let (began, mut tried, mut at) = (Instant::now(), 0, 0);
    for (name, bytes) in &files {
        let first = at;
        for place in (0..bytes.len()).filter(|place| (first + place) % stride == 0) {
            // A damaged script may write files, which must not help to find the next damage.
            let fresh = (name == "verify.sh").then(|| Extracted::new(&files));
            assert_found(fresh.as_ref().unwrap_or(&folder), name, bytes, place);
            tried += 1;
        }
        at += bytes.len();
    }
    println!("{tried} of {total} bytes flipped, all found, in {:?}", began.elapsed());
    assert!(folder.verify(&[]).status.success(), "everything is as it was");
}

fn assert_found(folder: &Extracted, name: &str, bytes: &[u8], place: usize) {
    let file = folder.path().join(name);
    let mut flipped = bytes.to_vec();
    flipped[place] ^= flip(place);
    fs::write(&file, flipped).unwrap();
    let output = folder.verify(&[]);
    if name == "verify.sh" {
        assert!(!output.status.success(), "{name} byte {place}: {output:?}");
    } else {
        assert_eq!(output.status.code(), Some(1), "{name} byte {place}: {output:?}");
        assert!(last_line(&output).contains("FAILED"), "{name} byte {place}: {output:?}");
    }
    fs::write(&file, bytes).unwrap();
}

/// An auditor's script, which came by another way, says of a damaged one that it is.
#[tokio::test(flavor = "multi_thread")]
async fn another_copy_of_the_script_finds_what_was_done_to_the_one_in_the_bundle() {
    let files = small().await;
    let beside = Extracted::new(&Files::new());
    beside.write("verify.sh", SCRIPT.as_bytes());
    let mut forged = files.clone();
    forged.insert("verify.sh".to_owned(), b"echo VERIFIED\n".to_vec());
    let folder = Extracted::new(&forged);
    assert!(folder.verify(&[]).status.success(), "a forger's script says what he likes");
    let output = beside.verify(&[folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(last_line(&output).contains("FAILED: verify.sh"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_off_is_missed() {
    let archive = archive().await;
    for length in (0..archive.len()).step_by(61) {
        assert!(verify(&archive[..length], &Trust::default()).is_err(), "{length}");
    }
    assert!(verify(&[&archive[..], b"\n"].concat(), &Trust::default()).is_err());
    assert_eq!(pack(&contents().await.files()).unwrap(), archive);
}
