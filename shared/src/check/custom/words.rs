//! The meaning of words in custom resources: types of conditions, reasons, and words such as `status.phase`.
//!
//! A type of a condition is a name of several words. The last word says what `True` means (API conventions of
//! Kubernetes, "Typical status properties": either polarity is allowed). The words are those of Crossplane, Argo, Flux,
//! Cluster API, Knative, cert-manager, `KubeVirt`, Strimzi, OLM, the Gateway API, KEDA, Karmada and others.

/// What it means that a condition is True or False.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConditionMeaning {
    /// False is broken, even if other conditions are good.
    Good,
    /// False is broken if no condition sums up the object.
    Part,
    /// True and False decide only if nothing else does.
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
    /// It says nothing about health.
    Nothing,
}

/// The last word of a type whose True is good for the whole object.
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
/// The last word of a type whose True is good for a step or for a relation to something else. It can be False although the
/// object works.
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
/// The last word of a type whose True is bad; also a word of a failing reason.
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
/// The last word of a reason which says that nothing is under way because it is over.
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

/// The words of a name in lower case: `ReadyToUse`, `DNSReady`, `ready-to-use`.
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

/// Whether the word before negates the word at that place: `NotReady`, `NoErrors`.
fn is_negated(words: &[String], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    before.is_some_and(|word| is_any(word, &["no", "not", "non", "without"]))
}

/// The meaning of a type of condition.
pub(super) fn condition_meaning(kind: &str) -> ConditionMeaning {
    // Types for which the rules of words are wrong, or that are True although the object works: of KubeVirt, OpenShift,
    // Karpenter, the Gateway API, Cluster API, RabbitMQ and Kueue.
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
        | "Requeued" => return ConditionMeaning::Nothing,
        "NoWarnings" | "PartiallyInvalid" | "Warning" | "RestartRequired" => {
            return ConditionMeaning::Warning;
        }
        _ => {}
    }
    let words = words(kind.rsplit('/').next().unwrap_or(kind));
    let mut at = words.len();
    while at > 1 && is_any(&words[at - 1], &["occurred", "detected", "reported", "observed"]) {
        at -= 1;
    }
    let Some(at) = at.checked_sub(1) else {
        return ConditionMeaning::Nothing;
    };
    let last = words[at].as_str();
    let negated = is_negated(&words, at);
    let first = words[0].as_str();
    match () {
        () if is_any(last, &["warning", "warnings"]) => ConditionMeaning::Warning,
        () if is_any(last, &GOOD) && negated => ConditionMeaning::Bad,
        () if is_any(last, &GOOD) => ConditionMeaning::Good,
        () if is_any(last, &PART) => ConditionMeaning::Part,
        () if is_any(last, &BAD) && negated => ConditionMeaning::Part,
        () if is_any(last, &BAD) || (last == "found" && negated) => ConditionMeaning::Bad,
        () if is_any(first, &["failed", "invalid", "error"]) => ConditionMeaning::Bad,
        () if last == "out" && first != "rolling" => ConditionMeaning::Nothing,
        () if is_any(last, &UNDER_WAY) => ConditionMeaning::UnderWay,
        () if is_any(last, &HELD) => ConditionMeaning::Held,
        () if is_any(last, &["active", "running"]) => ConditionMeaning::Activity,
        () if is_any(last, &["complete", "completed", "finished"]) => ConditionMeaning::Done,
        () => ConditionMeaning::Nothing,
    }
}

/// Whether a type is about pods that serve. If an object was stopped on purpose, such a condition is not True.
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

/// Whether a reason says that a state is meant to be so: `ReconcilePaused`, `Stopped`.
pub(super) fn is_held(reason: &str) -> bool {
    let words = words(reason);
    let held = words
        .iter()
        .enumerate()
        .any(|(at, word)| is_any(word, &HELD) && !is_negated(&words, at));
    let to_zero = words.ends_with(&["to".to_owned(), "zero".to_owned()]);
    (held || to_zero) && !is_failing(reason)
}

/// Whether a reason says that something was stopped, but not by whom.
pub(super) fn is_stopped(reason: &str) -> bool {
    words(reason)
        .iter()
        .any(|word| is_any(word, &["stopped", "halted", "shutdown"]))
}

/// Whether a reason says that nothing is under way because it is over.
pub(super) fn is_over(reason: &str) -> bool {
    words(reason).last().is_some_and(|last| is_any(last, &OVER))
}

/// The meaning of a word about a whole object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordMeaning {
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

/// The meaning of a word in any spelling: `Running`, `HEALTH_OK`, `Cluster in healthy state`.
pub(super) fn word_meaning(word: &str) -> WordMeaning {
    let plain: String = word
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let plain = plain.as_str();
    let ends = |of: &[&str]| of.iter().any(|end| plain.ends_with(end));
    match () {
        () if is_any(plain, &GOOD_WORDS) => WordMeaning::Good,
        () if is_any(plain, &["yellow", "healthwarn", "warning", "outofsync"]) => WordMeaning::Warning,
        () if is_any(plain, &HELD) || is_any(plain, &["disabled", "detached", "scaledtozero"]) => {
            WordMeaning::Held
        }
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
            WordMeaning::Bad
        }
        () if is_any(plain, &UNDER_WAY_WORDS) || ends(&["ing"]) => WordMeaning::UnderWay,
        () => WordMeaning::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_by_its_last_word() {
        for (kind, expected) in [
            ("Ready", ConditionMeaning::Good),
            ("DNSReady", ConditionMeaning::Good),
            (
                "networking.knative.dev/DomainMappingReady",
                ConditionMeaning::Good,
            ),
            ("ready", ConditionMeaning::Good),
            ("Synced", ConditionMeaning::Good),
            ("ResolvedRefs", ConditionMeaning::Good),
            ("ContinuousArchiving", ConditionMeaning::Good),
            ("NotReady", ConditionMeaning::Bad),
            ("Stalled", ConditionMeaning::Bad),
            ("CatalogSourcesUnhealthy", ConditionMeaning::Bad),
            ("ErrorOccurred", ConditionMeaning::Bad),
            ("ComparisonError", ConditionMeaning::Bad),
            ("MemoryPressure", ConditionMeaning::Bad),
            ("FailedScale", ConditionMeaning::Bad),
            ("InvalidSpec", ConditionMeaning::Bad),
            ("Fallback", ConditionMeaning::Bad),
            ("Conflicted", ConditionMeaning::Bad),
            ("OrphanedResourceWarning", ConditionMeaning::Warning),
            ("Reconciling", ConditionMeaning::UnderWay),
            ("RollingOut", ConditionMeaning::UnderWay),
            ("Paused", ConditionMeaning::Held),
            ("ReconciliationPaused", ConditionMeaning::Held),
            ("Active", ConditionMeaning::Activity),
            ("Completed", ConditionMeaning::Done),
            ("Bound", ConditionMeaning::Part),
            ("LiveMigratable", ConditionMeaning::Nothing),
            ("Upgradeable", ConditionMeaning::Nothing),
            ("Whatever", ConditionMeaning::Nothing),
            ("", ConditionMeaning::Nothing),
        ] {
            assert_eq!(condition_meaning(kind), expected, "{kind}");
        }
    }

    #[test]
    fn a_reason_distinguishes_a_failure_from_a_purpose() {
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
    fn a_word_is_read_in_any_spelling() {
        for (word, expected) in [
            ("Running", WordMeaning::Good),
            ("HEALTH_OK", WordMeaning::Good),
            ("Cluster in healthy state", WordMeaning::Good),
            ("PartiallyFailed", WordMeaning::Bad),
            ("ErrorUnschedulable", WordMeaning::Bad),
            ("SUBMISSION_FAILED", WordMeaning::Bad),
            ("CreateFailed", WordMeaning::Bad),
            ("Pending", WordMeaning::UnderWay),
            ("InProgress", WordMeaning::UnderWay),
            ("Stopped", WordMeaning::Held),
            ("yellow", WordMeaning::Warning),
            ("Setting up primary", WordMeaning::Nothing),
            ("", WordMeaning::Nothing),
        ] {
            assert_eq!(word_meaning(word), expected, "{word}");
        }
    }
}
