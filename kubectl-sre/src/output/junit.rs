//! Test reports in the XML of `JUnit`, for GitLab, Jenkins, Azure and Buildkite: a suite for each kind and a test case for each object.
//!
//! GitLab knows a test case by `classname` and `name`, and drops all but one of those that share both. What was not seen is a test
//! case of its own, so that a report with a gap is never green.

use super::escape;
use super::selection::why;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use sre_shared::digest::{Digest, baseline_words, describe_command, further_lines, ready_of_desired};
use sre_shared::metric::API_SERVER;
use sre_shared::report::{ApiServerCheck, Item, KindCheck, NotSeen, Report, State, Status};
use std::collections::HashMap;
use std::io::{Error, Result, Write};

/// The suite, and the class, of what was not seen.
const NOT_SEEN: &str = "not seen";
/// Last lines of a log that are shown for each cause.
const LOG: usize = 10;

/// Writes the test report.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, out: &mut dyn Write) -> Result<()> {
    let digest = Digest::new(report);
    let mut suites = Vec::new();
    if let Some(check) = report.api_server() {
        suites.push(suite(API_SERVER, vec![api_server(check)]));
    }
    for kind in report.kinds() {
        let cases = kind
            .items
            .iter()
            .map(|item| object(kind, item, &digest))
            .collect();
        suites.push(suite(&kind.check, cases));
    }
    let gaps: Vec<TestCase> = report
        .coverage
        .not_seen
        .iter()
        .map(|entry| not_seen(entry, report))
        .collect();
    if !gaps.is_empty() {
        suites.push(suite(NOT_SEEN, gaps));
    }
    // Jenkins fails a step whose reports have no test case, and others take it for a success.
    if suites.iter().all(|suite| suite.test_cases.is_empty()) {
        suites.push(suite("health", vec![whole(report, &digest)]));
    }
    let mut tests = quick_junit::Report::new("kubectl sre health");
    tests.add_test_suites(suites);
    // The error of the crate hides that a reader has gone away.
    let text = tests.to_string().map_err(Error::other)?;
    out.write_all(text.as_bytes())
}

/// A suite whose test cases have names of their own.
pub(super) fn suite(name: &str, cases: Vec<TestCase>) -> TestSuite {
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    let mut suite = TestSuite::new(text(name));
    for mut case in cases {
        let class = case.classname.as_ref().map_or("", |class| class.as_str());
        let count = seen
            .entry((class.to_owned(), case.name.as_str().to_owned()))
            .or_default();
        *count += 1;
        if *count > 1 {
            case.name = format!("{} ({count})", case.name.as_str()).into();
        }
        suite.add_test_case(case);
    }
    suite
}

pub(super) fn case(class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(text(name), status);
    case.set_classname(text(class));
    case
}

pub(super) fn failed(kind: NonSuccessKind, reason: &str, message: &str, lines: &[String]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    let lines: Vec<String> = lines.iter().map(|line| text(line)).collect();
    status
        .set_type(text(reason))
        .set_message(text(message))
        .set_description(lines.join("\n"));
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(text(message));
    status
}

/// The test case of an object.
fn object(kind: &KindCheck, item: &Item, digest: &Digest<'_>) -> TestCase {
    // Jenkins ends with an exception at an empty name. An object that was not understood may have none.
    let own = if item.name.is_empty() {
        "(no name)"
    } else {
        &item.name
    };
    let name = match item.namespace.as_str() {
        "" => own.to_owned(),
        namespace => format!("{namespace}/{own}"),
    };
    case(&kind.check, &name, verdict(item, digest))
}

fn verdict(item: &Item, digest: &Digest<'_>) -> TestCaseStatus {
    let why = why(item);
    let excused = baseline_excuse(item);
    let failure = match item.state {
        _ if item.acknowledged.is_some() => return skipped(&why),
        _ if excused.is_some() => return skipped(&excused.unwrap_or_default()),
        State::Healthy | State::Succeeded => return TestCaseStatus::success(),
        State::Suspended => return skipped("suspended"),
        // An object that should serve, and is being deleted for too long, falls short.
        State::Terminating if item.healthy != Some(false) => return skipped(&format!("terminating: {why}")),
        State::Unknown => NonSuccessKind::Error,
        // Its exit code is not 0 either.
        State::Progressing | State::Terminating | State::Degraded | State::Unavailable => {
            NonSuccessKind::Failure
        }
    };
    let counts = ready_of_desired(item).map_or_else(String::new, |counts| format!("{counts} ready, "));
    let news = baseline_words(item).map_or_else(String::new, |words| format!("{words}, "));
    let message = format!("{}: {news}{counts}{why}", item.state.as_str());
    failed(
        failure,
        item.reason.as_str(),
        &message,
        &details(item, &message, digest),
    )
}

/// Why a baseline excuses an object that falls short.
fn baseline_excuse(item: &Item) -> Option<String> {
    let is_known = item.is_excused() && item.acknowledged.is_none();
    let falls_short = !item.state.is_fine() && !item.is_left_out();
    (is_known && falls_short).then(|| format!("{}, as in the baseline", item.state.as_str()))
}

/// The lines below a failure.
fn details(item: &Item, message: &str, digest: &Digest<'_>) -> Vec<String> {
    let mut lines = vec![message.to_owned()];
    if let Some(age) = digest.age(item.since.as_deref()) {
        let since = item.since.as_deref().unwrap_or_default();
        lines.push(format!("for {age}, since {since}"));
    }
    for cause in item.roots() {
        lines.extend(further_lines(cause, LOG).iter().map(|line| format!("| {line}")));
        lines.extend(cause.hint.iter().map(|hint| format!("next: {hint}")));
    }
    if item.roots().all(|cause| cause.hint.is_none()) {
        lines.extend(describe_command(item).map(|command| format!("next: {command}")));
    }
    lines
}

fn api_server(check: &ApiServerCheck) -> TestCase {
    let class = check.class.as_deref().unwrap_or("unknown");
    let message = check.error.as_deref().unwrap_or(class);
    let side = check.side.iter().map(|side| format!("on the side of {side}"));
    let missing = check.missing.iter().map(|rule| format!("missing rule: {rule}"));
    let hint = check.hint.iter().map(|hint| format!("next: {hint}"));
    let lines: Vec<String> = std::iter::once(message.to_owned())
        .chain(side)
        .chain(missing)
        .chain(hint)
        .collect();
    let status = match check.status {
        Status::Ok => TestCaseStatus::success(),
        Status::Degraded if check.is_excused() => skipped("degraded, as in the baseline"),
        Status::Degraded => failed(NonSuccessKind::Failure, class, message, &lines),
        Status::Unknown => failed(NonSuccessKind::Error, class, message, &lines),
    };
    case(API_SERVER, "API server", status)
}

fn not_seen(entry: &NotSeen, report: &Report) -> TestCase {
    let missing = entry.missing.as_ref().map(|rule| format!("missing rule {rule}"));
    let why = missing.or_else(|| entry.error.clone()).unwrap_or_default();
    let message = format!("not seen, {}: {why}", entry.class);
    let message = message.trim_end_matches([':', ' ']);
    let error = entry.error.iter().filter(|error| **error != why).cloned();
    let grant = report.coverage.grant.as_ref();
    let grant = grant.filter(|_| entry.missing.is_some() && entry.hint.is_none());
    let next: Vec<String> = match grant {
        Some(grant) => grant.commands.clone(),
        None => entry.next_step().into_iter().collect(),
    };
    let next = next.iter().map(|step| format!("next: {step}"));
    let lines: Vec<String> = std::iter::once(message.to_owned())
        .chain(error)
        .chain(next)
        .collect();
    let status = failed(NonSuccessKind::Error, &entry.class, message, &lines);
    case(NOT_SEEN, &entry.what(), status)
}

/// The only test case of a report that has no object.
fn whole(report: &Report, digest: &Digest<'_>) -> TestCase {
    let sentence = digest.headline.sentences.join("; ");
    let status = match report.status {
        Status::Ok => TestCaseStatus::success(),
        status => failed(
            NonSuccessKind::Error,
            status.as_str(),
            &sentence,
            std::slice::from_ref(&sentence),
        ),
    };
    case("health", &sentence, status)
}

/// A text of the cluster that XML may hold: control characters are written out, and so are the two that XML has no form for.
fn text(text: &str) -> String {
    escape(text)
        .replace('\u{fffe}', "\\u{fffe}")
        .replace('\u{ffff}', "\\u{ffff}")
}

#[cfg(test)]
mod tests {
    use super::super::sample::{empty, hostile, report_with, sample, unreached, well};
    use super::write;
    use quick_junit::{Report as Tests, TestCaseStatus};
    use serde_json::json;
    use sre_shared::report::Report;
    use std::collections::HashSet;

    fn xml(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("XML is text")
    }

    fn tests(report: &Report) -> Tests {
        Tests::deserialize_from_str(&xml(report)).expect("a test report")
    }

    #[test]
    fn each_object_is_a_test_case_of_the_suite_of_its_kind() {
        insta::assert_snapshot!(xml(&sample()));
    }

    // DavidAnson/markdownlint-cli2#512, terraform-linters/tflint#1608: GitLab shows one of the test cases that share a name.
    #[test]
    fn no_two_test_cases_have_one_class_and_name() {
        let twice = json!({
            "kind": "Deployment", "namespace": "shop", "name": "web", "state": "degraded", "healthy": false,
            "reason": "ReadyBelowDesired",
        });
        for report in [sample(), hostile(), report_with(&[twice.clone(), twice])] {
            let tests = tests(&report);
            let cases = tests.test_suites.iter().flat_map(|suite| &suite.test_cases);
            let names: Vec<_> = cases
                .map(|case| (case.classname.clone(), case.name.clone()))
                .collect();
            let distinct: HashSet<_> = names.iter().collect();
            assert_eq!(distinct.len(), names.len(), "{names:?}");
        }
    }

    #[test]
    fn what_was_not_seen_is_an_error_and_never_green() {
        let tests = tests(&unreached());
        assert_eq!((tests.failures, tests.errors > 0), (0, true));
        let cases = tests.test_suites.iter().flat_map(|suite| &suite.test_cases);
        let greens = cases.filter(|case| matches!(case.status, TestCaseStatus::Success { .. }));
        assert_eq!(greens.count(), 0);
    }

    // jenkinsci/junit-plugin#252, apache/maven-surefire#2961: one such character, and Jenkins refuses the whole file.
    #[test]
    fn characters_that_xml_has_no_form_for_are_written_out() {
        let report = report_with(&[json!({
            "kind": "Deployment", "namespace": "shop", "name": "web", "state": "degraded", "healthy": false,
            "reason": "ReadyBelowDesired", "message": "a\u{1b}[2J\u{0}\u{fffe}\u{202e}]]>&<b>", "detail": "a\u{1b}[2J\u{0}\u{fffe}\u{202e}]]>&<b>",
        })]);
        let text = xml(&report);
        let is_bad =
            |c: char| (c < ' ' && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202e}' | '\u{1b}');
        assert!(!text.contains(is_bad), "{text}");
        let tests = tests(&report);
        let case = &tests.test_suites[1].test_cases[0];
        let TestCaseStatus::NonSuccess { message, .. } = &case.status else {
            panic!("{case:?}");
        };
        let message = message.as_ref().map_or("", |message| message.as_str());
        assert!(
            message.ends_with(r"a\u{1b}[2J\u{0}\u{fffe}\u{202e}]]>&<b>"),
            "{message}"
        );
    }

    // bridgecrewio/checkov#880: a report without a test case reads as a success.
    #[test]
    fn a_report_without_objects_has_one_test_case_that_says_so() {
        let tests = tests(&empty());
        assert_eq!(tests.tests, 1);
        let case = &tests.test_suites.last().expect("a suite").test_cases[0];
        assert_eq!(case.name.as_str(), "no Deployments found");
        assert!(matches!(case.status, TestCaseStatus::Success { .. }));
    }

    // EnricoMi/publish-unit-test-result-action#662: `tests` counts skipped ones too, or a reader shows less than none.
    #[test]
    fn the_counts_of_a_suite_are_those_of_its_test_cases() {
        for report in [sample(), hostile(), unreached(), well()] {
            let tests = tests(&report);
            for suite in &tests.test_suites {
                let count = |is: fn(&TestCaseStatus) -> bool| {
                    suite.test_cases.iter().filter(|case| is(&case.status)).count()
                };
                assert_eq!(suite.tests, suite.test_cases.len());
                assert_eq!(
                    suite.skipped,
                    count(|status| matches!(status, TestCaseStatus::Skipped { .. }))
                );
            }
            assert_eq!(
                tests.tests,
                tests.test_suites.iter().map(|suite| suite.tests).sum::<usize>()
            );
        }
    }

    // jenkinsci/junit-plugin#321 and #135: an empty name or class ends in an exception there.
    #[test]
    fn each_test_case_has_a_class_and_a_name() {
        let nameless = json!({
            "kind": "Deployment", "name": "", "state": "unknown", "reason": "NotUnderstood", "message": "no name",
        });
        for report in [
            sample(),
            hostile(),
            report_with(&[nameless]),
            empty(),
            unreached(),
        ] {
            for case in tests(&report)
                .test_suites
                .iter()
                .flat_map(|suite| &suite.test_cases)
            {
                let class = case.classname.as_ref().map_or("", |class| class.as_str());
                assert!(
                    !class.trim().is_empty() && !case.name.as_str().trim().is_empty(),
                    "{case:?}"
                );
            }
        }
    }

    // microsoft/testfx#10269: GitLab shows the body and not the message. jenkinsci/junit-plugin#589: a message is one line.
    #[test]
    fn a_message_is_one_line_and_the_body_begins_with_it() {
        for report in [sample(), hostile(), unreached()] {
            let tests = tests(&report);
            for case in tests.test_suites.iter().flat_map(|suite| &suite.test_cases) {
                if let TestCaseStatus::NonSuccess {
                    message, description, ..
                } = &case.status
                {
                    let message = message.as_ref().map_or("", |message| message.as_str());
                    let body = description.as_ref().map_or("", |body| body.as_str());
                    assert!(!message.is_empty() && !message.contains('\n'), "{case:?}");
                    assert!(body.starts_with(message), "{case:?}");
                }
            }
        }
    }
}
