//! Outputs, and the choice of objects, against the scripted API server.

use super::plugin::{PluginRun, run};
use sre_testkit::object::Deployment;
use sre_testkit::{Access, ApiServer, ApiServerBuilder, Match};

const PATH: &str = "/apis/apps/v1/deployments";
/// Every format of a report.
pub const FORMATS: [&str; 9] = [
    "human",
    "wide",
    "json",
    "yaml",
    "name",
    "markdown",
    "github",
    "junit",
    "prometheus",
];

fn server() -> ApiServerBuilder {
    ApiServer::builder().context("prod-eu").deployments([
        Deployment::new("shop", "checkout").replicas(3).counts(3, 3, 1, 1),
        Deployment::new("shop", "search"),
        Deployment::new("bank", "ledger"),
    ])
}

fn ask(server: &ApiServer, line: &str) -> PluginRun {
    let kubeconfig = server.kubeconfig().display().to_string();
    let words: Vec<&str> = line.split_whitespace().collect();
    run(&[&words, &["--kubeconfig", &kubeconfig][..]].concat())
}

/// The queries of the lists of Deployments.
fn queries(server: &ApiServer) -> Vec<String> {
    let requests = server.requests_for(&Match::path(PATH));
    let queries = requests.iter().map(|request| request.query.clone());
    queries.collect()
}

#[test]
fn the_exit_code_is_that_of_the_verdict_for_each_output() {
    let server = server().start_blocking();
    for (line, code) in [
        ("health deploy", 2),
        ("health apiserver", 0),
        ("health deploy -n bank", 0),
        ("health deploy -n bank --wait", 0),
        ("health deploy --fail-on unknown", 0),
        ("health deploy --field-selector metadata.name=none", 3),
    ] {
        for format in FORMATS {
            let ran = ask(&server, &format!("{line} -o {format}"));
            assert_eq!(ran.code, Some(code), "{line} -o {format}: {ran:?}");
        }
    }
}

#[test]
fn a_gate_has_its_report_alone_on_stdout() {
    let server = server().start_blocking();
    let kubeconfig = server.kubeconfig().display().to_string();
    for format in ["name", "markdown", "github", "junit", "prometheus"] {
        let line =
            format!("gate deploy -n bank -o {format} --kubeconfig {kubeconfig} -- echo of the command");
        let words: Vec<&str> = line.split_whitespace().collect();
        let ran = run(&words);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(!ran.out.contains("of the command"), "{ran:?}");
        assert!(ran.err.contains("of the command"), "{ran:?}");
    }
}

#[test]
fn names_are_those_of_kubectl_and_stderr_says_what_was_not_seen() {
    let server = server().start_blocking();
    let ran = ask(&server, "health deploy -o name");
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str()),
        ("-n shop deployment.apps/checkout\n", "")
    );
    let ran = ask(
        &server,
        "health deploy -n shop -o name --state healthy,degraded --sort-by name",
    );
    assert_eq!(ran.out, "deployment.apps/checkout\ndeployment.apps/search\n");
    let access = Access::namespaces(["shop", "default"]).and_namespace_list();
    let narrow = ApiServer::builder()
        .user("s3cr3t-of-the-tests", "jane", access)
        .namespaces(["bank"])
        .deployments([Deployment::new("shop", "search")]);
    let ran = ask(&narrow.start_blocking(), "health deploy -o name");
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""));
    let warning = "warning: deployments in 4 namespaces (bank, kube-node-lease, kube-public, kube-system): not seen, \
                   forbidden: missing rule apps/deployments list\n";
    assert_eq!(ran.err, warning);
}

#[test]
fn a_field_selector_goes_to_the_list_and_chooses_among_names() {
    let server = server().start_blocking();
    let ran = ask(
        &server,
        "health deploy --field-selector metadata.namespace!=bank -o json",
    );
    assert_eq!(ran.json()["checks"][0]["summary"]["total"], 2, "{ran:?}");
    assert_eq!(
        ran.json()["coverage"]["fieldSelector"],
        "metadata.namespace!=bank"
    );
    let sent = queries(&server);
    assert!(
        sent.iter()
            .all(|query| query.contains("fieldSelector=metadata.namespace%21%3Dbank")),
        "{sent:?}"
    );
    let ran = ask(
        &server,
        "health deploy/search --field-selector metadata.namespace=shop -o json",
    );
    assert_eq!(ran.json()["checks"][0]["items"][0]["name"], "search", "{ran:?}");
}

// kubernetes/kubernetes#66114: a field that the API server does not know.
#[test]
fn a_kind_whose_field_the_api_server_does_not_know_is_not_seen() {
    let server = server().start_blocking();
    let ran = ask(&server, "health deploy --field-selector spec.replicas=3 -o json");
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(
        ran.json()["coverage"]["notSeen"][0]["class"],
        "rejected",
        "{ran:?}"
    );
}

#[test]
fn a_field_selector_that_matches_nothing_is_no_ok() {
    let server = server().start_blocking();
    let ran = ask(
        &server,
        "health deploy --field-selector metadata.name=serach -o json",
    );
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let entry = &ran.json()["coverage"]["notSeen"][0];
    assert_eq!(entry["class"], "notFound");
    assert_eq!(entry["hint"], "check the fields: kubectl get deployments -A");
}

// kubernetes/kubectl#1790: a page size is no limit, and 0 is one answer.
#[test]
fn a_chunk_size_is_the_most_items_of_each_page() {
    let server = server().start_blocking();
    let ran = ask(&server, "health deploy --chunk-size 1 -o json");
    assert_eq!(ran.json()["checks"][0]["summary"]["total"], 3, "{ran:?}");
    let sent = queries(&server);
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert!(sent.iter().all(|query| query.contains("limit=1")), "{sent:?}");
    server.clear_requests();
    ask(&server, "health deploy --chunk-size 0 -o json");
    let sent = queries(&server);
    assert_eq!(sent.len(), 1);
    assert!(!sent[0].contains("limit"), "{sent:?}");
}
