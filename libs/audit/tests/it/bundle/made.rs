//! What is made: it verifies by both ways, is the same every time, and never without what it claims to have.

use std::io::{Cursor, Read};

use audit::bundle::{Files, GatherError, Trust, gather, pack, unpack, verify};
use audit::sealed::SealedError;
use merkle::Signer;
use sha2::Digest as _;

use super::*;
use crate::shell::{Extracted, keys, last_line};

/// Extracts as a stranger's program does.
fn extracted(archive: &[u8]) -> Files {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let count = zip.len();
    let read = |index| {
        let mut file = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_verifies_natively() {
    let archive = archive().await;
    for trust in [Trust::default(), all_keys(), Trust { quorum: 0, complete: true, ..all_keys() }] {
        let summary = verify(&archive, &trust).unwrap();
        let logs = summary.logs.iter().map(|log| (log.name.as_str(), log.events, log.size, log.complete));
        assert_eq!(logs.collect::<Vec<_>>(), [("others", 2, 4, true), ("things", 6, 11, true)]);
        assert_eq!(summary.logs[1].cosigners, ["witness.example"]);
        assert_eq!(summary.loose, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_extracts_it_and_the_script_verifies_it_with_four_tools() {
    let folder = Extracted::new(&extracted(&archive().await));
    let texts: Vec<String> = all_keys().keys.iter().map(ToString::to_string).collect();
    for arguments in [vec![], vec!["--complete"], keys(&texts), [keys(&texts), vec!["--complete"]].concat()] {
        let output = folder.verify(&arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        assert!(last_line(&output).ends_with("VERIFIED: case c-1, 8 events in 2 logs"), "{output:?}");
        let is_noted = String::from_utf8_lossy(&output.stdout).contains("the keys came with the bundle");
        assert_eq!(is_noted, !arguments.contains(&"--key"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_verifies_from_elsewhere_and_takes_keys_from_files() {
    let folder = Extracted::new(&contents().await.files());
    let beside = Extracted::new(&Files::new());
    beside.write("verify.sh", audit::bundle::SCRIPT.as_bytes());
    let lines: String = all_keys().keys.iter().map(|key| format!("{key}\n")).collect();
    beside.write("keys.txt", lines.as_bytes());
    let output = beside.verify(&["--key", "keys.txt", folder.path().to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_case_gives_the_same_bytes() {
    let place = Place::new().await;
    append(&place, Some(CASE), None).await;
    seal(&place, things()).await;
    let mut archives = Vec::new();
    for _ in 0..2 {
        let part = gathered(&place, source(&place, "things", &things(), true)).await.unwrap();
        let contents = Contents { case: CASE.to_owned(), maker: MAKER.to_owned(), logs: vec![part] };
        archives.push(pack(&contents.files()).unwrap());
    }
    assert_eq!(archives[0], archives[1]);
}

/// Whoever changes this digest changes the form that every bundle has ever had.
#[test]
fn the_archive_has_one_spelling_for_ever() {
    let files = [("a", "x"), ("b/c", "")].map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    let files = Files::from(files);
    let archive = pack(&files).unwrap();
    let digest = merkle::Hex::<32>(sha2::Sha256::digest(&archive).into()).to_string();
    assert_eq!(
        (archive.len(), digest.as_str()),
        (183, "93c08db1c3cd090681bddd9557d244ba0611004bf57f021f9cf459dbf195b1b2")
    );
    assert_eq!(unpack(&archive).unwrap(), files);
    assert_eq!(extracted(&archive), files);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_case_text_as_text() {
    let files = contents().await.files();
    let page = String::from_utf8(files["report.html"].clone()).unwrap();
    assert!(page.contains("&lt;script&gt;alert(&#39;火&#39;)&lt;/script&gt;"), "{page}");
    for markup in ["<script", "http:", "https:", "src=", "href=", "url("] {
        assert!(!page.contains(markup), "{markup}");
    }
    let first = page.find("全过程").unwrap();
    assert_eq!(page[first..].matches("<tr><td>").count(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_waits_for_its_checkpoint_is_not_bundled() {
    let place = Place::new().await;
    append(&place, Some(CASE), None).await;
    let mut db = place.log.options().read_only().await.unwrap();
    let refused = |position| move |error: &GatherError| matches!(error, GatherError::NotSealed { position: p } if *p == position);
    let unsealed = gather(CASE, source(&place, "things", &things(), true), &mut db).await.unwrap_err();
    assert!(refused(2)(&unsealed), "{unsealed}");
    seal(&place, things()).await;
    append(&place, Some("c-2"), None).await;
    assert!(gather(CASE, source(&place, "things", &things(), true), &mut db).await.is_ok());
    append(&place, Some(CASE), None).await;
    let unsealed = gather(CASE, source(&place, "things", &things(), true), &mut db).await.unwrap_err();
    assert!(refused(4)(&unsealed), "{unsealed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_not_as_it_was_sealed_is_not_bundled() {
    for change in [
        "data = data || ' '",
        "meta = meta || ' '",
        "kind = 'Other'",
        "recorded_at = recorded_at - interval '1s'",
    ] {
        let place = Place::new().await;
        append(&place, Some(CASE), None).await;
        append(&place, Some(CASE), None).await;
        seal(&place, things()).await;
        place.tamper(&format!("update events set {change} where position = 2")).await;
        let mut db = place.log.options().read_only().await.unwrap();
        let made = gather(CASE, source(&place, "things", &things(), true), &mut db).await;
        assert!(
            matches!(made, Err(GatherError::Sealed(SealedError::NotAsSealed { position: 2 }))),
            "{change}: {made:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_the_case_comes_along_only_to_show_that() {
    let place = Place::new().await;
    append(&place, Some("c-2"), None).await;
    seal(&place, others()).await;
    assert_eq!(gathered(&place, source(&place, "others", &others(), false)).await, None);
    let empty = gathered(&place, source(&place, "others", &others(), true)).await.unwrap();
    let mut contents = contents().await;
    *log(&mut contents, "others") = empty;
    let archive = pack(&contents.files()).unwrap();
    assert_eq!(verify(&archive, &all_keys()).unwrap().logs[0].events, 0);
    let output = Extracted::new(&contents.files()).verify(&[]);
    assert!(output.status.success(), "{output:?}");
    assert!(things().key().name() != others().key().name());
}

/// More leaves than one file of them, and paths of every length that such trees have.
#[tokio::test(flavor = "multi_thread")]
async fn logs_of_many_sizes_verify_by_both_ways() {
    let place = Place::new().await;
    for size in [2_u64, 3, 6, 7, 20, 259] {
        while place.log.head().await.unwrap().position < size {
            let head = place.log.head().await.unwrap().position;
            append(&place, (!(20..=250).contains(&head)).then_some(CASE), None).await;
        }
        seal(&place, things()).await;
        let part = gathered(&place, source(&place, "things", &things(), true)).await.unwrap();
        let contents = Contents { case: CASE.to_owned(), maker: MAKER.to_owned(), logs: vec![part] };
        let files = contents.files();
        assert_eq!(verify(&pack(&files).unwrap(), &Trust::default()).unwrap().logs[0].size, size);
        let output = Extracted::new(&files).verify(&[]);
        assert!(output.status.success(), "{size}: {output:?}");
    }
}
