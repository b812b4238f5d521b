//! Names alone, for xargs. Each object that is not healthy has a line, as kubectl writes it, the worst first.
//!
//! If more than one namespace was asked for, each line has its own: `-n shop deployment.apps/checkout`. The question decides that
//! and not the answer, so that a script reads the same form each day.

use super::escape;
use super::problem_text::{API_SERVER, problem_texts};
use super::selection::{TableOptions, objects, type_name};
use sre_shared::digest::Digest;
use sre_shared::report::{Item, Namespaces, Report};
use sre_shared::shell::quoted;
use std::io::{Result, Write};

/// Writes the names.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, options: &TableOptions, out: &mut dyn Write) -> Result<()> {
    let is_one_namespace =
        matches!(&report.coverage.namespaces, Namespaces::These(names) if names.len() == 1);
    let is_shown = |item: &Item| !options.states.is_empty() || is_unhealthy(item);
    for (kind, item) in objects(report, options) {
        if !is_shown(item) || item.name.is_empty() {
            continue;
        }
        let name = quoted(&escape(&format!("{}/{}", type_name(kind, item), item.name)));
        if is_one_namespace || item.namespace.is_empty() {
            writeln!(out, "{name}")?;
        } else {
            writeln!(out, "-n {} {name}", quoted(&escape(&item.namespace)))?;
        }
    }
    Ok(())
}

/// What a list of names cannot say: that the API server is not well, and what was not seen.
pub(super) fn gaps(report: &Report) -> Vec<String> {
    let digest = Digest::new(report);
    let texts = problem_texts(report, &digest).into_iter();
    let gaps = texts.filter(|text| text.is_gap || text.what == API_SERVER);
    gaps.map(|text| format!("{}: {}", text.what, text.why)).collect()
}

/// Whether somebody should look at the object. An object that is being deleted, and one that is acknowledged, is left out as it is
/// left out of the exit code.
fn is_unhealthy(item: &Item) -> bool {
    !item.state.is_fine() && !item.is_excused() && !item.is_left_out()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{report_with, sample};
    use super::write;
    use crate::output::{SortBy, TableOptions};
    use serde_json::json;
    use sre_shared::report::{Namespaces, Report, State};

    fn names(report: &Report, options: &TableOptions) -> String {
        let mut out = Vec::new();
        write(report, options, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("names are text")
    }

    #[test]
    fn each_line_is_the_arguments_of_one_kubectl_command() {
        insta::assert_snapshot!(names(&sample(), &TableOptions::default()));
    }

    // kubernetes/kubernetes#29271: a prefix that the next command does not take needs hacks.
    #[test]
    fn a_question_about_one_namespace_is_answered_with_the_names_that_kubectl_prints() {
        let mut report = sample();
        report.coverage.namespaces = Namespaces::These(vec!["shop".to_owned()]);
        let text = names(&report, &TableOptions::default());
        assert!(text.lines().all(|line| !line.contains(' ')), "{text}");
        assert!(text.contains("deployment.apps/checkout\n"), "{text}");
    }

    #[test]
    fn states_choose_the_objects_and_an_order_can_be_given() {
        let options = TableOptions {
            states: vec![State::Healthy],
            sort_by: Some(SortBy::Name),
            ..TableOptions::default()
        };
        assert_eq!(names(&sample(), &options), "-n shop deployment.apps/web\n");
    }

    #[test]
    fn a_name_that_no_cluster_has_stays_one_word_of_xargs() {
        let report = report_with(&[json!({
            "kind": "Deployment", "namespace": "a b", "name": "x --all\n'", "state": "degraded", "healthy": false,
            "reason": "ReadyBelowDesired",
        })]);
        assert_eq!(
            names(&report, &TableOptions::default()),
            "-n 'a b' 'deployment.apps/x --all '\\'''\n"
        );
    }
}
