//! A sign of life on stderr, for runs that take long enough to be noticed.

use indicatif::{ProgressBar, ProgressDrawTarget};
use sre_shared::run;
use std::time::Duration;

/// A run that ends sooner shows nothing: a line that flashes is noise.
const PATIENCE: Duration = Duration::from_millis(400);

/// The sign of life.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Hidden unless `wanted`, and even then for a moment.
    #[must_use]
    pub fn new(wanted: bool, what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_message(format!("asking {what}"));
        if wanted {
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

    /// Says how far it is.
    pub fn tell(&self, progress: run::Progress) {
        self.bar.set_message(match progress {
            run::Progress::Read(kind, count) => format!("{count} {} read", kind.title()),
            run::Progress::Namespaces(done, total) => format!("{done} of {total} namespaces read"),
        });
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
