//! The files of a dump: one file, the files of a directory or an archive, or standard input. They are read whole, up to
//! a bound.

use super::archive;
use sre_shared::dump::File;
use sre_shared::nearest::nearest;
use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

/// Depth of directories. A deeper one is a mistake and no dump.
const DEEPEST: usize = 32;
/// Bytes that are read in all, unpacked.
const MOST_BYTES: u64 = 1 << 30;
/// Files and directories that are read in all.
const MOST_ENTRIES: usize = 200_000;

/// How much may still be read.
pub struct Budget {
    /// Bytes, unpacked.
    pub bytes: u64,
    /// Files and directories.
    pub entries: usize,
}

/// The files that were found.
#[derive(Default)]
pub struct FoundFiles {
    /// The files, with the bytes that were read.
    pub files: Vec<File>,
    /// An archive without a file that could be a dump, and the number of other files in it.
    pub nothing_in: Option<(String, usize)>,
}

impl FoundFiles {
    /// Adds a file. `unread` says why it was not read, or only in part.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>, unread: Option<&str>) {
        let file = File::new(name, bytes);
        self.files.push(match unread {
            Some(why) => file.with_unread_part(why),
            None => file,
        });
    }
}

/// Whether a file of a directory or archive is read, by its name. `microk8s inspect` writes `cluster-info-dump`. Files
/// whose name begins with `._` hold attributes of another file on macOS, and are no dumps.
pub fn is_dump(name: &str) -> bool {
    const ENDS: [&str; 10] = [
        ".json",
        ".yaml",
        ".yml",
        ".json.gz",
        ".yaml.gz",
        ".yml.gz",
        ".tar",
        ".tar.gz",
        ".tgz",
        "cluster-info-dump",
    ];
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let lower = file.to_ascii_lowercase();
    !file.starts_with("._") && ENDS.iter().any(|end| lower.ends_with(end))
}

/// Reads the files at a path.
///
/// # Errors
/// One line that names the path, why it cannot be read, and the nearest right one.
pub fn read(path: &Path) -> Result<Vec<File>, String> {
    let mut budget = Budget {
        bytes: MOST_BYTES,
        entries: MOST_ENTRIES,
    };
    let mut found = FoundFiles::default();
    if path == Path::new("-") {
        read_named("standard input", std::io::stdin().lock(), &mut budget, &mut found)?;
    } else if is_stream(path) {
        let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        read_named(&path.display().to_string(), file, &mut budget, &mut found)?;
    } else {
        let kind = std::fs::metadata(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => missing(path),
            _ => format!("{}: {error}", path.display()),
        })?;
        if kind.is_dir() {
            let mut seen = HashSet::new();
            walk(path, 0, &mut seen, &mut budget, &mut found)?;
        } else if kind.is_file() {
            let name = path.display().to_string();
            let file = std::fs::File::open(path).map_err(|error| format!("{name}: {error}"))?;
            read_named(&name, file, &mut budget, &mut found)?;
        } else {
            return Err(format!(
                "{} is neither a file nor a directory, and may never end: write its content into a file, or give it on \
                 standard input, which is -",
                path.display()
            ));
        }
    }
    if let (Some((archive, others)), true) = (&found.nothing_in, found.files.is_empty()) {
        return Err(format!(
            "{archive} holds no file that ends in .json, .yaml or .yml, but {others} others"
        ));
    }
    if found.files.is_empty() {
        return Err(format!(
            "{} holds no file that ends in .json, .yaml or .yml",
            path.display()
        ));
    }
    Ok(found.files)
}

/// Whether the path is a stream that this process inherited, as a shell writes it for `<(command)`. Like standard input,
/// it comes from a running command.
fn is_stream(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let number = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
    text == "/dev/stdin"
        || text.strip_prefix("/dev/fd/").is_some_and(number)
        || text.strip_prefix("/proc/self/fd/").is_some_and(number)
}

/// Reads the file that the user named. If it cannot be read, there is nothing to judge.
fn read_named(
    name: &str,
    mut source: impl Read,
    budget: &mut Budget,
    found: &mut FoundFiles,
) -> Result<(), String> {
    let (head, error) = archive::read_up_to(&mut source, archive::HEAD);
    if let Some(error) = error {
        return Err(format!("{name}: {error}"));
    }
    if let Some(tool) = archive::other_packing(&head) {
        return Err(format!(
            "{name} is packed with {tool}: unpack it first, or pack it with gzip"
        ));
    }
    let packed = archive::packing(&head).is_some();
    let mut source = std::io::Cursor::new(head).chain(source);
    if packed {
        archive::unpack(name, &mut source, 0, budget, found);
        return Ok(());
    }
    let (bytes, error) = archive::read_up_to(&mut source, budget.bytes + 1);
    if let Some(error) = error {
        return Err(format!("{name}: {error}"));
    }
    if bytes.len() as u64 > budget.bytes {
        return Err(format!(
            "{name}: more than 1 GiB, which is the most that is read: dump fewer kinds or namespaces at once"
        ));
    }
    budget.bytes -= bytes.len() as u64;
    found.add(name, bytes, None);
    Ok(())
}

/// Reads a directory. A file that cannot be read is reported, and the others are read all the same.
fn walk(
    directory: &Path,
    depth: usize,
    seen: &mut HashSet<std::path::PathBuf>,
    budget: &mut Budget,
    found: &mut FoundFiles,
) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!(
            "{}: more than {DEEPEST} directories deep",
            directory.display()
        ));
    }
    // A link can lead to a directory that was read already, or to its own.
    if std::fs::canonicalize(directory).is_ok_and(|real| !seen.insert(real)) {
        return Ok(());
    }
    let entries =
        std::fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut paths = entries
        .map(|entry| {
            entry
                .map(|e| e.path())
                .map_err(|error| format!("{}: {error}", directory.display()))
        })
        .take(budget.entries + 1)
        .collect::<Result<Vec<_>, _>>()?;
    if paths.len() > budget.entries {
        return Err(format!(
            "{}: more than {MOST_ENTRIES} files, which is the most that is read: name a directory in it",
            directory.display()
        ));
    }
    budget.entries -= paths.len();
    paths.sort();
    for path in paths {
        let name = path.display().to_string();
        let kind = std::fs::metadata(&path);
        if kind.as_ref().is_ok_and(std::fs::Metadata::is_dir) {
            walk(&path, depth + 1, seen, budget, found)?;
            continue;
        }
        if !is_dump(&name) {
            continue;
        }
        match kind {
            Ok(kind) if !kind.is_file() => {
                found.add(
                    &name,
                    Vec::new(),
                    Some("neither a file nor a directory: it may never end, so it was not read"),
                );
            }
            Err(_) if path.is_symlink() => {
                found.add(&name, Vec::new(), Some("a link to a file that is not there"));
            }
            Err(error) => found.add(&name, Vec::new(), Some(&error.to_string())),
            Ok(_) => match std::fs::File::open(&path) {
                Ok(mut file) => archive::unpack(&name, &mut file, 0, budget, found),
                Err(error) => found.add(&name, Vec::new(), Some(&error.to_string())),
            },
        }
    }
    Ok(())
}

fn missing(path: &Path) -> String {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let directory = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let siblings: Vec<String> = std::fs::read_dir(directory)
        .map(|entries| {
            entries
                .take(MOST_ENTRIES)
                .flatten()
                .map(|e| e.file_name().to_string_lossy().into_owned())
                .collect()
        })
        .unwrap_or_default();
    match nearest(&name, siblings.iter().map(String::as_str)) {
        Some(near) => format!(
            "{} does not exist, did you mean {}?",
            path.display(),
            directory.join(near).display()
        ),
        None => format!("{} does not exist", path.display()),
    }
}
