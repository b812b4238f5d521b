//! The kubeconfig's `proxy-url`: which proxy is asked, and what each kind of it takes.

use crate::fixture::{Fixture, PASSWORD};
use crate::kubeconfig::Kubeconfig;
use crate::row::{Row, compare};
use serde_json::json;
use sre_e2e::proxy::{Front, Proxy};

#[test]
fn the_same_proxy_of_the_kubeconfig_is_asked() {
    let f = Fixture::get();
    let directory = f.new_directory("proxies");
    let [http, locked] = [None, Some(PASSWORD)].map(|password| Proxy::http(&directory, password));
    let [socks, locked_socks] = [None, Some(PASSWORD)].map(|password| Proxy::socks5(&directory, password));
    let [own, caller] = ["front.pem", "alice.pem"].map(|file| f.directory().join(file));
    let front = Front::of(f.address(), http.address, &own, &caller, &directory);
    let (user, password) = PASSWORD;

    let alice = Kubeconfig::new(f);
    let through = |url: &str| alice.clone().cluster(json!({"proxy-url": url}));
    let tls_proxy = format!("https://{}", front.tls_proxy);
    let plain = format!("http://{}", front.plain);

    let rows = [
        Row::new("an HTTP proxy", &through(&format!("http://{}", http.address))),
        Row::new("an HTTP proxy with a slash at its end", &through(&format!("http://{}/", http.address))),
        Row::new("an HTTP proxy by name", &through(&format!("http://localhost:{}", http.address.port()))),
        Row::new("an HTTP proxy for a token", &through(&format!("http://{}", http.address)).credential(json!({"token": f.read("token")}))),
        Row::new("an HTTP proxy that wants a password, with it", &through(&format!("http://{user}:{password}@{}", locked.address))),
        Row::new("an HTTP proxy that wants a password, without", &through(&format!("http://{}", locked.address))),
        Row::new("an HTTP proxy that wants a password, with a wrong one", &through(&format!("http://{user}:wrong@{}", locked.address))),
        Row::new("an HTTP proxy that wants a password, with it escaped", &through(&format!("http://{user}:w%30rd-of-the-proxy@{}", locked.address))),
        Row::new("an HTTP proxy for an API server without TLS", &through(&format!("http://{}", http.address)).cluster(json!({"server": plain}))),
        Row::new("an HTTP proxy for an API server that is not there", &through(&format!("http://{}", http.address)).cluster(json!({"server": "https://127.0.0.1:1"}))),
        Row::new("a SOCKS proxy", &through(&format!("socks5://{}", socks.address))),
        Row::new("a SOCKS proxy that wants a password, with it", &through(&format!("socks5://{user}:{password}@{}", locked_socks.address))),
        Row::new("a SOCKS proxy that wants a password, without", &through(&format!("socks5://{}", locked_socks.address))),
        Row::new("a SOCKS proxy that wants a password, with a wrong one", &through(&format!("socks5://{user}:wrong@{}", locked_socks.address))),
        Row::new("a SOCKS proxy resolves the name", &through(&format!("socks5://{}", socks.address))
            .cluster(json!({"server": format!("https://localhost:{}", f.address().port())}))),
        Row::new("a SOCKS proxy for an API server without TLS", &through(&format!("socks5://{}", socks.address)).cluster(json!({"server": plain}))),
        Row::new("a SOCKS proxy by the scheme socks5h", &through(&format!("socks5h://{}", socks.address))),
        Row::new("a SOCKS proxy by the scheme socks", &through(&format!("socks://{}", socks.address))),
        Row::new("a proxy by TLS with a certificate of the cluster's CA", &through(&tls_proxy)),
        Row::new("a proxy by TLS without verification", &through(&tls_proxy)
            .cluster(json!({"certificate-authority-data": serde_json::Value::Null, "insecure-skip-tls-verify": true}))),
        Row::new("a proxy by TLS with a certificate of another CA", &through(&tls_proxy)
            .cluster(json!({"certificate-authority-data": f.inline("other-ca.crt")}))),
        Row::new("a proxy without TLS by the scheme of one with it", &through(&format!("https://{}", front.plain))),
        Row::new("a proxy by TLS by the scheme of one without it", &through(&format!("http://{}", front.tls_proxy))),
        Row::new("nothing listens where the proxy is to be", &through("http://127.0.0.1:1")),
        Row::new("nothing listens where the SOCKS proxy is to be", &through("socks5://127.0.0.1:1")),
        Row::new("the proxy has no scheme", &through(&http.address.to_string())),
        Row::new("the proxy has no scheme and a name", &through(&format!("localhost:{}", http.address.port()))),
        Row::new("the proxy has another scheme", &through(&format!("ftp://{}", http.address))),
        Row::new("the proxy is no URL", &through("http://[::1")),
        Row::new("the proxy is empty", &through("")),
        Row::new("a proxy-url beside HTTPS_PROXY", &through(&format!("socks5://{}", socks.address)).cluster(json!({
            "server": f.away(), "tls-server-name": "localhost"})))
            .variable("HTTPS_PROXY", format!("http://{}", http.address)),
        Row::new("NO_PROXY beside a proxy-url", &through(&format!("http://{}", http.address)).cluster(json!({
            "server": f.away(), "tls-server-name": "localhost"})))
            .variable("NO_PROXY", "*"),
        Row::new("--server beside a proxy-url", &through(&format!("http://{}", http.address)).cluster(json!({"server": "https://127.0.0.1:1"})))
            .flags(["--server", f.server()]),
        Row::new("--cluster with a proxy-url", &alice.clone().another("clusters", json!({"name": "proxied", "cluster": {
            "server": f.server(), "certificate-authority-data": f.inline("ca.crt"), "proxy-url": format!("http://{}", http.address)}})))
            .flags(["--cluster=proxied"]),
    ];
    compare(
        &rows,
        &[
            ("http", &http),
            ("locked", &locked),
            ("socks", &socks),
            ("locked socks", &locked_socks),
        ],
    );
}
