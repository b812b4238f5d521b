//! Progress on stderr, for runs that take long enough to be noticed.
use indicatif::{ProgressBar, ProgressDrawTarget};
use sre_shared::run::Progress;
use std::time::Duration;

/// A run that ends sooner shows no line, since one that flashes is noise.
const PATIENCE: Duration = Duration::from_millis(400);

/// A line on stderr with the progress of a run.
pub struct ProgressLine {
    bar: ProgressBar,
}

impl ProgressLine {
    /// A line about the server that is asked, hidden for a moment; without a server it stays hidden.
    #[must_use]
    pub fn new(server: Option<&str>) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Some(server) = server {
            bar.set_message(format!("asking {server}"));
            let later = bar.clone();
            tokio::spawn(async move {
                tokio::time::sleep(PATIENCE).await;
                if !later.is_finished() {
                    later.set_draw_target(ProgressDrawTarget::stderr());
                    later.enable_steady_tick(Duration::from_millis(120));
                }
            });
        }
        Self { bar }
    }

    /// Shows the progress of the run.
    pub fn show(&self, progress: Progress) {
        self.bar.set_message(match progress {
            Progress::Read(kind, count) => format!("{count} {} read", kind.title()),
            Progress::Namespaces(done, total) => format!("{done} of {total} namespaces read"),
        });
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
