//! Judges real failures, and workloads that only look like failures, on a cluster with a real node: live, by the agent,
//! and from a dump. The tests run one after the other on one zoo.

// Helpers outside of test functions fail the test by panicking too.
#![allow(clippy::expect_used, clippy::panic)]

use sre_e2e::deadline::until;
use sre_e2e::hint::{self, HintOutcome};
use sre_e2e::node::{self, kubectl, plugin};
use sre_e2e::zoo::{self, Case};
use sre_e2e::{Release, Report};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

/// The zoo comes to rest within this time on two busy cores. Unschedulable pods alone have a grace of a minute.
const SETTLES: Duration = Duration::from_mins(4);
/// A silent kubelet is noticed after 40 s here and after 50 s on kind.
const LOST: Duration = Duration::from_mins(3);

/// The zoo, made once.
fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| {
        let cases = zoo::cases();
        zoo::populate(&cases);
        cases
    })
}

/// The cases that need no step on the node.
fn at_rest() -> impl Iterator<Item = &'static Case> {
    cases().iter().filter(|c| c.when.is_none())
}

/// The cases that need this step on the node.
fn when(what: &str) -> impl Iterator<Item = &'static Case> {
    cases().iter().filter(move |c| c.when.as_deref() == Some(what))
}

/// The report about all cases, by one run.
fn live() -> Report {
    plugin().health("--kinds all").1
}

/// Waits until a report meets the expectations of these cases.
fn wait_until_expected<C: Iterator<Item = &'static Case>>(
    what: &str,
    cases: impl Fn() -> C,
    judge: impl Fn() -> Report,
) -> Report {
    // The zoo is made at the first call.
    drop(cases());
    let node = zoo::real_node();
    until(what, SETTLES, || {
        let report = judge();
        zoo::compare(cases(), &report, &node).map(|()| report)
    })
}

#[test]
fn the_zoo_has_at_least_forty_failures_and_twenty_false_alarms() {
    let broken = zoo::cases().iter().filter(|c| c.is_broken).count();
    let alarming = zoo::cases().len() - broken;
    assert!(
        broken >= 40 && alarming >= 20,
        "{broken} broken, {alarming} alarming"
    );
    for case in zoo::cases() {
        assert!(!case.what.is_empty(), "{} says what it shows", case.name);
    }
}

#[test]
fn each_case_gets_its_verdict_and_its_cause_and_false_alarms_are_silent() {
    wait_until_expected("every case is judged as expected", at_rest, live);
    let screen = plugin().run("health --kinds all").stdout;
    // A change that is under way is no alarm.
    let alarms: Vec<&str> = screen.lines().filter(|line| !line.starts_with('~')).collect();
    for case in at_rest().filter(|c| !c.is_broken) {
        let namespace = case.namespace();
        assert!(
            !alarms.iter().any(|line| line.contains(&namespace)),
            "{} is on the screen:\n{screen}",
            case.name
        );
    }
}

/// The outcomes of every command of the cases, each with the number of commands.
fn try_out_hints() -> Result<BTreeMap<HintOutcome, usize>, String> {
    let report = live();
    let mut outcomes = BTreeMap::new();
    let mut failed = Vec::new();
    for case in at_rest().filter(|c| c.is_broken) {
        let namespace = case.namespace();
        let screen = plugin().run(&format!("health --kinds all -n {namespace}")).stdout;
        let hints = hint::hints(&screen, &report, &namespace);
        for hint in hints {
            match hint::try_out(&hint, &screen) {
                Ok(outcome) => *outcomes.entry(outcome).or_default() += 1,
                Err(why) => failed.push(format!("{}: {hint}: {why}", case.name)),
            }
        }
    }
    if failed.is_empty() {
        Ok(outcomes)
    } else {
        Err(failed.join("\n"))
    }
}

#[test]
fn each_next_command_works_and_shows_what_the_screen_does_not_say() {
    wait_until_expected("every case is judged as expected", at_rest, live);
    // Jobs and controllers replace pods meanwhile, so that a command may name one that is gone.
    let outcomes = until("each next command shows something new", SETTLES, try_out_hints);
    let count = |outcome| outcomes.get(&outcome).copied().unwrap_or_default();
    // One container runs out of memory, one rollout is paused, and one is stuck. Most programs of the zoo end without a word.
    assert_eq!(
        (
            count(HintOutcome::NeedsMetrics),
            count(HintOutcome::Changes),
            count(HintOutcome::GoesBack)
        ),
        (1, 1, 1),
        "{outcomes:?}"
    );
    assert!(
        count(HintOutcome::Tells) >= 60 && count(HintOutcome::Silent) <= 20,
        "{outcomes:?}"
    );
}

#[test]
fn each_case_is_judged_alike_from_a_dump() {
    wait_until_expected("every case is judged as expected", at_rest, live);
    let node = zoo::real_node();
    until("the dump says the same", SETTLES, || {
        let (before, dump) = (live(), zoo::dump());
        let dumped = zoo::judge(&dump);
        zoo::write(at_rest(), &dump, &dumped);
        zoo::compare(at_rest(), &dumped, &node)?;
        zoo::same_verdicts(&before, &dumped)
    });
}

#[test]
fn each_case_is_judged_alike_by_the_agent() {
    wait_until_expected("every case is judged as expected", at_rest, live);
    let _release = Release::install("sre-tools", &["--set", "kinds={all},causes.enabled=true"]);
    let node = zoo::real_node();
    until("the agent says the same", SETTLES, || {
        let (here, there) = (live(), plugin().health("--agent --kinds all").1);
        zoo::compare(at_rest(), &there, &node)?;
        zoo::same_verdicts(&here, &there)
    });
}

/// Restores the node when it is dropped.
struct NodeRestorer(String);

impl Drop for NodeRestorer {
    fn drop(&mut self) {
        node::kubelet("start");
        let _ = kubectl().run(&["uncordon", &self.0], None);
        let _ = kubectl().run(
            &["wait", "node", &self.0, "--for=condition=Ready", "--timeout=90s"],
            None,
        );
    }
}

#[test]
fn a_cordoned_node_is_healthy_and_one_whose_kubelet_is_stopped_explains_its_pods() {
    wait_until_expected("every case is judged as expected", at_rest, live);
    let node = NodeRestorer(zoo::real_node());
    kubectl().ok(&["cordon", &node.0]);
    wait_until_expected("the cordoned node is healthy", || when("cordoned"), live);
    node::kubelet("stop");
    until("the node is lost", LOST, || {
        let report = live();
        zoo::compare(when("kubelet stopped"), &report, &node.0)
    });
}
