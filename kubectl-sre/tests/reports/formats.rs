//! Dumps in every form in which people keep them, and how the parts are reported that cannot be read.

use super::judge::{AT, verdict, verdict_of};

/// The lines of a dump in which shop/web is healthy and shop/pay has no ready pod.
const PAY: &str = "exit 2\nDeployment shop/pay unavailable ReadyBelowDesired: 0 of 2 ready";

#[test]
fn a_dump_is_read_despite_text_of_a_shell_and_lines_of_stderr() {
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
fn an_error_in_a_dump_names_the_targets_that_were_not_seen() {
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
fn a_truncated_dump_is_judged_as_far_as_it_goes() {
    assert_eq!(
        verdict("r12b-truncated.json", &[]),
        format!(
            "{PAY}\nnot seen: r12b-truncated.json, line 137, undecodable: the list breaks off after its first 2 items: \
             the rest is missing"
        )
    );
    assert_eq!(
        verdict("r12c-truncated-single-docs.yaml", &[]),
        "exit 3\n\
         not seen: r12c-truncated-single-docs.yaml, line 70, undecodable: Deployment shop/pay breaks off in the middle: \
         its end and everything after it are missing"
    );
    assert_eq!(
        verdict("r12d-cut-at-item", &[]),
        format!(
            "{PAY}\nnot seen: r12d-cut-at-item/deploy.yaml, line 92, undecodable: the list breaks off here, before \
             its kind: the rest is missing"
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

/// Judges files of a directory.
fn directory(files: &[(&str, &str)], args: &[&str]) -> String {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is in the directory")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    let said = verdict_of(directory.path(), &[&["--at", AT], args].concat());
    said.replace(&format!("{}/", directory.path().display()), "")
}

fn file(text: &str, args: &[&str]) -> String {
    directory(&[("f.yaml", text)], args)
}

/// A Deployment in YAML, with as many of its pods ready as it asks for, or none.
fn deployment(version: &str, name: &str, ready: bool) -> String {
    let counts = if ready {
        "  availableReplicas: 2\n  observedGeneration: 1\n  readyReplicas: 2\n  replicas: 2\n  updatedReplicas: 2\n"
    } else {
        "  observedGeneration: 1\n  replicas: 2\n  updatedReplicas: 2\n"
    };
    format!(
        "apiVersion: {version}\nkind: Deployment\nmetadata:\n  creationTimestamp: \"2026-11-10T12:00:00Z\"\n  generation: 1\n  \
         name: {name}\n  namespace: shop\n  uid: {name}\nspec:\n  replicas: 2\nstatus:\n{counts}"
    )
}

fn items(objects: &[String]) -> String {
    let indented = objects
        .iter()
        .map(|o| format!("- {}\n", o.trim_end().replace('\n', "\n  ")));
    format!("apiVersion: v1\nitems:\n{}", indented.collect::<String>())
}

const DOWN: &str = "Deployment shop/api unavailable ReadyBelowDesired: 0 of 2 ready";

#[test]
fn older_groups_and_versions_are_judged_and_an_unknown_version_is_reported() {
    for version in ["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"] {
        assert_eq!(
            file(&deployment(version, "api", true), &[]),
            "exit 0",
            "{version}"
        );
        assert_eq!(
            file(&deployment(version, "api", false), &[]),
            format!("exit 2\n{DOWN}"),
            "{version}"
        );
    }
    let both = deployment("apps/v1", "web", true) + &deployment("apps/v2", "api", false);
    assert_eq!(
        file(&both, &[]),
        "exit 3\nnot seen: f.yaml, line 17, undecodable: Deployment in apps/v2: a version of this kind that is not known here"
    );
    assert_eq!(
        file(&both, &["--kinds", "deploy", "-n", "bank"]).lines().next(),
        Some("exit 3")
    );
    // The Service of Knative is another kind, which the run does not ask for.
    let knative =
        "---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: x, namespace: shop}\n";
    assert_eq!(
        file(&(deployment("apps/v1", "web", true) + knative), &[]),
        "exit 0"
    );
}

#[test]
fn an_autoscaler_without_its_conditions_is_not_seen_and_not_broken() {
    let hpa = "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata:\n  creationTimestamp: \"2026-11-10T12:00:00Z\"\n  name: api\n  namespace: shop\n  uid: u\nspec:\n  maxReplicas: 3\nstatus:\n  currentReplicas: 2\n  desiredReplicas: 2\n";
    assert_eq!(
        file(hpa, &["hpa"]),
        "exit 3\nnot seen: f.yaml, line 1, undecodable: an autoscaler in autoscaling/v1 without the annotation that holds its \
         conditions: take it with kubectl get horizontalpodautoscalers.v2.autoscaling -A -o json"
    );
}

#[test]
fn failed_discovery_of_another_group_does_not_concern_workloads() {
    let away = |group: &str| {
        format!(
            "E0216 10:00:00.123456     410 memcache.go:287] couldn't get resource list for {group}/v1beta1: the server is \
             currently unable to handle the request\n{}",
            deployment("apps/v1", "web", true)
        )
    };
    assert_eq!(file(&away("metrics.k8s.io"), &[]), "exit 0");
    assert_eq!(
        file(&away("apps"), &[]),
        "exit 3\nnot seen: everything of group apps, unhealthy: couldn't get resource list for apps/v1beta1: the server is \
         currently unable to handle the request"
    );
}

#[test]
fn refused_evidence_costs_the_causes_and_not_the_verdict() {
    let pods = "Error from server (Forbidden): pods is forbidden: User \"dev\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\"\n";
    let secrets = "Error from server (Forbidden): secrets is forbidden: User \"dev\" cannot list resource \"secrets\" in API group \"\" at the cluster scope\n";
    let text = deployment("apps/v1", "web", true) + pods + secrets;
    assert_eq!(file(&text, &[]), "exit 0");
    assert!(file(&text, &["po"]).starts_with("exit 3\nnot seen: pods in namespace shop, forbidden: "));
}

#[test]
fn a_dump_of_a_kubectl_that_ended_early_is_not_ok() {
    let web = deployment("apps/v1", "web", true);
    for (line, lines) in [
        (
            "error: You must be logged in to the server (Unauthorized)",
            "not seen: f.yaml, line 17, unauthenticated: You must be logged in to the server (Unauthorized)",
        ),
        (
            "Error from server (BadRequest): a container name must be specified for pod dns-1, choose one of: [a b]",
            "not seen: f.yaml, line 17, notRead: a container name must be specified for pod dns-1, choose one of: [a b]",
        ),
        (
            "Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout",
            "not seen: f.yaml, line 17, timeout: Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout",
        ),
        (
            "NAME   READY   UP-TO-DATE   AVAILABLE   AGE",
            "not seen: f.yaml, line 17, undecodable: a table for people, which leaves most of an object out: write it with -o json",
        ),
    ] {
        assert_eq!(file(&format!("{web}{line}\n"), &[]), format!("exit 3\n{lines}"));
    }
    for line in [
        "No resources found in bank namespace.",
        "+ kubectl get deploy -o yaml",
    ] {
        assert_eq!(file(&format!("{web}{line}\n"), &[]), "exit 0", "{line}");
    }
}

#[test]
fn a_bundle_whose_namespaces_could_not_be_listed_is_not_ok() {
    let web = items(&[deployment("apps/v1", "web", true)]) + "kind: List\n";
    let files = [
        ("b/cluster-resources/deployments/shop.yaml", web.as_str()),
        (
            "b/cluster-resources/namespaces-errors.json",
            "[\"namespaces is forbidden: User \\\"x\\\" cannot list resource \\\"namespaces\\\" in API group \\\"\\\" at the cluster scope\"]",
        ),
        (
            "b/cluster-resources/configmaps-errors.json",
            "{\"shop\": \"configmaps is forbidden\"}",
        ),
    ];
    let said = directory(&files, &[]);
    assert!(
        said.starts_with("exit 3\nnot seen: namespaces, forbidden: "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_must_gather_without_kinds_is_judged_by_its_folders() {
    let bare = deployment("apps/v1", "api", false).replace("apiVersion: apps/v1\nkind: Deployment\n", "");
    let files = [
        ("gather/namespaces/shop/apps/deployments/api.yaml", bare.as_str()),
        (
            "gather/monitoring/alerts.json",
            "{\"status\": \"success\", \"data\": {}}",
        ),
    ];
    assert_eq!(directory(&files, &[]), format!("exit 2\n{DOWN}"));
    assert_eq!(
        directory(&[("gather/other/api.yaml", bare.as_str())], &[]),
        "exit 3\nnot seen: gather/other/api.yaml, line 1, undecodable: no kind: nothing says what it is"
    );
}

#[test]
fn a_cluster_info_dump_of_microk8s_is_found_and_its_logs_are_left_alone() {
    let api = serde_json::json!({"kind": "Deployment", "apiVersion": "apps/v1",
        "metadata": {"name": "api", "namespace": "shop", "generation": 1, "uid": "u"},
        "spec": {"replicas": 2}, "status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2}});
    let fake = api
        .to_string()
        .replace("\"metadata\":{", "\"metadata\":{\"resourceVersion\":\"999\",");
    let mark = |word: &str| format!("==== {word} logs for container app of pod shop/x ====\n");
    let text = format!(
        "{api}\n{}{fake}\n{{not json\n{}Cluster info dumped to standard output\n",
        mark("START"),
        mark("END")
    );
    assert_eq!(
        directory(&[("k8s/cluster-info-dump", &text)], &[]),
        format!("exit 2\n{DOWN}")
    );
    // A log that breaks off, and the dump with it.
    let cut = format!("{api}\n{}{fake}\n", mark("START"));
    assert_eq!(
        directory(&[("k8s/cluster-info-dump", &cut)], &[]),
        format!(
            "exit 2\n{DOWN}\nnot seen: k8s/cluster-info-dump, line 2, undecodable: the file ends in the middle of a log: the \
             rest is missing"
        )
    );
}

#[test]
fn a_page_a_table_or_an_error_of_an_api_server_is_no_whole_list() {
    let lines = |text: &str| file(text, &[]);
    assert_eq!(
        lines(
            r#"{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{"continue":"abc","remainingItemCount":40},"items":[]}"#
        ),
        "exit 3\nnot seen: f.yaml, line 1, undecodable: one page of a list that goes on: take it with kubectl get, which reads every page"
    );
    assert_eq!(
        lines(r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[]}"#),
        "exit 3\nnot seen: f.yaml, line 1, undecodable: a table or metadata alone, which leaves most of an object out: write it with -o json"
    );
    assert_eq!(
        lines(
            r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"deployments.apps is forbidden: User \"x\" cannot list resource \"deployments\" in API group \"apps\" at the cluster scope","reason":"Forbidden","code":403}"#
        ),
        "exit 3\nnot seen: deployments, forbidden: deployments.apps is forbidden: User \"x\" cannot list resource \
         \"deployments\" in API group \"apps\" at the cluster scope"
    );
}

#[test]
fn evidence_that_is_not_understood_is_reported_too() {
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web-1, namespace: shop}\nstatus: {containerStatuses: 7}\n";
    assert_eq!(
        file(&(deployment("apps/v1", "web", true) + pod), &[]),
        "exit 3\nnot seen: Pod/shop/web-1, undecodable: status.containerStatuses is the number 7 and has to be a list, line 18 \
         of f.yaml"
    );
}

#[test]
fn a_yaml_list_of_python_without_its_last_line_end_is_whole() {
    let text = items(&[deployment("apps/v1", "web", true)]) + "kind: List";
    let text = text.replace("\"2026-11-10T12:00:00Z\"", "2026-11-10 12:00:00+00:00");
    assert_eq!(file(&text, &[]), "exit 0");
}

#[test]
fn a_list_that_ends_within_its_last_item_does_not_call_that_item_broken() {
    let text = items(&[
        deployment("apps/v1", "web", true),
        deployment("apps/v1", "api", true),
    ]);
    let cut = &text[..text.rfind("readyReplicas").expect("it has counts")];
    let cut = cut.trim_end_matches(' ');
    assert_eq!(
        file(cut, &[]),
        "exit 3\nnot seen: f.yaml, line 31, undecodable: Deployment shop/api breaks off in the middle: its end and everything \
         after it are missing"
    );
}
