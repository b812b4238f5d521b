//! The completion of a command line: its words in, candidates for the last word out. kubectl and the scripts of all shells
//! read the same answer, in the form of cobra's `__complete`.
//!
//! `command_line` finds the place of the last word by the grammar, `candidate_source` says which words fit there, `candidate` has
//! what is printed, and `live` reads names from kubeconfigs and clusters. `script` has the scripts of the shells, and `shim`
//! the file by which kubectl finds the plugin.

mod candidate;
mod candidate_source;
mod command_line;
mod live;
mod script;
mod shim;

#[cfg(test)]
mod tests;

pub use candidate::{Candidate, Completion};
pub use script::{CompletionShell, script};
pub use shim::{InstallError, InstallOutcome, Shim};

use sre_shared::cluster::RunLimit;
use std::time::Duration;

/// The first argument that asks for candidates. The words of the command line follow, and the last one is completed.
pub const COMPLETE: &str = "__complete";

/// A person waits for the candidates, so that late ones are worth nothing. `kubectl` reads a list within some 100 ms.
const LIMIT: Duration = Duration::from_secs(1);

/// The candidates for the last of these words. There are none if the cluster does not answer in time.
pub async fn complete(words: &[String]) -> Completion {
    let limit = RunLimit::from_now(LIMIT);
    let command = crate::cli::grammar();
    let (last, before) = words
        .split_last()
        .map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
    let line = command_line::CommandLine::new(&command, before, last);
    let source = candidate_source::CandidateSource::at(&line);
    // Each request has a deadline of its own. This one holds for all that is between them.
    let named = tokio::time::timeout_at(limit.until, live::resolve(source, &line, limit));
    named.await.unwrap_or_else(|_| Completion::nothing())
}
