//! A table of every object, for eyes and grep: kubectl's columns, one row an object, nothing cut, no colour.
//!
//! It has rows of its own for the API server and for each thing that was not seen: without them a table would look complete
//! that is not.

use super::columns::write_columns;
use super::escape;
use super::selection::{TableOptions, objects, type_name, words};
use sre_shared::digest::{Digest, ready_of_desired};
use sre_shared::report::{ApiServerCheck, BaselineMark, Item, KindCheck, NotSeen, Report, State, Status};
use std::io::{Result, Write};

/// An empty cell, as kubectl writes it, so that each row has the same number of words up to the last column.
pub(super) const NONE: &str = "<none>";
const HEADERS: [&str; 9] = [
    "NAMESPACE",
    "NAME",
    "READY",
    "UP-TO-DATE",
    "AVAILABLE",
    "STATE",
    "REASON",
    "SINCE",
    "CAUSE",
];

/// The column with the comparison with a baseline, and its place: behind the state.
const BASELINE: &str = "BASELINE";
const BASELINE_COLUMN: usize = 6;

/// Writes the table.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, options: &TableOptions, out: &mut dyn Write) -> Result<()> {
    let digest = Digest::new(report);
    let has_several_kinds = report.kinds().count() > 1 || report.api_server().is_some();
    let mut rows = Vec::new();
    if !options.no_headers {
        rows.push((HEADERS.map(str::to_owned), BASELINE.to_owned()));
    }
    let word = |mark: Option<BaselineMark>| mark.map_or(NONE, BaselineMark::as_str).to_owned();
    rows.extend(
        report
            .api_server()
            .map(|check| (api_server(check), word(check.baseline))),
    );
    rows.extend(
        report
            .coverage
            .not_seen
            .iter()
            .map(|entry| (not_seen(entry), word(None))),
    );
    rows.extend(objects(report, options).into_iter().map(|(kind, item)| {
        let kind = has_several_kinds.then_some(kind);
        (object(&digest, kind, item), word(item.baseline))
    }));
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(cells, mark)| {
            let mut cells = cells.map(|cell| escape(&cell)).to_vec();
            if report.baseline.is_some() {
                cells.insert(BASELINE_COLUMN, mark);
            }
            cells
        })
        .collect();
    write_columns(&rows, out)
}

fn object(digest: &Digest<'_>, kind: Option<&KindCheck>, item: &Item) -> [String; 9] {
    let number = |n: Option<i64>| n.map_or_else(|| NONE.to_owned(), |n| n.to_string());
    [
        or_none(&item.namespace),
        kind.map_or_else(
            || or_none(&item.name),
            |kind| format!("{}/{}", type_name(kind, item), item.name),
        ),
        ready_of_desired(item).unwrap_or_else(|| NONE.to_owned()),
        number(item.updated),
        number(item.available),
        item.state.as_str().to_owned(),
        or_none(item.reason.as_str()),
        digest
            .seconds(item.since.as_deref())
            .map_or_else(|| NONE.to_owned(), kubectl_age),
        words(item).join("; "),
    ]
}

fn api_server(check: &ApiServerCheck) -> [String; 9] {
    let state = match check.status {
        Status::Ok => State::Healthy,
        Status::Degraded => State::Degraded,
        Status::Unknown => State::Unknown,
    };
    let class = check.class.as_deref().unwrap_or(NONE);
    without_counts(
        NONE,
        "apiserver",
        state,
        class,
        check.error.as_deref().unwrap_or_default(),
    )
}

fn not_seen(entry: &NotSeen) -> [String; 9] {
    let place = entry.scope.namespace().unwrap_or(NONE);
    let missing = entry.missing.as_ref().map(|rule| format!("missing rule {rule}"));
    let why = missing.or_else(|| entry.error.clone()).unwrap_or_default();
    let text = format!("not seen: {}: {why}", entry.what());
    let name = entry.resource.as_deref().unwrap_or(NONE);
    without_counts(
        place,
        name,
        State::Unknown,
        &entry.class,
        text.trim_end_matches([':', ' ']),
    )
}

/// A row for something that is no judged object.
fn without_counts(namespace: &str, name: &str, state: State, reason: &str, text: &str) -> [String; 9] {
    let cells = [
        namespace,
        name,
        NONE,
        NONE,
        NONE,
        state.as_str(),
        reason,
        NONE,
        text,
    ];
    cells.map(str::to_owned)
}

fn or_none(text: &str) -> String {
    if text.is_empty() {
        NONE.to_owned()
    } else {
        text.to_owned()
    }
}

/// An age as kubectl writes it (`HumanDuration` in `k8s.io/apimachinery/pkg/util/duration`).
pub(super) fn kubectl_age(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |large: i64, unit: char, small: i64, small_unit: char| match small {
        0 => format!("{large}{unit}"),
        small => format!("{large}{unit}{small}{small_unit}"),
    };
    match seconds {
        ..=-1 => "0s".to_owned(),
        0..=119 => format!("{seconds}s"),
        120..=599 => two(minutes, 'm', seconds % 60, 's'),
        600..=10_799 => format!("{minutes}m"),
        10_800..=28_799 => two(hours, 'h', minutes % 60, 'm'),
        28_800..=172_799 => format!("{hours}h"),
        172_800..=691_199 => two(days, 'd', hours % 24, 'h'),
        691_200..=63_071_999 => format!("{days}d"),
        63_072_000..=252_287_999 => two(days / 365, 'y', days % 365, 'd'),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::{kubectl_age, write};
    use crate::output::{SortBy, TableOptions};
    use serde_json::json;
    use sre_shared::report::{Report, State};

    fn table(options: &TableOptions) -> String {
        let deployment = |name: &str, state: &str, ready: i64, since: &str| {
            json!({"kind": "Deployment", "namespace": "shop", "name": name, "state": state, "healthy": state == "healthy",
                   "ready": ready, "desired": 3, "updated": 3, "available": ready, "reason": "ReadyBelowDesired",
                   "message": format!("{ready} of 3 ready"), "detail": "", "since": since})
        };
        let mut crashing = deployment("web", "degraded", 1, "2026-03-02T11:50:00Z");
        crashing["causes"] = json!([
            {"code": "CrashLoop", "message": "container app exited 1: no\tconfig.", "count": 2},
            {"code": "Unschedulable", "message": "3 Insufficient cpu", "count": 1},
        ]);
        let report: Report = serde_json::from_value(json!({
            "apiVersion": "sre/v1", "kind": "HealthReport", "status": "degraded", "observedAt": "2026-03-02T12:00:00Z",
            "source": {"mode": "direct"},
            "coverage": {"kinds": [], "namespaces": "all", "notSeen": [
                {"what": "jobs in namespace bank", "resource": "jobs.batch", "namespace": "bank", "class": "forbidden",
                 "missing": "batch/jobs list", "error": "no"},
            ]},
            "checks": [
                {"check": "apiserver", "status": "ok"},
                {"check": "deployments", "status": "degraded", "summary": {"total": 3}, "items": [
                    deployment("api", "healthy", 3, "2026-02-02T11:50:00Z"), crashing,
                    deployment("zero", "unavailable", 0, "2026-03-02T09:00:00Z"),
                ]},
                {"check": "certificates.cert-manager.io", "status": "degraded", "summary": {"total": 1}, "items": [
                    {"kind": "Certificate", "namespace": "a", "name": "tls", "state": "degraded", "healthy": false,
                     "reason": "NotIssued", "message": "it is not issued"},
                ]},
            ],
        }))
        .expect("a report");
        let mut out = Vec::new();
        write(&report, options, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("the table is text")
    }

    #[test]
    fn the_table_has_a_row_for_each_object_the_worst_first_and_for_each_thing_that_was_not_seen() {
        insta::assert_snapshot!(table(&TableOptions::default()), @"
        NAMESPACE   NAME                              READY    UP-TO-DATE   AVAILABLE   STATE         REASON              SINCE    CAUSE
        <none>      apiserver                         <none>   <none>       <none>      healthy       <none>              <none>
        bank        jobs.batch                        <none>   <none>       <none>      unknown       forbidden           <none>   not seen: jobs in namespace bank: missing rule batch/jobs list
        shop        deployment.apps/zero              0/3      3            0           unavailable   ReadyBelowDesired   3h
        shop        deployment.apps/web               1/3      3            1           degraded      ReadyBelowDesired   10m      CrashLoop: container app exited 1: no config; Unschedulable: 3 Insufficient cpu
        a           certificate.cert-manager.io/tls   <none>   <none>       <none>      degraded      NotIssued           <none>   it is not issued
        shop        deployment.apps/api               3/3      3            3           healthy       ReadyBelowDesired   28d
        ");
    }

    #[test]
    fn each_row_is_one_line_with_the_same_number_of_words_before_the_last_column() {
        let text = table(&TableOptions::default());
        let mut lines = text.lines();
        let headers: Vec<&str> = lines.next().expect("a row of names").split_whitespace().collect();
        assert_eq!(headers, super::HEADERS);
        let cause = text.find("CAUSE").expect("the last column has a name");
        for line in lines {
            let before = line.get(..cause).unwrap_or(line);
            assert_eq!(before.split_whitespace().count(), 8, "{line}");
        }
    }

    #[test]
    fn rows_are_chosen_by_state_and_sorted_and_what_was_not_seen_stays() {
        let names = |options: TableOptions| {
            let text = table(&TableOptions {
                no_headers: true,
                ..options
            });
            text.lines()
                .filter_map(|line| line.split_whitespace().nth(1))
                .map(|name| name.rsplit('/').next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        let sorted = |sort_by| {
            names(TableOptions {
                sort_by: Some(sort_by),
                ..TableOptions::default()
            })
        };
        assert_eq!(
            sorted(SortBy::Name),
            ["apiserver", "jobs.batch", "api", "tls", "web", "zero"]
        );
        assert_eq!(
            sorted(SortBy::Namespace),
            ["apiserver", "jobs.batch", "tls", "api", "web", "zero"]
        );
        assert_eq!(
            sorted(SortBy::State),
            ["apiserver", "jobs.batch", "api", "web", "tls", "zero"]
        );
        assert_eq!(
            sorted(SortBy::Since),
            ["apiserver", "jobs.batch", "api", "zero", "web", "tls"]
        );
        let states = vec![State::Unavailable, State::Healthy];
        assert_eq!(
            names(TableOptions {
                states,
                ..TableOptions::default()
            }),
            ["apiserver", "jobs.batch", "zero", "api"]
        );
    }

    #[test]
    fn an_age_is_written_as_in_kubectl() {
        for (seconds, text) in [
            (-5, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (10_860, "3h1m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (176_400, "2d1h"),
            (691_200, "8d"),
            (63_072_000, "2y"),
            (252_288_000, "8y"),
        ] {
            assert_eq!(kubectl_age(seconds), text, "{seconds}");
        }
    }
}
