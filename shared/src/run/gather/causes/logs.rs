//! The last lines that crashed containers wrote.

use super::limits::{LOGS, deadline_failure, search_deadline};
use crate::check::{EvidenceStore, Now, add_log_line, crashed_container};
use crate::cluster::{Client, collection_path, escape};
use crate::judge::urgency;
use crate::kind::RbacRule;
use crate::report::{Item, NotSeen};
use crate::resource::{Pod, Resource as _, Time};
use crate::run::not_seen::not_seen;
use tokio::time::timeout_at;

/// Lines that are read of one container.
const LOG_LINES: usize = 20;
/// Bytes that are kept of these lines.
const LOG_BYTES: usize = 4 << 10;
/// Bytes that are read. The server counts them from the first line, and the last line is the one that matters.
const LOG_READ: usize = 64 << 10;

/// Adds the last lines of crashed containers to their causes, the worst objects first. If logs may not be read, only
/// these lines are missing.
pub async fn add_logs(
    client: &Client,
    evidence: &EvidenceStore,
    items: &mut [&mut Item],
    now: Time,
) -> Vec<NotSeen> {
    let until = search_deadline(client);
    items.sort_by_key(|item| (urgency(item), item.namespace.clone(), item.name.clone()));
    let mut read: Vec<(String, Vec<String>)> = Vec::new();
    let mut not_read = Vec::new();
    for item in items {
        let namespace = item.namespace.clone();
        for cause in &mut item.causes {
            if !cause.code.has_logs() {
                continue;
            }
            let example = cause.example.as_ref().filter(|example| example.kind == Pod::KIND);
            let pod = example.and_then(|example| evidence.pod(&namespace, &example.name));
            let Some((container, previous)) =
                pod.and_then(|pod| crashed_container(pod, cause, Now::known(now)))
            else {
                continue;
            };
            let name = example.map_or("", |example| &example.name);
            let path = log_path(&namespace, name, container, previous);
            let lines = match read.iter().find(|(known, _)| *known == path) {
                Some((_, lines)) => lines.clone(),
                None if read.len() == LOGS => return not_read,
                None => {
                    let answer = timeout_at(until, client.get_whole(&path, "*/*", LOG_READ)).await;
                    let lines = match answer.unwrap_or_else(|_| Err(deadline_failure())) {
                        Ok(bytes) => last_lines(&bytes),
                        Err(failure) => {
                            let entry = NotSeen {
                                resource: Some("pods/log".into()),
                                ..not_seen(
                                    "logs of crashed containers",
                                    &failure,
                                    Some(&RbacRule::on_resource("", "pods/log", "get")),
                                )
                            };
                            if not_read.is_empty() {
                                not_read.push(entry);
                            }
                            Vec::new()
                        }
                    };
                    read.push((path, lines.clone()));
                    lines
                }
            };
            if let Some(line) = telling_line(&lines).filter(|line| !cause.message.contains(*line)) {
                add_log_line(cause, line);
            }
            cause.log = lines;
        }
    }
    not_read
}

fn log_path(namespace: &str, pod: &str, container: &str, previous: bool) -> String {
    let pods = collection_path::<Pod>(Some(namespace));
    let previous = if previous { "&previous=true" } else { "" };
    let (pod, container) = (escape(pod), escape(container));
    format!("{pods}/{pod}/log?container={container}&tailLines={LOG_LINES}&limitBytes={LOG_READ}{previous}")
}

/// The last lines that a container wrote, as many as there is room for.
fn last_lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut room = LOG_BYTES;
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().rev().take(LOG_LINES) {
        let end = line.floor_char_boundary(room);
        if end < line.len() && !lines.is_empty() {
            break;
        }
        room -= end;
        lines.push(line.get(..end).unwrap_or_default().to_owned());
    }
    lines.reverse();
    lines
}

/// The line that says why a container crashed. A panic is named before its stack; otherwise it is the last line.
fn telling_line(lines: &[String]) -> Option<&str> {
    let says = |line: &&String| line.starts_with("panic: ") || line.starts_with("fatal error: ");
    let panicked = lines.iter().position(|line| line.contains(" panicked at "));
    let panicked = panicked.and_then(|at| lines.get(at + 1));
    let last = || lines.iter().rfind(|line| !line.trim().is_empty());
    lines
        .iter()
        .find(says)
        .or(panicked)
        .or_else(last)
        .map(|line| line.trim())
}
