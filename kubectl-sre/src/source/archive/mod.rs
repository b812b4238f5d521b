//! Packed dumps: a file that gzip or tar wrote is unpacked in memory. Its first bytes say so, not its name.
//!
//! Nothing is written to a disk and no name in an archive is ever opened, so a path that leaves the archive, a link or a
//! device can do no harm. None is followed, and the report says so. Unpacking is bounded: by bytes in all and of one file,
//! by the number of files, and by the ratio to the size of the archive.

use super::files::{Budget, FoundFiles};
use flate2::read::MultiGzDecoder;
use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;

/// Archives in archives deeper than this are not unpacked.
const DEEPEST: usize = 3;
/// Unpacked bytes for one packed byte. Large dumps pack to a fiftieth; the most that gzip reaches is about a thousand.
const RATIO: u64 = 400;
/// Up to this many bytes are unpacked at any ratio.
const SMALL: u64 = 16 << 20;
/// The largest file of an archive that is read.
const LARGEST: u64 = 512 << 20;
const LARGE: &str = "larger than 512 MiB: it was not read";
pub const FULL: &str = "with it, more than 1 GiB would be read, which is the most";
/// The first bytes of a file, which show how it is packed.
pub const HEAD: u64 = 512;

/// How bytes are packed, by their first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    Gzip,
    Tar,
}

/// How these bytes are packed; `None` if they are not.
pub fn packing(bytes: &[u8]) -> Option<Packing> {
    if bytes.starts_with(b"\x1f\x8b\x08") {
        Some(Packing::Gzip)
    } else if bytes.get(257..262) == Some(b"ustar") {
        Some(Packing::Tar)
    } else {
        None
    }
}

/// The tool that unpacks these bytes, if they are packed in another way.
pub fn other_packing(bytes: &[u8]) -> Option<&'static str> {
    [
        (&b"PK\x03\x04"[..], "zip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"BZh", "bzip2"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
    ]
    .into_iter()
    .find(|(magic, _)| bytes.starts_with(magic))
    .map(|(_, tool)| tool)
}

const DAMAGED: &str = "it breaks off or is damaged: copy it again";
const BOMB: &str = "it unpacks to more than 400 times its size, as no dump does";

/// Unpacks a file as often as it is packed, and adds the files that come out.
pub fn unpack(name: &str, source: &mut dyn Read, depth: usize, budget: &mut Budget, found: &mut FoundFiles) {
    let (head, failed) = read_up_to(source, HEAD);
    let kind = packing(&head);
    let mut source = std::io::Cursor::new(head).chain(source);
    match kind {
        _ if failed.is_some() => plain(name, &mut source, depth, budget, found),
        Some(_) if depth == DEEPEST => {
            found.add(
                name,
                Vec::new(),
                Some("packed more than 3 times: unpack it first"),
            );
        }
        Some(Packing::Gzip) => {
            let count = Rc::new(Cell::new(0));
            let counted = CountingReader {
                source,
                count: Rc::clone(&count),
            };
            let mut unpacked = BoundedReader {
                source: MultiGzDecoder::new(counted),
                packed: count,
                size: 0,
            };
            unpack(name, &mut unpacked, depth + 1, budget, found);
        }
        Some(Packing::Tar) => untar(name, &mut source, depth, budget, found),
        None => plain(name, &mut source, depth, budget, found),
    }
}

/// Reads at most that many bytes.
pub fn read_up_to(source: &mut dyn Read, most: u64) -> (Vec<u8>, Option<std::io::Error>) {
    let mut bytes = Vec::new();
    let error = source.take(most).read_to_end(&mut bytes).err();
    (bytes, error)
}

fn plain(name: &str, source: &mut dyn Read, depth: usize, budget: &mut Budget, found: &mut FoundFiles) {
    let most = if depth == 0 {
        budget.bytes
    } else {
        LARGEST.min(budget.bytes)
    };
    let (bytes, error) = read_up_to(source, most + 1);
    let size = bytes.len() as u64;
    if size > most {
        // A part of a file is no dump, so nothing of it is kept.
        return found.add(
            name,
            Vec::new(),
            Some(if most == budget.bytes { FULL } else { LARGE }),
        );
    }
    budget.bytes -= size;
    let why = error.map(|error| match error.kind() {
        std::io::ErrorKind::Other => error.to_string(),
        _ if depth > 0 => DAMAGED.to_owned(),
        _ => error.to_string(),
    });
    found.add(name, bytes, why.as_deref());
}

/// Counts the bytes that are read from an archive.
struct CountingReader<R> {
    source: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// Reads unpacked bytes, until there are too many for the size of the archive.
struct BoundedReader<R> {
    source: R,
    packed: Rc<Cell<u64>>,
    size: u64,
}

impl<R: Read> Read for BoundedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.size += read as u64;
        if self.size > SMALL.max(RATIO.saturating_mul(self.packed.get())) {
            return Err(std::io::Error::other(BOMB));
        }
        Ok(read)
    }
}

fn untar(name: &str, source: &mut dyn Read, depth: usize, budget: &mut Budget, found: &mut FoundFiles) {
    let mut archive = tar::Archive::new(source);
    let Ok(entries) = archive.entries() else {
        return found.add(name, Vec::new(), Some(DAMAGED));
    };
    let before = found.files.len();
    let mut others = 0;
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let is_bomb = error.to_string().contains(BOMB);
                return found.add(name, Vec::new(), Some(if is_bomb { BOMB } else { DAMAGED }));
            }
        };
        if budget.entries == 0 {
            return found.add(
                name,
                Vec::new(),
                Some("more than 200000 files: the rest was not read"),
            );
        }
        budget.entries -= 1;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind.is_dir() || !super::files::is_dump(&path) {
            others += usize::from(!kind.is_dir());
            continue;
        }
        let inner = format!("{name}/{}", path.trim_start_matches("./"));
        let leaves = path.starts_with('/') || path.split(['/', '\\']).any(|part| part == "..");
        let why = if leaves {
            Some("a path that leaves the archive: it was not read")
        } else if kind.is_symlink() || kind.is_hard_link() {
            Some("a link in an archive, which is not followed")
        } else if !kind.is_file() && !kind.is_contiguous() && !kind.is_gnu_sparse() {
            Some("no regular file: it was not read")
        } else {
            None
        };
        match why {
            Some(why) => found.add(&inner, Vec::new(), Some(why)),
            None => unpack(&inner, &mut entry, depth + 1, budget, found),
        }
    }
    if found.files.len() == before {
        found.nothing_in = Some((name.to_owned(), others));
    }
}

#[cfg(test)]
mod tests;
