use super::*;
use crate::resource::{Deployment, Resource as _};

fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>, Option<String>) {
    let files: Vec<File> = files
        .iter()
        .map(|(name, text)| File::new(*name, text.as_bytes().to_vec()))
        .collect();
    let objects = Objects::read(files);
    let names = objects
        .decode_kind::<Deployment>()
        .into_iter()
        .map(|s| match s.object {
            Ok(d) => format!(
                "{}/{} {:?}",
                d.meta().namespace,
                d.meta().name,
                d.spec.as_ref().and_then(|s| s.replicas).unwrap_or(-1)
            ),
            Err(u) => format!("{}/{} ! {}", u.namespace, u.name, u.error),
        })
        .collect();
    let broken = objects
        .gaps()
        .iter()
        .map(|gap| format!("{}: {}", gap.place(), gap.why))
        .collect();
    (names, broken, objects.newest().map(|(t, _, _)| t.to_string()))
}

const ONE: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"namespace":"a","name":"one"},"spec":{"replicas":1}}"#;

#[test]
fn every_form_that_kubectl_writes_is_read() {
    let list = format!(r#"{{"kind":"List","apiVersion":"v1","items":[{ONE}],"metadata":{{}}}}"#);
    let typed = r#"{"kind":"DeploymentList","apiVersion":"apps/v1","items":[{"metadata":{"namespace":"a","name":"one"},"spec":{"replicas":1}}]}"#;
    let array = format!("[{ONE}]");
    let yaml = "apiVersion: v1\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata:\n    name: one\n    namespace: a\n  spec:\n    replicas: 1\nkind: List\nmetadata: {}\n";
    let indented = "kind: List\napiVersion: v1\nitems:\n  - apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: one, namespace: a}\n    spec:\n      replicas: 1\n";
    let typed_yaml = "kind: DeploymentList\napiVersion: apps/v1\nitems:\n- metadata:\n    name: one\n    namespace: a\n  spec:\n    replicas: 1\n";
    let many = "# a comment\n---\nkind: Secret\napiVersion: v1\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {namespace: a, name: one}\nspec: {replicas: 1}\n...\n";
    for text in [ONE, &list, typed, &array, yaml, indented, typed_yaml, many] {
        assert_eq!(
            read(&[("f", text)]),
            (vec!["a/one 1".into()], vec![], None),
            "{text}"
        );
    }
    let two = format!("{ONE}\n{}", ONE.replace("one", "two"));
    assert_eq!(read(&[("f", &two)]).0, ["a/one 1", "a/two 1"]);
}

#[test]
fn a_broken_item_does_not_spoil_the_rest() {
    let wrong = ONE
        .replace("\"replicas\":1", "\"replicas\":\"3\"")
        .replace("one", "bad");
    let list = format!(
        r#"{{"kind":"List","items":[{ONE},{wrong},{}]}}"#,
        ONE.replace("one", "two")
    );
    assert_eq!(
        read(&[("f", &list)]).0,
        [
            "a/one 1",
            "a/bad ! spec.replicas is text (\"3\") and has to be a whole number of 32 bits, line 1 of f",
            "a/two 1"
        ]
    );
    let yaml = "kind: List\napiVersion: v1\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: x, namespace: [\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: two, namespace: a}\n  spec: {replicas: \"3\"}\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: three, namespace: a}\n";
    let (names, broken, _) = read(&[("f.yaml", yaml)]);
    assert_eq!(
        names,
        [
            "a/two ! spec.replicas is text (\"3\") and has to be a whole number of 32 bits, line 7 of f.yaml",
            "a/three -1"
        ]
    );
    assert_eq!(broken, ["f.yaml, line 6: it is not YAML from here on"]);
}

#[test]
fn items_before_a_break_are_read() {
    let cut = format!("{{\"kind\":\"List\",\"items\":[\n{ONE},\n{{\"apiVersion\":\"apps/v1\",\"kin");
    assert_eq!(
        read(&[("f", &cut)]),
        (
            vec!["a/one 1".into()],
            vec!["f, line 3: the list breaks off after its first 1 items: the rest is missing".into()],
            None
        )
    );
    let lines = format!("{{\"kind\": \n{ONE}\n");
    let (names, broken, _) = read(&[("f", &lines)]);
    assert_eq!((names, broken.len()), (vec!["a/one 1".to_owned()], 1));
    assert_eq!(read(&[("f", "")]).1, ["f: the file is empty"]);
    assert_eq!(
        read(&[("f", "- just\n- words\n")]).1,
        ["2 items in f, from line 1 on: neither an object nor a list"]
    );
}

#[test]
fn objects_without_a_kind_are_reported_once_and_not_skipped() {
    let nameless = r#"{"kind":"List","items":[{"metadata":{"name":"x"}}]}"#;
    let expected =
        |unit: &str, line: usize| vec![format!("f, line {line}: no kind: nothing says what {unit} is")];
    assert_eq!(read(&[("f", nameless)]).1, expected("it", 1));
    assert_eq!(
        read(&[("f", "kind: List\nitems:\n- metadata: {name: x}\n")]).1,
        expected("it", 3)
    );
    assert_eq!(read(&[("f", "replicaCount: 3\n")]).1, expected("it", 1));
    assert_eq!(read(&[("f", "\u{feff}{}")]).1, expected("it", 1));
    let many = "[\n{\"a\": 1},\n{\"a\": 2},\n{\"a\": 3}]";
    assert_eq!(
        read(&[("f", many)]).1,
        ["3 items in f, from line 2 on: no kind: nothing says what it is"]
    );
}

#[test]
fn documents_are_separated_without_marks_between_them() {
    let yaml = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: NAME, namespace: a}\n";
    let list = "apiVersion: v1\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: NAME, namespace: a}\nkind: List\n";
    let of = |text: &str, name: &str| text.replace("NAME", name);
    for (text, names) in [
        (of(yaml, "x") + &of(yaml, "y"), vec!["a/x -1", "a/y -1"]),
        (of(list, "x") + &of(list, "y"), vec!["a/x -1", "a/y -1"]),
        (
            of(yaml, "x") + ONE + "\n" + &of(yaml, "y"),
            vec!["a/x -1", "a/one 1", "a/y -1"],
        ),
        (
            format!("{ONE}\n---\n{}", of(yaml, "y")),
            vec!["a/one 1", "a/y -1"],
        ),
        (format!("{ONE}\n{}", of(list, "y")), vec!["a/one 1", "a/y -1"]),
        (
            format!("[{{\"kind\":\"List\",\"items\":[{ONE}]}}]"),
            vec!["a/one 1"],
        ),
    ] {
        let (found, broken, _) = read(&[("f", &text)]);
        assert_eq!(
            (found, broken),
            (names.into_iter().map(str::to_owned).collect(), vec![]),
            "{text}"
        );
    }
}

#[test]
fn a_watch_has_the_newest_version_of_each_object_and_the_deleted_ones() {
    let event = |kind: &str, name: &str, version: &str| {
        let object = ONE
            .replace("one", name)
            .replace("\"name\"", &format!("\"resourceVersion\":\"{version}\",\"name\""));
        format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")
    };
    let text = [
        event("ADDED", "x", "1"),
        event("ADDED", "y", "2"),
        event("DELETED", "x", "3"),
        event("ADDED", "z", "4"),
        event("DELETED", "z", "5"),
        event("ADDED", "z", "6"),
        r#"{"type":"BOOKMARK","object":{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"resourceVersion":"9"}}}"#.into(),
    ]
    .concat();
    assert_eq!(
        read(&[("f", &text)]),
        (vec!["a/y 1".into(), "a/z 1".into()], vec![], None)
    );
    let yaml = "object:\n  apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: x, namespace: a}\ntype: ADDED\n";
    assert_eq!(read(&[("f", yaml)]).0, ["a/x -1"]);
    let error = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"Expired","code":410}}"#;
    assert_eq!(read(&[("f", error)]).1, ["f, line 1: too old resource version"]);
}

#[test]
fn a_list_in_yaml_that_was_cut_is_never_whole() {
    let item = |name: &str| {
        format!(
            "- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {{name: {name}, namespace: a, uid: u}}\n  spec:\n    replicas: 1\n  status:\n    observedGeneration: 1\n    replicas: 1\n    updatedReplicas: 1\n"
        )
    };
    let whole = format!("apiVersion: v1\nitems:\n{}{}", item("x"), item("y"));
    let list = format!("{whole}kind: List\n");
    assert_eq!(read(&[("f", &list)]).1, Vec::<String>::new());
    // Cut at every byte: an item is read as soon as it is whole and never before, and the cut is reported.
    for end in 20..list.len() {
        let (names, broken, _) = read(&[("f", &list[..end])]);
        let reported = !broken.is_empty();
        assert!(reported || list[..end].contains("kind: List"), "{end}: {names:?}");
        let first = names.iter().any(|name| name.starts_with("a/x"));
        let second = names.iter().any(|name| name.starts_with("a/y"));
        let start = whole
            .find("- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: y")
            .unwrap_or(0);
        assert!(first || end < start, "{end}: {broken:?}");
        assert!(!second || end >= whole.len() - 5, "{end}: {names:?}");
    }
}

#[test]
fn a_json_list_that_was_cut_is_never_whole() {
    let list = format!(r#"{{"apiVersion":"v1","items":[{ONE},{ONE}],"kind":"List","metadata":{{}}}}"#);
    for end in 0..list.len() {
        assert!(!read(&[("f", &list[..end])]).1.is_empty(), "{end}");
    }
    assert_eq!(read(&[("f", &list)]).1, Vec::<String>::new());
    let page = list.replace("\"metadata\":{}", "\"metadata\":{\"continue\":\"abc\"}");
    let page = page.strip_suffix(r#""metadata":{}}"#).map_or(page.clone(), |s| {
        format!("{s}\"metadata\":{{\"continue\":\"x\"}}}}")
    });
    assert_eq!(
        read(&[("f", &page)]).1,
        ["f, line 1: one page of a list that goes on: take it with kubectl get, which reads every page"]
    );
    let yaml = "apiVersion: v1\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: x}\nkind: List\nmetadata:\n  continue: abc\n";
    assert_eq!(read(&[("f", yaml)]).1.len(), 1);
}

#[test]
fn an_object_at_the_end_of_a_file_without_its_status_is_half_of_one() {
    let half = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  generation: 3\n  name: pay\n  namespace: shop\n  uid: u\nspec:\n  template:\n    metadata:\n      label";
    assert_eq!(
        read(&[("f", half)]),
        (
            vec![],
            vec!["f, line 11: Deployment shop/pay breaks off in the middle: its end and everything after it are missing".into()],
            None
        )
    );
    let whole = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: pay, namespace: shop, uid: u}\nstatus:\n  replicas: 1\n  updatedReplicas: 1";
    assert_eq!(
        read(&[("f", whole)]).0,
        ["shop/pay -1"],
        "a shell removes the last line end"
    );
}

#[test]
fn many_breaks_do_not_take_for_ever() {
    let text = "{\"kind\":\n".repeat(20_000);
    let (names, broken, _) = read(&[("f", &text)]);
    assert_eq!(names, Vec::<String>::new());
    assert!(
        broken.iter().any(|gap| gap.contains("too many breaks")),
        "{broken:?}"
    );
}

#[test]
fn text_that_looks_like_a_number_is_text_if_the_field_is_text() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: 81111e1\n  namespace: a\n  labels:\n    commit: 81111e1\n    on: yes\nspec:\n  replicas: 2\n";
    assert_eq!(read(&[("f", text)]).0, ["a/81111e1 2"]);
    let list = format!(
        "kind: List\nitems:\n- {}",
        text.trim_end().replace('\n', "\n  ") + "\n"
    );
    assert_eq!(read(&[("f", &list)]).0, ["a/81111e1 2"]);
}

#[test]
fn of_two_copies_the_newer_counts() {
    let copy = |version: &str, replicas: &str| {
        ONE.replace("\"name\"", &format!("\"resourceVersion\":\"{version}\",\"name\""))
            .replace("\"replicas\":1", &format!("\"replicas\":{replicas}"))
    };
    assert_eq!(
        read(&[("f", &copy("9", "9")), ("g", &copy("10", "10"))]).0,
        ["a/one 10"]
    );
    assert_eq!(
        read(&[("f", &copy("10", "10")), ("g", &copy("9", "9"))]).0,
        ["a/one 10"]
    );
}

#[test]
fn the_newest_time_is_found_in_every_field_but_a_deletion() {
    let newest = |body: &str| {
        read(&[("f", &format!(r#"{{"kind":"X","metadata":{{"creationTimestamp":"2026-01-01T00:00:00Z","deletionTimestamp":"2027-01-01T00:00:00Z"}},{body}}}"#))]).2
    };
    let later = "2026-01-01T00:00:05Z";
    assert_eq!(newest(r#""a":1"#).as_deref(), Some("2026-01-01T00:00:00Z"));
    for body in [
        r#""status":{"conditions":[{"lastUpdateTime":"2026-01-01T00:00:05Z"}]}"#,
        r#""status":{"conditions":[{"lastTransitionTime":"2026-01-01T00:00:05Z"},{"x":1}]}"#,
        r#""status":{"containerStatuses":[{"lastState":{"terminated":{"finishedAt":"2026-01-01T00:00:05Z"}}}]}"#,
        r#""lastTimestamp":"2026-01-01T00:00:05Z""#,
        r#""eventTime":"2026-01-01T00:00:05.123456Z","lastTimestamp":null"#,
        r#""series":{"lastObservedTime":"2026-01-01T00:00:05Z"},"status":"Running""#,
    ] {
        assert_eq!(newest(body).as_deref(), Some(later), "{body}");
    }
}

#[test]
fn the_output_of_other_tools_is_read() {
    let metadata = "metadata: {name: x, namespace: a}";
    for (text, names) in [
        // Python writes a time without quotes, with a blank in it.
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n  namespace: a\n  creationTimestamp: 2023-02-28 04:09:07+00:00\n".to_owned(),
            vec!["a/x -1"],
        ),
        // A bundle hides secrets.
        (
            format!("apiVersion: apps/v1\nkind: Deployment\n{metadata}\nspec:\n  replicas: 2\n  ip: ***HIDDEN***\n"),
            vec!["a/x 2"],
        ),
        // kubectl get -o kyaml
        (
            "---\n{\n  apiVersion: \"v1\",\n  items: [{\n    apiVersion: \"apps/v1\",\n    kind: \"Deployment\",\n    metadata: {name: \"x\", namespace: \"a\"},\n  }],\n  kind: \"List\",\n}\n".into(),
            vec!["a/x -1"],
        ),
        // A control character in a text.
        (
            format!("apiVersion: apps/v1\nkind: Deployment\n{metadata}\nspec:\n  text: \"a\u{1b}[0mb\"\n"),
            vec!["a/x -1"],
        ),
    ] {
        let (found, broken, _) = read(&[("f", &text)]);
        assert_eq!((found, broken), (names.into_iter().map(str::to_owned).collect(), vec![]), "{text}");
    }
}

#[test]
fn the_path_of_a_bundle_file_gives_the_kind_of_objects_without_one() {
    let bare = r#"{"metadata":{"name":"x","namespace":"a"}}"#;
    let list = format!(r#"{{"metadata":{{"resourceVersion":"7"}},"items":[{bare}]}}"#);
    let array = format!("[{bare}]");
    for (path, text) in [
        ("b/cluster-resources/deployments/a.json", array.as_str()),
        ("b/cluster-resources/deployments/a.json", &list),
        (
            "g/namespaces/a/apps/deployments/x.yaml",
            "metadata: {name: x, namespace: a}\n",
        ),
    ] {
        assert_eq!(
            read(&[(path, text)]),
            (vec!["a/x -1".into()], vec![], None),
            "{path}"
        );
    }
    let others = [
        ("b/cluster-resources/ingress/a.json", array.as_str()),
        ("b/cluster-resources/groups.json", "[{\"name\": \"apps\"}]"),
        ("b/cluster-resources/namespaces.json", "null"),
        ("b/cluster-resources/pods/logs/a/x/app.json", "{broken"),
        ("b/cluster-resources/nodes-errors.json", "[]"),
        ("b/cluster-resources/jobs-errors.json", ""),
        ("b/version.yaml", "versionNumber: 0.1\n"),
        ("b/analysis.json", "[{\"name\": \"x\"}]"),
    ];
    assert_eq!(read(&others), (vec![], vec![], None));
    assert_eq!(
        read(&[(
            "b/cluster-resources/nodes-errors.json",
            "[\"nodes is forbidden\"]"
        )])
        .1,
        ["b/cluster-resources/nodes-errors.json: nodes is forbidden"]
    );
}
