//! A test report with a test case for each cluster. A cluster that was not seen is an error, so that a report with a gap is never green.

use super::human::message;
use crate::output::junit::{case, failed, suite};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus};
use sre_shared::digest::Digest;
use sre_shared::fleet::{FleetCluster, FleetReport, FleetState};
use std::io::{Error, Result, Write};

/// The suite, and the class of each test case.
const CLUSTERS: &str = "clusters";

/// Writes the test report.
///
/// # Errors
/// Those of the writer.
pub fn write(fleet: &FleetReport, out: &mut dyn Write) -> Result<()> {
    let mut cases: Vec<TestCase> = fleet.clusters.iter().map(cluster_case).collect();
    let from = match fleet.source.store {
        Some(_) => "the store's answer",
        None => "the kubeconfig",
    };
    let warnings = fleet.source.warnings.iter();
    cases.extend(warnings.map(|warning| {
        let status = failed(NonSuccessKind::Error, "incomplete", warning, &[]);
        case(CLUSTERS, from, status)
    }));
    if cases.is_empty() {
        let status = failed(NonSuccessKind::Error, "unknown", "no cluster was seen", &[]);
        cases.push(case(CLUSTERS, "fleet", status));
    }
    let mut tests = quick_junit::Report::new("kubectl sre fleet");
    tests.add_test_suite(suite(CLUSTERS, cases));
    let text = tests.to_string().map_err(Error::other)?;
    out.write_all(text.as_bytes())
}

fn cluster_case(cluster: &FleetCluster) -> TestCase {
    let kind = match cluster.state {
        FleetState::Ok => return case(CLUSTERS, &cluster.name, TestCaseStatus::success()),
        FleetState::Degraded | FleetState::Progressing => NonSuccessKind::Failure,
        _ => NonSuccessKind::Error,
    };
    let class = cluster.class.as_deref().unwrap_or(cluster.state.words());
    let message = format!("{}: {}", cluster.state.words(), message(cluster));
    let mut lines = vec![message.clone()];
    if let Some(report) = &cluster.report {
        lines.extend(Digest::new(report).headline.sentences);
    }
    lines.extend(cluster.hint.iter().map(|hint| format!("next: {hint}")));
    case(CLUSTERS, &cluster.name, failed(kind, class, &message, &lines))
}
