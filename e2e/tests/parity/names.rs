//! The names of contexts, clusters, users and namespaces, in the kubeconfig and by flags.

use crate::fixture::Fixture;
use crate::kubeconfig::Kubeconfig;
use crate::row::{Row, compare};
use serde_json::{Value, json};

#[test]
fn the_same_context_cluster_user_and_namespace_are_in_force() {
    let f = Fixture::get();
    let alice = Kubeconfig::new(f);
    // A second of each: a cluster that is not there, a user with other groups, a context with a namespace.
    let two = alice
        .clone()
        .another("users", json!({"name": "bob", "user": f.certificate("bob")}))
        .another(
            "clusters",
            json!({"name": "away", "cluster": {"server": "https://127.0.0.1:1"}}),
        )
        .another(
            "contexts",
            json!({"name": "other", "context": {"cluster": "e2e", "user": "bob", "namespace": "team-b"}}),
        );
    let settled = alice.clone().context(json!({"namespace": "team-a"}));

    let rows = [
        Row::new(
            "no context is current",
            &alice.clone().file(json!({"current-context": Value::Null})),
        ),
        Row::new(
            "the current context is empty",
            &alice.clone().file(json!({"current-context": ""})),
        ),
        Row::new(
            "the current context does not exist",
            &alice.clone().file(json!({"current-context": "absent"})),
        ),
        Row::new(
            "the context names a cluster that does not exist",
            &alice.clone().context(json!({"cluster": "absent"})),
        ),
        Row::new(
            "the context names a user that does not exist",
            &alice.clone().context(json!({"user": "absent"})),
        ),
        Row::new(
            "the context names no cluster",
            &alice.clone().context(json!({"cluster": Value::Null})),
        ),
        Row::new(
            "the context names no user",
            &alice.clone().context(json!({"user": Value::Null})),
        ),
        Row::new(
            "the names hold dots, slashes and spaces",
            &alice.clone().another(
                "contexts",
                json!({"name": "arn:aws:eks/prod eu.1", "context": {"cluster": "e2e", "user": "alice"}}),
            ),
        )
        .flags(["--context", "arn:aws:eks/prod eu.1"]),
        Row::new(
            "a broken context that is not in force does no harm",
            &two.clone().another(
                "contexts",
                json!({"name": "broken", "context": {"cluster": "absent", "user": "absent"}}),
            ),
        ),
        Row::new(
            "a cluster without a server that is not in force does no harm",
            &two.clone()
                .another("clusters", json!({"name": "hollow", "cluster": {}})),
        ),
        Row::new("--context picks another", &two).flags(["--context=other"]),
        Row::new("--context does not exist", &two).flags(["--context=absent"]),
        Row::new("an empty --context is none", &two).flags(["--context="]),
        Row::new(
            "--context where none is current",
            &two.clone().file(json!({"current-context": Value::Null})),
        )
        .flags(["--context=e2e"]),
        Row::new(
            "--context where the current one does not exist",
            &two.clone().file(json!({"current-context": "absent"})),
        )
        .flags(["--context=other"]),
        Row::new("--user picks another", &two).flags(["--user=bob"]),
        Row::new("--user does not exist", &two).flags(["--user=absent"]),
        Row::new("--cluster picks another, which is not there", &two).flags(["--cluster=away"]),
        Row::new(
            "--cluster picks another, which is",
            &two.clone().file(json!({"current-context": Value::Null})).another(
                "contexts",
                json!({"name": "gone", "context": {"cluster": "away", "user": "alice"}}),
            ),
        )
        .flags(["--context=gone", "--cluster=e2e"]),
        Row::new("--cluster does not exist", &two).flags(["--cluster=absent"]),
        Row::new(
            "--cluster and --user without a current context",
            &two.clone().file(json!({"current-context": Value::Null})),
        )
        .flags(["--cluster=e2e", "--user=bob"]),
        Row::new(
            "--user where the context's does not exist",
            &two.clone().context(json!({"user": "absent"})),
        )
        .flags(["--user=bob"]),
        Row::new("the last of a flag that is given twice counts", &two)
            .flags(["--context=absent", "--context=other"]),
        Row::new("the namespace is the context's", &settled),
        Row::new(
            "the context's namespace is empty",
            &alice.clone().context(json!({"namespace": ""})),
        ),
        Row::new("-n comes before the context's namespace", &settled).flags(["-n", "team-c"]),
        Row::new("--namespace with an equals sign", &alice).flags(["--namespace=team-c"]),
        Row::new("an empty -n is none", &settled).flags(["--namespace="]),
        Row::new("-n and --context together", &two).flags(["-n", "team-c", "--context", "other"]),
        Row::new("--user leaves the context's namespace as it is", &two)
            .flags(["--context=other", "--user=alice"]),
    ];
    compare(&rows, &[]);
}
