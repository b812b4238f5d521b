//! Owns the answers of the scripted server without faults: paths, lists, pages, selectors, access.
//! Must not know faults or watches.

use crate::client::Client;
use serde_json::{Value, json};
use sre_testkit::object::{Deployment, Pod};
use sre_testkit::{Access, ApiServer, ApiServerBuilder, Match};

const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";

fn shop() -> ApiServerBuilder {
    ApiServer::builder().token("secret").deployments([
        Deployment::new("shop", "web").label("tier", "front"),
        Deployment::new("shop", "api"),
        Deployment::new("bank", "ledger"),
    ])
}

fn names(list: &Value) -> Vec<String> {
    list["items"]
        .as_array()
        .expect("a list has items")
        .iter()
        .map(|item| {
            format!("{}/{}", item["metadata"]["namespace"], item["metadata"]["name"]).replace('"', "")
        })
        .collect()
}

#[tokio::test]
async fn version_and_health_answer_like_an_api_server() {
    let server = shop().git_version("v1.36.4").start().await;
    let mut client = Client::admin(&server).await;
    let version = client.get("/version").await;
    assert_eq!(version.status, 200);
    assert_eq!(version.header("content-type"), "application/json");
    assert_eq!(version.json()["gitVersion"], "v1.36.4");
    let ready = client.get("/readyz?verbose").await;
    assert_eq!(
        (ready.status.as_u16(), ready.header("content-type")),
        (200, "text/plain; charset=utf-8")
    );
    assert!(ready.text.starts_with("[+]ping ok\n[+]log ok\n[+]etcd ok\n"));
    assert!(ready.text.ends_with("[+]shutdown ok\nreadyz check passed\n"));
    assert_eq!(client.get("/livez").await.text, "ok");

    server.fail_check("/readyz", "etcd");
    let unready = client.get("/readyz").await;
    assert_eq!(unready.status, 500);
    assert!(unready.text.contains("\n[-]etcd failed: reason withheld\n"));
    assert!(unready.text.ends_with("readyz check failed\n\n"));
    assert_eq!(client.get("/readyz?exclude=etcd").await.status, 200);
    server.pass_checks();
    assert_eq!(client.get("/readyz").await.text, "ok");
}

#[tokio::test]
async fn a_list_has_its_fields_in_order_and_items_without_their_type() {
    let server = shop().start().await;
    let mut client = Client::admin(&server).await;
    let list = client.get(DEPLOYMENTS).await;
    let version = server.resource_version();
    assert!(list.text.starts_with(&format!(
        "{{\"kind\":\"DeploymentList\",\"apiVersion\":\"apps/v1\",\"metadata\":{{\"resourceVersion\":\"{version}\"}},\
         \"items\":[{{\"metadata\":"
    )));
    assert!(list.text.ends_with("]}\n"));
    assert_eq!(names(&list.json()), ["bank/ledger", "shop/api", "shop/web"]);
    assert_eq!(
        list.header("content-length"),
        "",
        "a list of this size goes out chunked"
    );

    let server = shop().items_first().start().await;
    let list = Client::admin(&server).await.get(DEPLOYMENTS).await;
    assert!(
        list.text
            .starts_with(r#"{"kind":"DeploymentList","apiVersion":"apps/v1","items":["#)
    );
    assert_eq!(
        list.json()["metadata"]["resourceVersion"],
        server.resource_version().to_string()
    );
}

#[tokio::test]
async fn an_empty_list_has_an_empty_array() {
    let server = shop().start().await;
    let list = Client::admin(&server)
        .await
        .get("/apis/apps/v1/namespaces/empty/deployments")
        .await
        .json();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn namespace_and_selectors_narrow_a_list() {
    let server = shop().start().await;
    let mut client = Client::admin(&server).await;
    for (target, expected) in [
        (
            "/apis/apps/v1/namespaces/shop/deployments",
            vec!["shop/api", "shop/web"],
        ),
        (
            "/apis/apps/v1/deployments?labelSelector=tier%3Dfront",
            vec!["shop/web"],
        ),
        (
            "/apis/apps/v1/deployments?fieldSelector=metadata.name%3Dledger",
            vec!["bank/ledger"],
        ),
        (
            "/apis/apps/v1/namespaces/shop/deployments?fieldSelector=metadata.name%3Dledger",
            vec![],
        ),
    ] {
        assert_eq!(names(&client.get(target).await.json()), expected, "{target}");
    }
    let refused = client
        .get("/apis/apps/v1/deployments?fieldSelector=spec.paused%3Dtrue")
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["reason"].clone()),
        (400, json!("BadRequest"))
    );
}

#[tokio::test]
async fn pages_come_with_tokens_and_counts_from_one_snapshot() {
    let server = shop().start().await;
    let mut client = Client::admin(&server).await;
    let first = client.get("/apis/apps/v1/deployments?limit=2").await.json();
    assert_eq!(names(&first), ["bank/ledger", "shop/api"]);
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    server.apply(Deployment::new("shop", "zebra"));
    let token = first["metadata"]["continue"].as_str().expect("a page is left");
    let second = client
        .get(&format!("{DEPLOYMENTS}?limit=2&continue={token}"))
        .await
        .json();
    assert_eq!(names(&second), ["shop/web"]);
    assert_eq!(
        second["metadata"],
        json!({"resourceVersion": first["metadata"]["resourceVersion"]})
    );

    assert_eq!(server.requests_for(&Match::path(DEPLOYMENTS).page(2)).len(), 1);
    server.compact();
    let expired = client
        .get(&format!("{DEPLOYMENTS}?limit=2&continue={token}"))
        .await;
    assert_eq!(
        (expired.status.as_u16(), expired.json()["reason"].clone()),
        (410, json!("Expired"))
    );
    let newer = expired.json()["metadata"]["continue"]
        .as_str()
        .expect("a token comes along")
        .to_owned();
    let rest = client
        .get(&format!("{DEPLOYMENTS}?limit=1&continue={newer}"))
        .await
        .json();
    assert_eq!(names(&rest), ["shop/web"]);
    assert_eq!(
        rest["metadata"]["resourceVersion"],
        server.resource_version().to_string()
    );
    let token = rest["metadata"]["continue"].as_str().expect("a page is left");
    let last = client
        .get(&format!("{DEPLOYMENTS}?limit=1&continue={token}"))
        .await
        .json();
    assert_eq!(names(&last), ["shop/zebra"]);
    assert_eq!(client.get(&format!("{DEPLOYMENTS}?continue=x")).await.status, 400);

    let cached = client
        .get(&format!("{DEPLOYMENTS}?limit=2&resourceVersion=0"))
        .await
        .json();
    assert_eq!(
        names(&cached).len(),
        4,
        "from its cache a server ignores the limit"
    );
}

#[tokio::test]
async fn one_object_is_answered_whole_or_not_found() {
    let server = shop().objects([Pod::new("shop", "web-1")]).start().await;
    let mut client = Client::admin(&server).await;
    let web = client.get("/apis/apps/v1/namespaces/shop/deployments/web").await;
    assert!(
        web.text
            .starts_with(r#"{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"#)
    );
    assert_eq!(
        client.get("/api/v1/namespaces/shop/pods/web-1").await.json()["kind"],
        "Pod"
    );
    assert_eq!(
        client.get("/api/v1/namespaces/shop").await.json()["kind"],
        "Namespace"
    );
    let missing = client.get("/api/v1/namespaces/nowhere").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json()["message"], "namespaces \"nowhere\" not found");
    assert_eq!(
        missing.json()["details"],
        json!({"name": "nowhere", "kind": "namespaces"})
    );
    let unknown = client.get("/apis/example.test/v1/things").await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.text.as_str()),
        (404, "404 page not found\n")
    );
    assert_eq!(
        client
            .request("POST", DEPLOYMENTS)
            .await
            .expect("it answers")
            .status,
        405
    );
    assert_eq!(
        client
            .request("HEAD", DEPLOYMENTS)
            .await
            .expect("it answers")
            .text,
        ""
    );
}

#[tokio::test]
async fn raw_text_is_unchanged_in_a_list() {
    let raw = r#"{"metadata":{"name":"odd","namespace":"shop"},"spec":{"replicas":"3"}}"#;
    let server = shop().raw_deployment("shop", "odd", raw).start().await;
    let mut client = Client::admin(&server).await;
    let list = client.get(DEPLOYMENTS).await;
    assert!(list.text.contains(&format!(",{raw},")));
    assert_eq!(
        names(&list.json()),
        ["bank/ledger", "shop/api", "shop/odd", "shop/web"]
    );
    server.apply_raw("shop", "odd", "{broken");
    assert!(client.get(DEPLOYMENTS).await.text.contains(",{broken,"));
}

#[tokio::test]
async fn a_user_of_one_namespace_is_refused_the_rest_in_the_words_of_an_api_server() {
    let server = shop()
        .user(
            "jane-token",
            "jane",
            Access::namespaces(["shop"]).and_namespace_list(),
        )
        .user("probe-less", "kim", Access::admin().without_path("/readyz"))
        .start()
        .await;
    let mut jane = Client::connect(&server, Some("jane-token"))
        .await
        .expect("the server accepts");
    let all = jane.get(DEPLOYMENTS).await;
    assert_eq!(all.status, 403);
    assert_eq!(
        all.json(),
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Forbidden",
            "message": "deployments.apps is forbidden: User \"jane\" cannot list resource \"deployments\" in API \
                        group \"apps\" at the cluster scope",
            "details": {"group": "apps", "kind": "deployments"}, "code": 403,
        })
    );
    assert_eq!(
        jane.get("/apis/apps/v1/namespaces/shop/deployments").await.status,
        200
    );
    assert_eq!(
        jane.get("/apis/apps/v1/namespaces/bank/deployments").await.status,
        403
    );
    let namespaces = jane.get("/api/v1/namespaces").await.json();
    let namespaces = names(&namespaces).join(" ").replace("null/", "");
    assert_eq!(
        namespaces,
        "bank default kube-node-lease kube-public kube-system shop"
    );
    let mut kim = Client::connect(&server, Some("probe-less"))
        .await
        .expect("the server accepts");
    assert_eq!(
        kim.get("/readyz?verbose").await.json()["message"],
        "forbidden: User \"kim\" cannot get path \"/readyz\""
    );
    server.set_access("jane", Access::admin());
    assert_eq!(jane.get(DEPLOYMENTS).await.status, 200);
}

#[tokio::test]
async fn a_wrong_token_is_unauthorized_and_none_is_anonymous() {
    let server = shop().start().await;
    let mut wrong = Client::connect(&server, Some("other"))
        .await
        .expect("the server accepts");
    assert_eq!(wrong.get("/version").await.json()["reason"], "Unauthorized");
    let mut anonymous = Client::connect(&server, None).await.expect("the server accepts");
    assert_eq!(anonymous.get("/version").await.status, 200);
    let refused = anonymous.get(DEPLOYMENTS).await.json();
    assert!(
        refused["message"]
            .as_str()
            .is_some_and(|text| text.contains("User \"system:anonymous\" cannot list"))
    );
    server.revoke("secret");
    assert_eq!(Client::admin(&server).await.get("/version").await.status, 401);
    let strict = shop().without_anonymous().start().await;
    let mut anonymous = Client::connect(&strict, None).await.expect("the server accepts");
    assert_eq!(anonymous.get("/version").await.status, 401);
}

#[tokio::test]
async fn requests_are_recorded_with_query_headers_and_connection() {
    let server = shop().plain_http().start().await;
    let mut client = Client::admin(&server).await;
    client
        .get("/apis/apps/v1/deployments?limit=5&labelSelector=a%3Db")
        .await;
    client.get("/version").await;
    Client::admin(&server).await.get("/version").await;
    let requests = server.requests();
    let lines = requests
        .iter()
        .map(|r| format!("{} {}?{}", r.method, r.path, r.query))
        .collect::<Vec<_>>();
    assert_eq!(
        lines,
        [
            "GET /apis/apps/v1/deployments?limit=5&labelSelector=a%3Db",
            "GET /version?",
            "GET /version?"
        ]
    );
    assert_eq!(requests[0].parameter("labelSelector").as_deref(), Some("a=b"));
    assert_eq!(requests[0].header("authorization"), Some("Bearer secret"));
    assert_eq!(requests[0].peer, requests[1].peer);
    assert_ne!(requests[1].peer, requests[2].peer);
    assert_eq!(server.accepted(), 2);
    server.clear_requests();
    assert!(server.requests().is_empty());
}

#[test]
fn the_kubeconfig_names_the_server_its_authority_and_the_first_users_token() {
    let server = shop()
        .user("jane-token", "jane", Access::none())
        .context("prod")
        .default_namespace("shop")
        .start_blocking();
    let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("the file is there");
    let config = read(server.kubeconfig());
    assert!(config.contains(&format!("server: \"https://{}\"\n", server.address())));
    assert!(config.contains("current-context: \"prod\"\n"));
    assert!(config.contains("token: \"secret\"\n"));
    assert!(config.contains("namespace: \"shop\"\n"));
    let ca = server.kubeconfig().with_file_name("ca.crt");
    assert!(config.contains(&format!("certificate-authority: \"{}\"\n", ca.display())));
    assert_eq!(Some(read(&ca).as_str()), server.ca_pem());
    assert!(read(&server.kubeconfig_for("jane")).contains("token: \"jane-token\"\n"));
    assert!(read(&server.kubeconfig_with_token("stale")).contains("token: \"stale\"\n"));

    let directory = ca.with_file_name("");
    drop(server);
    assert!(!directory.exists());
}
