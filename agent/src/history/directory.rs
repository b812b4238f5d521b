//! Owns the directory of `--history-dir`: its files, and that one process at a time writes there.
//! Must not know what the files hold.
//!
//! Other data that outlives a restart has its file here, too.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The directory, which this process alone writes until the value is dropped.
#[derive(Debug)]
pub struct HistoryDirectory {
    path: PathBuf,
    /// The system gives the lock back when the file is closed.
    _lock: File,
}

/// The file whose lock keeps a second process out. Its content is empty.
const LOCK: &str = "lock";

impl HistoryDirectory {
    /// Makes the directory if it is not there, and locks it.
    ///
    /// # Errors
    /// Those of the file system; `ResourceBusy` while another process has the lock.
    pub fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let mut options = OpenOptions::new();
        let lock = options
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    "another agent writes there",
                ));
            }
            // Some network file systems know no locks.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_has_the_directory() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let first = HistoryDirectory::open(&path).unwrap();
        let refused = HistoryDirectory::open(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ResourceBusy);
        drop(first);
        let second = HistoryDirectory::open(&path).unwrap();
        assert_eq!(second.file("x"), path.join("x"));
    }
}
