//! Decides which credential plugins may be run, by kubectl's preferences (`kuberc`: `credentialPluginPolicy` and
//! `credentialPluginAllowlist`) and by the rules of `k8s.io/kubectl/pkg/kuberc` and of client-go's `plugin/pkg/client/auth/exec`.
//!
//! Defaults and aliases of that file are for kubectl's own commands, and mean nothing here.

use crate::cluster::bounded_file;
use crate::cluster::config::environment::{home, variable};
use crate::cluster::config::yaml;
use crate::failure::{Class, Failure};
use serde::Deserialize;
use std::path::{Component, Path, PathBuf};
use tokio::time::Instant;

/// Which kuberc file counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Kuberc {
    /// None, since this is not kubectl.
    #[default]
    None,
    /// As under kubectl: the file of `KUBERC`, else `~/.kube/kuberc`; `KUBERC=off` is none.
    Environment,
    /// This file, which must exist.
    File(PathBuf),
}

/// Which plugins may be run.
#[derive(Debug, Default)]
pub(crate) enum PluginPolicy {
    /// All, which is kubectl's default.
    #[default]
    AllowAll,
    /// All, since the default file cannot be read, for that reason. kubectl warns and goes on.
    Unread(String),
    /// None: this file forbids them.
    DenyAll(PathBuf),
    /// The commands that this file lists.
    Allowlist(PathBuf, Vec<String>),
    /// The file cannot be used; kubectl would not run at all.
    Unusable(Failure),
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object", default, rename_all = "camelCase")]
struct Preference {
    api_version: String,
    kind: String,
    credential_plugin_policy: String,
    credential_plugin_allowlist: Option<Vec<AllowlistEntry>>,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object", default)]
struct AllowlistEntry {
    command: String,
    /// The name of `command` before 1.36.
    name: String,
}

const GROUP: &str = "kubectl.config.k8s.io/";

impl Kuberc {
    /// The policy of the file for plugins.
    pub(crate) fn plugin_policy(&self, until: Instant) -> PluginPolicy {
        let (path, is_named) = match self.path() {
            Ok(Some(path)) => path,
            Ok(None) => return PluginPolicy::AllowAll,
            Err(failure) => return PluginPolicy::Unusable(failure),
        };
        match read(&path, until) {
            Ok(policy) => policy,
            Err(KubercError::Invalid(why)) => PluginPolicy::Unusable(unusable(&path, &why)),
            Err(KubercError::Broken(why)) if is_named => PluginPolicy::Unusable(unusable(&path, &why)),
            Err(KubercError::Missing) if is_named => {
                PluginPolicy::Unusable(unusable(&path, "it does not exist"))
            }
            Err(KubercError::Missing) => PluginPolicy::AllowAll,
            Err(KubercError::Broken(why)) => PluginPolicy::Unread(format!(
                "kuberc {}: {why}: every credential plugin may be run",
                path.display()
            )),
        }
    }

    /// The path of the file, and whether a flag or `KUBERC` named it.
    fn path(&self) -> Result<Option<(PathBuf, bool)>, Failure> {
        let from_environment = match variable("KUBERC") {
            Some(off) if off == "off" => {
                return match self {
                    Self::File(_) => Err(Failure::bad_configuration(
                        "KUBERC=off and --kuberc contradict each other",
                    )
                    .with_hint("leave out one of them")),
                    Self::None | Self::Environment => Ok(None),
                };
            }
            other => other,
        };
        // The feature gate of kubectl, which switches the file off too.
        if variable("KUBECTL_KUBERC").is_some_and(|value| value == "false") {
            return Ok(None);
        }
        Ok(match (self, from_environment) {
            (Self::None, _) => None,
            (Self::File(path), _) => Some((path.clone(), true)),
            (Self::Environment, Some(path)) => Some((path.into(), true)),
            (Self::Environment, None) => home().map(|home| (home.join(".kube").join("kuberc"), false)),
        })
    }
}

enum KubercError {
    /// There is no such file.
    Missing,
    /// It cannot be read, or holds no preferences.
    Broken(String),
    /// It holds preferences that contradict themselves.
    Invalid(String),
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::bad_configuration(format!("kuberc {}: {why}", path.display()))
        .with_hint("mend the file; KUBERC=off goes without it, and then every credential plugin may be run")
}

fn read(path: &Path, until: Instant) -> Result<PluginPolicy, KubercError> {
    let broken = |why: String| KubercError::Broken(why);
    let bytes = bounded_file::read(path, bounded_file::TOKEN, until).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => KubercError::Missing,
        _ => broken(error.to_string()),
    })?;
    let text = yaml::decode_text(&bytes).map_err(broken)?;
    let mut documents = 0;
    for document in split_documents(&text) {
        documents += 1;
        let preference = yaml::read(document.as_bytes())
            .ok()
            .and_then(|value| serde_json::from_value::<Preference>(value).ok());
        // As in kubectl, the first document of a known version counts.
        match preference {
            Some(preference) if preference.kind == "Preference" => {
                match preference.api_version.strip_prefix(GROUP) {
                    Some("v1beta1") => return read_policy(path, preference).map_err(KubercError::Invalid),
                    // That version had no such fields.
                    Some("v1alpha1") => return Ok(PluginPolicy::AllowAll),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    if documents == 0 {
        return Ok(PluginPolicy::AllowAll);
    }
    Err(broken(format!("it holds no Preference of {GROUP}v1beta1")))
}

fn split_documents(text: &str) -> Vec<String> {
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
fn read_policy(path: &Path, preference: Preference) -> Result<PluginPolicy, String> {
    let list = preference.credential_plugin_allowlist;
    match (preference.credential_plugin_policy.as_str(), list) {
        ("" | "AllowAll", None) => Ok(PluginPolicy::AllowAll),
        ("DenyAll", None) => Ok(PluginPolicy::DenyAll(path.to_owned())),
        (policy @ ("" | "AllowAll" | "DenyAll"), Some(_)) => Err(format!(
            "credentialPluginPolicy is {policy:?}, and credentialPluginAllowlist is there, which needs Allowlist"
        )),
        ("Allowlist", None) => {
            Err("credentialPluginPolicy is \"Allowlist\", and credentialPluginAllowlist is missing".into())
        }
        ("Allowlist", Some(list)) if list.is_empty() => {
            Err("credentialPluginAllowlist is empty: write DenyAll to forbid every plugin".into())
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
                if clean_path(&command) != command {
                    return Err(format!(
                        "entry {number} of credentialPluginAllowlist is not written plainly: {command:?} is {:?}",
                        clean_path(&command)
                    ));
                }
                commands.push(command);
            }
            Ok(PluginPolicy::Allowlist(path.to_owned(), commands))
        }
        (other, _) => Err(format!(
            "credentialPluginPolicy is {other:?}, and AllowAll, DenyAll or Allowlist is expected"
        )),
    }
}

impl PluginPolicy {
    /// The program to run for that command, if it may be run.
    ///
    /// # Errors
    /// Class `credential`, with the file that forbids it; `badConfiguration`, if that file cannot be used.
    pub fn permits(&self, command: &str) -> Result<PathBuf, Failure> {
        let forbidden = |file: &Path, why: &str| {
            Failure::new(
                Class::Credential,
                format!(
                    "the credential plugin {command} may not be run: {why} of {}",
                    file.display()
                ),
            )
            .with_hint("allow it in that file, if you trust it and the author of the kubeconfig")
        };
        match self {
            Self::AllowAll | Self::Unread(_) => Ok(command.into()),
            Self::Unusable(failure) => Err(failure.clone()),
            Self::DenyAll(file) => Err(forbidden(file, "DenyAll is the credentialPluginPolicy")),
            Self::Allowlist(file, commands) => {
                let own = clean_path(command);
                let found = find_program(&own);
                let name = |command: &str| Path::new(command).file_name().map(ToOwned::to_owned);
                let permitted = commands.iter().any(|entry| {
                    *entry == own
                        || found.as_deref().is_some_and(|found| {
                            Path::new(entry) == found
                                || (name(entry) == name(&own)
                                    && find_program(entry).as_deref() == Some(found))
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

/// `exec.LookPath` of Go: a name is searched in `PATH`, a path stands for itself, and the file has to be executable.
fn find_program(command: &str) -> Option<PathBuf> {
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

/// `filepath.Clean` of Go: the path without `.`, `..` and doubled separators.
fn clean_path(text: &str) -> String {
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

    fn result(text: &str, command: &str) -> String {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("kuberc");
        std::fs::write(&path, text).expect("it can be written to");
        let policy = Kuberc::File(path.clone()).plugin_policy(Instant::now() + Duration::from_secs(10));
        match policy.permits(command) {
            Ok(program) => format!("run {}", program.display()),
            Err(failure) => {
                let text = failure.to_string().replace(&path.display().to_string(), "FILE");
                format!("{}: {text}", failure.class.as_str())
            }
        }
    }

    #[test]
    fn a_plugin_is_run_if_kubectl_would_run_it() {
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
            // A program in another directory is not the one in PATH.
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
            (listed("[]"), "sh", invalid("credentialPluginAllowlist is empty: write DenyAll to forbid every plugin")),
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
            assert_eq!(result(&text, command), expected, "{text}{command}");
        }
        // By its name in PATH, which is the program that a full path names.
        let shell = find_program("sh").expect("a shell");
        let entry = format!("[{{command: {}}}]", shell.display());
        assert_eq!(result(&listed(&entry), "sh"), format!("run {}", shell.display()));
        assert_eq!(
            result(&listed("[{command: sh}]"), &shell.to_string_lossy()),
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
            assert_eq!(clean_path(path), clean, "{path}");
        }
    }
}
