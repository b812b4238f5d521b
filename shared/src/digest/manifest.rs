//! The sentences about objects of manifests that have no verdict.

use super::words::{count, listed};
use crate::report::Report;

/// One sentence for the objects that are there, and one for those that were not looked for.
pub(super) fn sentences(report: &Report) -> Vec<String> {
    let Some(manifest) = &report.coverage.manifest else {
        return Vec::new();
    };
    let present: Vec<String> = manifest
        .present
        .iter()
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    let there = present_words(report).map(|words| format!("{words}: {}", listed(&present, "and")));
    let not_checked: Vec<String> = manifest
        .not_checked
        .iter()
        .map(|(what, n)| count(*n, what))
        .collect();
    let left = (!not_checked.is_empty()).then(|| format!("{} not checked", listed(&not_checked, "and")));
    there.into_iter().chain(left).collect()
}

/// `3 objects without a verdict are there`; `None` if there is none.
pub(super) fn present_words(report: &Report) -> Option<String> {
    let manifest = report.coverage.manifest.as_ref()?;
    let present = manifest.present.values().copied().fold(0, u64::saturating_add);
    match present {
        0 => None,
        1 => Some("1 object without a verdict is there".to_owned()),
        n => Some(format!("{n} objects without a verdict are there")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ManifestCoverage, Source};

    fn with(present: &[(&str, u64)], not_checked: &[(&str, u64)]) -> Vec<String> {
        let counts = |of: &[(&str, u64)]| of.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        let mut report = Report::new(Source::default(), String::new());
        report.coverage.manifest = Some(ManifestCoverage {
            present: counts(present),
            not_checked: counts(not_checked),
        });
        sentences(&report)
    }

    #[test]
    fn objects_without_a_verdict_are_counted_aloud() {
        assert_eq!(
            with(
                &[("configmaps", 2), ("roles", 1)],
                &[("Helm hook", 1), ("Secret", 2)]
            ),
            [
                "3 objects without a verdict are there: configmaps 2 and roles 1",
                "1 Helm hook and 2 Secrets not checked",
            ]
        );
        assert_eq!(
            with(&[("configmaps", 1)], &[]),
            ["1 object without a verdict is there: configmaps 1"]
        );
        assert_eq!(with(&[], &[]), [""; 0]);
        assert_eq!(sentences(&Report::new(Source::default(), String::new())), [""; 0]);
    }
}
