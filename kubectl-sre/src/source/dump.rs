//! The files of a dump, read and parsed once.

use super::files;
use sre_shared::dump::Objects;
use sre_shared::report::{NotSeen, Report, Source, Timeline};
use sre_shared::resource::Time;
use sre_shared::run::{self, Request, TimelineRequest, clock};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A dump in memory. Files that change or go away later do not change its reports.
pub struct Dump {
    name: String,
    /// When it was taken, if the user said so.
    at: Option<Time>,
    objects: Arc<Objects>,
}

impl Dump {
    /// Reads and parses a dump on a thread of its own, since standard input can stay silent for ever and Ctrl-C must end
    /// the run.
    ///
    /// # Errors
    /// One line that names the path, why it cannot be read, and the nearest right one.
    pub async fn open(path: PathBuf, at: Option<Time>) -> Result<Self, String> {
        let name = if path == Path::new("-") {
            "standard input".to_owned()
        } else {
            path.to_string_lossy().into_owned()
        };
        let read = tokio::task::spawn_blocking(move || files::read(&path).map(Objects::read));
        let objects = read
            .await
            .unwrap_or_else(|error| Err(format!("the dump could not be read: {error}")))?;
        Ok(Self {
            name,
            at,
            objects: Arc::new(objects),
        })
    }

    /// What changed before the dump was taken, on a thread of its own too.
    pub async fn timeline(&self, request: &TimelineRequest) -> Timeline {
        let (objects, name, at) = (Arc::clone(&self.objects), self.name.clone(), self.at);
        let own = request.clone();
        let read =
            tokio::task::spawn_blocking(move || run::dump_timeline(&objects, &name, &own, at, clock::system));
        read.await.unwrap_or_else(|error| {
            let source = Source {
                mode: "file".to_owned(),
                file: Some(self.name.clone()),
                ..Source::default()
            };
            let mut timeline = Timeline::new(source, clock::system().to_string());
            timeline.not_seen.push(NotSeen {
                thing: self.name.clone(),
                class: "undecodable".to_owned(),
                error: Some(format!("the dump could not be read: {error}")),
                ..NotSeen::default()
            });
            timeline
        })
    }

    /// Judges the dump, on a thread of its own too: decoding a large one takes seconds, and Ctrl-C must end the run.
    pub async fn report(&self, request: &Request) -> Report {
        let (objects, name, request, at) = (
            Arc::clone(&self.objects),
            self.name.clone(),
            request.clone(),
            self.at,
        );
        let judged =
            tokio::task::spawn_blocking(move || run::dump(&objects, &name, &request, at, clock::system));
        judged.await.unwrap_or_else(|error| {
            let source = Source {
                mode: "file".to_owned(),
                file: Some(self.name.clone()),
                ..Source::default()
            };
            let mut report = Report::new(source, clock::system().to_string());
            report.coverage.not_seen.push(NotSeen {
                thing: self.name.clone(),
                class: "undecodable".to_owned(),
                error: Some(format!("the dump could not be judged: {error}")),
                ..NotSeen::default()
            });
            report
        })
    }
}
