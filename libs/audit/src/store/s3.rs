//! A bucket of tiles, in any object store that speaks S3 and heeds conditions.
//!
//! **Invariant**: a tile is never replaced; a checkpoint is replaced only by who knows what it replaces. So a process
//! that stood still while another sealed on does no harm when it wakes up, whatever it was about to write.

mod bucket;
mod error;
mod requests;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use merkle::Tile;
use witness::http::Bytes;

use super::{CHECKPOINT, Conflict, Store};
use error::S3Error;
use requests::{Condition, Object};

pub use bucket::{Bucket, BucketError};

/// Files that are written at once.
const WRITES_MAX: usize = 8;
/// Looks at a tile that is there and gone again: another process collects it.
const LOOKS_MAX: usize = 3;

/// The tag of an object's content; none where there is no object.
type Tag = Option<String>;

/// The objects of a log, as one session knows them.
#[derive(Clone)]
pub(super) struct Objects {
    bucket: Arc<Bucket>,
    /// What files that may be replaced were, when they were first read or last written here.
    known: Arc<Mutex<BTreeMap<String, Tag>>>,
    /// What every name begins with; nothing, or a folder and a stroke.
    prefix: String,
}

impl Objects {
    pub(super) fn new(bucket: Arc<Bucket>) -> Self {
        Self { bucket, known: Arc::default(), prefix: String::new() }
    }

    async fn get(self, name: String) -> Result<Option<Vec<u8>>, S3Error> {
        let found = self.bucket.requests.get(&name).await?;
        if is_checkpoint(&name) {
            self.learn(name, found.as_ref());
        }
        Ok(found.map(|found| found.bytes))
    }

    /// What a later look finds may be another process's, which is not to be replaced: only the first one counts.
    fn learn(&self, name: String, found: Option<&Object>) {
        self.known().entry(name).or_insert_with(|| found.map(|found| found.tag.clone()));
    }

    async fn put_all(self, files: Vec<(String, Bytes)>) -> Result<(), S3Error> {
        self.bucket.requests.prove_conditions().await?;
        // Of all before the first is written, so that files that belong together are replaced together.
        for (name, _) in files.iter().filter(|(name, _)| !is_tile(name) && !self.is_known(name)) {
            let found = self.bucket.requests.get(name).await?;
            self.learn(name.clone(), found.as_ref());
        }
        let writes = files.into_iter().map(|(name, bytes)| self.put(name, bytes));
        stream::iter(writes).buffer_unordered(WRITES_MAX).try_collect().await
    }

    async fn put(&self, name: String, bytes: Bytes) -> Result<(), S3Error> {
        if is_tile(&name) { self.put_tile(name, bytes).await } else { self.put_head(name, bytes).await }
    }

    /// A tile follows from the events, so whoever was here before wrote the same.
    async fn put_tile(&self, name: String, bytes: Bytes) -> Result<(), S3Error> {
        for _ in 0..LOOKS_MAX {
            if self.bucket.requests.put(&name, bytes.clone(), Condition::New).await?.is_some() {
                return Ok(());
            }
            match self.bucket.requests.get(&name).await? {
                Some(found) if found.bytes == bytes => return Ok(()),
                Some(_) => break,
                None => {}
            }
        }
        Err(Conflict::Occupied { name }.into())
    }

    async fn put_head(&self, name: String, bytes: Bytes) -> Result<(), S3Error> {
        let known = self.known().get(&name).cloned().flatten();
        let condition = known.as_deref().map_or(Condition::New, Condition::Is);
        let tag = match self.bucket.requests.put(&name, bytes.clone(), condition).await? {
            Some(tag) => tag,
            // An answer may have been lost, and then it was this process; or the other one wrote the same.
            None => match self.bucket.requests.get(&name).await? {
                Some(found) if found.bytes == bytes => found.tag,
                _ => return Err(Conflict::Replaced { name }.into()),
            },
        };
        self.known().insert(name, Some(tag));
        Ok(())
    }

    async fn remove(self, folder: String) -> Result<(), S3Error> {
        let names = self.bucket.requests.list(&folder).await?;
        let removals = names.into_iter().map(|name| self.delete(name));
        stream::iter(removals).buffer_unordered(WRITES_MAX).try_collect().await
    }

    async fn delete(&self, name: String) -> Result<(), S3Error> {
        self.bucket.requests.delete(&name).await
    }

    fn named(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn is_known(&self, name: &str) -> bool {
        self.known().contains_key(name)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Tag>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Objects {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.bucket.wait(self.clone().get(self.named(name)))
    }

    fn write(&self, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        let files = files.iter().map(|(name, bytes)| (self.named(name), bytes.clone().into()));
        self.bucket.wait(self.clone().put_all(files.collect()))
    }

    fn collect(&self, tile: Tile) -> io::Result<()> {
        self.bucket.wait(self.clone().remove(self.named(&format!("{}.p", tile.full()))))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let (objects, folder) = (self.clone(), self.named(folder));
        let names = self.bucket.wait(async move { objects.bucket.requests.list(&folder).await })?;
        Ok(names.into_iter().map(|mut name| name.split_off(self.prefix.len())).collect())
    }

    fn below(&self, folder: &str) -> Arc<dyn Store> {
        let prefix = self.named(&format!("{folder}/"));
        Arc::new(Self { prefix, ..self.clone() })
    }
}

/// What a session is sure to have read before it writes it.
fn is_checkpoint(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|last| last.starts_with(CHECKPOINT))
}

/// Tiles never change; checkpoints and tokens do.
fn is_tile(name: &str) -> bool {
    name.split('/').any(|part| part == "tile")
}
