//! The outcome of a report in three words. Exit codes and the agent's `?fail=` are made from them.

use super::{Report, State, Status, Summary};

/// The outcome of a report. Several of its fields can be true at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// An object is under way.
    pub progressing: bool,
    /// An object, or the API server, is certainly broken.
    pub degraded: bool,
    /// Something was not seen or not understood.
    pub unknown: bool,
}

impl Outcome {
    /// Reads the outcome from a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut outcome = Self {
            unknown: !report.coverage.not_seen.is_empty() || report.is_blank(),
            ..Self::default()
        };
        if let Some(api_server) = report.api_server() {
            outcome.degraded |= api_server.status == Status::Degraded && !api_server.is_excused();
            outcome.unknown |= api_server.status == Status::Unknown;
        }
        for kind in report.kinds() {
            outcome.unknown |= kind.status == Status::Unknown;
            // A shortage makes a part degraded. If the part is unknown nevertheless, its counts are from data that is too
            // old to be certain.
            let mut counted = kind.summary;
            // Excused objects are in the counts of their states too.
            for item in kind.items.iter().filter(|i| i.is_excused()) {
                counted.uncount(item.state);
            }
            if kind.status == Status::Unknown {
                (counted.degraded, counted.unavailable) = (0, 0);
            }
            outcome = outcome.with(&counted);
            // A named object that is being deleted is not healthy, but no count above has its state.
            outcome.degraded |= kind
                .items
                .iter()
                .any(|i| i.state == State::Terminating && i.status() == Status::Degraded);
        }
        // A newer sender may know of a shortage that none of the counts above shows.
        let is_shown = outcome.degraded || outcome.progressing;
        outcome.degraded |= report.status == Status::Degraded && !is_shown;
        outcome.unknown |= report.status == Status::Unknown;
        outcome
    }

    /// Adds the counts of a summary.
    #[must_use]
    pub fn with(mut self, summary: &Summary) -> Self {
        self.progressing |= summary.progressing > 0;
        self.degraded |= summary.degraded > 0 || summary.unavailable > 0;
        self.unknown |= summary.unknown > 0;
        self
    }
}

/// The words that count as a failure; all three by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailOn {
    /// Whether `progressing` counts.
    pub progressing: bool,
    /// Whether `degraded` counts, and with it `unavailable`.
    pub degraded: bool,
    /// Whether `unknown` counts.
    pub unknown: bool,
}

impl Default for FailOn {
    fn default() -> Self {
        Self {
            progressing: true,
            degraded: true,
            unknown: true,
        }
    }
}

/// A word that [`FailOn`] does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of progressing, degraded, unknown")]
pub struct ParseFailOnError(pub String);

impl std::str::FromStr for FailOn {
    type Err = ParseFailOnError;

    fn from_str(words: &str) -> Result<Self, Self::Err> {
        let mut on = Self {
            progressing: false,
            degraded: false,
            unknown: false,
        };
        for word in words.split(',').map(str::trim) {
            match word {
                "progressing" => on.progressing = true,
                "degraded" => on.degraded = true,
                "unknown" => on.unknown = true,
                _ => return Err(ParseFailOnError(word.to_owned())),
            }
        }
        Ok(on)
    }
}

impl FailOn {
    /// The exit code of an outcome, by the first word that holds and counts: 2 degraded, 3 unknown, 1 progressing. If there
    /// is none: 0.
    #[must_use]
    pub fn exit_code(self, outcome: Outcome) -> u8 {
        match () {
            () if self.degraded && outcome.degraded => 2,
            () if self.unknown && outcome.unknown => 3,
            () if self.progressing && outcome.progressing => 1,
            () => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FailOn, Outcome};
    use crate::report::{Report, Source, Status};

    #[test]
    fn a_status_of_a_newer_sender_is_believed_without_any_counts() {
        let exit_code = |status| {
            let text = r#"{"check": "nodes", "status": "ok"}"#;
            let check = serde_json::from_str(text).expect("a check");
            let report = Report {
                status,
                checks: vec![check],
                ..Report::new(Source::default(), String::new())
            };
            FailOn::default().exit_code(Outcome::of(&report))
        };
        let codes = [Status::Ok, Status::Degraded, Status::Unknown].map(exit_code);
        assert_eq!(codes, [0, 2, 3]);
    }

    #[test]
    fn the_exit_code_is_the_first_of_degraded_unknown_progressing_that_counts() {
        let all = Outcome {
            progressing: true,
            degraded: true,
            unknown: true,
        };
        let code = |words: &str, v| words.parse::<FailOn>().map(|f| f.exit_code(v));
        assert_eq!(FailOn::default().exit_code(all), 2);
        assert_eq!(FailOn::default().exit_code(Outcome::default()), 0);
        assert_eq!(code("progressing,unknown", all), Ok(3));
        assert_eq!(code("progressing", all), Ok(1));
        assert_eq!(
            code(
                "degraded",
                Outcome {
                    unknown: true,
                    ..Outcome::default()
                }
            ),
            Ok(0)
        );
        assert_eq!(code("degraded,bad", all).map_err(|e| e.0), Err("bad".into()));
    }
}
