//! Runs a credential plugin, by client-go's rules (`plugin/pkg/client/auth/exec`): its input, its output, and how it fails.
//! Must not know when it is run.
//!
//! Its stderr is for the person and is copied to this process's stderr at once, as under kubectl; the end of it is part of
//! the failure too. Its stdout is a secret and is shown nowhere.

use crate::cluster::config::entry::{Cluster, EnvVar, Exec};
use crate::cluster::config::kuberc::PluginPolicy;
use crate::cluster::config::yaml;
use crate::cluster::deadlines::seconds;
use crate::cluster::secret::Secret;
use crate::cluster::transport::certified_key::{self, CertificateOwner};
use crate::failure::{Class, Failure};
use crate::resource::Time;
use base64::Engine as _;
use rustls::sign::CertifiedKey;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{IsTerminal as _, Write as _};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

/// More than any credential.
const STDOUT: usize = 1 << 20;
/// Characters of stderr that a message shows.
const STDERR: usize = 600;
/// The name of the cluster's extension that is meant for its plugin.
const EXTENSION: &str = "client.authentication.k8s.io/exec";

/// A plugin that can be run.
pub(crate) struct Plugin {
    command: String,
    args: Vec<String>,
    env: Vec<EnvVar>,
    api_version: String,
    mode: InteractiveMode,
    install_hint: String,
    cluster: Option<Value>,
    policy: PluginPolicy,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum InteractiveMode {
    Never,
    IfAvailable,
    Always,
}

/// The credential that a plugin gave.
pub(crate) struct PluginCredential {
    pub token: Option<Secret>,
    pub identity: Option<Arc<CertifiedKey>>,
    pub expires: Option<Time>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExecCredential {
    api_version: String,
    kind: String,
    status: Option<ExecCredentialStatus>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExecCredentialStatus {
    expiration_timestamp: Option<String>,
    token: Secret,
    client_certificate_data: String,
    client_key_data: Secret,
}

impl Plugin {
    /// Reads the plugin of a user; `ca` is the authority of its cluster in PEM.
    ///
    /// # Errors
    /// Class `badConfiguration`, if client-go refuses it too.
    pub fn new(exec: &Exec, cluster: &Cluster, ca: &[u8], policy: PluginPolicy) -> Result<Self, Failure> {
        let bad = |message: String| Failure::bad_configuration(message);
        if exec.command.is_empty() {
            return Err(bad("the user's exec names no command".into()));
        }
        if exec
            .env
            .iter()
            .any(|variable| variable.name.is_empty() || variable.name.contains(['=', '\0']))
        {
            return Err(bad("the user's exec has a variable without a name in env".into()));
        }
        match exec.api_version.as_str() {
            "client.authentication.k8s.io/v1" | "client.authentication.k8s.io/v1beta1" => {}
            "client.authentication.k8s.io/v1alpha1" => {
                return Err(bad(
                    "the user's exec has the apiVersion client.authentication.k8s.io/v1alpha1, which kubectl has removed"
                        .into(),
                )
                .with_hint("update the plugin, and write client.authentication.k8s.io/v1 in the kubeconfig"));
            }
            "" => return Err(bad("the user's exec names no apiVersion".into())),
            other => {
                return Err(bad(format!(
                    "the user's exec has the apiVersion {other:?}, which is unknown"
                ))
                .with_hint("write client.authentication.k8s.io/v1, if the plugin knows it"));
            }
        }
        let mode = match exec.interactive_mode.as_str() {
            "Never" => InteractiveMode::Never,
            "IfAvailable" => InteractiveMode::IfAvailable,
            "Always" => InteractiveMode::Always,
            "" if exec.api_version.ends_with("beta1") => InteractiveMode::IfAvailable,
            "" => {
                return Err(bad("the user's exec names no interactiveMode".into())
                    .with_hint("add interactiveMode: IfAvailable to it"));
            }
            other => {
                return Err(bad(format!("the user's exec has the interactiveMode {other:?}"))
                    .with_hint("write Never, IfAvailable or Always"));
            }
        };
        Ok(Self {
            command: exec.command.clone(),
            args: exec.args.clone(),
            env: exec.env.clone(),
            api_version: exec.api_version.clone(),
            mode,
            install_hint: exec.install_hint.clone(),
            cluster: exec.provide_cluster_info.then(|| cluster_info(cluster, ca)),
            policy,
        })
    }

    /// The last part of the command, for people.
    pub fn name(&self) -> String {
        let path = std::path::Path::new(&self.command);
        path.file_name()
            .map_or(self.command.clone(), |name| name.to_string_lossy().into_owned())
    }

    /// A warning to show before it is run.
    pub fn warning(&self) -> Option<&str> {
        match &self.policy {
            PluginPolicy::Unread(why) => Some(why),
            _ => None,
        }
    }

    /// Whether it may ask questions on the terminal.
    pub fn is_interactive(&self) -> bool {
        self.mode != InteractiveMode::Never && std::io::stdin().is_terminal()
    }

    /// Runs it once. It is ended if the limit passes.
    ///
    /// # Errors
    /// Class `credential`.
    pub async fn run(&self, limit: Duration) -> Result<PluginCredential, Failure> {
        let interactive = self.is_interactive();
        if self.mode == InteractiveMode::Always && !interactive {
            return Err(self
                .failure("wants to ask something, and standard input is no terminal")
                .with_hint(
                    "run it in a terminal, or set interactiveMode: IfAvailable if the plugin can do without",
                ));
        }
        let mut spec = json!({"interactive": interactive});
        if let Some(cluster) = &self.cluster {
            spec["cluster"] = cluster.clone();
        }
        let info = json!({"kind": "ExecCredential", "apiVersion": self.api_version, "spec": spec});
        let mut command = tokio::process::Command::new(self.policy.permits(&self.command)?);
        command
            .args(&self.args)
            .envs(self.env.iter().map(|variable| (&variable.name, &variable.value)))
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .stdin(if interactive {
                Stdio::inherit()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| self.start_failure(&error))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let mut stderr_end = Vec::new();
        let running = async {
            let (output, (), status) = tokio::join!(
                read_stdout(stdout),
                copy_stderr(stderr, &mut stderr_end),
                child.wait()
            );
            (output, status)
        };
        let finished = timeout(limit, running).await;
        let Ok((output, status)) = finished else {
            // Ended here, so that no process outlives the report of its failure.
            let _ = child.start_kill();
            return Err(Failure::new(
                Class::Credential,
                format!("the credential plugin gave no answer within {}", seconds(limit)),
            )
            .with_hint(format!(
                "run it by hand and see what it waits for: {}",
                self.name()
            )));
        };
        let status = status.map_err(|error| self.failure(&format!("cannot be waited for: {error}")))?;
        let output = output.map_err(|error| self.failure(&format!("cannot be read from: {error}")))?;
        if !status.success() {
            let words = last_lines(&stderr_end, &output);
            return Err(self.failure(&match words.as_str() {
                "" => format!("failed: {status}"),
                words => format!("failed: {status}: {words}"),
            }));
        }
        if output.iter().all(u8::is_ascii_whitespace) {
            let first = String::from_utf8_lossy(&stderr_end);
            let first = first
                .lines()
                .map(str::trim)
                .find(|line| !line.is_empty())
                .map(shortened);
            return Err(self.failure(&match first {
                Some(first) => format!("wrote nothing to stdout, and to stderr: {first}"),
                None => "wrote nothing".to_owned(),
            }));
        }
        self.read_credential(&output)
    }

    fn read_credential(&self, output: &[u8]) -> Result<PluginCredential, Failure> {
        let credential = yaml::read(output)
            .ok()
            .and_then(|value| serde_json::from_value::<ExecCredential>(value).ok())
            // kubectl accepts an answer without a kind.
            .filter(|credential| matches!(credential.kind.as_str(), "ExecCredential" | ""))
            .ok_or_else(|| self.failure("wrote something that is no ExecCredential"))?;
        if credential.api_version != self.api_version {
            let answers = match credential.api_version.as_str() {
                "" => "answers without an apiVersion".to_owned(),
                other => format!("answers in the apiVersion {:?}", shortened(other)),
            };
            return Err(self
                .failure(&format!(
                    "{answers}, and {} is what the kubeconfig names",
                    self.api_version
                ))
                .with_hint("write the apiVersion that the plugin speaks into the user's exec"));
        }
        let Some(status) = credential.status else {
            return Err(self.failure("wrote an ExecCredential without a status"));
        };
        let (certificate, key) = (&status.client_certificate_data, &status.client_key_data.0);
        if certificate.is_empty() != key.is_empty() {
            return Err(self.failure("gave a certificate without its key, or a key without its certificate"));
        }
        let identity = if certificate.is_empty() {
            None
        } else {
            let identity =
                certified_key::read(CertificateOwner::Client, certificate.as_bytes(), key.as_bytes());
            Some(identity.map_err(|failure| {
                self.failure(&format!(
                    "gave a certificate that cannot be used: {}",
                    failure.message
                ))
            })?)
        };
        if status.token.0.is_empty() && identity.is_none() {
            return Err(self.failure("gave neither a token nor a certificate"));
        }
        let expires = match status.expiration_timestamp.as_deref() {
            None => None,
            Some(text) => Some(
                parse_time(text)
                    .ok_or_else(|| self.failure("gave an expirationTimestamp that is no RFC 3339 time"))?,
            ),
        };
        Ok(PluginCredential {
            token: Some(status.token).filter(|token| !token.0.is_empty()),
            identity,
            expires,
        })
    }

    fn failure(&self, what: &str) -> Failure {
        Failure::new(
            Class::Credential,
            format!("the credential plugin {} {what}", shortened(&self.name())),
        )
    }

    fn start_failure(&self, error: &std::io::Error) -> Failure {
        let failure = match error.kind() {
            std::io::ErrorKind::NotFound => self.failure("is not found"),
            _ => self.failure(&format!("cannot be run: {error}")),
        };
        match self.install_hint.trim() {
            "" => failure.with_hint("install it, or check command in the kubeconfig's exec"),
            hint => {
                let line: Vec<&str> = hint.split_whitespace().collect();
                failure.with_hint(escape_control(&line.join(" ")))
            }
        }
    }
}

/// RFC 3339 as Go reads it: with a T and no blank, and without small letters.
fn parse_time(text: &str) -> Option<Time> {
    let zone = |rest: &[u8]| rest == b"Z" || matches!(rest, [b'+' | b'-', ..]);
    let bytes = text.as_bytes();
    let rest = bytes.get(19..)?;
    // Go knows no leap second.
    let is_second = bytes[17] < b'6';
    let digits = rest
        .iter()
        .skip(1)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let rest = match rest.first() {
        Some(b'.' | b',') if digits > 0 => rest.get(1 + digits..)?,
        _ => rest,
    };
    Time::parse(text)
        .ok()
        .filter(|_| bytes[10] == b'T' && is_second && zone(rest))
}

/// The cluster as the plugin gets it, in `KUBERNETES_EXEC_INFO`.
fn cluster_info(cluster: &Cluster, ca: &[u8]) -> Value {
    let mut info = json!({"server": cluster.server});
    if !cluster.tls_server_name.is_empty() {
        info["tls-server-name"] = json!(cluster.tls_server_name);
    }
    if cluster.insecure_skip_tls_verify {
        info["insecure-skip-tls-verify"] = json!(true);
    }
    if !ca.is_empty() {
        info["certificate-authority-data"] = json!(base64::engine::general_purpose::STANDARD.encode(ca));
    }
    if !cluster.proxy_url.is_empty() {
        info["proxy-url"] = json!(cluster.proxy_url);
    }
    if cluster.disable_compression {
        info["disable-compression"] = json!(true);
    }
    let extension = cluster
        .extensions
        .iter()
        .find(|extension| extension.name == EXTENSION);
    info["config"] = extension.map_or(Value::Null, |extension| extension.extension.clone());
    info
}

/// Reads stdout to its end, and keeps its beginning.
async fn read_stdout(pipe: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let mut buffer = vec![0; 4096];
        loop {
            match pipe.read(&mut buffer).await? {
                0 => break,
                // The rest is read and dropped, so that the plugin can end.
                count if bytes.len() < STDOUT => bytes.extend_from_slice(&buffer[..count]),
                _ => {}
            }
        }
    }
    Ok(bytes)
}

/// Copies stderr to our own, and keeps its end.
async fn copy_stderr(pipe: Option<impl AsyncRead + Unpin>, stderr_end: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    let mut buffer = vec![0; 4096];
    while let Ok(count) = pipe.read(&mut buffer).await {
        if count == 0 {
            return;
        }
        // A closed stderr is no reason to stop the plugin.
        let _ = std::io::stderr().write_all(&buffer[..count]);
        stderr_end.extend_from_slice(&buffer[..count]);
        if stderr_end.len() > 8 * STDERR {
            stderr_end.drain(..stderr_end.len() - 4 * STDERR);
        }
    }
}

/// The last lines of stderr for a message, without lines that repeat a word of stdout, which is a secret.
fn last_lines(stderr_end: &[u8], output: &[u8]) -> String {
    let output = String::from_utf8_lossy(output);
    let secrets: Vec<&str> = output
        .split(|c: char| c.is_whitespace() || "\"',:{}[]".contains(c))
        .filter(|word| word.len() >= 8)
        .collect();
    let text = String::from_utf8_lossy(stderr_end);
    let mut lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !secrets.iter().any(|secret| line.contains(secret)))
        .rev()
        .take(3)
        .collect();
    lines.reverse();
    let all = escape_control(&lines.join("; "));
    let skipped = all.chars().count().saturating_sub(STDERR);
    all.chars().skip(skipped).collect()
}

fn shortened(text: &str) -> String {
    escape_control(text).chars().take(80).collect()
}

/// The text with control characters escaped, so that they do nothing to a terminal.
fn escape_control(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() {
                c.escape_default().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::parse_time;

    #[test]
    fn the_expiry_of_a_credential_is_read_as_go_reads_it() {
        for (text, is_time) in [
            ("2030-01-02T03:04:05Z", true),
            ("2030-01-02T03:04:05.678Z", true),
            ("2030-01-02T03:04:05+02:00", true),
            ("2030-01-02T03:04:05.5-07:00", true),
            ("9999-12-31T23:59:59Z", true),
            ("2030-01-02T03:04:60Z", false),
            ("", false),
            ("2030-01-02 03:04:05Z", false),
            ("2030-01-02t03:04:05Z", false),
            ("2030-01-02T03:04:05z", false),
            ("2030-01-02T03:04:05", false),
            ("2030-01-02", false),
            ("\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}", false),
            ("tomorrow", false),
        ] {
            assert_eq!(parse_time(text).is_some(), is_time, "{text:?}");
        }
    }
}
