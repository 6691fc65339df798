//! Files that do not belong, are not there, or say something else than the rest.

use audit::bundle::verify_files;

use super::{forged::refused, *};
use crate::shell::{Extracted, last_line};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_nothing_accounts_for_is_refused() {
    for name in ["extra", "logs/things/extra", "logs/things/events/5.data", "logs/nowhere/checkpoint"] {
        let mut files = contents().await.files();
        files.insert(name.to_owned(), b"x\n".to_vec());
        let folder = name.strip_suffix("/checkpoint").unwrap_or(name);
        refused(&files, &Trust::default(), name, folder);
        remanifest(&mut files);
        assert!(verify_files(&files, &Trust::default()).is_err(), "{name}");
        assert!(!Extracted::new(&files).verify(&[]).status.success(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_missing_is_missed() {
    let whole = contents().await.files();
    for name in whole.keys() {
        let mut files = whole.clone();
        files.remove(name);
        let fault = verify_files(&files, &Trust::default()).unwrap_err();
        assert!(fault.to_string().contains(name), "{name}: {fault}");
        remanifest(&mut files);
        // Only a manifest is something that a forger can write anew.
        let complete = Trust { complete: true, ..Trust::default() };
        assert_eq!(verify_files(&files, &complete).is_err(), name != "manifest", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_misses_what_a_log_cannot_do_without() {
    let whole = contents().await.files();
    let needed =
        ["case", "report.html", "logs/things/checkpoint", "logs/things/checkpoint.body", "logs/things/keys"];
    let parts = ["data", "meta", "leaf", "tlog-proof"].map(|part| format!("logs/things/events/3.{part}"));
    let cosigned = format!("logs/things/cosigned-{}", witness().key().id());
    for name in needed.into_iter().chain(parts.iter().map(String::as_str)).chain([cosigned.as_str()]) {
        let mut files = whole.clone();
        files.remove(name);
        remanifest(&mut files);
        let output = Extracted::new(&files).verify(&[]);
        assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_derived_cannot_say_anything_else() {
    for (name, what) in [
        ("report.html", "is not what the rest"),
        ("verify.sh", "is not what the rest"),
        ("logs/things/checkpoint.body", "is not what the rest"),
    ] {
        let mut files = contents().await.files();
        files.get_mut(name).unwrap().extend(b" ");
        remanifest(&mut files);
        let fault = verify_files(&files, &Trust::default()).unwrap_err();
        assert!(fault.to_string().contains(what), "{name}: {fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_of_another_version_may_be_worded_otherwise() {
    let mut made = contents().await;
    made.maker = "fenghuo 99.0.0".to_owned();
    let mut files = made.files();
    files.get_mut("report.html").unwrap().extend(b"<!-- more -->");
    remanifest(&mut files);
    assert_eq!(verify_files(&files, &Trust::default()).unwrap().maker, "fenghuo 99.0.0");
    files.get_mut("case").unwrap().extend(b"log x 1 y\n");
    remanifest(&mut files);
    assert!(verify_files(&files, &Trust::default()).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_no_file() {
    let files = contents().await.files();
    let folder = Extracted::new(&files);
    let report = folder.path().join("report.html");
    let elsewhere = Extracted::new(&Files::new());
    elsewhere.write("page", &files["report.html"]);
    std::fs::remove_file(&report).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("page"), &report).unwrap();
    let output = folder.verify(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(last_line(&output).contains("is a symbolic link"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_come_along_whatever_bytes_they_are() {
    let mut made = contents().await;
    log(&mut made, "things").tokens = vec![("head.tsr".to_owned(), vec![0x30, 0x00, 0xff, 0x0a, 0x00])];
    let said = super::forged::accepted(&made.files(), &all_keys());
    assert!(said.contains("time tokens in logs/things/tokens are verified with their authority's"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_is_right_in_every_field() {
    let whole = contents().await.files();
    let manifest = String::from_utf8(whole["manifest"].clone()).unwrap();
    let line = manifest.lines().find(|line| line.ends_with(" case")).unwrap();
    let (digest, size) = (line.split(' ').next().unwrap(), whole["case"].len());
    for (other, native, script) in [
        (format!("{digest} {} case", size + 1), "the size is not what", "the size is not what"),
        (format!("{digest} 0{size} case"), "manifest: cannot be read", "a line that cannot be read"),
        (format!("{} {size} case", "0".repeat(64)), "the content is not", "the content is not"),
        (format!("{digest} {size} case\n{line}"), "not in order", "is not in order"),
        (format!("{digest} {size} x/../case"), "the file is missing", "has an unsafe name"),
    ] {
        let mut files = whole.clone();
        files.insert("manifest".to_owned(), manifest.replace(line, &other).into_bytes());
        refused(&files, &Trust::default(), native, script);
    }
}
