//! Proxies of the kubeconfig and of the environment. A server's name that only proxies can look up shows that a proxy is
//! used. A proxy that is down shows that none is used.

use super::row::Expected::{self, Fails, Works};
use super::row::Row;
use super::testbed::{ALICE, HIDDEN, PASSWORD, READER, Testbed, USER, base64, by_certificate, config, with};
use serde_json::{Value, json};

pub fn rows(testbed: &Testbed) -> Vec<Row> {
    [
        configured(testbed),
        environment(testbed),
        exceptions(testbed),
        plain(testbed),
    ]
    .concat()
}

fn http(testbed: &Testbed) -> String {
    format!("http://127.0.0.1:{}", testbed.proxies.http)
}

fn down(testbed: &Testbed) -> String {
    format!("http://127.0.0.1:{}", testbed.fronts.closed)
}

/// The API server by a name that only proxies can look up, and a proxy of the kubeconfig.
fn by_url(testbed: &Testbed, name: &str, expected: Expected, url: &str) -> Row {
    let cluster = with(testbed.cluster_at(&testbed.hidden()), &json!({"proxy-url": url}));
    Row::new(name, expected).kubeconfig(&config(&cluster, &testbed.reader()))
}

/// The API server by a name that only proxies can look up, and a proxy of a variable.
fn by_variable(testbed: &Testbed, name: &str, expected: Expected, variable: &str, value: &str) -> Row {
    let cluster = testbed.cluster_at(&testbed.hidden());
    Row::new(name, expected)
        .kubeconfig(&config(&cluster, &testbed.reader()))
        .env(variable, value)
}

fn guarded(scheme: &str, port: u16, password: &str) -> String {
    format!("{scheme}://{USER}:{password}@127.0.0.1:{port}")
}

fn configured(testbed: &Testbed) -> Vec<Row> {
    let ports = &testbed.proxies;
    let url = |name: &str, expected, url: &str| by_url(testbed, name, expected, url);
    let local = |scheme: &str, port: u16| format!("{scheme}://127.0.0.1:{port}");
    let direct = with(testbed.cluster(), &json!({"proxy-url": http(testbed)}));
    let both = trusting_both(testbed);
    let loopback = with(
        testbed.front(testbed.fronts.front),
        &json!({"proxy-url": down(testbed)}),
    );
    vec![
        Row::new("no proxy knows the name", Fails("lookup "))
            .kubeconfig(&config(&testbed.cluster_at(&testbed.hidden()), &testbed.reader())),
        url("proxy-url", Works(READER), &http(testbed)),
        url(
            "proxy-url with a slash",
            Works(READER),
            &format!("{}/", http(testbed)),
        ),
        url(
            "proxy-url by a name",
            Works(READER),
            &format!("http://localhost:{}", ports.http),
        ),
        url("proxy-url, and a certificate", Works(ALICE), &http(testbed)).kubeconfig(&config(
            &with(
                testbed.cluster_at(&testbed.hidden()),
                &json!({"proxy-url": http(testbed)}),
            ),
            &by_certificate(&testbed.alice),
        )),
        url(
            "proxy-url that wants a password",
            Works(READER),
            &guarded("http", ports.guarded, PASSWORD),
        ),
        url(
            "proxy-url that wants a password and gets none",
            Fails("Proxy Authentication Required"),
            &local("http", ports.guarded),
        ),
        url(
            "proxy-url that wants another password",
            Fails("Unauthorized"),
            &guarded("http", ports.guarded, "wrong"),
        ),
        url(
            "proxy-url that refuses",
            Fails("Access violation"),
            &local("http", ports.denying),
        ),
        url(
            "proxy-url without a listener",
            Fails("connection refused"),
            &down(testbed),
        ),
        url(
            "proxy-url whose name is unknown",
            Fails("lookup "),
            "http://nobody.parity.test:3128",
        ),
        url(
            "proxy-url that is no proxy",
            Fails(""),
            &local("http", testbed.fronts.plain),
        ),
        url(
            "proxy-url that says nothing",
            Fails(""),
            &local("http", testbed.fronts.silent),
        )
        .flags(&["--request-timeout=1s"])
        .deadline(5),
        url("proxy-url of SOCKS", Works(READER), &local("socks5", ports.socks)),
        url(
            "proxy-url of SOCKS that looks names up",
            Fails("unsupported scheme"),
            &local("socks5h", ports.socks),
        ),
        url(
            "proxy-url of SOCKS that wants a password",
            Works(READER),
            &guarded("socks5", ports.guarded_socks, PASSWORD),
        ),
        url(
            "proxy-url of SOCKS that wants a password and gets none",
            Fails("socks connect"),
            &local("socks5", ports.guarded_socks),
        ),
        url(
            "proxy-url of SOCKS that wants another password",
            Fails("socks connect"),
            &guarded("socks5", ports.guarded_socks, "wrong"),
        ),
        url(
            "proxy-url of SOCKS without a listener",
            Fails("connection refused"),
            &local("socks5", testbed.fronts.closed),
        ),
        url(
            "proxy-url of SOCKS that is none",
            Fails(""),
            &local("socks5", testbed.fronts.plain),
        ),
        url("proxy-url by TLS", Works(READER), "").kubeconfig(&config(
            &with(both.clone(), &json!({"proxy-url": local("https", ports.tls)})),
            &testbed.reader(),
        )),
        url(
            "proxy-url by TLS of one of the system's authorities",
            Fails("x509"),
            &local("https", ports.tls),
        )
        .file("fronts.crt", &testbed.front_authority.own.certificate)
        .env("SSL_CERT_FILE", "{here}/fronts.crt"),
        url(
            "proxy-url by TLS of an unknown authority",
            Fails("x509"),
            &local("https", ports.tls),
        ),
        url(
            "proxy-url by TLS that does not speak it",
            Fails(""),
            &local("https", ports.http),
        ),
        url(
            "proxy-url without a scheme",
            Fails("proxy-url"),
            &format!("127.0.0.1:{}", ports.http),
        ),
        url(
            "proxy-url of a scheme that is none",
            Fails("unsupported scheme"),
            &local("ftp", ports.http),
        ),
        url(
            "proxy-url that is no URL",
            Fails("invalid 'proxy-url'"),
            "http://[::1",
        ),
        url("an empty proxy-url", Fails("lookup "), ""),
        url(
            "proxy-url comes before HTTPS_PROXY",
            Works(READER),
            &http(testbed),
        )
        .env("HTTPS_PROXY", &down(testbed)),
        url("proxy-url knows no NO_PROXY", Works(READER), &http(testbed)).env("NO_PROXY", "*"),
        Row::new("proxy-url for an address", Works(READER)).kubeconfig(&config(&direct, &testbed.reader())),
        Row::new(
            "proxy-url is used for the loopback address",
            Fails("connection refused"),
        )
        .kubeconfig(&config(&loopback, &testbed.reader())),
    ]
}

/// A cluster that trusts both authorities, since the cluster's authorities also verify a proxy.
fn trusting_both(testbed: &Testbed) -> Value {
    let bundle = [
        &*testbed.authority.own.certificate,
        &*testbed.front_authority.own.certificate,
    ]
    .concat();
    with(
        testbed.cluster_at(&testbed.hidden()),
        &json!({"certificate-authority-data": base64(&bundle)}),
    )
}

fn environment(testbed: &Testbed) -> Vec<Row> {
    let ports = &testbed.proxies;
    let set = |name: &str, expected, variable: &str, value: &str| {
        by_variable(testbed, name, expected, variable, value)
    };
    let local = |scheme: &str, port: u16| format!("{scheme}://127.0.0.1:{port}");
    vec![
        set("HTTPS_PROXY", Works(READER), "HTTPS_PROXY", &http(testbed)),
        set("https_proxy", Works(READER), "https_proxy", &http(testbed)),
        set("HTTPS_PROXY comes before https_proxy", Works(READER), "HTTPS_PROXY", &http(testbed)).env("https_proxy", &down(testbed)),
        set("an empty HTTPS_PROXY is none", Works(READER), "HTTPS_PROXY", "").env("https_proxy", &http(testbed)),
        set("HTTPS_PROXY without a scheme", Works(READER), "HTTPS_PROXY", &format!("127.0.0.1:{}", ports.http)),
        set("HTTPS_PROXY by a name without a scheme", Works(READER), "HTTPS_PROXY", &format!("localhost:{}", ports.http)),
        set("HTTPS_PROXY that wants a password", Works(READER), "HTTPS_PROXY", &guarded("http", ports.guarded, PASSWORD)),
        set("HTTPS_PROXY that wants a password, without a scheme", Works(READER), "HTTPS_PROXY", &format!("{USER}:{PASSWORD}@127.0.0.1:{}", ports.guarded)),
        set("HTTPS_PROXY that wants a password and gets none", Fails("Proxy Authentication Required"), "HTTPS_PROXY", &local("http", ports.guarded)),
        set("HTTPS_PROXY that refuses", Fails("Access violation"), "HTTPS_PROXY", &local("http", ports.denying)),
        set("HTTPS_PROXY without a listener", Fails("connection refused"), "HTTPS_PROXY", &down(testbed)),
        set("HTTPS_PROXY of SOCKS", Works(READER), "HTTPS_PROXY", &local("socks5", ports.socks)),
        set("HTTPS_PROXY of SOCKS that looks names up", Works(READER), "HTTPS_PROXY", &local("socks5h", ports.socks)),
        set("HTTPS_PROXY of SOCKS that wants a password", Works(READER), "HTTPS_PROXY", &guarded("socks5", ports.guarded_socks, PASSWORD)),
        set("HTTPS_PROXY by TLS", Works(READER), "HTTPS_PROXY", &local("https", ports.tls))
            .kubeconfig(&config(&trusting_both(testbed), &testbed.reader())),
        set("HTTPS_PROXY of a scheme that is none", Works(READER), "HTTPS_PROXY", &local("ftp", ports.http)),
        set("HTTPS_PROXY that is no URL", Fails("lookup "), "HTTPS_PROXY", "http://[::1"),
        set("HTTP_PROXY is not for TLS", Fails("lookup "), "HTTP_PROXY", &http(testbed)),
        set("ALL_PROXY is not known", Fails("lookup "), "ALL_PROXY", &http(testbed)),
        Row::new("HTTPS_PROXY for an address", Works(READER)).kubeconfig(&testbed.plain_config()).env("HTTPS_PROXY", &http(testbed)),
        Row::new("HTTPS_PROXY for an address, without a listener", Fails("connection refused"))
            .kubeconfig(&testbed.plain_config())
            .env("HTTPS_PROXY", &down(testbed)),
        Row::new("HTTPS_PROXY is not used for the loopback address", Works(READER))
            .kubeconfig(&config(&testbed.front(testbed.fronts.front), &testbed.reader()))
            .env("HTTPS_PROXY", &down(testbed)),
        Row::new("HTTPS_PROXY is not used for the loopback address of IPv6", Works(READER))
            .kubeconfig(&config(&with(testbed.front(0), &json!({"server": format!("https://[::1]:{}", testbed.fronts.front6)})), &testbed.reader()))
            .env("HTTPS_PROXY", &down(testbed)),
        Row::new("HTTPS_PROXY is not used for localhost", Works(READER))
            .kubeconfig(&config(
                &with(testbed.front(0), &json!({"server": format!("https://localhost:{}", testbed.fronts.front), "tls-server-name": "front.parity.test"})),
                &testbed.reader(),
            ))
            .env("HTTPS_PROXY", &down(testbed)),
        Row::new("HTTPS_PROXY in a pod", Works(READER))
            .env("KUBERNETES_SERVICE_HOST", HIDDEN)
            .env("KUBERNETES_SERVICE_PORT", &testbed.address.port().to_string())
            .mount("token", &testbed.token)
            .mount("ca.crt", &testbed.authority.own.certificate)
            .env("HTTPS_PROXY", &http(testbed)),
    ]
}

/// Cases in which `NO_PROXY` does or does not name the API server, by its address or its name.
fn exceptions(testbed: &Testbed) -> Vec<Row> {
    let ip = testbed.address.ip();
    let port = testbed.address.port();
    let pair = |value: &str, direct: bool, by_name: bool| {
        let expected = if direct {
            Works(READER)
        } else {
            Fails("connection refused")
        };
        let server = if by_name {
            testbed.hidden()
        } else {
            testbed.server()
        };
        let named = if by_name { "a name" } else { "an address" };
        let row = Row::new(format!("NO_PROXY={value} for {named}"), expected)
            .kubeconfig(&config(&testbed.cluster_at(&server), &testbed.reader()))
            .env("HTTPS_PROXY", &down(testbed))
            .env("NO_PROXY", value);
        if by_name {
            row.hosts(&testbed.hidden_host())
        } else {
            row
        }
    };
    let address = |value: &str, direct| pair(value, direct, false);
    let name = |value: &str, direct| pair(value, direct, true);
    vec![
        address("*", true),
        address(&ip.to_string(), true),
        address(&format!("{ip}:{port}"), true),
        address(&format!("{ip}:1"), false),
        address("198.18.0.0/15", true),
        address("198.18.0.0/16", false),
        address("10.0.0.0/8, 198.18.0.0/15 ,fd00::/8", true),
        address("198.19", false),
        address("198.18.0.0/99", false),
        address(",", false),
        name("*", true),
        name(HIDDEN, true),
        name(&HIDDEN.to_uppercase(), true),
        name("default.svc", true),
        name(".default.svc", true),
        name("*.default.svc", true),
        name("svc", true),
        name("ault.svc", false),
        name(&format!("{HIDDEN}:{port}"), true),
        name(&format!("{HIDDEN}:1"), false),
        name(&format!(".svc:{port}"), true),
        name(&format!(".{HIDDEN}"), false),
        name("198.18.0.0/15", false),
        name(&format!("{HIDDEN}."), false),
        name("example.org kubernetes.default.svc", false),
        name("example.org,kubernetes.default.svc", true),
        name("*,example.org", true),
        address("", false)
            .env("no_proxy", "*")
            .rename("no_proxy where NO_PROXY is empty", Works(READER)),
        address("example.org", false)
            .env("no_proxy", "*")
            .rename("NO_PROXY comes before no_proxy", Fails("connection refused")),
    ]
}

/// An API server without TLS.
fn plain(testbed: &Testbed) -> Vec<Row> {
    let gateway = |host: &str| format!("http://{host}:{}", testbed.fronts.gateway);
    let row = |name: &str, expected, server: &str| {
        Row::new(name, expected).kubeconfig(&config(&json!({"server": server}), &json!({})))
    };
    let address = gateway(&testbed.address.ip().to_string());
    let hidden = gateway(HIDDEN);
    vec![
        row("HTTP_PROXY", Works(READER), &hidden).env("HTTP_PROXY", &http(testbed)),
        row("http_proxy", Works(READER), &hidden).env("http_proxy", &http(testbed)),
        row("HTTP_PROXY that wants a password", Works(READER), &hidden)
            .env("HTTP_PROXY", &guarded("http", testbed.proxies.guarded, PASSWORD)),
        row("HTTP_PROXY that refuses CONNECT alone", Works(READER), &hidden).env(
            "HTTP_PROXY",
            &format!("http://127.0.0.1:{}", testbed.proxies.denying),
        ),
        row(
            "HTTP_PROXY without a listener",
            Fails("connection refused"),
            &hidden,
        )
        .env("HTTP_PROXY", &down(testbed)),
        row("HTTP_PROXY of SOCKS", Works(READER), &hidden).env(
            "HTTP_PROXY",
            &format!("socks5://127.0.0.1:{}", testbed.proxies.socks),
        ),
        row("HTTP_PROXY in a CGI script", Fails(""), &hidden)
            .env("HTTP_PROXY", &http(testbed))
            .env("REQUEST_METHOD", "GET"),
        row(
            "HTTPS_PROXY is not for a server without TLS",
            Works(READER),
            &address,
        )
        .env("HTTPS_PROXY", &down(testbed)),
        row("NO_PROXY for a server without TLS", Works(READER), &address)
            .env("HTTP_PROXY", &down(testbed))
            .env("NO_PROXY", "*"),
        Row::new("proxy-url for a server without TLS", Works(READER)).kubeconfig(&config(
            &json!({"server": hidden, "proxy-url": http(testbed)}),
            &json!({}),
        )),
    ]
}
