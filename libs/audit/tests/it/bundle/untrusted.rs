//! Bundles from anywhere: refused with a fault that says where, whatever bytes they are.

use audit::bundle::{Files, Trust, What, pack, unpack, verify, verify_files};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;

const TRIES: u64 = 2_000;

#[test]
fn garbage_is_refused() {
    let mut random = StdRng::seed_from_u64(7);
    for try_ in 0..TRIES {
        let mut bytes: Vec<u8> = (0..random.random_range(0..200)).map(|_| random.random()).collect();
        if try_ % 2 == 0 {
            bytes.splice(0..bytes.len().min(4), *b"PK\x03\x04");
        }
        assert!(verify(&bytes, &Trust::default()).is_err(), "{bytes:?}");
    }
}

/// What is inside is garbled before it is packed, so that everything behind the archive meets it.
#[tokio::test(flavor = "multi_thread")]
async fn garbled_files_never_make_anything_panic() {
    let whole = contents().await.files();
    let names: Vec<&String> = whole.keys().collect();
    let mut random = StdRng::seed_from_u64(8);
    for _ in 0..TRIES / 4 {
        let mut files = whole.clone();
        for _ in 0..random.random_range(1..4) {
            let name = names[random.random_range(0..names.len())];
            garble(&mut random, files.get_mut(name).unwrap());
        }
        if random.random_bool(0.9) {
            remanifest(&mut files);
        }
        let archive = pack(&files).unwrap();
        assert_eq!(unpack(&archive).unwrap(), files);
        // Refused, unless the garbling came to nothing, or another version could have made it.
        if let Ok(summary) = verify_files(&files, &Trust::default()) {
            assert!(files == whole || summary.maker != MAKER);
        }
    }
}

fn garble(random: &mut StdRng, bytes: &mut Vec<u8>) {
    let at = if bytes.is_empty() { 0 } else { random.random_range(0..bytes.len()) };
    match random.random_range(0..4) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, random.random()),
        2 => bytes.extend_from_within(at..),
        _ => bytes.iter_mut().skip(at).take(3).for_each(|byte| *byte = random.random()),
    }
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    for name in
        ["../x", "/etc/x", "a/../../x", "a//x", "a/./x", "a\\x", "-x", "a x", "é", "", &"a".repeat(201)]
    {
        let archive = pack(&Files::from([(name.to_owned(), b"x".to_vec())])).unwrap();
        assert_eq!(unpack(&archive).unwrap_err().what, What::UnsafeName, "{name}");
    }
}

#[test]
fn what_no_plain_archive_holds_is_refused() {
    let many = (0..65_001).map(|n| (n.to_string(), Vec::new())).collect();
    assert_eq!(pack(&many).unwrap_err().what, What::TooLarge);
    let empty = pack(&Files::new()).unwrap();
    assert_eq!(verify(&empty, &Trust::default()).unwrap_err().what, What::Missing);
}
