//! A server's log file, which is also the lock that tells when the last process of an earlier server has gone.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::{self, Error};

/// An orphaned server is killed by its watchdog after about ten seconds.
const ORPHAN_WAIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);
const TAIL_BYTES_MAX: u64 = 4096;

/// Where in the file the newest server began to write.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    start: u64,
}

impl Log {
    /// Waits until no process of an earlier server has the file open.
    ///
    /// A lock belongs to the open file, which server processes inherit as their standard output. So it is
    /// released only when all of them have ended, even where the parent was killed and cannot tell.
    pub(crate) async fn open(folder: &Path) -> Result<(Self, File), Error> {
        let path = folder.join("log");
        let failed = |source| error::io(format!("open {}", path.display()))(source);
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        let limit = Instant::now() + ORPHAN_WAIT;
        while file.try_lock().is_err() {
            if Instant::now() > limit {
                return Err(Error::InUse { folder: folder.to_owned() });
            }
            tokio::time::sleep(POLL).await;
        }
        let start = file.metadata().map_err(failed)?.len();
        Ok((Self { path, start }, file))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// What the newest server said last.
    pub(crate) fn tail(&self) -> String {
        let mut said = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            let end = file.metadata()?.len();
            file.seek(SeekFrom::Start(self.start.max(end.saturating_sub(TAIL_BYTES_MAX))))?;
            file.read_to_end(&mut said)
        });
        match read {
            Ok(_) => String::from_utf8_lossy(&said).trim_end().to_owned(),
            Err(error) => format!("(unreadable: {error})"),
        }
    }
}
