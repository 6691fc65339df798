//! Roots are what other implementations and the standards' own examples say.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use merkle::{Frontier, Hash, Hasher, Hex, Sha256, Sm3, tree::Full};
use proptest::prelude::*;

use crate::{Store, entry, frontier, leaves, naive};

type Oracle = MemoryBackedTree<sha2::Sha256, Vec<u8>>;

fn root(oracle: &Oracle) -> Hash {
    Hash((*oracle.root().as_bytes()).into())
}

#[test]
fn roots_are_those_of_ct_merkle_in_memory_and_from_tiles() {
    const SIZES: [u64; 10] = [0, 1, 2, 3, 255, 256, 257, 65_535, 65_536, 65_537];
    let (store, mut oracle, mut tree) = (Store::of(65_537), Oracle::new(), Frontier::<Sha256>::new());
    for index in 0..=65_537 {
        if SIZES.contains(&index) {
            let expected = root(&oracle);
            assert_eq!((tree.root(), store.root(index)), (expected, expected), "{index}");
        }
        oracle.push(entry(index));
        tree.push(Sha256::leaf(&entry(index))).unwrap();
    }
}

#[test]
fn the_roots_of_the_certificate_transparency_test_tree_are_known() {
    let entries =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let mut tree = Frontier::<Sha256>::new();
    assert_eq!(hex(tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let first = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    for (index, entry) in entries.iter().enumerate() {
        let entry: Vec<u8> = (0..entry.len() / 2)
            .map(|at| u8::from_str_radix(&entry[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        tree.push(Sha256::leaf(&entry)).unwrap();
        if index == 0 {
            assert_eq!(hex(tree.root()), first);
        }
    }
    assert_eq!(hex(tree.root()), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

#[test]
fn sm3_is_the_function_of_the_standard_and_makes_trees_of_its_own() {
    let example = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
    assert_eq!(hex(Sm3::digest(&[b"a", b"bc"])), example);
    let mut tree = Frontier::<Sm3>::new();
    (0..3).for_each(|index| _ = tree.push(Sm3::leaf(&entry(index))).unwrap());
    let pair = Sm3::node(&Sm3::leaf(&entry(0)), &Sm3::leaf(&entry(1)));
    assert_eq!(tree.root(), Sm3::node(&pair, &Sm3::leaf(&entry(2))));
}

#[test]
fn a_full_tree_takes_no_leaf_and_stays_as_it_is() {
    let mut tree = Frontier::<Sha256>::resume(u64::MAX, vec![Sha256::empty(); 64]).unwrap();
    let root = tree.root();
    assert_eq!(tree.push(Sha256::empty()), Err(Full));
    assert_eq!((tree.size(), tree.root()), (u64::MAX, root));
}

#[test]
fn a_tree_is_not_resumed_from_another_number_of_peaks() {
    assert!(Frontier::<Sha256>::resume(5, leaves(1)).is_err());
    assert!(Frontier::<Sha256>::resume(5, leaves(3)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn roots_of_any_size_are_those_of_ct_merkle(size in 0..1_500_u64) {
        let mut oracle = Oracle::new();
        (0..size).for_each(|index| oracle.push(entry(index)));
        prop_assert_eq!(frontier(&leaves(size)).root(), root(&oracle));
        prop_assert_eq!(naive::root(&leaves(size)), root(&oracle));
    }
}

fn hex(hash: Hash) -> String {
    Hex::from(hash).to_string()
}
