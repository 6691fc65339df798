//! The shadow of a log, where it has one: its checkpoint and its tiles against the log's entries.

use merkle::{Frontier, Hash, Hasher, Policy, Sm3, Tile, tile::Entries};

use super::{Place, Report, Verify, VerifyError, What, heads::Claim, levels::Levels};
use crate::{
    Tiles, chain,
    shadow::{self, FOLDER},
    store::CHECKPOINT,
};

/// What the shadow's published checkpoint says, if it can be trusted. To be read before that of the log, behind which
/// it is at any time.
pub(super) fn published(verify: &Verify, report: &mut Report) -> Result<Option<Claim>, VerifyError> {
    let Some(note) = verify.tiles.shadow().checkpoint()? else { return Ok(None) };
    let by = format!("{FOLDER}/{CHECKPOINT}");
    let keys = verify.policy.log_keys().iter().map(shadow::key).collect::<Result<_, _>>();
    let policy = keys
        .map_err(|error| chain(&error))
        .and_then(|keys| Policy::new(keys, Vec::new(), 0).map_err(|error| chain(&error)));
    let accepted = policy.and_then(|policy| policy.accept(&note).map_err(|error| chain(&error)));
    match accepted.map(|accepted| accepted.checkpoint) {
        Ok(checkpoint) => Ok(Some(Claim { size: checkpoint.size(), root: *checkpoint.root(), by })),
        Err(why) => {
            report.add(Place::default(), What::BadCheckpoint { by, why });
            Ok(None)
        }
    }
}

/// Makes the tree anew out of the log's entries, and compares it with the shadow's tiles and its signed root.
pub(super) fn compare(trunk: &Tiles, signed: Claim, report: &mut Report) -> Result<(), VerifyError> {
    let Claim { size, root, by } = signed;
    if size > report.size {
        let what = What::RolledBack { by, known: size, size: report.size };
        report.add(Place::default(), what);
        return Ok(());
    }
    let tiles = trunk.shadow();
    let mut levels = Levels::<Sm3>::below(FOLDER);
    let (mut of_entries, mut of_tiles) = (Frontier::<Sm3>::new(), Frontier::<Sm3>::new());
    for first in (0..size).step_by(Tile::FULL.into()) {
        let width = (size - first).min(u64::from(Tile::FULL));
        let leaves = leaves(trunk, first, report.size)?;
        let hashes = levels.lowest(&tiles, first, width, report)?;
        for place in 0..width {
            let (leaf, hash) = (leaves.get(place as usize), hashes.get(place as usize));
            if leaf.is_some() && hash.is_some() && leaf != hash {
                let tile = levels.name(first, width);
                report.add(Place::position(first + place + 1), What::WrongLeafHash { tile });
            }
            // What is missing was told; a hash that cannot be right keeps the count.
            let none = Sm3::empty();
            let (leaf, hash) = (*leaf.or(hash).unwrap_or(&none), *hash.or(leaf).unwrap_or(&none));
            let full = "a tree of a signed size is not full";
            of_entries.push(leaf).expect(full);
            of_tiles.push(hash).expect(full);
            levels.push(leaf);
        }
    }
    levels.finish(&tiles, report)?;
    // Where the hashes in the tiles agree, the differing entries have been told by position.
    if of_entries.root() != root && of_tiles.root() != root {
        report.add(Place::default(), What::Rewritten { by, after: 0, size });
    }
    report.shadow = Some(size);
    Ok(())
}

/// The hashes of a bundle's entries as far as it can be read; what is wrong with it has been told.
fn leaves(trunk: &Tiles, first: u64, stored: u64) -> Result<Vec<Hash>, VerifyError> {
    let Some(tile) = Tile::of_entry(first, stored) else { return Ok(Vec::new()) };
    let bytes = trunk.find(tile)?.unwrap_or_default();
    Ok(Entries::of(&bytes).map_while(Result::ok).map(Sm3::leaf).collect())
}
