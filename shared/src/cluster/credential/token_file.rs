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

/// How messages name a token file.
#[derive(Clone, Copy)]
struct FileWords {
    name: &'static str,
    hint: &'static str,
}

const KUBECONFIG: FileWords = FileWords {
    name: "tokenFile",
    hint: "check tokenFile in the kubeconfig, and who may read that file",
};
const AGENT: FileWords = FileWords {
    name: "the token file",
    hint: "kubectl -n sre-tools create token sre-agent-reader --audience sre-agent > FILE writes one",
};

/// The token of an agent, as a header of either form.
pub struct AgentToken {
    /// As the value of `Authorization`.
    pub bearer: HeaderValue,
    /// As the value of a header of its own.
    pub bare: HeaderValue,
}

/// Reads the token of an agent from a file, within a limit.
///
/// # Errors
/// Class `badConfiguration`, with the file and why it cannot be used.
pub async fn read_agent_token(path: &Path, limit: Duration) -> Result<AgentToken, Failure> {
    let token = read_text(AGENT, path, false, limit).await?;
    let what = format!("{} {}", AGENT.name, path.display());
    let bearer = authorization::bearer(&token, &what)?;
    let mut bare = HeaderValue::try_from(token.0)
        .map_err(|_| unusable(AGENT, path, "it holds characters that no token has"))?;
    bare.set_sensitive(true);
    Ok(AgentToken { bearer, bare })
}

/// Reads a token file of a kubeconfig. `again` is whether it was read before: then only a regular file is read, since a
/// FIFO is empty by then.
pub(super) async fn read(path: &Path, again: bool, limit: Duration) -> Result<HeaderValue, Failure> {
    let token = read_text(KUBECONFIG, path, again, limit).await?;
    authorization::bearer(&token, &format!("{} {}", KUBECONFIG.name, path.display()))
}

/// Reads a token file on a thread that may block, since the file can be a FIFO that never answers.
async fn read_text(words: FileWords, path: &Path, again: bool, limit: Duration) -> Result<Secret, Failure> {
    let limit = limit.min(LONGEST_READ);
    // The reader gives up before its caller does, so that its failure says why.
    let (own, until) = (path.to_owned(), Instant::now() + limit.mul_f32(0.9));
    let reading = tokio::task::spawn_blocking(move || {
        if again && !bounded_file::is_regular(&own) {
            return Err(unusable(words, &own, "it is no regular file any more"));
        }
        read_blocking(words, &own, until)
    });
    match timeout_at(until + limit / 20, reading).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) | Err(_) => Err(unusable(words, path, "it was not read in time")),
    }
}

fn unusable(words: FileWords, path: &Path, why: &str) -> Failure {
    Failure::bad_configuration(format!("{} {}: {why}", words.name, path.display())).with_hint(words.hint)
}

fn read_blocking(words: FileWords, path: &Path, until: Instant) -> Result<Secret, Failure> {
    let bad = |why: String| unusable(words, path, &why);
    let bytes =
        bounded_file::read(path, bounded_file::TOKEN, until).map_err(|error| bad(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        bad("it is no text in UTF-8".into())
            .with_hint("PowerShell writes UTF-16 by default: Out-File -Encoding ascii")
    })?;
    match text.trim() {
        "" => Err(bad("it is empty".into())),
        token => Ok(Secret(token.to_owned())),
    }
}
