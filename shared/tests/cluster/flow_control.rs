//! How flow control is named: by the UIDs of each response, and by names that may be read.

use super::client::{IMPATIENT, PATIENT, client};
use super::ladder::{check_path, rung};
use serde_json::{Value, json};
use sre_shared::cluster::Deadlines;
use sre_shared::report::{ApiServerCheck, Status};
use sre_shared::run::{self, clock};
use sre_testkit::{ApiServer, Fault, Match};

const TOKEN: &str = "s3cr3t-of-the-tests";
const FLOW_SCHEMAS: &str = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas";
const PRIORITY_LEVELS: &str = "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations";

/// The metadata of objects with these UIDs and names.
fn partial_list(items: &[(&str, &str)]) -> Fault {
    let items = items
        .iter()
        .map(|(uid, name)| json!({"metadata": {"uid": uid, "name": name}}));
    let items: Vec<Value> = items.collect();
    let list = json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": {}, "items": items});
    Fault::WrongBody {
        status: 200,
        content_type: "application/json".into(),
        body: list.to_string().into_bytes(),
    }
}

// kubernetes/kubernetes#96989: responses have UIDs on purpose, since names may not be everybody's.
#[tokio::test]
async fn flow_control_is_named_by_its_objects_if_they_may_be_read() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.set_flow_control("u-1", "u-2");
    let flow = |check: &ApiServerCheck| {
        let flow = rung(check, "flowControl").clone();
        let names = (flow.flow_schema_name, flow.priority_level_name);
        (flow.message, flow.flow_schema, flow.priority_level, names)
    };
    let uids = || (Some("u-1".to_owned()), Some("u-2".to_owned()));
    // Without the right to read them, and from a server that does not know them.
    for status in [403, 404, 500] {
        server.fail(Match::path(FLOW_SCHEMAS), Fault::Status(status));
        server.fail(Match::path(PRIORITY_LEVELS), Fault::Status(status));
        let check = check_path(server.kubeconfig(), PATIENT).await;
        assert_eq!(check.status, Status::Ok, "{check:?}");
        let message = "not limited, under flow schema u-1, priority level u-2".to_owned();
        assert_eq!(
            flow(&check),
            (message, uids().0, uids().1, (None, None)),
            "{status}"
        );
        server.clear_faults();
    }
    server.clear_requests();
    server.fail(
        Match::path(FLOW_SCHEMAS),
        partial_list(&[("u-0", "exempt"), ("u-1", "global-default")]),
    );
    // One of both may be missing.
    server.fail(Match::path(PRIORITY_LEVELS), partial_list(&[("u-0", "exempt")]));
    let check = check_path(server.kubeconfig(), PATIENT).await;
    let message = "not limited, under flow schema global-default, priority level u-2".to_owned();
    let names = (Some("global-default".to_owned()), None);
    assert_eq!(flow(&check), (message, uids().0, uids().1, names));
    for path in [FLOW_SCHEMAS, PRIORITY_LEVELS] {
        let sent = server.requests_for(&Match::path(path));
        assert_eq!(sent.len(), 1, "{path}");
        assert_eq!(
            sent[0].header("accept"),
            Some("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json")
        );
    }
}

#[tokio::test]
async fn a_plain_check_asks_for_no_names_of_flow_control() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.set_flow_control("u-1", "u-2");
    let client = client(&server).await;
    run::apiserver::check(&client, clock::system).await;
    let of_flow_control = Match::under("/apis/flowcontrol.apiserver.k8s.io/");
    assert_eq!(server.requests_for(&of_flow_control).len(), 0);
}

/// Names are optional: an API server that never answers about them delays no check beyond its deadline.
#[tokio::test]
async fn names_of_flow_control_that_never_come_leave_the_uids() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    server.set_flow_control("u-1", "u-2");
    server.fail(Match::path(FLOW_SCHEMAS), Fault::Hang);
    server.fail(Match::path(PRIORITY_LEVELS), Fault::Hang);
    let deadlines = Deadlines {
        connect: IMPATIENT.connect,
        ..PATIENT
    };
    let check = check_path(server.kubeconfig(), deadlines).await;
    assert_eq!(check.status, Status::Ok, "{check:?}");
    assert!(
        rung(&check, "flowControl")
            .message
            .ends_with("flow schema u-1, priority level u-2")
    );
}
