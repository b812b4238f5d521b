//! The agent's report, kept up to date with the events of its stream. Pure.

use crate::decode::ServerSentEvent;
use crate::failure::{Class, Failure};
use crate::report::{GoneItem, Report, ReportChange};
use crate::run::agent::error_body::ErrorBody;
use crate::run::agent::received::ReceivedReport;
use serde::Deserialize;

/// The most characters of an agent's words that are shown.
const SHOWN: usize = 300;

/// What an event means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EventEffect {
    /// There is a newer report.
    Newer,
    /// The agent does not send events about this request. Its report can be asked for.
    NotFollowed(String),
    /// Its name is unknown here: a newer agent sent it.
    Ignored,
}

/// The agent's report.
#[derive(Default)]
pub(super) struct ReportMirror {
    received: Option<ReceivedReport>,
    last_event_id: Option<String>,
}

/// The part of a change that is not in a report.
#[derive(Deserialize)]
struct ChangeTail {
    gone: Vec<GoneItem>,
}

impl ReportMirror {
    /// The report, once one was received.
    pub fn received(&self) -> Option<&ReceivedReport> {
        self.received.as_ref()
    }

    /// The id of the last event that was taken whole.
    pub fn last_event_id(&self) -> Option<String> {
        self.last_event_id.clone()
    }

    /// Takes a report that came as an answer.
    pub fn replace(&mut self, received: ReceivedReport) {
        self.received = Some(received);
        self.last_event_id = None;
    }

    /// Forgets which events were taken, so that the next stream begins with a whole report.
    pub fn start_over(&mut self) {
        self.last_event_id = None;
    }

    /// Takes an event.
    ///
    /// # Errors
    /// If no agent sends such an event, or it does not fit to the events before it. The report stays as it was.
    pub fn take(&mut self, event: ServerSentEvent) -> Result<EventEffect, Failure> {
        match event.name.as_str() {
            "report" => self.received = Some(ReceivedReport::read(&event.data, 200)?),
            "change" => {
                let Some(before) = &self.received else {
                    return Err(wrong(
                        "the agent's stream begins with a change and without a report",
                    ));
                };
                let (received, changed) = change(&before.report, &event.data)?;
                self.received = Some(ReceivedReport {
                    report: changed,
                    ..received
                });
            }
            "error" => {
                let refusal: ErrorBody = serde_json::from_slice(&event.data).map_err(|error| {
                    wrong(&format!("the agent's stream has an error without words: {error}"))
                })?;
                return Ok(EventEffect::NotFollowed(shown(&refusal.message)));
            }
            _ => return Ok(EventEffect::Ignored),
        }
        self.last_event_id = Some(event.id).filter(|id| !id.is_empty());
        Ok(EventEffect::Newer)
    }
}

/// What a change makes of a report.
fn change(before: &Report, data: &[u8]) -> Result<(ReceivedReport, Report), Failure> {
    let received = ReceivedReport::read(data, 200)?;
    let ChangeTail { gone } = serde_json::from_slice(data).map_err(|error| {
        wrong(&format!(
            "a change in the agent's stream cannot be understood: {error}"
        ))
    })?;
    let mut report = before.clone();
    ReportChange {
        report: received.report.clone(),
        gone,
    }
    .apply(&mut report);
    // More objects than were counted: an event was lost.
    let count = |items: usize| u64::try_from(items).unwrap_or(u64::MAX);
    if let Some(check) = report
        .kinds()
        .find(|check| count(check.items.len()) > check.summary.total)
    {
        let words = format!("the agent's stream lists more {} than it counts", check.check);
        return Err(wrong(&words));
    }
    Ok((received, report))
}

/// The beginning of an agent's words. A person reads them in a line.
pub(super) fn shown(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

fn wrong(words: &str) -> Failure {
    Failure::new(Class::NotAnAgent, words)
}
