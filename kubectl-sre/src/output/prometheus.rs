//! Metrics in the text format 0.0.4 of Prometheus, without timestamps, for cron and the textfile collector of `node_exporter`, which
//! refuses a file with a timestamp. Names, help and rules are those of the agent.

use super::escape;
use sre_shared::metric::{
    API_SERVER, API_SERVER_UP, CHECK_STATUS, Metric, NOT_SEEN, OBJECTS, Sample, gap_words, is_answered,
    not_seen_sample, object_samples, sample, status_samples,
};
use sre_shared::report::{CheckResult, KindCheck, NoteCode, Report, State, Status, Summary};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Result, Write};

/// The metrics, in the order in which they are written.
pub(super) const FAMILIES: [Metric; 4] = [CHECK_STATUS, OBJECTS, NOT_SEEN, API_SERVER_UP];

/// Writes the metrics.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, out: &mut dyn Write) -> Result<()> {
    samples(report)
        .iter()
        .try_for_each(|(metric, samples)| family(*metric, samples, out))
}

/// The samples of each metric.
pub(super) fn samples(report: &Report) -> [(Metric, Vec<Sample>); 4] {
    let up = report.api_server().map(|check| u64::from(is_answered(check)));
    let up = up.into_iter().map(|value| sample([], value));
    let all = [statuses(report), objects(report), not_seen(report), up.collect()];
    let mut all = all.into_iter();
    FAMILIES.map(|metric| (metric, all.next().unwrap_or_default()))
}

fn statuses(report: &Report) -> Vec<Sample> {
    let mut checks = report.checks.iter();
    let api_server = checks.find(|check| matches!(check, CheckResult::ApiServer(_)));
    let api_server = api_server.map(|check| (API_SERVER, check.status()));
    let kinds = report.kinds().map(|kind| (kind.check.as_str(), kind.status));
    let parts = api_server.into_iter().chain(kinds);
    parts
        .flat_map(|(check, status)| status_samples(check, status))
        .collect()
}

/// The objects of the kinds that were seen: 0 for the others would be a statement.
fn objects(report: &Report) -> Vec<Sample> {
    let is_seen = |kind: &&KindCheck| kind.status != Status::Unknown || kind.summary.total > 0;
    let kinds = report.kinds().filter(is_seen);
    kinds
        .flat_map(|kind| {
            // A baseline excuses as an acknowledgement does.
            let excused = kind
                .items
                .iter()
                .filter(|item| item.is_excused() && !item.state.is_fine());
            let mut excused_by_state = Summary::default();
            excused.for_each(|item| excused_by_state.count(item.state));
            let mut counted = kind.summary;
            for state in State::ALL {
                (0..excused_by_state.in_state(state)).for_each(|_| counted.uncount(state));
            }
            object_samples(&kind.check, &counted, excused_by_state.total)
        })
        .collect()
}

fn not_seen(report: &Report) -> Vec<Sample> {
    let mut entries = BTreeSet::new();
    if let Some(check) = report.api_server() {
        if check.status == Status::Unknown {
            entries.insert((API_SERVER.to_owned(), check.class.clone().unwrap_or_default()));
        }
        if check.notes.has(NoteCode::ReadyzForbidden) {
            entries.insert(("/readyz".to_owned(), "forbidden".to_owned()));
        }
    }
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &report.coverage.not_seen {
        let kind = entry.needed_by.as_deref().or(entry.resource.as_deref());
        let kind = kind
            .and_then(|kind| kind.split('.').next())
            .unwrap_or(&entry.thing);
        let count = named.entry(kind).or_default();
        entries.insert((gap_words(kind, *count, entry.what()), entry.class.clone()));
        *count += 1;
    }
    let samples = entries.iter().map(|(what, class)| not_seen_sample(what, class));
    samples.collect()
}

/// Writes a metric with its samples; nothing without a sample.
pub(super) fn family(metric: Metric, samples: &[Sample], out: &mut dyn Write) -> Result<()> {
    if samples.is_empty() {
        return Ok(());
    }
    let Metric { name, help } = metric;
    writeln!(out, "# HELP {name} {help}.")?;
    writeln!(out, "# TYPE {name} gauge")?;
    for (labels, value) in samples {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{}\"", label_value(value)))
            .collect();
        match labels.as_slice() {
            [] => writeln!(out, "{name} {value}")?,
            some => writeln!(out, "{name}{{{}}} {value}", some.join(","))?,
        }
    }
    Ok(())
}

fn label_value(text: &str) -> String {
    escape(text).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::super::sample::{gap, hostile, many, sample, unreached, well};
    use super::write;
    use sre_shared::report::Report;

    fn metrics(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("metrics are text")
    }

    #[test]
    fn the_metrics_are_those_of_the_agent() {
        insta::assert_snapshot!(metrics(&sample()));
    }

    #[test]
    fn what_was_not_seen_has_no_number_and_the_api_server_is_down_only_if_nothing_answers() {
        let text = metrics(&unreached());
        assert!(!text.contains("sre_objects"), "{text}");
        assert!(
            text.contains("sre_check_status{check=\"deployments\",status=\"unknown\"} 1\n"),
            "{text}"
        );
        assert!(
            text.contains("sre_not_seen{what=\"apiserver\",class=\"refused\"} 1\n"),
            "{text}"
        );
        assert!(text.ends_with("\nsre_apiserver_up 0\n"), "{text}");
        assert!(metrics(&well()).ends_with("\nsre_apiserver_up 1\n"));
    }

    #[test]
    fn an_object_that_is_acknowledged_is_counted_in_no_other_state() {
        let text = metrics(&sample());
        assert!(
            text.contains("sre_objects{kind=\"deployments\",state=\"acknowledged\"} 1\n"),
            "{text}"
        );
        assert!(
            text.contains("sre_objects{kind=\"deployments\",state=\"degraded\"} 1\n"),
            "{text}"
        );
    }

    // prometheus/node_exporter#1284 and prometheus-community/windows_exporter#1314: a timestamp makes the collector refuse the file.
    #[test]
    fn each_line_is_a_comment_or_one_sample_without_a_timestamp() {
        for report in [sample(), hostile(), many(50), unreached(), well()] {
            for line in metrics(&report).lines() {
                let value = line
                    .rsplit_once(['}', ' '])
                    .map(|(_, value)| value.trim())
                    .unwrap_or_default();
                assert!(
                    line.starts_with("# HELP sre_")
                        || line.starts_with("# TYPE sre_")
                        || value.parse::<u64>().is_ok(),
                    "{line}"
                );
                let words = line
                    .rsplit('}')
                    .next()
                    .unwrap_or_default()
                    .split_whitespace()
                    .count();
                assert!(line.starts_with('#') || words <= 2, "{line}");
            }
        }
    }

    // hubblo-org/scaphandre#204, cnieg/gitlab-tokens-exporter#221: one such value, and nothing of the file is read.
    #[test]
    fn a_label_has_no_quote_and_no_backslash_of_its_own() {
        let report = gap("a\u{1b}b \"q\" \\A\n}");
        let line = metrics(&report)
            .lines()
            .find(|line| line.contains("sre_not_seen{"))
            .map(str::to_owned);
        let labels = r#"what="a\\u{1b}b \"q\" \\A }",class="forbidden""#;
        assert_eq!(line, Some(format!("sre_not_seen{{{labels}}} 1")));
    }

    // prometheus/node_exporter#1885: two files whose help differs are refused.
    #[test]
    fn the_help_does_not_depend_on_the_report() {
        let helps = |report: &Report| {
            let lines = metrics(report);
            let helps = lines
                .lines()
                .filter(|line| line.starts_with("# HELP "))
                .map(str::to_owned);
            helps.collect::<Vec<_>>()
        };
        let all = helps(&sample());
        assert_eq!(all.len(), 4);
        for report in [hostile(), many(3), unreached(), well()] {
            assert!(helps(&report).iter().all(|help| all.contains(help)));
        }
    }
}
