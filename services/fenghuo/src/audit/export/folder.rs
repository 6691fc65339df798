//! The folder of one export: one writer at a time; a file is there whole or not at all, and survives a power cut.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::manifest::Manifest;
use crate::error::{Because, Error};

const MANIFEST: &str = "manifest.json";
const LOCK: &str = "lock";

/// A folder that this process writes to.
pub(super) struct Folder {
    root: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder where it is missing, and refuses one that another process writes to.
    pub(super) fn claim(root: &Path) -> Result<Self, Error> {
        let name = root.display();
        let open = || {
            fs::create_dir_all(root)?;
            let lock = File::create(root.join(LOCK))?;
            lock.try_lock().map_err(io::Error::from)?;
            Ok::<_, io::Error>(lock)
        };
        let lock =
            open().because(format!("独占导出文件夹 {name}"), format!("have the folder {name} alone"))?;
        Ok(Self { root: root.to_owned(), _lock: lock })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The manifest, if an export was begun here.
    pub(super) fn manifest(&self) -> Result<Option<Vec<u8>>, Error> {
        let file = self.path(MANIFEST);
        match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => {
                let name = file.display();
                read.map(Some).because(format!("读取 {name}"), format!("read {name}"))
            }
        }
    }

    /// Replaces the manifest.
    pub(super) fn store(&self, manifest: &Manifest) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(manifest).because("生成 JSON", "write JSON")?;
        let write = || {
            let mut file = File::create(self.new_file(MANIFEST))?;
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            self.publish(&file, MANIFEST)
        };
        let name = self.path(MANIFEST);
        let name = name.display();
        write().because(format!("写入 {name}"), format!("write {name}"))
    }

    /// Where a file is written before it has its name.
    pub(super) fn new_file(&self, name: &str) -> PathBuf {
        self.path(&format!("{name}.new"))
    }

    /// Gives a file its name, once it is durable; then the name is.
    pub(super) fn publish(&self, file: &File, name: &str) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(self.new_file(name), self.path(name))?;
        File::open(&self.root)?.sync_all()
    }
}
