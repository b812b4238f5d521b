//! Schedules of CronJobs.

use crate::dump::{AT, judge};
use crate::input::Choices;
use crate::text;
use serde_json::json;

const ZONES: [Option<&str>; 5] = [
    None,
    Some("UTC"),
    Some("Europe/Berlin"),
    Some("Pacific/Apia"),
    Some("no/zone"),
];

/// Holds if any schedule in any zone is judged, and always alike.
pub fn holds(input: &[u8]) {
    let mut choices = Choices::new(input);
    let zone = ZONES[usize::from(choices.byte()) % ZONES.len()];
    let Some(schedule) = text(choices.rest()) else {
        return;
    };
    let cron_job = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "nightly", "namespace": "shop", "uid": "1", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"schedule": schedule, "timeZone": zone},
        "status": {"lastScheduleTime": "2026-10-31T12:00:00Z"},
    });
    let text = cron_job.to_string();
    let (first, second) = (
        judge("dump.json", text.as_bytes()),
        judge("dump.json", text.as_bytes()),
    );
    assert_eq!(crate::dump::json(&first), crate::dump::json(&second), "at {AT}");
    assert_eq!(first.kinds().flat_map(|kind| &kind.items).count(), 1);
}
