//! Which credential plugins may be run, as kubectl's preferences say (`kuberc`: `credentialPluginPolicy` and
//! `credentialPluginAllowlist`), by the rules of `k8s.io/kubectl/pkg/kuberc` and of client-go's `plugin/pkg/client/auth/exec`.
//!
//! Defaults and aliases of that file are for kubectl's own commands, and mean nothing here.

use crate::cluster::bounded_file;
use crate::cluster::config::file;
use crate::cluster::config::variable;
use crate::failure::{Class, Failure};
use serde::Deserialize;
use std::path::{Component, Path, PathBuf};
use tokio::time::Instant;

/// Which kuberc file counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Kuberc {
    /// None: this is not kubectl.
    #[default]
    None,
    /// As under kubectl: that of `KUBERC`, else `~/.kube/kuberc`; `KUBERC=off` is none.
    Environment,
    /// This one, which must exist.
    File(PathBuf),
}

/// Which plugins may be run.
#[derive(Debug, Default)]
pub(crate) enum Policy {
    /// Every one, which is kubectl's default.
    #[default]
    AllowAll,
    /// The same, because the file that nobody named cannot be read, for that reason. kubectl warns and goes on.
    Unread(String),
    /// None, as this file says.
    DenyAll(PathBuf),
    /// Those that this file lists.
    Allowlist(PathBuf, Vec<String>),
    /// The file cannot be used, and kubectl would not run at all.
    Unusable(Failure),
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Preference {
    api_version: String,
    kind: String,
    credential_plugin_policy: String,
    credential_plugin_allowlist: Option<Vec<Entry>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    command: String,
    /// What `command` was called before 1.36.
    name: String,
}

const GROUP: &str = "kubectl.config.k8s.io/";

impl Kuberc {
    /// What it says of plugins.
    pub(crate) fn policy(&self, until: Instant) -> Policy {
        let (path, is_named) = match self.place() {
            Ok(Some(place)) => place,
            Ok(None) => return Policy::AllowAll,
            Err(failure) => return Policy::Unusable(failure),
        };
        match read(&path, until) {
            Ok(policy) => policy,
            Err(Unread::Invalid(why)) => Policy::Unusable(unusable(&path, &why)),
            Err(Unread::Broken(why)) if is_named => Policy::Unusable(unusable(&path, &why)),
            Err(Unread::Missing) if is_named => Policy::Unusable(unusable(&path, "it does not exist")),
            Err(Unread::Missing) => Policy::AllowAll,
            Err(Unread::Broken(why)) => Policy::Unread(format!(
                "kuberc {}: {why}: every credential plugin may be run",
                path.display()
            )),
        }
    }

    /// Where it is, and whether somebody named it.
    fn place(&self) -> Result<Option<(PathBuf, bool)>, Failure> {
        let of_environment = match variable("KUBERC") {
            Some(off) if off == "off" => {
                return match self {
                    Self::File(_) => Err(Failure::new(
                        Class::BadConfiguration,
                        "KUBERC=off and --kuberc contradict each other",
                    )
                    .with_hint("leave out one of them")),
                    Self::None | Self::Environment => Ok(None),
                };
            }
            other => other,
        };
        // The feature gate of kubectl, by which the file is switched off too.
        if variable("KUBECTL_KUBERC").is_some_and(|value| value == "false") {
            return Ok(None);
        }
        Ok(match (self, of_environment) {
            (Self::None, _) => None,
            (Self::File(path), _) => Some((path.clone(), true)),
            (Self::Environment, Some(path)) => Some((path.into(), true)),
            (Self::Environment, None) => {
                crate::cluster::config::home().map(|home| (home.join(".kube").join("kuberc"), false))
            }
        })
    }
}

enum Unread {
    /// There is no such file.
    Missing,
    /// It cannot be read, or holds no preferences.
    Broken(String),
    /// It holds preferences that contradict themselves.
    Invalid(String),
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::new(
        Class::BadConfiguration,
        format!("kuberc {}: {why}", path.display()),
    )
    .with_hint("mend the file; KUBERC=off goes without it, and then every credential plugin may be run")
}

fn read(path: &Path, until: Instant) -> Result<Policy, Unread> {
    let broken = |why: String| Unread::Broken(why);
    let bytes = bounded_file::read(path, bounded_file::TOKEN, until).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Unread::Missing,
        _ => broken(error.to_string()),
    })?;
    let text = file::decoded(&bytes).map_err(broken)?;
    let mut documents = 0;
    for document in documents_of(&text) {
        documents += 1;
        let preference = file::value(document.as_bytes())
            .ok()
            .and_then(|value| serde_json::from_value::<Preference>(value).ok());
        // As kubectl: the first that it knows counts.
        match preference {
            Some(preference) if preference.kind == "Preference" => {
                match preference.api_version.strip_prefix(GROUP) {
                    Some("v1beta1") => return policy(path, preference).map_err(Unread::Invalid),
                    // It had no such fields.
                    Some("v1alpha1") => return Ok(Policy::AllowAll),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    if documents == 0 {
        return Ok(Policy::AllowAll);
    }
    Err(broken(format!("it holds no Preference of {GROUP}v1beta1")))
}

fn documents_of(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.lines() {
        match documents.last_mut() {
            Some(_) if line.starts_with("---") => documents.push(String::new()),
            Some(document) => {
                document.push_str(line);
                document.push('\n');
            }
            None => {}
        }
    }
    documents.retain(|document| !document.trim().is_empty());
    documents
}

/// `ValidatePluginPolicy` of client-go.
fn policy(path: &Path, preference: Preference) -> Result<Policy, String> {
    let list = preference.credential_plugin_allowlist;
    match (preference.credential_plugin_policy.as_str(), list) {
        ("" | "AllowAll", None) => Ok(Policy::AllowAll),
        ("DenyAll", None) => Ok(Policy::DenyAll(path.to_owned())),
        (policy @ ("" | "AllowAll" | "DenyAll"), Some(_)) => Err(format!(
            "credentialPluginPolicy is {policy:?}, and credentialPluginAllowlist is there, which needs Allowlist"
        )),
        ("Allowlist", None) => {
            Err("credentialPluginPolicy is \"Allowlist\", and credentialPluginAllowlist is missing".into())
        }
        ("Allowlist", Some(list)) if list.is_empty() => {
            Err("credentialPluginAllowlist is empty: DenyAll says that".into())
        }
        ("Allowlist", Some(list)) => {
            let mut commands = Vec::new();
            for (entry, number) in list.into_iter().zip(1..) {
                let command = match (entry.command.as_str(), entry.name.as_str()) {
                    ("", "") => return Err(format!("entry {number} of credentialPluginAllowlist is empty")),
                    (command, name) if !command.is_empty() && !name.is_empty() && command != name => {
                        return Err(format!(
                            "entry {number} of credentialPluginAllowlist has a command and another name"
                        ));
                    }
                    ("", name) => name.to_owned(),
                    (command, _) => command.to_owned(),
                };
                if cleaned(&command) != command {
                    return Err(format!(
                        "entry {number} of credentialPluginAllowlist is not written plainly: {command:?} is {:?}",
                        cleaned(&command)
                    ));
                }
                commands.push(command);
            }
            Ok(Policy::Allowlist(path.to_owned(), commands))
        }
        (other, _) => Err(format!(
            "credentialPluginPolicy is {other:?}, and AllowAll, DenyAll or Allowlist is expected"
        )),
    }
}

impl Policy {
    /// The program to run for that command, where it may be run.
    ///
    /// # Errors
    /// Class `credential`, with the file that forbids it; `badConfiguration`, where that file cannot be used.
    pub fn permits(&self, command: &str) -> Result<PathBuf, Failure> {
        let forbidden = |file: &Path, why: &str| {
            Failure::new(
                Class::Credential,
                format!(
                    "the credential plugin {command} may not be run: {why} of {}",
                    file.display()
                ),
            )
            .with_hint("allow it in that file, if you trust it and who wrote the kubeconfig")
        };
        match self {
            Self::AllowAll | Self::Unread(_) => Ok(command.into()),
            Self::Unusable(failure) => Err(failure.clone()),
            Self::DenyAll(file) => Err(forbidden(file, "DenyAll is the credentialPluginPolicy")),
            Self::Allowlist(file, commands) => {
                let own = cleaned(command);
                let found = program(&own);
                let name = |command: &str| Path::new(command).file_name().map(ToOwned::to_owned);
                let permitted = commands.iter().any(|entry| {
                    *entry == own
                        || found.as_deref().is_some_and(|found| {
                            Path::new(entry) == found
                                || (name(entry) == name(&own) && program(entry).as_deref() == Some(found))
                        })
                });
                if permitted {
                    Ok(found.unwrap_or(own.into()))
                } else {
                    Err(forbidden(file, "it is not in the credentialPluginAllowlist"))
                }
            }
        }
    }
}

/// `exec.LookPath` of Go: a name is looked for in `PATH`, a path is what it is, and it has to be executable.
fn program(command: &str) -> Option<PathBuf> {
    if command.contains(std::path::is_separator) {
        return Some(PathBuf::from(command)).filter(|path| is_executable(path));
    }
    let path = variable("PATH")?;
    std::env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .flat_map(|directory| {
            let endings: &[&str] = if cfg!(windows) {
                &["", ".exe", ".cmd", ".bat"]
            } else {
                &[""]
            };
            endings
                .iter()
                .map(move |ending| directory.join(format!("{command}{ending}")))
        })
        .find(|path| is_executable(path))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// `filepath.Clean` of Go.
fn cleaned(text: &str) -> String {
    let mut clean = PathBuf::new();
    for component in Path::new(text).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if clean.file_name().is_some() => {
                clean.pop();
            }
            Component::ParentDir if clean.has_root() => {}
            other => clean.push(other),
        }
    }
    if clean.as_os_str().is_empty() {
        return ".".to_owned();
    }
    clean.to_string_lossy().into_owned()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn said(text: &str, command: &str) -> String {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("kuberc");
        std::fs::write(&path, text).expect("it can be written to");
        let policy = Kuberc::File(path.clone()).policy(Instant::now() + Duration::from_secs(10));
        match policy.permits(command) {
            Ok(program) => format!("run {}", program.display()),
            Err(failure) => {
                let text = failure.to_string().replace(&path.display().to_string(), "FILE");
                format!("{}: {text}", failure.class.as_str())
            }
        }
    }

    #[test]
    fn a_plugin_is_run_where_kubectl_would_run_it() {
        const HEAD: &str = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n";
        let with = |rest: &str| format!("{HEAD}{rest}");
        let listed = |entries: &str| {
            with(&format!(
                "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: {entries}\n"
            ))
        };
        let refused = "credential: the credential plugin /bin/sh may not be run: it is not in the \
                       credentialPluginAllowlist of FILE";
        let invalid = |why: &str| format!("badConfiguration: kuberc FILE: {why}");
        for (text, command, expected) in [
            (String::new(), "/bin/sh", "run /bin/sh".to_owned()),
            (with(""), "/bin/sh", "run /bin/sh".into()),
            (with("credentialPluginPolicy: AllowAll\n"), "sh", "run sh".into()),
            (
                with("credentialPluginPolicy: DenyAll\n"),
                "/bin/sh",
                "credential: the credential plugin /bin/sh may not be run: DenyAll is the credentialPluginPolicy of FILE"
                    .into(),
            ),
            (listed("[{command: /bin/sh}]"), "/bin/sh", "run /bin/sh".into()),
            (listed("[{name: /bin/sh}]"), "/bin/../bin/./sh", "run /bin/sh".into()),
            (listed("[{command: other}, {command: nothing}]"), "nothing", "run nothing".into()),
            (listed("[{command: other}]"), "/bin/sh", refused.into()),
            (listed("[{command: /usr/local/bin/sh}]"), "/bin/sh", refused.into()),
            // A directory of one's own is not PATH's.
            (listed("[{command: nothing}]"), "/here/nothing",
                "credential: the credential plugin /here/nothing may not be run: it is not in the \
                 credentialPluginAllowlist of FILE".into()),
            (format!("kind: Other\n---\n{}", with("credentialPluginPolicy: DenyAll")), "/bin/sh",
                "credential: the credential plugin /bin/sh may not be run: DenyAll is the credentialPluginPolicy of FILE".into()),
            (format!("{}---\n{}", with(""), with("credentialPluginPolicy: DenyAll")), "sh", "run sh".into()),
            (with("").replace("v1beta1", "v1alpha1"), "sh", "run sh".into()),
            (
                with("credentialPluginPolicy: denyall\n"),
                "sh",
                invalid("credentialPluginPolicy is \"denyall\", and AllowAll, DenyAll or Allowlist is expected"),
            ),
            (
                with("credentialPluginAllowlist: [{command: sh}]\n"),
                "sh",
                invalid("credentialPluginPolicy is \"\", and credentialPluginAllowlist is there, which needs Allowlist"),
            ),
            (
                with("credentialPluginPolicy: Allowlist\n"),
                "sh",
                invalid("credentialPluginPolicy is \"Allowlist\", and credentialPluginAllowlist is missing"),
            ),
            (listed("[]"), "sh", invalid("credentialPluginAllowlist is empty: DenyAll says that")),
            (listed("[{command: sh}, {}]"), "sh", invalid("entry 2 of credentialPluginAllowlist is empty")),
            (
                listed("[{command: sh, name: dash}]"),
                "sh",
                invalid("entry 1 of credentialPluginAllowlist has a command and another name"),
            ),
            (
                listed("[{command: /bin//sh}]"),
                "sh",
                invalid("entry 1 of credentialPluginAllowlist is not written plainly: \"/bin//sh\" is \"/bin/sh\""),
            ),
            ("kind: Preference\n".into(), "sh", invalid("it holds no Preference of kubectl.config.k8s.io/v1beta1")),
        ] {
            assert_eq!(said(&text, command), expected, "{text}{command}");
        }
        // By its name in PATH, which is the program that a full path names.
        let shell = program("sh").expect("a shell");
        let entry = format!("[{{command: {}}}]", shell.display());
        assert_eq!(said(&listed(&entry), "sh"), format!("run {}", shell.display()));
        assert_eq!(
            said(&listed("[{command: sh}]"), &shell.to_string_lossy()),
            format!("run {}", shell.display())
        );
    }

    #[test]
    fn paths_are_cleaned_as_go_cleans_them() {
        for (path, clean) in [
            ("/a/b", "/a/b"),
            ("/a//b/", "/a/b"),
            ("/a/./b/../c", "/a/c"),
            ("../a", "../a"),
            ("/../a", "/a"),
            ("", "."),
            ("./a", "a"),
        ] {
            assert_eq!(cleaned(path), clean, "{path}");
        }
    }
}
