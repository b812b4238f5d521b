//! Progress on stderr, for runs that take long enough to be noticed: one line, which says what the run waits for.

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use sre_shared::run::{API_SERVER, Progress};
use std::io::Result;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};
use unicode_width::UnicodeWidthStr as _;

/// A run that ends sooner shows no line, since one that flashes is noise.
const PATIENCE: Duration = Duration::from_millis(400);
/// How often the line is compared with what it should say.
const TICK: Duration = Duration::from_millis(100);
/// Columns that stay free: a terminal writes `^C` behind the line, and would begin a new one at its edge.
const FREE: u16 = 3;
/// The least width of the words beside the seconds.
const SHORTEST: usize = 3;

/// A line on stderr with the progress of a run. It is erased when dropped.
pub struct ProgressLine {
    run: Arc<Mutex<RunProgress>>,
    bar: ProgressBar,
    ticker: AbortHandle,
}

impl ProgressLine {
    /// A line about a run that began at that time and asks this server or agent. It stays hidden for a moment.
    #[must_use]
    pub fn new(asked: &str, started: Instant) -> Self {
        let run = Arc::new(Mutex::new(RunProgress::new(asked)));
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        let (read, drawn) = (Arc::clone(&run), bar.clone());
        let ticker = tokio::spawn(async move {
            sleep(PATIENCE).await;
            let terminal = NarrowTerminal(Term::stderr());
            drawn.set_draw_target(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
            loop {
                let room = usize::from(terminal.width());
                let text = fit(&lock(&read).waits_for(), started.elapsed().as_secs(), room);
                if drawn.message() != text {
                    drawn.set_message(text);
                }
                sleep(TICK).await;
            }
        });
        Self {
            run,
            bar,
            ticker: ticker.abort_handle(),
        }
    }

    /// Says what is asked from now on.
    pub fn ask(&self, asked: &str) {
        asked.clone_into(&mut lock(&self.run).asked);
    }

    /// Notes a step of the run.
    pub fn show(&self, step: Progress<'_>) {
        lock(&self.run).note(step);
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.ticker.abort();
        self.bar.finish_and_clear();
    }
}

fn lock(run: &Mutex<RunProgress>) -> MutexGuard<'_, RunProgress> {
    run.lock().unwrap_or_else(PoisonError::into_inner)
}

/// stderr without its last columns. indicatif fills a line to its end.
#[derive(Debug, Clone)]
struct NarrowTerminal(Term);

impl TermLike for NarrowTerminal {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(FREE)
    }

    fn move_cursor_up(&self, n: usize) -> Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, line: &str) -> Result<()> {
        self.0.write_line(line)
    }

    fn write_str(&self, text: &str) -> Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> Result<()> {
        self.0.flush()
    }
}

/// The steps of a run so far.
#[derive(Debug, Default)]
struct RunProgress {
    asked: String,
    /// Whether anything was answered.
    is_answered: bool,
    /// The checks that are being read, with the namespaces that are done.
    reading: Vec<(String, Option<(usize, usize)>)>,
    /// The step after the reading.
    later: Option<&'static str>,
}

impl RunProgress {
    fn new(asked: &str) -> Self {
        Self {
            asked: asked.to_owned(),
            ..Self::default()
        }
    }

    fn note(&mut self, step: Progress<'_>) {
        match step {
            Progress::Reading(check) => self.reading.push((check.to_owned(), None)),
            Progress::Namespaces(check, done, total) => {
                self.is_answered = true;
                if let Some((_, namespaces)) = self.reading.iter_mut().find(|(name, _)| name == check) {
                    *namespaces = Some((done, total));
                }
            }
            Progress::Read(check) => {
                self.is_answered = true;
                self.reading.retain(|(name, _)| name != check);
            }
            Progress::Judged => self.later = None,
            Progress::SearchingCauses => self.later = Some("looking for causes"),
            Progress::ReadingLogs => self.later = Some("reading logs of crashed containers"),
        }
    }

    /// What the run waits for.
    fn waits_for(&self) -> String {
        let kinds = self.reading.iter().filter(|(check, _)| check != API_SERVER);
        let kinds = kinds.map(|(check, namespaces)| match namespaces {
            Some((done, total)) => format!("{check} ({done} of {total} namespaces)"),
            None => check.clone(),
        });
        let kinds: Vec<String> = kinds.collect();
        match self.later {
            _ if !self.is_answered => format!("asking {}", self.asked),
            Some(later) => later.to_owned(),
            None if !kinds.is_empty() => format!("reading {}", kinds.join(", ")),
            None if !self.reading.is_empty() => "checking the API server".to_owned(),
            None => format!("asking {}", self.asked),
        }
    }
}

/// The text with the seconds, as much as there is room for. The seconds stay, since they show that the run goes on.
fn fit(text: &str, seconds: u64, room: usize) -> String {
    let time = match seconds {
        0 => String::new(),
        seconds => format!(", {seconds} s"),
    };
    if text.width() + time.width() <= room {
        return format!("{text}{time}");
    }
    match room.checked_sub(time.width()) {
        Some(left) if left > SHORTEST => format!("{}{time}", console::truncate_str(text, left, "...")),
        _ => time.trim_start_matches([',', ' ']).chars().take(room).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{RunProgress, fit};
    use sre_shared::run::Progress::{self, Judged, Namespaces, Read, Reading, ReadingLogs, SearchingCauses};
    use unicode_width::UnicodeWidthStr as _;

    const SERVER: &str = "https://10.0.0.1:6443";

    fn after(steps: &[Progress<'_>]) -> RunProgress {
        let mut run = RunProgress::new(SERVER);
        for step in steps {
            run.note(*step);
        }
        run
    }

    #[test]
    fn the_line_says_what_the_run_waits_for() {
        let begun = [Reading("apiserver"), Reading("deployments"), Reading("jobs")];
        let rows: [(&[Progress<'_>], &str); 8] = [
            (&[], "asking https://10.0.0.1:6443"),
            // Nothing was answered yet: the server itself may be away.
            (&begun, "asking https://10.0.0.1:6443"),
            (
                &[&begun[..], &[Read("apiserver")]].concat(),
                "reading deployments, jobs",
            ),
            (
                &[&begun[..], &[Namespaces("deployments", 3, 40), Read("jobs")]].concat(),
                "reading deployments (3 of 40 namespaces)",
            ),
            (
                &[&begun[..], &[Read("deployments"), Read("jobs")]].concat(),
                "checking the API server",
            ),
            (
                &[Reading("jobs"), Read("jobs"), SearchingCauses],
                "looking for causes",
            ),
            (
                &[Reading("jobs"), Read("jobs"), SearchingCauses, ReadingLogs],
                "reading logs of crashed containers",
            ),
            (
                &[
                    &begun[..],
                    &[Read("deployments"), Read("jobs"), SearchingCauses, Judged],
                ]
                .concat(),
                "checking the API server",
            ),
        ];
        for (steps, text) in rows {
            assert_eq!(after(steps).waits_for(), text, "{steps:?}");
        }
    }

    #[test]
    fn the_seconds_count_up_and_the_line_fits_the_terminal() {
        for (seconds, columns, line) in [
            (0, 80, "asking https://10.0.0.1:6443"),
            (3, 80, "asking https://10.0.0.1:6443, 3 s"),
            (59, 36, "asking https://10.0.0.1:..., 59 s"),
            (3, 36, "asking https://10.0.0.1:6443, 3 s"),
            (3, 20, "asking ht..., 3 s"),
            (3, 12, "a..., 3 s"),
            (3, 10, "3 s"),
            (3, 7, "3 s"),
            (3, 5, "3 "),
            (3, 0, ""),
        ] {
            let room = usize::saturating_sub(columns, super::FREE.into());
            assert_eq!(
                fit("asking https://10.0.0.1:6443", seconds, room),
                line,
                "{columns}"
            );
            assert!(line.width() <= room, "{columns}");
        }
    }
}
