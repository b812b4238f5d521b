//! The codes of a report: every word for why an object is in its state, in one table.
//!
//! docs/checks.md has a section for each. A reason is the one word of an item, a cause is one of those behind it; some
//! words are both.

use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// The step at which a pod, or an object, fails. The order is that in which causes are shown: what blocks everything
/// first, what is only a symptom last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailedStep {
    /// The API server refuses to create the pod.
    Creation,
    /// The pod's node is away, or another pod is in its way.
    Node,
    /// A container ends, or is ended, again and again.
    Run,
    /// A container cannot begin.
    Start,
    /// No node takes the pod.
    Scheduling,
    /// The pod cannot be set up on its node.
    Setup,
    /// The containers run and the pod is not ready.
    Readiness,
    /// The pod is over.
    End,
    /// The pod does not go.
    Deletion,
    /// Nothing says why.
    Unexplained,
    /// No step of a pod: what a whole object shows.
    Object,
}

/// Whether something passes though nobody does anything about it, so that waiting for it makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassesByItself {
    /// Somebody has to change something.
    No,
    /// It passes if what is behind it does: a node comes back, a registry answers, another pod makes room.
    Maybe,
    /// It is under way and has an end of its own.
    Yes,
}

/// What the table says of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CodeFacts {
    step: FailedStep,
    passes: PassesByItself,
    consequence: bool,
    logs: bool,
}

/// Nothing is promised of a word that is not in the table.
const NOT_IN_THE_TABLE: CodeFacts = CodeFacts {
    step: FailedStep::Object,
    passes: PassesByItself::No,
    consequence: false,
    logs: false,
};

/// Makes the codes. A row is the step that fails, whether it passes by itself, flags, and the words for which that is so:
/// `consequence` if it follows from the other causes of its item, `logs` if the log of the container tells more.
macro_rules! codes {
    ($($step:ident $passes:ident $([$flag:ident])?: $($code:ident)+;)+) => {
        /// Why an object is in its state, a stable word in CamelCase. Only this table makes one.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        #[allow(missing_docs, reason = "docs/checks.md has a section for each")]
        pub enum Code {
            $($($code,)+)+
            /// A word of a newer version, or of a controller of the cluster.
            Other(String),
        }

        impl Code {
            /// Every code of the table.
            pub const ALL: &[Self] = &[$($(Self::$code,)+)+];

            fn facts(&self) -> CodeFacts {
                match self {
                    $($(Self::$code)|+ => CodeFacts {
                        step: FailedStep::$step,
                        passes: PassesByItself::$passes,
                        $($flag: true,)?
                        ..NOT_IN_THE_TABLE
                    },)+
                    Self::Other(_) => NOT_IN_THE_TABLE,
                }
            }

            /// The word, as a report writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $($(Self::$code => stringify!($code),)+)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for Code {
            fn from(word: &str) -> Self {
                match word {
                    $($(stringify!($code) => Self::$code,)+)+
                    word => Self::Other(word.to_owned()),
                }
            }
        }
    };
}

codes! {
    // Controllers try again, after up to 16 minutes, and a quota is free once other pods end or somebody raises it; a
    // webhook that cannot be called comes back with its pods.
    Creation Maybe: Quota AdmissionWebhook;
    // The pod template, or the namespace, has to be changed.
    Creation No: LimitRange PodSecurity ServiceAccount;
    // For any other reason of the API server.
    Creation Maybe: FailedCreate;

    // A node may come back; the garbage collector takes the pods of one that does not exist.
    Node Maybe: NodeNotReady NodeGone;
    // The controller waits for the broken pod for ever.
    Node No: ForcedRollback;

    // What crashes again and again is started again and again; some wait for something else to come up.
    Run Maybe [logs]: CrashLoop;
    Run Maybe: LivenessProbe StartupProbe;
    // The limit and the program stay as they are.
    Run No [logs]: OutOfMemory;

    // The kubelet tries again: a registry that did not answer may, an image may be pushed, a missing Secret be created.
    Start Maybe: ImagePull ContainerConfig;
    // A command that is not in the image, a hook that fails.
    Start No: ContainerCreate ContainerHook;

    // Other pods end, nodes are added, a provisioner catches up.
    Scheduling Maybe: Unschedulable VolumeClaim;

    // The kubelet tries again, after up to two minutes.
    Setup Maybe: VolumeMount Sandbox;

    // What the application or another controller waits for may come.
    Readiness Maybe: ReadinessProbe ReadinessGate;
    // The kubelet does not write the condition again.
    Readiness No: ReadyNotWritten;

    // A pod that has failed never runs again.
    End No: PodFailed;

    // A controller may still remove its finalizer, a kubelet come back.
    Deletion Maybe: StuckDeleting;

    // Not known why, so not known either.
    Unexplained Maybe: NotReady Waiting;

    // As it should be: there is nothing to wait for.
    Object Yes: Ready ScaledToZero Scaling DisruptionAllowed Local Available ExternalName NoSelector PodsFinished Bound
        NoWebhooks NoMatchingNodes Complete Running FollowedBySuccess LastRunSucceeded NotScheduledYet NoPods LeftBehind
        Active;
    // Under way, with a time after which another word takes its place.
    Object Yes: RolloutInProgress Settling JustRecovered PodsStarting NotObserved NodeStarting ScaleStarting MetricsStarting
        ApiStarting EndpointsStarting ClaimBinding WebhookStarting Reconciling NotReadyYet Finishing Retrying Deleting;
    // Held on purpose: somebody lets it go on.
    Object No: SchedulingGated RolloutPaused Suspended ScalingDisabled NotWantedYet;
    // It falls short, and gets well if its pods, its node, its Service or its controller do.
    Object Maybe: AvailableBelowDesired ControllerNotObserving ReadyBelowDesired PodNotReady NetworkUnavailable NoMetrics
        BelowDesiredHealthy NoDisruptionAllowed ApiNotAvailable NoReadyEndpoints ClaimPending WebhookBlocks ConditionNotMet
        PodsNotRunning KeepsFailing LastRunFailed RunsMissed RunsPileUp CannotScale SyncFailed ManagedElsewhere Failed;
    // Its controller has given up, or waits for somebody.
    Object No: RolloutStalled RolloutAborted Stalled IndexesFailed KeptFromEnding ClaimLost;
    Object No [consequence]: ProgressDeadlineExceeded JobBackoffLimit JobDeadline JobFailed;
    // A finalizer may still be removed, an APIService answer again.
    Object Maybe: NamespaceStuck NamespaceDeletionDiscoveryFailure NamespaceDeletionGroupVersionParsingFailure
        NamespaceDeletionContentFailure NamespaceFinalizersRemaining NamespaceContentRemaining;
    // Its spec, or that of another object, has to be changed.
    Object No: InvalidSpec Malformed BudgetsOverlap UnmanagedPods NoPodsMatch PortNotFound CannotSchedule
        ScheduleNotUnderstood;
    // It was not seen or not understood: another look at the same thing shows no more.
    Object No: Undecodable Manifest NotDated EndpointsNotSeen WorkloadsNotSeen PodsNotSeen NoConditions SuccessNotTold;
}

impl Code {
    /// The step that fails, by which causes are ordered.
    #[must_use]
    pub fn step(&self) -> FailedStep {
        self.facts().step
    }

    /// Whether it passes though nobody does anything about it.
    #[must_use]
    pub fn passes_by_itself(&self) -> PassesByItself {
        self.facts().passes
    }

    /// Whether the API server refuses to create pods.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.step() == FailedStep::Creation
    }

    /// Whether it follows from the other causes of its item: a rollout runs out of time, and a Job gives up, because of
    /// something.
    #[must_use]
    pub fn is_consequence(&self) -> bool {
        self.facts().consequence
    }

    /// Whether the log of the container tells more.
    #[must_use]
    pub fn has_logs(&self) -> bool {
        self.facts().logs
    }
}

impl Default for Code {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<String> for Code {
    fn from(word: String) -> Self {
        word.as_str().into()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.as_str().to_owned()
    }
}

impl FromStr for Code {
    type Err = Infallible;

    fn from_str(word: &str) -> Result<Self, Infallible> {
        Ok(word.into())
    }
}

/// A code is compared with its word, in whatever form the word comes.
impl PartialEq<&str> for Code {
    fn eq(&self, word: &&str) -> bool {
        self.as_str() == *word
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, FailedStep};

    #[test]
    fn a_code_is_read_from_its_own_word_and_a_foreign_word_stays_as_it_is() {
        for code in Code::ALL {
            assert_eq!(&Code::from(code.as_str()), code);
        }
        let foreign = Code::from("ReplicaSetCreateError");
        assert_eq!(foreign, Code::Other("ReplicaSetCreateError".into()));
        assert_eq!(
            (foreign.as_str(), foreign.step()),
            ("ReplicaSetCreateError", FailedStep::Object)
        );
    }

    #[test]
    fn a_refusal_comes_before_a_crash_and_a_symptom_last() {
        let mut codes = [
            "Waiting",
            "CrashLoop",
            "ProgressDeadlineExceeded",
            "Quota",
            "NodeNotReady",
        ]
        .map(Code::from);
        codes.sort_by_key(Code::step);
        let words = codes.each_ref().map(Code::as_str);
        assert_eq!(
            words,
            [
                "Quota",
                "NodeNotReady",
                "CrashLoop",
                "Waiting",
                "ProgressDeadlineExceeded"
            ]
        );
    }
}
