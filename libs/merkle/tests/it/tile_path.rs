//! Paths of tiles, as C2SP tlog-tiles spells them.

use merkle::{
    Tile,
    tile::{PathError, Row},
};
use proptest::prelude::*;

#[test]
fn paths_are_those_of_the_document() {
    let paths = [
        (Row::Hashes(0), 0, 256, "tile/0/000"),
        (Row::Hashes(0), 0, 1, "tile/0/000.p/1"),
        (Row::Hashes(1), 999, 256, "tile/1/999"),
        (Row::Hashes(0), 1_000, 256, "tile/0/x001/000"),
        (Row::Hashes(0), 1_234_067, 256, "tile/0/x001/x234/067"),
        (Row::Hashes(2), 1_234_067, 255, "tile/2/x001/x234/067.p/255"),
        (Row::Entries, 1_234_067, 256, "tile/entries/x001/x234/067"),
        (Row::Entries, 5, 17, "tile/entries/005.p/17"),
        (Row::Hashes(0), (1 << 56) - 1, 255, "tile/0/x072/x057/x594/x037/x927/935.p/255"),
        (Row::Hashes(7), 0, 255, "tile/7/000.p/255"),
    ];
    for (row, index, width, path) in paths {
        let tile = Tile::new(row, index, width).unwrap();
        assert_eq!(tile.to_string(), path);
        assert_eq!(path.parse(), Ok(tile));
    }
}

#[test]
fn any_other_spelling_is_refused() {
    let others = [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/+1/000",
        "tile/0/x000/001",
        "tile/0/001/067",
        "tile/0/x001",
        "tile/0/x001/x067",
        "tile/0/x1/067",
        "tile/0/-01",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/1/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/../000",
        "tile/entry/000",
        "tile/ENTRIES/000",
        "tile/0/０００",
        "tile/0/000.p/1.p/1",
        "tile/256/000",
        "tile/-1/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ];
    for path in others {
        let malformed = PathError::Malformed { path: path.to_owned() };
        assert_eq!(path.parse::<Tile>(), Err(malformed), "{path}");
    }
    for path in [
        "tile/8/000",
        "tile/0/000.p/0",
        "tile/0/000.p/257",
        "tile/7/000",
        "tile/6/256",
        "tile/0/x999/x999/x999/x999/x999/999",
    ] {
        let result = path.parse::<Tile>();
        assert!(matches!(result, Err(PathError::Impossible(_))), "{path}: {result:?}");
    }
}

proptest! {
    #[test]
    fn a_path_names_one_tile(row in 0..9_u8, large in 0..1_u64 << 56, shift in 0..56_u32, width in 1..=256_u16) {
        let row = if row == 8 { Row::Entries } else { Row::Hashes(row) };
        if let Ok(tile) = Tile::new(row, large >> shift, width) {
            prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        }
    }

    #[test]
    fn what_is_read_is_written_the_same(path in "tile/[0-8]/(x?[0-9]{2,4}/){0,3}[0-9]{3}(\\.p/[0-9]{1,3})?") {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path);
        }
    }
}
