//! What waiting and watching share: the clock, the source, and the last report.

use super::health::{log_exchange, save, uses_current_context, write};
use crate::cli::HealthSettings;
use crate::report_files::ReportFiles;
use crate::source::{Source, SourceFollower};
use crate::{Shell, StopSignal, exit};
use sre_shared::cluster::{Observer, RunLimit};
use sre_shared::failure::Failure;
use sre_shared::follow::WaitTarget;
use sre_shared::report::{Item, Report};
use sre_shared::resource::Time;
use sre_shared::run::clock;
use sre_shared::run::follow::{FollowPace, Observed};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long obtaining a credential may take. The limit of a run does not apply to a wait.
const OPEN: Duration = Duration::from_mins(1);

/// How long the last report may take. What it adds to the present one is no verdict.
const WHOLE: Duration = Duration::from_secs(10);

/// The time since the beginning, by a clock that never jumps, as a time of this machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct FollowClock {
    begun: Time,
    started: Instant,
}

impl FollowClock {
    /// A clock that begins now.
    pub fn start() -> Self {
        Self {
            begun: clock::system(),
            started: Instant::now(),
        }
    }

    /// The present.
    pub fn now(&self) -> Time {
        let passed = i64::try_from(self.started.elapsed().as_secs()).unwrap_or(i64::MAX);
        Time::from_seconds(self.begun.seconds.saturating_add(passed))
    }

    /// The instant at which that time is reached.
    pub fn instant_of(&self, time: Time) -> Instant {
        let seconds = u64::try_from(time.seconds.saturating_sub(self.begun.seconds)).unwrap_or(0);
        let most = Duration::from_hours(24);
        self.started + Duration::from_secs(seconds).min(self.started.elapsed().saturating_add(most))
    }

    /// The time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A source whose objects are followed.
pub struct FollowedSource {
    source: Source,
    pub follower: SourceFollower,
    /// The failure of the last observation, if nothing could be read.
    away: Option<Failure>,
}

/// Says which signal ended the run, and returns its exit code.
pub fn stopped(signal: StopSignal, shell: &mut Shell) -> u8 {
    shell.complain(signal.word);
    signal.code
}

/// Opens the source, and writes warnings about it.
///
/// # Errors
/// The exit code, if an input is wrong. Why was written.
pub async fn open_source(
    settings: &HealthSettings,
    limit: RunLimit,
    shell: &mut Shell,
) -> Result<Source, u8> {
    if settings.verbose && uses_current_context(&settings.source) {
        shell.complain("using the current context of the kubeconfig");
    }
    let observer = settings.verbose.then(|| Arc::new(log_exchange) as Observer);
    let source = match Source::open(settings.source.clone(), limit, observer).await {
        Ok(source) => source,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return Err(exit::USAGE);
        }
    };
    for warning in source.warnings() {
        shell.complain(&format!("warning: {warning}"));
    }
    Ok(source)
}

impl FollowedSource {
    /// Opens the source and begins to follow, unless a signal comes first.
    ///
    /// # Errors
    /// The exit code of a run that cannot begin. Why was written.
    pub async fn open(
        settings: &HealthSettings,
        clock: FollowClock,
        files: &mut ReportFiles,
        shell: &mut Shell,
        stop: Pin<&mut impl Future<Output = StopSignal>>,
    ) -> Result<Self, u8> {
        tokio::select! {
            biased;
            signal = stop => Err(stopped(signal, shell)),
            opened = Self::open_now(settings, clock, files, shell) => opened,
        }
    }

    async fn open_now(
        settings: &HealthSettings,
        clock: FollowClock,
        files: &mut ReportFiles,
        shell: &mut Shell,
    ) -> Result<Self, u8> {
        let source = open_source(settings, RunLimit::from_now(OPEN), shell).await?;
        Self::begin(source, settings, clock, FollowPace::default(), files, shell).await
    }

    /// Begins to follow an open source.
    ///
    /// # Errors
    /// As [`FollowedSource::open`].
    pub async fn begin(
        source: Source,
        settings: &HealthSettings,
        clock: FollowClock,
        pace: FollowPace,
        files: &mut ReportFiles,
        shell: &mut Shell,
    ) -> Result<Self, u8> {
        let limit = RunLimit::from_now(OPEN);
        match source.follow(&settings.request, limit, pace).await {
            Ok(Some(follower)) => Ok(Self {
                source,
                follower,
                away: None,
            }),
            Ok(None) => {
                // The grammar refuses such a source.
                shell.complain("error: only a cluster and its agent can be followed");
                Err(exit::USAGE)
            }
            Err(failure) => {
                if let Some(report) = source.unreached(&settings.request, &failure) {
                    save(&report, files, shell);
                    write(&report, Some(clock.elapsed()), settings, files, shell);
                }
                Err(exit::UNREACHED)
            }
        }
    }

    /// What is asked.
    pub fn asked(&self) -> String {
        self.source.asked().unwrap_or_default()
    }

    /// The objects that a wait is about, if only the source knows them.
    pub fn wait_targets(&self, settings: &HealthSettings) -> Option<Vec<WaitTarget>> {
        self.source.wait_targets(&settings.request)
    }

    /// The next observation.
    pub async fn next(&mut self) -> Observed {
        let observed = self.follower.next().await;
        self.away = match &observed {
            Observed::Report(_) => None,
            Observed::Away(failure) => Some((**failure).clone()),
        };
        observed
    }

    /// The report of an observation: every part is unknown if nothing could be read.
    pub fn report_of(&mut self, observed: Observed, settings: &HealthSettings) -> Report {
        match observed {
            Observed::Report(mut report) => {
                report.set_present_aside();
                *report
            }
            Observed::Away(_) => self.report_without_requests(settings),
        }
    }

    /// The report about the last observation: every part is unknown if nothing could be read.
    pub fn report_without_requests(&mut self, settings: &HealthSettings) -> Report {
        let unread = self.away.as_ref().filter(|_| !self.follower.explains_outages());
        let unread = unread.and_then(|failure| self.source.unreached(&settings.request, failure));
        unread.unwrap_or_else(|| self.follower.present_report())
    }

    /// As [`FollowedSource::report_without_requests`], with the objects that the caller chooses and perhaps others.
    pub fn chosen_report(
        &mut self,
        settings: &HealthSettings,
        chooses: &dyn Fn(&str, &Item) -> bool,
    ) -> Report {
        match self.away {
            Some(_) => self.report_without_requests(settings),
            None => self.follower.chosen_report(chooses),
        }
    }

    /// As [`FollowedSource::report_without_requests`], with the rights that are missing and with log lines, unless the API
    /// server takes too long for these.
    pub async fn last_report(&mut self, settings: &HealthSettings) -> Report {
        if self.away.is_some() {
            return self.report_without_requests(settings);
        }
        match timeout(WHOLE, self.follower.whole_report()).await {
            Ok(report) => report,
            Err(_) => self.report_without_requests(settings),
        }
    }
}
