//! The last lines that crashed containers wrote.

use super::limits::{LOGS, NARROW, TOO_MANY, deadline_failure, search_deadline};
use crate::check::{
    EvidenceStore, Now, add_log_line, crashed_container, log_end, log_lines, says_why, telling_line,
};
use crate::cluster::{Client, collection_path, escape};
use crate::failure::{Class, Failure};
use crate::judge::urgency;
use crate::kind::RbacRule;
use crate::report::{Cause, Item, NotSeen};
use crate::resource::{Pod, Resource as _, Time};
use crate::run::not_seen::not_seen;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// Lines that are read of one container. The root of a stack trace is often above thirty of its frames.
const LOG_LINES: usize = 50;
/// Bytes that are read. The server counts them from the first line, and the last line is the one that matters.
const LOG_READ: usize = 64 << 10;
/// The longest that the reading takes if nobody asked for it.
const QUICK: Duration = Duration::from_secs(1);

/// Whether the user asked for logs. If not, they only answer what no other evidence does, in the time that nobody
/// notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogDemand {
    /// By `--logs`.
    Asked,
    /// By nobody.
    Unasked,
}

/// A container whose log is worth reading.
#[derive(Debug)]
struct CrashedContainer {
    path: String,
    /// The places of the causes in it: the number of the item and of its cause.
    causes: Vec<(usize, usize)>,
    /// Whether its causes say why it crashed without the log.
    is_explained: bool,
}

/// Adds the last lines of crashed containers to their causes: first of those whose cause does not say why, and of these
/// the worst objects first. If logs may not be read, only these lines are missing.
pub async fn add_logs(
    client: &Client,
    evidence: &EvidenceStore,
    items: &mut [&mut Item],
    now: Time,
    demand: LogDemand,
) -> Vec<NotSeen> {
    items.sort_by_cached_key(|item| {
        (
            urgency(item),
            Reverse(item.missing_pods()),
            item.namespace.clone(),
            item.name.clone(),
        )
    });
    let mut containers = crashed_containers(evidence, items, now);
    if demand == LogDemand::Unasked {
        containers.retain(|container| !container.is_explained);
    }
    containers.sort_by_key(|container| container.is_explained);
    let total = containers.len();
    let left_out = total.saturating_sub(LOGS);
    containers.truncate(LOGS);
    let answers = read_logs(client, &containers, demand).await;
    let mut failures: Vec<(Failure, usize)> = Vec::new();
    for (container, answer) in containers.iter().zip(answers) {
        match answer {
            Ok(bytes) => {
                let lines = log_lines(&bytes);
                for (item, cause) in &container.causes {
                    let item = items.get_mut(*item);
                    if let Some(cause) = item.and_then(|item| item.causes.get_mut(*cause)) {
                        add_lines(cause, &lines);
                    }
                }
            }
            Err(failure) => match failures
                .iter_mut()
                .find(|(known, _)| known.class == failure.class)
            {
                Some((_, count)) => *count += 1,
                None => failures.push((failure, 1)),
            },
        }
    }
    if demand == LogDemand::Unasked {
        // Nobody asked for what may not be read.
        if failures
            .iter()
            .any(|(failure, _)| failure.class == Class::Forbidden)
        {
            return Vec::new();
        }
        // The kubelet has removed the log, or has none.
        failures.retain(|(failure, _)| !matches!(failure.class, Class::NotFound | Class::Rejected));
    }
    let failed = failures.iter().map(|(failure, count)| {
        let rule = RbacRule::on_resource("", "pods/log", "get");
        not_seen(unread(*count, total), failure, Some(&rule))
    });
    let left_out = (left_out > 0).then(|| NotSeen {
        thing: unread(left_out, total),
        class: TOO_MANY.into(),
        error: Some(format!("a run reads {LOGS}; name an object to see its own")),
        hint: Some(NARROW.into()),
        ..NotSeen::default()
    });
    let entries = failed.chain(left_out);
    let with_resource = |entry| NotSeen {
        resource: Some("pods/log".into()),
        ..entry
    };
    entries.map(with_resource).collect()
}

fn unread(count: usize, total: usize) -> String {
    if count == total {
        "logs of crashed containers".into()
    } else {
        format!("logs of {count} of {total} crashed containers")
    }
}

/// The crashed containers of all causes, each once.
fn crashed_containers(evidence: &EvidenceStore, items: &[&mut Item], now: Time) -> Vec<CrashedContainer> {
    let mut containers: Vec<CrashedContainer> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (number, item) in items.iter().enumerate() {
        for (at, cause) in item.causes.iter().enumerate() {
            let Some(path) = cause_log_path(evidence, item, cause, now) else {
                continue;
            };
            let place = *places.entry(path.clone()).or_insert_with(|| {
                containers.push(CrashedContainer {
                    path,
                    causes: Vec::new(),
                    is_explained: says_why(cause),
                });
                containers.len() - 1
            });
            if let Some(container) = containers.get_mut(place) {
                container.causes.push((number, at));
            }
        }
    }
    containers
}

/// The path of the log that belongs to a cause.
fn cause_log_path(evidence: &EvidenceStore, item: &Item, cause: &Cause, now: Time) -> Option<String> {
    let example = cause.example.as_ref().filter(|_| cause.code.has_logs())?;
    let pod = evidence.pod(&item.namespace, &example.name);
    let pod = pod.filter(|_| example.kind == Pod::KIND)?;
    let (container, previous) = crashed_container(pod, cause, Now::known(now))?;
    Some(log_path(&item.namespace, &example.name, container, previous))
}

/// Reads the logs at the same time, so that one that hangs does not cost the others.
async fn read_logs(
    client: &Client,
    containers: &[CrashedContainer],
    demand: LogDemand,
) -> Vec<Result<Vec<u8>, Failure>> {
    let until = search_deadline(client);
    let (until, late) = match demand {
        LogDemand::Asked => (until, deadline_failure()),
        LogDemand::Unasked => (until.min(Instant::now() + QUICK), quick_failure()),
    };
    let mut running = JoinSet::new();
    for (at, container) in containers.iter().enumerate() {
        let (client, path, late) = (client.clone(), container.path.clone(), late.clone());
        running.spawn(async move {
            let answer = timeout_at(until, client.get_whole(&path, "*/*", LOG_READ)).await;
            (at, answer.unwrap_or(Err(late)).and_then(whole_log))
        });
    }
    let mut answers: Vec<_> = containers.iter().map(|_| Err(late.clone())).collect();
    while let Some(joined) = running.join_next().await {
        if let Ok((at, answer)) = joined
            && let Some(place) = answers.get_mut(at)
        {
            *place = answer;
        }
    }
    answers
}

/// The log, unless the server cut off its last lines.
fn whole_log(bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if bytes.len() < LOG_READ {
        return Ok(bytes);
    }
    let message = format!("its last {LOG_LINES} lines are longer than {} KB", LOG_READ >> 10);
    Err(Failure::new(Class::TooLarge, message))
}

fn quick_failure() -> Failure {
    let seconds = QUICK.as_secs();
    Failure::new(
        Class::Timeout,
        format!("not read within {seconds} s; --logs waits longer"),
    )
}

fn add_lines(cause: &mut Cause, lines: &[String]) {
    if let Some(line) = telling_line(lines) {
        add_log_line(cause, &line);
    }
    cause.log = log_end(lines);
}

fn log_path(namespace: &str, pod: &str, container: &str, previous: bool) -> String {
    let pods = collection_path::<Pod>(Some(namespace));
    let previous = if previous { "&previous=true" } else { "" };
    let (pod, container) = (escape(pod), escape(container));
    format!("{pods}/{pod}/log?container={container}&tailLines={LOG_LINES}&limitBytes={LOG_READ}{previous}")
}
