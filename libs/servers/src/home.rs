//! The folder that a server lives in: claimed by one process at a time, and owned by the user that the server runs as.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User, geteuid};

use crate::error::{self, Error};

const PRIVATE: u32 = 0o700;
const PASSABLE: u32 = 0o711;

#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) folder: PathBuf,
    /// Locked for as long as this process lives; the servers do not inherit it.
    _claim: File,
}

impl Home {
    /// Creates the folder where it is missing, and refuses one that another process has claimed.
    pub(crate) fn claim(folder: &Path) -> Result<Self, Error> {
        let failed = |source| error::io(format!("open the folder {}", folder.display()))(source);
        let folder = std::path::absolute(folder).map_err(failed)?;
        create_passable(&folder).map_err(failed)?;
        let folder = folder.canonicalize().map_err(failed)?;
        if geteuid().is_root() {
            let mode = fs::metadata(&folder).map_err(failed)?.mode() | PASSABLE;
            fs::set_permissions(&folder, Permissions::from_mode(mode)).map_err(failed)?;
        }
        let claim = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(folder.join("lock"))
            .map_err(failed)?;
        claim.try_lock().map_err(|_| Error::InUse { folder: folder.clone() })?;
        Ok(Self { folder, _claim: claim })
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A server that refuses to run as root needs another user; the owner of existing data, else the usual ones.
pub(crate) fn unprivileged_user(server: &'static str, data: &Path) -> Result<Option<User>, Error> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let owner = fs::metadata(data).ok().map(|found| Uid::from_raw(found.uid())).filter(|uid| !uid.is_root());
    let known = owner.and_then(|uid| User::from_uid(uid).ok().flatten());
    let named = |name| User::from_name(name).ok().flatten();
    known.or_else(|| named("postgres")).or_else(|| named("nobody")).map(Some).ok_or(Error::NoUser { server })
}

/// Makes a folder private to the user that its server runs as.
pub(crate) fn hand_over(folder: &Path, user: Option<&User>) -> Result<(), Error> {
    let failed = |source| error::io(format!("prepare {}", folder.display()))(source);
    if !folder.is_dir() {
        DirBuilder::new().mode(PRIVATE).create(folder).map_err(failed)?;
    }
    if let Some(user) = user {
        chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(failed)?;
    }
    fs::set_permissions(folder, Permissions::from_mode(PRIVATE)).map_err(failed)
}

/// A file that only the server's user (and root) can read.
pub(crate) fn write_private(path: &Path, text: &str, user: Option<&User>) -> Result<(), Error> {
    let failed = |source| error::io(format!("write {}", path.display()))(source);
    let mut file =
        OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    if let Some(user) = user {
        chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(failed)?;
    }
    Ok(())
}

/// Fails with the first folder above `path` that the user cannot pass through.
pub(crate) fn reachable(server: &'static str, path: &Path, user: Option<&User>) -> Result<(), Error> {
    let Some(user) = user else { return Ok(()) };
    for folder in path.ancestors().skip(1) {
        let found = fs::metadata(folder).map_err(error::io(format!("look at {}", folder.display())))?;
        let bit = if found.uid() == user.uid.as_raw() {
            0o100
        } else if found.gid() == user.gid.as_raw() {
            0o010
        } else {
            0o001
        };
        if found.mode() & bit == 0 {
            return Err(Error::Unreachable { server, user: user.name.clone(), folder: folder.to_owned() });
        }
    }
    Ok(())
}

/// Like `create_dir_all`, but whatever is made lets the server's user pass.
fn create_passable(folder: &Path) -> std::io::Result<()> {
    let missing: Vec<_> = folder.ancestors().take_while(|above| !above.exists()).collect();
    for folder in missing.into_iter().rev() {
        // Another process may have been faster.
        DirBuilder::new().mode(PASSABLE).recursive(true).create(folder)?;
        fs::set_permissions(folder, Permissions::from_mode(PASSABLE))?;
    }
    Ok(())
}
