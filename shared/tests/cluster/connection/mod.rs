//! The way to an API server: proxies, credential plugins, certificates and what is sent, each with real sockets and
//! real processes.

use super::client::{IMPATIENT, PATIENT, settings, try_client};
use sre_shared::cluster::{
    Client, ConfigSource, Deadlines, Kuberc, Overrides, RunLimit, Settings, version, whoami,
};
use sre_shared::failure::{Class, Failure};
use sre_testkit::{ApiServer, Certificate, Fault, Match};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const TOKEN: &str = "s3cr3t-of-the-tests";
const V1: &str = "client.authentication.k8s.io/v1";

/// A directory with a kubeconfig, the authority of its server and whatever else is needed.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("it can be written to");
        path
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// A kubeconfig of one context; cluster and user in YAML's flow style, without their braces.
    fn config(&self, cluster: &str, user: &str) -> PathBuf {
        self.write(
            "config",
            &format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: prod\ncontexts:\n- name: prod\n  context: {{cluster: \
                 c, user: u}}\nclusters:\n- name: c\n  cluster: {{{cluster}}}\nusers:\n- name: u\n  user: {{{user}}}\n"
            ),
        )
    }

    /// The same for a server and its authority, and what else the cluster says.
    fn of(&self, server: &ApiServer, more: &str, user: &str) -> PathBuf {
        self.write("ca.crt", server.ca_pem().unwrap_or_default());
        self.config(
            &format!("server: '{}', certificate-authority: ca.crt{more}", server.url()),
            user,
        )
    }

    /// An executable that a shell runs.
    fn script(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.write(name, &format!("#!/bin/sh\n{text}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        path
    }
}

fn said(failure: &Failure) -> (Class, &str) {
    (failure.class, failure.message.as_str())
}

async fn reached(kubeconfig: &Path) -> Client {
    let client = try_client(kubeconfig, PATIENT).await.expect("a client");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    client
}

async fn refused(kubeconfig: &Path) -> Failure {
    let failure = try_client(kubeconfig, PATIENT).await.expect_err("it is refused");
    assert!(!format!("{failure:?}").contains(TOKEN), "{failure:?}");
    failure
}

/// A proxy that does to each connection what it was made for.
struct Proxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy)]
enum Does {
    Tunnel,
    Say(&'static str),
    Nothing,
    Socks { login: bool },
}

impl Proxy {
    async fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, does, Arc::clone(&kept)));
            }
        });
        Self { port, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no test panics here").clone()
    }
}

async fn serve(mut stream: TcpStream, does: Does, heads: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let place = match does {
        Does::Socks { login } => socks(&mut stream, login, &heads).await?,
        _ => {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await?);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let place = head.split(' ').nth(1).unwrap_or_default().to_owned();
            heads.lock().expect("no test panics here").push(head);
            match does {
                Does::Say(words) => {
                    stream.write_all(words.as_bytes()).await?;
                    return stream.shutdown().await;
                }
                Does::Nothing => {
                    let mut rest = Vec::new();
                    stream.read_to_end(&mut rest).await?;
                    return Ok(());
                }
                _ => {}
            }
            stream
                .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                .await?;
            place
        }
    };
    let mut server = TcpStream::connect(place).await?;
    tokio::io::copy_bidirectional(&mut stream, &mut server).await?;
    Ok(())
}

async fn socks(stream: &mut TcpStream, login: bool, heads: &Mutex<Vec<String>>) -> std::io::Result<String> {
    let mut greeting = [0; 2];
    stream.read_exact(&mut greeting).await?;
    let mut methods = vec![0; usize::from(greeting[1])];
    stream.read_exact(&mut methods).await?;
    let method = if login { 2 } else { 0 };
    if !methods.contains(&method) {
        stream.write_all(&[5, 0xff]).await?;
        return Err(std::io::ErrorKind::PermissionDenied.into());
    }
    stream.write_all(&[5, method]).await?;
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        heads.lock().expect("no test panics here").push(text);
    };
    if login {
        stream.read_u8().await?;
        for _ in 0..2 {
            let mut part = vec![0; usize::from(stream.read_u8().await?)];
            stream.read_exact(&mut part).await?;
            text(&part);
        }
        stream.write_all(&[1, 0]).await?;
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let host = if head[3] == 3 {
        let mut name = vec![0; usize::from(stream.read_u8().await?)];
        stream.read_exact(&mut name).await?;
        text(&name);
        String::from_utf8_lossy(&name).into_owned()
    } else {
        let mut ip = [0; 4];
        stream.read_exact(&mut ip).await?;
        std::net::Ipv4Addr::from(ip).to_string()
    };
    let port = stream.read_u16().await?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    Ok(format!("{host}:{port}"))
}

#[tokio::test]
async fn an_http_proxy_is_asked_for_a_tunnel_with_its_user_and_password() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let proxy = Proxy::start(Does::Tunnel).await;
    let place = Place::new();
    let more = format!(", proxy-url: 'http://joe:pass%21@127.0.0.1:{}'", proxy.port);
    let client = reached(&place.of(&server, &more, &format!("token: {TOKEN}"))).await;
    let address = server.address();
    assert_eq!(
        proxy.heads(),
        [format!(
            "CONNECT {address} HTTP/1.1\r\nHost: {address}\r\nProxy-Authorization: Basic am9lOnBhc3Mh\r\n\r\n"
        )]
    );
    let info = client.connection_info();
    assert_eq!(info.proxy.url, Some(format!("http://127.0.0.1:{}", proxy.port)));
    assert_eq!(info.proxy.why, "proxy-url of cluster \"c\"");
    let dialed = client.dial().await;
    assert!(dialed.proxy.is_some_and(|step| step.result.is_ok()));
    assert!(dialed.tls.is_some_and(|step| step.result.is_ok()));
}

#[tokio::test]
async fn a_socks_proxy_is_given_the_name_and_a_login_where_it_wants_one() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = Place::new();
    place.write("ca.crt", server.ca_pem().unwrap_or_default());
    let port = server.address().port();
    let kubeconfig = |proxy: &str| {
        place.config(
            &format!(
                "server: 'https://localhost:{port}', certificate-authority: ca.crt, proxy-url: '{proxy}'"
            ),
            &format!("token: {TOKEN}"),
        )
    };
    let open = Proxy::start(Does::Socks { login: false }).await;
    reached(&kubeconfig(&format!("socks5://127.0.0.1:{}", open.port))).await;
    assert_eq!(open.heads(), ["localhost"]);
    let closed = Proxy::start(Does::Socks { login: true }).await;
    reached(&kubeconfig(&format!(
        "socks5://joe:pass@127.0.0.1:{}",
        closed.port
    )))
    .await;
    assert_eq!(closed.heads(), ["joe", "pass", "localhost"]);
    let client = try_client(
        &kubeconfig(&format!("socks5://127.0.0.1:{}", closed.port)),
        PATIENT,
    )
    .await
    .expect("a client");
    let failure = version(&client).await.0.expect_err("a login is missing");
    let expected = format!(
        "the proxy socks5://127.0.0.1:{}: it wants a login that is not there",
        closed.port
    );
    assert_eq!(said(&failure), (Class::Proxy, expected.as_str()));
}

#[tokio::test]
async fn a_proxy_that_refuses_is_a_class_of_its_own_and_its_words_are_said() {
    let place = Place::new();
    for (does, class, words) in [
        (
            Does::Say("HTTP/1.1 403 Not \u{1b}allowed\r\n\r\n"),
            Class::Proxy,
            "it answers HTTP/1.1 403 Not allowed",
        ),
        (
            Does::Say("HTTP/1.0 407 Proxy Authentication Required\r\nX: y\r\n\r\n"),
            Class::Proxy,
            "it answers HTTP/1.0 407 Proxy Authentication Required",
        ),
        (
            Does::Say(""),
            Class::Proxy,
            "it closed the connection without an answer",
        ),
        (
            Does::Say("HTTP/1."),
            Class::Proxy,
            "it closed the connection within its answer",
        ),
        (
            Does::Say("220 mail.example ESMTP\r\n"),
            Class::Proxy,
            "what answers is no HTTP proxy",
        ),
    ] {
        let proxy = Proxy::start(does).await;
        let url = format!("http://joe:{TOKEN}@127.0.0.1:{}", proxy.port);
        let config = place.config(
            &format!("server: 'https://api.example:6443', proxy-url: '{url}'"),
            "",
        );
        let client = try_client(&config, PATIENT).await.expect("a client");
        let failure = version(&client).await.0.expect_err("the proxy refuses");
        let expected = format!("the proxy http://127.0.0.1:{}: {words}", proxy.port);
        assert_eq!(said(&failure), (class, expected.as_str()));
        let dialed = client.dial().await;
        let step = dialed
            .proxy
            .expect("it was asked")
            .result
            .expect_err("it refuses");
        assert_eq!(said(&step), (class, expected.as_str()));
        assert!(dialed.tls.is_none());
        assert!(!format!("{failure:?} {:?}", client.connection_info()).contains(TOKEN));
    }
    let silent = Proxy::start(Does::Nothing).await;
    let config = place.config(
        &format!(
            "server: 'https://api.example:6443', proxy-url: 'http://127.0.0.1:{}'",
            silent.port
        ),
        "",
    );
    // Patient but for connections, so that one deadline alone passes.
    let deadlines = Deadlines {
        connect: IMPATIENT.connect,
        ..PATIENT
    };
    let client = try_client(&config, deadlines).await.expect("a client");
    let failure = version(&client).await.0.expect_err("the proxy is silent");
    assert_eq!(said(&failure), (Class::Timeout, "no connection within 0.3 s"));

    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let config = place.config(
        &format!("server: 'https://api.example:6443', proxy-url: 'socks5://127.0.0.1:{port}'"),
        "",
    );
    let client = try_client(&config, PATIENT).await.expect("a client");
    let failure = version(&client).await.0.expect_err("nothing listens");
    assert_eq!(failure.class, Class::Refused);
    assert!(
        failure.message.starts_with("the proxy socks5://127.0.0.1:"),
        "{failure}"
    );
    assert!(failure.hint().contains("proxy-url"), "{}", failure.hint());
}

#[tokio::test]
async fn over_plain_http_a_proxy_is_given_the_whole_address_and_nobody_a_credential() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n\
                  {\"gitVersion\": \"v9.9.9\"} ";
    let proxy = Proxy::start(Does::Say(answer)).await;
    let place = Place::new();
    let config = place.config(
        &format!(
            "server: 'api.example:8080', proxy-url: 'http://joe:pw@127.0.0.1:{}'",
            proxy.port
        ),
        &format!("token: {TOKEN}, as: jane"),
    );
    let client = try_client(&config, PATIENT).await.expect("a client");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v9.9.9"));
    let head = proxy.heads().remove(0).to_ascii_lowercase();
    assert!(
        head.starts_with("get http://api.example:8080/version http/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("proxy-authorization: basic am9l"), "{head}");
    assert!(
        head.contains("impersonate-user: jane\r\n") && !head.contains("bearer"),
        "{head}"
    );
    assert_eq!(
        client.connection_info().credential.kind,
        "none, since none is sent over plain HTTP"
    );
}

#[tokio::test]
async fn what_the_user_is_to_be_is_sent_and_a_path_stands_before_every_other() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let place = Place::new();
    let kubeconfig = place.of(
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
async fn a_dialed_connection_tells_each_step_and_the_certificates_also_where_they_are_refused() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let client = try_client(server.kubeconfig(), PATIENT).await.expect("a client");
    let dialed = client.dial().await;
    let resolved = dialed.resolved.expect("taken").result;
    assert_eq!(resolved, Ok(vec![server.address().ip()]));
    assert_eq!(dialed.tcp.len(), 1);
    assert_eq!(
        (dialed.tcp[0].0, &dialed.tcp[0].1.result),
        (server.address(), &Ok(()))
    );
    assert!(dialed.proxy.is_none());
    let tls = dialed.tls.expect("taken").result.expect("a good certificate");
    assert_eq!(tls.version, "TLS 1.3");
    assert_eq!(tls.verified_for.as_deref(), Some("127.0.0.1"));
    assert_eq!(tls.chain[0].subject, "CN=kube-apiserver");
    assert_eq!(tls.chain[0].issuer, "CN=testkit-ca");
    assert_eq!(
        tls.chain[0].names,
        [
            "127.0.0.1",
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc"
        ]
    );
    let until = tls.chain[0].not_after.expect("it ends");
    assert_eq!(until.to_string(), "2099-01-01T00:00:00Z");
    assert_eq!(server.requests().len(), 0, "no request is sent");

    server.fail(Match::any(), Fault::HangTls);
    let impatient = try_client(server.kubeconfig(), IMPATIENT)
        .await
        .expect("a client");
    let step = impatient
        .dial()
        .await
        .tls
        .expect("begun")
        .result
        .expect_err("it hangs");
    assert_eq!(
        said(&step),
        (Class::Timeout, "the TLS handshake did not end within 0.3 s")
    );
    server.stop();
    let dialed = client.dial().await;
    let (address, step) = &dialed.tcp[0];
    let failure = step.result.as_ref().expect_err("nothing listens");
    assert_eq!(
        (failure.class, failure.endpoint.clone()),
        (Class::Refused, address.to_string())
    );
    assert!(dialed.tls.is_none());

    let expired = ApiServer::builder()
        .certificate(Certificate::Expired)
        .start()
        .await;
    let client = try_client(expired.kubeconfig(), PATIENT).await.expect("a client");
    let dialed = client.dial().await;
    let failure = dialed.tls.expect("begun").result.expect_err("it has expired");
    assert_eq!(failure.class, Class::CertificateExpired);
    let until = dialed.presented[0].not_after.expect("it ended");
    assert_eq!(until.to_string(), "2021-01-01T00:00:00Z");
}

#[tokio::test]
async fn certificates_are_judged_as_go_judges_them() {
    let own = ApiServer::builder()
        .certificate(Certificate::SelfSigned)
        .start()
        .await;
    reached(own.kubeconfig()).await;
    for (certificate, class) in [
        (Certificate::SelfSignedExpired, Class::CertificateExpired),
        (Certificate::SelfSignedWrongName, Class::WrongName),
        (Certificate::ExpiredCa, Class::CertificateExpired),
    ] {
        let server = ApiServer::builder().certificate(certificate).start().await;
        let client = try_client(server.kubeconfig(), PATIENT).await.expect("a client");
        let failure = version(&client).await.0.expect_err("it is refused");
        assert_eq!(failure.class, class, "{certificate:?}: {failure}");
    }
    // What is no certificate in a bundle is passed over, and another name can be given.
    let place = Place::new();
    let server = ApiServer::builder()
        .certificate(Certificate::WrongName)
        .start()
        .await;
    let config = place.of(&server, ", tls-server-name: elsewhere.example.test", "");
    let ca = server.ca_pem().unwrap_or_default();
    place.write(
        "ca.crt",
        &format!(
            "# ours\n{}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{ca}",
            own.ca_pem().unwrap_or_default()
        ),
    );
    let client = reached(&config).await;
    assert_eq!(
        client.connection_info().tls_server_name.as_deref(),
        Some("elsewhere.example.test")
    );
    let insecure = place.config(
        &format!("server: '{}', insecure-skip-tls-verify: true", server.url()),
        "",
    );
    let client = reached(&insecure).await;
    assert!(client.is_insecure());
    let tls = client
        .dial()
        .await
        .tls
        .expect("taken")
        .result
        .expect("nobody verifies");
    assert_eq!(tls.verified_for, None);
    // As Go, which reads PEM from the beginning of a line on.
    place.write(
        "marked.crt",
        &format!("\u{feff}{}", server.ca_pem().unwrap_or_default()),
    );
    let marked = place.config(
        &format!("server: '{}', certificate-authority: marked.crt", server.url()),
        "",
    );
    let failure = refused(&marked).await;
    assert!(
        failure
            .message
            .ends_with("certificate-authority holds no certificate"),
        "{failure}"
    );
    assert!(
        failure.hint().starts_with("a byte order mark"),
        "{}",
        failure.hint()
    );
    let both = place.of(&server, ", insecure-skip-tls-verify: true", "");
    assert!(refused(&both).await.message.contains("only one is allowed"));
    // Without an authority those of the machine count, which know nothing of the server.
    let system = place.config(&format!("server: '{}'", server.url()), "");
    let client = try_client(&system, PATIENT).await.expect("a client");
    let failure = version(&client).await.0.expect_err("nobody vouches");
    assert_eq!(failure.class, Class::UnknownAuthority);
}

fn exec(command: &Path, more: &str) -> String {
    format!(
        "exec: {{apiVersion: {V1}, command: '{}', interactiveMode: Never{more}}}",
        command.display()
    )
}

fn credential(status: &str) -> String {
    format!(
        "echo x >> \"$0.runs\"\necho '{{\"apiVersion\": \"{V1}\", \"kind\": \"ExecCredential\", \"status\": {{{status}}}}}'"
    )
}

#[tokio::test]
async fn a_plugin_runs_once_for_all_and_again_when_its_credential_is_refused_or_over() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = Place::new();
    let runs = || place.read("plugin.runs").lines().count();
    let plugin = place.script(
        "plugin",
        &credential(&format!(
            "\"token\": \"{TOKEN}\", \"expirationTimestamp\": \"2099-01-01T00:00:00Z\""
        )),
    );
    let client = try_client(&place.of(&server, "", &exec(&plugin, "")), PATIENT)
        .await
        .expect("a client");
    let (one, two, three) = tokio::join!(version(&client), version(&client), version(&client));
    assert!(one.0.is_ok() && two.0.is_ok() && three.0.is_ok());
    assert_eq!(runs(), 1);
    let credential_of = &client.connection_info().credential;
    assert_eq!(credential_of.kind, "exec plugin plugin");
    assert_eq!(
        credential_of
            .token_expires
            .map(|time| time.to_string())
            .as_deref(),
        Some("2099-01-01T00:00:00Z")
    );
    assert!(credential_of.elapsed.is_some());

    // Another credential is obtained where this one is refused, and the request is repeated with it.
    let turning = place.script(
        "turning",
        &format!(
            "test -e \"$0.runs\" && token={TOKEN} || token=old\necho x >> \"$0.runs\"\necho '{{\"apiVersion\": \"{V1}\", \
             \"kind\": \"ExecCredential\", \"status\": {{\"token\": \"'$token'\"}}}}'"
        ),
    );
    let client = try_client(&place.of(&server, "", &exec(&turning, "")), PATIENT)
        .await
        .expect("a client");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    assert_eq!(place.read("turning.runs").lines().count(), 2);

    let over = place.script(
        "over",
        &credential(&format!(
            "\"token\": \"{TOKEN}\", \"expirationTimestamp\": \"2020-01-01T00:00:00Z\""
        )),
    );
    let client = try_client(&place.of(&server, "", &exec(&over, "")), PATIENT)
        .await
        .expect("a client");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    assert_eq!(place.read("over.runs").lines().count(), 2);

    // A token beside the plugin goes first, and then the plugin is not run.
    let beside = format!("token: {TOKEN}, {}", exec(&place.path("nowhere"), ""));
    reached(&place.of(&server, "", &beside)).await;
}

#[tokio::test]
async fn a_plugin_is_told_of_its_cluster_where_it_wants_to_be_and_sits_beside_its_kubeconfig() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = Place::new();
    place.script(
        "plugin",
        &format!(
            "printf '%s' \"$KUBERNETES_EXEC_INFO\" > \"$0.info\"\nprintf '%s %s' \"$1\" \"$COLOUR\" > \"$0.args\"\n{}",
            credential(&format!("\"token\": \"{TOKEN}\""))
        ),
    );
    let more = ", provideClusterInfo: true, args: [get], env: [{name: COLOUR, value: blue}]";
    let extension = ", extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: '06e3'}}], tls-server-name: localhost";
    reached(&place.of(&server, extension, &exec(Path::new("./plugin"), more))).await;
    let info: serde_json::Value = serde_json::from_str(&place.read("plugin.info")).expect("JSON");
    assert_eq!(info["kind"], "ExecCredential");
    assert_eq!(info["apiVersion"], V1);
    assert_eq!(info["spec"]["interactive"], false);
    let cluster = &info["spec"]["cluster"];
    assert_eq!(cluster["server"], server.url());
    assert_eq!(cluster["tls-server-name"], "localhost");
    assert_eq!(cluster["config"]["audience"], "06e3");
    assert!(
        cluster["certificate-authority-data"]
            .as_str()
            .is_some_and(|data| data.len() > 100)
    );
    assert_eq!(place.read("plugin.args"), "get blue");
}

#[tokio::test]
async fn a_plugin_that_cannot_be_used_says_why_and_what_to_do() {
    let place = Place::new();
    let cluster = "server: 'https://127.0.0.1:1'";
    let absent = exec(
        Path::new("/nowhere/aws"),
        ", installHint: \"get it\\n  with brew install aws\"",
    );
    let failure = refused(&place.config(cluster, &absent)).await;
    assert_eq!(
        said(&failure),
        (Class::Credential, "the credential plugin aws is not found")
    );
    assert_eq!(failure.hint(), "get it with brew install aws");

    let row = |text: &str| place.script("plugin", text);
    for (text, expected) in [
        (
            format!("echo {TOKEN}; echo 'log in \u{1b}[1mfirst' >&2; echo {TOKEN} >&2; exit 3"),
            "failed: exit status: 3: log in \\u{1b}[1mfirst",
        ),
        (
            format!("echo {TOKEN}"),
            "wrote something that is no ExecCredential",
        ),
        (
            credential("").replace("/v1", "/v1beta1"),
            "answers in the apiVersion \"client.authentication.k8s.io/v1beta1\", and client.authentication.k8s.io/v1 is what the kubeconfig names",
        ),
        (credential(""), "gave neither a token nor a certificate"),
        ("true".into(), "wrote nothing"),
        (
            "echo >&2; echo 'please log in' >&2; echo more >&2".into(),
            "wrote nothing to stdout, and to stderr: please log in",
        ),
        (
            "echo '{}'".into(),
            "answers without an apiVersion, and client.authentication.k8s.io/v1 is what the kubeconfig names",
        ),
        (
            credential(&format!("\"clientKeyData\": \"{TOKEN}\"")),
            "gave a certificate without its key, or a key without its certificate",
        ),
    ] {
        let failure = refused(&place.config(cluster, &exec(&row(&text), ""))).await;
        let expected = format!("the credential plugin plugin {expected}");
        assert_eq!(said(&failure), (Class::Credential, expected.as_str()));
    }
    for (user, expected) in [
        (
            exec(Path::new("x"), "").replace("/v1,", "/v1alpha1,"),
            "v1alpha1, which kubectl has removed",
        ),
        (
            exec(Path::new("x"), "").replace("/v1,", "/v2,"),
            "which nothing knows",
        ),
        (
            exec(Path::new("x"), "").replace("Never", "Sometimes"),
            "the interactiveMode \"Sometimes\"",
        ),
        (
            format!("exec: {{apiVersion: {V1}, command: x}}"),
            "names no interactiveMode",
        ),
        (
            format!("exec: {{apiVersion: {V1}, interactiveMode: Never}}"),
            "names no command",
        ),
        (
            "auth-provider: {name: gcp}".into(),
            "the auth-provider \"gcp\", which kubectl has removed",
        ),
    ] {
        let failure = refused(&place.config(cluster, &user)).await;
        assert_eq!(failure.class, Class::BadConfiguration);
        assert!(failure.message.contains(expected), "{failure}");
    }
    // A test has no terminal.
    let always = exec(&row("exit 0"), "").replace("Never", "Always");
    let failure = refused(&place.config(cluster, &always)).await;
    assert!(
        failure.message.ends_with("standard input is no terminal"),
        "{failure}"
    );
    let beta = exec(
        &row(&credential("\"token\": \"t\"").replace("/v1", "/v1beta1")),
        "",
    )
    .replace("/v1,", "/v1beta1,")
    .replace(", interactiveMode: Never", "");
    let client = try_client(&place.config(cluster, &beta), PATIENT)
        .await
        .expect("a client");
    assert_eq!(client.connection_info().credential.kind, "exec plugin plugin");
}

#[tokio::test]
async fn a_plugin_that_kuberc_forbids_is_not_run() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = Place::new();
    let plugin = place.script("plugin", &credential(&format!("\"token\": \"{TOKEN}\"")));
    let config = place.of(&server, "", &exec(&plugin, ""));
    let kuberc = |policy: &str| {
        place.write(
            "kuberc",
            &format!("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n{policy}\n"),
        )
    };
    let with = |kuberc: PathBuf| Settings {
        overrides: Overrides {
            kuberc: Kuberc::File(kuberc),
            ..Overrides::default()
        },
        ..settings(&config, PATIENT)
    };
    let failure = Client::new(with(kuberc("credentialPluginPolicy: DenyAll")), None)
        .await
        .expect_err("it is forbidden");
    let file = place.path("kuberc");
    assert_eq!(
        said(&failure),
        (
            Class::Credential,
            format!(
                "the credential plugin {} may not be run: DenyAll is the credentialPluginPolicy of {}",
                plugin.display(),
                file.display()
            )
            .as_str()
        )
    );
    let unknown = Client::new(with(kuberc("credentialPluginPolicy: Never")), None).await;
    assert_eq!(
        unknown.map(|_| ()).map_err(|failure| failure.class),
        Err(Class::BadConfiguration)
    );
    let gone = Client::new(with(place.path("none")), None).await;
    assert_eq!(
        gone.map(|_| ()).map_err(|failure| failure.class),
        Err(Class::BadConfiguration)
    );
    assert_eq!(place.read("plugin.runs"), "", "none of them ran it");

    let listed = format!(
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{{command: '{}'}}]",
        plugin.display()
    );
    let client = Client::new(with(kuberc(&listed)), None)
        .await
        .expect("it is allowed");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
    // Who needs no plugin is not kept from anything.
    let config = place.of(&server, "", &format!("token: {TOKEN}, {}", exec(&plugin, "")));
    let settings = Settings {
        source: ConfigSource::File(config),
        ..with(kuberc("credentialPluginPolicy: DenyAll"))
    };
    let client = Client::new(settings, None).await.expect("a token goes first");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v1.37.2"));
}

fn fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
}

#[tokio::test]
async fn what_stands_in_the_place_of_a_file_and_never_answers_ends_with_the_run() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = Place::new();
    fifo(&place.path("silent"));
    let silent = place.path("silent").display().to_string();
    place.write("ca.crt", server.ca_pem().unwrap_or_default());
    place.write("crt", "x");
    let token = format!("token: {TOKEN}");
    let authority = format!("certificate-authority: '{silent}'");
    let certificate = format!("client-certificate: '{silent}', client-key: crt");
    let key = format!("client-certificate: crt, client-key: '{silent}'");
    let token_file = format!("tokenFile: '{silent}'");
    let usual = "certificate-authority: ca.crt";
    for (cluster, user, what) in [
        (usual, "", "kubeconfig"),
        (authority.as_str(), token.as_str(), "certificate-authority"),
        (usual, &certificate, "client-certificate"),
        (usual, &key, "client-key"),
        (usual, &token_file, "tokenFile"),
    ] {
        let config = match user {
            "" => place.path("silent"),
            user => place.config(&format!("server: '{}', {cluster}", server.url()), user),
        };
        let run = Some(RunLimit::from_now(std::time::Duration::from_millis(300)));
        let failure = try_client(&config, Deadlines { run, ..PATIENT })
            .await
            .expect_err("nobody writes");
        let expected = format!("{what} {silent}: nobody wrote anything into it in time");
        assert_eq!(failure.class, Class::BadConfiguration);
        assert!(failure.message.ends_with(&expected), "{failure}");
    }
    for (path, why) in [
        ("/dev/zero", "it is larger than 16 MB"),
        ("/", "it is a directory"),
    ] {
        let failure = refused(Path::new(path)).await;
        assert_eq!(
            said(&failure),
            (
                Class::BadConfiguration,
                format!("kubeconfig {path}: {why}").as_str()
            )
        );
    }
}

#[tokio::test]
async fn a_kubeconfig_may_come_out_of_a_pipe_and_a_token_file_may_become_one() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = Place::new();
    let config = place.of(&server, "", "tokenFile: token");
    place.write("token", TOKEN);
    let text = place
        .read("config")
        .replace("ca.crt", &place.path("ca.crt").display().to_string());
    std::fs::remove_file(&config).expect("it is there");
    fifo(&config);
    let (pipe, token) = (config.clone(), place.path("token"));
    let writer = std::thread::spawn(move || std::fs::write(pipe, text));
    let client = reached(&config).await;
    assert!(writer.join().is_ok_and(|written| written.is_ok()));

    std::fs::remove_file(&token).expect("it is there");
    fifo(&token);
    // A token that is refused is read again, which a pipe cannot be.
    server.revoke(TOKEN);
    let failure = version(&client).await.0.expect_err("the last token is over");
    assert_eq!(failure.class, Class::Unauthenticated);
}

#[tokio::test]
async fn a_plugin_may_answer_in_utf_16_and_its_end_is_read_as_kubectl_reads_it() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = Place::new();
    let answer = |status: &str| {
        format!("{{\"apiVersion\": \"{V1}\", \"kind\": \"ExecCredential\", \"status\": {{{status}}}}}\r\n")
    };
    let token = format!("\"token\": \"{TOKEN}\"");
    let wide: Vec<u8> = std::iter::once(0xfeff)
        .chain(answer(&token).encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::write(place.path("answer"), wide).expect("it can be written to");
    let plugin = place.script("plugin", &format!("cat '{}'", place.path("answer").display()));
    reached(&place.of(&server, "", &exec(&plugin, ""))).await;
    for (end, is_time) in [
        ("null", true),
        ("\"2099-01-01T00:00:00Z\"", true),
        ("\"\"", false),
        ("\"2099-01-01 00:00:00Z\"", false),
    ] {
        place.write(
            "answer",
            &answer(&format!("{token}, \"expirationTimestamp\": {end}")),
        );
        let made = try_client(&place.of(&server, "", &exec(&plugin, "")), PATIENT).await;
        assert_eq!(made.is_ok(), is_time, "{end}");
    }
}

#[tokio::test]
async fn a_plugin_that_hangs_is_ended_with_the_run() {
    let place = Place::new();
    let plugin = place.script("plugin", "exec sleep 600");
    let run = Some(RunLimit::from_now(std::time::Duration::from_millis(300)));
    let config = place.config("server: 'https://127.0.0.1:1'", &exec(&plugin, ""));
    let failure = try_client(&config, Deadlines { run, ..PATIENT })
        .await
        .expect_err("it hangs");
    assert_eq!(failure.class, Class::Credential);
    assert!(
        failure
            .message
            .starts_with("the credential plugin gave no answer within 0."),
        "{failure}"
    );
}

#[tokio::test]
async fn a_client_certificate_is_read_in_every_form_and_refused_with_the_reason() {
    let place = Place::new();
    let pair = |name: &str| {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = params.self_signed(&key).expect("it signs itself");
        (certificate.pem(), key.serialize_pem())
    };
    let (certificate, key) = pair("jane");
    let (_, other) = pair("joe");
    place.write("crt", &certificate);
    place.write(
        "key",
        &format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{key}"),
    );
    place.write("other", &other);
    place.write(
        "encrypted",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    place.write("empty", "");
    let cluster = "server: 'https://127.0.0.1:1'";
    let client = try_client(
        &place.config(cluster, "client-certificate: crt, client-key: key"),
        PATIENT,
    )
    .await
    .expect("a client");
    let credential = &client.connection_info().credential;
    assert_eq!(credential.kind, "client certificate");
    assert_eq!(
        credential.certificate.as_ref().map(|c| c.subject.as_str()),
        Some("CN=jane")
    );
    for (user, expected) in [
        (
            "client-certificate: crt, client-key: other",
            "does not belong to the client certificate",
        ),
        (
            "client-certificate: crt, client-key: encrypted",
            "the client key is encrypted",
        ),
        (
            "client-certificate: crt, client-key: empty",
            "the client key holds no key in PEM",
        ),
        (
            "client-certificate: empty, client-key: key",
            "holds no certificate in PEM",
        ),
        ("client-certificate: crt", "a client certificate without its key"),
        ("client-certificate: crt, client-key: none", "client-key "),
    ] {
        let failure = refused(&place.config(cluster, user)).await;
        assert_eq!(failure.class, Class::BadConfiguration);
        assert!(failure.message.contains(expected), "{user}: {failure}");
    }
    // Of X.509 version 1, as `openssl x509 -req` makes it without extensions, and MicroK8s did.
    let kept = format!("{}/tests/certificates", env!("CARGO_MANIFEST_DIR"));
    let of = |certificate: &str, key: &str| {
        place.config(
            cluster,
            &format!("client-certificate: {kept}/{certificate}.pem, client-key: {kept}/{key}.key"),
        )
    };
    let client = try_client(&of("client", "client"), PATIENT)
        .await
        .expect("a client");
    let certificate = client.connection_info().credential.certificate.as_ref();
    assert_eq!(certificate.map(|c| c.subject.as_str()), Some("CN=jane, O=team"));
    // Out of a plugin too.
    let kept_file = |name: &str| std::fs::read_to_string(format!("{kept}/{name}")).expect("it is kept");
    let status = serde_json::json!({
        "clientCertificateData": kept_file("client.pem"), "clientKeyData": kept_file("client.key"),
    });
    let answer = serde_json::json!({"apiVersion": V1, "kind": "ExecCredential", "status": status});
    place.write("answer", &answer.to_string());
    let plugin = place.script("plugin", &format!("cat '{}'", place.path("answer").display()));
    let client = try_client(&place.config(cluster, &exec(&plugin, "")), PATIENT)
        .await
        .expect("a client");
    let certificate = client.connection_info().credential.certificate.as_ref();
    assert_eq!(certificate.map(|c| c.subject.as_str()), Some("CN=jane, O=team"));
    for (certificate, key, expected) in [
        (
            "client",
            "other",
            "the client key does not belong to the client certificate",
        ),
        (
            "client-1024",
            "client-1024",
            "the client key cannot be used: it is of RSA with 1024 bits, and 2048 are the least that is accepted here \
             (kubectl takes 1024)",
        ),
        (
            "client-p521",
            "client-p521",
            "the client key cannot be used: it is of the curve P-521, which is not known here",
        ),
    ] {
        let path = of(certificate, key);
        let text = std::fs::read_to_string(&path).expect("it was written");
        std::fs::write(&path, text.replace(&format!("{kept}/other.key"), "other"))
            .expect("it can be written to");
        let failure = refused(&path).await;
        assert_eq!(failure.class, Class::BadConfiguration);
        assert!(failure.message.ends_with(expected), "{failure}");
    }
    // A key alone is nothing, and under plain HTTP nothing is read.
    assert!(
        try_client(&place.config(cluster, "client-key: other"), PATIENT)
            .await
            .is_ok()
    );
    let plain = place.config(
        "server: 'http://127.0.0.1:1'",
        "client-certificate: crt, client-key: encrypted",
    );
    assert!(try_client(&plain, PATIENT).await.is_ok());
}

#[tokio::test]
async fn whom_a_user_in_the_address_is_goes_before_a_token() {
    let server = ApiServer::builder().token(TOKEN).start().await;
    let place = Place::new();
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
