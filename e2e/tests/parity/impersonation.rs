//! Being somebody else. carol may be any user and in any group, and have no uid and no extra: what is refused to her was
//! sent.

use crate::fixture::Fixture;
use crate::kubeconfig::Kubeconfig;
use crate::row::{Row, compare};
use serde_json::{Value, json};

#[test]
fn the_same_somebody_else_is_asked_for() {
    let f = Fixture::get();
    let alice = Kubeconfig::new(f);
    let carol = alice.clone().credential(f.certificate("carol"));
    let as_ = |fields: Value| carol.clone().user(fields);
    let dave = json!({"as": "dave"});

    let rows = [
        Row::new("as", &as_(dave.clone())),
        Row::new(
            "as and as-groups",
            &as_(json!({"as": "dave", "as-groups": ["ops", "dev"]})),
        ),
        Row::new("as-groups without as", &as_(json!({"as-groups": ["ops"]}))),
        Row::new("as-uid without as", &as_(json!({"as-uid": "1234"}))),
        Row::new(
            "as and as-uid, which carol may not",
            &as_(json!({"as": "dave", "as-uid": "1234"})),
        ),
        Row::new(
            "as and as-user-extra, which carol may not",
            &as_(json!({"as": "dave", "as-user-extra": {"scopes": ["view"]}})),
        ),
        Row::new("an empty as", &as_(json!({"as": ""}))),
        Row::new(
            "as a user with characters that a header cannot hold",
            &as_(json!({"as": "dave\nImpersonate-Group: system:masters"})),
        ),
        Row::new("as a user whose name is no ASCII", &as_(json!({"as": "dävid"}))),
        Row::new(
            "as a ServiceAccount",
            &as_(json!({"as": "system:serviceaccount:default:parity"})),
        ),
        Row::new("as nobody", &as_(json!({"as": "system:anonymous"}))),
        Row::new("as by somebody who may not", &alice.clone().user(dave.clone())),
        Row::new(
            "as in a group of administrators",
            &as_(json!({"as": "dave", "as-groups": ["system:masters"]})),
        ),
        Row::new("--as", &carol).flags(["--as", "dave"]),
        Row::new("--as by somebody who may not", &alice).flags(["--as=dave"]),
        Row::new("--as and --as-group", &carol).flags(["--as=dave", "--as-group=ops", "--as-group=dev"]),
        Row::new("--as-group with a comma", &carol).flags(["--as=dave", "--as-group=ops,dev"]),
        Row::new("--as-group without --as", &carol).flags(["--as-group=ops"]),
        Row::new("--as-uid, which carol may not", &carol).flags(["--as=dave", "--as-uid=1234"]),
        Row::new("--as-uid without --as", &carol).flags(["--as-uid=1234"]),
        Row::new("--as-user-extra, which carol may not", &carol)
            .flags(["--as=dave", "--as-user-extra=scopes=view"]),
        Row::new("--as-user-extra without --as", &carol).flags(["--as-user-extra=scopes=view"]),
        Row::new("--as-user-extra without a value", &carol).flags(["--as=dave", "--as-user-extra=scopes"]),
        Row::new("--as-user-extra with an empty value", &carol)
            .flags(["--as=dave", "--as-user-extra=scopes="]),
        Row::new("an empty --as is none", &carol).flags(["--as="]),
        Row::new("an empty --as over as", &as_(dave.clone())).flags(["--as="]),
        Row::new("--as over as", &as_(dave.clone())).flags(["--as=erin"]),
        Row::new(
            "--as over as and as-groups",
            &as_(json!({"as": "dave", "as-groups": ["ops"]})),
        )
        .flags(["--as=erin"]),
        Row::new(
            "--as-group over as-groups",
            &as_(json!({"as": "dave", "as-groups": ["ops"]})),
        )
        .flags(["--as-group=dev"]),
        Row::new("--as-group with as", &as_(dave.clone())).flags(["--as-group=dev"]),
        Row::new(
            "--as beside as-groups without as",
            &as_(json!({"as-groups": ["ops"]})),
        )
        .flags(["--as=dave"]),
        Row::new("--as-uid over as-uid", &as_(json!({"as": "dave", "as-uid": "1"}))).flags(["--as-uid=2"]),
        Row::new(
            "--as with as-user-extra, which carol may not",
            &as_(json!({"as-user-extra": {"scopes": ["view"]}})),
        )
        .flags(["--as=dave"]),
        Row::new(
            "--as through a token",
            &alice.clone().credential(json!({"token": f.read("token")})),
        )
        .flags(["--as=dave"]),
        Row::new(
            "--as with a --user of another entry",
            &alice.another("users", json!({"name": "carol", "user": f.certificate("carol")})),
        )
        .flags(["--user=carol", "--as=dave", "--as-group=ops"]),
    ];
    compare(&rows, &[]);

    // The administrator may all of it, so that what is allowed is seen to be sent in the same way.
    let admin = Kubeconfig::new(f).credential(f.certificate("root"));
    let rows = [
        Row::new("as with everything", &admin.clone().user(json!({
            "as": "dave", "as-uid": "1234", "as-groups": ["ops"], "as-user-extra": {"scopes": ["view", "edit"], "Reason": ["on call"]}}))),
        Row::new("--as with everything", &admin).flags([
            "--as=dave", "--as-uid=1234", "--as-group=ops", "--as-user-extra=scopes=view", "--as-user-extra=scopes=edit",
        ]),
        Row::new("--as-user-extra with a key that has to be escaped", &admin)
            .flags(["--as=dave", "--as-user-extra=example.org/a%b=c d=e"]),
    ];
    compare(&rows, &[]);
}
