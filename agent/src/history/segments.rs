//! Owns the two files of the history: lines are appended to one of them, and the other one has the lines before.
//! Must not know who writes, nor what the lines mean together.

use super::directory::HistoryDirectory;
use super::journal_line::JournalLine;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};

/// The most bytes of a segment. Each holds more lines than the memory holds transitions, so that one whole segment fills it. Two
/// of them are the most that the history takes of a disk.
pub const SEGMENT: u64 = 8 << 20;
/// The longest line that is read. A transition with the longest change has 10 KB.
const LINE: u64 = 64 << 10;

/// The segment that is written.
const CURRENT: &str = "transitions.jsonl";
/// The one before it.
const BEFORE: &str = "transitions.before.jsonl";

/// The two segments, open for appending.
#[derive(Debug)]
pub struct Segments {
    directory: HistoryDirectory,
    current: File,
    /// Bytes of whole lines. Anything behind them is a line that was cut off.
    bytes: u64,
    limit: u64,
    /// Whether the file may be longer than its whole lines.
    torn: bool,
}

/// The lines that the segments had when they were opened.
#[derive(Debug, Default)]
pub struct JournalContents {
    /// The lines, the oldest first.
    pub lines: Vec<JournalLine>,
    /// How many lines were not understood.
    pub skipped: u64,
}

impl Segments {
    /// Opens the segments and reads them. A last line without an end is cut off: it was being written when the process or the
    /// machine ended.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(directory: HistoryDirectory, limit: u64) -> io::Result<(Self, JournalContents)> {
        let mut contents = JournalContents::default();
        match File::open(directory.file(BEFORE)) {
            Ok(file) => {
                contents.read(file)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        let mut current = options.open(directory.file(CURRENT))?;
        let bytes = contents.read(&current)?;
        let torn = current.metadata()?.len() != bytes;
        current.seek(SeekFrom::Start(bytes))?;
        let mut segments = Self {
            directory,
            current,
            bytes,
            limit,
            torn,
        };
        segments.mend()?;
        Ok((segments, contents))
    }

    /// Appends whole lines.
    ///
    /// # Errors
    /// Those of the file system. None of the lines counts as written then, and the next call begins where this one did.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.mend()?;
        let length = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        if self.bytes > 0 && self.bytes.saturating_add(length) > self.limit {
            self.rotate()?;
        }
        self.torn = true;
        self.current.write_all(lines)?;
        self.torn = false;
        self.bytes += length;
        Ok(())
    }

    /// Asks the system to write to the disk what it has of the segment.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn sync(&self) -> io::Result<()> {
        self.current.sync_data()
    }

    /// Cuts off what is behind the last whole line.
    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.current.set_len(self.bytes)?;
            self.current.seek(SeekFrom::Start(self.bytes))?;
            self.torn = false;
        }
        Ok(())
    }

    /// Begins a new segment. The one before the present one is gone then.
    fn rotate(&mut self) -> io::Result<()> {
        self.current.sync_data()?;
        let path = self.directory.file(CURRENT);
        match std::fs::rename(&path, self.directory.file(BEFORE)) {
            Ok(()) => {}
            // The file was renamed before, and there was no room for a new one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).read(true).write(true);
        self.current = options.open(path)?;
        self.bytes = 0;
        Ok(())
    }
}

impl JournalContents {
    /// Reads a segment, and returns the bytes of its whole lines.
    fn read(&mut self, file: impl io::Read) -> io::Result<u64> {
        let mut reader = BufReader::new(file);
        let (mut line, mut whole) = (Vec::new(), 0_u64);
        loop {
            line.clear();
            let read = reader.by_ref().take(LINE).read_until(b'\n', &mut line)?;
            let length = u64::try_from(read).unwrap_or(u64::MAX);
            if !line.ends_with(b"\n") {
                if length < LINE {
                    return Ok(whole);
                }
                // A line without an end, as a damaged disk may have. Its other pieces are not understood either.
                self.skipped += 1;
                whole += length;
                continue;
            }
            whole += length;
            match serde_json::from_slice(&line) {
                Ok(line) => self.lines.push(line),
                Err(_) => self.skipped += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn open(path: &Path, limit: u64) -> (Segments, JournalContents) {
        Segments::open(HistoryDirectory::open(path).unwrap(), limit).unwrap()
    }

    fn alive(number: usize) -> JournalLine {
        JournalLine::Alive {
            alive: format!("{number:05}"),
        }
    }

    fn numbers(contents: &JournalContents) -> Vec<usize> {
        let number = |line: &JournalLine| line.alive_at().unwrap().parse().unwrap();
        contents.lines.iter().map(number).collect()
    }

    fn append(segments: &mut Segments, number: usize) {
        segments.append(&alive(number).to_bytes().unwrap()).unwrap();
    }

    #[test]
    fn a_line_that_was_cut_off_is_cut_away_and_the_lines_after_the_next_start_are_read_too() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(CURRENT);
        let mut segments = open(directory.path(), SEGMENT).0;
        for number in 0..3 {
            append(&mut segments, number);
        }
        drop(segments);
        let whole = std::fs::read(&file).unwrap();
        // Wherever the last line ends, the lines before it stay.
        for end in whole.len() - 16..whole.len() {
            std::fs::write(&file, &whole[..end]).unwrap();
            let (mut segments, contents) = open(directory.path(), SEGMENT);
            assert_eq!((numbers(&contents), contents.skipped), (vec![0, 1], 0), "{end}");
            append(&mut segments, 7);
            drop(segments);
            let (_, contents) = open(directory.path(), SEGMENT);
            assert_eq!(
                (numbers(&contents), contents.skipped),
                (vec![0, 1, 7], 0),
                "{end}"
            );
        }
    }

    #[test]
    fn a_line_that_is_not_understood_is_skipped_and_counted() {
        let directory = tempfile::tempdir().unwrap();
        let mut text = alive(1).to_bytes().unwrap();
        text.extend_from_slice(b"\0\0\0\0\n{\"of\":\"a newer version\"}\n\n\xff\xfe\n");
        text.resize(text.len() + 200_000, b'x');
        text.push(b'\n');
        text.extend_from_slice(&alive(2).to_bytes().unwrap());
        std::fs::write(directory.path().join(CURRENT), text).unwrap();
        let (_, contents) = open(directory.path(), SEGMENT);
        assert_eq!(numbers(&contents), [1, 2]);
        assert_eq!(contents.skipped, 4 + 200_000 / LINE + 1);
    }

    #[test]
    fn two_segments_are_kept_and_the_older_lines_make_room() {
        let directory = tempfile::tempdir().unwrap();
        let mut segments = open(directory.path(), 1_000).0;
        for number in 0..500 {
            append(&mut segments, number);
            let bytes = |name| std::fs::metadata(directory.path().join(name)).map_or(0, |file| file.len());
            assert!(bytes(CURRENT) <= 1_000 && bytes(BEFORE) <= 1_000);
        }
        drop(segments);
        let (_, contents) = open(directory.path(), 1_000);
        let numbers = numbers(&contents);
        assert_eq!(numbers, (500 - numbers.len()..500).collect::<Vec<_>>());
        assert!(numbers.len() > 1_000 / 18, "{}", numbers.len());
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join(CURRENT)).unwrap();
        let directory = HistoryDirectory::open(directory.path()).unwrap();
        assert!(Segments::open(directory, SEGMENT).is_err());
    }
}
