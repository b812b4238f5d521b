//! The file by which kubectl finds the candidates of a plugin: an executable `kubectl_complete-sre` on PATH. kubectl runs it
//! with the words behind `sre` and reads its standard output (`pkg/cmd/plugin/plugin_completion.go` of kubectl).

use std::ffi::OsStr;
use std::fmt;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Each shim has this line, by which it is recognized.
const MARK: &str = "Written by `kubectl sre completion install`, which replaces and removes it.";
/// More than any shim has. A longer file is somebody else's.
const LONGEST: u64 = 64 << 10;
/// Its name.
const NAME: &str = if cfg!(windows) {
    "kubectl_complete-sre.cmd"
} else {
    "kubectl_complete-sre"
};

/// The shim of a plugin in a directory.
#[derive(Debug)]
pub struct Shim {
    path: PathBuf,
    plugin: PathBuf,
}

/// What has been done, or what would be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallOutcome {
    /// There was none, and there is one now.
    Written,
    /// There was an older one.
    Replaced,
    /// It was there already.
    Present,
    /// It has been removed.
    Removed,
    /// There was nothing to remove.
    Absent,
}

/// Why nothing has been done.
#[derive(Debug)]
pub enum InstallError {
    /// A file of that name was written by somebody else.
    Foreign(PathBuf),
    /// The path of the plugin cannot be written into a script.
    Unspeakable(PathBuf),
    /// The system refuses it.
    Io(PathBuf, std::io::Error),
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(path) => write!(
                f,
                "{} was not written by this command, and stays as it is: move it away, or give another directory of PATH: \
                 kubectl sre completion install --dir DIR",
                path.display()
            ),
            Self::Unspeakable(path) => write!(
                f,
                "{}: no script can name this path: move the plugin to one without line ends and quotes",
                path.display()
            ),
            Self::Io(path, error) => {
                let why = error.to_string();
                let why = why.split(" (os error").next().unwrap_or_default();
                write!(
                    f,
                    "{}: {why}; give a directory of PATH that you may write to: kubectl sre completion install --dir DIR",
                    path.display()
                )
            }
        }
    }
}

impl Shim {
    /// The shim of the plugin at that path, which may be a symbolic link: Krew points it at the newest version.
    #[must_use]
    pub fn new(plugin: PathBuf, directory: Option<PathBuf>) -> Self {
        let beside = || plugin.parent().map(Path::to_owned).unwrap_or_default();
        let directory = directory.unwrap_or_else(beside);
        Self {
            path: std::path::absolute(directory.join(NAME)).unwrap_or_else(|_| directory.join(NAME)),
            plugin,
        }
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it, unless it is there already.
    ///
    /// # Errors
    /// Why it is not there.
    pub fn install(&self, dry_run: bool) -> Result<InstallOutcome, InstallError> {
        let text = self.text()?;
        let installed = match self.existing()? {
            Some(existing) if existing == text.as_bytes() && self.is_executable() => {
                return Ok(InstallOutcome::Present);
            }
            Some(_) => InstallOutcome::Replaced,
            None => InstallOutcome::Written,
        };
        if !dry_run {
            self.write(&text).map_err(|error| self.failed(error))?;
        }
        Ok(installed)
    }

    /// Removes it, if it is there.
    ///
    /// # Errors
    /// Why it is still there.
    pub fn remove(&self, dry_run: bool) -> Result<InstallOutcome, InstallError> {
        if self.existing()?.is_none() {
            return Ok(InstallOutcome::Absent);
        }
        if !dry_run {
            std::fs::remove_file(&self.path).map_err(|error| self.failed(error))?;
        }
        Ok(InstallOutcome::Removed)
    }

    /// Whether a directory of a search path is that of the shim.
    #[must_use]
    pub fn is_on(&self, search_path: &OsStr) -> bool {
        let canonical = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let own = self.path.parent().map(canonical);
        std::env::split_paths(search_path).any(|directory| Some(canonical(&directory)) == own)
    }

    /// The file that kubectl finds first on a search path, if it is another one.
    #[must_use]
    pub fn hidden_by(&self, search_path: &OsStr) -> Option<PathBuf> {
        let mut files = std::env::split_paths(search_path).map(|directory| directory.join(NAME));
        let first = files.find(|file| file.is_file())?;
        let is_same = std::fs::canonicalize(&first).ok() == std::fs::canonicalize(&self.path).ok();
        (!is_same).then_some(first)
    }

    /// The file, if it is there.
    fn existing(&self) -> Result<Option<Vec<u8>>, InstallError> {
        let facts = match std::fs::symlink_metadata(&self.path) {
            Ok(facts) => facts,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(error)),
        };
        // A link may point at anybody's file.
        if !facts.is_file() || facts.len() > LONGEST {
            return Err(InstallError::Foreign(self.path.clone()));
        }
        let content = std::fs::read(&self.path).map_err(|error| self.failed(error))?;
        let is_marked = content.windows(MARK.len()).any(|part| part == MARK.as_bytes());
        if is_marked {
            Ok(Some(content))
        } else {
            Err(InstallError::Foreign(self.path.clone()))
        }
    }

    /// Writes it beside its place and moves it there, so that kubectl never runs half of it.
    fn write(&self, text: &str) -> std::io::Result<()> {
        let draft = self.path.with_extension(format!("{}.new", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
        let written = options
            .open(&draft)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| std::fs::rename(&draft, &self.path));
        if written.is_err() {
            let _ = std::fs::remove_file(&draft);
        }
        written
    }

    #[cfg(unix)]
    fn is_executable(&self) -> bool {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(&self.path).is_ok_and(|facts| facts.permissions().mode() & 0o111 == 0o111)
    }

    #[cfg(not(unix))]
    fn is_executable(&self) -> bool {
        true
    }

    fn failed(&self, error: std::io::Error) -> InstallError {
        InstallError::Io(self.path.clone(), error)
    }

    /// The script. If the plugin is gone, it fails and says nothing.
    fn text(&self) -> Result<String, InstallError> {
        let unspeakable = || InstallError::Unspeakable(self.plugin.clone());
        let plugin = self.plugin.to_str().ok_or_else(unspeakable)?;
        if plugin.chars().any(|c| c.is_control() || c == '"') {
            return Err(unspeakable());
        }
        Ok(if cfg!(windows) {
            let plugin = plugin.replace('%', "%%");
            format!("@echo off\r\nrem {MARK}\r\n\"{plugin}\" __complete %* <nul 2>nul\r\n")
        } else {
            let plugin = sre_shared::shell::quoted(plugin);
            format!(
                "#!/bin/sh\n# {MARK}\n# kubectl runs it for the candidates of `kubectl sre`.\n[ -x {plugin} ] || exit 1\nexec \
                 {plugin} __complete \"$@\" </dev/null 2>/dev/null\n"
            )
        })
    }
}
