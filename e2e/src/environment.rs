//! The environment of the tests: the variables that `e2e/run` sets, and the places of programs and scripts.

use crate::script;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A variable. Only this function reads the environment.
#[allow(clippy::disallowed_methods, reason = "the rim of the tests")]
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is a directory of the repository")
}

/// The directory of the cluster that all tests share.
pub fn shared_cluster() -> PathBuf {
    match variable("SRE_E2E_CLUSTER") {
        Some(directory) => directory.into(),
        None => panic!("these tests need a cluster: run make e2e"),
    }
}

/// A home directory for programs that must not find this machine's own. `e2e/run` removes it with its `TMPDIR`.
pub fn home() -> PathBuf {
    std::env::temp_dir().join("sre-e2e-home")
}

/// A new directory for the test with this name. `e2e/run` removes it with its `TMPDIR`.
#[must_use]
#[track_caller]
pub fn temporary(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("sre-e2e-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("the directory of the tests can be written");
    directory
}

/// Which of our own programs: those of this commit, or those of the previous release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// Built beside the tests.
    Present,
    /// Built once by `e2e/cluster/components`, from the repository's history.
    Previous,
}

/// One of our own programs of a build.
#[track_caller]
pub fn program(name: &str, build: Build) -> PathBuf {
    match build {
        Build::Present => binary(name),
        Build::Previous => script::component(&format!("previous-{name}")),
    }
}

/// One of our own programs. cargo puts them beside the tests.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the system knows which program runs");
    let path = test
        .parent()
        .and_then(Path::parent)
        .expect("cargo puts tests into target/PROFILE/deps")
        .join(name);
    assert!(
        path.exists(),
        "{} is not built; run: cargo build -p {name}",
        path.display()
    );
    path
}
