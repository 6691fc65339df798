//! A private folder under the system's temporary folder, removed when dropped, together with those that killed
//! processes left behind.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use rand::distr::{Alphanumeric, SampleString};

use crate::error::{self, Error};

/// Others may pass through but not look around: as root, PostgreSQL runs as another user below it.
const MODE: u32 = 0o711;
const PREFIX: &str = "fenghuo-";
const SUFFIX_LENGTH: usize = 8;
/// Locked for as long as the process lives that made the folder.
const MARK: &str = "scratch.lock";
/// Beside the mark, and empty at first.
const INSIDE: &str = "home";

/// Keep it alive for as long as something lives in the folder.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    outer: PathBuf,
    _mark: File,
}

impl Scratch {
    pub fn new() -> Result<Self, Error> {
        // macOS's temporary folder is so deep that a socket's path below it gets too long.
        let parent = if cfg!(target_os = "macos") { PathBuf::from("/tmp") } else { std::env::temp_dir() };
        Self::below(&parent)
    }

    fn below(parent: &Path) -> Result<Self, Error> {
        let suffix = Alphanumeric.sample_string(&mut rand::rng(), SUFFIX_LENGTH);
        let outer = parent.join(format!("{PREFIX}{suffix}"));
        let mark = create(&outer).map_err(error::io(format!("create {}", outer.display())))?;
        Ok(Self { path: outer.join(INSIDE), outer, _mark: mark })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.outer) {
            tracing::warn!(folder = %self.outer.display(), %error, "could not remove a temporary folder");
        }
        self.outer.parent().into_iter().for_each(sweep);
    }
}

fn create(outer: &Path) -> io::Result<File> {
    for folder in [outer, &outer.join(INSIDE)] {
        DirBuilder::new().mode(0o700).create(folder)?;
        // A second step, since the umask may have taken bits of the mode away.
        fs::set_permissions(folder, Permissions::from_mode(MODE))?;
    }
    // Locked before it gets its name: nobody finds it free.
    let unnamed = outer.join("scratch.lock.new");
    let mark = File::create_new(&unnamed)?;
    mark.try_lock()?;
    fs::rename(&unnamed, outer.join(MARK))?;
    Ok(mark)
}

/// Removes the folders of this user whose processes are gone. What cannot be removed stays for the next time.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    let ours = entries.flatten().filter(|entry| {
        entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw())
    });
    for folder in ours.map(|entry| entry.path()) {
        let Ok(mark) = File::open(folder.join(MARK)) else { continue };
        if mark.try_lock().is_ok() {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_those_that_nobody_holds() {
        let parent = Scratch::new().unwrap();
        let [held, ended] = [(); 2].map(|()| Scratch::below(parent.path()).unwrap());
        let abandoned = parent.path().join("fenghuo-abandoned");
        drop(create(&abandoned).unwrap());
        let foreign = parent.path().join("fenghuo-releases");
        fs::create_dir(&foreign).unwrap();
        let gone = ended.outer.clone();
        drop(ended);
        assert!(!gone.exists(), "its own folder is gone");
        assert!(!abandoned.exists(), "so is that of a process that was killed");
        assert!(held.path().exists(), "what somebody holds stays");
        assert!(foreign.exists(), "and what somebody else called so");
    }
}
