//! Judges a dump with the plugin, and shortens the report to lines that a test can compare.

use super::schema::assert_valid;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The time at which the dumps of `dumps/` are judged, unless a test names another.
pub const AT: &str = "2026-11-20T12:00:00Z";

/// Limit of a run. No run takes nearly as long; one that reaches it has failed.
const LIMIT: Duration = Duration::from_secs(30);

/// The path of a file or folder of `dumps/`.
pub fn dump(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reports/dumps")
        .join(name)
}

/// Judges `dumps/NAME` at [`AT`] with further words of the command line, and returns the result in lines:
///
/// ```text
/// exit 2
/// Deployment shop/pay unavailable ReadyBelowDesired: 0 of 2 ready
///   CrashLoop: container pay exited 1 (4 restarts)
///   note: paused
///   warning: ...
/// not seen: cronjobs, forbidden: ...
/// ```
///
/// Objects that are healthy, suspended or succeeded and have neither a note nor a warning are left out.
pub fn verdict(name: &str, args: &[&str]) -> String {
    verdict_of(&dump(name), &[&["--at", AT], args].concat())
}

/// Judges the dump at any path, at the time that the command line says.
pub fn verdict_of(path: &Path, args: &[&str]) -> String {
    let report = run(path, args);
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut lines = vec![format!("exit {}", report.0)];
    for check in list(&report.1["checks"]) {
        for item in list(&check["items"]) {
            let (notes, warnings) = (list(&item["notes"]), list(&item["warnings"]));
            let state = text(&item, "state");
            let fine = ["healthy", "suspended", "succeeded"].contains(&state.as_str());
            if fine && notes.is_empty() && warnings.is_empty() {
                continue;
            }
            let place = match text(&item, "namespace") {
                namespace if namespace.is_empty() => text(&item, "name"),
                namespace => format!("{namespace}/{}", text(&item, "name")),
            };
            lines.push(format!(
                "{} {place} {state} {}: {}",
                text(&item, "kind"),
                text(&item, "reason"),
                text(&item, "message")
            ));
            for cause in list(&item["causes"]) {
                lines.push(format!("  {}: {}", text(&cause, "code"), text(&cause, "message")));
            }
            lines.extend(
                notes
                    .iter()
                    .map(|n| format!("  note: {}", n.as_str().unwrap_or_default())),
            );
            lines.extend(
                warnings
                    .iter()
                    .map(|w| format!("  warning: {}", w.as_str().unwrap_or_default())),
            );
        }
    }
    for entry in list(&report.1["coverage"]["notSeen"]) {
        lines.push(format!(
            "not seen: {}, {}: {}",
            text(&entry, "what"),
            text(&entry, "class"),
            text(&entry, "error")
        ));
    }
    let folder = format!("{}/", dump("").display()).replace("//", "/");
    lines.join("\n").replace(&folder, "")
}

/// Exit code and report.
fn run(path: &Path, args: &[&str]) -> (i32, Value) {
    let output = plugin(path, &[&["-o", "json"], args].concat());
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error} in {output:?}"));
    assert_valid(&report);
    (output.status.code().unwrap_or(-1), report)
}

/// The exit code and the screen, 120 columns wide and without colour.
pub fn screen(name: &str, args: &[&str]) -> String {
    let output = plugin(&dump(name), &[&["--at", AT], args].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "exit {}\n{}{}",
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr)
    )
}

fn plugin(path: &Path, args: &[&str]) -> std::process::Output {
    let home = tempfile::tempdir().expect("the machine has a writable temporary directory");
    assert_cmd::Command::new(env!("CARGO_BIN_EXE_kubectl-sre"))
        .env_clear()
        .env("HOME", home.path())
        .args(["health", "-f"])
        .arg(path)
        .args(args)
        .timeout(LIMIT)
        .output()
        .expect("the plugin was built for this test")
}
