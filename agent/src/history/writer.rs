//! Owns the thread that writes the history to the disk, and what it has to say about the disk.
//! Must not know what the lines mean.
//!
//! A disk may be full, read-only or silent for minutes. So nothing waits for it: lines go into a queue with a bound, and a
//! line that finds it full is counted.

use super::directory::HistoryDirectory;
use super::journal_line::JournalLine;
use super::segments::{JournalContents, Segments};
use sre_shared::report::{HistoryGap, HistoryGapReason};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Lines that wait for the disk at most: some 2 MB of plain ones.
const QUEUE: usize = 8_192;
/// Bytes that are written at once, and wait for room on the disk at most.
const BATCH: usize = 256 << 10;
/// Pause before the next try to open the files, or to write.
const RETRY: Duration = Duration::from_secs(1);
/// How long the end of the process waits for lines that are not written yet.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is known about the disk.
#[derive(Debug, Default)]
pub struct DiskStatus {
    problem: Mutex<Option<String>>,
    lost: Mutex<LostLines>,
    /// Lines that were written.
    pub written: AtomicU64,
    /// Lines that were lost, since the queue was full.
    pub dropped: AtomicU64,
    /// Lines of the former process that were not understood.
    pub skipped: AtomicU64,
}

/// The lines that were lost since the last one that was written.
#[derive(Debug, Default)]
struct LostLines {
    /// The time of the first one.
    first: Option<String>,
    /// The time of the newest line, lost or not.
    newest: Option<String>,
}

impl DiskStatus {
    /// Why nothing can be written at the moment; `None` if all is well.
    pub fn problem(&self) -> Option<String> {
        lock(&self.problem).clone()
    }

    fn fails(&self, error: &io::Error) {
        let text = error.to_string();
        let before = lock(&self.problem).replace(text.clone());
        if before.as_ref() != Some(&text) {
            tracing::warn!(
                error = text,
                "the history cannot be written; it is kept in memory alone"
            );
        }
    }

    fn works(&self) {
        if lock(&self.problem).take().is_some_and(|before| before != OPENING) {
            tracing::info!("the history is written again");
        }
    }

    /// The gap that lines which were lost leave in the files.
    fn take_gap(&self) -> Option<JournalLine> {
        let mut lost = lock(&self.lost);
        let from = lost.first.take()?;
        let to = lost.newest.clone();
        Some(JournalLine::Gap {
            gap: HistoryGap {
                from,
                to,
                why: HistoryGapReason::NotWritten,
                kind: None,
                namespace: None,
            },
        })
    }
}

/// The problem before the files were opened.
const OPENING: &str = "the files are not open yet";

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The files' contents, and whether another process wrote them until a moment ago.
pub type TakeContents = Box<dyn FnOnce(JournalContents, bool) + Send>;

/// The thread, as those who have something to write see it.
#[derive(Debug)]
pub struct JournalWriter {
    lines: Mutex<Option<SyncSender<Vec<u8>>>>,
    stop: Mutex<Option<mpsc::Sender<()>>>,
    status: Arc<DiskStatus>,
    opened: Mutex<Option<oneshot::Receiver<()>>>,
    ended: Mutex<Option<oneshot::Receiver<()>>>,
}

impl JournalWriter {
    /// Starts the thread. It opens the files, hands over their contents, and then writes.
    ///
    /// # Errors
    /// If the system makes no thread.
    pub fn start(path: PathBuf, segment: u64, take: TakeContents) -> io::Result<Self> {
        let (lines, queue) = mpsc::sync_channel(QUEUE);
        let (stop, stopped) = mpsc::channel();
        let (opened_sender, opened) = oneshot::channel();
        let (ended_sender, ended) = oneshot::channel();
        let status = Arc::new(DiskStatus::default());
        *lock(&status.problem) = Some(OPENING.to_owned());
        let thread = WriterThread {
            path,
            segment,
            queue,
            stopped,
            status: Arc::clone(&status),
            batch: Batch::default(),
        };
        std::thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || {
                thread.run(take, opened_sender);
                // Nobody may be waiting.
                let _ = ended_sender.send(());
            })?;
        Ok(Self {
            lines: Mutex::new(Some(lines)),
            stop: Mutex::new(Some(stop)),
            status,
            opened: Mutex::new(Some(opened)),
            ended: Mutex::new(Some(ended)),
        })
    }

    /// What is known about the disk.
    pub fn status(&self) -> &DiskStatus {
        &self.status
    }

    /// Puts a line into the queue. Never waits.
    pub fn write(&self, line: &JournalLine) {
        let Some(bytes) = line.to_bytes() else { return };
        let sent = lock(&self.lines)
            .as_ref()
            .is_some_and(|lines| lines.try_send(bytes).is_ok());
        let mut lost = lock(&self.status.lost);
        lost.newest = line.alive_at().map(str::to_owned).or(lost.newest.take());
        if !sent {
            self.status.dropped.fetch_add(1, Ordering::Relaxed);
            let newest = lost.newest.clone();
            lost.first = lost.first.take().or(newest);
        }
    }

    /// Waits until the files are open, or for so long.
    pub async fn opened(&self, patience: Duration) {
        let opened = lock(&self.opened).take();
        if let Some(opened) = opened {
            // Whether they are open is said by the status.
            let _ = tokio::time::timeout(patience, opened).await;
        }
    }

    /// Writes the rest of the queue, and ends the thread. A disk that does not answer is not waited for.
    pub async fn close(&self) {
        lock(&self.lines).take();
        lock(&self.stop).take();
        let ended = lock(&self.ended).take();
        if let Some(ended) = ended {
            let _ = tokio::time::timeout(FAREWELL, ended).await;
        }
    }
}

/// Whole lines that are written at once.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    lines: u64,
}

struct WriterThread {
    path: PathBuf,
    segment: u64,
    queue: Receiver<Vec<u8>>,
    /// Has an end, and nothing else.
    stopped: Receiver<()>,
    status: Arc<DiskStatus>,
    batch: Batch,
}

impl WriterThread {
    fn run(mut self, take: TakeContents, opened: oneshot::Sender<()>) {
        let Some((mut segments, contents, overlapped)) = self.open() else {
            return;
        };
        self.status.skipped.store(contents.skipped, Ordering::Relaxed);
        take(contents, overlapped);
        self.status.works();
        let _ = opened.send(());
        while self.fill() {
            while let Err(error) = self.flush(&mut segments) {
                self.status.fails(&error);
                if self.is_stopped() {
                    return;
                }
            }
            self.status.works();
        }
    }

    /// Opens the files. `None` if the process ends before that. Meanwhile lines wait in the queue.
    fn open(&self) -> Option<(Segments, JournalContents, bool)> {
        let mut overlapped = false;
        loop {
            let opened = HistoryDirectory::open(&self.path)
                .and_then(|directory| Segments::open(directory, self.segment));
            match opened {
                Ok((segments, contents)) => return Some((segments, contents, overlapped)),
                Err(error) => {
                    overlapped |= error.kind() == io::ErrorKind::ResourceBusy;
                    self.status.fails(&error);
                }
            }
            if self.is_stopped() {
                return None;
            }
        }
    }

    /// Waits for [`RETRY`]. Returns whether the process ends.
    fn is_stopped(&self) -> bool {
        matches!(
            self.stopped.recv_timeout(RETRY),
            Err(RecvTimeoutError::Disconnected)
        )
    }

    /// Takes the lines that wait. Returns whether there may be more afterwards.
    fn fill(&mut self) -> bool {
        let Ok(first) = self.queue.recv() else {
            return false;
        };
        self.batch.add(&first);
        while self.batch.bytes.len() < BATCH
            && let Ok(line) = self.queue.try_recv()
        {
            self.batch.add(&line);
        }
        true
    }

    /// Writes the batch. If it fails, the batch stays.
    fn flush(&mut self, segments: &mut Segments) -> io::Result<()> {
        segments.append(&self.batch.bytes)?;
        // The lines are safe from the end of the process. From that of the machine they are now.
        let synced = segments.sync();
        self.status.written.fetch_add(self.batch.lines, Ordering::Relaxed);
        self.batch = Batch::default();
        // Lines that were lost came after those of the batch, or among them.
        if let Some(gap) = self.status.take_gap().and_then(|gap| gap.to_bytes()) {
            self.batch.add(&gap);
            return self.flush(segments);
        }
        synced
    }
}

impl Batch {
    fn add(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.lines += 1;
    }
}
