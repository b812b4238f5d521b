//! Variables of the environment that change how a cluster is reached.

use super::plugin::run_in;
use sre_testkit::ApiServer;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

/// A proxy that refuses every connection, and sends the first line of each request to the test.
fn refusing_proxy() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = listener.local_addr().expect("it is bound").to_string();
    let (sender, asked) = channel();
    // The thread ends with the process of the tests.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines();
            let first = lines.next().and_then(Result::ok).unwrap_or_default();
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let _ = (&stream).write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n");
            let _ = sender.send(first);
        }
    });
    (place, asked)
}

fn kubeconfig(directory: &tempfile::TempDir, server: &str) -> String {
    let path = directory.path().join("config");
    let text = format!(
        "current-context: prod\ncontexts: [{{name: prod, context: {{cluster: c}}}}]\nclusters: [{{name: c, cluster: \
         {{server: '{server}'}}}}]\n"
    );
    std::fs::write(&path, text).expect("it can be written to");
    path.display().to_string()
}

#[test]
fn a_proxy_of_the_environment_is_used_and_named_if_it_refuses() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let config = kubeconfig(&directory, "https://api.example.test:6443");
    let (place, asked) = refusing_proxy();
    let environment = [("KUBECONFIG", config.as_str()), ("https_proxy", place.as_str())];
    let ran = run_in(&environment, &["health", "apiserver", "-o", "json"], "");
    assert_eq!(ran.code, Some(69), "{ran:?}");
    let check = &ran.json()["checks"][0];
    assert_eq!(check["class"], "proxy");
    assert_eq!(
        check["error"],
        format!("the proxy http://{place}: it answers HTTP/1.1 403 Forbidden")
    );
    assert_eq!(
        asked.recv().expect("it was asked"),
        "CONNECT api.example.test:6443 HTTP/1.1"
    );
}

#[cfg(unix)]
#[test]
fn a_kubeconfig_of_the_environment_may_be_a_pipe_that_is_still_written() {
    let server = ApiServer::builder().start_blocking();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let pipe = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    let (to, text) = (
        pipe.clone(),
        std::fs::read(server.kubeconfig()).expect("it is there"),
    );
    // A shell does so for `KUBECONFIG=<(ssh HOST cat FILE)`.
    let writer = std::thread::spawn(move || std::fs::write(to, text));
    let ran = run_in(&[("KUBECONFIG", &pipe.display().to_string())], &["health"], "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(writer.join().is_ok_and(|written| written.is_ok()));
}

#[test]
fn the_text_of_a_kubeconfig_given_instead_of_its_path_is_not_shown() {
    let text = "apiVersion: v1\nkind: Config\nusers: [{name: u, user: {token: s3cr3t}}]\n";
    let encoded = "czNjcjN0".repeat(400);
    for value in [
        text,
        encoded.as_str(),
        "{\"kind\": \"Config\", \"token\": \"s3cr3t\"}",
    ] {
        let ran = run_in(&[("KUBECONFIG", value)], &["health"], "");
        let said =
            "holds no path: it seems to hold a kubeconfig itself; write it into a file, and name that\n";
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (Some(64), format!("error: KUBECONFIG {said}").as_str())
        );
        let ran = run_in(&[], &["health", "--kubeconfig", value], "");
        assert_eq!(ran.err, format!("error: --kubeconfig {said}"));
    }
}

#[test]
fn a_server_excepted_from_the_proxy_is_asked_directly() {
    let server = ApiServer::builder().start_blocking();
    let config = server.kubeconfig().display().to_string();
    // A server on this machine is never asked through a proxy of the environment, so a dead proxy does not matter.
    let environment = [
        ("KUBECONFIG", config.as_str()),
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
    ];
    let ran = run_in(&environment, &["health"], "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn authorities_of_the_machine_come_from_ssl_cert_file() {
    let server = ApiServer::builder().start_blocking();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let config = kubeconfig(&directory, server.url());
    let ca = directory.path().join("ca.crt");
    std::fs::write(&ca, server.ca_pem().expect("it serves TLS")).expect("it can be written to");
    let ca = ca.display().to_string();
    for (file, class) in [
        (ca.as_str(), "forbidden"),
        ("/nowhere/at/all", "unknownAuthority"),
    ] {
        let environment = [("KUBECONFIG", config.as_str()), ("SSL_CERT_FILE", file)];
        let ran = run_in(&environment, &["health", "deploy", "-o", "json"], "");
        assert_eq!(ran.json()["coverage"]["notSeen"][0]["class"], class, "{ran:?}");
    }
}
