//! Where the API server is said to be.

use crate::fixture::Fixture;
use crate::kubeconfig::Kubeconfig;
use crate::row::{Row, compare};
use serde_json::{Value, json};
use sre_e2e::proxy::{Front, Proxy};

#[test]
fn the_same_server_is_asked_however_it_is_written() {
    let f = Fixture::get();
    let (server, port) = (f.server(), f.address().port());
    let directory = f.new_directory("servers");
    let proxy = Proxy::http(&directory, None);
    let [own, caller] = ["front.pem", "alice.pem"].map(|file| f.directory().join(file));
    let front = Front::of(f.address(), proxy.address, &own, &caller, &directory);
    let prefixed = format!("https://{}{}", front.prefixed, Front::PREFIX);
    let plain = format!("http://{}", front.plain);

    let alice = Kubeconfig::new(f);
    let at = |url: &str| alice.clone().cluster(json!({"server": url}));
    let token = alice.clone().credential(json!({"token": f.read("token")}));
    let gone = at("https://127.0.0.1:1");
    let ca = format!("--certificate-authority={}", f.path("ca.crt"));
    let word = format!("--token={}", f.read("token"));

    let rows = [
        Row::new("the URL ends with a slash", &at(&format!("{server}/"))),
        Row::new("the URL has a name", &at(&format!("https://localhost:{port}"))),
        Row::new(
            "the URL has an upper-case scheme",
            &at(&format!("HTTPS://127.0.0.1:{port}")),
        ),
        Row::new("the URL has no scheme", &at(&format!("127.0.0.1:{port}"))),
        Row::new(
            "the URL has no scheme and a name",
            &at(&format!("localhost:{port}")),
        ),
        Row::new("the URL has no host", &at("https://")),
        Row::new("the URL is empty", &at("")),
        Row::new(
            "the cluster has no server",
            &alice.clone().cluster(json!({"server": Value::Null})),
        ),
        Row::new(
            "the URL has another scheme",
            &at(&format!("ftp://127.0.0.1:{port}")),
        ),
        Row::new(
            "the URL holds a space",
            &at(&format!("https://127.0.0.1 :{port}")),
        ),
        Row::new("the port is no number", &at("https://127.0.0.1:https-port")),
        Row::new("the port is too large", &at("https://127.0.0.1:70000")),
        Row::new("the URL has a query", &at(&format!("{server}?a=b"))),
        Row::new("spaces stand around the URL", &at(&format!(" {server} "))),
        Row::new("nothing listens", &gone),
        Row::new(
            "the name does not resolve",
            &at(&format!("https://api.e2e.invalid:{port}")),
        ),
        Row::new(
            "the API server speaks TLS and is asked without",
            &at(&format!("http://127.0.0.1:{port}")),
        ),
        Row::new("an IPv6 address", &at(&format!("https://{}", front.ipv6))),
        Row::new(
            "an IPv6 address in its long form",
            &at(&format!("https://[0:0:0:0:0:0:0:1]:{}", front.ipv6.port())),
        ),
        Row::new(
            "an IPv6 address without brackets",
            &at(&format!("https://{}:{}", front.ipv6.ip(), front.ipv6.port())),
        ),
        Row::new(
            "under a path",
            &token.clone().cluster(json!({"server": prefixed})),
        ),
        Row::new(
            "under a path with a slash at its end",
            &token.clone().cluster(json!({"server": format!("{prefixed}/")})),
        ),
        Row::new(
            "under a path that the reverse proxy does not know",
            &token
                .clone()
                .cluster(json!({"server": format!("https://{}/k8s/clusters/c-other", front.prefixed)})),
        ),
        Row::new(
            "the reverse proxy without the path",
            &token
                .clone()
                .cluster(json!({"server": format!("https://{}", front.prefixed)})),
        ),
        Row::new(
            "without TLS and with a token",
            &token.clone().cluster(json!({"server": plain})),
        ),
        Row::new("without TLS and without a scheme", &at(&front.plain.to_string())),
        Row::new("without TLS and with a CA and a certificate", &at(&plain)),
        Row::new(
            "without TLS and with a broken token file",
            &at(&plain).credential(json!({"tokenFile": "{dir}/missing"})),
        ),
        Row::new(
            "without TLS there is no credential to ask for",
            &at(&plain).credential(json!({})),
        ),
        Row::new("--server comes before the kubeconfig's", &gone).flags(["--server", server]),
        Row::new("-s is --server", &gone).flags(["-s", server]),
        Row::new("--server points where nothing listens", &alice).flags(["--server=https://127.0.0.1:1"]),
        Row::new("an empty --server is none", &alice).flags(["--server="]),
        Row::new("--server has a path", &token).flags([&format!("--server={prefixed}")]),
        Row::new("--server has no scheme", &alice).flags([&format!("--server=127.0.0.1:{port}")]),
        Row::new(
            "--server of a context without a cluster",
            &alice.clone().context(json!({"cluster": Value::Null})),
        )
        .flags([&format!("--server={server}"), &ca]),
        Row::bare("--server without a kubeconfig").flags([&format!("--server={server}"), &ca, &word]),
        Row::bare("--server without a kubeconfig and without a CA")
            .flags([&format!("--server={server}"), &word]),
        Row::bare("--server without a kubeconfig and with -n").flags([
            &format!("--server={server}"),
            &ca,
            &word,
            "-n",
            "team-a",
        ]),
        Row::bare("--server without TLS and without a kubeconfig").flags([&format!("--server={plain}")]),
        Row::bare("--server beside a kubeconfig that is missing")
            .variable("KUBECONFIG", "{dir}/missing")
            .flags([&format!("--server={server}"), &ca, &word]),
    ];
    compare(&rows, &[]);
}
