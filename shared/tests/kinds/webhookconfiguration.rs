//! Whether the webhooks that the API server calls can answer.

use crate::*;
use sre_shared::resource::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};

fn config(hooks: &[Value], more: &[(&str, Value)]) -> Value {
    let mut fields = vec![("/webhooks", json!(hooks))];
    fields.extend_from_slice(more);
    object("", "policy", &fields)
}

/// `-----BEGIN CERTIFICATE-----`, in base64 behind an empty line.
const AUTHORITY: &str = "Ci0tLS0tQkVHSU4gQ0VSVElGSUNBVEUtLS0tLQ==";

fn hook(service: &str, policy: &str) -> Value {
    json!({
        "name": format!("{service}.example.com"),
        "clientConfig": {"service": {"namespace": "policy", "name": service}, "caBundle": AUTHORITY},
        "failurePolicy": policy,
        "rules": [{"operations": ["CREATE", "UPDATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
    })
}

fn with(mut hook: Value, pointer: &str, value: Value) -> Value {
    set(&mut hook, pointer, value);
    hook
}

fn service(name: &str, more: &[(&str, Value)]) -> Value {
    let mut fields = vec![(
        "/spec/ports",
        json!([{"name": "https", "port": 443, "targetPort": 8443}]),
    )];
    fields.extend_from_slice(more);
    object("policy", name, &fields)
}

fn slice(name: &str, ready: bool, written: i64) -> Value {
    object(
        "policy",
        &format!("{name}-abc"),
        &[
            ("/metadata/labels", json!({"kubernetes.io/service-name": name})),
            ("/metadata/managedFields", json!([{"time": at(-written)}])),
            ("/endpoints", json!([{"conditions": {"ready": ready}}])),
        ],
    )
}

fn known() -> RelatedObjects {
    let mut known = RelatedObjects::default();
    let outside = [("/spec/type", json!("ExternalName"))];
    add_related(
        &mut known,
        RelatedKind::EndpointSlices,
        &[
            slice("up", true, 3600),
            slice("down", false, 3600),
            slice("blip", false, 20),
        ],
    );
    let services = ["up", "down", "blip", "empty"].map(|name| service(name, &[]));
    add_related(&mut known, RelatedKind::Services, &services);
    add_related(&mut known, RelatedKind::Services, &[service("outside", &outside)]);
    known
}

#[test]
fn every_webhook_configuration_gets_its_state() {
    let down = "down.example.com refuses CREATE, UPDATE of pods: Service policy/down has no ready endpoint";
    let url = with(
        hook("x", "Fail"),
        "/clientConfig",
        json!({"url": "https://policy.example.com"}),
    );
    let many = with(
        hook("down", "Fail"),
        "/rules",
        json!([
            {"operations": ["*"], "apiGroups": ["*"], "resources": ["*"]},
            {"operations": ["DELETE"], "apiGroups": ["apps"], "resources": ["deployments", "deployments/scale"]},
            {"operations": ["CREATE"], "apiGroups": ["batch"], "resources": ["*"]},
            {"operations": ["CREATE"], "apiGroups": [""], "resources": ["secrets"]},
        ]),
    );
    let narrow = with(
        hook("down", "Fail"),
        "/namespaceSelector",
        json!({"matchLabels": {"team": "a"}, "matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "policy"]}
        ]}),
    );
    let idle = with(hook("down", "Fail"), "/rules", json!([]));
    let everywhere = with(hook("down", "Fail"), "/namespaceSelector", json!({}));
    let by_default = with(hook("down", ""), "/failurePolicy", json!(null));
    assert_rows_with_related::<ValidatingWebhookConfiguration>(
        &known(),
        &[
            row(
                "can be asked",
                config(&[hook("up", "Fail")], &[]),
                HEALTHY,
                "Ready",
                "1 webhook, none found to block",
            ),
            row(
                "no endpoint",
                config(&[hook("down", "Fail")], &[]),
                DEGRADED,
                "WebhookBlocks",
                down,
            ),
            row(
                "by default",
                config(&[by_default], &[]),
                DEGRADED,
                "WebhookBlocks",
                down,
            ),
            row(
                "in every namespace",
                config(&[everywhere], &[]),
                DEGRADED,
                "WebhookBlocks",
                down,
            ),
            row(
                "never had an endpoint",
                config(&[hook("empty", "Fail")], &[]),
                DEGRADED,
                "WebhookBlocks",
                "empty.example.com refuses CREATE, UPDATE of pods: Service policy/empty has no ready endpoint",
            ),
            row(
                "no Service",
                config(
                    &[hook("up", "Fail"), hook("gone", "Fail"), hook("down", "Fail")],
                    &[],
                ),
                DEGRADED,
                "WebhookBlocks",
                "gone.example.com refuses CREATE, UPDATE of pods: Service policy/gone does not exist, and 1 more webhooks",
            ),
            row(
                "in some namespaces",
                config(&[narrow], &[]),
                DEGRADED,
                "WebhookBlocks",
                down,
            )
            .notes(&[
                "only in namespaces with team=a,kubernetes.io/metadata.name notin (kube-system,policy)",
            ]),
            row(
                "many rules",
                config(&[many], &[]),
                DEGRADED,
                "WebhookBlocks",
                "down.example.com refuses every request of everything and DELETE of deployments.apps, deployments/scale.apps \
             and CREATE of everything.batch and more: Service policy/down has no ready endpoint",
            ),
            row(
                "for a moment",
                config(&[hook("blip", "Fail")], &[]),
                PROGRESSING,
                "WebhookStarting",
                "blip.example.com refuses CREATE, UPDATE of pods: Service policy/blip has no ready endpoint",
            ),
            row(
                "new",
                config(&[hook("down", "Fail")], &[aged(10)]),
                PROGRESSING,
                "WebhookStarting",
                down,
            ),
            row(
                "fails open",
                config(&[hook("down", "Ignore")], &[]),
                HEALTHY,
                "Ready",
                "1 webhook, none found to block",
            )
            .notes(&[
                "down.example.com lets everything pass unasked: Service policy/down has no ready endpoint",
            ]),
            row(
                "an address",
                config(&[url], &[]),
                HEALTHY,
                "Ready",
                "1 webhook, none found to block",
            )
            .notes(&["1 webhook calls an address, which is not looked at"]),
            row(
                "an alias",
                config(&[hook("outside", "Fail")], &[]),
                HEALTHY,
                "Ready",
                "1 webhook, none found to block",
            ),
            row(
                "asked about nothing",
                config(&[idle], &[]),
                HEALTHY,
                "Ready",
                "1 webhook, none found to block",
            ),
            row("empty", config(&[], &[]), HEALTHY, "NoWebhooks", "no webhook"),
            row(
                "being deleted",
                config(&[hook("down", "Fail")], &[deleting()]),
                TERMINATING,
                "Deleting",
                "being deleted",
            ),
        ],
    );
    assert_rows_with_related::<MutatingWebhookConfiguration>(
        &known(),
        &[
            row(
                "can be asked",
                config(&[hook("up", "Fail")], &[]),
                HEALTHY,
                "Ready",
                "1 webhook, none found to block",
            ),
            row(
                "no endpoint",
                config(&[hook("down", "Fail")], &[]),
                DEGRADED,
                "WebhookBlocks",
                down,
            ),
        ],
    );
}

#[test]
fn a_webhook_that_fails_closed_is_unknown_if_its_service_was_not_seen() {
    let message = "whether anything answers for up.example.com was not seen";
    let closed = config(&[hook("up", "Fail")], &[]);
    assert_rows::<ValidatingWebhookConfiguration>(&[
        row("nothing", closed.clone(), UNKNOWN, "EndpointsNotSeen", message),
        row(
            "fails open",
            config(&[hook("up", "Ignore")], &[]),
            HEALTHY,
            "Ready",
            "1 webhook, none found to block",
        ),
    ]);
    let mut known = RelatedObjects::default();
    add_related(&mut known, RelatedKind::EndpointSlices, &[]);
    known.mark_unread(RelatedKind::Services, None);
    assert_rows_with_related::<ValidatingWebhookConfiguration>(
        &known,
        &[row(
            "it may be an alias",
            closed.clone(),
            UNKNOWN,
            "EndpointsNotSeen",
            message,
        )],
    );
    let wants = view::<ValidatingWebhookConfiguration>(&closed).related_needs(&RelatedObjects::default());
    let policy = || "policy".to_owned();
    assert_eq!(
        wants,
        [
            (RelatedKind::EndpointSlices, policy()),
            (RelatedKind::Services, policy())
        ]
    );
}

#[test]
fn a_service_without_the_called_port_blocks_like_a_missing_one() {
    let ports = |ports: Value| [("/spec/ports", ports)];
    let mut known = RelatedObjects::default();
    let mut named = slice("named", true, 3600);
    set(&mut named, "/ports", json!([{"name": "https", "port": 9443}]));
    let lost = slice("lost", true, 3600);
    add_related(
        &mut known,
        RelatedKind::EndpointSlices,
        &[named, lost, slice("moved", true, 3600), slice("many", true, 3600)],
    );
    let by_name = json!([{"name": "https", "port": 443, "targetPort": "webhook"}]);
    let many: Vec<Value> = (1..=5).map(|port| json!({"port": port})).collect();
    add_related(
        &mut known,
        RelatedKind::Services,
        &[
            service("named", &ports(by_name.clone())),
            service("lost", &ports(by_name)),
            service("moved", &ports(json!([{"port": 8443, "targetPort": 8443}]))),
            service("many", &ports(json!(many))),
        ],
    );
    let port = |name: &str, port: i64| with(hook(name, "Fail"), "/clientConfig/service/port", json!(port));
    let blocks = |name: &'static str, hook: Value, message| {
        row(name, config(&[hook], &[]), DEGRADED, "WebhookBlocks", message)
    };
    let fine = |name: &'static str, hook: Value| {
        row(
            name,
            config(&[hook], &[]),
            HEALTHY,
            "Ready",
            "1 webhook, none found to block",
        )
    };
    assert_rows_with_related::<ValidatingWebhookConfiguration>(
        &known,
        &[
            fine("a port that ready pods have by its name", hook("named", "Fail")),
            fine("the port that is named", port("moved", 8443)),
            blocks(
                "the port that is called if none is named",
                hook("moved", "Fail"),
                "moved.example.com refuses CREATE, UPDATE of pods: Service policy/moved has no port 443, it has 8443",
            ),
            blocks(
                "of many",
                port("many", 9),
                "many.example.com refuses CREATE, UPDATE of pods: Service policy/many has no port 9, it has 1, 2, 3, more",
            ),
            blocks(
                "a port whose name no pod has",
                hook("lost", "Fail"),
                "lost.example.com refuses CREATE, UPDATE of pods: no ready pod of Service policy/lost has a port named webhook",
            ),
            fine("fails open", hook("moved", "Ignore")).notes(&[
                "moved.example.com lets everything pass unasked: Service policy/moved has no port 443, it has 8443",
            ]),
        ],
    );
}

const WORDS: &[&str] =
    &["up.example.com names no authority (caBundle) for its Service: the API server does not trust it"];

#[test]
fn a_service_without_an_authority_is_not_trusted() {
    let authority = |policy: &str, bundle: Value| {
        config(&[with(hook("up", policy), "/clientConfig/caBundle", bundle)], &[])
    };
    let url = with(
        hook("x", "Fail"),
        "/clientConfig",
        json!({"url": "https://policy.example.com"}),
    );
    let fine =
        |name: &'static str, object| row(name, object, HEALTHY, "Ready", "1 webhook, none found to block");
    assert_rows_with_related::<MutatingWebhookConfiguration>(
        &known(),
        &[
            fine("none", authority("Fail", json!(null))).warns(WORDS),
            fine(
                "an empty line, as long as nobody fills it in",
                authority("Fail", json!("Cg==")),
            )
            .warns(WORDS),
            fine("fails open", authority("Ignore", json!(null))).notes(WORDS),
            fine(
                "hidden by the author of the dump",
                authority("Fail", json!("***HIDDEN***")),
            ),
            fine(
                "in several lines",
                authority("Fail", json!("Ci0tLS0tQkVHSU4g\nQ0VSVElGSUNBVEUtLS0tLQ==\n")),
            ),
            fine("an address may be signed by anybody", config(&[url], &[]))
                .notes(&["1 webhook calls an address, which is not looked at"]),
        ],
    );
}
