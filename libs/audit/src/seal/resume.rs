//! Going on after a stop, a kill or a restore: what the database, the folder and the key say must agree.

use std::str::FromStr;

use merkle::{Checkpoint, Frontier, Hash, Note, Sha256, tree::Plan};

use super::{
    Refusal, SealError, Sealing,
    batch::{Tree, beside},
};
use crate::{Tiles, record};

/// The tree to go on with. A checkpoint that was stored and not published, is published now.
pub(super) async fn resume(
    sealing: &Sealing,
    tiles: Tiles,
    last: Option<record::Checkpoint>,
    head: u64,
) -> Result<Tree, SealError> {
    let (size, note) = last.as_ref().map_or((0, None), |last| (last.size, Some(last.note.clone())));
    let (known, batch) = (sealing.clone(), sealing.batch_events_max);
    let tree = beside(move || agreed(&known, tiles, last, head)).await?;
    if let Some(note) = note {
        tree.publish(note.into_bytes()).await?;
        tree.collect_since(size.saturating_sub(batch)).await?;
    }
    Ok(tree)
}

/// The stored tree, if nothing speaks against it.
fn agreed(
    sealing: &Sealing,
    tiles: Tiles,
    last: Option<record::Checkpoint>,
    head: u64,
) -> Result<Tree, SealError> {
    let size = last.as_ref().map_or(0, |last| last.size);
    let published = published(sealing, &tiles)?;
    if let Some(published) = published.iter().find(|published| published.size() > size) {
        return Err(Refusal::Rollback { published: published.size(), stored: size }.into());
    }
    if size > head {
        return Err(Refusal::HeadBehind { sealed: size, head }.into());
    }
    let origin = sealing.signer.key().name().to_owned();
    let Some(last) = last else { return Ok(Tree::new(origin, tiles, Frontier::new())) };
    let signed = signed(sealing, last.note.as_bytes());
    let signed = signed.map_err(|why| Refusal::Unsigned { size, why })?;
    if signed.size() != size || Some(*signed.root()) != last.root() {
        let why = "its note is about another size or root".to_owned();
        return Err(Refusal::Unsigned { size, why }.into());
    }
    let frontier = frontier(&tiles, &signed)?;
    for published in &published {
        begins_with(&tiles, size, published)?;
    }
    Ok(Tree::new(origin, tiles, frontier))
}

/// What the folder says was published: the newest checkpoint, and the newest that is final.
fn published(sealing: &Sealing, tiles: &Tiles) -> Result<Vec<Checkpoint>, SealError> {
    let mut published = Vec::new();
    for note in [tiles.checkpoint()?, tiles.final_checkpoint()?].into_iter().flatten() {
        published.push(signed(sealing, &note).map_err(|why| Refusal::BadPublished { why })?);
    }
    Ok(published)
}

/// A checkpoint of this log under a signature of one of its keys; otherwise why it is none.
fn signed(sealing: &Sealing, note: &[u8]) -> Result<Checkpoint, String> {
    let note = Note::parse(note).map_err(|error| error.to_string())?;
    let checkpoint = Checkpoint::from_str(note.text()).map_err(|error| error.to_string())?;
    if checkpoint.origin() != sealing.signer.key().name() {
        return Err(format!("it is of {:?}", checkpoint.origin()));
    }
    for key in sealing.keys() {
        if note.attested(key).map_err(|error| error.to_string())?.is_some() {
            return Ok(checkpoint);
        }
    }
    Err("no key of this log signed it".to_owned())
}

/// The right edge of the stored tree, if it gives the signed root.
fn frontier(tiles: &Tiles, signed: &Checkpoint) -> Result<Frontier<Sha256>, SealError> {
    let size = signed.size();
    let peaks = Plan::peaks(size).hashes::<Sha256, _>(tiles);
    let peaks = peaks.map_err(|error| SealError::tiles(size, error))?;
    let frontier = Frontier::resume(size, peaks).map_err(|error| Refusal::tiles(size, error))?;
    if frontier.root() == *signed.root() {
        Ok(frontier)
    } else {
        Err(Refusal::tiles(size, "their root is another").into())
    }
}

fn begins_with(tiles: &Tiles, size: u64, published: &Checkpoint) -> Result<(), SealError> {
    let fork = || Refusal::Fork { size: published.size() };
    let plan = Plan::root(published.size(), size).map_err(|_| fork())?;
    let root = plan.hashes::<Sha256, _>(tiles);
    let root: Vec<Hash> = root.map_err(|error| SealError::tiles(size, error))?;
    let empty = published.size() == 0;
    if empty || root.first() == Some(published.root()) { Ok(()) } else { Err(fork().into()) }
}
