//! A wait as a story: reports at given seconds, and how and when the wait ends.

use serde_json::{Value, json};
use sre_shared::failure::{Class, Failure};
use sre_shared::follow::{Change, End, Observation, Wait, WaitRules};
use sre_shared::report::{KindCheck, NotSeen, Report, Source};
use sre_shared::resource::Time;

/// The time at which every story begins: noon.
pub const NOON: i64 = 1_795_953_600;

/// The time some seconds after the beginning.
pub fn at(seconds: i64) -> Time {
    Time::from_seconds(NOON + seconds)
}

/// The same as a report writes it.
pub fn stamp(seconds: i64) -> String {
    at(seconds).to_string()
}

/// A wait and the changes that it reported.
pub struct Story {
    pub wait: Wait,
    pub changes: Vec<String>,
    pub raw: Vec<Change>,
}

impl Story {
    pub fn new(rules: WaitRules) -> Self {
        Self {
            wait: Wait::new(rules, at(0)),
            changes: Vec::new(),
            raw: Vec::new(),
        }
    }

    /// Sees a report at that second.
    pub fn see(&mut self, seconds: i64, report: Report) -> &mut Self {
        let report = Report {
            observed_at: stamp(seconds),
            ..report
        };
        let changes = self.wait.observe(Observation::Report(&report), at(seconds));
        self.changes.extend(
            changes
                .iter()
                .map(|change| format!("{seconds} {}", change.words())),
        );
        self.raw.extend(changes);
        self
    }

    /// Sees only these items of Deployments.
    pub fn items(&mut self, seconds: i64, items: &[Value]) -> &mut Self {
        self.see(seconds, report(items))
    }

    /// Nothing can be read at that second.
    pub fn away(&mut self, seconds: i64, class: Class) -> &mut Self {
        let failure = Failure::new(class, "it does not answer");
        let changes = self.wait.observe(Observation::Away(&failure), at(seconds));
        self.changes.extend(
            changes
                .iter()
                .map(|change| format!("{seconds} {}", change.words())),
        );
        self.raw.extend(changes);
        self
    }

    /// The end at that second, if there is one.
    pub fn end(&mut self, seconds: i64) -> Option<End> {
        self.wait.end(at(seconds))
    }

    /// Lets the time pass until the wait ends without a further report. Returns the second and the exit code, with the words.
    pub fn runs_out(&mut self, from: i64) -> (i64, u8, String) {
        let mut now = from;
        for _ in 0..50 {
            if let Some(end) = self.end(now) {
                return (now, end.code, end.words);
            }
            let due = self.wait.due(at(now)).expect("time alone ends the wait");
            assert!(due.seconds > at(now).seconds, "due is not later: {due}");
            now = due.seconds - NOON;
        }
        panic!("the wait does not end");
    }
}

/// A report with these items; `check` of each item names its part, or `deployments`.
pub fn report(items: &[Value]) -> Report {
    let mut report = Report::new(Source::default(), stamp(0));
    let mut checks: Vec<(String, Vec<_>)> = Vec::new();
    for item in items {
        let check = item
            .get("check")
            .and_then(Value::as_str)
            .unwrap_or("deployments")
            .to_owned();
        let item = serde_json::from_value(item.clone()).expect("an item");
        match checks.iter_mut().find(|(name, _)| *name == check) {
            Some((_, list)) => list.push(item),
            None => checks.push((check, vec![item])),
        }
    }
    if checks.is_empty() {
        checks.push(("deployments".into(), Vec::new()));
    }
    for (check, items) in checks {
        report.coverage.kinds.push(check.clone());
        let check = KindCheck::of(&check, items, true);
        report.checks.push(sre_shared::report::CheckResult::Kind(check));
    }
    report.settle();
    report
}

/// A report with these entries of what was not seen.
pub fn unseen(items: &[Value], entries: &[Value]) -> Report {
    let mut report = report(items);
    let entry = |entry: &Value| serde_json::from_value::<NotSeen>(entry.clone()).expect("an entry");
    report.coverage.not_seen = entries.iter().map(entry).collect();
    report.settle();
    report
}

/// A Deployment `shop/web` with these fields besides.
pub fn web(fields: Value) -> Value {
    object("Deployment", "deployments", "web", fields)
}

/// An object in the namespace `shop`.
pub fn object(kind: &str, check: &str, name: &str, fields: Value) -> Value {
    let mut item = json!({
        "check": check, "kind": kind, "namespace": "shop", "name": name, "state": "healthy", "healthy": true,
        "reason": "Ready", "message": "", "uid": format!("uid-{name}"), "generation": 1,
    });
    for (key, value) in fields.as_object().expect("fields") {
        item[key] = value.clone();
    }
    item
}

/// A Deployment `shop/web` that is rolling out and has that cause.
pub fn failing(cause: Value) -> Value {
    web(json!({
        "state": "degraded", "healthy": false, "reason": "ReadyBelowDesired", "desired": 3, "ready": 1, "updated": 1,
        "message": "1 of 3 ready", "causes": [cause],
    }))
}
