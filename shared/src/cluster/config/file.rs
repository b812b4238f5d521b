//! Kubeconfig files, and several of them merged, by client-go's rules (`tools/clientcmd/loader.go`,
//! `tools/clientcmd/api/v1/conversion.go`). Must not know which context is selected.
//!
//! A value of the wrong type refuses the whole file, as in client-go: kubectl does not go on with half of one.

use crate::cluster::bounded_file;
use crate::cluster::config::clash::KubeconfigClash;
use crate::cluster::config::entry::{Cluster, KubeContext, User};
use crate::cluster::config::yaml;
use crate::failure::Failure;
use base64::Engine as _;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use tokio::time::Instant;

/// The merged content of the files.
#[derive(Debug, Default)]
pub(crate) struct Kubeconfig {
    pub clusters: BTreeMap<String, Cluster>,
    pub users: BTreeMap<String, User>,
    pub contexts: BTreeMap<String, KubeContext>,
    pub current_context: String,
    pub clashes: Vec<KubeconfigClash>,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object with clusters, users and contexts", default)]
struct KubeconfigFile {
    kind: String,
    #[serde(rename = "apiVersion")]
    api_version: String,
    // An entry that is null is one without fields, as in Go.
    clusters: Vec<Option<NamedCluster>>,
    users: Vec<Option<NamedUser>>,
    contexts: Vec<Option<NamedContext>>,
    #[serde(rename = "current-context")]
    current_context: String,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object", default)]
struct NamedCluster {
    name: String,
    cluster: Cluster,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object", default)]
struct NamedUser {
    name: String,
    user: User,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object", default)]
struct NamedContext {
    name: String,
    context: KubeContext,
}

impl Kubeconfig {
    /// Adds the entries of a file. An entry of an earlier file stays.
    ///
    /// # Errors
    /// Class `badConfiguration`, if the file cannot be read or is no kubeconfig.
    pub fn add(&mut self, path: &Path, until: Instant) -> Result<(), Failure> {
        let text = bounded_file::read(path, bounded_file::KUBECONFIG, until)
            .map_err(|error| unreadable(path, &error))?;
        let file = parse(&text).map_err(|why| {
            let bad = |why: &str| {
                Failure::bad_configuration(format!("kubeconfig {}: is no kubeconfig: {why}", path.display()))
            };
            if is_base64(&text) {
                bad("it is in base64").with_hint("decode it: base64 -d FILE > KUBECONFIG")
            } else {
                bad(&why)
            }
        })?;
        let next = file
            .into_kubeconfig()
            .map_err(|why| Failure::bad_configuration(format!("kubeconfig {}: {why}", path.display())))?
            .with_absolute_paths(path);
        for (name, cluster) in &next.clusters {
            self.clusters
                .entry(name.clone())
                .or_insert_with(|| cluster.clone());
        }
        for (name, user) in &next.users {
            self.users.entry(name.clone()).or_insert_with(|| user.clone());
        }
        for (name, context) in &next.contexts {
            self.contexts
                .entry(name.clone())
                .or_insert_with(|| context.clone());
        }
        let clashes = next.clashes_with(self, path);
        self.clashes.extend(clashes);
        if self.current_context.is_empty() {
            self.current_context = next.current_context;
        }
        Ok(())
    }

    /// The contexts of this file that mean something else in all files together.
    fn clashes_with(&self, merged: &Self, path: &Path) -> Vec<KubeconfigClash> {
        let mut clashes = Vec::new();
        for (name, own) in &self.contexts {
            let Some(used) = merged.contexts.get(name) else {
                continue;
            };
            let own_cluster = self.clusters.get(&own.cluster);
            let used_cluster = merged.clusters.get(&used.cluster);
            let is_other =
                |own: &&Cluster| used_cluster.is_none_or(|used| *own != used && !own.is_same(used));
            let cluster = own_cluster
                .or_else(|| merged.clusters.get(&own.cluster))
                .filter(is_other);
            let own_user = self.users.get(&own.user).or_else(|| merged.users.get(&own.user));
            if cluster.is_some() || own_user != merged.users.get(&used.user) {
                clashes.push(KubeconfigClash {
                    context: name.clone(),
                    file: path.to_owned(),
                    cluster: cluster.cloned(),
                });
            }
        }
        clashes
    }

    /// Paths in a file are relative to the directory of that file.
    fn with_absolute_paths(mut self, path: &Path) -> Self {
        let directory = path.parent().unwrap_or(Path::new(""));
        let directory = match std::path::absolute(if directory.as_os_str().is_empty() {
            Path::new(".")
        } else {
            directory
        }) {
            Ok(directory) => directory,
            Err(_) => directory.to_owned(),
        };
        let resolve = |text: &mut String| {
            if !text.is_empty() && Path::new(&text).is_relative() {
                *text = directory.join(&text).to_string_lossy().into_owned();
            }
        };
        for cluster in self.clusters.values_mut() {
            resolve(&mut cluster.certificate_authority);
        }
        for user in self.users.values_mut() {
            resolve(&mut user.client_certificate);
            resolve(&mut user.client_key);
            resolve(&mut user.token_file);
            // A command without a separator is looked for in PATH.
            if let Some(exec) = &mut user.exec
                && exec.command.contains(std::path::MAIN_SEPARATOR)
            {
                resolve(&mut exec.command);
            }
        }
        self
    }
}

impl KubeconfigFile {
    /// Indexes the entries by name. A name that is there twice is refused.
    fn into_kubeconfig(self) -> Result<Kubeconfig, String> {
        if !self.kind.is_empty() && self.kind != "Config" {
            return Err(format!("it is of kind {:?}, and Config is expected", self.kind));
        }
        if !self.api_version.is_empty() && self.api_version != "v1" {
            return Err(format!(
                "its apiVersion is {:?}, and v1 is expected",
                self.api_version
            ));
        }
        let mut named = Kubeconfig {
            current_context: self.current_context,
            ..Kubeconfig::default()
        };
        for cluster in self.clusters.into_iter().map(Option::unwrap_or_default) {
            insert("cluster", &mut named.clusters, cluster.name, cluster.cluster)?;
        }
        for user in self.users.into_iter().map(Option::unwrap_or_default) {
            insert("user", &mut named.users, user.name, user.user)?;
        }
        for context in self.contexts.into_iter().map(Option::unwrap_or_default) {
            insert("context", &mut named.contexts, context.name, context.context)?;
        }
        Ok(named)
    }
}

fn insert<T>(what: &str, map: &mut BTreeMap<String, T>, name: String, value: T) -> Result<(), String> {
    match map.entry(name) {
        std::collections::btree_map::Entry::Vacant(free) => {
            free.insert(value);
            Ok(())
        }
        std::collections::btree_map::Entry::Occupied(taken) => Err(format!(
            "the {what} {:?} is there twice, and one is allowed",
            taken.key()
        )),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::bad_configuration(format!("kubeconfig {}: {error}", path.display()));
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => failure.with_hint(
            "only its owner may read it: run as that user (in a container: docker run --user \"$(id -u):$(id -g)\")",
        ),
        std::io::ErrorKind::IsADirectory => failure.with_hint("name the file in it"),
        _ => failure,
    }
}

/// Whether it is a kubeconfig in base64: secrets of pipelines often are.
fn is_base64(text: &[u8]) -> bool {
    let text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .is_ok_and(|plain| !plain.is_empty() && parse(&plain).is_ok())
}

fn parse(text: &[u8]) -> Result<KubeconfigFile, String> {
    let value = yaml::read(text)?;
    serde_json::from_value(value).map_err(|error| yaml::hide_values(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::secret::Secret;
    use crate::failure::Class;

    fn soon() -> Instant {
        Instant::now() + std::time::Duration::from_secs(10)
    }

    #[test]
    fn a_file_may_be_in_utf_16_with_a_byte_order_mark() {
        let text = "kind: Config\r\ncurrent-context: \u{1f980}\r\n";
        let units: Vec<u16> = std::iter::once(0xfeff).chain(text.encode_utf16()).collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [&little, &big, &format!("\u{feff}{text}").into_bytes()] {
            let named = parse(bytes)
                .and_then(KubeconfigFile::into_kubeconfig)
                .expect("a kubeconfig");
            assert_eq!(named.current_context, "\u{1f980}");
        }
        let message = |bytes: &[u8]| parse(bytes).err().expect("it is wrong");
        assert_eq!(
            message(&little[..7]),
            "its byte order mark says UTF-16, and its text is not"
        );
        assert_eq!(
            message(&[0xff, 0xfe, 0, 0xd8]),
            "its byte order mark says UTF-16, and its text is not"
        );
        assert_eq!(
            message(b"kind: \xff"),
            "it is no text in UTF-8, nor in UTF-16 with a byte order mark"
        );
    }

    #[test]
    fn a_file_in_base64_is_recognized() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("config");
        let message = |text: &str| {
            std::fs::write(&path, text).expect("it can be written to");
            let failure = Kubeconfig::default().add(&path, soon()).expect_err("it is none");
            failure
                .message
                .split("is no kubeconfig: ")
                .last()
                .map(str::to_owned)
        };
        let encoded = base64::engine::general_purpose::STANDARD.encode("apiVersion: v1\nkind: Config\n");
        assert_eq!(
            message(&format!("{encoded}\n")).as_deref(),
            Some("it is in base64")
        );
        let (one, two) = encoded.split_at(20);
        assert_eq!(
            message(&format!("{one}\r\n{two}")).as_deref(),
            Some("it is in base64")
        );
        assert_ne!(message("aGVsbG8=").as_deref(), Some("it is in base64"));
    }

    fn read(text: &str) -> Result<Kubeconfig, String> {
        parse(text.as_bytes()).and_then(KubeconfigFile::into_kubeconfig)
    }

    #[test]
    fn a_file_is_read_as_kubectl_reads_it() {
        for (name, text) in [
            ("nothing", ""),
            ("comments", "# a\n---\n# b\n"),
            (
                "null in every place",
                "clusters: null\nusers:\ncontexts: ~\ncurrent-context: null\n",
            ),
            (
                "null in place of entries",
                "clusters: [null]\nusers:\n-\ncontexts: [~]\n",
            ),
            ("without kind", "apiVersion: v1\n"),
            ("without version", "kind: Config\n"),
            ("JSON", "{\"kind\": \"Config\", \"apiVersion\": \"v1\"}"),
            ("tabs in JSON", "{\n\t\"kind\":\t\"Config\"\n}"),
            (
                "a field that nobody knows",
                "kind: Config\npreferences: {}\nmore: [1]\n",
            ),
            ("a second document", "kind: Config\n---\nkind: Other\n"),
        ] {
            assert!(read(text).is_ok(), "{name}: {:?}", read(text).err());
        }
        for (name, text) in [
            ("a word", "hello\n"),
            ("a list", "- a\n"),
            ("another kind", "kind: Pod\napiVersion: v1\n"),
            ("another version", "kind: Config\napiVersion: v2\n"),
            (
                "a number as a token",
                "users: [{name: u, user: {token: 12345}}]\n",
            ),
            ("null twice, which is a name twice", "clusters: [null, null]\n"),
            (
                "a name twice",
                "users: [{name: u, user: {}}, {name: u, user: {}}]\n",
            ),
            ("no base64", "users: [{name: u, user: {client-key-data: '*'}}]\n"),
            (
                "a text for a boolean",
                "clusters: [{name: c, cluster: {insecure-skip-tls-verify: 'true'}}]\n",
            ),
        ] {
            assert!(read(text).is_err(), "{name}");
        }
        assert_eq!(
            read("clusters: [1]\n").err().as_deref(),
            Some("invalid type: integer ..., expected an object")
        );
        let yes =
            read("clusters: [{name: c, cluster: {insecure-skip-tls-verify: yes}}]\n").expect("YAML 1.1");
        assert!(yes.clusters["c"].insecure_skip_tls_verify);
    }

    #[test]
    fn no_value_of_a_file_is_repeated_in_a_message() {
        for text in [
            "users: [{name: u, user: s3cr3t}]",
            "users: [{name: u, user: {token: [s3cr3t]}}]",
            "users: [{name: u, user: {token: {s3cr3t: 1}}}]",
            "users: [{name: u, user: {username: 77001}}]",
            "users: s3cr3t",
            "s3cr3t",
            "a: [s3cr3t\n",
        ] {
            let message = read(text).expect_err("it is wrong");
            assert!(
                !message.contains("s3cr3t") && !message.contains("77001"),
                "{text}: {message}"
            );
        }
    }

    #[test]
    fn several_files_are_merged_and_the_first_value_wins() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).expect("it can be written to");
            path
        };
        let one = write("one", "users: [{name: u, user: {client-key: key}}]\n");
        let two = write(
            "two",
            "current-context: b\nusers: [{name: u, user: {token: t}}, {name: v, user: {exec: {command: ./run}}}, \
             {name: w, user: {exec: {command: run}}}]\n",
        );
        let three = write("three", "current-context: c\n");
        let mut all = Kubeconfig::default();
        for path in [&one, &two, &two, &three] {
            all.add(path, soon()).expect("a kubeconfig");
        }
        assert_eq!(all.current_context, "b");
        let key = directory.path().join("key");
        assert_eq!(all.users["u"].client_key, key.to_string_lossy());
        assert_eq!(all.users["u"].token, Secret::default());
        let command = |user: &str| all.users[user].exec.as_ref().map(|exec| exec.command.clone());
        assert_eq!(
            command("v"),
            Some(directory.path().join("./run").to_string_lossy().into_owned())
        );
        assert_eq!(command("w").as_deref(), Some("run"));
        let error = all
            .add(directory.path(), soon())
            .expect_err("a directory is no file");
        assert_eq!(error.class, Class::BadConfiguration);
    }
}
