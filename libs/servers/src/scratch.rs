//! A private folder under the system's temporary folder, removed when dropped.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rand::distr::{Alphanumeric, SampleString};

use crate::error::{self, Error};

/// Others may pass through but not look around: as root, PostgreSQL runs as another user below it.
const MODE: u32 = 0o711;
const SUFFIX_LENGTH: usize = 8;

/// Keep it alive for as long as something lives in the folder.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    pub fn new() -> Result<Self, Error> {
        // macOS's temporary folder is so deep that a socket's path below it gets too long.
        let parent = if cfg!(target_os = "macos") { PathBuf::from("/tmp") } else { std::env::temp_dir() };
        let suffix = Alphanumeric.sample_string(&mut rand::rng(), SUFFIX_LENGTH);
        let path = parent.join(format!("fenghuo-{suffix}"));
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(error::io(format!("create {}", path.display())))?;
        let scratch = Self { path };
        // A second step, since the umask may have taken bits of the mode away.
        fs::set_permissions(&scratch.path, Permissions::from_mode(MODE))
            .map_err(error::io(format!("open {} to others", scratch.path.display())))?;
        Ok(scratch)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(folder = %self.path.display(), %error, "could not remove a temporary folder");
        }
    }
}
