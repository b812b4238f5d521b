//! Certificates and keys of the configuration, in PEM.

use crate::cluster::bounded_file;
use crate::failure::Failure;
use std::path::{Path, PathBuf};
use tokio::time::Instant;

/// Bytes in the configuration, or the file that holds them.
#[derive(Clone)]
pub(crate) enum PemSource {
    Data(Vec<u8>),
    File(PathBuf),
}

impl PemSource {
    /// From the field of a kubeconfig that holds the bytes, else from the one that names their file; `what` is its name
    /// in a failure. A file that cannot be read twice, such as a FIFO, is read here.
    pub fn from_fields(what: &str, data: &[u8], file: &str, until: Instant) -> Result<Option<Self>, Failure> {
        if !data.is_empty() {
            return Ok(Some(Self::Data(data.to_vec())));
        }
        if file.is_empty() {
            return Ok(None);
        }
        let source = Self::File(file.into());
        Ok(Some(if bounded_file::is_regular(Path::new(file)) {
            source
        } else {
            Self::Data(source.read(what, until)?)
        }))
    }

    /// The bytes, read before `until`.
    pub fn read(&self, what: &str, until: Instant) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Data(bytes) => Ok(bytes.clone()),
            Self::File(path) => bounded_file::read(path, bounded_file::CERTIFICATES, until)
                .map_err(|error| Failure::bad_configuration(format!("{what} {}: {error}", path.display()))),
        }
    }

    /// Whether the bytes can change while the process runs.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}
