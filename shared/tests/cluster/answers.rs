//! Answers that are no answers: of another kind, of no kind, without an end. None of them is ever an empty list.

use super::client::{PATIENT, ask, ask_with, client, only_deployments, try_client, with_deployments};
use prost::Message as _;
use serde_json::json;
use sre_shared::cluster::{ListOptions, lease, list, whoami};
use sre_shared::failure::Class;
use sre_shared::report::{Report, Status};
use sre_shared::resource::Deployment;
use sre_shared::run::{self, clock};
use sre_testkit::{ApiServer, Fault, Match};

const LISTS: &str = "/apis/apps/v1/deployments";
const JSON: &str = "application/json";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

fn body(content_type: &str, body: impl Into<Vec<u8>>) -> Fault {
    Fault::WrongBody {
        status: 200,
        content_type: content_type.into(),
        body: body.into(),
    }
}

/// The result for Deployments with that answer: `ok`, or why they were not seen.
async fn deployments_result(fault: Fault) -> String {
    let server = ApiServer::builder().start().await;
    server.fail(Match::path(LISTS), fault);
    let report = ask(&server, &only_deployments()).await;
    match report.coverage.not_seen.as_slice() {
        [] => report.status.as_str().to_owned(),
        [entry] => {
            assert_eq!(report.status, Status::Unknown);
            assert_eq!(report.kinds().next().map(|kind| kind.summary.total), Some(0));
            format!("{}: {}", entry.class, entry.error.clone().unwrap_or_default())
        }
        more => panic!("{more:?}"),
    }
}

/// `runtime.Unknown` and the two messages in it, with the fields that these tests write.
#[derive(Clone, PartialEq, prost::Message)]
struct Envelope {
    #[prost(message, optional, tag = "1")]
    type_meta: Option<TypeMeta>,
    #[prost(bytes = "vec", tag = "2")]
    raw: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TypeMeta {
    #[prost(string, tag = "1")]
    api_version: String,
    #[prost(string, tag = "2")]
    kind: String,
}

fn protobuf(api_version: &str, kind: &str) -> Vec<u8> {
    let envelope = Envelope {
        type_meta: Some(TypeMeta {
            api_version: api_version.into(),
            kind: kind.into(),
        })
        .filter(|_| !kind.is_empty()),
        // An empty ListMeta.
        raw: vec![0x0a, 0],
    };
    [b"k8s\0".as_slice(), &envelope.encode_to_vec()].concat()
}

#[tokio::test]
async fn a_list_has_to_be_of_the_kind_that_was_asked_for() {
    let no =
        |is: &str| format!("notAnApiServer: the answer {is}, and a DeploymentList of apps/v1 was asked for");
    let rows: Vec<(&str, String, String)> = [
        (
            r#"{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{},"items":[]}"#,
            "ok".to_owned(),
        ),
        (
            r#"{"items":[],"metadata":{},"apiVersion":"apps/v1","kind":"DeploymentList"}"#,
            "ok".into(),
        ),
        (
            r#"{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{},"items":null}"#,
            "ok".into(),
        ),
        (
            r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}"#,
            no("is a PodList of v1"),
        ),
        (
            r#"{"items":[],"kind":"PodList","apiVersion":"v1"}"#,
            no("is a PodList of v1"),
        ),
        (
            r#"{"kind":"StatefulSetList","apiVersion":"apps/v1","items":[]}"#,
            no("is a StatefulSetList of apps/v1"),
        ),
        (
            r#"{"kind":"DeploymentList","apiVersion":"apps/v1beta1","items":[]}"#,
            no("is a DeploymentList of apps/v1beta1"),
        ),
        (
            r#"{"kind":"Deployment","apiVersion":"apps/v1","items":[]}"#,
            no("is a Deployment of apps/v1"),
        ),
        (
            r#"{"kind":"DeploymentList","items":[]}"#,
            no("is a DeploymentList of no version"),
        ),
        (r#"{"apiVersion":"apps/v1","items":[]}"#, no("has no kind")),
        (r#"{"items":[]}"#, no("has no kind")),
        (r#"{"kind":null,"apiVersion":null,"items":[]}"#, no("has no kind")),
        (
            r#"{"kind":["DeploymentList"],"apiVersion":"apps/v1","items":[]}"#,
            no("has no kind"),
        ),
        (
            r#"{"kind":"List","apiVersion":"v1","items":[]}"#,
            no("is a List of v1"),
        ),
        (
            r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[]}"#,
            no("is a Table of meta.k8s.io/v1"),
        ),
        (
            r#"{"kind":"Status","apiVersion":"v1","status":"Failure","code":403}"#,
            no("is a Status of v1"),
        ),
        (
            r#"{"kind":"Status","apiVersion":"v1","items":[]}"#,
            no("is a Status of v1"),
        ),
    ]
    .into_iter()
    .map(|(text, expected)| (JSON, text.to_owned(), expected))
    .collect();
    for (content_type, text, expected) in rows {
        assert_eq!(
            deployments_result(body(content_type, text.clone())).await,
            expected,
            "{text}"
        );
    }
    for (api_version, kind, expected) in [
        ("apps/v1", "DeploymentList", "ok".to_owned()),
        ("v1", "PodList", no("is a PodList of v1")),
        ("apps/v1", "ReplicaSetList", no("is a ReplicaSetList of apps/v1")),
        ("v1", "Status", no("is a Status of v1")),
        ("", "", no("has no kind")),
    ] {
        let bytes = protobuf(api_version, kind);
        assert_eq!(
            deployments_result(body(PROTOBUF, bytes)).await,
            expected,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn one_object_and_a_review_have_to_be_of_their_kind_too() {
    let server = ApiServer::builder().start().await;
    let client = client(&server).await;
    for text in [
        r#"{"kind":"Status","apiVersion":"v1","status":"Success"}"#,
        r#"{"spec":{"renewTime":"2099-01-01T00:00:00Z"}}"#,
        "{}",
    ] {
        server.fail(Match::under("/apis/coordination.k8s.io"), body(JSON, text));
        let failure = lease(&client, "kube-scheduler").await.expect_err(text);
        assert_eq!(failure.class, Class::NotAnApiServer, "{failure}");
        server.fail(Match::under("/apis/authentication.k8s.io"), body(JSON, text));
        let failure = whoami(&client).await.expect_err(text);
        assert_eq!(failure.class, Class::NotAnApiServer, "{failure}");
        server.clear_faults();
    }
}

#[tokio::test]
async fn a_list_without_an_end_is_not_seen() {
    let head = r#"{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{"continue":"C"},"items":["#;
    let same = format!("{head}]}}");
    assert_eq!(
        deployments_result(body(JSON, same)).await,
        "notAnApiServer: the list leads from a page to the same page again"
    );
    let nameless = format!(
        "{}{}{{}}]}}",
        head.replace(r#""continue":"C""#, ""),
        "{},".repeat(2000)
    );
    assert_eq!(
        deployments_result(body(JSON, nameless)).await,
        "notAnApiServer: more than 1000 items of the list have no name"
    );
    let server = ApiServer::builder().start().await;
    server.fail(Match::path(LISTS), body(JSON, format!("{head}]}}")));
    let listed = list::<Deployment>(&client(&server).await, &ListOptions::default()).await;
    assert!(listed.is_err());
    // Two pages with one token end the list. The request for a third may be on its way by then.
    let asked = server.requests_for(&Match::path(LISTS)).len();
    assert!([2, 3].contains(&asked), "{asked}");
}

fn classes(report: &Report) -> Vec<(&str, Option<&str>)> {
    let entries = report.coverage.not_seen.iter();
    entries
        .map(|entry| (entry.class.as_str(), entry.error.as_deref()))
        .collect()
}

#[tokio::test]
async fn a_server_that_is_no_api_server_is_reported_once_and_in_the_same_words() {
    let page = |status, text: &str| Fault::WrongBody {
        status,
        content_type: "text/html".into(),
        body: text.into(),
    };
    let plain = |status, text: &str| Fault::WrongBody {
        status,
        content_type: "text/plain".into(),
        body: text.into(),
    };
    let nginx = "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body></body></html>\r\n";
    let no = "what answers is not an API server: ";
    for (fault, error) in [
        (
            page(404, nginx),
            format!("{no}HTTP 404 with a page \"404 Not Found\""),
        ),
        (
            page(403, "<!DOCTYPE html><p>Blocked"),
            format!("{no}HTTP 403 with a page"),
        ),
        (
            page(405, nginx),
            format!("{no}HTTP 405 with a page \"404 Not Found\""),
        ),
        (
            plain(404, "404 page not found\n"),
            format!("{no}/version answers HTTP 404: 404 page not found"),
        ),
        (plain(404, ""), format!("{no}/version answers HTTP 404")),
        (
            plain(
                404,
                r#"{"kind": "Status", "apiVersion": "v1", "message": "no such cluster", "reason": "NotFound", "code": 404}"#,
            ),
            format!("{no}/version answers no such cluster"),
        ),
    ] {
        let server = ApiServer::builder().start().await;
        server.fail(Match::any(), fault);
        let client = try_client(server.kubeconfig(), PATIENT).await.expect("a client");
        let report = ask_with(&client, &with_deployments()).await;
        let check = report.api_server().expect("it was asked for");
        assert_eq!(
            (report.status, check.class.as_deref(), check.error.as_deref()),
            (Status::Unknown, Some("notAnApiServer"), Some(error.as_str()))
        );
        assert_eq!(check.side.as_deref(), Some("the load balancer or proxy"));
        assert_eq!(classes(&report), [("notAnApiServer", Some(error.as_str()))]);
        let walked = run::apiserver::check_path(&client, "default", clock::system).await;
        assert_eq!(walked.rung.as_deref(), Some("http"), "{walked:#?}");
    }
    // A real API server that does not serve one kind is still an API server.
    let server = ApiServer::builder().start().await;
    server.fail(Match::path(LISTS), plain(404, "404 page not found\n"));
    let report = ask(&server, &only_deployments()).await;
    let expected = "the server does not serve apps/deployments: HTTP 404: 404 page not found";
    assert_eq!(classes(&report), [("notFound", Some(expected))]);
}

#[tokio::test]
async fn a_readyz_that_is_a_page_is_not_ready() {
    let server = ApiServer::builder().start().await;
    server.fail(Match::path("/readyz"), Fault::captive_portal());
    let check = run::apiserver::check(&client(&server).await, clock::system).await;
    assert_eq!(
        (check.status, check.class.as_deref()),
        (Status::Unknown, Some("notAnApiServer"))
    );
}

#[tokio::test]
async fn a_custom_list_has_to_be_of_its_group_and_may_have_a_name_of_its_own() {
    use sre_shared::kind::ResourceType;
    use sre_shared::resource::CustomObject;
    let server = ApiServer::builder().start().await;
    let client = client(&server).await;
    let options = ListOptions {
        resource_type: Some(ResourceType {
            group: "example.com".into(),
            version: "v1".into(),
            plural: "indices".into(),
            singular: "index".into(),
            kind: "Index".into(),
            namespaced: true,
            qualified: true,
        }),
        ..ListOptions::default()
    };
    for (version, kind, fits) in [
        ("example.com/v1", "IndexList", true),
        ("example.com/v1", "IndicesList", true),
        ("example.com/v1", "Index", false),
        ("example.com/v2", "IndexList", false),
        ("v1", "PodList", false),
        ("", "", false),
    ] {
        server.clear_faults();
        let list_of = json!({"apiVersion": version, "items": [], "kind": kind, "metadata": {}});
        server.fail(
            Match::path("/apis/example.com/v1/indices"),
            body(JSON, list_of.to_string()),
        );
        let listed = list::<CustomObject>(&client, &options).await;
        assert_eq!(listed.is_ok(), fits, "{kind} of {version}");
    }
}
