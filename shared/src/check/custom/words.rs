//! What the words of custom resources mean: types of conditions, reasons, and words such as `status.phase`.
//!
//! A type of a condition is a name of several words, of which the last says what `True` means (API conventions of
//! Kubernetes, "Typical status properties": either polarity is allowed). The words are those of Crossplane, Argo, Flux,
//! Cluster API, Knative, cert-manager, `KubeVirt`, Strimzi, OLM, the Gateway API, KEDA, Karmada and others.

/// What a condition tells by being True or False.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// False is broken, whatever the others say.
    Good,
    /// False is broken where no condition sums up the object.
    Part,
    /// True says that it works where nothing else tells; False says so where nothing else tells, too.
    Activity,
    /// True is good, False is not done yet.
    Done,
    /// True is broken.
    Bad,
    /// True is worth a warning.
    Warning,
    /// True is under way.
    UnderWay,
    /// True is held on purpose.
    Held,
    /// Nothing about health.
    Nothing,
}

/// The last word of a type that is good while True, and not only for a part of the way.
const GOOD: [&str; 26] = [
    "ready",
    "available",
    "healthy",
    "synced",
    "succeeded",
    "success",
    "successful",
    "established",
    "programmed",
    "accepted",
    "reconciled",
    "valid",
    "reachable",
    "applied",
    "archiving",
    "operational",
    "functional",
    "refs",
    "verified",
    "passed",
    "ok",
    "released",
    "deployed",
    "serving",
    "conformant",
    "resolved",
];
/// The same of a step, or of a relation to something else, which can be False of an object that works.
const PART: [&str; 24] = [
    "bound",
    "created",
    "provisioned",
    "installed",
    "registered",
    "initialized",
    "launched",
    "connected",
    "scheduled",
    "attached",
    "joined",
    "configured",
    "validated",
    "admitted",
    "provided",
    "generated",
    "fetched",
    "uploaded",
    "propagated",
    "approved",
    "enforced",
    "satisfied",
    "online",
    "loaded",
];
/// The last word of a type that is bad while True; also a word of a reason that says so.
const BAD: [&str; 43] = [
    "failed",
    "failing",
    "failure",
    "failures",
    "fail",
    "error",
    "errors",
    "errored",
    "degraded",
    "stalled",
    "unhealthy",
    "unavailable",
    "unreachable",
    "unready",
    "conflict",
    "conflicts",
    "conflicted",
    "blocked",
    "invalid",
    "denied",
    "rejected",
    "pressure",
    "exceeded",
    "missing",
    "lost",
    "stuck",
    "broken",
    "aborted",
    "expired",
    "timeout",
    "crashed",
    "dead",
    "unschedulable",
    "corrupted",
    "corrupt",
    "offline",
    "fallback",
    "terminating",
    "deleting",
    "crash",
    "misconfigured",
    "forbidden",
    "unauthorized",
];
const UNDER_WAY: [&str; 15] = [
    "reconciling",
    "progressing",
    "updating",
    "upgrading",
    "issuing",
    "installing",
    "provisioning",
    "creating",
    "migrating",
    "scaling",
    "unpacking",
    "starting",
    "restoring",
    "initializing",
    "out",
];
const HELD: [&str; 12] = [
    "paused",
    "suspended",
    "stopped",
    "hibernation",
    "hibernated",
    "halted",
    "sleeping",
    "cancelled",
    "canceled",
    "shutdown",
    "suspend",
    "pause",
];
/// What a reason ends with where nothing is under way because it is over.
const OVER: [&str; 20] = [
    "expected",
    "complete",
    "completed",
    "ready",
    "available",
    "succeeded",
    "success",
    "progressing",
    "idle",
    "stable",
    "finished",
    "reconciled",
    "current",
    "done",
    "date",
    "healthy",
    "running",
    "deployed",
    "updated",
    "synced",
];

/// The words of a name, in small letters: `ReadyToUse`, `DNSReady`, `ready-to-use`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        if !letter.is_alphanumeric() {
            last = ' ';
            continue;
        }
        let begins = last == ' '
            || (letter.is_uppercase()
                && (!last.is_uppercase() || letters.peek().is_some_and(|next| next.is_lowercase())));
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
        last = letter;
    }
    words
}

fn is_any(word: &str, of: &[&str]) -> bool {
    of.contains(&word)
}

/// Whether the word at that place is turned round by the one before: `NotReady`, `NoErrors`.
fn is_negated(words: &[String], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    before.is_some_and(|word| is_any(word, &["no", "not", "non", "without"]))
}

/// What a type of a condition means.
pub(super) fn meaning(kind: &str) -> Meaning {
    // Those that no rule of words gets right, or that are true of what works: of KubeVirt, OpenShift, Karpenter, the
    // Gateway API, Cluster API, RabbitMQ and Kueue.
    match kind {
        "LiveMigratable"
        | "StorageLiveMigratable"
        | "AgentConnected"
        | "Upgradeable"
        | "RetrievedUpdates"
        | "Drifted"
        | "Consolidatable"
        | "SupportedVersion"
        | "UpToDate"
        | "MachinesUpToDate"
        | "OwnerRemediated"
        | "OverlappingTLSConfig"
        | "GuestNotRunning"
        | "Evicted"
        | "QuotaReserved"
        | "Requeued" => return Meaning::Nothing,
        "NoWarnings" | "PartiallyInvalid" | "Warning" | "RestartRequired" => return Meaning::Warning,
        _ => {}
    }
    let words = words(kind.rsplit('/').next().unwrap_or(kind));
    let mut at = words.len();
    while at > 1 && is_any(&words[at - 1], &["occurred", "detected", "reported", "observed"]) {
        at -= 1;
    }
    let Some(at) = at.checked_sub(1) else {
        return Meaning::Nothing;
    };
    let last = words[at].as_str();
    let negated = is_negated(&words, at);
    let first = words[0].as_str();
    match () {
        () if is_any(last, &["warning", "warnings"]) => Meaning::Warning,
        () if is_any(last, &GOOD) && negated => Meaning::Bad,
        () if is_any(last, &GOOD) => Meaning::Good,
        () if is_any(last, &PART) => Meaning::Part,
        () if is_any(last, &BAD) && negated => Meaning::Part,
        () if is_any(last, &BAD) || (last == "found" && negated) => Meaning::Bad,
        () if is_any(first, &["failed", "invalid", "error"]) => Meaning::Bad,
        () if last == "out" && first != "rolling" => Meaning::Nothing,
        () if is_any(last, &UNDER_WAY) => Meaning::UnderWay,
        () if is_any(last, &HELD) => Meaning::Held,
        () if is_any(last, &["active", "running"]) => Meaning::Activity,
        () if is_any(last, &["complete", "completed", "finished"]) => Meaning::Done,
        () => Meaning::Nothing,
    }
}

/// Whether what a type tells is whether pods serve, which is not so of what was stopped on purpose.
pub(super) fn is_of_readiness(kind: &str) -> bool {
    let words = words(kind);
    words.last().is_some_and(|last| {
        is_any(
            last,
            &[
                "ready",
                "available",
                "healthy",
                "running",
                "active",
                "reachable",
                "connected",
                "online",
            ],
        )
    })
}

/// Whether a reason says that something failed.
pub(super) fn is_failing(reason: &str) -> bool {
    let words = words(reason);
    let timed_out = words.windows(2).any(|w| w[0] == "timed" && w[1] == "out");
    timed_out
        || words.iter().enumerate().any(|(at, word)| {
            is_any(word, &BAD) && !is_negated(&words, at) && !is_any(word, &["deleting", "terminating"])
        })
}

/// Whether a reason says that it is so on purpose: `ReconcilePaused`, `Stopped`.
pub(super) fn is_held(reason: &str) -> bool {
    let words = words(reason);
    let held = words
        .iter()
        .enumerate()
        .any(|(at, word)| is_any(word, &HELD) && !is_negated(&words, at));
    let to_zero = words.ends_with(&["to".to_owned(), "zero".to_owned()]);
    (held || to_zero) && !is_failing(reason)
}

/// Whether a reason says that it was stopped, and not by whom.
pub(super) fn is_stopped(reason: &str) -> bool {
    words(reason)
        .iter()
        .any(|word| is_any(word, &["stopped", "halted", "shutdown"]))
}

/// Whether a reason says that nothing is under way because it is over.
pub(super) fn is_over(reason: &str) -> bool {
    words(reason).last().is_some_and(|last| is_any(last, &OVER))
}

/// What a word about a whole object tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    Good,
    Warning,
    UnderWay,
    Held,
    Bad,
    Nothing,
}

const GOOD_WORDS: [&str; 41] = [
    "ready",
    "running",
    "active",
    "available",
    "healthy",
    "ok",
    "succeeded",
    "success",
    "successful",
    "complete",
    "completed",
    "finished",
    "bound",
    "established",
    "synced",
    "deployed",
    "installed",
    "green",
    "online",
    "enabled",
    "valid",
    "up",
    "normal",
    "stable",
    "created",
    "applied",
    "reconciled",
    "connected",
    "atlatestknown",
    "accepted",
    "clusterinhealthystate",
    "healthok",
    "provisioned",
    "attached",
    "issued",
    "passed",
    "done",
    "updated",
    "operational",
    "upgradepending",
    "upgradeavailable",
];
const BAD_WORDS: [&str; 24] = [
    "red",
    "down",
    "faulted",
    "notready",
    "healtherr",
    "partiallyfailed",
    "failedvalidation",
    "critical",
    "crashloopbackoff",
    "errimagepull",
    "imagepullbackoff",
    "timedout",
    "missing",
    "unavailable",
    "unhealthy",
    "degraded",
    "invalid",
    "lost",
    "rejected",
    "expired",
    "offline",
    "aborted",
    "dead",
    "stalled",
];
const UNDER_WAY_WORDS: [&str; 9] = [
    "new",
    "installready",
    "inprogress",
    "queued",
    "applyingchanges",
    "pendinginstall",
    "notstarted",
    "init",
    "unpaused",
];

/// What a word tells, however it is written: `Running`, `HEALTH_OK`, `Cluster in healthy state`.
pub(super) fn tells(word: &str) -> Tells {
    let plain: String = word
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let plain = plain.as_str();
    let ends = |of: &[&str]| of.iter().any(|end| plain.ends_with(end));
    match () {
        () if is_any(plain, &GOOD_WORDS) => Tells::Good,
        () if is_any(plain, &["yellow", "healthwarn", "warning", "outofsync"]) => Tells::Warning,
        () if is_any(plain, &HELD) || is_any(plain, &["disabled", "detached", "scaledtozero"]) => Tells::Held,
        () if is_any(plain, &BAD_WORDS)
            || plain.starts_with("err")
            || plain.starts_with("failed")
            || ends(&[
                "failed",
                "failure",
                "error",
                "errored",
                "backoff",
                "unschedulable",
                "notfound",
            ]) =>
        {
            Tells::Bad
        }
        () if is_any(plain, &UNDER_WAY_WORDS) || ends(&["ing"]) => Tells::UnderWay,
        () => Tells::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_by_its_last_word() {
        for (kind, expected) in [
            ("Ready", Meaning::Good),
            ("DNSReady", Meaning::Good),
            ("networking.knative.dev/DomainMappingReady", Meaning::Good),
            ("ready", Meaning::Good),
            ("Synced", Meaning::Good),
            ("ResolvedRefs", Meaning::Good),
            ("ContinuousArchiving", Meaning::Good),
            ("NotReady", Meaning::Bad),
            ("Stalled", Meaning::Bad),
            ("CatalogSourcesUnhealthy", Meaning::Bad),
            ("ErrorOccurred", Meaning::Bad),
            ("ComparisonError", Meaning::Bad),
            ("MemoryPressure", Meaning::Bad),
            ("FailedScale", Meaning::Bad),
            ("InvalidSpec", Meaning::Bad),
            ("Fallback", Meaning::Bad),
            ("Conflicted", Meaning::Bad),
            ("OrphanedResourceWarning", Meaning::Warning),
            ("Reconciling", Meaning::UnderWay),
            ("RollingOut", Meaning::UnderWay),
            ("Paused", Meaning::Held),
            ("ReconciliationPaused", Meaning::Held),
            ("Active", Meaning::Activity),
            ("Completed", Meaning::Done),
            ("Bound", Meaning::Part),
            ("LiveMigratable", Meaning::Nothing),
            ("Upgradeable", Meaning::Nothing),
            ("Whatever", Meaning::Nothing),
            ("", Meaning::Nothing),
        ] {
            assert_eq!(meaning(kind), expected, "{kind}");
        }
    }

    #[test]
    fn a_reason_tells_failure_from_purpose() {
        for reason in [
            "ReconcileError",
            "HealthCheckFailed",
            "TimedOut",
            "AsyncUpdateFailure",
        ] {
            assert!(is_failing(reason) && !is_held(reason), "{reason}");
        }
        for reason in ["ReconcilePaused", "Stopped", "PausedByUser", "ScaledToZero"] {
            assert!(is_held(reason) && !is_failing(reason), "{reason}");
        }
        for reason in ["NoError", "NotPaused", "Creating", ""] {
            assert!(!is_failing(reason) && !is_held(reason), "{reason}");
        }
        assert!(!is_held("PausedIOError"));
    }

    #[test]
    fn a_word_is_read_however_it_is_written() {
        for (word, expected) in [
            ("Running", Tells::Good),
            ("HEALTH_OK", Tells::Good),
            ("Cluster in healthy state", Tells::Good),
            ("PartiallyFailed", Tells::Bad),
            ("ErrorUnschedulable", Tells::Bad),
            ("SUBMISSION_FAILED", Tells::Bad),
            ("CreateFailed", Tells::Bad),
            ("Pending", Tells::UnderWay),
            ("InProgress", Tells::UnderWay),
            ("Stopped", Tells::Held),
            ("yellow", Tells::Warning),
            ("Setting up primary", Tells::Nothing),
            ("", Tells::Nothing),
        ] {
            assert_eq!(tells(word), expected, "{word}");
        }
    }
}
