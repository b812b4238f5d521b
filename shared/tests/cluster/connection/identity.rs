//! Who a request is from.

use super::{ConfigDirectory, TOKEN};
use crate::client::{PATIENT, settings, try_client};
use sre_shared::cluster::{Client, Overrides, Settings, version, whoami};
use sre_testkit::ApiServer;

#[tokio::test]
async fn requests_carry_the_impersonated_identity_and_the_path_of_the_server() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let place = ConfigDirectory::new();
    let kubeconfig = place.config_for(
        &server,
        "",
        "username: joe, password: pw, as: jane, as-uid: '7', as-groups: [a, b], \
         as-user-extra: {example.com/Reason: [x, z]}",
    );
    let settings = Settings {
        overrides: Overrides {
            server: Some(format!("{}/k8s/clusters/c-1/", server.url())),
            ..Overrides::default()
        },
        ..settings(&kubeconfig, PATIENT)
    };
    let client = Client::new(settings, None).await.expect("a client");
    let _ = version(&client).await;
    let request = server.requests().remove(0);
    assert_eq!(request.path, "/k8s/clusters/c-1/version");
    let all = |name: &str| -> Vec<String> {
        let values = request.headers.get_all(name).iter();
        values.map(|v| v.to_str().expect("text").to_owned()).collect()
    };
    assert_eq!(all("authorization"), ["Basic am9lOnB3"]);
    assert_eq!(all("impersonate-user"), ["jane"]);
    assert_eq!(all("impersonate-uid"), ["7"]);
    assert_eq!(all("impersonate-group"), ["a", "b"]);
    assert_eq!(all("impersonate-extra-example.com%2freason"), ["x", "z"]);
    let info = client.connection_info();
    assert_eq!(info.server, format!("{}/k8s/clusters/c-1", server.url()));
    assert_eq!(info.credential.kind, "basic auth");
    assert_eq!(
        info.credential.impersonates.as_deref(),
        Some("jane (groups a, b; uid 7; example.com/Reason=x,z)")
    );
}

#[tokio::test]
async fn a_user_in_the_address_goes_before_a_token() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let place = ConfigDirectory::new();
    place.write("ca.crt", server.ca_pem().unwrap_or_default());
    let url = server.url().replace("https://", "https://joe:pw@");
    let config = place.config(
        &format!("server: '{url}', certificate-authority: ca.crt"),
        &format!("token: {TOKEN}"),
    );
    let client = try_client(&config, PATIENT).await.expect("a client");
    let _ = whoami(&client).await;
    assert_eq!(
        server.requests()[0].header("authorization"),
        Some("Basic am9lOnB3")
    );
    assert_eq!(client.server(), server.url());
}
