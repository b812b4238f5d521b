//! `changes`: from dumps and the scripted API server, in each form, with and without rights.

use super::plugin::{PluginRun, pipe, run};
use serde_json::{Value, json};
use sre_testkit::object::List;
use sre_testkit::{Access, ApiServer, Match, at};

const TOKEN: &str = "s3cr3t-of-the-tests";
const SINCE: &str = "2026-03-02T11:00:00Z";

fn set(number: u64, created: i64, image: &str, secret: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": format!("web-{number}"), "namespace": "shop", "uid": format!("rs-{number}"),
            "creationTimestamp": at(created), "annotations": {"deployment.kubernetes.io/revision": number.to_string()},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d", "controller": true}]},
        "spec": {"replicas": 1, "template": {"spec": {"containers": [
            {"name": "api", "image": image, "env": [{"name": "PASSWORD", "value": secret}]}]}}},
        "status": {"replicas": 1},
    })
}

pub fn objects() -> Vec<Value> {
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "uid": "d", "creationTimestamp": at(-90_000), "managedFields": [
            {"manager": "argocd-controller", "operation": "Update", "time": at(-605), "fieldsType": "FieldsV1",
             "fieldsV1": {"f:spec": {"f:template": {}}}}]},
        "spec": {"replicas": 1},
    });
    let evicted = |n: i64| {
        json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": format!("e{n}"), "namespace": "shop", "uid": format!("e{n}")},
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": format!("pay-{n}\u{1b}[2J"), "uid": "p"},
            "reason": "Evicted", "message": "The node was low on resource: memory. | @everyone",
            "source": {"component": "kubelet", "host": "n7"},
            "firstTimestamp": at(-300), "lastTimestamp": at(-300), "count": 1, "type": "Warning",
        })
    };
    let mut all = vec![
        deployment,
        set(12, -5_000, "web:v8", "hunter1"),
        set(13, -600, "web:v9", "hunter2"),
    ];
    all.extend((0..4).map(evicted));
    all
}

fn dump(args: &[&str]) -> PluginRun {
    let now = at(0);
    let fixed = ["changes", "-f", "-", "--at", &now];
    pipe(
        &[&fixed, args].concat(),
        List::kubectl().items(objects()).to_json(),
    )
}

fn server() -> ApiServer {
    let server = ApiServer::builder().token(TOKEN).context("prod-eu").user(
        "shopkeeper",
        "shopkeeper",
        Access::namespaces(["shop"]),
    );
    server.namespaces(["shop"]).objects(objects()).start_blocking()
}

fn ask(server: &ApiServer, args: &[&str]) -> PluginRun {
    let kubeconfig = server.kubeconfig().display().to_string();
    let fixed = ["changes", "--since", SINCE, "--kubeconfig", &kubeconfig];
    let ran = run(&[&fixed, args].concat());
    assert!(!format!("{ran:?}").contains(TOKEN), "{ran:?}");
    ran
}

#[test]
fn a_dump_shows_its_rollouts_with_their_fields_and_no_value_of_a_variable() {
    let ran = dump(&[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert!(
        ran.headline()
            .contains("2 changes since 11:00:00 (60 min ago), times in UTC"),
        "{}",
        ran.out
    );
    let rollout = "11:50:00  10 min  Deployment shop/web  revision 13 (image web:v8 -> v9, env PASSWORD changed; by \
                   argocd-controller)";
    assert!(ran.out.contains(rollout), "{}", ran.out);
    assert!(
        ran.out.contains(
            "11:55:00   5 min  4 Pods of shop/pay-*  evicted from n7: The node was low on resource: memory"
        ),
        "{}",
        ran.out
    );
    for format in ["human", "wide", "json", "yaml", "markdown"] {
        let ran = dump(&["-o", format]);
        assert!(!ran.out.contains("hunter"), "{format}: {}", ran.out);
        assert!(!ran.out.contains('\u{1b}'), "{format}: {}", ran.out);
    }
}

#[test]
fn the_json_of_a_timeline_has_the_names_of_the_contract() {
    let timeline = dump(&["-o", "json"]).json();
    assert_eq!(
        (&timeline["apiVersion"], &timeline["kind"]),
        (&json!("sre/v1"), &json!("ChangeTimeline"))
    );
    let rollout = &timeline["entries"][0];
    assert_eq!(
        (&rollout["what"], &rollout["count"]),
        (&json!("rollout"), &json!(1))
    );
    assert_eq!(rollout["object"], "Deployment/shop/web");
    assert_eq!(rollout["change"]["diff"][0]["to"], "web:v9");
    assert_eq!(rollout["change"]["from"], "12");
    assert_eq!(
        timeline["entries"][1]["objects"].as_array().map(Vec::len),
        Some(4)
    );
    assert_eq!(timeline["notSeen"], json!([]));
}

#[test]
fn a_table_has_one_row_a_change() {
    let ran = dump(&["-o", "wide", "--no-headers"]);
    let rows: Vec<&str> = ran.out.lines().collect();
    assert_eq!(rows.len(), 2, "{}", ran.out);
    let cells: Vec<&str> = rows[0].split_whitespace().take(7).collect();
    assert_eq!(
        cells,
        [
            "2026-03-02T11:50:00Z",
            "10m",
            "rollout",
            "shop",
            "deployment/web",
            "1",
            "argocd-controller"
        ]
    );
}

#[test]
fn markdown_lets_no_text_of_the_cluster_mention_anybody() {
    let ran = dump(&["-o", "markdown"]);
    let row = ran
        .out
        .lines()
        .find(|line| line.contains("revision 13"))
        .unwrap_or_default();
    assert!(row.starts_with("| 2026-03-02T11:50:00Z | "), "{}", ran.out);
    assert!(
        !ran.out.contains("@everyone"),
        "only the first sentence is shown: {}",
        ran.out
    );
}

#[test]
fn a_target_and_a_span_choose_what_is_shown() {
    let shown = |args: &[&str]| {
        let timeline = dump(&[args, &["-o", "json"]].concat()).json();
        let entries = timeline["entries"].as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| entry["what"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&["deploy/web"]), ["rollout"]);
    assert_eq!(shown(&["pods"]), ["eviction"]);
    assert_eq!(shown(&["node", "n7"]), ["eviction"]);
    assert_eq!(shown(&["-n", "bank"]), [""; 0]);
    assert_eq!(shown(&["--since", "6m"]), ["eviction"]);
    assert_eq!(shown(&["--until", "6m"]), ["rollout"]);
    assert_eq!(
        shown(&["--since", "70m", "--until", "2026-03-02T11:50:00Z"]),
        ["rollout"]
    );
}

#[test]
fn a_cluster_is_read_within_bounds_and_no_secret_is_asked_for() {
    let server = server();
    let ran = ask(&server, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert!(
        ran.out
            .contains("revision 13 (image web:v8 -> v9, env PASSWORD changed"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("4 Pods of shop/pay-*  evicted from n7"),
        "{}",
        ran.out
    );
    assert!(
        ran.out
            .contains("events: since 11:55:00: from the oldest event on")
            || ran.out.contains("events: since 2026-03-02 11:55:00"),
        "{}",
        ran.out
    );
    let requests = server.requests();
    assert!(
        requests.iter().all(|request| !request.path.contains("secrets")),
        "{requests:?}"
    );
    // The version, sixteen lists, and the two revisions.
    assert_eq!(requests.len(), 19, "{requests:?}");
    let configs = server.requests_for(&Match::path("/api/v1/configmaps"));
    assert!(
        configs
            .iter()
            .all(sre_testkit::RecordedRequest::asks_for_metadata),
        "{configs:?}"
    );
}

#[test]
fn a_user_of_one_namespace_sees_it_and_hears_what_is_beside_it() {
    let server = server();
    let user = server.kubeconfig_for("shopkeeper").display().to_string();
    let own = run(&["changes", "--since", SINCE, "--kubeconfig", &user, "-n", "shop"]);
    assert_eq!((own.code, own.err.as_str()), (Some(0), ""), "{own:?}");
    assert!(own.out.contains("revision 13"), "{}", own.out);
    assert!(
        own.out
            .contains("nodes may not be read, and are in no namespace: missing rule nodes list"),
        "{}",
        own.out
    );
    let all = run(&["changes", "--since", SINCE, "--kubeconfig", &user]);
    assert_eq!(all.code, Some(3), "{all:?}");
    assert!(
        all.out
            .contains("? not seen: pods: forbidden: missing rule pods list"),
        "{}",
        all.out
    );
}

#[test]
fn an_api_server_that_does_not_answer_ends_with_69() {
    let server = server();
    server.stop();
    let ran = ask(&server, &["-o", "json"]);
    assert_eq!(ran.code, Some(69), "{ran:?}");
    assert_eq!(ran.json()["notSeen"][0]["class"], "refused");
}

#[test]
fn a_misuse_is_answered_by_one_line() {
    for (args, line) in [
        (
            &["svc"][..],
            "error: changes of Services are not shown; kinds: deployments, statefulsets, daemonsets, cronjobs, jobs, pods, nodes, and apiserver\n",
        ),
        (
            &["--since", "1h", "--until", "2h"],
            "error: --until is not after --since: there is no time between them\n",
        ),
        (
            &["-f", "x", "--agent"],
            "error: --agent has no meaning with -f, which asks no cluster: leave one of them out\n",
        ),
        (
            &["-f", "x", "--context", "y"],
            "error: --context has no meaning with -f, which asks no cluster: leave one of them out\n",
        ),
        (
            &["--since", "soon"],
            "error: --since: \"soon\" is neither a duration such as 90m, 2h or 2d, nor a time such as 2026-11-23T18:40:12Z\n",
        ),
        (
            &["-o", "junit"],
            "error: --output: \"junit\" is a form of the report of health and gate: give human, wide, json, yaml or markdown\n",
        ),
        (
            &["--no-headers"],
            "error: --no-headers is for the table: add -o wide\n",
        ),
    ] {
        let ran = run(&[&["changes"], args].concat());
        assert_eq!((ran.code, ran.err.as_str()), (Some(64), line), "{args:?}");
    }
}
