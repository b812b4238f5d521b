//! Reads files that a user named, bounded in size and in time. Must not know what is in them.
//!
//! The path can be that of a FIFO, such as the shell's `<(command)`, whose writer may never end. Call these functions on a
//! thread that may block, never on one of the runtime.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// Larger than any kubeconfig.
pub(super) const KUBECONFIG: u64 = 16 << 20;
/// Larger than any bundle of authorities, certificate or key.
pub(super) const CERTIFICATES: u64 = 4 << 20;
/// Larger than any token that an API server takes.
pub(super) const TOKEN: u64 = 1 << 20;

/// The pause between two reads of a FIFO.
const PAUSE: Duration = Duration::from_millis(5);

/// Reads the whole file, of at most `most` bytes, before `until`. A FIFO is read until its writer closes it.
///
/// # Errors
/// If it is a directory, is larger, cannot be read, or is not written to its end in time.
pub fn read(path: &Path, most: u64, until: Instant) -> io::Result<Vec<u8>> {
    let mut file = open(path)?;
    let metadata = file.metadata()?;
    let larger = || io::Error::other(format!("it is larger than {} MB", most >> 20));
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
    }
    if metadata.is_file() && metadata.len() > most {
        return Err(larger());
    }
    // Nobody may have opened a FIFO for writing yet; a pipe that is open already had its writer.
    let mut begun = !is_fifo(&metadata) || path.starts_with("/dev/fd") || path.starts_with("/proc");
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        if Instant::now() >= until {
            let why = if begun {
                "it was not written to its end in time"
            } else {
                "nobody wrote anything into it in time"
            };
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        match file.read(&mut buffer) {
            Ok(0) if begun => return Ok(bytes),
            Ok(0) => std::thread::sleep(PAUSE),
            Ok(count) => {
                begun = true;
                bytes.extend_from_slice(&buffer[..count]);
                if bytes.len() as u64 > most {
                    return Err(larger());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                begun = true;
                std::thread::sleep(PAUSE);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Checks that the file exists and may be read. It is not read, since a FIFO can be read only once.
pub(super) fn check(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.is_file() {
        File::open(path)?;
    }
    Ok(())
}

/// Whether the file can be read twice. A FIFO cannot.
pub(super) fn is_regular(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // Opening a FIFO would wait for its writer.
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(|error| match error.raw_os_error() {
            Some(libc::ENXIO) => io::Error::other("it is a socket"),
            _ => error,
        })
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(unix)]
fn is_fifo(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    metadata.file_type().is_fifo()
}

#[cfg(not(unix))]
fn is_fifo(_: &Metadata) -> bool {
    false
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(200)
    }

    fn result(path: &Path, until: Instant) -> String {
        match read(path, 1 << 20, until) {
            Ok(bytes) => format!("{} bytes", bytes.len()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn files_that_are_not_regular_are_read_within_bounds() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("file"), "abc").expect("it can be written to");
        let large = File::create(path("large")).expect("it can be made");
        large.set_len(1 << 30).expect("it has holes");
        let _listener = std::os::unix::net::UnixListener::bind(path("socket")).expect("a socket");
        for name in ["silent", "written"] {
            let made = std::process::Command::new("mkfifo").arg(path(name)).status();
            assert!(made.is_ok_and(|status| status.success()), "mkfifo");
        }
        for (name, expected) in [
            ("file", "3 bytes"),
            ("large", "it is larger than 1 MB"),
            ("socket", "it is a socket"),
            ("silent", "nobody wrote anything into it in time"),
            (".", "it is a directory"),
            ("none", "No such file or directory (os error 2)"),
        ] {
            assert_eq!(result(&path(name), soon()), expected, "{name}");
        }
        assert_eq!(result(Path::new("/dev/zero"), soon()), "it is larger than 1 MB");
        assert_eq!(result(Path::new("/dev/null"), soon()), "0 bytes");

        let (fifo, patient) = (path("written"), Instant::now() + Duration::from_secs(10));
        let writer = std::thread::spawn(move || {
            let mut file = OpenOptions::new().write(true).open(fifo)?;
            std::thread::sleep(Duration::from_millis(50));
            io::Write::write_all(&mut file, b"late")
        });
        assert_eq!(result(&path("written"), patient), "4 bytes");
        assert!(writer.join().is_ok_and(|written| written.is_ok()));
    }
}
