//! The files of manifests, read once.

use super::files;
use sre_shared::dump::Objects;
use sre_shared::run::manifests::Manifest;
use std::path::{Path, PathBuf};

/// Manifests in files or on standard input.
#[derive(Debug, Clone)]
pub struct ManifestFiles {
    path: PathBuf,
    /// The namespace of `-n`.
    namespace: Option<String>,
    /// The objects that they name, once they were read.
    manifest: Option<Manifest>,
}

impl ManifestFiles {
    /// Manifests that were not read yet.
    #[must_use]
    pub fn new(path: PathBuf, namespace: Option<&str>) -> Self {
        Self {
            path,
            namespace: namespace.filter(|name| !name.is_empty()).map(str::to_owned),
            manifest: None,
        }
    }

    /// The namespace of `-n`.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Reads them and keeps what they name. The command before a pipe may take its time, which is not a part of the run.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn load(&mut self) -> Result<(), String> {
        self.manifest = Some(self.read().await?);
        Ok(())
    }

    /// The objects that they name. They are read on a thread of its own, since standard input can stay silent for ever and
    /// Ctrl-C must end the run.
    ///
    /// # Errors
    /// One line that names the path, or file and line, and says why.
    pub async fn read(&self) -> Result<Manifest, String> {
        if let Some(manifest) = &self.manifest {
            return Ok(manifest.clone());
        }
        let name = if self.path == Path::new("-") {
            "standard input".to_owned()
        } else {
            self.path.to_string_lossy().into_owned()
        };
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || {
            let objects = Objects::read_manifests(files::read(&path)?);
            Manifest::new(&objects, &name)
        });
        let manifest = read
            .await
            .unwrap_or_else(|error| Err(format!("the manifests could not be read: {error}")))?;
        if let Some(namespace) = &self.namespace {
            manifest.check_namespace(namespace)?;
        }
        Ok(manifest)
    }
}
