//! All leaves of a log against its root, which shows that the bundle has every one that names the case.

use std::collections::BTreeMap;

use merkle::{Checkpoint, Frontier, Hasher, Sha256, Statement};

use super::super::{Fault, What};

/// Proves that the leaves are those under the root, and that the events are all of the case among them.
pub(super) fn check(
    case: &str,
    log: &str,
    all: &[Vec<u8>],
    events: &BTreeMap<u64, &[u8]>,
    head: &Checkpoint,
) -> Result<(), Fault> {
    let at = format!("logs/{log}/leaves");
    let mut tree = Frontier::<Sha256>::new();
    for (position, leaf) in (1..).zip(all) {
        tree.push(Sha256::leaf(leaf)).map_err(|error| Fault::unreadable(&at, error))?;
        match events.get(&position) {
            Some(event) if *event == leaf.as_slice() => {}
            Some(_) => return Err(Fault::new(format!("logs/{log}/events/{position}.leaf"), What::OtherLeaf)),
            None if names(&at, position, leaf, case)? => {
                return Err(Fault::new(at, What::LeftOut { position }));
            }
            None => {}
        }
    }
    let is_signed = tree.size() == head.size() && tree.root() == *head.root();
    if is_signed { Ok(()) } else { Err(Fault::new(at, What::Leaves)) }
}

fn names(at: &str, position: u64, leaf: &[u8], case: &str) -> Result<bool, Fault> {
    let statement = Statement::parse(leaf)
        .map_err(|error| Fault::unreadable(at, format!("position {position}: {error}")))?;
    Ok(statement.case.as_deref() == Some(case))
}
