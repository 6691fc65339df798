//! What a superuser of the database with triggers off, and who has the log's key, cannot hide.

use std::fs;

use audit::{Folder, Found, Report, Store, What};
use merkle::{Checkpoint, Frontier, Hex, Sha256, Statement, tile::extend};

use crate::support::*;

/// What was found at a position.
fn at(report: &Report, position: u64) -> Vec<&What> {
    let here = |found: &&Found| found.place.position == Some(position);
    report.found.iter().filter(here).map(|found| &found.what).collect()
}

fn fields(report: &Report, position: u64) -> Vec<&str> {
    let field = |what: &&What| matches!(what, What::Field { .. });
    at(report, position)
        .into_iter()
        .filter(field)
        .map(|what| match what {
            What::Field { field, .. } => field.as_str(),
            _ => unreachable!("filtered"),
        })
        .collect()
}

/// The tree that the events as they are now would have, with the salts as they were, so that untouched events keep
/// their leaves: the best that an attacker can do. Signs as often as the log did, where he has the key.
pub async fn recompute(place: &Place, has_key: bool) {
    let mut db = place.owner().await.acquire().await.unwrap().detach();
    let head: i64 = sqlx::query_scalar("select position from head").fetch_one(&mut db).await.unwrap();
    let events = audit::read_events(&mut db, 0, head as u64).await.unwrap();
    let salts: Vec<Hex<16>> = salts(place);
    let leaves: Vec<Vec<u8>> = events
        .iter()
        .enumerate()
        .map(|(n, event)| {
            let salt = salts.get(n).copied().unwrap_or(Hex([9; 16]));
            audit::statement(ORIGIN, event, salt).unwrap().canonical().unwrap()
        })
        .collect();
    let checkpoint = place.checkpoint();
    fs::remove_dir_all(place.folder()).unwrap();
    let folder = Folder::claim(&place.folder()).unwrap().unwrap();
    let empty = std::collections::BTreeMap::new();
    let extension = extend::<Sha256, _>(0, &leaves, &empty).unwrap();
    let files: Vec<_> =
        extension.tiles.iter().map(|(tile, bytes)| (tile.to_string(), bytes.clone())).collect();
    folder.write(&files).unwrap();
    if !has_key {
        folder.write(&[("checkpoint".to_owned(), checkpoint)]).unwrap();
        return;
    }
    let sizes: Vec<i64> =
        sqlx::query_scalar("select size from checkpoints order by size").fetch_all(&mut db).await.unwrap();
    place.tamper("delete from checkpoints").await;
    let mut tree = Frontier::<Sha256>::new();
    for leaf in &extension.leaves {
        tree.push(*leaf).unwrap();
        if sizes.contains(&(tree.size() as i64)) || tree.size() == head as u64 {
            let note = Checkpoint::new(ORIGIN, tree.size(), tree.root()).unwrap().sign(&signer()).unwrap();
            let (size, root, note) = (tree.size() as i64, tree.root().0.to_vec(), note.to_string());
            let row = "insert into checkpoints (size, epoch, root, note) values ($1, 1, $2, $3)";
            sqlx::query(row).bind(size).bind(root).bind(&note).execute(&mut db).await.unwrap();
            folder.write(&[("checkpoint".to_owned(), note.into_bytes())]).unwrap();
        }
    }
}

fn salts(place: &Place) -> Vec<Hex<16>> {
    let size = policy().accept(&place.checkpoint()).unwrap().checkpoint.size();
    let leaf = |position| audit::prove(&place.tiles(), position).unwrap().extra.unwrap();
    (1..=size).map(|position| Statement::parse(&leaf(position)).unwrap().salt).collect()
}

pub const ONE_BYTE: &str =
    "update events set data = set_byte(data, 3, get_byte(data, 3) # 1) where position = 35";
/// Exchanges what happened at two positions, and leaves positions and times as they are.
pub const SWAP: &str = "create table other as select * from events where position in (35, 36);
    delete from events where position in (35, 36);
    update other set position = 71 - position,
        recorded_at = (select o.recorded_at from other o where o.position = 71 - other.position);
    insert into events select * from other; drop table other";
pub const DELETE: &str = "delete from events where position = 35;
    update events set position = position - 1 where position > 35; update head set position = 59";
pub const INSERT: &str = "update events set position = position + 1000 where position > 35;
    insert into events select 36, stream_id, 500, recorded_at + interval '1 microsecond', occurred_at,
        gen_random_uuid(), kind, data, meta from events where position = 35;
    update events set position = position - 999 where position > 1000; update head set position = 61";

#[tokio::test(flavor = "multi_thread")]
async fn one_byte_of_one_event_is_found_at_its_position_and_in_its_stream() {
    let place = Place::sealed(60, 10).await;
    place.tamper(ONE_BYTE).await;
    let report = place.verify(&[]).await;
    assert_eq!(report.found_total, 1, "{report:?}");
    assert_eq!(report.found[0].place.stream.as_deref(), Some("thing:s4"));
    assert_eq!(fields(&report, 35), ["data_sha256"]);
    let (zh, en) = (report.found[0].zh(), report.found[0].to_string());
    assert!(zh.starts_with("位置 35（thing:s4）：字段 data_sha256 被改动"), "{zh}");
    assert!(en.starts_with("position 35 (thing:s4): data_sha256 was changed"), "{en}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_an_event_is_covered() {
    let place = Place::sealed(20, 10).await;
    let changes = [
        (1, "kind = 'Other'", &["type"] as &[_]),
        (2, "occurred_at = occurred_at + interval '1 microsecond'", &["occurred_at"]),
        (3, "recorded_at = recorded_at - interval '1 microsecond'", &["recorded_at"]),
        (4, "version = 40", &["revision"]),
        (5, "stream_id = (select stream_id from streams where name = 'thing:s0')", &["stream"]),
        (7, "meta = convert_to(replace(convert_from(meta, 'UTF8'), 'r1', 'r2'), 'UTF8')", &["meta_sha256"]),
        (
            8,
            "meta = convert_to(replace(convert_from(meta, 'UTF8'), 'officer-1', 'officer-2'), 'UTF8')",
            &["actor", "meta_sha256"],
        ),
        (9, "meta = 'no json'", &["meta"]),
    ];
    // Index entries of a stream are unique; the fifth change would meet another event of the stream at its version.
    let script = changes.map(|(n, change, _)| {
        let version = if n == 5 { ", version = 41" } else { "" };
        format!("update events set {change}{version} where position = {n}")
    });
    place.tamper(&script.join(";")).await;
    let report = place.verify(&[]).await;
    for (position, change, expected) in changes {
        let mut found = fields(&report, position);
        found.retain(|field| position != 5 || *field != "revision");
        assert_eq!(found, expected, "{change}");
    }
    place.tamper("update events set id = gen_random_uuid() where position = 10").await;
    let report = place.verify(&[]).await;
    assert!(matches!(at(&report, 10)[..], [What::OtherEvent { now_at: None, .. }]), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_renamed_is_found() {
    let place = Place::sealed(10, 10).await;
    place.tamper("update streams set name = 'thing:x' where name = 'thing:s2'").await;
    let report = place.verify(&[]).await;
    assert_eq!((fields(&report, 3), fields(&report, 8)), (vec!["stream"], vec!["stream"]));
    assert_eq!(report.found_total, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_event_is_found() {
    let place = Place::sealed(60, 10).await;
    place.tamper("delete from events where position = 35").await;
    let report = place.verify(&[]).await;
    assert_eq!(at(&report, 35), [&What::EventMissing { now_at: None }]);
    assert_eq!(report.found_total, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_closed_the_gap_is_found_where_it_began() {
    let place = Place::sealed(60, 10).await;
    place.tamper(DELETE).await;
    let report = place.verify(&[]).await;
    assert!(matches!(at(&report, 35)[..], [What::OtherEvent { now_at: None, .. }]), "{report:?}");
    assert!(matches!(at(&report, 36)[..], [What::OtherEvent { now_at: Some(35), .. }]), "{report:?}");
    assert_eq!(at(&report, 60), [&What::EventMissing { now_at: Some(59) }]);
    assert_eq!(report.found_total, 26);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inserted_event_is_found_where_it_stands() {
    let place = Place::sealed(60, 10).await;
    place.tamper(INSERT).await;
    let report = place.verify(&[]).await;
    assert!(at(&report, 35).is_empty());
    assert!(matches!(at(&report, 36)[..], [What::OtherEvent { now_at: Some(37), .. }]), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn swapped_neighbours_are_found_with_the_places_they_have_now() {
    let place = Place::sealed(60, 10).await;
    place.tamper(SWAP).await;
    let report = place.verify(&[]).await;
    assert!(matches!(at(&report, 35)[..], [What::OtherEvent { now_at: Some(36), .. }]), "{report:?}");
    assert!(matches!(at(&report, 36)[..], [What::OtherEvent { now_at: Some(35), .. }]), "{report:?}");
    assert_eq!(report.found_total, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_event_at_a_position_is_found() {
    let place = Place::sealed(10, 10).await;
    place
        .tamper(
            "drop index events_p0_id, events_p0_stream; alter table events drop constraint events_pkey;
            insert into events select position, stream_id, version, recorded_at, occurred_at,
                gen_random_uuid(), kind, data, meta from events where position = 4",
        )
        .await;
    let report = place.verify(&[]).await;
    assert!(at(&report, 5).contains(&&What::EventTwice) || at(&report, 4).contains(&&What::EventTwice));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_recomputed_under_the_old_checkpoint_is_found_between_two_signatures() {
    for change in [ONE_BYTE, SWAP] {
        let place = Place::sealed(60, 10).await;
        place.tamper(change).await;
        recompute(&place, false).await;
        let report = place.verify(&[]).await;
        let by = "database, 40".to_owned();
        assert!(
            report
                .found
                .iter()
                .any(|found| found.what == What::Rewritten { by: by.clone(), after: 30, size: 40 }),
            "{report:?}"
        );
        // Without the database's rows, the published checkpoint alone tells that it happened.
        let report = place.verify_files(&[]).await;
        assert!(matches!(report.found[0].what, What::Rewritten { after: 0, size: 60, .. }), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_re_signed_with_the_logs_key_is_found_by_an_older_checkpoint() {
    for change in [ONE_BYTE, SWAP, DELETE, INSERT] {
        let place = Place::sealed(30, 10).await;
        let before = place.checkpoint();
        place.fill(10).await;
        place.seal_all().await;
        let after = place.checkpoint();
        place.fill(20).await;
        place.seal_all().await;
        place.tamper(change).await;
        recompute(&place, true).await;
        let report = place.verify(&[before, after]).await;
        let what = What::Rewritten { by: "saved-1".to_owned(), after: 30, size: 40 };
        assert_eq!(report.found.iter().map(|found| &found.what).collect::<Vec<_>>(), [&what], "{change}");
        assert_eq!(
            place.verify_files(&[]).await.found,
            [],
            "without one, nobody can tell: a limit, told in the docs"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_to_an_older_valid_head_is_found_by_whoever_kept_a_newer_one() {
    let place = Place::sealed(30, 10).await;
    let older = place.checkpoint();
    let kept = place.scratch.path().join("kept");
    fs::create_dir(&kept).unwrap();
    assert!(
        std::process::Command::new("cp").arg("-r").arg(place.folder()).arg(&kept).status().unwrap().success()
    );
    place.fill(20).await;
    place.seal_all().await;
    let newer = place.checkpoint();
    // First the published checkpoint alone: the database still knows.
    fs::write(place.folder().join("checkpoint"), &older).unwrap();
    let report = place.verify(&[]).await;
    let by = |by: &str| What::RolledBack { by: by.to_owned(), known: 50, size: 30 };
    assert_eq!(report.found.iter().map(|found| &found.what).collect::<Vec<_>>(), [&by("database")]);
    // Then everything: files, events, stored checkpoints.
    fs::remove_dir_all(place.folder()).unwrap();
    fs::rename(kept.join("tiles"), place.folder()).unwrap();
    place
        .tamper(
            "delete from events where position > 30; delete from checkpoints where size > 30;
            update head set position = 30",
        )
        .await;
    assert_eq!(place.verify(std::slice::from_ref(&older)).await.found, []);
    let report = place.verify(&[older, newer]).await;
    assert_eq!(report.found.iter().map(|found| &found.what).collect::<Vec<_>>(), [&by("saved-1")]);
}

fn wrong(tile: &str) -> What {
    What::WrongLeafHash { tile: tile.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn reordered_hashes_are_found_in_every_level() {
    let place = Place::sealed(600, 600).await;
    let swap = |name: &str, a: usize, b: usize| {
        let file = place.folder().join(name);
        let mut bytes = fs::read(&file).unwrap();
        let (one, other) = (bytes[a * 32..][..32].to_vec(), bytes[b * 32..][..32].to_vec());
        bytes[a * 32..][..32].copy_from_slice(&other);
        bytes[b * 32..][..32].copy_from_slice(&one);
        fs::write(file, bytes).unwrap();
    };
    swap("tile/0/001", 4, 9);
    let report = place.verify_files(&[]).await;
    assert_eq!(
        (at(&report, 261), at(&report, 266)),
        (vec![&wrong("tile/0/001")], vec![&wrong("tile/0/001")])
    );
    assert_eq!(report.found_total, 2, "{report:?}");
    swap("tile/0/001", 4, 9);
    swap("tile/1/000.p/2", 0, 1);
    let report = place.verify_files(&[]).await;
    assert!(matches!(at(&report, 1)[..], [What::WrongTileHash { first: 1, last: 256, .. }]), "{report:?}");
    assert_eq!(report.found_total, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_and_cut_files_are_found_by_name() {
    let place = Place::sealed(600, 600).await;
    for (name, position) in [
        ("tile/entries/001", 257),
        ("tile/0/001", 257),
        ("tile/1/000.p/2", 1),
        ("tile/0/002.p/88", 513),
        ("tile/entries/002.p/88", 513),
    ] {
        let file = place.folder().join(name);
        let bytes = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let report = place.verify(&[]).await;
        assert_eq!((report.found_total, report.found[0].place.position), (1, Some(position)), "{report:?}");
        assert!(report.found[0].to_string().contains(name), "{report:?}");
        fs::write(&file, &bytes[..bytes.len() - 20]).unwrap();
        let report = place.verify_files(&[]).await;
        assert!(report.found.iter().any(|found| found.to_string().contains(name)), "{report:?}");
        fs::write(&file, &bytes).unwrap();
    }
    fs::remove_file(place.folder().join("checkpoint")).unwrap();
    assert_eq!(place.verify_files(&[]).await.found[0].what, What::NoCheckpoint);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_of_the_checkpoint_counts() {
    let place = Place::sealed(3, 3).await;
    let note = place.checkpoint();
    for n in 0..note.len() {
        let mut changed = note.clone();
        changed[n] ^= 1;
        fs::write(place.folder().join("checkpoint"), changed).unwrap();
        assert!(!place.verify_files(&[]).await.found.is_empty(), "byte {n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_leaf_is_found_at_its_position() {
    let place = Place::sealed(10, 10).await;
    let file = place.folder().join("tile/entries/000.p/10");
    let text = fs::read(&file).unwrap();
    let at_byte = text.windows(9).rposition(|word| word == b"officer-1").unwrap();
    let mut changed = text.clone();
    changed[at_byte + 8] = b'2';
    fs::write(&file, &changed).unwrap();
    let report = place.verify(&[]).await;
    assert!(at(&report, 10).contains(&&wrong("tile/0/000.p/10")), "{report:?}");
    assert_eq!(fields(&report, 10), ["actor"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_checkpoint_that_was_changed_is_found() {
    let place = Place::sealed(30, 10).await;
    place.tamper("update checkpoints set root = sha256('x') where size = 20").await;
    let report = place.verify(&[]).await;
    assert!(
        matches!(&report.found[0].what, What::BadCheckpoint { by, .. } if by == "database, 20"),
        "{report:?}"
    );
    place.tamper("delete from checkpoints where size = 30").await;
    let report = place.verify(&[]).await;
    assert!(report.found.iter().any(|found| found.what == What::Unrecorded { size: 30 }), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_hash_in_a_full_tile_above_the_lowest_is_found() {
    let place = Place::sealed(2, 2).await;
    // One leaf many times: what counts here is the tree over them.
    let leaves = vec![audit::prove(&place.tiles(), 1).unwrap().extra.unwrap(); 65_537];
    let extension = extend::<Sha256, _>(0, &leaves, &std::collections::BTreeMap::new()).unwrap();
    let mut tree = Frontier::<Sha256>::new();
    for leaf in &extension.leaves {
        tree.push(*leaf).unwrap();
    }
    let note = Checkpoint::new(ORIGIN, tree.size(), tree.root()).unwrap().sign(&signer()).unwrap();
    for (tile, bytes) in &extension.tiles {
        let file = place.folder().join(tile.to_string());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    fs::write(place.folder().join("checkpoint"), note.to_string()).unwrap();
    assert_eq!(place.verify_files(&[]).await.found, []);
    let file = place.folder().join("tile/1/000");
    let mut bytes = fs::read(&file).unwrap();
    bytes[40] ^= 1;
    fs::write(file, bytes).unwrap();
    let report = place.verify_files(&[]).await;
    assert!(
        matches!(at(&report, 257)[..], [What::WrongTileHash { first: 257, last: 512, .. }]),
        "{report:?}"
    );
    assert_eq!(report.found_total, 1);
}
