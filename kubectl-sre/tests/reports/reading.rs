//! What a file holds, in every form in which people keep dumps, and what is told of the rest.

use super::judged::verdict;

/// shop/web is well and shop/pay has no pod that is ready.
const PAY: &str = "exit 2\nDeployment shop/pay unavailable ReadyBelowDesired: 0 of 2 ready";

#[test]
fn text_of_a_shell_and_lines_of_stderr_do_not_keep_a_dump_from_being_read() {
    for name in [
        "r01-powershell.yaml",
        "r01b-powershell.json",
        "r02-warning-json.json",
        "r03-klog-json.json",
        "r03b-throttle-yaml.yaml",
        "r04-cluster-info-dump.json",
        "r05-bundle-old",
        "r05b-bundle-mixed",
    ] {
        assert_eq!(verdict(name, &[]), PAY, "{name}");
    }
    assert_eq!(verdict("r04b-cluster-info-healthy.json", &[]), "exit 0");
}

#[test]
fn an_error_in_a_dump_tells_what_was_not_seen_of_what_was_asked() {
    let forbidden = "cronjobs.batch is forbidden: User \"dev\" cannot list resource \"cronjobs\" in API group \"batch\" at the cluster scope";
    assert_eq!(
        verdict("r03c-error-tail.yaml", &[]),
        format!("{PAY}\nnot seen: cronjobs, forbidden: {forbidden}")
    );
    assert_eq!(verdict("r03c-error-tail.yaml", &["deploy"]), PAY);
    for name in ["r06-bundle", "r06c-bundle-forbidden"] {
        assert_eq!(
            verdict(name, &[]),
            "exit 3\n\
             not seen: deployments in namespace payments, forbidden: deployments.apps is forbidden: User \
             \"system:serviceaccount:ops:bundle\" cannot list resource \"deployments\" in API group \"apps\" in the \
             namespace \"payments\"",
            "{name}"
        );
        assert_eq!(verdict(name, &["-n", "shop"]), "exit 0", "{name}");
    }
}

#[test]
fn a_watch_is_read_to_its_newest_state() {
    assert_eq!(verdict("r10-watch-events.json", &[]), "exit 0");
}

#[test]
fn a_label_that_reads_as_a_number_is_text() {
    assert_eq!(verdict("r11-sha-label.yaml", &[]), "exit 0");
    assert_eq!(
        verdict("r11-sha-label.yaml", &["-l", "commitId=81111e1"]),
        "exit 0"
    );
}

#[test]
fn what_was_cut_off_is_judged_as_far_as_it_goes() {
    assert_eq!(
        verdict("r12b-truncated.json", &[]),
        format!(
            "{PAY}\nnot seen: r12b-truncated.json, line 137, undecodable: the list breaks off behind its first 2 items: \
             what came then is not there"
        )
    );
    assert_eq!(
        verdict("r12c-truncated-single-docs.yaml", &[]),
        "exit 3\n\
         not seen: r12c-truncated-single-docs.yaml, line 70, undecodable: Deployment shop/pay breaks off in the middle: \
         its end, and what came behind it, are not there"
    );
    assert_eq!(
        verdict("r12d-cut-at-item", &[]),
        format!(
            "{PAY}\nnot seen: r12d-cut-at-item/deploy.yaml, line 92, undecodable: the list breaks off here, where its \
             kind would come: what came behind is not there"
        )
    );
}

#[test]
fn an_autoscaler_of_the_first_version_is_judged_by_its_annotation() {
    assert_eq!(verdict("r14-hpa-v1.json", &["--kinds", "deploy,hpa"]), "exit 0");
    assert_eq!(
        verdict("r14b-hpa-v1-broken.json", &["hpa"]),
        "exit 2\n\
         HorizontalPodAutoscaler shop/api degraded NoMetrics: FailedGetResourceMetric: the HPA was unable to compute the \
         replica count: unable to get metrics for resource cpu: no metrics returned from resource metrics API"
    );
}
