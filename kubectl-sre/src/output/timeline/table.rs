//! A table with a row for each change, for eyes and grep: kubectl's columns, nothing cut, no colour. Gaps have rows of their own.

use super::{TimelineStyle, age, gap, message};
use crate::output::columns::write_columns;
use crate::output::escape;
use crate::output::wide::{NONE, kubectl_age};
use sre_shared::report::{Timeline, TimelineEntry};
use std::io::{Result, Write};

const HEADERS: [&str; 8] = [
    "TIME",
    "AGE",
    "WHAT",
    "NAMESPACE",
    "OBJECT",
    "COUNT",
    "BY",
    "MESSAGE",
];

/// Writes the table.
pub(super) fn write(timeline: &Timeline, style: &TimelineStyle, out: &mut dyn Write) -> Result<()> {
    let headers = (!style.no_headers).then(|| HEADERS.map(str::to_owned));
    let gaps = timeline.not_seen.iter().map(|entry| {
        let resource = entry.resource.clone().unwrap_or_else(|| NONE.to_owned());
        let namespace = entry.scope.namespace().unwrap_or(NONE).to_owned();
        let none = || NONE.to_owned();
        [
            none(),
            none(),
            "unknown".to_owned(),
            namespace,
            resource,
            none(),
            none(),
            gap(entry),
        ]
    });
    let entries = timeline.entries.iter().map(|entry| row(timeline, entry));
    let rows: Vec<[String; 8]> = headers
        .into_iter()
        .chain(gaps)
        .chain(entries)
        .map(|row| row.map(|cell| escape(&cell)))
        .collect();
    write_columns(&rows, out)
}

fn row(timeline: &Timeline, entry: &TimelineEntry) -> [String; 8] {
    let or_none = |text: &str| {
        if text.is_empty() {
            NONE.to_owned()
        } else {
            text.to_owned()
        }
    };
    let first = entry.object.as_ref().or(entry.objects.first());
    let namespaces = entry.objects.iter().map(|object| object.namespace.as_str());
    let is_one = entry.object.is_some() || namespaces.collect::<std::collections::BTreeSet<_>>().len() == 1;
    let namespace = first
        .filter(|_| is_one)
        .map_or("", |object| object.namespace.as_str());
    let object = first.map_or_else(String::new, |object| {
        let more = entry.count.saturating_sub(1);
        let more = if more == 0 {
            String::new()
        } else {
            format!(",+{more}")
        };
        format!("{}/{}{more}", object.kind.to_lowercase(), object.name)
    });
    [
        entry.at.clone(),
        age(timeline, &entry.at).map_or_else(|| NONE.to_owned(), kubectl_age),
        entry.what.as_str().to_owned(),
        or_none(namespace),
        or_none(&object),
        entry.count.to_string(),
        or_none(entry.by.as_deref().unwrap_or_default()),
        message(entry, str::to_owned),
    ]
}
