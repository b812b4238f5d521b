//! A token that a file holds.

use crate::cluster::authorization;
use crate::cluster::bounded_file;
use crate::cluster::secret::Secret;
use crate::failure::Failure;
use http::HeaderValue;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// No run is longer, and `Instant` overflows if a limit of centuries is added to it.
const LONGEST_READ: Duration = Duration::from_hours(1);

/// Reads a token file on a thread that may block, since the file can be a FIFO that never answers. `again` is whether it was
/// read before: then only a regular file is read, since a FIFO is empty by then.
pub(super) async fn read(path: &Path, again: bool, limit: Duration) -> Result<HeaderValue, Failure> {
    let limit = limit.min(LONGEST_READ);
    // The reader gives up before its caller does, so that its failure says why.
    let (own, until) = (path.to_owned(), Instant::now() + limit.mul_f32(0.9));
    let reading = tokio::task::spawn_blocking(move || {
        if again && !bounded_file::is_regular(&own) {
            return Err(unusable(&own, "it is no regular file any more"));
        }
        read_blocking(&own, until)
    });
    match timeout_at(until + limit / 20, reading).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) | Err(_) => Err(unusable(path, "it was not read in time")),
    }
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::bad_configuration(format!("tokenFile {}: {why}", path.display()))
        .with_hint("check tokenFile in the kubeconfig, and who may read that file")
}

fn read_blocking(path: &Path, until: Instant) -> Result<HeaderValue, Failure> {
    let shown = path.display();
    let bad = |why: String| unusable(path, &why);
    let bytes =
        bounded_file::read(path, bounded_file::TOKEN, until).map_err(|error| bad(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        bad("it is no text in UTF-8".into())
            .with_hint("PowerShell writes UTF-16 by default: Out-File -Encoding ascii")
    })?;
    match text.trim() {
        "" => Err(bad("it is empty".into())),
        token => authorization::bearer(&Secret(token.to_owned()), &format!("tokenFile {shown}")),
    }
}
