//! Owns the log's form: one line an event on stderr, as text or as JSON.
//! Must not know what is logged.

use clap::ValueEnum;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Layer as _, fmt};

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// The least important event that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the words are those of every logger")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    fn level(self) -> Level {
        match self {
            Self::Error => Level::ERROR,
            Self::Warn => Level::WARN,
            Self::Info => Level::INFO,
            Self::Debug => Level::DEBUG,
            Self::Trace => Level::TRACE,
        }
    }
}

/// Starts the log of the whole process.
///
/// # Errors
/// If something logs already.
pub fn start(format: LogFormat, threshold: LogLevel) -> Result<(), TryInitError> {
    let layer = fmt::layer()
        .with_writer(std::io::stderr)
        // It would report a full stderr to that stderr, and panic.
        .log_internal_errors(false)
        .with_ansi(false)
        .with_target(false);
    let layer = match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(targets(threshold)))
        .try_init()
}

/// Which levels are written of which crate. Other crates log a line for each attempt during an outage, and their traces
/// can hold what goes over the wire. So only their warnings are written, and only at the levels for finding a fault.
fn targets(threshold: LogLevel) -> Targets {
    let level = threshold.level();
    let others = if level >= Level::DEBUG {
        LevelFilter::WARN
    } else {
        LevelFilter::OFF
    };
    Targets::new()
        .with_default(others)
        .with_target("sre_agent", level)
        .with_target("sre_shared", level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_crates_never_write_what_goes_over_the_wire() {
        let would = |threshold, target, level| targets(threshold).would_enable(target, &level);
        assert!(would(LogLevel::Info, "sre_agent::watch::watcher", Level::INFO));
        assert!(!would(LogLevel::Info, "sre_agent::watch::watcher", Level::DEBUG));
        assert!(!would(LogLevel::Info, "hyper_util::client", Level::ERROR));
        assert!(would(LogLevel::Trace, "hyper::proto", Level::WARN));
        assert!(!would(LogLevel::Trace, "hyper::proto", Level::INFO));
    }
}
