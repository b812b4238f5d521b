//! The metrics about health: names, help, labels and the rules of their samples. The agent serves them, and the plugin writes them
//! into files, so that an alert holds for both.

use crate::failure::Class;
use crate::report::{ApiServerCheck, State, Status, Summary};

/// The name of a metric, and its help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its help, the same wherever it is written: the textfile collector refuses two files that disagree.
    pub help: &'static str,
}

/// The status of each part.
pub const CHECK_STATUS: Metric = Metric {
    name: "sre_check_status",
    help: "1 for the status that each part of the report has, 0 for the others",
};
/// Objects by kind and state.
pub const OBJECTS: Metric = Metric {
    name: "sre_objects",
    help: "Objects in each state, as last seen; acknowledged objects are counted in the state acknowledged only",
};
/// Things that cannot be seen.
pub const NOT_SEEN: Metric = Metric {
    name: "sre_not_seen",
    help: "1 for each thing that cannot be seen at the moment, with the class of the reason",
};
/// Whether an API server answers.
pub const API_SERVER_UP: Metric = Metric {
    name: "sre_apiserver_up",
    help: "Whether an API server answers, if only with a refusal",
};

/// The part of the API server, in the label `check` and among the things that cannot be seen.
pub const API_SERVER: &str = "apiserver";

/// How many gaps of one kind are named one by one. More names help nobody, and each costs the database that scrapes them.
const NAMED: usize = 20;

/// A sample: its labels and its value.
pub type Sample = (Vec<(&'static str, String)>, u64);

/// A sample with these labels.
#[must_use]
pub fn sample<const N: usize>(labels: [(&'static str, &str); N], value: u64) -> Sample {
    let labels = labels.map(|(name, value)| (name, value.to_owned()));
    (labels.into(), value)
}

/// The samples of [`CHECK_STATUS`] of a part.
#[must_use]
pub fn status_samples(check: &str, is: Status) -> [Sample; 3] {
    [Status::Ok, Status::Degraded, Status::Unknown].map(|status| {
        let labels = [("check", check), ("status", status.as_str())];
        sample(labels, u64::from(status == is))
    })
}

/// The samples of [`OBJECTS`] of a kind whose objects were seen. `unacknowledged` counts the objects that are not acknowledged: an
/// alert on a state must not wake anybody for the others.
#[must_use]
pub fn object_samples(kind: &str, unacknowledged: &Summary, acknowledged: u64) -> Vec<Sample> {
    let states = State::ALL.map(|state| (state.as_str(), unacknowledged.in_state(state)));
    let all = states.into_iter().chain([("acknowledged", acknowledged)]);
    all.map(|(state, count)| sample([("kind", kind), ("state", state)], count))
        .collect()
}

/// The sample of [`NOT_SEEN`] for a thing and the class of the reason.
#[must_use]
pub fn not_seen_sample(what: &str, class: &str) -> Sample {
    sample([("what", what), ("class", class)], 1)
}

/// The label `what` for a gap of a kind, if so many of its gaps have a label.
#[must_use]
pub fn gap_words(kind: &str, named: usize, what: String) -> String {
    if named < NAMED {
        what
    } else {
        format!("{kind} in further namespaces")
    }
}

/// Whether an API server has answered, if only with a refusal.
#[must_use]
pub fn is_answered(check: &ApiServerCheck) -> bool {
    let refusals = [
        Class::Unauthenticated,
        Class::Forbidden,
        Class::NotFound,
        Class::Rejected,
    ];
    let is_refusal = |class: &Class| check.class.as_deref() == Some(class.as_str());
    check.status != Status::Unknown || refusals.iter().any(is_refusal)
}
