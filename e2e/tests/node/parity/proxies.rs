//! Proxies, by the kubeconfig and by the environment. That one is used shows in a name that only proxies can look up;
//! that none is, in one that is down.

use super::row::Expected::{self, Fails, Works};
use super::row::Row;
use super::world::{ALICE, HIDDEN, PASSWORD, READER, USER, World, base64, by_certificate, config, with};
use serde_json::{Value, json};

pub fn rows(world: &World) -> Vec<Row> {
    [
        configured(world),
        environment(world),
        exceptions(world),
        plain(world),
    ]
    .concat()
}

fn http(world: &World) -> String {
    format!("http://127.0.0.1:{}", world.proxies.http)
}

fn down(world: &World) -> String {
    format!("http://127.0.0.1:{}", world.fronts.closed)
}

/// The API server by a name that only proxies can look up, and a proxy of the kubeconfig.
fn by_url(world: &World, name: &str, expected: Expected, url: &str) -> Row {
    let cluster = with(world.cluster_at(&world.hidden()), &json!({"proxy-url": url}));
    Row::new(name, expected).kubeconfig(&config(&cluster, &world.reader()))
}

/// The same, and a variable.
fn by_variable(world: &World, name: &str, expected: Expected, variable: &str, value: &str) -> Row {
    let cluster = world.cluster_at(&world.hidden());
    Row::new(name, expected)
        .kubeconfig(&config(&cluster, &world.reader()))
        .env(variable, value)
}

fn guarded(scheme: &str, port: u16, password: &str) -> String {
    format!("{scheme}://{USER}:{password}@127.0.0.1:{port}")
}

fn configured(world: &World) -> Vec<Row> {
    let ports = &world.proxies;
    let url = |name: &str, expected, url: &str| by_url(world, name, expected, url);
    let local = |scheme: &str, port: u16| format!("{scheme}://127.0.0.1:{port}");
    let direct = with(world.cluster(), &json!({"proxy-url": http(world)}));
    let both = trusting_both(world);
    let loopback = with(
        world.front(world.fronts.front),
        &json!({"proxy-url": down(world)}),
    );
    vec![
        Row::new("no proxy knows the name", Fails("lookup "))
            .kubeconfig(&config(&world.cluster_at(&world.hidden()), &world.reader())),
        url("proxy-url", Works(READER), &http(world)),
        url(
            "proxy-url with a slash",
            Works(READER),
            &format!("{}/", http(world)),
        ),
        url(
            "proxy-url by a name",
            Works(READER),
            &format!("http://localhost:{}", ports.http),
        ),
        url("proxy-url, and a certificate", Works(ALICE), &http(world)).kubeconfig(&config(
            &with(
                world.cluster_at(&world.hidden()),
                &json!({"proxy-url": http(world)}),
            ),
            &by_certificate(&world.alice),
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
            "proxy-url where nobody listens",
            Fails("connection refused"),
            &down(world),
        ),
        url(
            "proxy-url whose name is unknown",
            Fails("lookup "),
            "http://nobody.parity.test:3128",
        ),
        url(
            "proxy-url that is no proxy",
            Fails(""),
            &local("http", world.fronts.plain),
        ),
        url(
            "proxy-url that says nothing",
            Fails(""),
            &local("http", world.fronts.silent),
        )
        .flags(&["--request-timeout=1s"])
        .within(5),
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
            "proxy-url of SOCKS where nobody listens",
            Fails("connection refused"),
            &local("socks5", world.fronts.closed),
        ),
        url(
            "proxy-url of SOCKS that is none",
            Fails(""),
            &local("socks5", world.fronts.plain),
        ),
        url("proxy-url by TLS", Works(READER), "").kubeconfig(&config(
            &with(both.clone(), &json!({"proxy-url": local("https", ports.tls)})),
            &world.reader(),
        )),
        url(
            "proxy-url by TLS of one of the system's authorities",
            Fails("x509"),
            &local("https", ports.tls),
        )
        .file("fronts.crt", &world.front_authority.own.certificate)
        .env("SSL_CERT_FILE", "{here}/fronts.crt"),
        url(
            "proxy-url by TLS of an authority that nobody knows",
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
        url("proxy-url comes before HTTPS_PROXY", Works(READER), &http(world))
            .env("HTTPS_PROXY", &down(world)),
        url("proxy-url knows no NO_PROXY", Works(READER), &http(world)).env("NO_PROXY", "*"),
        Row::new("proxy-url for an address", Works(READER)).kubeconfig(&config(&direct, &world.reader())),
        Row::new(
            "proxy-url is used for the loopback address",
            Fails("connection refused"),
        )
        .kubeconfig(&config(&loopback, &world.reader())),
    ]
}

/// A proxy is verified by the cluster's authorities, as the API server is.
fn trusting_both(world: &World) -> Value {
    let bundle = [
        &*world.authority.own.certificate,
        &*world.front_authority.own.certificate,
    ]
    .concat();
    with(
        world.cluster_at(&world.hidden()),
        &json!({"certificate-authority-data": base64(&bundle)}),
    )
}

fn environment(world: &World) -> Vec<Row> {
    let ports = &world.proxies;
    let set = |name: &str, expected, variable: &str, value: &str| {
        by_variable(world, name, expected, variable, value)
    };
    let local = |scheme: &str, port: u16| format!("{scheme}://127.0.0.1:{port}");
    vec![
        set("HTTPS_PROXY", Works(READER), "HTTPS_PROXY", &http(world)),
        set("https_proxy", Works(READER), "https_proxy", &http(world)),
        set("HTTPS_PROXY comes before https_proxy", Works(READER), "HTTPS_PROXY", &http(world)).env("https_proxy", &down(world)),
        set("an empty HTTPS_PROXY is none", Works(READER), "HTTPS_PROXY", "").env("https_proxy", &http(world)),
        set("HTTPS_PROXY without a scheme", Works(READER), "HTTPS_PROXY", &format!("127.0.0.1:{}", ports.http)),
        set("HTTPS_PROXY by a name without a scheme", Works(READER), "HTTPS_PROXY", &format!("localhost:{}", ports.http)),
        set("HTTPS_PROXY that wants a password", Works(READER), "HTTPS_PROXY", &guarded("http", ports.guarded, PASSWORD)),
        set("HTTPS_PROXY that wants a password, without a scheme", Works(READER), "HTTPS_PROXY", &format!("{USER}:{PASSWORD}@127.0.0.1:{}", ports.guarded)),
        set("HTTPS_PROXY that wants a password and gets none", Fails("Proxy Authentication Required"), "HTTPS_PROXY", &local("http", ports.guarded)),
        set("HTTPS_PROXY that refuses", Fails("Access violation"), "HTTPS_PROXY", &local("http", ports.denying)),
        set("HTTPS_PROXY where nobody listens", Fails("connection refused"), "HTTPS_PROXY", &down(world)),
        set("HTTPS_PROXY of SOCKS", Works(READER), "HTTPS_PROXY", &local("socks5", ports.socks)),
        set("HTTPS_PROXY of SOCKS that looks names up", Works(READER), "HTTPS_PROXY", &local("socks5h", ports.socks)),
        set("HTTPS_PROXY of SOCKS that wants a password", Works(READER), "HTTPS_PROXY", &guarded("socks5", ports.guarded_socks, PASSWORD)),
        set("HTTPS_PROXY by TLS", Works(READER), "HTTPS_PROXY", &local("https", ports.tls))
            .kubeconfig(&config(&trusting_both(world), &world.reader())),
        set("HTTPS_PROXY of a scheme that is none", Works(READER), "HTTPS_PROXY", &local("ftp", ports.http)),
        set("HTTPS_PROXY that is no URL", Fails("lookup "), "HTTPS_PROXY", "http://[::1"),
        set("HTTP_PROXY is not for TLS", Fails("lookup "), "HTTP_PROXY", &http(world)),
        set("ALL_PROXY is not known", Fails("lookup "), "ALL_PROXY", &http(world)),
        Row::new("HTTPS_PROXY for an address", Works(READER)).kubeconfig(&world.plain_config()).env("HTTPS_PROXY", &http(world)),
        Row::new("HTTPS_PROXY for an address, where nobody listens", Fails("connection refused"))
            .kubeconfig(&world.plain_config())
            .env("HTTPS_PROXY", &down(world)),
        Row::new("HTTPS_PROXY is not used for the loopback address", Works(READER))
            .kubeconfig(&config(&world.front(world.fronts.front), &world.reader()))
            .env("HTTPS_PROXY", &down(world)),
        Row::new("HTTPS_PROXY is not used for the loopback address of IPv6", Works(READER))
            .kubeconfig(&config(&with(world.front(0), &json!({"server": format!("https://[::1]:{}", world.fronts.front6)})), &world.reader()))
            .env("HTTPS_PROXY", &down(world)),
        Row::new("HTTPS_PROXY is not used for localhost", Works(READER))
            .kubeconfig(&config(
                &with(world.front(0), &json!({"server": format!("https://localhost:{}", world.fronts.front), "tls-server-name": "front.parity.test"})),
                &world.reader(),
            ))
            .env("HTTPS_PROXY", &down(world)),
        Row::new("HTTPS_PROXY in a pod", Works(READER))
            .env("KUBERNETES_SERVICE_HOST", HIDDEN)
            .env("KUBERNETES_SERVICE_PORT", &world.address.port().to_string())
            .mounted("token", &world.token)
            .mounted("ca.crt", &world.authority.own.certificate)
            .env("HTTPS_PROXY", &http(world)),
    ]
}

/// Whether `NO_PROXY` is for the API server, by its address or its name.
fn exceptions(world: &World) -> Vec<Row> {
    let ip = world.address.ip();
    let port = world.address.port();
    let pair = |value: &str, direct: bool, by_name: bool| {
        let expected = if direct {
            Works(READER)
        } else {
            Fails("connection refused")
        };
        let server = if by_name { world.hidden() } else { world.server() };
        let named = if by_name { "a name" } else { "an address" };
        let row = Row::new(format!("NO_PROXY={value} for {named}"), expected)
            .kubeconfig(&config(&world.cluster_at(&server), &world.reader()))
            .env("HTTPS_PROXY", &down(world))
            .env("NO_PROXY", value);
        if by_name {
            row.hosts(&world.hidden_host())
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
            .named("no_proxy where NO_PROXY is empty", Works(READER)),
        address("example.org", false)
            .env("no_proxy", "*")
            .named("NO_PROXY comes before no_proxy", Fails("connection refused")),
    ]
}

/// An API server without TLS.
fn plain(world: &World) -> Vec<Row> {
    let gateway = |host: &str| format!("http://{host}:{}", world.fronts.gateway);
    let row = |name: &str, expected, server: &str| {
        Row::new(name, expected).kubeconfig(&config(&json!({"server": server}), &json!({})))
    };
    let address = gateway(&world.address.ip().to_string());
    let hidden = gateway(HIDDEN);
    vec![
        row("HTTP_PROXY", Works(READER), &hidden).env("HTTP_PROXY", &http(world)),
        row("http_proxy", Works(READER), &hidden).env("http_proxy", &http(world)),
        row("HTTP_PROXY that wants a password", Works(READER), &hidden)
            .env("HTTP_PROXY", &guarded("http", world.proxies.guarded, PASSWORD)),
        row("HTTP_PROXY that refuses CONNECT alone", Works(READER), &hidden).env(
            "HTTP_PROXY",
            &format!("http://127.0.0.1:{}", world.proxies.denying),
        ),
        row(
            "HTTP_PROXY where nobody listens",
            Fails("connection refused"),
            &hidden,
        )
        .env("HTTP_PROXY", &down(world)),
        row("HTTP_PROXY of SOCKS", Works(READER), &hidden).env(
            "HTTP_PROXY",
            &format!("socks5://127.0.0.1:{}", world.proxies.socks),
        ),
        row("HTTP_PROXY in a CGI script", Fails(""), &hidden)
            .env("HTTP_PROXY", &http(world))
            .env("REQUEST_METHOD", "GET"),
        row(
            "HTTPS_PROXY is not for a server without TLS",
            Works(READER),
            &address,
        )
        .env("HTTPS_PROXY", &down(world)),
        row("NO_PROXY for a server without TLS", Works(READER), &address)
            .env("HTTP_PROXY", &down(world))
            .env("NO_PROXY", "*"),
        Row::new("proxy-url for a server without TLS", Works(READER)).kubeconfig(&config(
            &json!({"server": hidden, "proxy-url": http(world)}),
            &json!({}),
        )),
    ]
}
