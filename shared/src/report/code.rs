//! The codes of a report: one table of all words that say why an object is in its state.
//!
//! docs/checks.md has a section for each. An item has one code as its reason, and each of its causes has a code. Some codes
//! serve as both.

use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// The step at which a pod, or an object, fails. Causes are shown in this order: causes that block everything come first,
/// and symptoms last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailedStep {
    /// The API server refuses to create the pod.
    Creation,
    /// The pod's node is lost, or another pod blocks this one.
    Node,
    /// A container ends, or is killed, again and again.
    Run,
    /// A container cannot start.
    Start,
    /// The scheduler finds no node for the pod.
    Scheduling,
    /// The pod cannot be set up on its node.
    Setup,
    /// The containers run, but the pod is not ready.
    Readiness,
    /// The pod has ended.
    End,
    /// The pod's deletion does not end.
    Deletion,
    /// Nothing says why.
    Unexplained,
    /// Not a step of a pod: the code is about a whole object.
    Object,
}

/// Whether a problem passes although nobody acts, so that waiting makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum PassesByItself {
    /// Somebody has to change something.
    No,
    /// It is under way and ends by itself.
    Yes,
    /// It passes if the thing behind it recovers: a node comes back, a registry answers, another pod makes room. Words of a
    /// newer version are read as this one too.
    #[serde(other)]
    Maybe,
}

impl PassesByItself {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Maybe => "maybe",
            Self::Yes => "yes",
        }
    }
}

/// A code's facts in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CodeFacts {
    step: FailedStep,
    passes: PassesByItself,
    consequence: bool,
    logs: bool,
    list: bool,
}

/// The facts of a word that is not in the table. They promise nothing, neither that it passes nor that it does not.
const NOT_IN_THE_TABLE: CodeFacts = CodeFacts {
    step: FailedStep::Object,
    passes: PassesByItself::Maybe,
    consequence: false,
    logs: false,
    list: false,
};

/// Makes the codes. A row has the step that fails, whether the problem passes by itself, a flag, and the codes that share
/// all this. The flag is `consequence` if the code follows from the other causes of its item, `logs` if the container's log
/// says more, or `list` if the message is a list that is the answer.
macro_rules! codes {
    ($($step:ident $passes:ident $([$flag:ident])?: $($code:ident)+;)+) => {
        /// Why an object is in its state, a stable word in CamelCase. All codes are in this one table.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    // Controllers try again, after up to 16 minutes. A quota has room once other pods end or somebody raises it. A webhook
    // that cannot be called answers again once its pods run.
    Creation Maybe [list]: Quota;
    Creation Maybe: AdmissionWebhook;
    // Somebody has to change the pod template or the namespace.
    Creation No [list]: LimitRange PodSecurity;
    // Installers create it a moment after the workload.
    Creation Maybe: ServiceAccount;
    // The API server refuses for any other reason.
    Creation Maybe: FailedCreate;

    // A node may come back. The garbage collector deletes the pods of a node that does not exist.
    Node Maybe: NodeNotReady NodeGone;
    // The controller waits for the broken pod, which goes on only if the pod becomes ready after all.
    Node Maybe: ForcedRollback;

    // The kubelet restarts a container each time it crashes. Some crash only until something else is up.
    Run Maybe [logs]: CrashLoop;
    Run Maybe: LivenessProbe StartupProbe;
    // The kubelet restarts it. It may need that much only for one request, or beside the pods that are not up yet.
    Run Maybe [logs]: OutOfMemory;

    // The kubelet tries again. The registry may answer, somebody may create the missing Secret. The cause itself says `no` if
    // the image does not exist, its name is none, it is never pulled, or its user is forbidden.
    Start Maybe: ImagePull ContainerConfig;
    // The kubelet tries again. A runtime may recover, a hook may find what it asks for. The cause itself says `no` if the image
    // lacks the command.
    Start Maybe: ContainerCreate ContainerHook;

    // Other pods may end, nodes may be added, a provisioner may catch up.
    Scheduling Maybe: Unschedulable VolumeClaim;

    // The kubelet tries again, after up to two minutes.
    Setup Maybe: VolumeMount Sandbox;

    // The application, or another controller, may get what it waits for.
    Readiness Maybe: ReadinessProbe ReadinessGate;
    // The kubelet does not write the condition again.
    Readiness No: ReadyNotWritten;

    // A container or a pod that has failed for good never runs again.
    End No: PodFailed;
    End No [logs]: ContainerFailed;

    // A controller may still remove its finalizer, or a kubelet come back.
    Deletion Maybe: StuckDeleting;

    // The cause is not known, so this is not known either.
    Unexplained Maybe: NotReady Waiting;

    // The object is as it should be: there is nothing to wait for.
    Object Yes: Ready ScaledToZero Scaling DisruptionAllowed Local Available ExternalName NoSelector PodsFinished Bound
        NoWebhooks NoMatchingNodes Complete Running FollowedBySuccess LastRunSucceeded NotScheduledYet NoPods LeftBehind
        Active Present;
    // The object is under way. After a fixed time, another code replaces this one.
    Object Yes: RolloutInProgress Settling JustRecovered PodsStarting NotObserved NodeStarting ScaleStarting MetricsStarting
        ApiStarting EndpointsStarting ClaimBinding WebhookStarting Reconciling NotReadyYet Finishing Retrying Deleting
        NamespaceTerminating;
    // The object is held on purpose, until somebody lets it go on.
    Object No: SchedulingGated RolloutPaused Suspended ScalingDisabled NotWantedYet;
    // The object falls short. It recovers if its pods, its node, its Service or its controller do.
    Object Maybe: AvailableBelowDesired ControllerNotObserving ReadyBelowDesired PodNotReady NetworkUnavailable NoMetrics
        BelowDesiredHealthy NoDisruptionAllowed ApiNotAvailable NoReadyEndpoints ClaimPending WebhookBlocks ConditionNotMet
        PodsNotRunning KeepsFailing LastRunFailed RunsMissed RunsPileUp CannotScale SyncFailed ManagedElsewhere;
    // Its controller has given up, or waits for a person.
    Object No: Failed RolloutStalled RolloutAborted Stalled IndexesFailed KeptFromEnding ClaimLost Replaced;
    Object No [consequence]: ProgressDeadlineExceeded JobBackoffLimit JobDeadline JobFailed;
    // A controller may still remove its finalizer, or an APIService answer again.
    Object Maybe: NamespaceStuck NamespaceDeletionDiscoveryFailure NamespaceDeletionGroupVersionParsingFailure
        NamespaceDeletionContentFailure NamespaceFinalizersRemaining NamespaceContentRemaining;
    // Somebody has to change its spec, or that of another object.
    Object No: InvalidSpec Malformed BudgetsOverlap UnmanagedPods NoPodsMatch PortNotFound CannotSchedule
        ScheduleNotUnderstood;
    // It was not seen or not understood. A second look at the same data shows no more.
    Object No: Undecodable Manifest NotDated EndpointsNotSeen WorkloadsNotSeen PodsNotSeen NoConditions SuccessNotTold;
}

impl Code {
    /// The step that fails. Causes are ordered by it.
    #[must_use]
    pub fn step(&self) -> FailedStep {
        self.facts().step
    }

    /// Whether the problem passes although nobody acts.
    #[must_use]
    pub fn passes_by_itself(&self) -> PassesByItself {
        self.facts().passes
    }

    /// Whether the API server refuses to create pods.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.step() == FailedStep::Creation
    }

    /// Whether it follows from the other causes of its item: if a rollout runs out of time or a Job gives up, something else
    /// is the cause.
    #[must_use]
    pub fn is_consequence(&self) -> bool {
        self.facts().consequence
    }

    /// Whether the container's log says more.
    #[must_use]
    pub fn has_logs(&self) -> bool {
        self.facts().logs
    }

    /// Whether its message is a list that is the answer, such as the fields that a policy forbids, so that none of it can be
    /// left out.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.facts().list
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

/// Compares a code with a word.
impl PartialEq<&str> for Code {
    fn eq(&self, word: &&str) -> bool {
        self.as_str() == *word
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, FailedStep};

    #[test]
    fn a_code_is_read_from_its_own_word_and_an_unknown_word_stays_as_it_is() {
        for code in Code::ALL {
            assert_eq!(&Code::from(code.as_str()), code);
        }
        let unknown = Code::from("ReplicaSetCreateError");
        assert_eq!(unknown, Code::Other("ReplicaSetCreateError".into()));
        assert_eq!(
            (unknown.as_str(), unknown.step()),
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
