//! Next commands: those that a screen or a report tells its reader to run.

use crate::node::kubectl;
use crate::process::ProcessResult;
use crate::report::{Report, list};
use std::collections::BTreeSet;

/// A command that was run, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HintOutcome {
    /// It shows something that the screen does not say.
    Tells,
    /// It would change something, so it was not run.
    Changes,
    /// It would go back to an earlier revision, so it was not run. `tests/node/changes.rs` runs it.
    GoesBack,
    /// It asks for metrics, and this cluster has no server for these.
    NeedsMetrics,
    /// It reads the log of a program that wrote nothing.
    Silent,
}

/// Commands that change an object.
const CHANGES: [&str; 2] = [" delete pod ", " rollout resume "];
/// A command that goes back to an earlier revision.
const GOES_BACK: &str = " rollout undo ";
/// kubectl's words if nothing serves metrics. A cluster without them needs no other next command.
const NO_METRICS: &str = "Metrics API not available";

/// The commands on a screen.
fn on_screen(screen: &str) -> impl Iterator<Item = &str> {
    let lines = screen.lines().map(str::trim);
    lines.filter(|line| line.starts_with("kubectl ") && !line.starts_with("kubectl sre "))
}

/// The commands on a screen, and of every cause in its namespace: a screen shows one command an object.
#[must_use]
pub fn hints(screen: &str, report: &Report, namespace: &str) -> BTreeSet<String> {
    let items = list(&report.0["checks"])
        .iter()
        .flat_map(|check| list(&check["items"]));
    let own = items.filter(|item| item["namespace"] == namespace);
    let causes = own.flat_map(|item| list(&item["causes"]));
    let of_causes = causes.filter_map(|cause| cause["hint"].as_str());
    on_screen(screen).chain(of_causes).map(str::to_owned).collect()
}

/// Runs a command as a reader would paste it.
///
/// # Errors
/// The command failed, or shows only what the screen says.
pub fn try_out(hint: &str, screen: &str) -> Result<HintOutcome, String> {
    if CHANGES.iter().any(|change| hint.contains(change)) {
        return Ok(HintOutcome::Changes);
    }
    if hint.contains(GOES_BACK) {
        return Ok(HintOutcome::GoesBack);
    }
    outcome(hint, screen, &kubectl().run_in_shell(hint))
}

fn outcome(hint: &str, screen: &str, ran: &ProcessResult) -> Result<HintOutcome, String> {
    let output = format!("{}\n{}", ran.stdout, ran.stderr);
    match ran.code {
        Some(0) if !news(&output, screen, hint).is_empty() => Ok(HintOutcome::Tells),
        Some(0) if hint.contains(" logs ") && output.trim().is_empty() => Ok(HintOutcome::Silent),
        Some(0) => Err(format!("it shows only what the screen says:\n{ran}\n{screen}")),
        _ if hint.contains(" top ") && output.contains(NO_METRICS) => Ok(HintOutcome::NeedsMetrics),
        _ => Err(format!("it fails:\n{ran}")),
    }
}

/// The words of an output that are neither on the screen nor in the command, and are no heading, no age and no number. The program
/// behind a change may have written other objects too, so that its name on the screen says nothing about them.
fn news<'a>(output: &'a str, screen: &str, hint: &str) -> Vec<&'a str> {
    let names_no_program = |line: &&str| !line.contains("(by ");
    let screen = screen
        .lines()
        .filter(names_no_program)
        .collect::<Vec<_>>()
        .join("\n");
    let is_word = |word: &&str| word.chars().filter(char::is_ascii_alphabetic).count() >= 3;
    let is_heading = |word: &&str| !word.chars().any(char::is_lowercase);
    output
        .split(|c: char| c.is_whitespace() || "{}[]()\",:=".contains(c))
        .filter(|word| is_word(word) && !is_heading(word))
        .filter(|word| !["none", "unset", "<none>", "<unset>"].contains(word))
        .filter(|word| !screen.contains(word) && !hint.contains(word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SCREEN: &str = "UNAVAILABLE  1 Deployment is not healthy\n\n✗ shop/web  0/1 ready  Quota: quota compute: pods 1 \
                          of 1 used, 1 more asked\n    kubectl -n shop get pods\n    kubectl sre explain Quota\n";

    #[test]
    fn a_screen_has_a_command_on_a_line_of_its_own() {
        let report = Report(serde_json::json!({"checks": [{"items": [
            {"namespace": "shop", "causes": [{"hint": "kubectl -n shop get pods"}, {"hint": "kubectl get nodes"}]},
            {"namespace": "other", "causes": [{"hint": "kubectl -n other get pods"}]}]}]}));
        let found: Vec<String> = hints(SCREEN, &report, "shop").into_iter().collect();
        assert_eq!(found, ["kubectl -n shop get pods", "kubectl get nodes"]);
    }

    #[test]
    fn a_command_has_to_show_something_that_the_screen_does_not_say() {
        let tried = |hint: &str, code: i32, stdout: &str, stderr: &str| {
            let ran = ProcessResult {
                command: hint.to_owned(),
                code: Some(code),
                stdout: stdout.to_owned(),
                stderr: stderr.to_owned(),
                took: Duration::ZERO,
            };
            outcome(hint, SCREEN, &ran).map_err(|error| error.lines().next().unwrap_or_default().to_owned())
        };
        let pods = "NAME    READY   STATUS    RESTARTS   AGE\nother   1/1     Running   0          5m\n";
        assert_eq!(
            tried("kubectl -n shop get pods", 0, pods, ""),
            Ok(HintOutcome::Tells)
        );
        let nothing = "No resources found in shop namespace.";
        assert_eq!(
            tried("kubectl -n shop get pods", 0, "", nothing),
            Ok(HintOutcome::Tells)
        );
        let by = format!("{SCREEN}    1 s after it was created (by kubectl-create)\n");
        assert_eq!(
            news("kubectl-create, ", &by, "kubectl get namespace"),
            ["kubectl-create"]
        );
        let known = "NAME      HARD   USED   AGE\ncompute   1      1      5m\n";
        let only = "it shows only what the screen says:".to_owned();
        assert_eq!(
            tried("kubectl -n shop get quota", 0, known, ""),
            Err(only.clone())
        );
        assert_eq!(tried("kubectl -n shop get pods", 0, "", ""), Err(only));
        assert_eq!(
            tried("kubectl -n shop logs web", 0, "", ""),
            Ok(HintOutcome::Silent)
        );
        assert_eq!(
            tried(
                "kubectl -n shop top pod web",
                1,
                "",
                "error: Metrics API not available"
            ),
            Ok(HintOutcome::NeedsMetrics)
        );
        assert_eq!(
            tried("kubectl -n shop get pod web", 1, "", "NotFound"),
            Err("it fails:".to_owned())
        );
    }
}
