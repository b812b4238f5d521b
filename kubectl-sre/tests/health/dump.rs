//! `health -f`: every form of a dump, and how parts that cannot be used are reported.

use super::plugin::{PluginRun, pipe, run};
use serde_json::{Value, json};
use sre_testkit::at;
use sre_testkit::object::{Deployment, List, Namespace, Pod, ReplicaSet};

const DAY: i64 = 86_400;

fn d(name: &str) -> Deployment {
    Deployment::new("shop", name)
}

fn short(name: &str) -> Deployment {
    d(name).replicas(3).counts(3, 3, 1, 1)
}

/// A running rollout. It stays progressing, since the clock of the tests stands still.
fn moving(name: &str) -> Deployment {
    d(name)
        .replicas(3)
        .counts(3, 1, 1, 1)
        .condition("Progressing", "True", "ReplicaSetUpdated", at(-20))
        .condition("Available", "False", "MinimumReplicasUnavailable", at(-20))
}

fn unreadable(name: &str) -> Deployment {
    d(name).set("/spec/replicas", "3")
}

fn list(objects: impl IntoIterator<Item = impl Into<Value>>) -> String {
    List::kubectl().items(objects).to_json()
}

/// Judges a dump at the time that the builders use as now.
fn judge(dump: &str, args: &[&str]) -> PluginRun {
    let now = at(0);
    let fixed = ["health", "-f", "-", "--at", &now];
    pipe(&[&fixed, args].concat(), dump)
}

fn states(report: &Value) -> Vec<(String, String)> {
    let items = report["checks"][0]["items"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let text = |item: &Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
    items
        .iter()
        .map(|item| (text(item, "name"), text(item, "state")))
        .collect()
}

/// A Deployment that was scaled from 3 to 10, its ReplicaSet and its pods, seven of them `age` seconds old.
fn scaled_up(name: &str, age: i64, unschedulable: bool) -> Vec<Value> {
    let deployment = d(name).replicas(10).counts(10, 10, 3, 3);
    let set = ReplicaSet::new("shop", &format!("{name}-7d9c")).owned_by(&deployment);
    let pods = (0..10).map(|number| {
        let pod = Pod::new("shop", &format!("{name}-7d9c-{number}")).owned_by(&set);
        match number {
            0..3 => pod,
            _ if unschedulable => pod
                .created(at(-age))
                .unschedulable("0/3 nodes are available: 3 Insufficient cpu", at(-age)),
            _ => pod.created(at(-age)).ready(false, at(-age)),
        }
        .build()
    });
    [deployment.build(), set.build()]
        .into_iter()
        .chain(pods)
        .collect()
}

#[test]
#[allow(
    clippy::too_many_lines,
    reason = "one row a case, in the order of the documentation"
)]
fn every_case_of_the_rules_has_its_state() {
    let stalled = |d: Deployment| d.condition("Progressing", "False", "ProgressDeadlineExceeded", at(-300));
    let updating =
        |d: Deployment, ago: i64| d.condition("Progressing", "True", "ReplicaSetUpdated", at(-ago));
    let quota = |d: Deployment| d.condition("ReplicaFailure", "True", "FailedCreate", at(-30));
    let (yes, no) = (Some(true), Some(false));
    let rows = [
        (d("v01").replicas(3), "healthy", yes),
        (d("v02").without_replicas(), "healthy", yes),
        (
            d("v03")
                .without_replicas()
                .counts(1, 1, 0, 0)
                .without_condition("Progressing"),
            "unavailable",
            no,
        ),
        (
            d("v04").replicas(3).created(at(-5)).no_status(),
            "progressing",
            no,
        ),
        (d("v05").replicas(0), "healthy", yes),
        (d("v06").replicas(4).counts(4, 4, 3, 3), "degraded", no),
        (d("v07").replicas(3).counts(3, 3, 0, 0), "unavailable", no),
        (
            updating(d("v08").replicas(4).counts(5, 2, 4, 4), 20),
            "progressing",
            yes,
        ),
        (stalled(d("v09").counts(2, 1, 1, 1)), "degraded", no),
        (updating(d("v10").counts(2, 1, 1, 1), 20), "progressing", yes),
        (quota(d("v11").replicas(4).counts(2, 2, 2, 2)), "degraded", no),
        (quota(d("v12").replicas(3).counts(0, 0, 0, 0)), "unavailable", no),
        (d("v13").replicas(3).generation(5).observed(4), "progressing", no),
        (d("v14").replicas(3).paused(), "healthy", yes),
        (
            d("v15").replicas(3).counts(3, 3, 0, 0).paused(),
            "unavailable",
            no,
        ),
        (d("v16").replicas(3).deleting(at(-60), &[]), "terminating", None),
        (
            d("v17").replicas(3).counts(3, 3, 3, 0).min_ready_seconds(60),
            "progressing",
            yes,
        ),
        (
            d("v20").replicas(3).set("/status/readyReplicas", -1),
            "unknown",
            no,
        ),
        (d("v21").replicas(2).without_conditions(), "healthy", yes),
        (
            updating(d("v22").replicas(3).recreate().counts(0, 0, 0, 0), 10),
            "progressing",
            no,
        ),
        (unreadable("v23"), "unknown", no),
    ];
    let mut expected: Vec<(String, Value, Value)> = vec![
        ("v18".into(), "progressing".into(), false.into()),
        ("v19".into(), "degraded".into(), false.into()),
    ];
    let mut objects = scaled_up("v18", 15, false);
    objects.extend(scaled_up("v19", 600, true));
    for (object, state, healthy) in rows {
        let object = object.build();
        let name = object["metadata"]["name"]
            .as_str()
            .expect("the builder names it")
            .to_owned();
        expected.push((name, state.into(), healthy.map_or(Value::Null, Value::from)));
        objects.push(object);
    }
    expected.sort_by(|a, b| a.0.cmp(&b.0));

    let ran = judge(&list(objects), &["-o", "json"]);
    let report = ran.json();
    let items = report["checks"][0]["items"].as_array().expect("a kind has items");
    let found: Vec<(String, Value, Value)> = items
        .iter()
        .map(|item| {
            let name = item["name"].as_str().expect("an item has a name").to_owned();
            (
                name,
                item["state"].clone(),
                item.get("healthy").cloned().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(found, expected);
    assert_eq!(ran.code, Some(2));
    let of = |name: &str| {
        items
            .iter()
            .find(|item| item["name"] == name)
            .expect("it was judged above")
    };
    assert_eq!(of("v18").get("notes"), None, "its pods are in the dump");
    assert_eq!(of("v19")["causes"][0]["code"], "Unschedulable");
    assert_eq!(
        of("v19")["causes"][0]["message"],
        "0/3 nodes are available: 3 Insufficient cpu"
    );
    assert_eq!(of("v19")["causes"][0]["count"], 7);
    assert_eq!(of("v05")["reason"], "ScaledToZero");
    assert_eq!(of("v14")["notes"], json!(["paused"]));
    assert_eq!(
        of("v11")["causes"][0]["message"],
        "quota compute: pods 2 of 2 used, 1 more asked"
    );
}

#[test]
fn a_dump_has_the_same_verdict_in_every_form() {
    let (web, api) = (d("web").build(), short("api").build());
    let plain = |object: &Value| serde_json::to_string_pretty(object).expect("a value is JSON");
    let yaml = |object: &Value| serde_saphyr::to_string(object).expect("a value is YAML");
    let indented = |object: &Value| yaml(object).trim_end().replace('\n', "\n  ");
    let both = [web.clone(), api.clone()];
    let typed = List::new("DeploymentList", "apps/v1").items(both.clone());
    let forms = [
        ("a list of kubectl", list(both.clone())),
        ("a typed list", typed.to_json()),
        (
            "a list, indented",
            plain(&List::kubectl().items(both.clone()).build()),
        ),
        ("an array", format!("[{web},{api}]")),
        ("documents of JSON", format!("{}\n{}\n", plain(&web), plain(&api))),
        (
            "documents of YAML",
            format!("---\n{}---\n{}...\n", yaml(&web), yaml(&api)),
        ),
        (
            "a list of YAML as kubectl writes it",
            format!(
                "apiVersion: v1\nitems:\n- {}\n- {}\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
                indented(&web),
                indented(&api)
            ),
        ),
        ("a typed list of YAML", yaml(&typed.build())),
        ("a byte order mark", format!("\u{feff}{}", list(both))),
        (
            "line ends of Windows",
            yaml(&List::kubectl().items([web, api]).build()).replace('\n', "\r\n"),
        ),
    ];
    let first = judge(&forms[0].1, &["-o", "json"]).json();
    assert_eq!(
        states(&first),
        [
            ("api".to_owned(), "degraded".to_owned()),
            ("web".to_owned(), "healthy".to_owned())
        ]
    );
    for (form, dump) in forms {
        let ran = judge(&dump, &["-o", "json"]);
        assert_eq!(ran.json(), first, "{form}");
        assert_eq!((ran.code, ran.err.as_str()), (Some(2), ""), "{form}");
    }
}

#[test]
fn a_file_and_a_directory_are_read_like_standard_input() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let place = |name: &str| directory.path().join(name);
    std::fs::create_dir(place("deeper")).expect("a directory");
    std::fs::write(place("a.json"), list([short("api")])).expect("a file");
    std::fs::write(
        place("deeper/b.yaml"),
        serde_saphyr::to_string(&d("web").build()).expect("YAML"),
    )
    .expect("a file");
    std::fs::write(place("notes.txt"), "not a dump").expect("a file");
    let now = at(0);
    let judge = |path: &std::path::Path| {
        let path = path.to_str().expect("a temporary path is text");
        let ran = run(&["health", "-f", path, "--at", &now, "-o", "json"]);
        let report = ran.json();
        assert_eq!(report["source"], json!({"mode": "file", "file": path}));
        (
            states(&report)
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>(),
            ran.code,
        )
    };
    assert_eq!(judge(&place("a.json")), (vec!["api".into()], Some(2)));
    assert_eq!(judge(&place("deeper/b.yaml")), (vec!["web".into()], Some(0)));
    assert_eq!(
        judge(directory.path()),
        (vec!["api".into(), "web".into()], Some(2))
    );
}

#[test]
fn a_path_that_cannot_be_used_is_refused_with_the_nearest_right_one() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = |name: &str| directory.path().join(name).display().to_string();
    std::fs::write(path("cluster.json"), list([d("web")])).expect("a file");
    std::fs::create_dir(path("empty")).expect("a directory");

    let missing = run(&["health", "-f", &path("clustr.json")]);
    assert_eq!((missing.code, missing.out.as_str()), (Some(64), ""));
    let (given, near) = (path("clustr.json"), path("cluster.json"));
    assert_eq!(
        missing.err,
        format!("error: {given} does not exist, did you mean {near}?\n")
    );

    let empty = run(&["health", "-f", &path("empty")]);
    assert_eq!((empty.code, empty.out.as_str()), (Some(64), ""));
    let given = path("empty");
    assert_eq!(
        empty.err,
        format!("error: {given} holds no file that ends in .json, .yaml or .yml\n")
    );
}

#[test]
fn an_age_without_a_witness_excuses_nothing() {
    let young = || {
        d("web").replicas(3).counts(3, 3, 1, 1).condition(
            "Available",
            "False",
            "MinimumReplicasUnavailable",
            at(-20),
        )
    };
    let state = |dump: &str, args: &[&str]| {
        let ran = pipe(&[&["health", "-f", "-", "-o", "json"], args].concat(), dump);
        states(&ran.json())
            .into_iter()
            .find(|(name, _)| name == "web")
            .map(|(_, state)| state)
    };
    let alone = list([young()]);
    assert_eq!(state(&alone, &[]).as_deref(), Some("degraded"));
    assert_eq!(state(&alone, &["--at", &at(0)]).as_deref(), Some("progressing"));
    assert_eq!(state(&alone, &["--at", &at(60)]).as_deref(), Some("degraded"));
    // Another object witnesses that only 10 s have passed.
    let witness = d("other").managed_status(at(-10));
    assert_eq!(
        state(&list([young(), witness]), &[]).as_deref(),
        Some("progressing")
    );
    let older = d("other").managed_status(at(-30));
    assert_eq!(state(&list([young(), older]), &[]).as_deref(), Some("degraded"));
}

#[test]
fn the_time_of_a_dump_is_the_newest_in_it_and_never_that_of_a_deletion() {
    let objects = [d("web").managed_status(at(-7)), d("gone").deleting(at(3600), &[])];
    let ran = pipe(&["health", "-f", "-", "-o", "json"], list(objects));
    assert_eq!(ran.json()["observedAt"], at(-7).as_str());
}

#[test]
fn only_the_targets_are_judged() {
    let dump = list([
        d("web").label("tier", "front"),
        d("api").label("tier", "back"),
        Deployment::new("bank", "api").label("tier", "back"),
    ]);
    let found = |args: &[&str]| {
        let ran = judge(&dump, &[args, &["-o", "json"]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let report = ran.json();
        let items = report["checks"][0]["items"]
            .as_array()
            .expect("a kind has items")
            .clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        items
            .iter()
            .map(|i| format!("{}/{}", text(&i["namespace"]), text(&i["name"])))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(found(&[]), "bank/api shop/api shop/web");
    assert_eq!(found(&["-n", "shop"]), "shop/api shop/web");
    assert_eq!(found(&["-n", "shop", "-A"]), "bank/api shop/api shop/web");
    assert_eq!(found(&["-l", "tier=back"]), "bank/api shop/api");
    assert_eq!(found(&["-l", "tier!=back"]), "shop/web");
    assert_eq!(found(&["deploy/api"]), "bank/api shop/api");
    assert_eq!(
        found(&["deploy/api", "deployment.apps/web", "-n", "shop"]),
        "shop/api shop/web"
    );
}

#[test]
fn a_target_that_is_not_in_the_dump_is_unknown_with_the_nearest_name() {
    let dump = list([d("checkout")]);
    let said = |args: &[&str]| {
        let ran = judge(&dump, &[args, &["-o", "json"]].concat());
        assert_eq!(ran.code, Some(3), "{ran:?}");
        let not_seen = ran.json()["coverage"]["notSeen"].clone();
        assert_eq!(not_seen[0]["class"], "notFound");
        [&not_seen[0]["what"], &not_seen[0]["error"], &not_seen[0]["hint"]]
            .map(|text| text.as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(
        said(&["deploy/chekout"]),
        [
            "deployment chekout",
            "there is no deployment chekout",
            "did you mean \"checkout\"?"
        ]
    );
    assert_eq!(
        said(&["-n", "bank"]),
        [
            "namespace bank",
            "the dump holds no Deployments of namespace bank",
            "leave -n out to judge all that the dump holds"
        ]
    );
    assert_eq!(said(&["-l", "app=none"])[1], "no Deployments match \"app=none\"");
}

#[test]
fn one_broken_part_does_not_spoil_the_rest() {
    let rows = [
        (
            "an item of the wrong shape",
            format!("[{},{}]", d("web").build(), unreadable("api").build()),
        ),
        (
            "a document cut off",
            format!("{}\n{{\"kind\": \"Depl", list([d("web")])),
        ),
        (
            "a document of YAML with a syntax error",
            format!("{}---\na: [\n---\n{}", yaml(&d("web")), yaml(&d("api"))),
        ),
        (
            "an item that is no object",
            List::kubectl().items([d("web")]).raw_item("7").to_json(),
        ),
    ];
    for (name, dump) in rows {
        let ran = judge(&dump, &["-o", "json"]);
        let report = ran.json();
        assert_eq!(
            (ran.code, &report["status"]),
            (Some(3), &json!("unknown")),
            "{name}"
        );
        assert!(
            states(&report).contains(&("web".into(), "healthy".into())),
            "{name}"
        );
        let reported = !report["coverage"]["notSeen"]
            .as_array()
            .expect("a list")
            .is_empty()
            || states(&report).contains(&("api".into(), "unknown".into()));
        assert!(reported, "{name}");
        // Degraded comes before unknown.
        let ran = judge(&format!("{}\n---\n{}", yaml(&short("cart")), "a: ["), &[]);
        assert_eq!(ran.code, Some(2));
    }
}

fn yaml(deployment: &Deployment) -> String {
    serde_saphyr::to_string(&deployment.build()).expect("a value is YAML")
}

#[test]
fn nothing_to_judge_is_never_ok() {
    let namespace = list([Namespace::new("shop")]);
    let rows = [
        ("an empty input", ""),
        ("blanks", "\n \n"),
        (
            "an empty list of nothing known",
            r#"{"kind":"List","apiVersion":"v1","items":[]}"#,
        ),
        ("another kind", namespace.as_str()),
        (
            "another group",
            r#"{"kind":"Deployment","apiVersion":"extensions.example/v1","metadata":{"name":"a"}}"#,
        ),
        ("a word", "hello"),
        ("bytes of JSON that are none", "{]"),
    ];
    for (name, dump) in rows {
        let ran = judge(dump, &["-o", "json"]);
        let report = ran.json();
        assert_eq!(
            (ran.code, &report["status"]),
            (Some(3), &json!("unknown")),
            "{name}"
        );
        assert!(
            !report["coverage"]["notSeen"]
                .as_array()
                .expect("a list")
                .is_empty(),
            "{name}"
        );
    }
}

#[test]
fn an_empty_list_that_was_read_is_ok_and_mentioned() {
    let forms = [
        List::new("DeploymentList", "apps/v1").to_json(),
        "apiVersion: apps/v1\nitems: []\nkind: DeploymentList\nmetadata: {}\n".to_owned(),
        r#"{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{},"items":null}"#.to_owned(),
    ];
    for dump in forms {
        let ran = judge(&dump, &[]);
        assert_eq!(ran.code, Some(0), "{dump}: {ran:?}");
        assert_eq!(ran.headline(), "OK  standard input  no Deployments found");
    }
}

#[test]
fn a_manifest_is_unknown() {
    let manifest = d("web").no_status().remove("/metadata/generation");
    let ran = judge(
        &list([
            manifest.clone(),
            manifest.remove("/status").set("/metadata/name", "api"),
        ]),
        &[],
    );
    assert_eq!(ran.code, Some(3));
    assert_eq!(
        ran.headline(),
        "UNKNOWN  standard input  2 of 2 Deployments were not understood"
    );
}

#[test]
fn the_exit_code_is_the_first_of_degraded_unknown_and_progressing_that_counts() {
    let rows: [(&[Deployment], &str, i32); 12] = [
        (&[d("a")], "progressing,degraded,unknown", 0),
        (&[d("a"), moving("b")], "progressing,degraded,unknown", 1),
        (&[moving("b"), short("c")], "progressing,degraded,unknown", 2),
        (&[moving("b"), unreadable("u")], "progressing,degraded,unknown", 3),
        (
            &[short("c"), unreadable("u"), moving("b")],
            "progressing,degraded,unknown",
            2,
        ),
        (
            &[short("c"), unreadable("u"), moving("b")],
            "progressing,unknown",
            3,
        ),
        (&[short("c"), unreadable("u"), moving("b")], "progressing", 1),
        (&[short("c"), unreadable("u")], "progressing", 0),
        (&[moving("b")], "degraded,unknown", 0),
        (&[short("c")], "unknown", 0),
        (&[unreadable("u")], "degraded", 0),
        (&[d("a").replicas(3).counts(3, 3, 0, 0)], "degraded", 2),
    ];
    for (objects, fail_on, code) in rows {
        for format in ["human", "json", "yaml"] {
            let ran = judge(
                &list(objects.iter().cloned()),
                &["--fail-on", fail_on, "-o", format],
            );
            assert_eq!(ran.code, Some(code), "{fail_on} -o {format}: {}", ran.out);
        }
    }
}

#[test]
fn an_acknowledged_object_changes_the_exit_code_only_if_annotations_are_ignored() {
    let known = short("cart").annotation("sre/ignore", "ReadyBelowDesired until 2999-12-31, known");
    let dump = list([known, d("web")]);
    assert_eq!(judge(&dump, &[]).code, Some(0));
    assert_eq!(judge(&dump, &["--no-ignore"]).code, Some(2));
    let over = short("cart").annotation("sre/ignore", "ReadyBelowDesired until 2026-01-31, known");
    assert_eq!(judge(&list([over, d("web")]), &[]).code, Some(2));
}

#[test]
fn a_named_object_that_is_being_deleted_is_not_healthy() {
    let dump = list([d("web").deleting(at(-5), &[])]);
    assert_eq!(judge(&dump, &[]).code, Some(0));
    assert_eq!(judge(&dump, &["deploy/web"]).code, Some(2));
}

#[test]
fn the_json_has_exactly_the_names_of_the_contract() {
    let quota = short("cart").replicas(4).counts(3, 3, 3, 3).paused();
    let quota = quota.condition("ReplicaFailure", "True", "FailedCreate", at(-30));
    let quota = quota.condition_message("ReplicaFailure", "exceeded quota: compute");
    let dump = list([
        quota,
        d("gone").deleting(at(-1000), &["example.com/x"]),
        unreadable("odd"),
    ]);
    let ran = judge(&dump, &["-o", "json", "-n", "shop"]);
    insta::assert_snapshot!(ran.out, @r#"
    {
      "apiVersion": "sre/v1",
      "kind": "HealthReport",
      "status": "degraded",
      "observedAt": "2026-03-02T12:00:00Z",
      "ageSeconds": 0,
      "stale": false,
      "source": {
        "mode": "file",
        "file": "standard input"
      },
      "coverage": {
        "kinds": [
          "deployments"
        ],
        "namespaces": [
          "shop"
        ],
        "notSeen": []
      },
      "findings": [
        {
          "code": "Quota",
          "subject": "ResourceQuota/shop/compute",
          "message": "exceeded quota: compute",
          "state": "degraded",
          "pods": 0,
          "workloads": 1,
          "items": [
            "Deployment/shop/cart"
          ],
          "example": "Deployment/cart",
          "since": "2026-03-02T11:59:30Z",
          "hint": "kubectl -n shop describe quota compute"
        }
      ],
      "summary": {
        "total": 3,
        "unhealthy": 2,
        "healthy": 0,
        "acknowledged": 0,
        "progressing": 0,
        "degraded": 1,
        "unavailable": 0,
        "unknown": 1,
        "terminating": 1
      },
      "checks": [
        {
          "check": "deployments",
          "status": "degraded",
          "summary": {
            "total": 3,
            "unhealthy": 2,
            "healthy": 0,
            "acknowledged": 0,
            "progressing": 0,
            "degraded": 1,
            "unavailable": 0,
            "unknown": 1,
            "terminating": 1
          },
          "items": [
            {
              "kind": "Deployment",
              "namespace": "shop",
              "name": "cart",
              "uid": "31646da3-1d0d-42ce-ac13-46c503137767",
              "generation": 1,
              "state": "degraded",
              "healthy": false,
              "desired": 4,
              "ready": 3,
              "available": 3,
              "updated": 3,
              "reason": "ReadyBelowDesired",
              "message": "3 of 4 ready",
              "detail": "",
              "notes": [
                "paused"
              ],
              "noteCodes": [
                "paused"
              ],
              "causes": [
                {
                  "code": "Quota",
                  "message": "exceeded quota: compute",
                  "gist": "exceeded quota: compute",
                  "count": 1,
                  "example": "Deployment/cart",
                  "hint": "kubectl -n shop describe quota compute",
                  "since": "2026-03-02T11:59:30Z",
                  "subject": "ResourceQuota/shop/compute",
                  "passes": "maybe"
                }
              ],
              "rollout": {
                "revision": "1",
                "existing": 3,
                "paused": true,
                "deadlineSeconds": 600
              }
            },
            {
              "kind": "Deployment",
              "namespace": "shop",
              "name": "gone",
              "uid": "0f39f8c5-ccf7-46cf-a733-13a0f175fe86",
              "generation": 1,
              "state": "terminating",
              "desired": 1,
              "ready": 1,
              "available": 1,
              "updated": 1,
              "reason": "Deleting",
              "message": "being deleted",
              "since": "2026-03-02T11:43:20Z",
              "notes": [
                "being deleted for 16 min, finalizers: example.com/x"
              ],
              "noteCodes": [
                "deletionLingers"
              ]
            },
            {
              "kind": "Deployment",
              "namespace": "shop",
              "name": "odd",
              "state": "unknown",
              "healthy": false,
              "reason": "Undecodable",
              "message": "the object does not decode: spec.replicas is text (\"3\") and has to be a whole number of 32 bits, line 1 of standard input"
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn the_yaml_is_the_same_value_as_the_json() {
    let dump = list([short("yes"), d("1"), moving("null"), unreadable("off")]);
    let json = judge(&dump, &["-o", "json"]);
    let yaml = judge(&dump, &["-o", "yaml"]);
    let value: Value = serde_saphyr::from_str(&yaml.out).expect("it is YAML");
    assert_eq!(value, json.json());
    assert_eq!(yaml.code, json.code);
}

#[test]
fn hostile_text_cannot_move_the_cursor_or_turn_the_line_around() {
    let hostile = "x\u{1b}[2J\u{202e}evil\nDEGRADED all is lost\r\u{9b}1m";
    let object = short("web")
        .set("/metadata/name", hostile)
        .set("/metadata/namespace", "shop\u{7}\n")
        .condition("ReplicaFailure", "True", "FailedCreate", at(-30))
        .condition_message("ReplicaFailure", hostile)
        .set("/spec/paused", true);
    let ran = judge(&list([object.build(), unreadable(hostile).build()]), &[]);
    assert_eq!(ran.code, Some(2));
    let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ran.out.contains(bad), "{:?}", ran.out);
    assert!(
        !ran.out
            .lines()
            .any(|line| line.starts_with("DEGRADED all is lost")),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("x\\u{1b}[2J\\u{202e}evil"), "{}", ran.out);
}

#[test]
fn a_distant_time_changes_only_ages() {
    let dump = list([d("web"), short("api")]);
    for time in ["1970-01-01T00:00:00Z", "2999-12-31T23:59:59+02:00"] {
        let ran = pipe(&["health", "-f", "-", "--at", time], &dump);
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
    assert_eq!(
        d("web").build()["metadata"]["creationTimestamp"],
        at(-DAY).as_str()
    );
}

/// A pipe without a writer, which never answers.
#[cfg(unix)]
fn pipe_at(path: &std::path::Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.expect("mkfifo is on every machine").success());
}

#[cfg(unix)]
#[test]
fn an_input_that_may_never_end_is_refused_at_once() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let fifo = directory.path().join("pipe.json");
    pipe_at(&fifo);
    for path in [fifo.display().to_string(), "/dev/zero".into(), "/dev/null".into()] {
        let ran = run(&["health", "-f", &path]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(64), ""), "{path}");
        assert_eq!(
            ran.err,
            format!(
                "error: {path} is neither a file nor a directory, and may never end: write its content into a file, or give \
                 it on standard input, which is -\n"
            )
        );
    }
}

#[cfg(unix)]
#[test]
fn such_an_input_in_a_directory_is_reported_and_the_rest_is_judged() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let place = |name: &str| directory.path().join(name);
    std::fs::write(place("a.json"), list([d("web")])).expect("a file");
    pipe_at(&place("b.json"));
    std::os::unix::fs::symlink("nowhere.json", place("c.json")).expect("a link");
    std::os::unix::fs::symlink(".", place("loop")).expect("a link");
    let given = directory.path().display().to_string();
    let ran = run(&["health", "-f", &given, "--at", &at(0), "-o", "json"]);
    let report = ran.json();
    assert_eq!(states(&report), [("web".to_owned(), "healthy".to_owned())]);
    let not_seen = report["coverage"]["notSeen"].as_array().expect("a list").clone();
    let reported: Vec<String> = not_seen
        .iter()
        .map(|n| {
            format!(
                "{}: {}",
                n["what"].as_str().unwrap_or_default(),
                n["error"].as_str().unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        reported,
        [
            format!("{given}/b.json: neither a file nor a directory: it may never end, so it was not read"),
            format!("{given}/c.json: a link to a file that is not there"),
        ]
    );
    assert_eq!(ran.code, Some(3));
}

#[cfg(unix)]
#[test]
fn a_stream_that_a_shell_gives_is_read_as_standard_input_is() {
    let ran = pipe(&["health", "-f", "/dev/stdin", "--at", &at(0)], list([d("web")]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn an_unsupported_packing_is_refused_with_its_name() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("bundle.zip").display().to_string();
    std::fs::write(&path, b"PK\x03\x04rest").expect("a file");
    let ran = run(&["health", "-f", &path]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            Some(64),
            format!("error: {path} is packed with zip: unpack it first, or pack it with gzip\n").as_str()
        )
    );
}

/// A level of YAML takes much more stack than one of JSON: with the stack that threads have by default, the process died.
#[test]
fn yaml_of_any_depth_is_read_or_refused() {
    for levels in [100, 119, 5000] {
        let line = |level| format!("{}a:", " ".repeat(level));
        let nested: Vec<String> = (0..levels).map(line).collect();
        for text in ["- ".repeat(levels), nested.join("\n")] {
            let ran = pipe(&["health", "-f", "-"], &text);
            assert_eq!(ran.code, Some(3), "{levels} levels: {ran:?}");
        }
    }
}

/// 250 bytes of aliases could become 150 MB.
#[test]
fn aliases_that_multiply_are_refused() {
    let nine = |of: &str| [of; 9].join(",");
    let mut lines = vec![format!("a: &a [{}]", nine("1"))];
    for (of, name) in [("*a", "b"), ("*b", "c"), ("*c", "d"), ("*d", "e"), ("*e", "f")] {
        lines.push(format!("{name}: &{name} [{}]", nine(of)));
    }
    let ran = pipe(&["health", "-f", "-", "-o", "json"], lines.join("\n") + "\n");
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(
        ran.json()["coverage"]["notSeen"][0]["error"],
        "it is not YAML from here on"
    );
}
