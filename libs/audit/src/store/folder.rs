//! A folder of tiles, as any static web server can serve it.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use merkle::Tile;

use super::Store;

/// Held by the process that writes; a web server has no reason to serve it, nor harm from it.
const LOCK: &str = "lock";

/// A folder; whoever writes holds its lock, which ends with the process.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    /// The claimed folder, which this one may lie below.
    top: PathBuf,
    _lock: Option<Arc<File>>,
}

impl Folder {
    /// A folder to read from.
    pub fn open(root: &Path) -> Self {
        Self { root: root.to_owned(), top: root.to_owned(), _lock: None }
    }

    /// Makes the folder where it is missing and takes its lock; none while another process holds it.
    pub fn claim(root: &Path) -> io::Result<Option<Self>> {
        fs::create_dir_all(root)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(root.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { _lock: Some(Arc::new(lock)), ..Self::open(root) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Writes under another name first; the folders to be made durable are noted.
    fn put(&self, name: &str, bytes: &[u8], folders: &mut BTreeSet<PathBuf>) -> io::Result<()> {
        let path = self.root.join(name);
        let folder = path.parent().unwrap_or(&self.root);
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
        }
        let above = folder.ancestors().take_while(|above| above.starts_with(&self.top));
        folders.extend(above.map(Path::to_owned));
        // Beside the folder's files, and not in a folder of partial tiles, which may be removed as a whole.
        let new = self.root.join(".new");
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, &path)
    }
}

impl Store for Folder {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.root.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            found => found.map(Some),
        }
    }

    fn write(&self, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        let mut folders = BTreeSet::new();
        for (name, bytes) in files {
            self.put(name, bytes, &mut folders)?;
        }
        folders.iter().try_for_each(|folder| File::open(folder)?.sync_all())
    }

    fn collect(&self, tile: Tile) -> io::Result<()> {
        match fs::remove_dir_all(self.root.join(format!("{}.p", tile.full()))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.root.join(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = BTreeSet::new();
        for entry in entries {
            let entry = entry?;
            if let (true, Ok(name)) = (entry.file_type()?.is_file(), entry.file_name().into_string()) {
                names.insert(format!("{folder}/{name}"));
            }
        }
        Ok(names.into_iter().collect())
    }

    fn below(&self, folder: &str) -> Arc<dyn Store> {
        let root = self.root.join(folder);
        Arc::new(Self { root, top: self.top.clone(), _lock: self._lock.clone() })
    }
}
