//! Proxies of the environment. The API server is asked by an address that Go does not count as loopback, for which it
//! would ask no proxy.

use crate::fixture::{Fixture, PASSWORD};
use crate::kubeconfig::Kubeconfig;
use crate::row::{Row, compare};
use serde_json::json;
use sre_e2e::proxy::{Front, Proxy};

#[test]
fn the_same_proxy_of_the_environment_is_asked() {
    let f = Fixture::get();
    let directory = f.new_directory("environment");
    let [http, other, locked] =
        [None, None, Some(PASSWORD)].map(|password| Proxy::http(&directory, password));
    let socks = Proxy::socks5(&directory, None);
    let [own, caller] = ["front.pem", "alice.pem"].map(|file| f.directory().join(file));
    let front = Front::of(f.address(), http.address, &own, &caller, &directory);

    let port = f.address().port();
    let loopback = Kubeconfig::new(f);
    let away = loopback
        .clone()
        .cluster(json!({"server": f.away(), "tls-server-name": "localhost"}));
    // No proxy resolves it either: who asked the proxy is seen all the same.
    let named = loopback
        .clone()
        .cluster(json!({"server": format!("https://api.prod.e2e.invalid:{port}")}));
    let plain = away
        .clone()
        .cluster(json!({"server": format!("http://0.0.0.0:{}", front.plain.port())}));
    let url = format!("http://{}", http.address);
    let with = |name, variable: &str, value: &str| Row::new(name, &away).variable(variable, value);
    let except = |name, value: &str| with(name, "HTTPS_PROXY", &url).variable("NO_PROXY", value);
    let except_named = |name, value: &str| {
        Row::new(name, &named)
            .variable("HTTPS_PROXY", url.clone())
            .variable("NO_PROXY", value)
    };

    let rows = [
        with("HTTPS_PROXY", "HTTPS_PROXY", &url),
        with("https_proxy", "https_proxy", &url),
        with("HTTPS_PROXY and https_proxy", "HTTPS_PROXY", &url)
            .variable("https_proxy", format!("http://{}", other.address)),
        with("an empty HTTPS_PROXY and https_proxy", "HTTPS_PROXY", "").variable("https_proxy", url.clone()),
        with("HTTP_PROXY for an API server with TLS", "HTTP_PROXY", &url),
        with("ALL_PROXY", "ALL_PROXY", &url),
        with(
            "all_proxy with a SOCKS proxy",
            "all_proxy",
            &format!("socks5://{}", socks.address),
        ),
        with(
            "HTTPS_PROXY without a scheme",
            "HTTPS_PROXY",
            &http.address.to_string(),
        ),
        with(
            "HTTPS_PROXY with a password",
            "HTTPS_PROXY",
            &format!("http://{}:{}@{}", PASSWORD.0, PASSWORD.1, locked.address),
        ),
        with(
            "HTTPS_PROXY without the password that is wanted",
            "HTTPS_PROXY",
            &format!("http://{}", locked.address),
        ),
        with(
            "HTTPS_PROXY is a SOCKS proxy",
            "HTTPS_PROXY",
            &format!("socks5://{}", socks.address),
        ),
        with(
            "HTTPS_PROXY is a SOCKS proxy by the scheme socks5h",
            "HTTPS_PROXY",
            &format!("socks5h://{}", socks.address),
        ),
        with(
            "HTTPS_PROXY is a proxy by TLS",
            "HTTPS_PROXY",
            &format!("https://{}", front.tls_proxy),
        ),
        with(
            "HTTPS_PROXY where nothing listens",
            "HTTPS_PROXY",
            "http://127.0.0.1:1",
        ),
        with(
            "HTTPS_PROXY with another scheme",
            "HTTPS_PROXY",
            &format!("ftp://{}", http.address),
        ),
        with("HTTPS_PROXY is no URL", "HTTPS_PROXY", "http://[::1"),
        Row::new("HTTPS_PROXY for an API server on loopback", &loopback).variable("HTTPS_PROXY", url.clone()),
        Row::new(
            "HTTPS_PROXY for an API server named localhost",
            &loopback
                .clone()
                .cluster(json!({"server": format!("https://localhost:{port}")})),
        )
        .variable("HTTPS_PROXY", url.clone()),
        Row::new("a broken HTTPS_PROXY for an API server on loopback", &loopback)
            .variable("HTTPS_PROXY", "http://[::1"),
        Row::new("HTTP_PROXY for an API server without TLS", &plain).variable("HTTP_PROXY", url.clone()),
        Row::new("http_proxy for an API server without TLS", &plain).variable("http_proxy", url.clone()),
        Row::new("HTTPS_PROXY for an API server without TLS", &plain).variable("HTTPS_PROXY", url.clone()),
        Row::new("HTTP_PROXY in a CGI script", &plain)
            .variable("HTTP_PROXY", url.clone())
            .variable("REQUEST_METHOD", "GET"),
        Row::new("HTTPS_PROXY for a name", &named).variable("HTTPS_PROXY", url.clone()),
        except("NO_PROXY is the address", "0.0.0.0"),
        except("NO_PROXY is another address", "0.0.0.1"),
        except("NO_PROXY is a network", "10.0.0.0/8,0.0.0.0/8"),
        except("NO_PROXY is another network", "10.0.0.0/8,192.168.0.0/16"),
        except(
            "NO_PROXY is the address with its port",
            &format!("0.0.0.0:{port}"),
        ),
        except("NO_PROXY is the address with another port", "0.0.0.0:1"),
        except("NO_PROXY is everything", "*"),
        except("NO_PROXY has a star beside others", "example.org,*"),
        except("NO_PROXY has spaces", "example.org , 0.0.0.0"),
        except("NO_PROXY is separated by spaces", "example.org 0.0.0.0"),
        except("NO_PROXY is broken", "0.0.0.0/99,,/"),
        except("NO_PROXY is empty", ""),
        with("no_proxy", "HTTPS_PROXY", &url).variable("no_proxy", "0.0.0.0"),
        with("NO_PROXY and no_proxy", "HTTPS_PROXY", &url)
            .variable("NO_PROXY", "example.org")
            .variable("no_proxy", "0.0.0.0"),
        except_named("NO_PROXY is the name", "api.prod.e2e.invalid"),
        except_named("NO_PROXY is the name in other letters", "API.Prod.E2E.invalid"),
        except_named(
            "NO_PROXY is the name with its port",
            &format!("api.prod.e2e.invalid:{port}"),
        ),
        except_named("NO_PROXY is the domain", "e2e.invalid"),
        except_named("NO_PROXY is the domain with a dot before it", ".e2e.invalid"),
        except_named("NO_PROXY is the domain with a star before it", "*.e2e.invalid"),
        except_named("NO_PROXY is the end of the name, and no domain", "2e.invalid"),
        except_named(
            "NO_PROXY is the name with a dot before it",
            ".api.prod.e2e.invalid",
        ),
        except_named(
            "NO_PROXY is the name with a scheme",
            "https://api.prod.e2e.invalid",
        ),
        Row::new("an exception for an API server without TLS", &plain)
            .variable("HTTP_PROXY", url.clone())
            .variable("NO_PROXY", "0.0.0.0/32"),
    ];
    compare(
        &rows,
        &[
            ("http", &http),
            ("other", &other),
            ("locked", &locked),
            ("socks", &socks),
        ],
    );
}
