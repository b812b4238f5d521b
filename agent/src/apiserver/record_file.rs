//! Owns the file of the record in the directory of the history.
//! Must not know the form of its content.
//!
//! A record is written into a second file, which then takes the place of the first. So a reader finds a whole record, whenever the
//! process or the machine ends.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The file.
const NAME: &str = "apiserver-record.json";
/// The file that is being written.
const NEXT: &str = "apiserver-record.next";

/// The file of the record.
#[derive(Debug, Clone)]
pub struct RecordFile {
    directory: PathBuf,
}

impl RecordFile {
    /// The file in that directory.
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// Its bytes; `None` if there is no such file.
    ///
    /// # Errors
    /// Those of the file system; `FileTooLarge` if it has more than `limit` bytes.
    pub fn read(&self, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let path = self.directory.join(NAME);
        match std::fs::metadata(&path) {
            // A FIFO would have no end.
            Ok(found) if !found.is_file() => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "it is no regular file",
                ));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        let file = File::open(&path)?;
        let mut bytes = Vec::new();
        let longest = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        file.take(longest).read_to_end(&mut bytes)?;
        if bytes.len() > limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it has more than {limit} bytes"),
            ));
        }
        Ok(Some(bytes))
    }

    /// Replaces its content. A write that fails leaves it as it was.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        std::fs::create_dir_all(&self.directory)?;
        let next = self.directory.join(NEXT);
        let written = File::create(&next).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_data()
        });
        if let Err(error) = written {
            // It would take room from a disk that is full.
            let _ = std::fs::remove_file(&next);
            return Err(error);
        }
        std::fs::rename(next, self.directory.join(NAME))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let parent = tempfile::tempdir().unwrap();
        let file = RecordFile::new(&parent.path().join("a/b"));
        assert_eq!(file.read(10).unwrap(), None);
        for text in ["first", "2nd"] {
            file.write(text.as_bytes()).unwrap();
            assert_eq!(file.read(10).unwrap().as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(file.read(2).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        let names: Vec<_> = std::fs::read_dir(parent.path().join("a/b"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, [NAME]);
    }

    #[test]
    fn a_write_that_fails_leaves_the_file_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let file = RecordFile::new(directory.path());
        file.write(b"good").unwrap();
        // A directory in the place of the second file, as a full disk refuses a new one.
        std::fs::create_dir(directory.path().join(NEXT)).unwrap();
        assert!(file.write(b"bad").is_err());
        assert_eq!(file.read(10).unwrap().as_deref(), Some(&b"good"[..]));
        // A directory in its own place is no file.
        std::fs::remove_dir(directory.path().join(NEXT)).unwrap();
        std::fs::remove_file(directory.path().join(NAME)).unwrap();
        std::fs::create_dir(directory.path().join(NAME)).unwrap();
        assert!(file.read(10).is_err());
    }
}
