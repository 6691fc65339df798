//! Tiles and bundles grow by what is new, and hold what the tree holds.

use std::collections::BTreeMap;

use merkle::{
    Frontier, Hash, Sha256, Tile,
    tile::{BundleError, Entries, ExtendError, MAX_ENTRY, Missing, ReadError, Row, extend, extend_hashes},
    tree::{Plan, PlanError},
};
use proptest::{collection::vec, prelude::*};

use crate::{Store, entries, entry, leaves, naive};

fn tile(path: &str) -> Tile {
    path.parse().unwrap()
}

fn paths(tiles: &[(Tile, Vec<u8>)]) -> Vec<String> {
    tiles.iter().map(|(tile, _)| tile.to_string()).collect()
}

#[test]
fn an_extension_names_the_files_to_write_entries_first() {
    let extension = extend::<Sha256, _>(250, &entries(250..520), &Store::of(250)).unwrap();
    let expected = [
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/8",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/8",
        "tile/1/000.p/2",
    ];
    assert_eq!(paths(&extension.tiles), expected);
    assert_eq!((extension.size, extension.leaves), (520, leaves(520)[250..].to_vec()));
}

#[test]
fn an_extension_by_nothing_writes_nothing() {
    let none: [&[u8]; 0] = [];
    assert_eq!(extend::<Sha256, _>(300, &none, &Store::of(300)).unwrap().tiles, vec![]);
}

#[test]
fn hashes_alone_extend_a_tree_like_its_entries() {
    let mut shadow = BTreeMap::new();
    for (old, new) in [(0, 3), (3, 250), (250, 250), (250, 66_000)] {
        let added = leaves(new)[old as usize..].to_vec();
        let extension = extend_hashes::<Sha256, _>(old, added, &shadow).unwrap();
        assert!(extension.tiles.iter().all(|(tile, _)| tile.row() != Row::Entries), "{old} to {new}");
        let mut whole = extend::<Sha256, _>(old, &entries(old..new), &Store::of(old)).unwrap();
        whole.tiles.retain(|(tile, _)| tile.row() != Row::Entries);
        assert_eq!(extension, whole, "{old} to {new}");
        shadow.extend(extension.tiles);
    }
    let full = extend_hashes::<Sha256, _>(u64::MAX, leaves(1), &shadow);
    assert_eq!(full, Err(ExtendError::Full { old: u64::MAX, more: 1 }));
}

#[test]
fn a_larger_tree_still_has_the_peaks_of_a_smaller_one() {
    let store = Store::of(66_000);
    for size in [0, 1, 255, 256, 8_192, 65_535, 65_536, 66_000] {
        let peaks = store.answer(Plan::peaks_of(size, 66_000).unwrap());
        let resumed = Frontier::<Sha256>::resume(size, peaks).unwrap();
        assert_eq!(resumed.root(), store.root(size), "{size}");
    }
    assert_eq!(Plan::peaks_of(9, 8).unwrap_err(), PlanError::NotStored { size: 9, stored: 8 });
}

#[test]
fn a_row_above_holds_the_roots_of_full_tiles() {
    let store = Store::of(65_537);
    let top: Vec<Hash> = Hash::run(&store.tiles[&tile("tile/2/000.p/1")]);
    assert_eq!(top, [naive::root(&leaves(65_536))]);
    assert_eq!(Hash::run(&store.tiles[&tile("tile/1/000")])[255], naive::root(&leaves(65_536)[65_280..]));
    assert_eq!(store.tiles[&tile("tile/0/256.p/1")], leaves(65_537)[65_536].0);
}

#[test]
fn tiles_of_a_log_take_33_bytes_a_leaf_at_most() {
    let store = Store::of(65_536);
    let full = store.tiles.iter().filter(|(tile, _)| !matches!(tile.row(), Row::Entries) && tile.is_full());
    assert_eq!(full.map(|(_, bytes)| bytes.len()).sum::<usize>(), 65_536 * 32 + 256 * 32);
}

#[test]
fn every_entry_is_found_in_its_bundle() {
    let store = Store::of(600);
    for index in [0, 255, 256, 511, 512, 599] {
        let bundle = Tile::of_entry(index, 600).unwrap();
        let found = Entries::of(&store.tiles[&bundle]).nth((index % 256) as usize).unwrap();
        assert_eq!(found.unwrap(), entry(index));
    }
    assert_eq!(Tile::of_entry(600, 600), None);
}

#[test]
fn partial_tiles_are_not_needed_once_the_full_one_exists() {
    let mut store = Store::of(100);
    let before = (store.root(100), store.inclusion(7, 100));
    store.grow_to(700);
    store.tiles.remove(&tile("tile/0/000.p/100")).unwrap();
    store.tiles.remove(&tile("tile/entries/000.p/100")).unwrap();
    assert_eq!((store.root(100), store.inclusion(7, 100)), before);
    // Who only knows of 100 leaves goes on from the full tile, and does not take it for the log's end.
    let again = extend::<Sha256, _>(100, &entries(100..130), &store).unwrap();
    assert_eq!(again.tiles, extend::<Sha256, _>(100, &entries(100..130), &Store::of(100)).unwrap().tiles);
}

#[test]
fn a_plan_reads_each_tile_once_and_says_which() {
    let store = Store::of(70_000);
    let plan = Plan::inclusion(300, 70_000, 70_000).unwrap();
    let tiles = plan.tiles();
    store.read.take();
    let path = store.answer(plan.clone());
    assert_eq!(store.read.take(), tiles);
    assert!(tiles.len() <= 5, "{tiles:?}");
    let fetched: BTreeMap<Tile, Vec<u8>> =
        tiles.iter().map(|tile| (*tile, store.tiles[tile].clone())).collect();
    assert_eq!(plan.hashes::<Sha256, _>(&fetched).unwrap(), path);
}

#[test]
fn a_missing_or_short_tile_is_named() {
    let mut store = Store::of(300);
    let last = tile("tile/0/001.p/44");
    store.tiles.get_mut(&last).unwrap().truncate(40);
    let short = ReadError::Short { tile: last, expected: 44 * 32, found: 40 };
    assert_eq!(Plan::root(300, 300).unwrap().hashes::<Sha256, _>(&store), Err(short));
    store.tiles.remove(&last);
    let missing = ReadError::Unreadable { tile: last, source: Missing { tile: last } };
    assert_eq!(extend::<Sha256, _>(300, &entries(300..301), &store), Err(ExtendError::Read(missing)));
}

#[test]
fn a_broken_stored_bundle_is_not_built_upon() {
    let bundle = tile("tile/entries/000.p/3");
    let mut store = Store::of(3);
    let bytes = store.tiles[&bundle].clone();
    store.tiles.insert(bundle, bytes[..bytes.len() - 1].to_vec());
    let cut = extend::<Sha256, _>(3, &entries(3..4), &store);
    assert!(
        matches!(cut, Err(ExtendError::Bundle { number: 2, source: BundleError::Cut { .. }, .. })),
        "{cut:?}"
    );
    store.tiles.insert(bundle, bytes[..2 + entry(0).len()].to_vec());
    let few = extend::<Sha256, _>(3, &entries(3..4), &store);
    assert_eq!(few, Err(ExtendError::WrongCount { tile: bundle, found: 1 }));
}

#[test]
fn an_entry_is_at_most_as_long_as_two_bytes_can_say() {
    let longest = vec![7; MAX_ENTRY];
    let extension = extend::<Sha256, _>(0, &[longest.clone(), vec![]], &Store::default()).unwrap();
    let bundle = &extension.tiles[0].1;
    assert_eq!(Entries::of(bundle).map(|entry| entry.unwrap().len()).collect::<Vec<_>>(), [MAX_ENTRY, 0]);
    let longer = extend::<Sha256, _>(0, &[vec![7; MAX_ENTRY + 1]], &Store::default());
    assert!(matches!(
        longer,
        Err(ExtendError::Bundle { source: BundleError::TooLong { found: 65_536 }, .. })
    ));
    let full = extend::<Sha256, _>(u64::MAX, &[vec![7]], &Store::default());
    assert_eq!(full, Err(ExtendError::Full { old: u64::MAX, more: 1 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_log_has_the_same_tiles_however_it_grew(steps in vec(1..400_u64, 1..8)) {
        let mut grown = Store::default();
        for step in &steps {
            grown.grow_to(grown.size + step);
        }
        let at_once = Store::of(grown.size);
        for (tile, bytes) in &at_once.tiles {
            prop_assert_eq!(&grown.tiles[tile], bytes, "{}", tile);
        }
        prop_assert_eq!(grown.root(grown.size), naive::root(&leaves(grown.size)));
    }

    #[test]
    fn entries_come_out_of_a_bundle_as_they_went_in(entries in vec(vec(any::<u8>(), 0..300), 0..20)) {
        let mut bundle = Vec::new();
        entries.iter().for_each(|entry| Entries::put(&mut bundle, entry).unwrap());
        let found: Vec<Vec<u8>> = Entries::of(&bundle).map(|entry| entry.unwrap().to_vec()).collect();
        prop_assert_eq!(found, entries);
    }
}
