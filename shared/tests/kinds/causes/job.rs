//! Why a Job gave up.

use super::{cause_text, failed_pod, job, judge, lines};
use sre_shared::kind::Kind;
use sre_testkit::at;
use sre_testkit::object::Pod;

#[test]
fn the_failures_of_its_pods_come_before_the_reason_for_which_a_job_gave_up() {
    for (reason, code) in [
        ("BackoffLimitExceeded", "JobBackoffLimit"),
        ("DeadlineExceeded", "JobDeadline"),
        ("PodFailurePolicy", "JobFailed"),
        ("MaxFailedIndexesExceeded", "JobFailed"),
    ] {
        let item = judge(Kind::Job, vec![job("import", "j", reason, "it gave up")]);
        let found: Vec<_> = item.causes.iter().map(cause_text).collect();
        assert_eq!(
            found,
            [(
                code,
                "it gave up",
                Some(at(-100)),
                "kubectl -n shop describe job import",
                None
            )]
        );
    }
    let job = job("import", "j", "BackoffLimitExceeded", "it gave up");
    let pods = [failed_pod("import", "j", 11), failed_pod("import", "j", 12)];
    let mut objects = vec![job];
    objects.extend(pods);
    assert_eq!(
        lines(&judge(Kind::Job, objects)),
        [
            "ContainerFailed 1x container app exited 11",
            "ContainerFailed 1x container app exited 12",
            "JobBackoffLimit 1x it gave up"
        ]
    );
}

#[test]
fn a_pod_that_failed_as_a_whole_is_a_cause_of_its_job() {
    let pod = Pod::new("shop", "import-a")
        .owner("batch/v1", "Job", "import", "j")
        .phase("Failed")
        .reason("Evicted")
        .set("/status/message", "The node was low on resource: memory.");
    let job = job("import", "j", "BackoffLimitExceeded", "it gave up");
    assert_eq!(
        lines(&judge(Kind::Job, vec![job, pod.build()])),
        [
            "PodFailed 1x Evicted: The node was low on resource: memory.",
            "JobBackoffLimit 1x it gave up"
        ]
    );
}
