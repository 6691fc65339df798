//! The data folder: one system at a time, and where things lie in it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::error::{Because, Error};

/// As root, PostgreSQL runs as another user, who must be able to pass through.
const PASSABLE: u32 = 0o711;

/// A claimed data folder; given back when the process ends, however it ends.
pub(super) struct Home {
    folder: PathBuf,
    _claim: File,
}

impl Home {
    /// Makes the folder if it is missing, and refuses one that another system works in.
    pub(super) fn claim(folder: &Path) -> Result<Self, Error> {
        let (claim, folder) = open(folder).because(
            format!("打开数据文件夹 {}", folder.display()),
            format!("open the data folder {}", folder.display()),
        )?;
        match claim.try_lock() {
            Ok(()) => Ok(Self { folder, _claim: claim }),
            Err(TryLockError::WouldBlock) => Err(Error::told(
                format!("{} 正被另一个进程使用；请用 --data 换一个文件夹", folder.display()),
                format!(
                    "{} is in use by another process; choose another folder with --data",
                    folder.display()
                ),
            )),
            Err(TryLockError::Error(error)) => Err(error).because("锁定数据文件夹", "lock the data folder"),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keys and passwords.
    pub(super) fn keys(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// Where a scripted clock stood last.
    pub(super) fn clock(&self) -> PathBuf {
        self.folder.join("clock")
    }
}

fn open(folder: &Path) -> io::Result<(File, PathBuf)> {
    DirBuilder::new().recursive(true).mode(PASSABLE).create(folder)?;
    let folder = fs::canonicalize(folder)?;
    let claim =
        OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(folder.join("lock"))?;
    Ok((claim, folder))
}

#[cfg(test)]
mod tests {
    use decider::Lang;

    use super::*;

    #[test]
    fn a_folder_has_one_system_at_a_time() {
        let scratch = ::servers::Scratch::new().unwrap();
        let first = Home::claim(&scratch.path().join("a/b")).unwrap();
        let second = Home::claim(&scratch.path().join("a/b")).err().unwrap();
        assert!(second.line(Lang::En).contains("in use by another process"));
        drop(first);
        assert!(Home::claim(&scratch.path().join("a/b")).is_ok());
    }
}
