//! The files of a dump: one, those of a directory, or standard input.

use sre_shared::dump::File;
use sre_shared::nearest::nearest;
use std::io::Read as _;
use std::path::Path;

/// Directories deeper than this are no dump but a mistake, a link to itself for one.
const DEEPEST: usize = 16;

/// Reads all of them.
///
/// # Errors
/// One line that names the path, why it cannot be read, and the nearest right one.
pub fn read(path: &Path) -> Result<Vec<File>, String> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|e| format!("standard input: {e}"))?;
        return Ok(vec![File {
            name: "standard input".into(),
            bytes,
        }]);
    }
    let kind = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => missing(path),
        _ => format!("{}: {error}", path.display()),
    })?;
    let mut files = Vec::new();
    if kind.is_dir() {
        walk(path, 0, &mut files)?;
        if files.is_empty() {
            return Err(format!(
                "{} holds no file that ends in .json, .yaml or .yml",
                path.display()
            ));
        }
    } else {
        files.push(load(path)?);
    }
    Ok(files)
}

fn load(path: &Path) -> Result<File, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(File {
        name: path.display().to_string(),
        bytes,
    })
}

fn walk(directory: &Path, depth: usize, files: &mut Vec<File>) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!(
            "{}: more than {DEEPEST} directories deep",
            directory.display()
        ));
    }
    let entries =
        std::fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut paths = entries
        .map(|entry| {
            entry
                .map(|e| e.path())
                .map_err(|error| format!("{}: {error}", directory.display()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, depth + 1, files)?;
        } else if path
            .extension()
            .is_some_and(|e| e == "json" || e == "yaml" || e == "yml")
        {
            files.push(load(&path)?);
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
