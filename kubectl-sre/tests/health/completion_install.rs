//! The scripts of shells, and the file by which kubectl finds the candidates.

use super::plugin::{PluginRun, run_in};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

const PLUGIN: &str = env!("CARGO_BIN_EXE_kubectl-sre");

/// A directory with the plugin as Krew installs it: `bin/kubectl-sre` is a link to the version in `store`.
struct Krew {
    directory: tempfile::TempDir,
}

impl Krew {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let krew = Self { directory };
        std::fs::create_dir_all(krew.bin()).expect("it can be written to");
        krew.upgrade("v1.0.0");
        krew
    }

    /// Puts another version in its place, and removes the old one.
    fn upgrade(&self, version: &str) {
        let store = self.directory.path().join("store");
        let _ = std::fs::remove_dir_all(&store);
        let program = store.join(version).join("kubectl-sre");
        std::fs::create_dir_all(program.parent().expect("a directory")).expect("it can be written to");
        std::fs::hard_link(PLUGIN, &program)
            .or_else(|_| std::fs::copy(PLUGIN, &program).map(drop))
            .expect("the plugin was built for this test");
        let link = self.bin().join("kubectl-sre");
        let _ = std::fs::remove_file(&link);
        symlink(program, link).expect("it can be written to");
    }

    fn bin(&self) -> PathBuf {
        self.directory.path().join("bin")
    }

    fn shim(&self) -> PathBuf {
        self.bin().join("kubectl_complete-sre")
    }

    /// Runs `completion install` by the link, as kubectl does.
    fn install(&self, flags: &[&str], path: &str) -> PluginRun {
        let output = Command::new(self.bin().join("kubectl-sre"))
            .env_clear()
            .env("PATH", path)
            .args(["completion", "install"])
            .args(flags)
            .output()
            .expect("the plugin was built for this test");
        let text = |bytes| String::from_utf8(bytes).expect("the plugin writes text");
        PluginRun {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// Runs it with its directory on PATH, and asserts that nothing is wrong.
    fn installs(&self, flags: &[&str]) -> String {
        let ran = self.install(flags, &format!("/usr/bin:{}", self.bin().display()));
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
        ran.out
    }
}

/// What a shim prints for these words.
fn ask(shim: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(shim)
        .env_clear()
        .env("HOME", "/nowhere")
        .args(words)
        .output()
        .expect("it can be run");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_shim_is_written_beside_the_link_of_krew_and_outlives_an_upgrade() {
    let krew = Krew::new();
    let shim = krew.shim().display().to_string();
    assert_eq!(krew.installs(&["--dry-run"]), format!("would write: {shim}\n"));
    assert!(!krew.shim().exists());
    assert_eq!(krew.installs(&[]), format!("written: {shim}\n"));
    let explain =
        "explain\tExplain words of a report: what they mean, how they were decided, what to do\n:4\n";
    assert_eq!(
        ask(&krew.shim(), &["ex"]),
        (Some(0), explain.to_owned(), String::new())
    );
    krew.upgrade("v2.0.0");
    assert_eq!(ask(&krew.shim(), &["ex"]).1, explain);
    assert_eq!(krew.installs(&[]), format!("already there: {shim}\n"));
    let left: Vec<_> = std::fs::read_dir(krew.bin())
        .expect("a directory")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
    // Without its plugin it is silent, and kubectl drops what failed.
    std::fs::remove_file(krew.bin().join("kubectl-sre")).expect("it can be removed");
    assert_eq!(
        ask(&krew.shim(), &["ex"]),
        (Some(1), String::new(), String::new())
    );
}

#[test]
fn an_older_shim_is_replaced_and_removed() {
    let krew = Krew::new();
    krew.installs(&[]);
    let shim = krew.shim().display().to_string();
    let text = std::fs::read_to_string(krew.shim()).expect("it is text");
    std::fs::write(krew.shim(), text.replace("/bin/kubectl-sre", "/old/kubectl-sre"))
        .expect("it can be written to");
    assert_eq!(krew.installs(&["--dry-run"]), format!("would replace: {shim}\n"));
    assert_eq!(krew.installs(&[]), format!("replaced: {shim}\n"));
    assert_eq!(std::fs::read_to_string(krew.shim()).expect("it is text"), text);
    std::fs::set_permissions(krew.shim(), std::fs::Permissions::from_mode(0o644)).expect("it is ours");
    assert_eq!(krew.installs(&[]), format!("replaced: {shim}\n"));
    assert_eq!(
        krew.installs(&["--remove", "--dry-run"]),
        format!("would remove: {shim}\n")
    );
    assert_eq!(krew.installs(&["--remove"]), format!("removed: {shim}\n"));
    assert_eq!(
        krew.installs(&["--remove"]),
        format!("nothing to remove: {shim} does not exist\n")
    );
}

#[test]
fn a_file_that_somebody_else_wrote_stays_as_it_is() {
    let krew = Krew::new();
    let elsewhere = krew.directory.path().join("elsewhere");
    let make: [&dyn Fn(); 3] = [
        &|| {
            std::fs::write(krew.shim(), "#!/bin/sh\nkubectl sre __complete \"$@\"\n")
                .expect("it can be written to");
        },
        &|| {
            krew.installs(&["--dir", &krew.directory.path().display().to_string(), "--remove"]);
            std::fs::write(&elsewhere, "theirs").expect("it can be written to");
            symlink(&elsewhere, krew.shim()).expect("it can be written to");
        },
        &|| std::fs::create_dir(krew.shim()).expect("it can be written to"),
    ];
    for made in make {
        made();
        for flags in [&[][..], &["--remove"]] {
            let ran = krew.install(flags, &krew.bin().display().to_string());
            assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""), "{ran:?}");
            assert_eq!(
                ran.err,
                format!(
                    "error: {} was not written by this command, and stays as it is: move it away, or give another directory of \
                     PATH: kubectl sre completion install --dir DIR\n",
                    krew.shim().display()
                )
            );
        }
        if krew.shim().is_dir() {
            std::fs::remove_dir(krew.shim()).expect("it is ours");
        } else {
            std::fs::remove_file(krew.shim()).expect("it is ours");
        }
    }
    assert_eq!(std::fs::read_to_string(elsewhere).expect("it is there"), "theirs");
}

#[test]
fn a_directory_that_kubectl_does_not_search_is_named() {
    let krew = Krew::new();
    let bin = krew.bin().display().to_string();
    let ran = krew.install(&[], "/usr/bin");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        ran.err,
        format!(
            "warning: {bin} is not on PATH, so that kubectl does not find the file; add it to PATH, or give a directory of PATH: \
             kubectl sre completion install --dir DIR\n"
        )
    );
    // Another shim in front of it on PATH.
    let first = krew.directory.path().join("it's first");
    std::fs::create_dir(&first).expect("it can be written to");
    let first = first.display().to_string();
    assert_eq!(
        krew.install(&["--dir", &first], &format!("{first}:{bin}")).err,
        ""
    );
    let ran = krew.install(&[], &format!("{first}:{bin}"));
    assert_eq!(
        ran.err,
        format!(
            "warning: kubectl finds {first}/kubectl_complete-sre first, which is in front on PATH; remove it, or give its \
             directory with --dir\n"
        )
    );
    assert_eq!(
        ask(Path::new(&format!("{first}/kubectl_complete-sre")), &["ex"]).0,
        Some(0)
    );
}

#[test]
fn a_directory_that_cannot_be_written_to_is_named_with_the_next_step() {
    let krew = Krew::new();
    // A file is no directory, for root too.
    let file = krew.bin().join("kubectl-sre").display().to_string();
    for directory in ["/nowhere/at/all", file.as_str()] {
        let ran = krew.install(&["--dir", directory], "/usr/bin");
        assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""), "{ran:?}");
        assert!(
            ran.err
                .starts_with(&format!("error: {directory}/kubectl_complete-sre: ")),
            "{ran:?}"
        );
        assert!(
            ran.err.ends_with(
                "; give a directory of PATH that you may write to: kubectl sre completion install --dir DIR\n"
            ),
            "{ran:?}"
        );
    }
}

/// The shells read their script at each start, so that it must wait for nothing.
#[test]
fn the_script_of_a_shell_is_printed_without_a_cluster_or_a_kubeconfig() {
    let server = sre_testkit::ApiServer::builder().start_blocking();
    let broken = server.kubeconfig().with_extension("broken");
    std::fs::write(&broken, "contexts: [").expect("it can be written to");
    for (shell, begin) in [
        ("bash", "# Completes kubectl-sre in bash:"),
        ("zsh", "#compdef kubectl-sre\n"),
        ("fish", "# Completes kubectl-sre in fish:"),
        ("powershell", "# Completes kubectl-sre in PowerShell:"),
    ] {
        for config in [server.kubeconfig(), broken.as_path()] {
            let ran = run_in(
                &[("KUBECONFIG", &config.display().to_string())],
                &["completion", shell],
                "",
            );
            assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
            assert!(ran.out.starts_with(begin), "{ran:?}");
        }
    }
    assert_eq!(server.requests().len(), 0);
}

/// What bash has as candidates for a line. bash cuts it into words at the characters of `COMP_WORDBREAKS`.
fn in_bash(line: &str, words: &[&str], variables: &[(&str, &str)]) -> String {
    let directory = Path::new(PLUGIN)
        .parent()
        .expect("a directory")
        .display()
        .to_string();
    let script = "source <(kubectl-sre completion bash); COMP_LINE=$1 COMP_POINT=${#1}; shift; COMP_WORDS=(\"$@\"); \
                  COMP_CWORD=$(($# - 1)); _kubectl_sre 2>&1; echo \"${COMPREPLY[*]}\"";
    let output = Command::new("bash")
        .env_clear()
        .env("PATH", format!("{directory}:/usr/bin:/bin"))
        .env("HOME", "/nowhere")
        .envs(variables.iter().copied())
        .args(["--norc", "-c", script, "bash", line])
        .args(words)
        .output()
        .expect("bash is installed");
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

#[test]
fn bash_replaces_only_the_part_of_a_word_that_it_has_cut() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("config");
    let text = "contexts: [{name: 'arn:aws:eks:prod'}, {name: 'arn:aws:eks:test'}]";
    std::fs::write(&path, text).expect("it can be written to");
    let path = path.display().to_string();
    let config = [("KUBECONFIG", path.as_str())];
    // compopt has no meaning outside of a completion, and says so.
    let last = |text: String| text.lines().last().unwrap_or_default().to_owned();
    for (line, words, expected) in [
        ("kubectl-sre he", &["kubectl-sre", "he"][..], "health help"),
        (
            "kubectl-sre ",
            &["kubectl-sre", ""],
            "changes completion explain fleet gate health help version",
        ),
        (
            "kubectl-sre health --col",
            &["kubectl-sre", "health", "--col"],
            "--color",
        ),
        (
            "kubectl-sre health -o j",
            &["kubectl-sre", "health", "-o", "j"],
            "json junit",
        ),
        (
            "kubectl-sre health --output=j",
            &["kubectl-sre", "health", "--output", "=", "j"],
            "json junit",
        ),
        (
            "kubectl-sre health --output=",
            &["kubectl-sre", "health", "--output", "="],
            "json",
        ),
        (
            "kubectl-sre health --context arn:aws:eks:p",
            &[
                "kubectl-sre",
                "health",
                "--context",
                "arn",
                ":",
                "aws",
                ":",
                "eks",
                ":",
                "p",
            ],
            "prod",
        ),
        (
            "kubectl-sre health --context=arn:",
            &["kubectl-sre", "health", "--context", "=", "arn", ":"],
            "aws:eks:prod aws:eks:test",
        ),
        (
            "kubectl-sre  health  --fil",
            &["kubectl-sre", "health", "--fil"],
            "--filename",
        ),
    ] {
        let answer = last(in_bash(line, words, &config));
        if line.ends_with("--output=") {
            assert!(answer.split(' ').any(|word| word == expected), "{line}: {answer}");
        } else {
            assert_eq!(answer, expected, "{line}");
        }
    }
}
