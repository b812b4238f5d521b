use super::*;
use crate::resource::Deployment;

fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>, Option<String>) {
    let files: Vec<File> = files
        .iter()
        .map(|(name, text)| File::new(*name, text.as_bytes().to_vec()))
        .collect();
    let objects = Objects::read(&files);
    let names = objects
        .of_kind::<Deployment>()
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
            "a/bad ! invalid type: string \"3\", expected i32 at line 1 column 108",
            "a/two 1"
        ]
    );
    let yaml = "kind: List\napiVersion: v1\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: x, namespace: [\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: two, namespace: a}\n  spec: {replicas: \"3\"}\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: three, namespace: a}\n";
    let (names, broken, _) = read(&[("f.yaml", yaml)]);
    assert_eq!(
        names,
        ["a/two ! invalid type: string \"3\", expected i32", "a/three -1"]
    );
    assert_eq!(broken.len(), 1);
    assert!(broken[0].starts_with("f.yaml, item 1: "), "{broken:?}");
}

#[test]
fn what_was_whole_before_a_break_is_still_read() {
    let cut = format!(r#"{{"kind":"List","items":[{ONE},{{"apiVersion":"apps/v1","kin"#);
    assert_eq!(
        read(&[("f", &cut)]),
        (
            vec!["a/one 1".into()],
            vec!["f: the list was cut off after 1 items".into()],
            None
        )
    );
    let lines = format!("{{\"kind\": \n{ONE}\n");
    let (names, broken, _) = read(&[("f", &lines)]);
    assert_eq!((names, broken.len()), (vec!["a/one 1".to_owned()], 1));
    assert_eq!(read(&[("f", "")]).1, ["f: the file is empty"]);
    assert_eq!(
        read(&[("f", "- just\n- words\n")]).1,
        ["f: not an object", "f: not an object"]
    );
    assert_eq!(read(&[("f", "\u{feff}{}")]), (vec![], vec![], None));
}

#[test]
fn an_item_without_a_kind_is_told_and_not_passed_over() {
    let nameless = r#"{"kind":"List","items":[{"metadata":{"name":"x"}}]}"#;
    let expected = vec!["f, item 1: an item without a kind".to_owned()];
    assert_eq!(read(&[("f", nameless)]).1, expected);
    assert_eq!(
        read(&[("f", "kind: List\nitems:\n- metadata: {name: x}\n")]).1,
        expected
    );
    assert!(read(&[("f", "replicaCount: 3\n")]).1.is_empty());
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
fn the_newest_time_is_found_wherever_it_stands_but_not_in_a_deletion() {
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
