//! Owns when the record is read and saved, and what is said about the disk.
//! Must not know what is recorded.
//!
//! A disk may be full, read-only or silent for minutes, so each access has a thread of its own, and no answer waits for it.

use super::probe::ApiServerProbe;
use super::record::ApiServerRecord;
use super::record_file::RecordFile;
use super::record_snapshot::{LIMIT, RecordSnapshot};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

/// How long the start waits for the record of the process before, and the end for the last write.
const PATIENCE: Duration = Duration::from_secs(2);

/// The record on the disk.
pub struct RecordStore {
    file: RecordFile,
    probe: Arc<ApiServerProbe>,
    status: Mutex<StoreStatus>,
}

#[derive(Default)]
struct StoreStatus {
    /// A read or a write is under way. A disk that is silent has one thread and no more.
    busy: bool,
    /// Why the last write failed.
    problem: Option<String>,
}

impl RecordStore {
    /// The record of that probe, in that directory.
    pub fn new(directory: &Path, probe: Arc<ApiServerProbe>) -> Self {
        Self {
            file: RecordFile::new(directory),
            probe,
            status: Mutex::default(),
        }
    }

    /// Takes over the record of the process before. If the disk is slow, it goes on in the background.
    pub async fn read(self: &Arc<Self>) {
        // Nothing is written before what is there was read.
        self.lock().busy = true;
        let this = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            this.take_over();
            this.lock().busy = false;
        });
        if timeout(PATIENCE, reading).await.is_err() {
            tracing::warn!("the record of the API server is not read yet, since the disk does not answer");
        }
    }

    fn take_over(&self) {
        let record = self.probe.record();
        match read(&self.file, record) {
            Ok(None) => {}
            Ok(Some(0)) => tracing::info!("the record of the API server goes on"),
            Ok(Some(impossible)) => {
                tracing::warn!(
                    impossible,
                    "parts of the record of the API server are impossible and left out"
                );
            }
            Err(error) => tracing::warn!(
                error,
                "the record of the API server begins anew; its file is not used"
            ),
        }
    }

    /// Saves it after each pause of that length. Does not end.
    pub async fn run(self: Arc<Self>, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            self.save().await;
        }
    }

    /// Saves it once more, at the end of the process.
    pub async fn close(self: &Arc<Self>) {
        if timeout(PATIENCE, self.save()).await.is_err() {
            tracing::warn!(
                "the end of the record of the API server is not saved, since the disk does not answer"
            );
        }
    }

    /// Why it was not saved the last time.
    pub fn problem(&self) -> Option<String> {
        self.lock().problem.clone()
    }

    async fn save(self: &Arc<Self>) {
        if std::mem::replace(&mut self.lock().busy, true) {
            return;
        }
        let this = Arc::clone(self);
        let saving = tokio::task::spawn_blocking(move || {
            let saved = this.file.write(&this.probe.record().snapshot().to_bytes());
            this.note(saved);
        });
        // A thread that ended by itself has noted what happened.
        let _ = saving.await;
    }

    fn note(&self, saved: io::Result<()>) {
        let problem = saved.err().map(|error| error.to_string());
        let mut status = self.lock();
        status.busy = false;
        match (&status.problem, &problem) {
            (None, Some(error)) => tracing::warn!(error, "the record of the API server cannot be saved"),
            (Some(_), None) => tracing::info!("the record of the API server is saved again"),
            _ => {}
        }
        status.problem = problem;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, StoreStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the file's content to the record, and returns how many of its buckets were impossible; `None` if there is no file.
fn read(file: &RecordFile, record: &ApiServerRecord) -> Result<Option<u64>, String> {
    let bytes = file.read(LIMIT).map_err(|error| error.to_string())?;
    let Some(bytes) = bytes else { return Ok(None) };
    let before = RecordSnapshot::read(&bytes, record.server())?;
    Ok(Some(record.restore(before)))
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::probe::tests::probe_of;
    use super::*;
    use sre_testkit::ApiServer;

    /// The limit of a step that ends at once, unless something is wrong.
    const SOON: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_silent_disk_has_one_thread_and_is_written_to_again_once_it_answers() {
        let server = ApiServer::builder().start().await;
        let directory = tempfile::tempdir().unwrap();
        // A write to a FIFO waits until somebody reads.
        let next = directory.path().join("apiserver-record.next");
        let made = std::process::Command::new("mkfifo").arg(&next).status();
        assert!(made.is_ok_and(|status| status.success()));
        let probe = Arc::new(probe_of(&server).await);
        let store = Arc::new(RecordStore::new(directory.path(), probe));
        let first = {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.save().await })
        };
        let begins = async {
            while !store.lock().busy {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, begins).await.unwrap();
        assert!(timeout(SOON, store.save()).await.is_ok(), "it waits for the disk");
        let read = tokio::task::spawn_blocking(move || std::fs::read(next).unwrap());
        timeout(SOON, first).await.unwrap().unwrap();
        assert!(!read.await.unwrap().is_empty());
        assert!(store.problem().is_some(), "a FIFO keeps nothing");
        // The file is a regular one from now on.
        for _ in 0..2 {
            let _ = std::fs::remove_file(directory.path().join("apiserver-record.json"));
            timeout(SOON, store.save()).await.unwrap();
            assert_eq!(store.problem(), None);
            assert_eq!(super::read(&store.file, store.probe.record()), Ok(Some(0)));
        }
    }
}
